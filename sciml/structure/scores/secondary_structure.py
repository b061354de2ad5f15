"""Secondary structure from coordinates: DSSP's eight states, by its own rules.

    H  α-helix        two n-turns in a row with n = 4: residues i..i+3 for turns at i-1 and i
    B  lone bridge    E  strand: ladders of two bridges or more, their bulges filled
    G  3-10 helix     two turns in a row with n = 3
    I  π-helix        two turns in a row with n = 5; takes residues of α-helices, as in mkdssp 4
    T  turn           inside an n-turn; S  bend: the Cα chain turns by more than 70 degrees over five residues
    P  κ-helix        polyproline II, on request: three residues near phi -75, psi 145, unclaimed
    -  none of these  X  not assigned: an atom of N, CA, C, O is missing

H is set over E and B, G and I only where nothing but loop (or α-helix for I) stands. Neighbours in the list
are bonded when C and N are at most 2.5 Å apart and the chain is the same; no pattern crosses a break. As in
the program, the first and the last residue get no T and no S, and residues without a whole backbone are
passed over.

Source: Kabsch & Sander, Biopolymers 22:2577 (1983); as revised in the program mkdssp 4.2 (Joosten et al.,
Nucleic Acids Res. 39:D411, 2011). Not computed: solvent accessibility, disulphides, chirality.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sciml.data.residue_constants import ATOM_INDEX, RESTYPE_INDEX
from sciml.errors import InputError
from sciml.structure.scores.backbone_torsions import backbone_torsions, peptide_bonds
from sciml.structure.scores.beta_ladders import Ladder, find_ladders, number_sheets
from sciml.structure.scores.hydrogen_bonds import amide_hydrogens, hydrogen_bonds
from sciml.structure.scores.state_agreement import EIGHT_STATES, UNASSIGNED, three_states

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

BEND_DEGREES = 70.0

_BACKBONE = [ATOM_INDEX[name] for name in ("N", "CA", "C", "O")]
_N, _CD = ATOM_INDEX["N"], ATOM_INDEX["CD"]
_PROLINE_RING_ANGSTROM = 2.0  # N-CD is 1.47 in proline and no bond elsewhere
_POLYPROLINE_PHI, _POLYPROLINE_PSI, _POLYPROLINE_SPREAD, _POLYPROLINE_LENGTH = -75.0, 145.0, 29.0, 3


@dataclass(frozen=True)
class SecondaryStructure:
    """The assignment of one structure; all arrays over the residues that were given."""

    eight: str
    """One letter of `EIGHT_STATES` for each residue, X where the backbone is not whole."""
    acceptor: Integers
    """(res, 2), the residues whose C=O the N-H is drawn to most, strongest first; -1 where there is none."""
    acceptor_energy: Array
    """(res, 2), kcal/mol; below -0.5 is a hydrogen bond; NaN where there is none."""
    donor: Integers
    """(res, 2), the residues whose N-H is drawn to the C=O most; -1 where there is none."""
    donor_energy: Array
    """(res, 2), kcal/mol; NaN where there is none."""
    sheet: Integers
    """(res,), number of the sheet from 0, lone bridges counted; -1 outside."""

    @property
    def three(self) -> str:
        """H (from H, G, I), E (from E, B), C (all else), X where the backbone is not whole."""
        return three_states(self.eight)


def assign_secondary_structure(
    positions: ArrayLike,
    mask: ArrayLike,
    chain_index: ArrayLike | Sequence[str] | None = None,
    residue_index: ArrayLike | None = None,
    aatype: ArrayLike | None = None,
    polyproline: bool = False,
) -> SecondaryStructure:
    """Assign the secondary structure of one structure; hydrogen bonds may join its chains.

    Args:
        positions: (res, 37, 3), Å, atom37 layout.
        mask: (res, 37), 1 where there is an atom.
        chain_index: (res,), numbers or names; one chain when None.
        residue_index: (res,), residue numbers, for messages: where a chain is broken, its atoms say.
        aatype: (res,), restypes, for proline, which has no H on its N; when None, residues with CD within
            2 Å of N are prolines.
        polyproline: whether to assign P, as mkdssp 4 does; older programs and Q8 know eight states only.

    Returns:
        States, hydrogen bonds, sheets.

    Raises:
        InputError: shapes disagree, or a backbone atom that is there has no finite position.

    Source: see the module.
    """
    positions, mask = np.asarray(positions, np.float64), np.asarray(mask)
    _check(positions, mask, {"chain_index": chain_index, "residue_index": residue_index, "aatype": aatype})
    residues = len(positions)
    whole = np.flatnonzero((mask[:, _BACKBONE] >= 0.5).all(-1))
    backbone = positions[whole][:, _BACKBONE]
    if not np.isfinite(backbone).all():
        broken = whole[~np.isfinite(backbone).all((1, 2))][0]
        number = broken + 1 if residue_index is None else np.asarray(residue_index)[broken]
        raise InputError(f"a backbone atom of residue {int(number)} has no finite position")
    chains = np.zeros(residues, np.int64) if chain_index is None else np.asarray(chain_index)
    hydrogens = amide_hydrogens(backbone)
    hydrogens[_prolines(positions, mask, aatype)[whole]] = np.nan
    bonds = hydrogen_bonds(backbone, hydrogens)
    pairs = bonds.pairs()
    bonded = peptide_bonds(backbone, chains[whole])
    stretch = np.append(0, np.cumsum(~bonded))[: len(whole)]
    ladders = find_ladders(pairs, stretch)
    states = _states(pairs, stretch, ladders, _bends(backbone[:, 1], stretch))
    if polyproline:
        _assign_polyproline(states, *backbone_torsions(backbone, bonded)[:2])

    def spread(values: NDArray, missing: float | str) -> NDArray:
        """Over all residues, what was found for the whole ones."""
        array = np.full((residues, *values.shape[1:]), missing, values.dtype)
        array[whole] = values
        return array

    index = np.append(whole, -1)  # so that -1, no partner, stays -1
    return SecondaryStructure(
        eight="".join(spread(states, UNASSIGNED)),
        acceptor=spread(index[bonds.acceptor], -1),
        acceptor_energy=spread(bonds.acceptor_energy, np.nan),
        donor=spread(index[bonds.donor], -1),
        donor_energy=spread(bonds.donor_energy, np.nan),
        sheet=spread(number_sheets(ladders, len(whole)), -1),
    )


def assign_secondary_structures(
    positions: NDArray,
    mask: NDArray,
    chain_index: ArrayLike | Sequence[str] | None = None,
    residue_index: ArrayLike | None = None,
    aatype: ArrayLike | None = None,
    polyproline: bool = False,
) -> tuple[SecondaryStructure, ...]:
    """Assign each model of one target: positions (model, res, 37, 3), mask (model, res, 37).

    The other arguments are those of `assign_secondary_structure`, the same for all models; each model is
    looked at by itself.
    """
    return tuple(
        assign_secondary_structure(xyz, atoms, chain_index, residue_index, aatype, polyproline)
        for xyz, atoms in zip(positions, mask, strict=True)
    )


def _check(positions: NDArray, mask: NDArray, per_residue: dict[str, Any]) -> None:
    residues = len(positions) if positions.ndim else 0
    if positions.shape != (residues, 37, 3) or mask.shape != (residues, 37):
        raise InputError(
            f"secondary structure needs atoms (res, 37, 3), a mask (res, 37): {positions.shape}, {mask.shape}"
        )
    for name, values in per_residue.items():
        if values is not None and np.shape(values) != (residues,):
            raise InputError(
                f"{name} must have one entry for each of {residues} residues: {np.shape(values)}"
            )


def _prolines(positions: Array, mask: NDArray, aatype: ArrayLike | None) -> Flags:
    """(res,), by type or, where types are not given, by the ring."""
    if aatype is not None:
        return np.asarray(aatype) == RESTYPE_INDEX["P"]
    length = np.linalg.norm(positions[:, _CD] - positions[:, _N], axis=-1)
    return (mask[:, [_N, _CD]] >= 0.5).all(-1) & np.less(length, _PROLINE_RING_ANGSTROM)


def _states(bonds: Integers, stretch: Integers, ladders: list[Ladder], bends: Flags) -> NDArray[np.str_]:
    """(res,), one letter each, without P."""
    states = np.full(len(stretch), "-")
    for ladder in ladders:
        for strand in ladder.strands():
            part = states[strand.start : strand.stop]
            part[part != "E"] = "E" if ladder.is_strand else "B"
    turns = {n: _turns(bonds, stretch, n) for n in (3, 4, 5)}
    for n, letter, may_replace in ((4, "H", EIGHT_STATES), (3, "G", "-G"), (5, "I", "-IH")):
        for start in np.flatnonzero(turns[n][1:] & turns[n][:-1]) + 1:
            part = states[start : start + n]
            if np.isin(part, list(may_replace)).all():
                part[:] = letter
    in_turn = np.zeros(len(states), bool)
    for n, is_turn in turns.items():
        for offset in range(1, n):
            in_turn[offset:] |= is_turn[:-offset]
    inner = np.zeros(len(states), bool)
    inner[1:-1] = True
    states[inner & (states == "-") & in_turn] = "T"
    states[inner & (states == "-") & bends] = "S"
    return states


def _turns(bonds: Integers, stretch: Integers, n: int) -> Flags:
    """(res,), residues i whose C=O is bonded to the N-H of i + n without a break between."""
    turns = np.zeros(len(stretch), bool)
    donor, acceptor = bonds.T
    turns[acceptor[(donor - acceptor == n) & (stretch[donor] == stretch[acceptor])]] = True
    return turns


def _bends(ca: Array, stretch: Integers) -> Flags:
    """(res,), true where the direction of Cα i-2 → i turns by more than 70 degrees to i → i+2."""
    bends = np.zeros(len(ca), bool)
    before, after = ca[2:-2] - ca[:-4], ca[4:] - ca[2:-2]
    norms = np.linalg.norm(before, axis=-1) * np.linalg.norm(after, axis=-1)
    cosine = np.divide((before * after).sum(-1), norms, out=np.ones_like(norms), where=norms > 0)
    bends[2:-2] = (cosine < np.cos(np.deg2rad(BEND_DEGREES))) & (stretch[4:] == stretch[:-4])
    return bends


def _assign_polyproline(states: NDArray[np.str_], phi: Array, psi: Array) -> None:
    """Three residues in a row near (-75, 145): P where there is nothing but loop."""
    near = (np.abs(phi - _POLYPROLINE_PHI) <= _POLYPROLINE_SPREAD) & (
        np.abs(psi - _POLYPROLINE_PSI) <= _POLYPROLINE_SPREAD
    )
    for start in range(1, len(states) - _POLYPROLINE_LENGTH):
        part = slice(start, start + _POLYPROLINE_LENGTH)
        if near[part].all():
            states[part][states[part] == "-"] = "P"
