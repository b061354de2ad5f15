"""Frame-aligned point error of the backbone and of all atoms.

Source: Jumper et al. 2021, Supplementary Algorithms 20 (line 17), 26 (renaming) and 28 (the error itself).
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor

from sciml.structure.rigid import Rigid

LENGTH_UNIT_ANGSTROM = 10.0
CLAMP_ANGSTROM = 10.0
_EPSILON = 1e-4
_MOST_AMBIGUOUS_ATOMS = 4  # of one residue: Cδ and Cε of phenylalanine and tyrosine


def frame_aligned_point_error(
    predicted_frames: Rigid,
    target_frames: Rigid,
    frames_mask: Tensor,
    predicted_points: Tensor,
    target_points: Tensor,
    points_mask: Tensor,
    *,
    clamp_angstrom: float | None = CLAMP_ANGSTROM,
    clamped_fraction: Tensor | None = None,
    pair_mask: Tensor | None = None,
) -> Tensor:
    """Mean distance between predicted and true points, both seen from every frame.

    Args:
        predicted_frames: (..., frame), Å.
        target_frames: (..., frame), Å.
        frames_mask: (..., frame).
        predicted_points: (..., point, 3), Å.
        target_points: (..., point, 3), Å.
        points_mask: (..., point).
        clamp_angstrom: larger distances count as this; None leaves them.
        clamped_fraction: (...), share of the clamped error; the rest is not clamped. 1 by default.
        pair_mask: (..., frame, point), pairs that count; all by default.

    Returns:
        (...), in units of 10 Å; 0 where no pair counts.

    Source: Algorithm 28, with the unclamped share of section 1.11.5.
    """
    distance = (
        _misplacement(predicted_frames, target_frames, predicted_points, target_points) + _EPSILON
    ).sqrt()
    if clamp_angstrom is not None:
        clamped = distance.clamp(0, clamp_angstrom)
        if clamped_fraction is None:
            distance = clamped
        else:
            fraction = clamped_fraction[..., None, None]
            distance = fraction * clamped + (1 - fraction) * distance
    if pair_mask is None:
        per_frame = (distance * points_mask.unsqueeze(-2)).sum(-1)
        error = (per_frame * frames_mask).sum(-1)
        pairs = frames_mask.sum(-1) * points_mask.sum(-1)
    else:
        mask = frames_mask.unsqueeze(-1) * points_mask.unsqueeze(-2) * pair_mask
        error, pairs = (distance * mask).sum((-2, -1)), mask.sum((-2, -1))
    return error / LENGTH_UNIT_ANGSTROM / (pairs + _EPSILON)


def _misplacement(
    predicted_frames: Rigid, target_frames: Rigid, predicted_points: Tensor, target_points: Tensor
) -> Tensor:
    """Squared distances (..., frame, point) between the local coordinates, Å².

    Both changes of coordinates and their difference are one product with the matrix [Rᵀ, -R'ᵀ, offset], so
    that only one array of (frame, point, xyz) is ever made.
    """
    # A common origin near the points keeps the products small, hence exact.
    centre, target_centre = predicted_points.mean(-2, keepdim=True), target_points.mean(-2, keepdim=True)
    predicted_rotation = predicted_frames.rotation.transpose(-1, -2)
    target_rotation = target_frames.rotation.transpose(-1, -2)
    both = torch.cat([predicted_rotation, -target_rotation], dim=-1)  # (..., frame, 3, 6)
    origins = torch.cat(
        [predicted_frames.translation - centre, target_frames.translation - target_centre], dim=-1
    )
    offset = (both * origins.unsqueeze(-2)).sum(-1, keepdim=True)  # (..., frame, 3, 1)
    ones = torch.ones_like(predicted_points[..., :1])
    points = torch.cat([predicted_points - centre, target_points - target_centre, ones], dim=-1)
    matrix = rearrange(torch.cat([both, -offset], dim=-1), "... frame x k -> ... (frame x) k")
    difference = matrix @ points.transpose(-1, -2)  # (..., frame * 3, point)
    return rearrange(difference, "... (frame x) point -> ... frame x point", x=3).square().sum(-2)


def backbone_fape(
    trajectory: Tensor, target: Tensor, mask: Tensor, clamped_fraction: Tensor | None = None
) -> Tensor:
    """FAPE of the Cα atoms from the backbone frames, after every layer.

    Args:
        trajectory: (b, layer, res, 7), quaternion w x y z and translation in Å.
        target: (b, res, 7), the same of the truth.
        mask: (b, res), 1 where the true backbone is known.
        clamped_fraction: (b,), share of the clamped error, drawn per example in training; 1 by default.

    Returns:
        (b, layer); the loss is its mean, the last entry is that of the prediction.
    """
    predicted = Rigid.from_tensor7(trajectory)
    truth = Rigid.from_tensor7(target[:, None].expand_as(trajectory))
    fraction = None if clamped_fraction is None else clamped_fraction[:, None]
    mask = mask[:, None]
    return frame_aligned_point_error(
        predicted,
        truth,
        mask,
        predicted.translation,
        truth.translation,
        mask,
        clamped_fraction=fraction,
    )


@dataclass(frozen=True)
class RenamedTruth:
    """Ground truth under the naming of symmetric atoms that fits the prediction better.

    Args:
        alternative_is_better: (b, res), 1 where the other naming fits better.
        positions: (b, res, 14, 3), Å.
        exists: (b, res, 14).
        frames: (b, res, 8).
    """

    alternative_is_better: Tensor
    positions: Tensor
    exists: Tensor
    frames: Rigid


def rename_truth(predicted_atom14: Tensor, labels: dict[str, Tensor]) -> RenamedTruth:
    """Choose the naming of symmetric side chains by distances to the unambiguous atoms (Algorithm 26).

    Args:
        predicted_atom14: (b, res, 14, 3), Å.
        labels: `atom14_gt_positions`, `atom14_gt_exists`, their `alt` forms, `atom14_atom_is_ambiguous`,
            `rigidgroups_gt_frames` and `rigidgroups_alt_gt_frames`.

    Returns:
        The ground truth with the better names.
    """
    better = _alternative_is_better(predicted_atom14.detach(), labels)

    def pick(name: str, alternative: str) -> Tensor:
        use = better.reshape(*better.shape, *[1] * (labels[name].dim() - better.dim()))
        return (1 - use) * labels[name] + use * labels[alternative]

    return RenamedTruth(
        better,
        pick("atom14_gt_positions", "atom14_alt_gt_positions"),
        pick("atom14_gt_exists", "atom14_alt_gt_exists"),
        Rigid.from_tensor12(pick("rigidgroups_gt_frames", "rigidgroups_alt_gt_frames")),
    )


@torch.no_grad()
def _alternative_is_better(predicted: Tensor, labels: dict[str, Tensor]) -> Tensor:
    """(b, res), 1 where the distances from ambiguous to other atoms fit better under the other naming."""
    truth, alternative = labels["atom14_gt_positions"], labels["atom14_alt_gt_positions"]
    exists, ambiguous = labels["atom14_gt_exists"], labels["atom14_atom_is_ambiguous"]
    # Few atoms are ambiguous: taking the (at most) four slots of each residue saves the other ten.
    slots = ambiguous.topk(_MOST_AMBIGUOUS_ATOMS, dim=-1).indices  # (b, res, 4)
    row_mask = (exists * ambiguous).gather(-1, slots)
    column_mask = rearrange(exists * (1 - ambiguous), "b res atom -> b (res atom)")

    def distances(rows: Tensor, columns: Tensor) -> Tensor:
        """(b, res, 4, res * 14), Å."""
        rows = rows.gather(-2, slots[..., None].expand(*slots.shape, 3))
        flat = torch.cdist(
            rearrange(rows, "b res slot x -> b (res slot) x"),
            rearrange(columns, "b res atom x -> b (res atom) x"),
            compute_mode="donot_use_mm_for_euclid_dist",
        )
        return rearrange(flat, "b (res slot) other -> b res slot other", slot=_MOST_AMBIGUOUS_ATOMS)

    def misfit(positions: Tensor) -> Tensor:
        deviation = (distances(predicted, predicted) - distances(positions, positions)).abs()
        return torch.einsum("brso,brs,bo->br", deviation, row_mask, column_mask)

    return (misfit(alternative) < misfit(truth)).to(exists.dtype)


def sidechain_fape(
    predicted_frames: Rigid, predicted_atom14: Tensor, truth: RenamedTruth, frames_exist: Tensor
) -> Tensor:
    """FAPE of all atoms from all rigid groups, clamped.

    Args:
        predicted_frames: (b, res, 8), Å.
        predicted_atom14: (b, res, 14, 3), Å.
        truth: the ground truth with the names that fit the prediction.
        frames_exist: (b, res, 8), `rigidgroups_gt_exists`.

    Returns:
        (b,).
    """
    return frame_aligned_point_error(
        _flatten_groups(predicted_frames),
        _flatten_groups(truth.frames),
        frames_exist.flatten(1),
        predicted_atom14.flatten(1, 2),
        truth.positions.flatten(1, 2),
        truth.exists.flatten(1),
    )


def _flatten_groups(frames: Rigid) -> Rigid:
    return Rigid(frames.rotation.flatten(1, 2), frames.translation.flatten(1, 2))
