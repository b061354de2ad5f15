"""How the parameters of `AlphaFold` are called and laid out in the published files.

A published file is a flat npz: `alphafold/alphafold_iteration/<scope>//<array>`. Blocks of a stack share one
array with a leading block axis. Affine maps are stored (in, out); attention maps keep head and channel apart;
see `Layout`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sciml.linear import Linear
from sciml.structure.model import AlphaFold
from sciml.structure.msa_attention import GlobalAttention
from sciml.structure.primitives import GatedAttention, LayerNorm
from sciml.structure.templates import TemplatePointwiseAttention
from sciml.structure.triangle import OuterProductMean

PREFIX = "alphafold/alphafold_iteration/"

_TEMPLATE = "evoformer/template_embedding/"
_SCOPES: tuple[tuple[str, str], ...] = (
    (r"^input_embedder/relative_position$", "evoformer/pair_activiations"),  # the published spelling
    (r"^(input_embedder|recycling_embedder|extra_msa_embedder)/", "evoformer/"),
    (
        r"^template_embedder/template_pair_stack/blocks/",
        _TEMPLATE + "single_template_embedding/template_pair_stack/__layer_stack_no_state/",
    ),
    (r"^template_embedder/(embedding2d|output_layer_norm)", _TEMPLATE + r"single_template_embedding/\1"),
    (r"^template_embedder/attention", _TEMPLATE + "attention"),
    (r"^template_embedder/", "evoformer/"),
    (r"^(extra_msa_stack|evoformer_iteration|single_activations)", r"evoformer/\1"),
    (r"^(evoformer/extra_msa_stack/\d+)/msa_column_attention", r"\1/msa_column_global_attention"),
    (r"/pair_update/", "/"),
    (r"/rigid_sidechain/blocks/0/(resblock[12])$", r"/rigid_sidechain/\1"),
    (r"/rigid_sidechain/blocks/(\d+)/(resblock[12])$", r"/rigid_sidechain/\2_\1"),
)
_STACK = re.compile(r"/(\d+)(?=/)")


@dataclass(frozen=True)
class Layout:
    """One parameter and its place in the published layout.

    Args:
        name: name of the array.
        block: index on the leading axis of the array; None where there is no such axis.
        shape: shape of the array, without a block axis.
        is_transposed: whether the file holds (in, ...) where torch holds (out, in).
        parameter: the parameter itself.
    """

    name: str
    block: int | None
    shape: tuple[int, ...]
    is_transposed: bool
    parameter: nn.Parameter

    def to_published(self) -> Tensor:
        """The parameter in the published layout, without a block axis."""
        value = self.parameter.detach()
        return (value.t() if self.is_transposed else value).reshape(self.shape)

    def from_published(self, array: Tensor) -> Tensor:
        """An array of the published layout, without its block axis, in the layout of the parameter."""
        if not self.is_transposed:
            return array.reshape(self.parameter.shape)
        out_features, in_features = self.parameter.shape
        return array.reshape(in_features, out_features).t()


def _scope(path: str) -> tuple[str, int | None]:
    """The published scope of a module path, and its block index."""
    scope = path.replace(".", "/")
    for pattern, replacement in _SCOPES:
        scope = re.sub(pattern, replacement, scope)
    found = _STACK.search(scope)
    if found is None:
        return scope, None
    return scope[: found.start()] + scope[found.end() :], int(found[1])


def _attention_arrays(
    module: nn.Module, role: str, layer: Linear
) -> Iterator[tuple[str, tuple[int, ...], bool, str]]:
    """(array, shape, is transposed, parameter) of one affine map inside an attention module."""
    heads = module.heads
    assert isinstance(heads, int)
    if role == "output":
        yield "output_w", (heads, layer.in_features // heads, layer.out_features), True, "weight"
        yield "output_b", (layer.out_features,), False, "bias"
        return
    is_single_head = isinstance(module, GlobalAttention) and role in ("key", "value")
    split = (layer.out_features,) if is_single_head else (heads, layer.out_features // heads)
    yield f"{role}_w", (layer.in_features, *split), True, "weight"
    if layer.bias is not None:
        yield f"{role}_b", split, False, "bias"


def _arrays(
    model: AlphaFold, path: str, module: nn.Module
) -> Iterator[tuple[str, tuple[int, ...], bool, str]]:
    """(scope-relative array name, shape, is transposed, parameter) of one affine map or layer norm."""
    if isinstance(module, LayerNorm):
        channels = tuple(module.normalized_shape)
        yield from (("//scale", channels, False, "weight"), ("//offset", channels, False, "bias"))
        return
    assert isinstance(module, Linear)
    parent_path, _, role = path.rpartition(".")
    parent = model.get_submodule(parent_path)
    if isinstance(parent, GatedAttention | GlobalAttention | TemplatePointwiseAttention):
        for array, shape, is_transposed, name in _attention_arrays(parent, role, module):
            yield f"/..//{array}", shape, is_transposed, name
    elif isinstance(parent, OuterProductMean) and role == "output":
        side = parent.left_projection.out_features
        yield "/..//output_w", (side, side, module.out_features), True, "weight"
        yield "/..//output_b", (module.out_features,), False, "bias"
    elif role == "feat_2d_weights":
        yield "/..//feat_2d_weights", (module.in_features, module.out_features), True, "weight"
    else:
        yield "//weights", (module.in_features, module.out_features), True, "weight"
        if module.bias is not None:
            yield "//bias", (module.out_features,), False, "bias"


def published_layout(model: AlphaFold) -> dict[str, Layout]:
    """Every parameter of a network by its torch name, with its place in the published layout.

    Args:
        model: may live on the meta device.

    Raises:
        AssertionError: a parameter without a place (an error of this module).
    """
    layout: dict[str, Layout] = {}
    for path, module in model.named_modules():
        if not isinstance(module, Linear | LayerNorm):
            continue
        for relative, shape, is_transposed, name in _arrays(model, path, module):
            scope, block = _scope(path)
            scope, array = (
                (scope.rpartition("/")[0], relative[3:]) if relative.startswith("/..") else (scope, relative)
            )
            parameter = getattr(module, name)
            layout[f"{path}.{name}"] = Layout(PREFIX + scope + array, block, shape, is_transposed, parameter)
    ipa_path = "structure_module.fold_iteration.invariant_point_attention.trainable_point_weights"
    weights = model.get_parameter(ipa_path)
    ipa_name = PREFIX + ipa_path.replace(".", "/").replace("/trainable", "//trainable")
    layout[ipa_path] = Layout(ipa_name, None, tuple(weights.shape), False, weights)
    missing = set(dict(model.named_parameters())) - set(layout)
    assert not missing, f"no published name for {sorted(missing)}"
    return layout


def published_shapes(model: AlphaFold) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all arrays of the published file of such a network, block axes included."""
    shapes: dict[str, tuple[int, ...]] = {}
    blocks: dict[str, int] = {}
    for entry in published_layout(model).values():
        if entry.block is not None:
            blocks[entry.name] = max(blocks.get(entry.name, 0), entry.block + 1)
        shapes[entry.name] = entry.shape
    return {name: (blocks[name], *shape) if name in blocks else shape for name, shape in shapes.items()}


def to_published(model: AlphaFold) -> dict[str, Tensor]:
    """All parameters in the published layout, float32, on the CPU."""
    single: dict[str, Tensor] = {}
    stacked: dict[str, list[Tensor]] = {}
    for entry in sorted(published_layout(model).values(), key=lambda entry: entry.block or 0):
        array = entry.to_published().float().cpu()
        if entry.block is None:
            single[entry.name] = array
        else:
            stacked.setdefault(entry.name, []).append(array)
    return {**single, **{name: torch.stack(arrays) for name, arrays in stacked.items()}}
