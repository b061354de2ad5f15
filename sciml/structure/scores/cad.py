"""CAD-score: how much of the contact areas between a target's residues a model reproduces.

The score is 1 - Σ min(|T - M|, T) / Σ T over all pairs of residues that touch in the target, T and M being
the areas of their contact in target and model. A contact that the model lacks, or a residue that it lacks,
counts as lost; contacts that only the model has do not count.

- Areas are those of `contact_areas`: on spheres, bounded by radical planes. The authors' programs take other
  surfaces (cells of the Voronoi diagram of balls; later, the faces of the cells), so that their scores are
  not these to the last digit. The area of two residues is the mean of that on the spheres of either.
- Residues next to one another along the chain count, but for the contact of the two atoms of the peptide
  bond, as in the authors' program; `smallest_separation` leaves more out.
- AA takes all atoms, SS the contacts between side chains, AS those of a side chain with anything. Side chains
  begin at Cβ. Atoms of water, ligands and residues that the target lacks are not there.

Contact areas know no hand: the mirror image of a structure scores 1 but for the error of the areas.

Source: Olechnovič, Kulberkytė & Venclovas, Proteins 81:149 (2013).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from sciml.data.contact_radii import atom37_contact_radius
from sciml.data.residue_constants import ATOM_INDEX, UNKNOWN_INDEX
from sciml.errors import InputError
from sciml.structure.scores.contact_areas import RAYS, contact_areas

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

KINDS = ("AA", "AS", "SS")
_PEPTIDE_BOND_ANGSTROM = 1.6
_SHORTEST_NORMAL = 1e-6  # Å²; atoms on one line have no frame
_N, _CA, _C = (ATOM_INDEX[name] for name in ("N", "CA", "C"))
_MAIN_CHAIN = np.isin(np.arange(37), [ATOM_INDEX[name] for name in ("N", "CA", "C", "O", "OXT")])


@dataclass(frozen=True)
class CadScores:
    """CAD-scores of models of one target, 0..1."""

    kinds: Mapping[str, Array]
    """AA, AS and SS, (model,) each; NaN where the target has no contact of the kind."""
    residue: Array
    """(model, res), AA over the contacts of each residue; NaN where it has none."""

    @property
    def model(self) -> Array:
        """(model,), AA."""
        return self.kinds["AA"]


def cad_scores(
    positions: NDArray,
    mask: NDArray,
    target_positions: NDArray,
    target_mask: NDArray,
    aatype: NDArray,
    *,
    residue_index: NDArray | None = None,
    chain_index: NDArray | None = None,
    model_aatype: NDArray | None = None,
    smallest_separation: int = 1,
    rays: int = RAYS,
) -> CadScores:
    """CAD-score of models whose residues are matched to the target's.

    Args:
        positions: (model, res, 37, 3), Å.
        mask: (model, res, 37), 1 where the model has an atom.
        target_positions: (res, 37, 3), Å.
        target_mask: (res, 37).
        aatype: (res,), residue types of the target, for the radii.
        residue_index: (res,), residue numbers; 0, 1, … when None.
        chain_index: (res,), number of each residue's chain; one chain when None. Chains touch one another.
        model_aatype: (res,) or (model, res), residue types of the models if they are not the target's.
        smallest_separation: residues of a chain whose numbers differ by less are left out.
        rays: points on the sphere of an atom; the time is in proportion to them.

    Returns:
        Scores of the models and their residues.

    Raises:
        InputError: shapes disagree, or a position is not finite.
    """
    residues, models = len(aatype), len(positions)
    atoms = (residues, 37)
    found = tuple(np.shape(array) for array in (positions, mask, target_positions, target_mask))
    if found != ((models, *atoms, 3), (models, *atoms), (*atoms, 3), atoms):
        raise InputError(
            f"CAD-score of {residues} residues needs positions (model, res, 37, 3), a mask (model, res, 37), "
            f"and the same of the target without the first axis: {found}"
        )
    numbers = np.arange(residues) if residue_index is None else residue_index
    chains = np.zeros(residues, np.int64) if chain_index is None else np.asarray(chain_index)
    types = np.asarray(aatype if model_aatype is None else model_aatype, np.int64)
    types = np.broadcast_to(types, (models, residues))
    target = residue_contact_areas(target_positions, target_mask, aatype, chains, rays=rays)
    apart = np.abs(np.subtract.outer(numbers, numbers)) >= smallest_separation
    counts = (target["AA"] > 0) & (apart | np.not_equal.outer(chains, chains))
    kinds = {kind: np.zeros(models) for kind in KINDS}
    by_residue = np.zeros((models, residues))
    for model in range(models):
        own = residue_contact_areas(positions[model], mask[model], types[model], chains, rays=rays)
        for kind in KINDS:
            area = np.where(counts, target[kind], 0.0)
            lost = np.minimum(np.abs(area - own[kind]), area)
            kinds[kind][model] = _kept(lost.sum(), area.sum())
            if kind == "AA":
                by_residue[model] = _kept(lost.sum(1), area.sum(1))
    return CadScores(MappingProxyType(kinds), by_residue)


def _kept(lost: Array, area: Array) -> Array:
    """Share of areas that is not lost, NaN where there is none."""
    return 1 - np.divide(lost, area, out=np.full_like(area, np.nan), where=area > 0)


def residue_contact_areas(
    positions: NDArray, mask: NDArray, aatype: NDArray, chain_index: NDArray, *, rays: int = RAYS
) -> dict[str, Array]:
    """Areas of contact between residues, for each of AA, AS and SS.

    Args:
        positions: (res, 37, 3), Å.
        mask: (res, 37).
        aatype: (res,).
        chain_index: (res,), residues of one chain that follow one another may have a peptide bond.
        rays: points on the sphere of an atom.

    Returns:
        (res, res) each, Å², symmetric, zero on the diagonal.

    Raises:
        InputError: the position of an atom is not finite.
    """
    residue, slot = np.nonzero(np.asarray(mask) >= 0.5)
    points = np.asarray(positions, np.float64)[residue, slot]
    if not np.isfinite(points).all():
        raise InputError("contact areas need finite atom positions")
    types = np.minimum(np.asarray(aatype, np.int64), UNKNOWN_INDEX)
    frames = _backbone_frames(np.asarray(positions, np.float64), np.asarray(mask) >= 0.5)
    found = contact_areas(points, atom37_contact_radius()[types[residue], slot], frames[residue], rays)
    i, j = residue[found.first], residue[found.second]
    a, b = slot[found.first], slot[found.second]
    distance = np.linalg.norm(points[found.first] - points[found.second], axis=-1)
    forward, backward = (j == i + 1) & (a == _C) & (b == _N), (i == j + 1) & (b == _C) & (a == _N)
    chain = np.asarray(chain_index)
    peptide = (forward | backward) & (distance < _PEPTIDE_BOND_ANGSTROM) & (chain[i] == chain[j])
    counts = (i != j) & ~peptide
    side_chains = (~_MAIN_CHAIN[a]).astype(int) + ~_MAIN_CHAIN[b]
    areas, residues = {}, len(types)
    for kind, fewest in zip(KINDS, (0, 1, 2), strict=True):
        chosen = counts & (side_chains >= fewest)
        key = i[chosen] * residues + j[chosen]
        area = np.bincount(key, found.area[chosen], minlength=residues**2).reshape(residues, residues)
        areas[kind] = (area + area.T) / 2
    return areas


def _backbone_frames(positions: Array, exists: NDArray[np.bool_]) -> Array:
    """(res, 3, 3), rotations with the backbone's axes as columns; no rotation where N, CA or C is missing."""
    first = positions[:, _C] - positions[:, _CA]
    second = positions[:, _N] - positions[:, _CA]
    frames = np.tile(np.eye(3), (len(positions), 1, 1))
    known = np.all(exists[:, [_N, _CA, _C]], axis=-1)
    normal = np.where(known[:, None], np.cross(first, second), 0.0)
    known &= np.linalg.norm(normal, axis=-1) > _SHORTEST_NORMAL
    x = first[known] / np.linalg.norm(first[known], axis=-1, keepdims=True)
    z = normal[known] / np.linalg.norm(normal[known], axis=-1, keepdims=True)
    frames[known] = np.stack([x, np.cross(z, x), z], axis=-1)
    return frames
