"""The affine map that every network uses, with faster equivalents behind the same signature.

`linear` computes activation(x Wᵀ + b). On a CPU it hands float32 work to oneDNN,
whose AVX-512 kernels are up to twice as fast as the default BLAS on processors that are not Intel's, and
which applies the activation while the result is still in cache. The two paths agree to float32 rounding
(tests/test_linear.py).
"""

import math
import os
from functools import cache
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

Activation = Literal["none", "relu", "sigmoid"]
Initialisation = Literal["default", "relu", "glorot", "final", "gating"]

_TRUNCATED_NORMAL_STD = 0.87962566103423978
"""Standard deviation of a unit normal cut off at ±2; divides the requested one so that the cut normal has
it."""


@cache
def _onednn_is_usable() -> bool:
    """Whether the fused oneDNN product exists in this torch and agrees with the plain one on a small case."""
    if os.environ.get("SCIML_PLAIN_KERNELS") or not torch.backends.mkldnn.is_available():
        return False
    try:
        generator = torch.Generator().manual_seed(0)
        x, weight, bias = (torch.randn(shape, generator=generator) for shape in ((5, 7), (3, 7), (3,)))
        fused = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "relu", [], "")
        return bool(torch.allclose(fused, functional.linear(x, weight, bias).relu(), atol=1e-5))
    except (AttributeError, RuntimeError):
        return False


def _product(x: Tensor, weight: Tensor, bias: Tensor | None, activation: Activation) -> Tensor:
    dense = None if bias is None else bias.contiguous()  # the kernel ignores the strides of a bias
    return torch.ops.mkldnn._linear_pointwise(x, weight, dense, activation, [], "")


class _OnednnLinear(torch.autograd.Function):
    """x Wᵀ + b by oneDNN in both directions; the gradients can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: ANN401 - torch's
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias, "none")

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        x, weight = ctx.saved_tensors
        needs_x, needs_weight, needs_bias = ctx.needs_input_grad
        gradient = gradients[0].contiguous()
        rows = gradient.reshape(-1, gradient.shape[-1])
        product = _OnednnLinear.apply  # not the bare kernel, which autograd would take for a constant
        of_x = product(gradient, weight.t().contiguous(), None) if needs_x else None
        of_weight = product(rows.t(), x.reshape(-1, x.shape[-1]).t(), None) if needs_weight else None
        return of_x, of_weight, rows.sum(0) if needs_bias else None


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, activation: Activation = "none") -> Tensor:
    """activation(x Wᵀ + b).

    Args:
        x: (..., in).
        weight: (out, in).
        bias: (out,) or None.
        activation: applied to the result.

    Returns:
        (..., out), in the dtype of `x`.
    """
    is_inference = not torch.is_grad_enabled()
    is_plain = x.device.type != "cpu" or x.dtype != torch.float32 or weight.dtype != torch.float32
    if is_plain or x.numel() == 0 or torch.is_autocast_enabled("cpu") or not _onednn_is_usable():
        result = functional.linear(x, weight, bias)
    elif is_inference:
        return _product(x, weight, bias, activation)
    else:
        result = cast(Tensor, _OnednnLinear.apply(x, weight, bias))
    if activation == "relu":
        return result.relu_() if is_inference else result.relu()
    if activation == "sigmoid":
        return result.sigmoid_() if is_inference else result.sigmoid()
    return result


_SMALLEST_SINGLE_PRODUCT = 160
"""Rows from which a matrix product by oneDNN, one call each, beats a batched one by BLAS."""


def products_of_transposed(first: Tensor, second: Tensor) -> Tensor:
    """first secondᵀ for each matrix of a stack.

    Args:
        first: (b, c, i, k).
        second: (b, c, j, k).

    Returns:
        (b, c, i, j).
    """
    can_call_onednn = (
        not torch.is_grad_enabled() and first.device.type == "cpu" and first.dtype == torch.float32
    )
    is_large = min(first.shape[2], second.shape[2]) >= _SMALLEST_SINGLE_PRODUCT
    if not (can_call_onednn and is_large and _onednn_is_usable()):
        return first @ second.transpose(-1, -2)
    if first.shape[0] == first.shape[1] == 1:
        return _product(first[0, 0], second[0, 0], None, "none")[None, None]
    product = first.new_empty(*first.shape[:3], second.shape[2])
    for example in range(first.shape[0]):
        for channel in range(first.shape[1]):
            product[example, channel] = _product(
                first[example, channel], second[example, channel], None, "none"
            )
    return product


class Linear(nn.Linear):
    """An affine layer with AlphaFold 2's initialisations.

    Args:
        c_in: channels in.
        c_out: channels out.
        bias: whether there is an offset.
        init: `default` (LeCun), `relu` (He), `glorot`, `final` (zeros) or `gating` (weight 0, bias 1).

    Source: Jumper et al. 2021, Supplementary 1.11.4.
    """

    def __init__(self, c_in: int, c_out: int, bias: bool = True, init: Initialisation = "default") -> None:
        super().__init__(c_in, c_out, bias=bias)
        self.initialise(init)

    @torch.no_grad()
    def initialise(self, init: Initialisation) -> None:
        """Draws the weights anew from torch's global generator."""
        if self.bias is not None:
            self.bias.fill_(1.0 if init == "gating" else 0.0)
        if init in ("final", "gating"):
            self.weight.zero_()
        elif init == "glorot":
            nn.init.xavier_uniform_(self.weight)
        else:
            scale = 2.0 if init == "relu" else 1.0
            std = math.sqrt(scale / self.in_features) / _TRUNCATED_NORMAL_STD
            nn.init.trunc_normal_(self.weight, std=std, a=-2 * std, b=2 * std)

    def forward(self, x: Tensor, activation: Activation = "none") -> Tensor:
        """(..., in) -> (..., out)."""
        return linear(x, self.weight, self.bias, activation)
