"""From features to the first MSA and pair representations, with what the previous pass found.

Source: Jumper et al. 2021, Supplementary Algorithms 3, 4 and 32.
"""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from sciml.linear import Linear
from sciml.structure.all_atom import dgram_from_positions, pseudo_beta
from sciml.structure.config import Config
from sciml.structure.primitives import LayerNorm

TARGET_CHANNELS = 22
"""Chain break, then 21 residue classes."""
MSA_CHANNELS = 49
"""23 classes, has deletion, deletion value, 23 classes of the cluster profile, mean deletion of the
cluster."""
EXTRA_MSA_CHANNELS = 25
"""23 classes, has deletion, deletion value."""
MSA_CLASSES = 23
RECYCLING_BINS, RECYCLING_FIRST_ANGSTROM, RECYCLING_LAST_ANGSTROM = 15, 3.25, 20.75


class InputEmbedder(nn.Module):
    """Target and MSA features and relative positions to MSA and pair representations.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.max_relative_position = config.max_relative_position
        self.preprocess_1d = Linear(TARGET_CHANNELS, config.c_m)
        self.preprocess_msa = Linear(MSA_CHANNELS, config.c_m)
        self.left_single = Linear(TARGET_CHANNELS, config.c_z)
        self.right_single = Linear(TARGET_CHANNELS, config.c_z)
        self.relative_position = Linear(2 * config.max_relative_position + 1, config.c_z)

    def forward(self, target_feat: Tensor, msa_feat: Tensor, residue_index: Tensor) -> tuple[Tensor, Tensor]:
        """Embeds the features.

        Args:
            target_feat: (b, i, 22).
            msa_feat: (b, s, i, 49).
            residue_index: (b, i), integer.

        Returns:
            msa (b, s, i, c_m) and pair (b, i, j, c_z).
        """
        msa = self.preprocess_msa(msa_feat) + self.preprocess_1d(target_feat)[:, None]
        left, right = self.left_single(target_feat), self.right_single(target_feat)
        pair = rearrange(left, "b i c -> b i 1 c") + rearrange(right, "b j c -> b 1 j c")
        return msa, pair + self._relative_positions(residue_index)

    def _relative_positions(self, residue_index: Tensor) -> Tensor:
        """(b, i) -> (b, i, j, c_z): a look-up, which is what the product with a one-hot matrix is."""
        limit = self.max_relative_position
        offset = rearrange(residue_index, "b i -> b i 1") - rearrange(residue_index, "b j -> b 1 j")
        bins = offset.clamp(-limit, limit).long() + limit
        return functional.embedding(bins, self.relative_position.weight.t()) + self.relative_position.bias


class RecyclingEmbedder(nn.Module):
    """What the previous pass found, as updates of the first MSA row and of the pair representation.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.prev_pos_linear = Linear(RECYCLING_BINS, config.c_z)
        self.prev_msa_first_row_norm = LayerNorm(config.c_m)
        self.prev_pair_norm = LayerNorm(config.c_z)

    def forward(
        self, aatype: Tensor, positions: Tensor, msa_first_row: Tensor, pair: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The first pass gets zeros, which still pass through the biases.

        Args:
            aatype: (b, i), integer.
            positions: (b, i, 37, 3), Å.
            msa_first_row: (b, i, c_m).
            pair: (b, i, j, c_z).

        Returns:
            updates (b, i, c_m) and (b, i, j, c_z).
        """
        beta = pseudo_beta(aatype, positions)
        dgram = dgram_from_positions(beta, RECYCLING_BINS, RECYCLING_FIRST_ANGSTROM, RECYCLING_LAST_ANGSTROM)
        pair_update = self.prev_pos_linear(dgram.to(self.prev_pos_linear.weight.dtype))
        return self.prev_msa_first_row_norm(msa_first_row), pair_update + self.prev_pair_norm(pair)


class ExtraMsaEmbedder(nn.Module):
    """Sequences outside of the clusters.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.extra_msa_activations = Linear(EXTRA_MSA_CHANNELS, config.c_e)

    def forward(self, extra_msa: Tensor, has_deletion: Tensor, deletion_value: Tensor) -> Tensor:
        """(b, s, i) each, classes and deletions -> (b, s, i, c_e)."""
        classes = functional.one_hot(extra_msa.long(), MSA_CLASSES).to(deletion_value.dtype)
        features = torch.cat([classes, has_deletion[..., None], deletion_value[..., None]], dim=-1)
        return self.extra_msa_activations(features)
