"""Answers that need no network, to set the figures of one against: an ideal helix and the mean distogram.

A network that does not beat them has learned nothing about the chain in front of it.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

HELIX_RADIUS_ANGSTROM = 2.3
HELIX_RISE_ANGSTROM = 1.5
HELIX_TURN_DEGREES = 100.0


def ideal_helix(residue_index: Numbers) -> Array:
    """Cα of a right-handed α-helix: 1.5 Å and 100° a residue at a radius of 2.3 Å.

    Args:
        residue_index: (res,), numbers along the chain; missing residues leave room.

    Returns:
        (res, 3), Å.
    """
    angle = np.deg2rad(HELIX_TURN_DEGREES) * residue_index
    circle = HELIX_RADIUS_ANGSTROM * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.concatenate(
        [circle, HELIX_RISE_ANGSTROM * np.asarray(residue_index, np.float64)[:, None]], axis=-1
    )


class SeparationDistogram:
    """The distribution of Cβ distances given nothing but the separation in sequence.

    Args:
        edges: (bin - 1,), Å, between the distance bins.
        longest: separations beyond this share one distribution.
    """

    def __init__(self, edges: Array, longest: int = 128) -> None:
        self.edges, self.longest = edges, longest
        # One imagined pair in every bin: no distance is impossible.
        self.counts = np.ones((longest + 1, len(edges) + 1))

    def fit(self, chains: Iterable[tuple[Array, Array, Numbers]]) -> "SeparationDistogram":
        """Count pairs.

        Args:
            chains: for each its Cβ (res, 3) in Å, mask (res,) and residue numbers (res,).

        Returns:
            This object.
        """
        for beta, mask, residue_index in chains:
            known = np.asarray(mask) > 0.5
            positions, numbers = beta[known], residue_index[known]
            first, second = np.triu_indices(len(positions), k=1)
            distance = np.linalg.norm(positions[first] - positions[second], axis=-1)
            place = np.digitize(distance, self.edges, right=True)
            cell = self._separation(numbers[second] - numbers[first]) * self.counts.shape[1] + place
            self.counts += np.bincount(cell, minlength=self.counts.size).reshape(self.counts.shape)
        return self

    def logits(self, residue_index: Numbers) -> Array:
        """(res,) -> (res, res, bin): log probabilities."""
        log_share = np.log(self.counts / self.counts.sum(-1, keepdims=True))
        return log_share[self._separation(residue_index[None, :] - residue_index[:, None])]

    def _separation(self, difference: Numbers) -> Numbers:
        return np.minimum(np.abs(difference), self.longest)
