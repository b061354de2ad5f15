"""The rigid motion that brings points onto points with the least weighted square deviation, for many sets at
once.

The rotation is the eigenvector with the largest eigenvalue of a 4 x 4 matrix made from the covariance
(Horn's quaternion). The eigenvalue is the sum of the covariance's singular values, the last one with the sign
of its determinant; they are the roots of a cubic, so that no iteration is needed and a thousand
superpositions cost little more than one. LAPACK decides where two eigenvalues nearly coincide (fewer than
three points, points on a line, mirror images), and where there are few sets.

Source: Kabsch, Acta Cryst. A 32:922 (1976); Horn, J. Opt. Soc. Am. A 4:629 (1987); Theobald, Acta Cryst.
A 61:478 (2005), for the eigenvector as a column of the adjugate.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NEWTON_STEPS = 2  # polish what rounding left of the cubic's roots
_FEW_SETS = 64  # LAPACK is as fast for so few
_CLEAR_GAP = 1e-6  # of the adjugate's largest diagonal element, relative to the matrix's size cubed


def superpose(mobile: Array, target: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Rotation and translation that bring `mobile` onto `target` with the least weighted square deviation.

    Args:
        mobile: (..., atom, 3), Å.
        target: (..., atom, 3), Å.
        weights: (..., atom), not negative, some positive; all equal where absent. Points of weight 0 may
            lie anywhere finite.

    Returns:
        rotation (..., 3, 3), proper, and translation (..., 3): `mobile @ rotation.T + translation`.
    """
    weights = np.ones(np.broadcast_shapes(mobile.shape, target.shape)[:-1]) if weights is None else weights
    share = (weights / weights.sum(-1, keepdims=True))[..., None]
    centre_mobile = (share * mobile).sum(-2, keepdims=True)
    centre_target = (share * target).sum(-2, keepdims=True)
    covariance = np.swapaxes(share * (mobile - centre_mobile), -1, -2) @ (target - centre_target)
    rotation = best_rotation(covariance)
    translation = centre_target - centre_mobile @ np.swapaxes(rotation, -1, -2)
    return rotation, translation[..., 0, :]


def superposed_rmsd(mobile: Array, target: Array, weights: Array | None = None) -> Array:
    """(...,) root of the weighted mean square deviation in Å after `superpose`; arguments as there."""
    rotation, translation = superpose(mobile, target, weights)
    square = ((transformed(mobile, rotation, translation) - target) ** 2).sum(-1)
    return np.sqrt(np.average(square, axis=-1, weights=None if weights is None else weights))


def transformed(points: Array, rotation: Array, translation: Array) -> Array:
    """(..., atom, 3): points (..., atom, 3) turned by rotation (..., 3, 3), moved by translation (..., 3)."""
    return points @ np.swapaxes(rotation, -1, -2) + translation[..., None, :]


def best_rotation(covariance: Array) -> Array:
    """Proper rotations R with the largest trace of R times the covariance.

    Args:
        covariance: (..., 3, 3), Σ weight · mobileᵢ targetⱼ of centred points, element [i, j].

    Returns:
        (..., 3, 3), such that `R @ mobile` is closest to the target. Where several are equally good (a
        single point, points on a line) one of them.
    """
    flat = np.asarray(covariance, np.float64).reshape(-1, 9)
    size = np.abs(flat).max(1)
    scaled = (flat / np.where(size > 0, size, 1.0)[:, None]).T  # (9, set), elements of at most 1
    key = _key_matrix(scaled)
    if len(flat) < _FEW_SETS:
        quaternion, is_clear = np.empty((4, len(flat))), np.zeros(len(flat), bool)
    else:
        quaternion, is_clear = _adjugate_column(key, _largest_eigenvalue(scaled))
    if not is_clear.all():
        doubtful = np.flatnonzero(~is_clear)
        _, vectors = np.linalg.eigh(np.moveaxis(key[:, :, doubtful], -1, 0))
        quaternion[:, doubtful] = vectors[:, :, 3].T
    return _rotation_of_quaternion(quaternion).reshape(covariance.shape)


def _key_matrix(s: Array) -> Array:
    """(9, set) -> (4, 4, set): symmetric, its largest eigenvector is the quaternion of the best rotation."""
    xx, xy, xz, yx, yy, yz, zx, zy, zz = s
    key = np.empty((4, 4, s.shape[1]))
    key[0, 0], key[1, 1], key[2, 2], key[3, 3] = xx + yy + zz, xx - yy - zz, yy - xx - zz, zz - xx - yy
    key[0, 1] = key[1, 0] = yz - zy
    key[0, 2] = key[2, 0] = zx - xz
    key[0, 3] = key[3, 0] = xy - yx
    key[1, 2] = key[2, 1] = xy + yx
    key[1, 3] = key[3, 1] = zx + xz
    key[2, 3] = key[3, 2] = yz + zy
    return key


def _largest_eigenvalue(s: Array) -> Array:
    """(9, set) -> (set,): of the key matrix, whose characteristic polynomial is λ⁴ + a λ² + b λ + c."""
    xx, xy, xz, yx, yy, yz, zx, zy, zz = s
    determinant = xx * (yy * zz - yz * zy) - xy * (yx * zz - yz * zx) + xz * (yx * zy - yy * zx)
    # Gram matrix of the columns; its eigenvalues are the squared singular values.
    aa, bb, cc = xx * xx + yx * yx + zx * zx, xy * xy + yy * yy + zy * zy, xz * xz + yz * yz + zz * zz
    ab, ac, bc = xx * xy + yx * yy + zx * zy, xx * xz + yx * yz + zx * zz, xy * xz + yy * yz + zy * zz
    trace = aa + bb + cc
    minors = aa * bb - ab * ab + aa * cc - ac * ac + bb * cc - bc * bc
    mean = trace / 3
    spread = np.sqrt(np.maximum(mean * mean - minors / 3, 0.0))
    half = mean * mean * mean - mean * minors / 2 + determinant * determinant / 2
    cosine = np.clip(half / np.maximum(spread * spread * spread, 1e-300), -1.0, 1.0)
    angle = np.arccos(cosine) / 3
    first = np.sqrt(np.maximum(mean + 2 * spread * np.cos(angle), 0.0))
    second = np.sqrt(np.maximum(mean + 2 * spread * np.cos(angle - 2 * np.pi / 3), 0.0))
    third = np.sqrt(np.maximum(mean + 2 * spread * np.cos(angle + 2 * np.pi / 3), 0.0))
    root = first + second + np.copysign(third, determinant)
    a, b, c = -2 * trace, -8 * determinant, trace * trace - 4 * minors
    for _ in range(_NEWTON_STEPS):
        square = root * root
        slope = 4 * square * root + 2 * a * root + b
        value = square * square + a * square + b * root + c
        step = np.divide(value, slope, out=np.zeros_like(root), where=slope > 1e-9)
        root = root - step
    return root


def _adjugate_column(key: Array, eigenvalue: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Eigenvector (4, set) of an eigenvalue (set,), and whether it stands clear of the others (set,).

    The adjugate of (key - λ) is a multiple of q qᵀ; its column with the largest diagonal element is q.
    """
    shifted = key - eigenvalue * np.eye(4)[:, :, None]
    m0, m1, m2, m3 = shifted
    # Minors of the upper and of the lower two rows, by their columns.
    pairs = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
    s01, s02, s03, s12, s13, s23 = (m0[i] * m1[j] - m0[j] * m1[i] for i, j in pairs)
    _, c02, c03, c12, c13, c23 = (m2[i] * m3[j] - m2[j] * m3[i] for i, j in pairs)
    adjugate = np.empty_like(key)
    adjugate[0, 0] = m1[1] * c23 - m1[2] * c13 + m1[3] * c12
    adjugate[0, 1] = -m0[1] * c23 + m0[2] * c13 - m0[3] * c12
    adjugate[0, 2] = m3[1] * s23 - m3[2] * s13 + m3[3] * s12
    adjugate[0, 3] = -m2[1] * s23 + m2[2] * s13 - m2[3] * s12
    adjugate[1, 1] = m0[0] * c23 - m0[2] * c03 + m0[3] * c02
    adjugate[1, 2] = -m3[0] * s23 + m3[2] * s03 - m3[3] * s02
    adjugate[1, 3] = m2[0] * s23 - m2[2] * s03 + m2[3] * s02
    adjugate[2, 2] = m3[0] * s13 - m3[1] * s03 + m3[3] * s01
    adjugate[2, 3] = -m2[0] * s13 + m2[1] * s03 - m2[3] * s01
    adjugate[3, 3] = m2[0] * s12 - m2[1] * s02 + m2[2] * s01
    for row in range(1, 4):
        adjugate[row, :row] = adjugate[:row, row]
    diagonal = np.abs(adjugate[range(4), range(4)])  # (4, set)
    largest = diagonal.argmax(0)
    column = adjugate[:, largest, np.arange(len(largest))]
    length = np.sqrt((column * column).sum(0))
    # The product of the other three eigenvalues' distances, compared with what rounding leaves of it.
    is_clear = diagonal.max(0) > _CLEAR_GAP * np.maximum(np.abs(eigenvalue), 1.0) ** 3
    return column / np.where(length > 0, length, 1.0), is_clear


def _rotation_of_quaternion(quaternion: Array) -> Array:
    """(4, set), unit, real part first -> (set, 9)."""
    w, x, y, z = quaternion
    rows = (
        w * w + x * x - y * y - z * z,
        2 * (x * y - w * z),
        2 * (x * z + w * y),
        2 * (x * y + w * z),
        w * w - x * x + y * y - z * z,
        2 * (y * z - w * x),
        2 * (x * z - w * y),
        2 * (y * z + w * x),
        w * w - x * x - y * y + z * z,
    )
    return np.stack(rows, axis=-1)
