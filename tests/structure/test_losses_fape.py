"""Frame-aligned point error: hand cases, invariance, renaming, gradients."""

import math

import pytest
import torch

from sciml.data.residue_constants import ATOM14_NAMES, RESTYPE_INDEX, atom14_mask
from sciml.structure.losses.fape import (
    backbone_fape,
    frame_aligned_point_error,
    rename_truth,
    sidechain_fape,
)
from sciml.structure.rigid import Rigid, quat_to_rot
from sciml.structure.training_labels import atom37_from_atom14, structure_labels
from tests.structure.ideal_chain import ideal_chain


def _frames(*shape: int, seed: int = 0) -> Rigid:
    generator = torch.Generator().manual_seed(seed)
    quaternion = torch.randn(*shape, 4, generator=generator, dtype=torch.float64)
    quaternion = quaternion / quaternion.norm(dim=-1, keepdim=True)
    return Rigid(
        quat_to_rot(quaternion), 5 * torch.randn(*shape, 3, generator=generator, dtype=torch.float64)
    )


def _points(*shape: int, seed: int = 1) -> torch.Tensor:
    return 5 * torch.randn(*shape, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def _ones(*shape: int) -> torch.Tensor:
    return torch.ones(*shape, dtype=torch.float64)


@pytest.mark.parametrize(
    ("shift", "clamp", "expected"), [(3.0, 10.0, 0.3), (30.0, 10.0, 1.0), (30.0, None, 3.0)]
)
def test_one_point_off_by_a_shift_costs_it_in_units_of_ten_angstrom(
    shift: float, clamp: float | None, expected: float
) -> None:
    frame = Rigid.identity((1,), _ones(1))
    point = torch.zeros(1, 3, dtype=torch.float64)
    moved = torch.tensor([[0, shift, 0]], dtype=torch.float64)
    error = frame_aligned_point_error(frame, frame, _ones(1), moved, point, _ones(1), clamp_angstrom=clamp)
    assert float(error) == pytest.approx(expected, rel=2e-4)


def test_clamped_fraction_mixes_the_two_errors_in_each_example() -> None:
    frames, truth = _frames(3, 4), _frames(3, 4, seed=5)
    points = (_points(3, 6) * 4, _points(3, 6, seed=2) * 4, _ones(3, 6))
    arguments = (frames, truth, _ones(3, 4), *points)
    clamped = frame_aligned_point_error(*arguments)
    free = frame_aligned_point_error(*arguments, clamp_angstrom=None)
    fraction = torch.tensor([1.0, 0.25, 0.0], dtype=torch.float64)
    mixed = frame_aligned_point_error(*arguments, clamped_fraction=fraction)
    torch.testing.assert_close(mixed, fraction * clamped + (1 - fraction) * free)
    assert (free > clamped).all()


def test_a_moved_prediction_costs_the_same_and_a_mirrored_one_more() -> None:
    truth_frames, truth_points = _frames(5), _points(8)
    motion = _frames(1, seed=7)
    moved_frames, moved_points = motion.compose(truth_frames), motion.apply(truth_points)

    def cost(frames: Rigid, points: torch.Tensor) -> float:
        return float(
            frame_aligned_point_error(frames, truth_frames, _ones(5), points, truth_points, _ones(8))
        )

    perfect = math.sqrt(1e-4) / 10  # the square root is softened at zero
    assert cost(truth_frames, truth_points) == pytest.approx(perfect, rel=1e-4)
    assert cost(moved_frames, moved_points) == pytest.approx(perfect, rel=1e-4)
    mirror = torch.tensor([-1.0, 1, 1], dtype=torch.float64)
    mirrored = Rigid(mirror[:, None] * truth_frames.rotation * mirror, truth_frames.translation * mirror)
    assert cost(mirrored, truth_points * mirror) > 0.2


def test_masks_remove_frames_points_and_pairs() -> None:
    frames, truth, points, target = _frames(4), _frames(4, seed=5), _points(6), _points(6, seed=2)
    frames_mask, points_mask = _ones(4), _ones(6)
    frames_mask[1] = points_mask[2] = 0
    keep_frames, keep_points = torch.tensor([0, 2, 3]), torch.tensor([0, 1, 3, 4, 5])
    alone = frame_aligned_point_error(
        frames[keep_frames], truth[keep_frames], _ones(3), points[keep_points], target[keep_points], _ones(5)
    )
    masked = frame_aligned_point_error(frames, truth, frames_mask, points, target, points_mask)
    pairs = frame_aligned_point_error(
        frames, truth, _ones(4), points, target, _ones(6), pair_mask=frames_mask[:, None] * points_mask
    )
    torch.testing.assert_close(masked, alone)
    torch.testing.assert_close(pairs, alone)


def test_large_coordinates_keep_their_precision_in_float32() -> None:
    frames, points = _frames(30), _points(30)
    far = Rigid(torch.eye(3, dtype=torch.float64), torch.tensor([300.0, -200, 100], dtype=torch.float64))
    noisy = points + 0.1 * _points(30, seed=9)
    arguments = (far[None].compose(frames), frames, _ones(30), far.apply(noisy), points, _ones(30))
    exact = frame_aligned_point_error(*arguments)
    single = [
        Rigid(a.rotation.float(), a.translation.float()) if isinstance(a, Rigid) else a.float()
        for a in arguments
    ]
    assert float(frame_aligned_point_error(*single)) == pytest.approx(float(exact), rel=1e-4)  # type: ignore[arg-type]


def test_backbone_fape_has_one_value_for_each_layer_and_example() -> None:
    trajectory = torch.cat([_frames(2, 3, 5).to_tensor7()], dim=-1)
    target = trajectory[:, 1].clone()
    error = backbone_fape(trajectory, target, _ones(2, 5))
    assert error.shape == (2, 3)
    assert error[:, 1].tolist() == pytest.approx([1e-3, 1e-3], rel=1e-3)
    assert (error[:, [0, 2]] > 0.1).all()


def _side_chains(sequence: str) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    aatype, atom14 = ideal_chain(sequence)
    mask = torch.tensor(atom14_mask(), dtype=torch.float64)[aatype]
    positions, known = atom37_from_atom14(aatype[None], atom14[None], mask[None])
    labels = structure_labels(aatype[None], positions, known, torch.ones(1))
    return aatype[None], atom14[None], labels


def _swap(atom14: torch.Tensor, residue: int, name: str, first: str, second: str) -> None:
    slots = [ATOM14_NAMES[name].index(atom) for atom in (first, second)]
    atom14[:, residue, slots] = atom14[:, residue, slots[::-1]].clone()


def test_truth_is_renamed_where_the_prediction_uses_the_other_names() -> None:
    aatype, atom14, labels = _side_chains("AFDEYAL")
    predicted = atom14.clone()
    _swap(predicted, 1, "PHE", "CD1", "CD2")
    _swap(predicted, 1, "PHE", "CE1", "CE2")
    _swap(predicted, 3, "GLU", "OE1", "OE2")
    truth = rename_truth(predicted, labels)
    assert truth.alternative_is_better.tolist() == [[0, 1, 0, 1, 0, 0, 0]]
    torch.testing.assert_close(truth.positions[:, [1, 3]].float(), predicted[:, [1, 3]].float())
    frames = Rigid.from_tensor12(labels["rigidgroups_gt_frames"])
    alternative = Rigid.from_tensor12(labels["rigidgroups_alt_gt_frames"])
    rotation = frames.rotation.clone()
    rotation[:, [1, 3]] = alternative.rotation[:, [1, 3]]
    exist = labels["rigidgroups_gt_exists"]
    renamed = sidechain_fape(Rigid(rotation, frames.translation), predicted, truth, exist)
    assert float(renamed) == pytest.approx(1e-3, rel=0.05)
    assert int(aatype[0, 1]) == RESTYPE_INDEX["F"]


def test_gradients_match_finite_differences() -> None:
    truth, target = _frames(3, seed=5), _points(4, seed=2)
    quaternion = torch.nn.functional.normalize(_points(3)[:, [0, 1, 2, 0]], dim=-1)
    translation, points = _points(3).requires_grad_(), _points(4).requires_grad_()

    def error(q: torch.Tensor, t: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        fraction = torch.tensor(0.9, dtype=torch.float64)
        return frame_aligned_point_error(
            Rigid(quat_to_rot(q), t), truth, _ones(3), p, target, _ones(4), clamped_fraction=fraction
        )

    assert torch.autograd.gradcheck(error, (quaternion.requires_grad_(), translation, points))


def test_gradient_of_a_perfect_prediction_is_finite() -> None:
    points = _points(4).requires_grad_()
    frames = _frames(3)
    frame_aligned_point_error(frames, frames, _ones(3), points, points.detach(), _ones(4)).backward()
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()
