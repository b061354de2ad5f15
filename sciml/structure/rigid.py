"""Rigid motions of three-dimensional space, as rotation matrices and as quaternions.

Every product is written element by element: a 3x3 product is too small for a matrix kernel, and under
autocast an einsum would silently run in bfloat16, where a coordinate of 100 Å is known to half an ångström.

Source: Jumper et al. 2021, Supplementary section 1.1 and Algorithms 21 (frames from points) and 23
(backbone update).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType

import torch
from torch import Tensor

_Index = int | slice | EllipsisType | Tensor | None
_NORM_EPSILON = 1e-8  # Å²; keeps the frame of coincident points finite


@dataclass(frozen=True, eq=False)
class Rigid:
    """Rigid motions x -> rotation x + translation.

    Args:
        rotation: (..., 3, 3), orthogonal with determinant 1.
        translation: (..., 3), Å unless said otherwise.
    """

    rotation: Tensor
    translation: Tensor

    @staticmethod
    def identity(shape: tuple[int, ...], like: Tensor) -> Rigid:
        """Identities with leading dimensions `shape`, of the dtype and device of `like`."""
        rotation = torch.eye(3, dtype=like.dtype, device=like.device).expand(*shape, 3, 3)
        return Rigid(rotation, like.new_zeros(*shape, 3))

    @staticmethod
    def from_three_points(on_negative_x: Tensor, origin: Tensor, in_xy_plane: Tensor) -> Rigid:
        """Frames given by three points each (Algorithm 21).

        Args:
            on_negative_x: (..., 3), a point of the negative x axis, Å.
            origin: (..., 3), the origin, Å.
            in_xy_plane: (..., 3), a point of the xy plane with y > 0, Å.

        Returns:
            (...); the rotation of coincident or collinear points is finite but not orthogonal.
        """
        x_axis = _unit(origin - on_negative_x)
        in_plane = in_xy_plane - origin
        y_axis = _unit(in_plane - x_axis * (x_axis * in_plane).sum(-1, keepdim=True))
        rotation = torch.stack([x_axis, y_axis, torch.linalg.cross(x_axis, y_axis)], dim=-1)
        return Rigid(rotation, origin)

    @staticmethod
    def from_backbone(n: Tensor, ca: Tensor, c: Tensor) -> Rigid:
        """Frames of N, CA, C (..., 3) in Å: CA the origin, C on the x axis, N in the xy plane with y > 0."""
        frames = Rigid.from_three_points(c, ca, n)
        return Rigid(frames.rotation * frames.rotation.new_tensor([-1.0, 1.0, -1.0]), frames.translation)

    @staticmethod
    def from_tensor7(tensor7: Tensor) -> Rigid:
        """From (..., 7): unit quaternion w x y z, then translation."""
        return Rigid(quat_to_rot(tensor7[..., :4]), tensor7[..., 4:])

    @staticmethod
    def from_tensor12(tensor12: Tensor) -> Rigid:
        """From (..., 12), as `rigidgroups_gt_frames`: the rotation row by row, then the translation."""
        return Rigid(tensor12[..., :9].unflatten(-1, (3, 3)), tensor12[..., 9:])

    @staticmethod
    def from_tensor_4x4(tensor: Tensor) -> Rigid:
        """From homogeneous matrices (..., 4, 4)."""
        return Rigid(tensor[..., :3, :3], tensor[..., :3, 3])

    def to_tensor7(self) -> Tensor:
        """(..., 7): unit quaternion w x y z with w >= 0, then translation."""
        return torch.cat([rot_to_quat(self.rotation), self.translation], dim=-1)

    def to_tensor12(self) -> Tensor:
        """(..., 12): the rotation row by row, then the translation."""
        return torch.cat([self.rotation.flatten(-2), self.translation], dim=-1)

    def __getitem__(self, index: _Index | tuple[_Index, ...]) -> Rigid:
        """Index the leading dimensions, as in `frames[:, None]` or `frames[..., 3]`."""
        index = index if isinstance(index, tuple) else (index,)
        if any(part is Ellipsis for part in index):
            return Rigid(
                self.rotation[(*index, slice(None), slice(None))], self.translation[(*index, slice(None))]
            )
        return Rigid(self.rotation[index], self.translation[index])

    @property
    def shape(self) -> torch.Size:
        """Leading dimensions."""
        return self.translation.shape[:-1]

    def compose(self, inner: Rigid) -> Rigid:
        """The motion that applies `inner` first and this one after; leading dimensions broadcast."""
        rotation = (self.rotation.unsqueeze(-1) * inner.rotation.unsqueeze(-3)).sum(-2)
        return Rigid(rotation, self.apply(inner.translation))

    def invert(self) -> Rigid:
        """The inverse motion."""
        transposed = self.rotation.transpose(-1, -2)
        return Rigid(transposed, -_rotate(transposed, self.translation))

    def apply(self, points: Tensor) -> Tensor:
        """Move points (..., 3), whose leading dimensions broadcast against those of the frames."""
        return _rotate(self.rotation, points) + self.translation

    def invert_apply(self, points: Tensor) -> Tensor:
        """Coordinates of points (..., 3) in the frames; leading dimensions broadcast."""
        return _rotate(self.rotation.transpose(-1, -2), points - self.translation)

    def scale_translation(self, factor: float) -> Rigid:
        """The same with the translation multiplied, to change the unit of length."""
        return Rigid(self.rotation, self.translation * factor)


def precompose_update(quaternion: Tensor, translation: Tensor, update: Tensor) -> tuple[Tensor, Tensor]:
    """Motions after a small motion in their own frame (Algorithm 23), keeping their quaternions.

    Args:
        quaternion: (..., 4), unit, w x y z.
        translation: (..., 3).
        update: (..., 6): b c d of the quaternion 1 + bi + cj + dk, then a translation in the frame before
            the update.

    Returns:
        The new unit quaternion and translation.
    """
    turn, shift = update[..., :3], update[..., 3:]
    turned = quaternion + quat_multiply_by_vector(quaternion, turn)
    turned = turned / torch.linalg.vector_norm(turned, dim=-1, keepdim=True)
    return turned, translation + _rotate(quat_to_rot(quaternion), shift)


def quat_to_rot(quaternion: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4) in the order w x y z."""
    w, x, y, z = quaternion.unbind(-1)
    ww, xx, yy, zz = w * w, x * x, y * y, z * z
    rows = [
        torch.stack([ww + xx - yy - zz, 2 * (x * y - w * z), 2 * (x * z + w * y)], dim=-1),
        torch.stack([2 * (x * y + w * z), ww - xx + yy - zz, 2 * (y * z - w * x)], dim=-1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), ww - xx - yy + zz], dim=-1),
    ]
    return torch.stack(rows, dim=-2)


def rot_to_quat(rotation: Tensor) -> Tensor:
    """Unit quaternions (..., 4), w x y z with w >= 0, of rotation matrices (..., 3, 3).

    The row of 4 q qᵀ with the largest diagonal entry is divided by its length, which is accurate for every
    rotation.

    Source: Shepperd, J. Guidance and Control 1:223 (1978).
    """
    xx, xy, xz, yx, yy, yz, zx, zy, zz = rotation.flatten(-2).unbind(-1)
    rows = [
        torch.stack([1 + xx + yy + zz, zy - yz, xz - zx, yx - xy], dim=-1),
        torch.stack([zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx], dim=-1),
        torch.stack([xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy], dim=-1),
        torch.stack([yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz], dim=-1),
    ]
    outer = torch.stack(rows, dim=-2)  # (..., 4, 4)
    largest = outer.diagonal(dim1=-2, dim2=-1).argmax(-1)[..., None, None].expand(*outer.shape[:-2], 1, 4)
    row = outer.gather(-2, largest).squeeze(-2)
    quaternion = row / torch.linalg.vector_norm(row, dim=-1, keepdim=True)
    return torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def quat_multiply(first: Tensor, second: Tensor) -> Tensor:
    """Hamilton products of quaternions (..., 4), w x y z; leading dimensions broadcast."""
    w1, x1, y1, z1 = first.unbind(-1)
    w2, x2, y2, z2 = second.unbind(-1)
    product = [
        w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
        w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
        w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
        w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
    ]
    return torch.stack(product, dim=-1)


def quat_multiply_by_vector(quaternion: Tensor, vector: Tensor) -> Tensor:
    """Products of quaternions (..., 4) with the pure quaternions of vectors (..., 3)."""
    return quat_multiply(quaternion, torch.cat([torch.zeros_like(vector[..., :1]), vector], dim=-1))


def _rotate(rotation: Tensor, points: Tensor) -> Tensor:
    return (rotation * points.unsqueeze(-2)).sum(-1)


def _unit(vector: Tensor) -> Tensor:
    return vector * torch.rsqrt(vector.square().sum(-1, keepdim=True) + _NORM_EPSILON)
