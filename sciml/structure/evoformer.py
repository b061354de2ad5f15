"""Stacks over the MSA and pair representations: Evoformer, extra-MSA and template pair stack.

Source: Jumper et al. 2021, Supplementary Algorithms 6, 16 and 18.
"""

from functools import partial

from einops import rearrange
from torch import Tensor, nn

from sciml.structure.chunking import update_rows
from sciml.structure.config import Config
from sciml.structure.msa_attention import (
    MSAColumnAttention,
    MSAColumnGlobalAttention,
    MSARowAttentionWithPairBias,
)
from sciml.structure.primitives import SharedDropout
from sciml.structure.triangle import (
    OuterProductMean,
    Transition,
    TriangleAttention,
    TriangleMultiplicationIncoming,
    TriangleMultiplicationOutgoing,
)


def _transposed(mask: Tensor | None) -> Tensor | None:
    return None if mask is None else mask.transpose(1, 2)


class PairUpdate(nn.Module):
    """The half of a block that works on the pair representation.

    Args:
        c_z: channels of the pair representation.
        c_hidden: hidden channels of the triangle multiplications.
        heads: attention heads.
        c_head: channels of a head.
        factor: hidden over outer channels of the transition.
        dropout: rate, shared by rows or columns.
        attention_first: whether attention comes before multiplication, as in the template stack.
    """

    def __init__(
        self,
        c_z: int,
        c_hidden: int,
        heads: int,
        c_head: int,
        factor: int,
        dropout: float,
        attention_first: bool,
    ) -> None:
        super().__init__()
        self.attention_first = attention_first
        self.triangle_multiplication_outgoing = TriangleMultiplicationOutgoing(c_z, c_hidden)
        self.triangle_multiplication_incoming = TriangleMultiplicationIncoming(c_z, c_hidden)
        self.triangle_attention_starting_node = TriangleAttention(c_z, heads, c_head)
        self.triangle_attention_ending_node = TriangleAttention(c_z, heads, c_head)
        self.pair_transition = Transition(c_z, factor)
        self.dropout = SharedDropout(dropout)

    def _attend(self, pair: Tensor, mask: Tensor | None, module: TriangleAttention) -> Tensor:
        row_bytes = module.attention.row_bytes(pair.shape[2], pair.element_size())
        attend = partial(module.attend, bias=module.triangle_bias(pair))
        return update_rows(pair, attend, row_bytes, along=(mask,), keep=self.dropout.factor(pair))

    def forward(self, pair: Tensor, mask: Tensor | None = None) -> Tensor:
        """(b, i, j, c_z), mask (b, i, j) -> (b, i, j, c_z). Overwrites its input outside autograd."""

        def multiply(pair: Tensor) -> Tensor:
            for module in (self.triangle_multiplication_outgoing, self.triangle_multiplication_incoming):
                pair = module.update(pair, mask, self.dropout.factor(pair))
            return pair

        def attend(pair: Tensor) -> Tensor:
            pair = self._attend(pair, mask, self.triangle_attention_starting_node)
            columns = self._attend(
                pair.transpose(1, 2), _transposed(mask), self.triangle_attention_ending_node
            )
            return columns.transpose(1, 2)

        pair = multiply(attend(pair)) if self.attention_first else attend(multiply(pair))
        row_bytes = self.pair_transition.row_bytes(pair.shape[2], pair.element_size())
        return update_rows(pair, self.pair_transition, row_bytes)


class EvoformerBlock(nn.Module):
    """One block over MSA and pair representation; the extra-MSA form has global column attention.

    Args:
        config: sizes of the network.
        is_extra: whether this is a block of the extra-MSA stack.
    """

    def __init__(self, config: Config, is_extra: bool) -> None:
        super().__init__()
        c_m = config.c_e if is_extra else config.c_m
        c_head = config.c_extra_head if is_extra else config.c_msa_head
        self.msa_row_attention_with_pair_bias = MSARowAttentionWithPairBias(
            c_m, config.c_z, config.msa_heads, c_head
        )
        self.msa_column_attention = (
            MSAColumnGlobalAttention(c_m, config.msa_heads, c_head)
            if is_extra
            else MSAColumnAttention(c_m, config.msa_heads, c_head)
        )
        self.msa_transition = Transition(c_m, config.transition_factor)
        self.outer_product_mean = OuterProductMean(c_m, config.c_outer, config.c_z)
        self.pair_update = PairUpdate(
            config.c_z,
            config.c_triangle,
            config.pair_heads,
            config.c_pair_head,
            config.transition_factor,
            config.pair_dropout,
            attention_first=False,
        )
        self.dropout = SharedDropout(config.msa_dropout)

    def _update_msa(self, msa: Tensor, pair: Tensor, mask: Tensor | None) -> Tensor:
        rows, columns = self.msa_row_attention_with_pair_bias, self.msa_column_attention
        size = msa.element_size()
        attend = partial(rows.attend, bias=rows.pair_bias(pair))
        row_bytes = rows.attention.row_bytes(msa.shape[2], size)
        msa = update_rows(msa, attend, row_bytes, along=(mask,), keep=self.dropout.factor(msa))
        column_bytes = columns.attention.row_bytes(msa.shape[1], size)
        msa = update_rows(msa.transpose(1, 2), columns, column_bytes, along=(_transposed(mask),)).transpose(
            1, 2
        )
        return update_rows(msa, self.msa_transition, self.msa_transition.row_bytes(msa.shape[2], size))

    def _update_pair(self, msa: Tensor, pair: Tensor, mask: Tensor | None) -> Tensor:
        product = self.outer_product_mean
        left, right, counts = product.factors(msa, mask)
        counts = counts.expand(-1, left.shape[1], -1)
        row_bytes = product.row_bytes(left.shape[1], msa.element_size())

        def update(_: Tensor, left_rows: Tensor, count_rows: Tensor) -> Tensor:
            return product.update(left_rows, count_rows, right)

        return update_rows(pair, update, row_bytes, along=(left, counts))

    def forward(
        self, msa: Tensor, pair: Tensor, msa_mask: Tensor | None = None, mask_2d: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """One block. Overwrites its inputs outside autograd.

        Args:
            msa: (b, s, i, c_m).
            pair: (b, i, j, c_z).
            msa_mask: (b, s, i).
            mask_2d: (b, i, j).

        Returns:
            The new msa and pair.
        """
        msa = self._update_msa(msa, pair, msa_mask)
        pair = self._update_pair(msa, pair, msa_mask)
        return msa, self.pair_update(pair, mask_2d)


class TemplatePairStack(nn.Module):
    """Blocks over the pair representation of one template; attention comes first.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            PairUpdate(
                config.c_t,
                config.c_template_triangle,
                config.pair_heads,
                config.c_template_head,
                config.template_transition_factor,
                config.pair_dropout,
                attention_first=True,
            )
            for _ in range(config.template_blocks)
        )

    def forward(self, pair: Tensor, mask: Tensor | None = None) -> Tensor:
        """(b, i, j, c_t), mask (b, i, j) -> (b, i, j, c_t)."""
        for block in self.blocks:
            pair = block(pair, mask)
        return pair


def first_row(msa: Tensor) -> Tensor:
    """The query's row of (b, s, i, c) as an array of its own, (b, i, c)."""
    return rearrange(msa[:, :1], "b 1 i c -> b i c").clone()
