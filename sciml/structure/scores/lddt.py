"""lDDT, the local distance difference test: the share of a target's short distances that a model keeps.

Source: Mariani et al., Bioinformatics 29:2722 (2013). As in the authors' program:

- A distance counts if its two atoms are in different residues of the target and at most the inclusion radius
  apart there. It is preserved at a threshold if the model has both atoms and its distance differs by at most
  that threshold; a missing atom preserves nothing.
- The score of a model is the share of preserved distances among all distances, averaged over the thresholds
  (not the mean over residues). That of a residue is the same share among the distances of its atoms.
- Atoms of ARG, ASP, GLU, LEU, PHE, TYR and VAL that are equivalent or named by convention are exchanged in
  the model if that keeps more distances to all other atoms, decided for each residue by itself.
- Residues that fail the checks of stereochemistry lose their side chain or all their atoms, see
  `sciml.structure.scores.stereochemistry`.

Left out: several reference structures at once, ligands, hydrogens, and OXT, which the authors remove too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import (
    ATOM_INDEX,
    RESIDUE_NAMES,
    SYMMETRIC_ATOM_SWAPS,
    UNKNOWN_INDEX,
    read_only,
)
from sciml.errors import InputError
from sciml.structure.scores.distance_pairs import (
    Array,
    Booleans,
    DistancePairs,
    Integers,
    count_preserved,
    preserved_shares,
    target_pairs,
)
from sciml.structure.scores.stereochemistry import stereochemistry_failures

RADIUS_ANGSTROM = 15.0
THRESHOLDS_ANGSTROM = (0.5, 1.0, 2.0, 4.0)
EXCHANGEABLE_ATOMS = SYMMETRIC_ATOM_SWAPS | {
    "ARG": {"NH1": "NH2"},
    "LEU": {"CD1": "CD2"},
    "VAL": {"CG1": "CG2"},
}
"""Atoms whose names lDDT exchanges; those of LEU and VAL differ in hand, which the score forgives."""

_CA, _OXT = ATOM_INDEX["CA"], ATOM_INDEX["OXT"]
_SLOTS = 37


@dataclass(frozen=True)
class LddtScores:
    """lDDT of models of one target, in 0..1."""

    model: Array
    """(model,), preserved share of all distances: NaN if the target has none, 0 for a model without atoms."""
    residue: Array
    """(model, res), that of the distances of each residue; NaN where it has none."""
    scored: Booleans
    """(res,), residues of the target with at least one distance."""
    backbone_failed: Booleans
    """(model, res), residues of which no atom was trusted; none where stereochemistry was not checked."""
    side_chain_failed: Booleans
    """(model, res), residues of which the side chain was not trusted."""

    @property
    def scored_residues(self) -> int:
        """Number of residues of the target with at least one distance."""
        return int(self.scored.sum())

    @property
    def failed_residues(self) -> Integers:
        """(model,), number of residues that failed a check of stereochemistry."""
        return (self.backbone_failed | self.side_chain_failed).sum(-1)


def lddt(
    positions: NDArray,
    mask: NDArray,
    target_positions: NDArray,
    target_mask: NDArray,
    aatype: NDArray,
    *,
    residue_index: NDArray | None = None,
    chain_index: NDArray | None = None,
    model_aatype: NDArray | None = None,
    radius: float = RADIUS_ANGSTROM,
    thresholds: Sequence[float] = THRESHOLDS_ANGSTROM,
    stereochemistry: bool = True,
    chirality: bool = True,
    symmetry: bool = True,
    atoms: Literal["all", "ca"] = "all",
    sequence_separation: int = 0,
) -> LddtScores:
    """lDDT of models whose residues are matched to the target's.

    Args:
        positions: (model, res, 37, 3), Å.
        mask: (model, res, 37), 1 where the model has an atom.
        target_positions: (res, 37, 3), Å.
        target_mask: (res, 37).
        aatype: (res,), residue types of the target.
        residue_index: (res,), residue numbers; 0, 1, … when None.
        chain_index: (res,), number of each residue's chain; one chain when None. Chains see one another.
        model_aatype: (res,) or (model, res), residue types of the models if they are not the target's.
        radius: inclusion radius, Å.
        thresholds: Å.
        stereochemistry: whether residues that fail the checks of stereochemistry count as missing.
        chirality: whether wrong hands fail too, which published checks and distances do not see.
        symmetry: whether exchangeable atoms are named as suits the model best.
        atoms: `all` heavy atoms, or `ca` alone.
        sequence_separation: residues of a chain whose numbers differ by no more than this are not compared.

    Returns:
        Scores of the models and their residues.

    Raises:
        InputError: shapes disagree, a position is not finite, or a setting has no meaning.
    """
    models, residues = _check_shapes(positions, mask, target_positions, target_mask, aatype)
    _check_settings(radius, thresholds, atoms)
    own_types = np.broadcast_to(
        _known_types(aatype if model_aatype is None else model_aatype), (models, residues)
    )
    chains = np.zeros(residues, np.int64) if chain_index is None else np.asarray(chain_index)
    numbers = np.arange(residues) if residue_index is None else np.asarray(residue_index)
    exists, failed = np.asarray(mask) >= 0.5, np.zeros((2, models, residues), bool)
    if stereochemistry:
        failures = stereochemistry_failures(positions, exists, own_types, chains, chirality=chirality)
        exists, failed = failures.trusted(exists), np.stack(failures)
    compared = np.arange(_SLOTS) == _CA if atoms == "ca" else np.arange(_SLOTS) != _OXT
    residue, slot = np.nonzero((np.asarray(target_mask) >= 0.5) & compared)
    target = np.asarray(target_positions, np.float64)[residue, slot]
    pairs = target_pairs(target, residue, slot, radius, numbers, chains, sequence_separation)
    points = _points(positions, exists, residue, slot)  # (atom, 3, model)
    if symmetry and atoms == "all":
        types = _known_types(aatype)
        partner = _partners()[types[residue], slot]
        renamed = _points(positions, exists, residue, partner)
        # Another residue's atoms of the same names are not equivalent: they keep theirs.
        renamed = np.where((own_types == types).T[residue][:, None], renamed, points)
        points = _best_named(points, renamed, pairs, partner != slot, residue, thresholds)
    preserved = count_preserved(points, points, pairs, thresholds)
    return LddtScores(*preserved_shares(preserved, pairs, residues, len(thresholds)), *failed)


def lddt_ca(predicted: NDArray, target: NDArray, mask: NDArray | None = None) -> tuple[float, Array]:
    """lDDT of Cα atoms, without any check of stereochemistry.

    Args:
        predicted: (res, 3), Å.
        target: (res, 3), Å.
        mask: (res,), 1 where the target is known; all where absent.

    Returns:
        The score of the chain, over all its pairs, and of each residue, over its own pairs: in 0..1, NaN
        where there is no pair.
    """
    known = np.flatnonzero(np.ones(len(target)) if mask is None else np.asarray(mask) > 0.5)
    number = np.arange(len(target))
    pairs = target_pairs(
        np.asarray(target, np.float64)[known], known, np.full_like(known, _CA), RADIUS_ANGSTROM, number
    )
    points = np.asarray(predicted, np.float64)[known][..., None]
    preserved = count_preserved(points, points, pairs, THRESHOLDS_ANGSTROM)
    model, by_residue, _ = preserved_shares(preserved, pairs, len(target), len(THRESHOLDS_ANGSTROM))
    return float(model[0]), by_residue[0]


def _check_shapes(
    positions: NDArray, mask: NDArray, target_positions: NDArray, target_mask: NDArray, aatype: NDArray
) -> tuple[int, int]:
    """Numbers of models and residues."""
    residues, models = len(aatype), len(positions)
    found = tuple(np.shape(array) for array in (positions, mask, target_positions, target_mask))
    atoms = (residues, _SLOTS)
    if found != ((models, *atoms, 3), (models, *atoms), (*atoms, 3), atoms):
        raise InputError(
            f"lDDT of {residues} residues needs positions (model, res, 37, 3), a mask (model, res, 37), and "
            f"the same of the target without the first axis: {found}"
        )
    for what, xyz, there in (("model", positions, mask), ("target", target_positions, target_mask)):
        if not np.isfinite(np.asarray(xyz)[np.asarray(there) >= 0.5]).all():
            raise InputError(f"a position of an atom of the {what} is not finite")
    return models, residues


def _check_settings(radius: float, thresholds: Sequence[float], atoms: str) -> None:
    if not radius > 0 or not len(thresholds) or not min(thresholds) >= 0 or atoms not in ("all", "ca"):
        raise InputError(
            "lDDT needs a positive radius, thresholds that are not negative, and atoms 'all' or 'ca': "
            f"{radius}, {tuple(thresholds)}, {atoms!r}"
        )


def _known_types(aatype: NDArray) -> Integers:
    """Residue types, all that are none of the twenty as X."""
    return np.minimum(np.asarray(aatype, np.int64), UNKNOWN_INDEX)


def _points(positions: NDArray, exists: Booleans, residue: Integers, slot: Integers) -> Array:
    """(atom, 3, model), NaN where a model has no such atom: no distance to it is preserved."""
    points = np.asarray(positions)[:, residue, slot].astype(np.float64)  # (model, atom, 3)
    points[~exists[:, residue, slot]] = np.nan
    return np.ascontiguousarray(points.transpose(1, 2, 0))


def _best_named(
    points: Array,
    renamed: Array,
    pairs: DistancePairs,
    exchangeable: Booleans,
    residue: Integers,
    thresholds: Sequence[float],
) -> Array:
    """The points (atom, 3, model) with the atoms of some residues exchanged.

    Both namings of a residue are compared on its distances to atoms whose names are certain; the other naming
    has to be better, not as good.
    """
    runs = _ambiguous_pairs(pairs, exchangeable, residue)
    gain = count_preserved(renamed, points, runs, thresholds) - count_preserved(
        points, points, runs, thresholds
    )
    better = np.zeros((int(residue.max(initial=-1)) + 1, points.shape[-1]), bool)
    better[runs.residues[:, 0]] = gain > 0
    return np.where(better[residue][:, None], renamed, points)


def _ambiguous_pairs(pairs: DistancePairs, exchangeable: Booleans, residue: Integers) -> DistancePairs:
    """Pairs of an exchangeable atom, which comes first, with another one, in runs of the first's residue."""
    forward = exchangeable[pairs.first] & ~exchangeable[pairs.second]
    backward = exchangeable[pairs.second] & ~exchangeable[pairs.first]
    first = np.concatenate([pairs.first[forward], pairs.second[backward]])
    second = np.concatenate([pairs.second[forward], pairs.first[backward]])
    distance = np.concatenate([pairs.distance[forward], pairs.distance[backward]])
    order = np.argsort(residue[first], kind="stable")
    of_run = residue[first[order]]
    start = np.flatnonzero(np.diff(of_run, prepend=-1))
    return DistancePairs(
        first[order], second[order], distance[order], start, np.stack([of_run[start]] * 2, axis=-1)
    )


@cache
def _partners() -> Integers:
    """(21 restype, 37), slot of the atom that each atom may be exchanged with; otherwise its own."""
    table = np.tile(np.arange(_SLOTS), (21, 1))
    for name, swaps in EXCHANGEABLE_ATOMS.items():
        for first, second in swaps.items():
            slots = [ATOM_INDEX[first], ATOM_INDEX[second]]
            table[RESIDUE_NAMES.index(name), slots] = slots[::-1]
    return read_only(table)
