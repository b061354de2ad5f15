"""Attention over the MSA: along rows with pair bias, along columns, and the cheaper global form along
columns.

Source: Jumper et al. 2021, Supplementary Algorithms 7, 8 and 19.
"""

import torch
from einops import einsum, rearrange
from torch import Tensor, nn

from sciml.attention import MASKED
from sciml.linear import Linear
from sciml.structure.primitives import GatedAttention, LayerNorm


class MSARowAttentionWithPairBias(nn.Module):
    """Residues of one sequence attend to each other; the pair representation biases the scores.

    Args:
        c_m: channels of the MSA.
        c_z: channels of the pair representation.
        heads: attention heads.
        c_head: channels of a head.
    """

    def __init__(self, c_m: int, c_z: int, heads: int, c_head: int) -> None:
        super().__init__()
        self.query_norm = LayerNorm(c_m)
        self.feat_2d_norm = LayerNorm(c_z)
        self.feat_2d_weights = Linear(c_z, heads, bias=False)
        self.attention = GatedAttention(c_m, heads, c_head)

    def pair_bias(self, pair: Tensor) -> Tensor:
        """(b, i, j, c_z) -> (b, h, i, j)."""
        return rearrange(self.feat_2d_weights(self.feat_2d_norm(pair)), "b i j h -> b h i j").contiguous()

    def attend(self, msa: Tensor, mask: Tensor | None, bias: Tensor) -> Tensor:
        """The update of some rows: msa (b, s, i, c_m), mask (b, s, i), bias (b, h, i, i)."""
        return self.attention(self.query_norm(msa), bias, mask)

    def forward(self, msa: Tensor, pair: Tensor, mask: Tensor | None = None) -> Tensor:
        """The update of the MSA.

        Args:
            msa: (b, s, i, c_m).
            pair: (b, i, i, c_z).
            mask: (b, s, i).

        Returns:
            (b, s, i, c_m).
        """
        return self.attend(msa, mask, self.pair_bias(pair))


class MSAColumnAttention(nn.Module):
    """Sequences attend to each other at one residue. Works on columns: (b, i, s, c_m).

    Args:
        c_m: channels of the MSA.
        heads: attention heads.
        c_head: channels of a head.
    """

    def __init__(self, c_m: int, heads: int, c_head: int) -> None:
        super().__init__()
        self.query_norm = LayerNorm(c_m)
        self.attention = GatedAttention(c_m, heads, c_head)

    def forward(self, columns: Tensor, mask: Tensor | None = None) -> Tensor:
        """The update of some columns: (b, i, s, c_m), mask (b, i, s) -> (b, i, s, c_m)."""
        return self.attention(self.query_norm(columns), None, mask)


class GlobalAttention(nn.Module):
    """One averaged query per column and one shared key and value head: linear in the number of sequences.

    Args:
        c_in: channels of the input and of the output.
        heads: attention heads.
        c_head: channels of a head.
    """

    def __init__(self, c_in: int, heads: int, c_head: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = Linear(c_in, heads * c_head, bias=False, init="glorot")
        self.key = Linear(c_in, c_head, bias=False, init="glorot")
        self.value = Linear(c_in, c_head, bias=False, init="glorot")
        self.gating = Linear(c_in, heads * c_head, init="gating")
        self.output = Linear(heads * c_head, c_in, init="final")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(b, i, s, c), mask (b, i, s) -> (b, i, s, c)."""
        wide = torch.promote_types(x.dtype, torch.float32)  # half precision cannot add thousands of rows
        if mask is None:
            mean = x.to(wide).mean(-2)
        else:
            counts = mask.to(wide).sum(-1, keepdim=True) + 1e-10
            mean = einsum(x.to(wide), mask.to(wide), "b i s c, b i s -> b i c") / counts
        c_head = self.key.out_features
        query = rearrange(self.query(mean.to(x.dtype)), "b i (h d) -> b i h d", h=self.heads) * c_head**-0.5
        key, value = self.key(x), self.value(x)
        scores = einsum(query, key, "b i h d, b i s d -> b i h s")
        if mask is not None:
            scores = scores + rearrange((mask.to(scores.dtype) - 1) * -MASKED, "b i s -> b i 1 s")
        mixed = einsum(scores.softmax(-1), value, "b i h s, b i s d -> b i h d")
        gate = rearrange(self.gating(x, activation="sigmoid"), "b i s (h d) -> b i s h d", h=self.heads)
        gated = gate * rearrange(mixed, "b i h d -> b i 1 h d")
        return self.output(rearrange(gated, "b i s h d -> b i s (h d)"))

    def row_bytes(self, positions: int, element_bytes: int) -> int:
        """Temporaries of one column of that many sequences, in bytes."""
        return positions * (3 * self.query.in_features + 4 * self.query.out_features) * element_bytes


class MSAColumnGlobalAttention(nn.Module):
    """The column attention of the extra-MSA stack. Works on columns: (b, i, s, c_e).

    Args:
        c_e: channels of the extra MSA.
        heads: attention heads.
        c_head: channels of a head.
    """

    def __init__(self, c_e: int, heads: int, c_head: int) -> None:
        super().__init__()
        self.query_norm = LayerNorm(c_e)
        self.attention = GlobalAttention(c_e, heads, c_head)

    def forward(self, columns: Tensor, mask: Tensor | None = None) -> Tensor:
        """The update of some columns: (b, i, s, c_e), mask (b, i, s) -> (b, i, s, c_e)."""
        return self.attention(self.query_norm(columns), mask)
