"""Attention over residues that sees their positions, and is unchanged by moving all of them.

Source: Jumper et al. 2021, Supplementary Algorithm 22.
"""

import math

import torch
from einops import einsum, rearrange, reduce
from torch import Tensor, nn
from torch.nn import functional

from sciml.linear import Linear
from sciml.structure.config import Config
from sciml.structure.rigid import Rigid

_SOFTPLUS_OF_ONE = math.log(math.e - 1)
"""Start of the point weights: softplus of it is 1."""
_MASKED_SCORE = 1e5
_NORM_OFFSET = 1e-8


class InvariantPointAttention(nn.Module):
    """Scalar, point and pair terms in one softmax over residues.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        heads, self.heads = config.ipa_heads, config.ipa_heads
        self.c_head = config.c_ipa_head
        self.query_points, self.value_points = config.ipa_query_points, config.ipa_value_points
        all_points = self.query_points + self.value_points
        self.q_scalar = Linear(config.c_s, heads * self.c_head)
        self.kv_scalar = Linear(config.c_s, heads * 2 * self.c_head)
        self.q_point_local = Linear(config.c_s, heads * 3 * self.query_points)
        self.kv_point_local = Linear(config.c_s, heads * 3 * all_points)
        self.attention_2d = Linear(config.c_z, heads)
        self.trainable_point_weights = nn.Parameter(torch.full((heads,), _SOFTPLUS_OF_ONE))
        c_result = heads * (self.c_head + 4 * self.value_points + config.c_z)
        self.output_projection = Linear(c_result, config.c_s, init="final")

    def _global_points(self, local: Tensor, frames: Rigid) -> Tensor:
        """(b, i, 3·h·p), coordinates slow -> (b, i, h, p, 3) in the global frame."""
        points = rearrange(local, "b i (xyz hp) -> b i hp xyz", xyz=3)
        moved = frames[..., None].apply(points)
        return rearrange(moved, "b i (h p) xyz -> b i h p xyz", h=self.heads)

    def _weights(
        self, single: Tensor, pair: Tensor, frames: Rigid, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Attention weights (b, h, i, j), scalar values (b, j, h, d), value points (b, j, h, p, 3)."""
        query = rearrange(self.q_scalar(single), "b i (h d) -> b i h d", h=self.heads)
        key_value = rearrange(self.kv_scalar(single), "b j (h d) -> b j h d", h=self.heads)
        key, value = key_value.split(self.c_head, dim=-1)
        query_points = self._global_points(self.q_point_local(single), frames)
        key_value_points = self._global_points(self.kv_point_local(single), frames)
        key_points, value_points = key_value_points.split([self.query_points, self.value_points], dim=-2)

        scalar_variance, point_variance = self.c_head, self.query_points * 9.0 / 2
        scores = einsum(query, key, "b i h d, b j h d -> b h i j") * math.sqrt(1 / (3 * scalar_variance))
        difference = rearrange(query_points, "b i h p x -> b h i 1 p x") - rearrange(
            key_points, "b j h p x -> b h 1 j p x"
        )
        distance = reduce(difference.square(), "b h i j p x -> b h i j", "sum")
        point_weights = functional.softplus(self.trainable_point_weights) * math.sqrt(
            1 / (3 * point_variance)
        )
        scores = scores - 0.5 * rearrange(point_weights, "h -> h 1 1") * distance
        pair_scores = rearrange(self.attention_2d(pair), "b i j h -> b h i j")
        scores = scores + math.sqrt(1 / 3) * pair_scores
        mask_2d = einsum(mask, mask, "b i, b j -> b i j")
        scores = scores - _MASKED_SCORE * (1 - rearrange(mask_2d, "b i j -> b 1 i j"))
        return scores.softmax(-1), value, value_points

    def forward(self, single: Tensor, pair: Tensor, frames: Rigid, mask: Tensor) -> Tensor:
        """The update of the single representation.

        Args:
            single: (b, i, c_s).
            pair: (b, i, j, c_z).
            frames: backbone frames (b, i), in position units.
            mask: (b, i).

        Returns:
            (b, i, c_s).
        """
        weights, value, value_points = self._weights(single, pair, frames, mask)
        scalars = einsum(weights, value, "b h i j, b j h d -> b i h d")
        points = einsum(weights, value_points, "b h i j, b j h p x -> b i h p x")
        local = frames[..., None].invert_apply(rearrange(points, "b i h p x -> b i (h p) x"))
        norms = (local.square().sum(-1) + _NORM_OFFSET).sqrt()
        pairs = einsum(weights, pair, "b h i j, b i j c -> b i h c")
        result = [
            rearrange(scalars, "b i h d -> b i (h d)"),
            rearrange(local, "b i hp x -> b i (x hp)"),
            norms,
            rearrange(pairs, "b i h c -> b i (h c)"),
        ]
        return self.output_projection(torch.cat(result, dim=-1))
