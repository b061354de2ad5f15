"""Residue tables: hand-checked entries and the laws that tie the tables together."""

from itertools import pairwise

import numpy as np
import pytest

from sciml.data.residue_constants import (
    ATOM14_NAMES,
    ATOM_INDEX,
    ATOM_TYPES,
    CHI_ATOMS,
    HHBLITS_ALPHABET,
    MSA_ALPHABET,
    ONE_TO_THREE,
    RESIDUE_NAMES,
    RESTYPES,
    atom14_is_ambiguous,
    atom14_mask,
    atom14_swap,
    atom14_to_atom37,
    atom14_van_der_waals_radius,
    atom37_mask,
    atom37_to_atom14,
    chi_atom37_index,
    chi_mask,
    chi_pi_periodic,
    hhblits_to_restype,
)
from sciml.data.rigid_groups import (
    PSI,
    atom14_ideal_positions,
    atom14_rigid_group,
    atom37_ideal_positions,
    ideal_atoms,
    rigid_group_atom37_index,
    rigid_group_default_frames,
    rigid_group_mask,
)
from sciml.data.stereochemistry import atom14_distance_bounds, residue_geometry


def test_orders_are_those_of_alphafold() -> None:
    assert [ATOM_INDEX[name] for name in ("N", "CA", "C", "CB", "O", "OXT")] == [0, 1, 2, 3, 4, 36]
    assert len(ATOM_TYPES) == 37
    assert ONE_TO_THREE["W"] == "TRP" == RESIDUE_NAMES[RESTYPES.index("W")]
    assert ATOM14_NAMES["TRP"][:6] == ("N", "CA", "C", "O", "CB", "CG")


def test_hhblits_letters_map_to_the_same_letter() -> None:
    assert "".join(MSA_ALPHABET[index] for index in hhblits_to_restype()) == HHBLITS_ALPHABET


def test_heavy_atoms_of_the_twenty_residues_number_167() -> None:
    counts = dict(zip(RESTYPES, atom14_mask().sum(-1), strict=False))
    assert (counts["G"], counts["A"], counts["R"], counts["W"]) == (4, 5, 11, 14)
    assert atom14_mask().sum() == atom37_mask().sum() == 167
    assert not atom14_mask()[20].any()


def test_atom14_and_atom37_maps_are_inverse_on_existing_atoms() -> None:
    restype, slot = np.nonzero(atom14_mask())
    assert np.array_equal(atom37_to_atom14()[restype, atom14_to_atom37()[restype, slot]], slot)
    restype, slot = np.nonzero(atom37_mask())
    assert np.array_equal(atom14_to_atom37()[restype, atom37_to_atom14()[restype, slot]], slot)


def test_chi_angles_run_along_bonds() -> None:
    for name in RESIDUE_NAMES[:20]:
        bonds = {frozenset(pair) for pair in residue_geometry()[name].bonds}
        for atoms in CHI_ATOMS[name]:
            assert {frozenset(pair) for pair in pairwise(atoms)} <= bonds
    assert chi_mask().sum(-1)[RESTYPES.index("K")] == 4
    assert chi_atom37_index()[RESTYPES.index("S"), 0].tolist() == [
        ATOM_INDEX[a] for a in ("N", "CA", "CB", "OG")
    ]


def test_pi_periodic_angles_are_the_last_of_asp_glu_phe_tyr() -> None:
    expected = {("D", 1), ("F", 1), ("Y", 1), ("E", 2)}
    assert {(RESTYPES[i], int(k)) for i, k in np.argwhere(chi_pi_periodic())} == expected


def test_alternative_naming_is_an_involution_of_twelve_atoms() -> None:
    swap = atom14_swap()
    assert np.array_equal(np.take_along_axis(swap, swap, axis=1), np.tile(np.arange(14), (21, 1)))
    assert atom14_is_ambiguous().sum() == 12
    assert ATOM14_NAMES["PHE"][swap[RESTYPES.index("F"), ATOM14_NAMES["PHE"].index("CE1")]] == "CE2"


def test_tables_refuse_to_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        atom14_mask()[0, 0] = 5


def test_default_frames_are_rotations_and_point_along_their_axis() -> None:
    frames, exists = rigid_group_default_frames(), rigid_group_mask().astype(bool)
    rotation = frames[:20][exists[:20]][:, :3, :3]
    assert not frames[20].any()
    assert np.allclose(rotation @ rotation.swapaxes(-1, -2), np.eye(3), atol=1e-6)
    assert np.allclose(np.linalg.det(rotation), 1, atol=1e-6)
    for restype, name in enumerate(RESIDUE_NAMES[:20]):
        carbonyl = ideal_atoms()[name]["C"][1]
        assert np.allclose(frames[restype, PSI, :3, 0], carbonyl / np.linalg.norm(carbonyl), atol=1e-6)
        assert np.allclose(frames[restype, PSI, :3, 3], carbonyl)


def test_ideal_positions_agree_with_the_bond_table() -> None:
    """Atoms of one rigid group keep their bond lengths whatever the torsions."""
    worst = 0.0
    for name in RESIDUE_NAMES[:20]:
        atoms = ideal_atoms()[name]
        for (a, b), (length, _) in residue_geometry()[name].bonds.items():
            if atoms[a][0] == atoms[b][0]:
                worst = max(worst, abs(float(np.linalg.norm(atoms[a][1] - atoms[b][1])) - length))
    assert worst < 0.045  # Å; the two come from different surveys


def test_atom37_positions_are_atom14_positions_in_other_slots() -> None:
    leucine = RESTYPES.index("L")
    slot = ATOM14_NAMES["LEU"].index("CD2")
    assert np.array_equal(
        atom37_ideal_positions()[leucine, ATOM_INDEX["CD2"]], atom14_ideal_positions()[leucine, slot]
    )
    assert atom14_rigid_group()[leucine, slot] == 5


def test_group_atoms_of_a_chi_are_its_last_three() -> None:
    index = rigid_group_atom37_index()[RESTYPES.index("V"), 4]
    assert [ATOM_TYPES[slot] for slot in index] == ["CA", "CB", "CG1"]


def test_bounds_of_a_bond_an_angle_and_an_unbonded_pair() -> None:
    bounds = atom14_distance_bounds(overlap_tolerance_angstrom=1.5, bond_tolerance_deviations=12.0)
    n, ca, c, o = range(4)
    alanine = RESTYPES.index("A")
    assert bounds.lower[alanine, n, ca] == pytest.approx(1.459 - 12 * 0.020)
    across = np.sqrt(
        1.459**2 + 1.525**2 - 2 * 1.459 * 1.525 * np.cos(np.deg2rad(111.0))
    )  # N...C over 111.0 degrees
    middle = (bounds.lower[alanine, n, c] + bounds.upper[alanine, n, c]) / 2
    assert middle == pytest.approx(across, abs=1e-5)
    assert bounds.lower[alanine, n, o] == pytest.approx(1.55 + 1.52 - 1.5)
    assert bounds.upper[alanine, n, o] == pytest.approx(1e10)
    assert not bounds.upper[20].any()
    assert np.array_equal(bounds.lower, bounds.lower.swapaxes(1, 2))


def test_deviation_across_an_angle_matches_a_simulation() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(1.525, 0.026, 200_000), rng.normal(1.229, 0.019, 200_000)
    angle = np.deg2rad(rng.normal(120.1, 2.1, 200_000))
    across = np.sqrt(first**2 + second**2 - 2 * first * second * np.cos(angle))
    assert atom14_distance_bounds().stddev[RESTYPES.index("A"), 1, 3] == pytest.approx(across.std(), rel=0.01)


def test_radii_by_element() -> None:
    methionine = atom14_van_der_waals_radius()[RESTYPES.index("M")]
    assert methionine[ATOM14_NAMES["MET"].index("SD")] == pytest.approx(1.8)
    assert methionine[:4].tolist() == pytest.approx([1.55, 1.7, 1.7, 1.52])
