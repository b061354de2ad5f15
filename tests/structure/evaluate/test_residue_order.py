import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.residue_constants import ATOM_INDEX
from sciml.structure.evaluate.residue_order import doubtful_residues
from tests.data.synthetic_atoms import random_atoms

CA = ATOM_INDEX["CA"]


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
