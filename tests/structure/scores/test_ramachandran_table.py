"""How the Ramachandran table is made: densities of known distributions, shares of fresh draws, filters."""

import numpy as np
import pytest

from benchmarks.structure import ramachandran_table as making
from sciml.data.chains import ChainRecord
from sciml.structure.scores.ramachandran import interpolate_periodic


def _draws(seed, count):
    """(4 * count, 3): clouds of 20 degrees about the corner (180, 180), class 0 with a second one."""
    rng = np.random.default_rng(seed)
    angles = rng.normal(180, 20, (4 * count, 2))
    classes = np.repeat(np.arange(4), count)
    angles[: count // 4] -= 150
    return np.column_stack([(angles + 180) % 360 - 180, classes])


def test_regions_hold_the_stated_shares_of_fresh_draws() -> None:
    table = making.make_table(_draws(0, 6000))
    fresh = _draws(1, 6000)
    density = interpolate_periodic(table.log_density, fresh[:, 0], fresh[:, 1], fresh[:, 2].astype(int))
    for number in range(4):
        of_class = density[fresh[:, 2] == number]
        assert (of_class >= table.favoured[number]).mean() == pytest.approx(0.98, abs=0.008)
        assert (of_class >= table.allowed[number]).mean() == pytest.approx(0.998, abs=0.002)
    assert table.residues.tolist() == [6000] * 4


def test_density_of_a_cloud_is_that_of_its_normal_distribution() -> None:
    density, own = making.smoothed_density(_draws(0, 6000)[-6000:, :2])
    assert density.sum() * making.FINE_DEGREES**2 == pytest.approx(1.0)
    # A cloud of 20 degrees under kernels of 4 to 12 has a variance of 20² + 4² to 20² + 12² at its centre.
    assert 1 / (2 * np.pi * (400 + 144)) < density[0, 0] < 1.1 / (2 * np.pi * 400)
    assert own.max() <= 1 / (6000 * 2 * np.pi * making.NARROWEST_DEGREES**2) * 1.01


def test_the_same_data_make_the_same_table() -> None:
    first, second = (making.make_table(_draws(2, 500)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_residues_near_ends_of_stretches_are_left_out() -> None:
    bonded = np.ones(15, bool)
    assert np.flatnonzero(making._is_inner(bonded)).tolist() == list(range(3, 13))
    bonded[7] = False  # residues 0..7 and 8..15
    assert np.flatnonzero(making._is_inner(bonded)).tolist() == [3, 4, 11, 12]


@pytest.mark.parametrize(
    ("atoms", "resolution", "method", "is_used"),
    [
        ("all", 2.0, "X-RAY DIFFRACTION", True),
        ("all", 2.1, "X-RAY DIFFRACTION", False),
        ("all", None, "X-RAY DIFFRACTION", False),
        ("all", 1.0, "SOLUTION NMR", False),
        ("backbone", 1.0, "X-RAY DIFFRACTION", False),
    ],
)
def test_which_chains_are_used(atoms, resolution, method, is_used) -> None:
    record = ChainRecord("c", "train", 50, "c", atoms, resolution, method, "s.npz", 0)
    assert making.is_well_determined(record) == is_used
