"""Number format of the network's matrix products.

In bfloat16 the affine maps and attentions of the trunk are computed in bfloat16; the residual stream, layer
norms, the structure module and the heads stay in float32, so that positions are not rounded.
"""

from pathlib import Path
from typing import Literal

import torch

from sciml.errors import SettingsError
from sciml.linear import Linear
from sciml.structure.evoformer import EvoformerBlock, TemplatePairStack
from sciml.structure.model import AlphaFold
from sciml.structure.primitives import LayerNorm

Precision = Literal["float32", "bfloat16"]


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are much faster than float32 ones: Ampere or newer, or a processor with
    AMX."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type == "cpu":
        info = Path("/proc/cpuinfo")
        return info.is_file() and "amx_bf16" in info.read_text(errors="replace")
    return False


def choose_precision(requested: Precision | Literal["auto"], device: torch.device) -> Precision:
    """The format to use.

    Args:
        requested: one of the formats, or `auto`: bfloat16 where that is much faster.
        device: where the network runs.

    Raises:
        SettingsError: another format.
    """
    if requested == "auto":
        return "bfloat16" if has_fast_bfloat16(device) else "float32"
    if requested not in ("float32", "bfloat16"):
        raise SettingsError(f"precision is auto, float32 or bfloat16, not {requested!r}")
    return requested


def set_precision(model: AlphaFold, precision: Precision) -> AlphaFold:
    """Puts the trunk's products in that format, in place.

    Args:
        model: in float32.
        precision: bfloat16 rounds the trunk's weights for good.

    Returns:
        The same network.
    """
    if precision == "float32":
        return model
    for stack in model.modules():
        if not isinstance(stack, EvoformerBlock | TemplatePairStack):
            continue
        for module in stack.modules():
            if isinstance(module, Linear):
                module.to(torch.bfloat16)
            elif isinstance(module, LayerNorm):
                module.output_dtype = torch.bfloat16
    return model
