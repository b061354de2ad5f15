"""Root mean square deviation of Cα, of the backbone and of all heavy atoms, each superposed for itself.

Which of two exchangeable atoms is called first is a convention, so a model's ASP, GLU, PHE, TYR and ARG side
chains may be renamed (`RENAMED_ATOMS`) where that lowers the deviation. NH1 and NH2 of ARG can be told apart
(NH1 is cis to CD), but they are chemically equivalent and often deposited the wrong way round; the authors
of lDDT and OpenStructure exchange them, AlphaFold 2 does not. The methyl groups of VAL and LEU, which lDDT
exchanges too, differ in hand: a deviation sees this, so they keep their names. Hydrogens and OXT are not
compared.

Source: Kabsch, Acta Cryst. A 32:922 (1976); Mariani et al., Bioinformatics 29:2722 (2013) for the pairs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import (
    ATOM_INDEX,
    ATOM_TYPES,
    RESIDUE_NAMES,
    SYMMETRIC_ATOM_SWAPS,
    atom37_mask,
)
from sciml.structure.scores.superposition import Array, superpose, transformed

BACKBONE = ("N", "CA", "C", "O")
RENAMED_ATOMS = SYMMETRIC_ATOM_SWAPS | {"ARG": {"NH1": "NH2"}}
"""Exchangeable atoms by residue name, each pair once."""
_FEWEST_ATOMS = 3
_RENAMINGS = 10  # names settle after two or three
_SETTLED_ANGSTROM = 1e-9


@dataclass(frozen=True)
class RmsdScores:
    """Deviations of the models of one target; NaN where fewer than three atoms are in both."""

    ca: Array
    """(model,), Å, of Cα."""
    backbone: Array
    """(model,), Å, of N, Cα, C and O."""
    all_atom: Array
    """(model,), Å, of all heavy atoms, exchangeable ones named so that it is lowest."""


def rmsd_scores(
    positions: Array, mask: Array, target_positions: Array, target_mask: Array, aatype: NDArray[np.int64]
) -> RmsdScores:
    """Deviations over the atoms that model and target share; what a model lacks does not count.

    Args:
        positions: (model, res, 37, 3), Å; anything where the mask is 0.
        mask: (model, res, 37), above 0.5 where the model has the atom.
        target_positions: (res, 37, 3), Å.
        target_mask: (res, 37).
        aatype: (res,), the target's residue types; of X only the backbone is compared.

    Raises:
        ValueError: the shapes do not fit together.
    """
    shared = shared_atoms(positions, mask, target_positions, target_mask, aatype)
    swapped = swapped_slots(aatype)
    columns: tuple[list[float], list[float], list[float]] = ([], [], [])
    for model, both in zip(np.asarray(positions, np.float64), shared, strict=True):
        for column, atoms in zip(columns, (("CA",), BACKBONE), strict=False):
            slots = [ATOM_INDEX[atom] for atom in atoms]
            column.append(
                _deviation(model[:, slots][both[:, slots]], target_positions[:, slots][both[:, slots]])
            )
        columns[2].append(_renamed_deviation(model, target_positions, both, swapped))
    return RmsdScores(*(np.array(column) for column in columns))


def shared_atoms(
    positions: Array, mask: Array, target_positions: Array, target_mask: Array, aatype: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(model, res, 37): heavy atoms of the residue type (backbone for X) that model and target both have.

    An exchangeable atom is shared only with its partner in the same state, so that renaming changes nothing.

    Raises:
        ValueError: the shapes do not fit together.
    """
    residues, atoms = len(aatype), len(ATOM_TYPES)
    expected = {
        "positions": (positions.shape[1:], (residues, atoms, 3)),
        "mask": (mask.shape, (len(positions), residues, atoms)),
        "target_positions": (target_positions.shape, (residues, atoms, 3)),
        "target_mask": (target_mask.shape, (residues, atoms)),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise ValueError(
                f"{name} must have shape {wanted} for {residues} residues (the last of): {found}"
            )
    own = atom37_mask()[aatype] > 0.5
    own[:, [ATOM_INDEX[atom] for atom in BACKBONE]] = True
    shared = (np.asarray(mask) > 0.5) & (np.asarray(target_mask) > 0.5) & own
    return shared & np.take_along_axis(shared, swapped_slots(aatype)[None], axis=2)


def swapped_slots(aatype: NDArray[np.int64]) -> NDArray[np.int64]:
    """(res, 37): the slot of each atom's partner in exchangeable names, its own where it has none."""
    table = np.tile(np.arange(len(ATOM_TYPES)), (len(RESIDUE_NAMES), 1))
    for residue, swaps in RENAMED_ATOMS.items():
        for first, second in swaps.items():
            slots = [ATOM_INDEX[first], ATOM_INDEX[second]]
            table[RESIDUE_NAMES.index(residue), slots] = slots[::-1]
    return table[aatype]


def renamed(model: Array, target: Array, shared: NDArray[np.bool_], swapped: NDArray[np.int64]) -> Array:
    """(res, 37, 3): the model with each residue's exchangeable atoms named so that they lie closer.

    Args:
        model: (res, 37, 3), Å, as it lies on the target.
        target: (res, 37, 3), Å.
        shared: (res, 37).
        swapped: (res, 37), from `swapped_slots`.
    """
    other = np.take_along_axis(model, swapped[..., None], axis=1)

    def missed(points: Array) -> Array:
        return np.where(shared, ((points - target) ** 2).sum(-1), 0).sum(1)

    return np.where((missed(other) < missed(model))[:, None, None], other, model)


def _renamed_deviation(
    model: Array, target: Array, shared: NDArray[np.bool_], swapped: NDArray[np.int64]
) -> float:
    """Superpose and rename in turns until the names stay; neither step ever raises the deviation."""
    if shared.sum() < _FEWEST_ATOMS:
        return float("nan")
    model, target = np.where(shared[..., None], model, 0), np.where(shared[..., None], target, 0)
    deviation = _deviation(model[shared], target[shared])
    for _ in range(_RENAMINGS):
        motion = superpose(model[shared], target[shared])
        moved = transformed(model.reshape(-1, 3), *motion).reshape(model.shape)
        model = renamed(moved, target, shared, swapped)
        before, deviation = deviation, _deviation(model[shared], target[shared])
        if deviation >= before - _SETTLED_ANGSTROM:
            break
    return deviation


def _deviation(mobile: Array, target: Array) -> float:
    if len(mobile) < _FEWEST_ATOMS:
        return float("nan")
    moved = transformed(mobile, *superpose(mobile, np.asarray(target, np.float64)))
    return float(np.sqrt(((moved - target) ** 2).sum(-1).mean()))
