import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX
from sciml.structure.evaluate.matching import match_residues
from sciml.structure.evaluate.residue_order import doubtful_residues
from tests.data.synthetic_atoms import random_atoms, random_sequence

CA = ATOM_INDEX["CA"]
SEQUENCE = random_sequence(120, seed=3)


def chain(numbers, x):
    """Glycines at x Å along a line."""
    atoms = random_atoms("G" * len(numbers), numbers=np.array(numbers))
    atoms.positions[:, CA] = np.stack([x, np.zeros(len(x)), np.zeros(len(x))], axis=1)
    return atoms


def test_a_residue_out_of_order_is_doubtful_unless_it_lies_beside_its_neighbour():
    place = {1: 0.0, 2: 3.8, 3: 7.6, 4: 11.4, 5: 15.2}
    numbers = [1, 2, 4, 5, 3]
    assert not doubtful_residues(chain(numbers, [place[n] for n in numbers])).any()
    far = [*(place[n] for n in numbers[:-1]), 40.0]
    assert doubtful_residues(chain(numbers, far)).tolist() == [False] * 4 + [True]
    without_ca = chain(numbers, [place[n] for n in numbers])
    without_ca.mask[4, CA] = 0
    assert doubtful_residues(without_ca)[4]


def test_a_residue_without_neighbours_in_number_cannot_be_confirmed():
    assert doubtful_residues(chain([1, 2, 9, 3, 4], [0, 4, 8, 12, 16])).tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=30, unique=True))
def test_no_fewer_residues_than_possible_are_doubtful(numbers):
    """All Cα far apart, so that every residue out of order is doubtful; the rest is a longest rising run."""
    is_doubtful = doubtful_residues(chain(numbers, 100.0 * np.arange(len(numbers))))
    kept = np.array(numbers)[~is_doubtful]
    assert (np.diff(kept) > 0).all()
    longest = []
    for end, number in enumerate(numbers):
        longest.append(1 + max((longest[k] for k in range(end) if numbers[k] < number), default=0))
    assert len(kept) == max(longest)


def ca_trace(sequence: str) -> ProteinAtoms:
    """Residues 3.8 Å apart along a helix of points, so that neighbours in number are neighbours in space."""
    atoms = random_atoms(sequence)
    turn = np.arange(len(sequence)) * 1.745
    rise = 1.5 * np.arange(len(sequence))
    ca = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), rise], axis=1)
    atoms.positions[:, CA] = ca
    return atoms


def test_residues_written_after_the_chain_keep_their_numbers():
    """As some programs write modified residues: number and place in space agree, the order does not."""
    moved = [10, 11, 50, 80]
    order = np.array([*(place for place in range(120) if place not in moved), *moved])
    for model, target in (
        (ca_trace(SEQUENCE).select(order), ca_trace(SEQUENCE)),
        (ca_trace(SEQUENCE), ca_trace(SEQUENCE).select(order)),
    ):
        matched = match_residues(model, target)
        assert matched.matched_by == "number"
        assert matched.coverage == 1.0
        there = model.residue_index[matched.model_index]
        np.testing.assert_array_equal(there, matched.target.residue_index)


def test_a_residue_with_a_wrong_number_of_its_own_type_is_left_out_and_said():
    """Residue 21 is called 100, where the target has a residue of that type and the model has none."""
    letters = list(SEQUENCE)
    letters[99] = letters[20]
    sequence = "".join(letters)
    model = ca_trace(sequence).select(np.array([place for place in range(120) if place != 99]))
    numbers = np.where(model.residue_index == 21, 100, model.residue_index)
    matched = match_residues(ProteinAtoms(**{**vars(model), "residue_index": numbers}), ca_trace(sequence))
    assert matched.model_index[99] == -1
    assert matched.model_index[20] in (-1, 20)
    assert any("their place contradicts their number" in note for note in matched.notes)


def test_a_distorted_model_with_its_residues_in_any_order_is_matched_whole():
    """Its neighbours are too far apart to confirm one another; the types at all numbers do."""
    rng = np.random.default_rng(1)
    target = ca_trace(SEQUENCE)
    model = ca_trace(SEQUENCE)
    model.positions[:, CA] += rng.normal(0, 4, (120, 3))
    for order in (np.arange(120)[::-1], rng.permutation(120), np.roll(np.arange(120), 40)):
        mixed = model.select(order)
        assert doubtful_residues(mixed).any()
        matched = match_residues(mixed, target)
        assert matched.matched_by == "number"
        np.testing.assert_array_equal(mixed.residue_index[matched.model_index], matched.target.residue_index)


def test_numbers_dealt_out_at_random_are_not_believed():
    rng = np.random.default_rng(2)
    model = ca_trace(SEQUENCE)
    wrong = ProteinAtoms(**{**vars(model), "residue_index": rng.permutation(120) + 1})
    matched = match_residues(wrong, ca_trace(SEQUENCE))
    assert matched.matched_by == "alignment"
    np.testing.assert_array_equal(matched.model_index, np.arange(120))
