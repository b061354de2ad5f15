"""The Ramachandran table: known conformations, laws of the lookup, classes, what nonsense scores."""

import numpy as np
import pytest

from sciml.data.residue_constants import RESTYPE_INDEX
from sciml.structure.scores.backbone_torsions import backbone_torsions, dihedral_degrees, peptide_bonds
from sciml.structure.scores.ramachandran import (
    CLASSES,
    REGIONS,
    TABLE_PATH,
    interpolate_periodic,
    ramachandran_classes,
    ramachandran_log_density,
    ramachandran_regions,
    ramachandran_table,
)
from tests.structure.folded_chain import backbone

GENERAL, GLYCINE, PROLINE, PRE_PROLINE = range(4)


def _region(phi, psi, restype_class):
    number = ramachandran_regions(np.array([phi]), np.array([psi]), np.array([restype_class]))[0]
    return REGIONS[number] if number >= 0 else None


@pytest.mark.parametrize(
    ("phi", "psi", "restype_class", "region"),
    [
        (-60.0, -45.0, GENERAL, "favoured"),  # α-helix
        (-120.0, 130.0, GENERAL, "favoured"),  # β-strand
        (-65.0, 140.0, GENERAL, "favoured"),  # polyproline II
        (57.0, 45.0, GENERAL, "favoured"),  # left-handed helix
        (75.0, -60.0, GENERAL, "outlier"),
        (0.0, 0.0, GENERAL, "outlier"),
        (120.0, -60.0, GENERAL, "outlier"),
        (-60.0, -45.0, GLYCINE, "favoured"),
        (60.0, 45.0, GLYCINE, "favoured"),
        (85.0, 180.0, GLYCINE, "favoured"),
        (0.0, 0.0, GLYCINE, "outlier"),
        (-65.0, 145.0, PROLINE, "favoured"),
        (-60.0, -30.0, PROLINE, "favoured"),
        (-120.0, 130.0, PROLINE, "outlier"),  # the ring holds phi near -65
        (60.0, 45.0, PROLINE, "outlier"),
        (-70.0, 145.0, PRE_PROLINE, "favoured"),
        (-100.0, 0.0, PRE_PROLINE, "outlier"),  # the next ring is in the way
        (-100.0, 0.0, GENERAL, "favoured"),
    ],
)
def test_known_conformations(phi, psi, restype_class, region) -> None:
    assert _region(phi, psi, restype_class) == region


def test_the_map_is_periodic_and_continuous() -> None:
    rng = np.random.default_rng(0)
    phi, psi = rng.uniform(-180, 180, (2, 400))
    classes = rng.integers(0, 4, 400)
    here = ramachandran_log_density(phi, psi, classes)
    np.testing.assert_allclose(ramachandran_log_density(phi + 360, psi - 720, classes), here, atol=1e-9)
    for edge in (-180.0, 180.0):
        inside, outside = (
            ramachandran_log_density(np.full(400, edge + e), psi, classes) for e in (-1e-7, 1e-7)
        )
        np.testing.assert_allclose(inside, outside, atol=1e-5)


def test_interpolation_meets_the_nodes_and_their_middle() -> None:
    table = np.zeros((1, 4, 4))
    table[0, 1, 2], table[0, 2, 2] = 1.0, 3.0  # at phi -90 and 0, psi 0
    at = interpolate_periodic(
        table, np.array([-90.0, 0, -45, -45]), np.array([0.0, 0, 0, 45]), np.zeros(4, int)
    )
    np.testing.assert_allclose(at, [1.0, 3.0, 2.0, 1.0])


def test_each_density_integrates_to_one_and_levels_are_in_order() -> None:
    table = ramachandran_table()
    step = 360 / table.log_density.shape[-1]
    np.testing.assert_allclose(np.exp(table.log_density).sum((1, 2)) * step**2, 1.0, atol=0.02)
    assert (table.favoured > table.allowed).all()
    assert (table.residues > 1500).all()
    assert TABLE_PATH.stat().st_size < 100_000


def test_regions_hold_their_shares_of_the_density_but_for_what_smoothing_spreads() -> None:
    table = ramachandran_table()
    for number in range(len(CLASSES)):
        density = np.exp(table.log_density[number])
        for level, low, high in (
            (table.favoured[number], 0.93, 0.985),
            (table.allowed[number], 0.98, 0.9995),
        ):
            share = density[table.log_density[number] >= level].sum() / density.sum()
            assert low < share < high


def test_most_random_torsions_are_not_favoured() -> None:
    phi, psi = np.random.default_rng(1).uniform(-180, 180, (2, 4000))
    regions = ramachandran_regions(phi, psi, np.full(4000, GENERAL))
    assert (regions == REGIONS.index("outlier")).mean() > 0.55
    assert (regions == REGIONS.index("favoured")).mean() < 0.22
    mirrored = ramachandran_regions(-np.full(9, -120.0), -np.full(9, 130.0), np.full(9, GENERAL))
    assert (mirrored == REGIONS.index("outlier")).all()


def test_glycine_is_nearly_its_own_mirror_image() -> None:
    angles = np.arange(-178.0, 180, 4)
    phi, psi = (grid.ravel() for grid in np.meshgrid(angles, angles))
    here, there = (ramachandran_regions(s * phi, s * psi, np.full(len(phi), GLYCINE)) > 0 for s in (1, -1))
    assert (here == there).mean() > 0.8
    general = [ramachandran_regions(s * phi, s * psi, np.full(len(phi), GENERAL)) > 0 for s in (1, -1)]
    assert (general[0] == general[1]).mean() < 0.65


def test_classes_by_hand() -> None:
    aatype = np.array([RESTYPE_INDEX[letter] for letter in "AGPPGPXPA"])
    bonded = np.ones(8, bool)
    names = [CLASSES[n] if n >= 0 else None for n in ramachandran_classes(aatype, bonded)]
    assert names == [
        "general",
        "glycine",
        "proline",
        "proline",
        "glycine",
        "proline",
        None,
        "proline",
        "general",
    ]
    aatype = np.array([RESTYPE_INDEX[letter] for letter in "APAP"])
    assert ramachandran_classes(aatype, np.array([True, True, False])).tolist() == [3, 2, 0, 2]


def test_unknown_angles_and_types_have_no_region() -> None:
    assert _region(np.nan, -45.0, GENERAL) is None
    assert _region(-60.0, np.nan, GENERAL) is None
    assert _region(-60.0, -45.0, -1) is None


def test_torsions_are_those_that_the_chain_was_built_with() -> None:
    torsions = [(-60.0, -45.0), (-120.0, 130.0), (57.0, 45.0), (-75.0, 150.0), (170.0, -170.0)]
    chain = backbone(torsions)
    phi, psi, omega = backbone_torsions(chain, peptide_bonds(chain))
    np.testing.assert_allclose(phi[1:], [pair[0] for pair in torsions[1:]], atol=1e-6)
    np.testing.assert_allclose(psi[:-1], [pair[1] for pair in torsions[:-1]], atol=1e-6)
    np.testing.assert_allclose(np.abs(omega[1:]), 180, atol=1e-6)
    assert np.isnan([phi[0], psi[-1], omega[0]]).all()
    mirror = backbone_torsions(chain * [1, 1, -1], peptide_bonds(chain))
    np.testing.assert_allclose(mirror[0][1:], -phi[1:], atol=1e-6)


def test_torsions_stop_at_breaks_and_missing_atoms() -> None:
    chain = backbone([(-60.0, -45.0)] * 6)
    chain[3:] += [0, 0, 5.0]
    chain[1, 1] = np.nan
    bonded = peptide_bonds(chain)
    assert bonded.tolist() == [True, True, False, True, True]
    phi, psi, _ = backbone_torsions(chain, bonded)
    assert np.isfinite(phi).tolist() == [False, False, True, False, True, True]
    assert np.isfinite(psi).tolist() == [True, False, False, True, True, False]
    assert not peptide_bonds(chain, np.array(list("AAAABB")))[3]


def test_points_in_a_line_have_no_dihedral() -> None:
    line = np.arange(4.0)[:, None] * [1.0, 0, 0]
    assert np.isnan(dihedral_degrees(*line))
