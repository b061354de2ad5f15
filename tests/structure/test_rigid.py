"""Rigid motions: the laws of a group, hand cases, and agreement with SciPy's rotations."""

import math

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from sciml.structure.rigid import (
    Rigid,
    precompose_update,
    quat_multiply,
    quat_multiply_by_vector,
    quat_to_rot,
    rot_to_quat,
)


def _random(*shape: int, seed: int = 0) -> Rigid:
    generator = torch.Generator().manual_seed(seed)
    quaternion = torch.randn(*shape, 4, generator=generator, dtype=torch.float64)
    quaternion = quaternion / quaternion.norm(dim=-1, keepdim=True)
    return Rigid(
        quat_to_rot(quaternion), 10 * torch.randn(*shape, 3, generator=generator, dtype=torch.float64)
    )


def _points(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_quaternions_turn_as_in_scipy() -> None:
    rotations = Rotation.random(50, random_state=0)
    x, y, z, w = rotations.as_quat().T  # SciPy puts the scalar last
    ours = quat_to_rot(torch.tensor(np.stack([w, x, y, z], axis=-1)))
    torch.testing.assert_close(ours, torch.tensor(rotations.as_matrix()), atol=1e-12, rtol=0)


def test_rot_to_quat_inverts_quat_to_rot_also_at_half_turns() -> None:
    frames = _random(200).rotation
    half_turns = torch.diag_embed(
        torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=torch.float64)
    )
    rotations = torch.cat([frames, half_turns])
    quaternions = rot_to_quat(rotations)
    torch.testing.assert_close(quat_to_rot(quaternions), rotations, atol=1e-12, rtol=0)
    assert (quaternions[:, 0] >= 0).all()


def test_product_of_quaternions_is_the_product_of_rotations() -> None:
    first, second = rot_to_quat(_random(20).rotation), rot_to_quat(_random(20, seed=5).rotation)
    product = quat_to_rot(quat_multiply(first, second))
    torch.testing.assert_close(product, quat_to_rot(first) @ quat_to_rot(second), atol=1e-12, rtol=0)


def test_i_times_j_is_k() -> None:
    i = torch.tensor([0.0, 1, 0, 0])
    assert quat_multiply_by_vector(i, torch.tensor([0.0, 1, 0])).tolist() == [0, 0, 0, 1]


def test_compose_applies_the_inner_motion_first() -> None:
    outer, inner, points = _random(7), _random(7, seed=2), _points(7)
    torch.testing.assert_close(outer.compose(inner).apply(points), outer.apply(inner.apply(points)))


def test_inverse_undoes_and_invert_apply_is_the_inverse_applied() -> None:
    frames, points = _random(4, 3), _points(4, 3)
    torch.testing.assert_close(frames.invert().apply(frames.apply(points)), points)
    torch.testing.assert_close(frames.invert_apply(points), frames.invert().apply(points))
    identity = frames.compose(frames.invert())
    torch.testing.assert_close(
        identity.translation, torch.zeros(4, 3, 3, dtype=torch.float64), atol=1e-12, rtol=0
    )


def test_three_points_place_origin_axis_and_plane() -> None:
    frames = Rigid.from_three_points(
        torch.tensor([-2.0, 0, 0]), torch.tensor([0.0, 0, 0]), torch.tensor([5.0, 3, 0])
    )
    torch.testing.assert_close(frames.rotation, torch.eye(3), atol=1e-6, rtol=0)


def test_backbone_frame_has_c_on_x_and_n_above_it() -> None:
    n, ca, c = _points(3, 10).unbind(0)
    frames = Rigid.from_backbone(n, ca, c)
    local_c, local_n = frames.invert_apply(c), frames.invert_apply(n)
    torch.testing.assert_close(local_c[:, 0], (c - ca).norm(dim=-1), atol=1e-6, rtol=0)
    torch.testing.assert_close(local_c[:, 1:], torch.zeros(10, 2, dtype=torch.float64), atol=1e-6, rtol=0)
    assert (local_n[:, 1] > 0).all()
    torch.testing.assert_close(local_n[:, 2], torch.zeros(10, dtype=torch.float64), atol=1e-6, rtol=0)


def test_frames_from_points_move_with_the_points() -> None:
    motion, points = _random(1), _points(3, 6)
    frames = Rigid.from_three_points(*points.unbind(0))
    moved = Rigid.from_three_points(*motion.apply(points).unbind(0))
    torch.testing.assert_close(moved.rotation, motion.compose(frames).rotation, atol=1e-7, rtol=0)


def test_coincident_points_give_finite_frames_and_gradients() -> None:
    point = torch.zeros(3, requires_grad=True)
    frames = Rigid.from_three_points(point, point, point)
    frames.rotation.sum().backward()
    assert torch.isfinite(frames.rotation).all()
    assert point.grad is not None
    assert torch.isfinite(point.grad).all()


def test_precompose_turns_by_twice_the_arctangent_and_shifts_in_the_old_frame() -> None:
    quarter = torch.tensor([math.cos(math.pi / 4), 0, 0, math.sin(math.pi / 4)])  # 90 degrees about z
    update = torch.tensor([0.0, 0, 1, 1, 0, 0])  # 1 + k is 90 degrees about z; one step along x
    quaternion, translation = precompose_update(quarter, torch.tensor([0.0, 0, 5]), update)
    torch.testing.assert_close(quaternion.abs(), torch.tensor([0.0, 0, 0, 1]), atol=1e-6, rtol=0)
    torch.testing.assert_close(translation, torch.tensor([0.0, 1, 5]), atol=1e-6, rtol=0)


def test_precompose_is_composition_with_the_update() -> None:
    frames = _random(12)
    update = torch.cat([_points(12), _points(12, seed=3)], dim=-1)
    ones = torch.ones(12, 1, dtype=torch.float64)
    inner_quaternion = torch.cat([ones, update[:, :3]], dim=-1)
    inner_quaternion = inner_quaternion / inner_quaternion.norm(dim=-1, keepdim=True)
    expected = frames.compose(Rigid(quat_to_rot(inner_quaternion), update[:, 3:]))
    quaternion, translation = precompose_update(rot_to_quat(frames.rotation), frames.translation, update)
    torch.testing.assert_close(quat_to_rot(quaternion), expected.rotation)
    torch.testing.assert_close(translation, expected.translation)


def test_flat_layouts_round_trip() -> None:
    frames = _random(2, 5)
    for again in (Rigid.from_tensor7(frames.to_tensor7()), Rigid.from_tensor12(frames.to_tensor12())):
        torch.testing.assert_close(again.rotation, frames.rotation)
        torch.testing.assert_close(again.translation, frames.translation)


def test_indexing_touches_leading_dimensions_only() -> None:
    frames, points = _random(3, 4), _points(3, 4)
    assert frames[0].rotation.shape == (4, 3, 3)
    torch.testing.assert_close(frames[0, 2].translation, frames.translation[0, 2])
    torch.testing.assert_close(frames[..., 1].apply(points[:, 1]), frames.apply(points)[:, 1])
    torch.testing.assert_close(frames[:, None].apply(points[:, None])[:, 0], frames.apply(points))
    torch.testing.assert_close(frames[..., None].apply(points[..., None, :])[..., 0, :], frames.apply(points))


def test_gradients_match_finite_differences() -> None:
    update = torch.cat([_points(2), _points(2, seed=3)], dim=-1).requires_grad_()
    start = _random(2)
    quaternion = rot_to_quat(start.rotation)
    assert torch.autograd.gradcheck(lambda u: precompose_update(quaternion, start.translation, u), update)
    assert torch.autograd.gradcheck(
        lambda p: Rigid.from_three_points(*p.unbind(0)).rotation, _points(3, 2).requires_grad_()
    )
    assert torch.autograd.gradcheck(lambda r: rot_to_quat(r), _random(4).rotation.requires_grad_())
