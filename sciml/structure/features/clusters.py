"""Nearest-neighbour clusters: the rows left out speak through the centre that they resemble most.

Source: Jumper et al. 2021, Supplementary Methods 1.2.7.
"""

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional

from sciml.data.alphabet import GAP_INDEX
from sciml.structure.features.msa import NUM_LETTERS

_BLOCK_ELEMENTS = 2**24
"""Elements of the largest one-hot block (64 MiB in float32): memory does not grow with the alignment."""


def _one_hot(letters: Tensor) -> Tensor:
    """(seq, res) letters -> (seq, res*21) float32: gap and mask token have no place, so they never agree."""
    hot = letters.unsqueeze(-1) == torch.arange(GAP_INDEX, dtype=letters.dtype)
    return rearrange(hot, "s i c -> s (i c)").float()


def nearest_centres(centres: Tensor, others: Tensor) -> Tensor:
    """The cluster centre that agrees with each row at the most positions; of equals the first.

    Gaps and mask tokens agree with nothing, unknown residues with each other.

    Args:
        centres: (centre, res), residue numbers 0-22, after masking.
        others: (seq, res), residue numbers 0-21.

    Returns:
        (seq,) int64, numbers of centres.
    """
    if not len(others):
        return torch.zeros(0, dtype=torch.long)
    hot_centres = _one_hot(centres)
    rows = max(_BLOCK_ELEMENTS // hot_centres.shape[1], 1)
    return torch.cat([(_one_hot(block) @ hot_centres.T).argmax(-1) for block in others.split(rows)])


def summarise_clusters(
    centres: Tensor, centre_deletions: Tensor, others: Tensor, other_deletions: Tensor, assignment: Tensor
) -> tuple[Tensor, Tensor]:
    """Letter frequencies and mean deletions of each cluster, its centre counted as one row.

    Args:
        centres: (centre, res), residue numbers 0-22, after masking.
        centre_deletions: (centre, res).
        others: (seq, res), residue numbers 0-21.
        other_deletions: (seq, res).
        assignment: (seq,), the cluster of each row.

    Returns:
        cluster_profile (centre, res, 23) and cluster_deletion_mean (centre, res), float32. Counts are
        divided by the number of rows plus 1e-6, as in AlphaFold 2, so a profile sums to slightly less than 1.
    """
    num_centres, num_res = centres.shape
    size = 1 + torch.bincount(assignment, minlength=num_centres).float() + 1e-6  # (centre,)
    counts = torch.zeros(num_centres * num_res * NUM_LETTERS)
    deletions = centre_deletions.float()
    place = torch.arange(num_res) * NUM_LETTERS
    rows = max(_BLOCK_ELEMENTS // num_res, 1)
    for block, block_assignment in zip(others.split(rows), assignment.split(rows), strict=True):
        bins = block_assignment[:, None] * (num_res * NUM_LETTERS) + place + block.long()  # (seq, res)
        counts += torch.bincount(bins.flatten(), minlength=len(counts))
    deletions = deletions.index_add(0, assignment, other_deletions.float())
    profile = counts.view(num_centres, num_res, NUM_LETTERS) + functional.one_hot(centres.long(), NUM_LETTERS)
    return profile / size[:, None, None], deletions / size[:, None]
