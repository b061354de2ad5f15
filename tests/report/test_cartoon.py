import numpy as np
import pytest

from sciml.report.cartoon import COIL, HELIX, STRAND, ribbon, secondary_structure
from sciml.report.raster import Canvas
from sciml.report.structure_picture import joined_pieces, structure_image


def make_helix(residues: int = 20) -> np.ndarray:
    """Cα atoms of an ideal right-handed α helix: radius 2.3 Å, 100° and 1.5 Å a residue."""
    angle = np.deg2rad(100) * np.arange(residues)
    return np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(residues)], axis=-1)


def make_strand(residues: int, y: float = 0.0) -> np.ndarray:
    """Cα atoms of a pleated strand: 3.3 Å a residue, 0.9 Å up and down."""
    steps = np.arange(residues)
    return np.stack([3.3 * steps, np.full(residues, y), 0.9 * (-1.0) ** steps], axis=-1)


def random_rotation(seed: int) -> np.ndarray:
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return matrix * np.sign(np.linalg.det(matrix))


def test_an_ideal_helix_is_a_helix_and_its_mirror_image_is_not():
    assert (secondary_structure(make_helix()) == HELIX).all()
    assert (secondary_structure(make_helix() * [1, 1, -1]) == COIL).all()


def test_a_strand_is_named_only_beside_another_strand():
    alone = make_strand(8)
    pair = np.concatenate([alone, make_strand(8, y=4.8)[::-1]])
    assert (secondary_structure(alone) == COIL).all()
    kinds = secondary_structure(pair)
    assert (kinds[:7] == STRAND).all()
    assert (kinds[9:] == STRAND).all()


@pytest.mark.parametrize("residues", [2, 3, 4, 5, 30])
def test_the_ribbon_turns_with_the_chain(residues):
    ca, rotation = make_helix(residues), random_rotation(residues)
    before, after = ribbon(ca, 0.2), ribbon(ca @ rotation.T, 0.2)
    np.testing.assert_allclose(after.centre, before.centre @ rotation.T, atol=1e-9)
    assert (after.residue != before.residue).sum() <= 1  # a point half-way between two residues
    np.testing.assert_allclose(after.half_width, before.half_width)
    if residues > 2:  # a single bond has no direction of bending
        np.testing.assert_allclose(after.across, before.across @ rotation.T, atol=1e-6)


def test_the_ribbon_passes_through_the_atoms_of_a_helix_evenly_and_squarely():
    ca = make_helix()
    axis = ribbon(ca, 0.05)
    nearest = np.linalg.norm(axis.centre[None] - ca[:, None], axis=-1).min(axis=1)
    assert nearest.max() < 0.03
    steps = np.linalg.norm(np.diff(axis.centre, axis=0), axis=-1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.06)
    np.testing.assert_allclose(np.linalg.norm(axis.across, axis=-1), 1)
    np.testing.assert_allclose((axis.across * axis.through).sum(-1), 0, atol=1e-9)
    middle = slice(len(axis.centre) // 4, -len(axis.centre) // 4)
    assert np.abs(axis.across[middle, 2]).min() > 0.9  # the width of a helix lies along its axis


def test_a_helix_is_drawn_wider_than_a_loop():
    helix = ribbon(make_helix(), 0.1).half_width
    loop = ribbon(make_strand(20), 0.1).half_width
    assert helix[:, 0].max() > 3 * loop[:, 0].max()


def test_the_nearest_point_hides_the_others():
    canvas = Canvas(4, 4, 1.0)
    towards = np.array([[0, 0, 1]], np.float32)
    for depth, colour in ((1.0, [1, 0, 0]), (3.0, [0, 1, 0]), (2.0, [0, 0, 1])):
        canvas.add(np.array([[0.5, 0.5, depth]], np.float32), towards, np.array([colour], np.float32))
    pixel = canvas.image(reduce_by=1)[1, 2]
    assert pixel.argmax() == 1


def test_points_outside_the_picture_and_facing_away_are_not_drawn():
    canvas = Canvas(4, 4, 1.0)
    colour = np.zeros((1, 3), np.float32)
    canvas.add(np.array([[9.0, 0, 0]], np.float32), np.array([[0, 0, 1]], np.float32), colour)
    canvas.add(np.array([[0.0, 0, 0]], np.float32), np.array([[0, 0, -1]], np.float32), colour)
    np.testing.assert_array_equal(canvas.image(reduce_by=1), 1.0)


def test_a_picture_does_not_depend_on_how_the_chain_is_turned():
    ca, plddt = make_helix(24), np.full(24, 95.0)
    ca[:, 0] += 0.02 * np.arange(24) ** 2  # bent, so that all three axes differ
    first = structure_image(ca, plddt, 200, 150)
    second = structure_image(ca @ random_rotation(5).T + [10, -7, 3], plddt, 200, 150)
    drawn = (first < 0.99).any(axis=-1)
    assert 0.05 < drawn.mean() < 0.9
    upside_down = second[::-1, :]  # the sign of the second axis is not fixed by the shape
    difference = min(np.abs(first - second).mean(), np.abs(first.mean(-1) - upside_down.mean(-1)).mean())
    assert difference < 0.02


def test_a_surface_has_no_holes():
    image = structure_image(make_helix(8), np.full(8, 95.0), 300, 300)
    white = (image > 0.995).all(axis=-1)
    inside = ~white
    padded = np.pad(white, 1, constant_values=True)
    neighbours = sum(
        (~np.roll(padded, (dy, dx), (0, 1))[1:-1, 1:-1]).astype(int)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (dy, dx) != (0, 0)
    )
    assert inside.sum() > 1000
    assert not (white & (neighbours == 8)).any()


def test_the_colour_of_the_picture_is_that_of_the_confidence():
    blue = structure_image(make_helix(), np.full(20, 95.0), 200, 150)
    orange = structure_image(make_helix(), np.full(20, 30.0), 200, 150)
    mean_of = [image[(image < 0.9).any(-1)].mean(axis=0) for image in (blue, orange)]
    assert mean_of[0].argmax() == 2
    assert mean_of[1].argmax() == 0


def test_the_chain_is_broken_where_residues_are_missing_or_far_apart():
    ca = np.zeros((9, 3))
    ca[:, 0] = 3.8 * np.arange(9)
    ca[3] = np.nan
    ca[7:] += 20
    assert joined_pieces(ca) == [(0, 3), (4, 7), (7, 9)]
    assert structure_image(ca, np.full(9, 80.0), 100, 100).shape == (100, 100, 3)


@pytest.mark.parametrize("ca", [np.zeros((1, 3)), np.full((5, 3), np.nan)])
def test_nothing_to_draw_is_refused(ca):
    with pytest.raises(ValueError, match="at least two consecutive residues"):
        structure_image(ca, np.full(len(ca), 80.0))
