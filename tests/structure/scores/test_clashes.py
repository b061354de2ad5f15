"""Clashes of two atoms at known distances, and what is no clash."""

import numpy as np
import pytest

from sciml.data.residue_constants import ATOM14_NAMES, RESIDUE_NAMES, RESTYPE_INDEX
from sciml.structure.scores.clashes import bonds_between_atoms, find_clashes
from tests.structure.ideal_chain import HELIX, STRAND, ideal_chain


def _pair(first, second, distance, apart=5, bonded=False):
    """Overlaps of two atoms, given as `CYS SG`, that many residues apart, alone at that distance in Å."""
    residues = apart + 1
    aatype = np.full(residues, RESTYPE_INDEX["A"])
    positions, exists = np.zeros((residues, 14, 3)), np.zeros((residues, 14), bool)
    for row, atom in ((0, first), (-1, second)):
        residue, name = atom.split()
        aatype[row], slot = RESIDUE_NAMES.index(residue), ATOM14_NAMES[residue].index(name)
        exists[row, slot] = True
        positions[row, slot] = [distance * (row == -1), 0, 0]
    return find_clashes(aatype, positions, exists, np.full(residues - 1, bonded))[1].tolist()


@pytest.mark.parametrize(
    ("first", "second", "limit"),
    [
        ("ALA CB", "ALA CB", 1.70 + 1.70 - 0.4),
        ("ALA CB", "ALA O", 1.70 + 1.52 - 0.4),
        ("MET SD", "LEU CD1", 1.80 + 1.70 - 0.4),
        ("ALA N", "ALA O", 1.55 + 1.52 - 0.8),  # a hydrogen bond may be shorter
        ("SER OG", "ASP OD1", 1.52 + 1.52 - 0.8),
        ("CYS SG", "ALA O", 1.80 + 1.52 - 0.8),
        ("MET SD", "ALA O", 1.80 + 1.52 - 0.4),  # the sulfur of methionine takes no part in them
    ],
)
def test_two_atoms_clash_from_their_limit_on(first, second, limit) -> None:
    assert _pair(first, second, limit + 0.01) == []
    (overlap,) = _pair(first, second, limit - 0.01)
    assert overlap == pytest.approx((0.8 if limit < 2.6 else 0.4) + 0.01, abs=1e-6)
    assert len(_pair(second, first, limit - 0.01)) == 1


@pytest.mark.parametrize(
    ("distance", "clashes"), [(1.5, 1), (1.7, 0), (2.05, 0), (2.45, 0), (2.55, 1), (2.9, 0)]
)
def test_sulfurs_at_the_length_of_a_disulphide_are_bonded(distance, clashes) -> None:
    assert len(_pair("CYS SG", "CYS SG", distance)) == clashes


@pytest.mark.parametrize(
    ("first", "second", "apart", "bonds"),
    [
        ("ALA C", "ALA N", 1, 1),
        ("ALA O", "ALA CA", 1, 3),
        ("ALA O", "ALA CB", 1, 4),
        ("ALA C", "ALA N", 2, 4),
        ("SER OG", "ALA N", 1, 4),
        ("ALA O", "ALA O", 1, 5),
        ("ALA CA", "ALA N", 2, 5),
        ("SER OG", "ALA CA", 1, 5),
    ],
)
def test_atoms_joined_by_four_bonds_do_not_clash(first, second, apart, bonds) -> None:
    assert len(_pair(first, second, 2.0, apart, bonded=True)) == (bonds > 4)
    assert len(_pair(first, second, 2.0, apart, bonded=False)) == 1


def test_bonds_between_atoms_by_hand() -> None:
    def between(residue, first, second):
        slots = [ATOM14_NAMES[residue].index(atom) for atom in (first, second)]
        return bonds_between_atoms()[RESIDUE_NAMES.index(residue), slots[0], slots[1]]

    assert between("TRP", "CG", "CH2") == 4  # CG CD2 CE2 CZ2 CH2
    assert between("PRO", "N", "CG") == 2  # by CD
    assert between("LYS", "N", "NZ") == 6
    assert between("ALA", "CB", "CB") == 0


@pytest.mark.parametrize("torsions", [HELIX, STRAND])
def test_ideal_chains_of_small_residues_have_none(torsions) -> None:
    aatype, positions = ideal_chain("AGSAVTCAGSA", torsions)
    exists = (positions.abs().sum(-1) > 0).numpy()
    exists[0, 0] = True  # at the origin
    assert find_clashes(aatype.numpy(), positions.numpy(), exists, np.ones(10, bool))[1].tolist() == []


def test_no_atoms_no_clashes() -> None:
    ends, overlap = find_clashes(
        np.zeros(2, int), np.zeros((2, 14, 3)), np.zeros((2, 14), bool), np.ones(1, bool)
    )
    assert ends.shape == (0, 4)
    assert overlap.shape == (0,)
