"""Turns a distogram into the contacts and distances that CASP's RR format holds."""

import numpy as np
from numpy.typing import NDArray

from sciml.data.casp_header import CaspHeader
from sciml.data.casp_rr import BIN_EDGES_ANGSTROM, CONTACT_ANGSTROM, ContactPrediction
from sciml.errors import InputError


def contacts_of_distogram(
    header: CaspHeader,
    logits: NDArray[np.float32],
    edges: NDArray[np.float32],
    *,
    sequence: str | None = None,
    min_separation: int = 6,
    min_probability: float = 0.01,
) -> ContactPrediction:
    """The pairs of a distogram, its bins redistributed to those of RMODE 2.

    A bin that an edge of the format divides is divided in proportion, as if distances were even within a bin;
    what lies below the first edge is taken to lie between 0 Å and there, what lies above the last to be above
    20 Å. The two orders of a pair are averaged.

    Args:
        header: target, author and method.
        logits: (res, res, bin).
        edges: (bin - 1,), Å, rising, the last above 20 Å.
        sequence: one-letter codes.
        min_separation: pairs with j - i below this are left out.
        min_probability: pairs with a smaller probability of contact are left out unless all are smaller.

    Raises:
        InputError: arrays that do not fit, or a chain without such a pair.
    """
    residues = len(logits)
    if logits.shape != (residues, residues, len(edges) + 1) or edges[-1] < BIN_EDGES_ANGSTROM[-1]:
        raise InputError(
            f"logits {logits.shape} and {len(edges)} edges up to {edges[-1]:g} Å are no distogram"
        )
    first, second = np.triu_indices(residues, min_separation)
    if not len(first):
        raise InputError(f"{residues} residues have no pair {min_separation} or more apart")
    share = (_bin_probabilities(logits[first, second]) + _bin_probabilities(logits[second, first])) / 2
    knots = np.concatenate([[0.0], edges.astype(np.float64)])  # Å, at which the cumulated share is known
    cumulated = np.concatenate([np.zeros((len(share), 1)), np.cumsum(share[:, :-1], axis=1)], axis=1)
    at = np.searchsorted(knots, BIN_EDGES_ANGSTROM, side="right") - 1
    at = np.minimum(at, len(knots) - 2)
    part = (np.array(BIN_EDGES_ANGSTROM) - knots[at]) / (knots[at + 1] - knots[at])
    below = cumulated[:, at] + part * (cumulated[:, at + 1] - cumulated[:, at])  # (pair, edge)
    bins = np.diff(below, axis=1, prepend=0.0, append=1.0)
    contact = below[:, BIN_EDGES_ANGSTROM.index(CONTACT_ANGSTROM)]
    kept = contact >= min_probability
    if not kept.any():
        kept[:] = True
    return ContactPrediction(
        header=header,
        pairs=np.stack([first, second], axis=1)[kept] + 1,
        probabilities=np.clip(contact[kept], 0.0, 1.0),
        bin_probabilities=np.clip(bins[kept], 0.0, 1.0),
        bin_edges=np.array(BIN_EDGES_ANGSTROM),
        sequence=sequence,
    )


def _bin_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """(pair, bin), softmax."""
    wide = logits.astype(np.float64)
    raised = np.exp(wide - wide.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)
