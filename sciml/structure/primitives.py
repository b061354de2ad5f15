"""Small layers that every stack uses: layer norm, gated attention, shared dropout.

Source: Jumper et al. 2021, Supplementary Algorithms 7 and 8 (gated self-attention), 1.11.6 (shared dropout).
"""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from sciml.attention import attention
from sciml.linear import Linear, linear


class LayerNorm(nn.LayerNorm):
    """Layer normalisation over channels, computed in float32 and handed on in the dtype of the next product.

    Args:
        channels: size of the last axis.
    """

    output_dtype: torch.dtype | None = None
    """Dtype of the result; None keeps the dtype of the input."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-5)

    def forward(self, x: Tensor) -> Tensor:
        """(..., c) -> (..., c)."""
        normed = functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return normed if self.output_dtype is None else normed.to(self.output_dtype)


class SharedDropout(nn.Module):
    """Dropout whose mask is shared by all rows of (b, row, n, c).

    Args:
        rate: probability of a zero.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def factor(self, x: Tensor) -> Tensor | None:
        """The factor (b, 1, n, c) for x (b, row, n, c), or None when nothing is dropped."""
        if not self.training or self.rate == 0:
            return None
        shape = (x.shape[0], 1, *x.shape[2:])
        return functional.dropout(torch.ones(shape, dtype=x.dtype, device=x.device), self.rate)


class GatedAttention(nn.Module):
    """Multi-head self-attention along the third axis with an output gate.

    Args:
        c_in: channels of the input and of the output.
        heads: attention heads.
        c_head: channels of a head.
    """

    def __init__(self, c_in: int, heads: int, c_head: int) -> None:
        super().__init__()
        self.heads = heads
        hidden = heads * c_head
        self.query = Linear(c_in, hidden, bias=False, init="glorot")
        self.key = Linear(c_in, hidden, bias=False, init="glorot")
        self.value = Linear(c_in, hidden, bias=False, init="glorot")
        self.gating = Linear(c_in, hidden, init="gating")
        self.output = Linear(hidden, c_in, init="final")

    def forward(self, x: Tensor, bias: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Attends inside each row.

        Args:
            x: (b, row, n, c), normalised.
            bias: (b, h, n, n), shared by the rows.
            mask: (b, row, n), 1 for positions that may be attended to.

        Returns:
            (b, row, n, c).
        """
        weight = torch.cat([self.query.weight, self.key.weight, self.value.weight])
        projected = rearrange(linear(x, weight), "b r n (p h d) -> p b r n h d", p=3, h=self.heads)
        query, key, value = projected.unbind(0)
        mixed = rearrange(attention(query, key, value, bias, mask), "b r n h d -> b r n (h d)")
        gate = self.gating(x, activation="sigmoid")
        return self.output(mixed * gate if torch.is_grad_enabled() else gate.mul_(mixed))

    def row_bytes(self, positions: int, element_bytes: int) -> int:
        """Temporaries of one row of that many positions, in bytes."""
        c_in, hidden = self.query.in_features, self.query.out_features
        return positions * (3 * c_in + 6 * hidden) * element_bytes
