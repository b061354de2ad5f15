"""Hydrogen bonds by hand: the energy of a straight one, its limits, which are kept."""

import numpy as np
import pytest

from sciml.structure.scores.hydrogen_bonds import amide_hydrogens, hydrogen_bonds

FAR = 100.0


def _acceptor_and_donor(gap: float) -> tuple[np.ndarray, np.ndarray]:
    """A C=O and, two residues on, an N-H in one line with it; O and H are `gap` Å apart."""
    backbone = np.full((3, 4, 3), FAR)
    backbone[:, :, 1] = np.arange(12).reshape(3, 4) * 10.0  # all other atoms far from one another
    hydrogens = np.full((3, 3), np.nan)
    backbone[0, 2], backbone[0, 3] = [0.0, 0, 0], [1.23, 0, 0]
    hydrogens[2], backbone[2, 0] = [1.23 + gap, 0, 0], [2.23 + gap, 0, 0]
    backbone[:, 1] = [[0.0, 1, 0], [FAR, FAR, FAR], [4.0, 1, 0]]
    return backbone, hydrogens


def test_energy_of_a_straight_bond_by_hand() -> None:
    bonds = hydrogen_bonds(*_acceptor_and_donor(1.9))
    # r(ON) 2.9, r(CH) 3.13, r(OH) 1.9, r(CN) 4.13 Å: 27.888 x (0.344828 + 0.319489 - 0.526316 - 0.242131)
    assert bonds.acceptor_energy[2, 0] == bonds.donor_energy[0, 0] == -2.904
    assert bonds.acceptor[2].tolist() == [0, -1]
    assert bonds.donor[0].tolist() == [2, -1]
    assert bonds.pairs().tolist() == [[2, 0]]


def test_a_bond_ends_at_half_a_kilocalorie() -> None:
    near, far = (hydrogen_bonds(*_acceptor_and_donor(gap)) for gap in (4.3, 4.5))
    # 27.888 x (1/5.3 + 1/5.53 - 1/4.3 - 1/6.53) = -0.451; so the bond must break between 1.9 and 4.3 Å
    assert near.acceptor_energy[2, 0] == pytest.approx(-0.451, abs=1e-9)
    assert len(near.pairs()) == 0
    assert far.acceptor_energy[2, 0] > near.acceptor_energy[2, 0]
    assert hydrogen_bonds(*_acceptor_and_donor(4.0)).pairs().tolist() == [[2, 0]]  # -0.547


def test_atoms_that_coincide_have_the_lowest_energy_and_no_warning() -> None:
    assert hydrogen_bonds(*_acceptor_and_donor(0.0)).acceptor_energy[2, 0] == -9.9


def test_residues_without_a_hydrogen_do_not_donate() -> None:
    backbone, hydrogens = _acceptor_and_donor(1.9)
    hydrogens[2] = np.nan
    assert (hydrogen_bonds(backbone, hydrogens).acceptor == -1).all()


def test_residues_nine_angstrom_apart_are_not_looked_at() -> None:
    for distance, bonded in ((8.99, True), (9.01, False)):
        backbone, hydrogens = _acceptor_and_donor(1.9)
        backbone[2, 1] = backbone[0, 1] + [0, 0, distance]
        assert len(hydrogen_bonds(backbone, hydrogens).pairs()) == bonded


def test_the_hydrogen_lies_opposite_to_the_carbonyl_before() -> None:
    backbone = np.zeros((2, 4, 3))
    backbone[0, 2], backbone[0, 3], backbone[1, 0] = [1.0, 0, 0], [1.0, 1.23, 0], [2.0, -1, 0]
    hydrogens = amide_hydrogens(backbone)
    assert np.isnan(hydrogens[0]).all()
    np.testing.assert_allclose(hydrogens[1], [2.0, -2, 0])


def test_only_the_two_strongest_acceptors_of_a_donor_are_kept() -> None:
    rng = np.random.default_rng(5)
    backbone = rng.uniform(0, 8, (30, 4, 3))  # everything near everything
    hydrogens = backbone[:, 0] + [0, 0, 1.0]
    bonds = hydrogen_bonds(backbone, hydrogens)
    for donor in range(30):
        energies = {}
        for acceptor in range(30):
            near = np.linalg.norm(backbone[donor, 1] - backbone[acceptor, 1]) < 9
            if near and acceptor not in (donor, donor - 1):
                (n, h), (c, o) = (backbone[donor, 0], hydrogens[donor]), backbone[acceptor, 2:]
                r = [np.linalg.norm(a - b) for a, b in ((o, n), (c, h), (o, h), (c, n))]
                energy = 27.888 * (1 / r[0] + 1 / r[1] - 1 / r[2] - 1 / r[3])
                energies[acceptor] = -9.9 if min(r) < 0.5 else max(round(energy, 3), -9.9)
        expected = sorted((energy, acceptor) for acceptor, energy in energies.items() if energy < 0)[:2]
        found = zip(bonds.acceptor_energy[donor], bonds.acceptor[donor], strict=True)
        assert [pair for pair in found if pair[1] >= 0] == [pytest.approx(pair) for pair in expected]
