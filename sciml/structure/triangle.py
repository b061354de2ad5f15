"""Updates of the pair representation along triangles: multiplication and attention.

Source: Jumper et al. 2021, Supplementary Algorithms 11 to 14.
"""

import torch
from einops import rearrange
from torch import Tensor, nn

from sciml.linear import Linear, products_of_transposed
from sciml.structure.chunking import row_blocks, update_rows
from sciml.structure.primitives import GatedAttention, LayerNorm


class TriangleMultiplication(nn.Module):
    """Edge i-j gathers products of edges i-k and j-k (outgoing) or k-i and k-j (incoming).

    Args:
        c_z: channels of the pair representation.
        c_hidden: channels of the two factors.
    """

    is_outgoing: bool

    def __init__(self, c_z: int, c_hidden: int) -> None:
        super().__init__()
        self.layer_norm_input = LayerNorm(c_z)
        self.left_projection = Linear(c_z, c_hidden)
        self.right_projection = Linear(c_z, c_hidden)
        self.left_gate = Linear(c_z, c_hidden, init="gating")
        self.right_gate = Linear(c_z, c_hidden, init="gating")
        self.center_layer_norm = LayerNorm(c_hidden)
        self.output_projection = Linear(c_hidden, c_z, init="final")
        self.gating_linear = Linear(c_z, c_z, init="gating")

    def _factor(self, normed: Tensor, projection: Linear, gate: Linear, mask: Tensor | None) -> Tensor:
        """One gated and masked factor of some rows: (b, row, k, c_z), mask (b, row, k) -> (b, row, k, c)."""
        factor = gate(normed, activation="sigmoid")
        factor = projection(normed) * factor if torch.is_grad_enabled() else factor.mul_(projection(normed))
        return factor if mask is None else factor * mask[..., None].to(factor.dtype)

    def _factors(self, normed: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Both factors of some rows, in the order in which they are multiplied, channels first.

        Outgoing sums left[i, k] right[j, k] over k, incoming left[k, j] right[k, i]: there rows are k.

        Returns:
            (b, c, i, k) and (b, c, j, k), as views.
        """
        left = self._factor(normed, self.left_projection, self.left_gate, mask)
        right = self._factor(normed, self.right_projection, self.right_gate, mask)
        if self.is_outgoing:
            return rearrange(left, "b i k c -> b c i k"), rearrange(right, "b j k c -> b c j k")
        return rearrange(right, "b k i c -> b c i k"), rearrange(left, "b k j c -> b c j k")

    def _finish(self, product: Tensor, normed: Tensor) -> Tensor:
        """The update of some rows from their products (b, c, i, j) and normalised pairs (b, i, j, c_z)."""
        centred = self.center_layer_norm(rearrange(product, "b c i j -> b i j c").contiguous())
        gate = self.gating_linear(normed, activation="sigmoid")
        output = self.output_projection(centred)
        return output * gate if torch.is_grad_enabled() else output.mul_(gate)

    def forward(self, pair: Tensor, mask: Tensor | None = None) -> Tensor:
        """The update of the pair representation.

        Args:
            pair: (b, i, j, c_z).
            mask: (b, i, j), 1 for real pairs.

        Returns:
            (b, i, j, c_z).
        """
        normed = self.layer_norm_input(pair)
        first, second = self._factors(normed, mask)
        return self._finish(first @ second.transpose(-1, -2), normed)

    def update(self, pair: Tensor, mask: Tensor | None = None, keep: Tensor | None = None) -> Tensor:
        """pair + forward(pair) · keep, in place outside autograd, where blocks of rows keep temporaries
        small.

        Args:
            pair: (b, i, j, c_z).
            mask: (b, i, j).
            keep: (b, 1, j, c_z), a dropout factor shared by the rows.
        """
        if torch.is_grad_enabled():
            update = self(pair, mask)
            return pair + (update if keep is None else update * keep)
        batch, residues = pair.shape[:2]
        c_hidden, dtype = self.left_projection.out_features, self.left_projection.weight.dtype
        first, second = (
            torch.empty(batch, c_hidden, residues, residues, dtype=dtype, device=pair.device)
            for _ in range(2)
        )
        rows = (
            2 if self.is_outgoing else 3
        )  # the axis of the factors that the rows of the pair array run along
        for block in row_blocks(residues, self._row_bytes(pair), pair.device):
            normed = self.layer_norm_input(pair[:, block])
            factors = self._factors(normed, None if mask is None else mask[:, block])
            for whole, part in zip((first, second), factors, strict=True):
                whole.narrow(rows, block.start, part.shape[rows]).copy_(part)
        product = products_of_transposed(first, second)

        def finish(pair_rows: Tensor, product_rows: Tensor) -> Tensor:
            return self._finish(product_rows.transpose(1, 2), self.layer_norm_input(pair_rows))

        by_rows = product.transpose(1, 2)  # (b, i, c, j)
        return update_rows(pair, finish, self._row_bytes(pair) / batch, along=(by_rows,), keep=keep)

    def _row_bytes(self, pair: Tensor) -> float:
        """Temporaries of one row, in bytes."""
        c_hidden = self.left_projection.out_features
        return pair.shape[0] * pair.shape[2] * (2 * pair.shape[3] + 3 * c_hidden) * pair.element_size()


class TriangleMultiplicationOutgoing(TriangleMultiplication):
    """Algorithm 11: over the edges that leave i and j."""

    is_outgoing = True


class TriangleMultiplicationIncoming(TriangleMultiplication):
    """Algorithm 12: over the edges that arrive at i and j."""

    is_outgoing = False


class TriangleAttention(nn.Module):
    """Edges of one row attend to each other; the third edge of each triangle biases the scores.

    Around the starting node the rows are those of the pair representation; around the ending node its
    columns: the caller hands over the transposed array.

    Args:
        c_z: channels of the pair representation.
        heads: attention heads.
        c_head: channels of a head.
    """

    def __init__(self, c_z: int, heads: int, c_head: int) -> None:
        super().__init__()
        self.query_norm = LayerNorm(c_z)
        self.feat_2d_weights = Linear(c_z, heads, bias=False)
        self.attention = GatedAttention(c_z, heads, c_head)

    def triangle_bias(self, pair: Tensor) -> Tensor:
        """(b, i, j, c_z) -> (b, h, i, j)."""
        return rearrange(self.feat_2d_weights(self.query_norm(pair)), "b i j h -> b h i j").contiguous()

    def attend(self, pair: Tensor, mask: Tensor | None, bias: Tensor) -> Tensor:
        """The update of some rows: pair (b, i, j, c_z), mask (b, i, j), bias (b, h, j, j)."""
        return self.attention(self.query_norm(pair), bias, mask)

    def forward(self, pair: Tensor, mask: Tensor | None = None) -> Tensor:
        """The update of the pair representation: (b, i, j, c_z), mask (b, i, j) -> (b, i, j, c_z)."""
        return self.attend(pair, mask, self.triangle_bias(pair))


class OuterProductMean(nn.Module):
    """The MSA tells the pair representation: the mean over sequences of an outer product.

    Args:
        c_m: channels of the MSA.
        c_outer: channels of each side.
        c_z: channels of the pair representation.

    Source: Algorithm 10; the bias is added before the division by the count, as upstream.
    """

    count_offset = 1e-3
    """Added to the number of sequences that both residues are in."""

    def __init__(self, c_m: int, c_outer: int, c_z: int) -> None:
        super().__init__()
        self.layer_norm_input = LayerNorm(c_m)
        self.left_projection = Linear(c_m, c_outer)
        self.right_projection = Linear(c_m, c_outer)
        self.output = Linear(c_outer * c_outer, c_z, init="final")

    def factors(self, msa: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """What the update of every pair row needs.

        Returns:
            left (b, i, c, s); right (b, j·e, s) with channels fast; counts (b, i, j), offset included.
        """
        normed = self.layer_norm_input(msa)
        left, right = self.left_projection(normed), self.right_projection(normed)
        if mask is None:
            counts = msa.new_full((1, 1, 1), msa.shape[1] + self.count_offset)
        else:
            left, right = (x * mask[..., None].to(x.dtype) for x in (left, right))
            wide = mask.to(torch.promote_types(msa.dtype, torch.float32))  # counts are exact in float32
            counts = wide.transpose(1, 2) @ wide + self.count_offset
        left = rearrange(left, "b s i c -> b i c s").contiguous()
        return left, rearrange(right, "b s j e -> b (j e) s").contiguous(), counts

    def update(self, left: Tensor, counts: Tensor, right: Tensor) -> Tensor:
        """Pair rows from their left factors: left (b, i, c, s), counts (b, i, j) -> (b, i, j, c_z)."""
        c_outer = left.shape[2]
        rows = rearrange(left, "b i c s -> b 1 (i c) s")
        outer = products_of_transposed(rows, right[:, None])
        outer = rearrange(outer, "b 1 (i c) (j e) -> b i j (c e)", c=c_outer, e=c_outer)
        return self.output(outer) / counts[..., None].to(outer.dtype)

    def forward(self, msa: Tensor, mask: Tensor | None = None) -> Tensor:
        """(b, s, i, c_m), mask (b, s, i) -> (b, i, j, c_z)."""
        left, right, counts = self.factors(msa, mask)
        return self.update(left, counts, right)

    def row_bytes(self, residues: int, element_bytes: int) -> int:
        """Temporaries of one pair row, in bytes."""
        return residues * (2 * self.output.in_features + 2 * self.output.out_features) * element_bytes


class Transition(nn.Module):
    """Two affine maps with a ReLU between them, at every position alone. Not masked, as upstream.

    Args:
        channels: channels in and out.
        factor: hidden channels over outer channels.

    Source: Algorithms 9 and 15.
    """

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__()
        self.input_layer_norm = LayerNorm(channels)
        self.transition1 = Linear(channels, channels * factor, init="relu")
        self.transition2 = Linear(channels * factor, channels, init="final")

    def forward(self, x: Tensor) -> Tensor:
        """(..., c) -> (..., c)."""
        return self.transition2(self.transition1(self.input_layer_norm(x), activation="relu"))

    def row_bytes(self, positions: int, element_bytes: int) -> int:
        """Temporaries of one row of that many positions, in bytes."""
        return positions * (3 * self.transition1.in_features + self.transition1.out_features) * element_bytes


def pair_mask(seq_mask: Tensor) -> Tensor:
    """(b, i) -> (b, i, j): 1 where both residues are real."""
    return torch.einsum("bi,bj->bij", seq_mask, seq_mask)
