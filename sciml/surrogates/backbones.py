"""Networks from features to a hidden representation.

Their operations broadcast over leading axes of the parameters, so that one forward path serves one network,
(in, out), and many networks stacked, (member, in, out).
"""

import math
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sciml.surrogates.registry import BACKBONES

Activation = Literal["silu", "relu", "tanh"]
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "relu": functional.relu,
    "tanh": torch.tanh,
}


class Affine(nn.Module):
    """x W + b with W (…, in, out) and b (…, 1, out): a leading axis of the parameters is one of members.

    `gain` scales the initial weights, N(0, gain² / in); 0 starts at nothing.
    """

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = gain
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(1, outputs))
        self.reset(torch.Generator().manual_seed(0))

    @torch.no_grad()
    def reset(self, generator: torch.Generator) -> None:
        """Draw initial parameters."""
        deviation = self.gain / math.sqrt(self.weight.shape[-2])
        self.weight.copy_(torch.randn(self.weight.shape, generator=generator) * deviation)
        self.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """(…, item, in) to (…, item, out)."""
        if self.weight.dim() == 3 and x.dim() <= 3:  # one kernel for the product and the bias
            return torch.baddbmm(self.bias, x.expand(len(self.weight), *x.shape[-2:]), self.weight)
        return torch.matmul(x, self.weight) + self.bias


@BACKBONES.register("mlp")
class MLP(nn.Module):
    """Residual multilayer perceptron: h = φ(x W0), then `layers - 1` times h + φ(h W).

    Args:
        inputs: features.
        width: hidden channels.
        layers: hidden layers, at least 1.
        activation: φ.
        dropout: share of hidden channels that are dropped in training mode.
        residual: add each hidden layer to the one before it.
    """

    def __init__(
        self,
        inputs: int,
        *,
        width: int = 64,
        layers: int = 2,
        activation: Activation = "silu",
        dropout: float = 0.0,
        residual: bool = True,
    ) -> None:
        super().__init__()
        if layers < 1:
            raise ValueError(f"a perceptron has one hidden layer or more, not {layers}")
        self.inputs, self.width, self.layers, self.activation = inputs, width, layers, activation
        self.dropout, self.residual = dropout, residual
        gain = math.sqrt(2.0) if activation == "relu" else 1.0
        self.affines = nn.ModuleList(Affine(inputs if i == 0 else width, width, gain) for i in range(layers))

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments besides the number of features, as JSON values."""
        names = ("width", "layers", "activation", "dropout", "residual")
        return {name: getattr(self, name) for name in names}

    def forward(self, features: Tensor) -> Tensor:
        """(…, item, feature) to (…, item, width)."""
        activate = _ACTIVATIONS[self.activation]
        hidden = features
        for i, affine in enumerate(self.affines):
            out = functional.dropout(activate(affine(hidden)), self.dropout, self.training)
            hidden = hidden + out if self.residual and i > 0 else out
        return hidden
