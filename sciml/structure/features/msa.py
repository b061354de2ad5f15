"""Alignment rows as integers, and the draw of the rows that the network sees.

Residue numbering is AlphaFold 2's: ARNDCQEGHILKMFPSTWYV are 0-19, X is 20, the gap 21, the mask token 22.
Source: Jumper et al. 2021, Supplementary Methods 1.2.5-1.2.7.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sciml.data.alignment import Alignment
from sciml.data.alphabet import MSA_CLASSES

NUM_LETTERS = len(MSA_CLASSES)
"""Length of a one-hot alignment letter: 20 amino acids, unknown, gap, mask token."""


@dataclass(frozen=True)
class EncodedMsa:
    """An alignment as tensors, without repeated rows; row 0 is the query."""

    letters: Tensor
    """(seq, res) uint8, residue numbers 0-21."""
    deletions: Tensor
    """(seq, res) int32, residues deleted before each column."""
    profile: Tensor
    """(res, 22) float32, letter frequencies of each column over all rows."""

    @property
    def num_rows(self) -> int:
        """Distinct rows of the alignment."""
        return self.letters.shape[0]

    @property
    def num_res(self) -> int:
        """Columns of the alignment, which are the residues of the query."""
        return self.letters.shape[1]

    def columns(self, start: int, stop: int) -> "EncodedMsa":
        """The alignment over residues start..stop-1; rows stay as they are, also where they become equal."""
        return EncodedMsa(
            self.letters[:, start:stop], self.deletions[:, start:stop], self.profile[start:stop]
        )


def encode_alignment(alignment: Alignment) -> EncodedMsa:
    """Turn an alignment into residue numbers, dropping rows whose aligned sequence came before.

    B reads as D, Z as E, U as C, J and O as unknown. Deletions are those of the first row of each kind.
    """
    distinct = alignment.deduplicated()
    return encoded_msa(torch.from_numpy(distinct.encode()), torch.from_numpy(distinct.deletions))


def encoded_msa(letters: Tensor, deletions: Tensor) -> EncodedMsa:
    """Complete rows of residue numbers, (seq, res) each, with their profile."""
    return EncodedMsa(letters.to(torch.uint8), deletions.to(torch.int32), msa_profile(letters))


def msa_profile(letters: Tensor) -> Tensor:
    """Letter frequencies of alignment columns, gaps and unknowns counted.

    Args:
        letters: (seq, res), residue numbers 0-21.

    Returns:
        (res, 22) float32, rows sum to 1.
    """
    num_rows, num_res = letters.shape
    bins = torch.arange(num_res) * 22 + letters.long()  # (seq, res)
    counts = torch.bincount(bins.flatten(), minlength=num_res * 22).view(num_res, 22)
    return counts.float() / num_rows


def delete_blocks(num_rows: int, blocks: int, fraction: float, generator: torch.Generator) -> Tensor:
    """Rows that remain when blocks of consecutive rows are deleted, a training augmentation.

    Blocks start at any row, may overlap, and end at the last row. The query always remains.

    Args:
        num_rows: rows of the alignment.
        blocks: number of blocks.
        fraction: share of the rows in one block, rounded down.
        generator: source of randomness.

    Returns:
        (kept,) int64, ascending; starts with 0.

    Source: Jumper et al. 2021, Supplementary Algorithm 1.
    """
    starts = torch.randint(num_rows, (blocks, 1), generator=generator)
    deleted = starts + torch.arange(int(num_rows * fraction))
    keep = torch.ones(num_rows, dtype=torch.bool)
    keep[deleted[deleted < num_rows]] = False
    keep[0] = True
    return keep.nonzero().squeeze(-1)


def split_rows(num_rows: int, clusters: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw the rows that become cluster centres; row 0, the query, always comes first.

    Args:
        num_rows: rows of the alignment.
        clusters: cluster centres wanted.
        generator: source of randomness.

    Returns:
        (min(clusters, num_rows),) row numbers of the centres and (rest,) those of the others, both int64 in
        random order.
    """
    order = torch.cat(
        [torch.zeros(1, dtype=torch.long), 1 + torch.randperm(num_rows - 1, generator=generator)]
    )
    return order[:clusters], order[clusters:]


def deletion_value(deletions: Tensor) -> Tensor:
    """Squash numbers of deleted residues (any shape, 0 or more) into 0..1: 2/π·atan(d/3)."""
    return torch.atan(deletions / 3.0) * (2.0 / math.pi)
