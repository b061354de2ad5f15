"""Superposition against SciPy, in degenerate cases, and its laws."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciml.structure.scores.superposition import best_rotation, superpose, superposed_rmsd, transformed

MANY = 200  # more sets than LAPACK is given


def clouds(sets, atoms, seed=0):
    return 10 * np.random.default_rng(seed).normal(size=(2, sets, atoms, 3))


def square_deviation(mobile, target, rotation, translation):
    return ((transformed(mobile, rotation, translation) - target) ** 2).sum((-1, -2))


@pytest.mark.parametrize("sets", [3, MANY])
@pytest.mark.parametrize("atoms", [3, 4, 30])
def test_rotation_is_that_of_scipy(sets, atoms):
    mobile, target = clouds(sets, atoms)
    weights = np.random.default_rng(1).uniform(0.1, 2, size=(sets, atoms))
    rotation, translation = superpose(mobile, target, weights)
    for i in range(0, sets, 10):
        centres = [np.average(points[i], axis=0, weights=weights[i]) for points in (mobile, target)]
        expected, _ = Rotation.align_vectors(target[i] - centres[1], mobile[i] - centres[0], weights[i])
        np.testing.assert_allclose(rotation[i], expected.as_matrix(), atol=1e-9)
        np.testing.assert_allclose(translation[i], centres[1] - expected.apply(centres[0]), atol=1e-8)


def test_a_point_of_no_weight_has_no_say():
    mobile, target = clouds(1, 6)
    weights = np.array([[1, 1, 1, 1, 1, 0.0]])
    moved = mobile.copy()
    moved[0, 5] += 500
    np.testing.assert_allclose(superpose(moved, target, weights)[0], superpose(mobile, target, weights)[0])


@pytest.mark.parametrize("sets", [1, MANY])
def test_a_motion_is_undone(sets):
    target, _ = clouds(sets, 12)
    turn = Rotation.from_quat(np.random.default_rng(4).normal(size=(sets, 4))).as_matrix()
    mobile = transformed(target, turn, np.full((sets, 3), 40.0))
    rotation, translation = superpose(mobile, target)
    np.testing.assert_allclose(transformed(mobile, rotation, translation), target, atol=1e-9)
    np.testing.assert_allclose(superposed_rmsd(mobile, target), 0, atol=1e-9)


@pytest.mark.parametrize("sets", [1, MANY])
def test_a_mirror_image_is_never_made(sets):
    target, _ = clouds(sets, 12)
    rotation, translation = superpose(target * [1, 1, -1], target)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    # The best proper rotation leaves twice the sum along the thinnest axis of the centred cloud, both ways.
    centred = target - target.mean(1, keepdims=True)
    thinnest = np.linalg.svd(centred, compute_uv=False)[:, 2] ** 2
    found = square_deviation(target * [1, 1, -1], target, rotation, translation)
    np.testing.assert_allclose(found, 4 * thinnest)


@pytest.mark.parametrize("sets", [1, MANY])
def test_points_on_a_line_are_laid_on_the_line(sets):
    along = np.arange(5.0)[:, None]
    mobile = np.broadcast_to(along * [1.0, 0, 0], (sets, 5, 3))
    target = np.broadcast_to(along * [0, -0.6, 0.8] + 7, (sets, 5, 3))
    rotation, translation = superpose(mobile, target)
    np.testing.assert_allclose(transformed(mobile, rotation, translation), target, atol=1e-7)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)


def test_one_point_is_moved_without_a_failure():
    rotation, translation = superpose(np.array([[1.0, 2, 3]]), np.array([[0.0, 0, 9]]))
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    np.testing.assert_allclose(rotation @ [1, 2, 3] + translation, [0, 0, 9])


def test_closed_form_and_lapack_agree():
    covariance = (
        np.random.default_rng(0).normal(size=(MANY, 3, 3)) * 10.0 ** np.arange(-3, 5)[:, None, None, None]
    )
    together = best_rotation(covariance)  # in closed form
    alone = np.array([[best_rotation(one) for one in row] for row in covariance])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_rmsd_of_a_stretched_pair_by_hand():
    # Two points 2 Å apart on two points 6 Å apart: each misses by 2 Å.
    mobile, target = np.array([[0.0, 0, 0], [2, 0, 0]]), np.array([[5.0, 5, 0], [5, 11, 0]])
    assert superposed_rmsd(mobile, target) == pytest.approx(2)
