"""How many of the most probable contacts of a prediction are contacts of the target, as CASP counts them.

Two residues are in contact when their Cβ atoms (Cα of glycine) are closer than 8 Å. Pairs are divided by
their separation along the chain: short 6-11, medium 12-23, long 24 and more. In each range the predicted
pairs are ranked by probability, and the lists of the first L, L/2, L/5, L/10 (rounded down, at least one) and
ten are compared with all contacts of the range. L is the number of residues of the target with coordinates.

- Pairs of which a residue is not in the target, or lacks the atom there, are taken out before the ranking.
- Pairs of equal probability stand in the order of the chain, by first and then by second residue. The area
  under the curve treats them as one step, so that it does not depend on an order.
- A list with fewer pairs than asked for is as short as it is; `pad` counts the rest as wrong instead.
- A range in which the target has no contact has no scores (NaN); where it has some and nothing is predicted
  they are 0.

Source: Monastyrskyy et al., Proteins 84 S1:131 (2016); Schaarschmidt et al., Proteins 86 S1:51 (2018). Left
out: the scores of CASP that are not of ranked lists (entropy, Matthews' coefficient), and contacts between
chains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import ATOM_INDEX, RESTYPE_INDEX
from sciml.errors import InputError

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

CONTACT_ANGSTROM = 8.0
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"short": (6, 11), "medium": (12, 23), "long": (24, np.inf), "medium_long": (12, np.inf)}
)
"""Smallest and largest separation of residue numbers of each range."""
LISTS: Mapping[str, int] = MappingProxyType({"l": 1, "l2": 2, "l5": 5, "l10": 10})
"""Divisors of L by the names of the lists; the list of ten pairs is `top10`."""
TOP = 10


@dataclass(frozen=True)
class ListScores:
    """One list of predicted contacts against all contacts of its range."""

    pairs: int
    """Pairs that the precision is divided by."""
    precision: float
    """Share of the list that are contacts."""
    recall: float
    """Share of the contacts that are in the list."""
    f1: float
    """Harmonic mean of the two; 0 where both are."""


@dataclass(frozen=True)
class RangeScores:
    """The lists of one range of separations."""

    contacts: int
    """Contacts of the target."""
    predicted: int
    """Predicted pairs, both residues known in the target."""
    auprc: float
    """Area under precision against recall as a sum of steps (average precision); what is not predicted is
    never recalled."""
    lists: Mapping[str, ListScores]
    """By name: `l`, `l2`, `l5`, `l10`, `top10`."""


@dataclass(frozen=True)
class ContactScores:
    """All ranges of one prediction."""

    length: int
    """L."""
    ranges: Mapping[str, RangeScores]
    """By name: `short`, `medium`, `long`, `medium_long`."""

    def figures(self) -> dict[str, float]:
        """Every figure by name: `precision_long_l5`, `recall_…`, `f1_…`, `auprc_long`, …"""
        found = {}
        for reach, of_range in self.ranges.items():
            found[f"auprc_{reach}"] = of_range.auprc
            for name, scores in of_range.lists.items():
                for figure in ("precision", "recall", "f1"):
                    found[f"{figure}_{reach}_{name}"] = float(getattr(scores, figure))
        return found


def beta_positions(positions: NDArray, mask: NDArray, aatype: NDArray) -> tuple[Array, Booleans]:
    """Cβ of each residue, Cα of glycine; a residue without that atom is unknown, as in Cα-only models.

    Args:
        positions: (..., res, 37, 3), Å.
        mask: (..., res, 37).
        aatype: (res,) or (..., res).

    Returns:
        Positions (..., res, 3) and whether they are known (..., res).
    """
    slot = np.where(np.asarray(aatype) == RESTYPE_INDEX["G"], ATOM_INDEX["CA"], ATOM_INDEX["CB"])
    slot = np.broadcast_to(slot, np.shape(mask)[:-1])[..., None]
    known = np.take_along_axis(np.asarray(mask), slot, axis=-1)[..., 0] >= 0.5
    found = np.take_along_axis(np.asarray(positions, np.float64), slot[..., None], axis=-2)[..., 0, :]
    return np.where(known[..., None], found, 0.0), known


def true_contacts(beta: NDArray, known: NDArray) -> Booleans:
    """(res, res), pairs of known residues closer than 8 Å: beta (res, 3) in Å, known (res,)."""
    there = np.asarray(known) > 0.5
    return (pair_distances(beta) < CONTACT_ANGSTROM) & there[:, None] & there


def pair_distances(points: NDArray) -> Array:
    """(..., res, 3) -> (..., res, res), Å."""
    points = np.asarray(points, np.float64)
    return np.linalg.norm(points[..., :, None, :] - points[..., None, :, :], axis=-1)


def contact_scores(
    probabilities: NDArray,
    beta: NDArray,
    known: NDArray,
    residue_index: NDArray,
    *,
    chain_index: NDArray | None = None,
    length: int | None = None,
    pad: bool = False,
) -> ContactScores:
    """Compare the most probable pairs of a prediction with the contacts of its target.

    Args:
        probabilities: (res, res), larger for pairs more likely in contact, NaN for pairs not predicted; only
            entries above the diagonal are read.
        beta: (res, 3), Cβ of the target, Cα of glycine, Å.
        known: (res,), 1 where it is known.
        residue_index: (res,), numbers along the chain.
        chain_index: (res,), number of each residue's chain; one chain when None. Pairs between chains are
            left out.
        length: L; the number of known residues when None, such as the length of the sequence otherwise.
        pad: whether a list that is too short is filled up with wrong pairs.

    Raises:
        InputError: shapes disagree, or L is not positive.
    """
    residues = len(residue_index)
    shapes = (np.shape(probabilities), np.shape(beta), np.shape(known))
    if shapes != ((residues, residues), (residues, 3), (residues,)):
        raise InputError(
            f"contacts of {residues} residues need probabilities (res, res), Cβ (res, 3) and what is known "
            f"(res,): {shapes}"
        )
    there = np.asarray(known) > 0.5
    length = int(there.sum()) if length is None else length
    if length < 1:
        raise InputError(f"contacts need a length of at least one residue: {length}")
    first, second = np.triu_indices(residues, 1)
    separation = np.abs(np.asarray(residue_index)[second] - np.asarray(residue_index)[first])
    counts = there[first] & there[second] & (separation >= RANGES["short"][0])
    if chain_index is not None:
        counts &= np.asarray(chain_index)[first] == np.asarray(chain_index)[second]
    first, second, separation = first[counts], second[counts], separation[counts]
    step = np.asarray(beta, np.float64)[first] - np.asarray(beta, np.float64)[second]
    contact = np.linalg.norm(step, axis=-1) < CONTACT_ANGSTROM
    score = np.asarray(probabilities, np.float64)[first, second]
    order = np.argsort(-score, kind="stable")  # NaN last
    order = order[: int((~np.isnan(score)).sum())]
    ranges = {}
    for name, (low, high) in RANGES.items():
        inside = (separation >= low) & (separation <= high)
        ranked = order[inside[order]]
        ranges[name] = _range_scores(
            contact[ranked], score[ranked], int((contact & inside).sum()), length, pad
        )
    return ContactScores(length, MappingProxyType(ranges))


def _range_scores(hits: Booleans, scores: Array, contacts: int, length: int, pad: bool) -> RangeScores:
    """Scores of ranked pairs: whether each is a contact (pair,), and its probability (pair,)."""
    lists = {}
    for name, pairs in [(name, max(1, length // part)) for name, part in LISTS.items()] + [("top10", TOP)]:
        pairs = pairs if pad else min(pairs, len(hits))
        found = int(hits[:pairs].sum())
        if contacts == 0:
            lists[name] = ListScores(pairs, *[float("nan")] * 3)
        else:
            precision, recall = found / max(pairs, 1), found / contacts
            lists[name] = ListScores(pairs, precision, recall, 2 * found / (pairs + contacts))
    auprc = average_precision(hits, scores, contacts)
    return RangeScores(contacts, len(hits), auprc, MappingProxyType(lists))


def average_precision(hits: Booleans, scores: Array, positives: int) -> float:
    """Area under the curve of precision against recall: the sum of (R_k - R_{k-1}) P_k over distinct scores.

    Args:
        hits: (pair,), whether each pair is right, by falling score.
        scores: (pair,), falling; pairs of equal score are one step.
        positives: number of right pairs that there are, listed or not.

    Returns:
        The area; NaN where there is no positive.
    """
    if positives == 0:
        return float("nan")
    if len(hits) == 0:
        return 0.0
    last = np.flatnonzero(np.append(np.diff(scores) != 0, True))  # of each group of equal scores
    found = np.cumsum(hits)[last]
    return float((np.diff(found, prepend=0) * (found / (last + 1))).sum() / positives)


def listed_probabilities(i: NDArray, j: NDArray, probability: NDArray, residue_index: NDArray) -> Array:
    """The matrix of a list of contacts such as a CASP RR file's.

    Args:
        i: (pair,), residue number of the first residue.
        j: (pair,), that of the second, in any order.
        probability: (pair,).
        residue_index: (res,), numbers of the target's residues; listed residues that are not among them are
            left out.

    Returns:
        (res, res), symmetric; NaN for pairs that are not listed, the largest probability where one is listed
        more than once.

    Raises:
        InputError: two residues of the target share a number, or the lists differ in length.
    """
    listed, first, second = listed_pairs(i, j, residue_index)
    if len(probability) != len(listed):
        raise InputError(f"as many probabilities as pairs: {len(probability)}, {len(listed)}")
    matrix = np.full((len(residue_index), len(residue_index)), -np.inf)
    np.maximum.at(matrix, (first, second), np.asarray(probability, np.float64)[listed])
    matrix = np.maximum(matrix, matrix.T)
    return np.where(np.isneginf(matrix), np.nan, matrix)


def listed_pairs(i: NDArray, j: NDArray, residue_index: NDArray) -> tuple[Booleans, Integers, Integers]:
    """Where listed pairs of residue numbers are in the target.

    Args:
        i: (pair,), residue number.
        j: (pair,), residue number.
        residue_index: (res,), numbers of the target's residues.

    Returns:
        Which pairs the target has (pair,), and the rows of the first and the second residue of these.

    Raises:
        InputError: two residues of the target share a number, or the lists differ in length.
    """
    numbers, rows = np.unique(np.asarray(residue_index, np.int64), return_index=True)
    if len(numbers) != len(residue_index):
        raise InputError("contacts by residue number need a target with one residue for each number")
    if len(i) != len(j):
        raise InputError(f"a list of contacts needs as many i as j: {len(i)}, {len(j)}")
    listed = np.isin(i, numbers) & np.isin(j, numbers)
    first, second = (rows[np.searchsorted(numbers, np.asarray(end, np.int64)[listed])] for end in (i, j))
    return listed, first, second


def structure_closeness(positions: NDArray, mask: NDArray, aatype: NDArray) -> Array:
    """A structure read as a prediction of contacts: the closer two residues, the more likely.

    Args:
        positions: (res, 37, 3), Å.
        mask: (res, 37).
        aatype: (res,).

    Returns:
        (res, res), the negative Cβ distance in Å; NaN where a residue has none.
    """
    beta, known = beta_positions(positions, mask, aatype)
    return np.where(known[:, None] & known, -pair_distances(beta), np.nan)


def long_range_precision(scores: Array, beta: Array, mask: Array, residue_index: Integers) -> float:
    """Share of true contacts among the L/5 most probable long-range pairs (P@L/5).

    Args:
        scores: (res, res), larger for pairs more likely in contact.
        beta: (res, 3), Cβ of the target in Å, Cα of glycine.
        mask: (res,), 1 where it is known.
        residue_index: (res,), numbers along the chain.

    Returns:
        Precision in 0..1; NaN where the target has no such contact, so that nothing could be found.
    """
    if not np.any(np.asarray(mask) > 0.5):
        return float("nan")
    return contact_scores(scores, beta, mask, residue_index).ranges["long"].lists["l5"].precision
