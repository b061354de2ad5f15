"""Parameter files: published AlphaFold 2 `.npz`, OpenFold `.pt`, our own safetensors.

A file is loaded only if every parameter of the network gets exactly one array of the right shape and nothing
is left over.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sciml.errors import InputError, MissingRequirementError, SettingsError
from sciml.runs.files import atomic_path
from sciml.structure.config import PRESETS, Config
from sciml.structure.model import AlphaFold
from sciml.structure.openfold_names import from_openfold
from sciml.structure.parameter_names import PREFIX, published_layout, published_shapes, to_published
from sciml.weights.tensor_file import read_tensors, sha256_of, write_tensors

FORMAT = "sciml-structure-1"
_STACKS = {
    "evoformer_blocks": PREFIX + "evoformer/evoformer_iteration/",
    "extra_msa_blocks": PREFIX + "evoformer/extra_msa_stack/",
    "template_blocks": PREFIX + "evoformer/template_embedding/single_template_embedding/template_pair_stack/",
}
_OUR_STACKS = {
    "evoformer_blocks": "evoformer_iteration.",
    "extra_msa_blocks": "extra_msa_stack.",
    "template_blocks": "template_embedder.template_pair_stack.blocks.",
}
Shape = tuple[int, ...]


class Loaded(NamedTuple):
    """A network with its parameters, and what is known about them.

    `metadata` holds what the file says of itself: `description`, `trained_on`, `calibration` and the like;
    empty for published files.
    """

    model: AlphaFold
    path: Path
    sha256: str
    metadata: dict[str, str]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _misfit(expected: dict[str, Shape], given: dict[str, Shape]) -> str | None:
    """The first difference between two sets of arrays, in words; None when there is none."""
    missing, extra = sorted(set(expected) - set(given)), sorted(set(given) - set(expected))
    if missing:
        return f"array missing: {_listed(missing)}"
    if extra:
        return f"array that the network has no place for: {_listed(extra)}"
    for name, shape in expected.items():
        if given[name] != shape:
            return f"array {name} has shape {given[name]}, the network needs {shape}"
    return None


def empty_model(config: Config) -> AlphaFold:
    """A network whose parameters have shapes and no values (meta device)."""
    with torch.device("meta"):
        return AlphaFold(config)


def _block_counts(names: Iterable[str], scopes: dict[str, str]) -> dict[str, int]:
    """Blocks of each stack by the largest index in `SCOPE.<index>.…` names."""
    counts = dict.fromkeys(scopes, 0)
    for name in names:
        for field, scope in scopes.items():
            if name.startswith(scope):
                counts[field] = max(counts[field], int(name[len(scope) :].split(".")[0]) + 1)
    return counts


def _recognise(
    shapes: dict[str, Shape],
    blocks: dict[str, int],
    expect: Callable[[Config], dict[str, Shape]],
    name_hint: str,
) -> Config:
    """The preset whose network needs arrays of exactly these names and shapes, given the block counts."""
    has_pae = any("predicted_aligned_error_head" in name for name in shapes)
    candidates = [
        Config.from_dict(
            {**preset.to_dict(), **blocks, "evoformer_blocks": max(1, blocks["evoformer_blocks"])}
        )
        for preset in PRESETS.values()
        if preset.pae_head == has_pae and preset.has_templates == (blocks["template_blocks"] > 0)
    ]
    candidates.sort(key=lambda config: len(config.name) if config.name in name_hint else 0, reverse=True)
    misfits: list[tuple[int, str]] = []
    for config in candidates:
        expected = expect(config)
        misfit = _misfit(expected, shapes)
        if misfit is None:
            return config
        wrong = sum(shapes.get(name) != shape for name, shape in expected.items())
        misfits.append(
            (wrong + len(set(shapes) - set(expected)), f"{misfit} (nearest preset: {config.name})")
        )
    raise SettingsError(min(misfits)[1] if misfits else "no preset of the network has these arrays")


def recognise_published(shapes: dict[str, Shape], name_hint: str = "") -> Config:
    """The preset that arrays of the published layout belong to, with their own block counts.

    Presets that differ in nothing the arrays could show (1 and 2; 3, 4 and 5) are told apart by the file
    name.

    Args:
        shapes: names and shapes of the arrays.
        name_hint: name of the file.

    Raises:
        SettingsError: no preset fits; the message names the first array that does not fit the nearest one.
    """
    blocks = {}
    for field, scope in _STACKS.items():
        leading = Counter(shape[0] for name, shape in shapes.items() if name.startswith(scope) and shape)
        blocks[field] = leading.most_common(1)[0][0] if leading else 0  # one misshapen array has no say
    return _recognise(shapes, blocks, lambda config: published_shapes(empty_model(config)), name_hint)


def _parameter_shapes(config: Config) -> dict[str, Shape]:
    return {name: tuple(p.shape) for name, p in empty_model(config).named_parameters()}


def _from_published(arrays: dict[str, Tensor], config: Config) -> AlphaFold:
    model = empty_model(config)
    state = {}
    for path, entry in published_layout(model).items():
        array = arrays[entry.name] if entry.block is None else arrays[entry.name][entry.block]
        state[path] = entry.from_published(array).contiguous()
    model.load_state_dict(state, assign=True)
    return model


def _read_npz(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # numpy and zipfile raise whatever the broken file makes them raise
        raise InputError(f"not a readable npz file of plain arrays ({error})", file=str(path)) from error
    for name, array in arrays.items():
        if not np.issubdtype(array.dtype, np.floating):
            rule = f"parameters are floating-point numbers, not {array.dtype}"
            raise InputError(rule, file=str(path), record=name)
    return {name: torch.from_numpy(np.asarray(array, dtype=np.float32)) for name, array in arrays.items()}


def _refuse_non_finite(arrays: dict[str, Tensor], path: Path) -> None:
    for name, array in arrays.items():
        if not bool(array.isfinite().all()):
            raise InputError("parameters must be finite numbers", file=str(path), record=name)


def _load_npz(path: Path, preset: str | None) -> tuple[AlphaFold, dict[str, str]]:
    arrays = _read_npz(path)
    _refuse_non_finite(arrays, path)
    shapes = {name: tuple(array.shape) for name, array in arrays.items()}
    config = recognise_published(shapes, preset or path.name)
    return _from_published(arrays, config), {}


def _load_openfold(path: Path, preset: str | None) -> tuple[AlphaFold, dict[str, str]]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever the broken archive makes it raise
        raise InputError(f"not a checkpoint of plain tensors ({error})", file=str(path)) from error
    state = from_openfold(content)
    _refuse_non_finite(state, path)
    shapes = {name: tuple(array.shape) for name, array in state.items()}
    config = _recognise(shapes, _block_counts(state, _OUR_STACKS), _parameter_shapes, preset or path.name)
    model = empty_model(config)
    model.load_state_dict(state, assign=True)
    return model, {}


def _load_safetensors(path: Path, preset: str | None) -> tuple[AlphaFold, dict[str, str]]:
    state, sizes, metadata = read_tensors(path, FORMAT)
    try:
        config = Config.from_dict(json.loads(sizes))
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"not a parameter file of this package ({error})", file=str(path)) from error
    model = empty_model(config)
    misfit = _misfit(_parameter_shapes(config), {name: tuple(array.shape) for name, array in state.items()})
    if misfit is not None:
        raise InputError(misfit, file=str(path))
    model.load_state_dict({name: array.float() for name, array in state.items()}, assign=True)
    return model, metadata


def load_parameters(path: str | Path, *, preset: str | None = None) -> Loaded:
    """Reads a parameter file; the format is told by its ending.

    Args:
        path: `.npz` (published layout), `.pt` or `.ckpt` (OpenFold), `.safetensors` (ours).
        preset: name of the preset where arrays cannot tell (model_1 or model_2; model_3, 4 or 5).

    Returns:
        The network in float32 on the CPU, in evaluation mode, with the file's digest.

    Raises:
        MissingRequirementError: no such file.
        InputError: a missing, extra or misshapen array, by name; a number that is not finite; a damaged
            file; parameters of another preset than the one asked for.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingRequirementError(f"no parameter file at {path}")
    loaders = {
        ".npz": _load_npz,
        ".pt": _load_openfold,
        ".ckpt": _load_openfold,
        ".safetensors": _load_safetensors,
    }
    if path.suffix not in loaders:
        raise InputError(f"parameters come as {', '.join(loaders)}", file=str(path))
    if preset is not None:
        Config.preset(preset)
    try:
        model, metadata = loaders[path.suffix](path, preset)
    except SettingsError as error:
        raise InputError(str(error), file=str(path)) from error
    if preset is not None and preset != model.config.name:
        raise InputError(f"holds parameters of {model.config.name!r}, not of {preset!r}", file=str(path))
    return Loaded(model.eval(), path, sha256_of(path), metadata)


def save_parameters(model: AlphaFold, path: str | Path, metadata: dict[str, str] | None = None) -> None:
    """Writes the parameters atomically.

    Args:
        model: the network.
        path: `.safetensors` (ours: sizes and metadata in the header) or `.npz` (published layout, no
            metadata).
        metadata: strings kept in the header of a safetensors file.

    Raises:
        SettingsError: another ending; metadata for an npz file, or under a name that the format uses.
    """
    path = Path(path)
    if path.suffix == ".npz":
        if metadata:
            raise SettingsError("the published layout has no place for metadata")
        with atomic_path(path) as temporary, Path(temporary).open("wb") as file:
            np.savez(file, allow_pickle=False, **{name: a.numpy() for name, a in to_published(model).items()})
        return
    state = {name: p.detach().float().cpu().contiguous() for name, p in model.named_parameters()}
    write_tensors(path, state, FORMAT, json.dumps(model.config.to_dict()), metadata)
