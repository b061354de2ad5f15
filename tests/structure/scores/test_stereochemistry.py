"""Checks of stereochemistry: each kind of failure made by hand, on both sides of its limit."""

import numpy as np
import pytest

from sciml.data.residue_constants import ATOM_INDEX, RESTYPE_INDEX
from sciml.structure.scores.stereochemistry import stereochemistry_failures
from tests.structure.ideal_chain import HELIX, STRAND
from tests.structure.scores.ideal_targets import EVERY_RESIDUE, ideal_target

N, CA, C, CB, SG = (ATOM_INDEX[name] for name in ("N", "CA", "C", "CB", "SG"))


def failures(positions, mask, aatype, **settings):
    """Rows with a failed backbone, rows with a failed side chain."""
    found = stereochemistry_failures(positions[None], mask[None], aatype, **settings)
    return [list(np.flatnonzero(failed[0])) for failed in found]


@pytest.mark.parametrize("torsions", [HELIX, STRAND])
def test_ideal_chains_pass(torsions):
    assert failures(*ideal_target(EVERY_RESIDUE, torsions)) == [[], []]
    assert failures(*ideal_target("AGPGAPA", STRAND)) == [[], []]


@pytest.mark.parametrize(("deviations", "fails"), [(11.9, False), (12.1, True)])
def test_bond_fails_beyond_twelve_deviations(deviations, fails):
    positions, mask, aatype = ideal_target("AGKSA", STRAND)
    nz, ce = ATOM_INDEX["NZ"], ATOM_INDEX["CE"]
    bond = positions[2, nz] - positions[2, ce]
    positions[2, nz] = positions[2, ce] + bond / np.linalg.norm(bond) * (1.486 + deviations * 0.025)
    assert failures(positions, mask, aatype) == [[], [2] if fails else []]


@pytest.mark.parametrize(("deviations", "fails"), [(11.9, False), (12.1, True)])
def test_angle_fails_beyond_twelve_deviations(deviations, fails):
    # N-CA-C of alanine, 111.0 with a deviation of 2.7 degrees: C turned in its plane, O with it.
    positions, mask, aatype = ideal_target("A", STRAND)
    mask[0, CB] = 0
    n, ca, c = positions[0, [N, CA, C]]
    x = (n - ca) / np.linalg.norm(n - ca)
    y = c - ca - ((c - ca) @ x) * x
    y /= np.linalg.norm(y)
    angle = np.radians(111.0 - deviations * 2.7)
    shift = ca + 1.525 * (np.cos(angle) * x + np.sin(angle) * y) - c
    mask[0, ATOM_INDEX["O"]] = 0
    positions[0, C] += shift
    assert failures(positions, mask, aatype) == [[0] if fails else [], []]


def test_bond_of_backbone_and_side_chain_fails_both():
    positions, mask, aatype = ideal_target("AAA", STRAND)
    positions[1, CB] += 0.5 * (positions[1, CB] - positions[1, CA])
    assert failures(positions, mask, aatype) == [[1], [1]]


def test_atoms_of_different_residues_clash_below_their_radii_less_one_and_a_half():
    # The limit of two carbons is 1.9 Å: single Cβ atoms of residues far apart in the chain.
    for distance, expected in ((1.95, []), (1.85, [0, 2])):
        positions, mask, aatype = ideal_target("AAA", STRAND)
        mask[:] = 0
        mask[[0, 2], CB] = 1
        positions[2, CB] = positions[0, CB] + [distance, 0, 0]
        assert failures(positions, mask, aatype) == [[], expected]
        mask[[0, 2], CB], mask[0, CA], mask[2, CB] = 0, 1, 1
        positions[0, CA] = positions[2, CB] - [0, distance, 0]
        assert failures(positions, mask, aatype) == [expected[:1], expected[1:]]


def test_disulfide_is_not_a_clash_and_overlapping_sulfurs_are():
    positions, mask, aatype = ideal_target("CAC", STRAND)
    mask[:] = 0
    mask[[0, 2], SG] = 1
    for distance, expected in ((2.03, []), (1.05, []), (1.0, [0, 2])):
        positions[2, SG] = positions[0, SG] + [0, 0, distance]
        assert failures(positions, mask, aatype) == [[], expected]


def test_peptide_bond_is_no_clash_within_a_chain_only():
    positions, mask, aatype = ideal_target("AA", STRAND)
    assert failures(positions, mask, aatype, chain_index=np.array([0, 0])) == [[], []]
    assert failures(positions, mask, aatype, chain_index=np.array([0, 1])) == [[0, 1], []]


def test_wrong_hand_of_threonine_side_chain_fails_the_side_chain():
    # Exchanging the names of OG1 and CG2 turns the hand at Cβ; lengths and angles stay within their limits.
    positions, mask, aatype = ideal_target("AATAA", STRAND)
    slots = [ATOM_INDEX["OG1"], ATOM_INDEX["CG2"]]
    positions[2, slots] = positions[2, slots[::-1]]
    assert failures(positions, mask, aatype)[1] == [2]
    assert failures(positions, mask, aatype, chirality=False) == [[], []]


def test_residue_of_unknown_type_is_not_checked():
    positions, mask, aatype = ideal_target("AAA", STRAND)
    positions[1, CB] = positions[1, CA]
    assert failures(positions, mask, aatype) == [[1], [1]]
    assert failures(positions, mask, np.where(np.arange(3) == 1, 20, RESTYPE_INDEX["A"])) == [[], []]


def test_models_are_checked_each_with_its_own_types():
    positions, mask, aatype = ideal_target("AAA", STRAND)
    wrong = positions.copy()
    wrong[1, CB] += 0.5 * (positions[1, CB] - positions[1, CA])
    types = np.stack([aatype, np.full(3, RESTYPE_INDEX["G"])])
    found = stereochemistry_failures(np.stack([wrong, wrong]), np.stack([mask, mask]), types)
    np.testing.assert_array_equal(found.backbone, [[False, True, False], [False] * 3])
