"""Seeded distortions of chains, from slight noise to another fold: what a search for superpositions meets."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]
Generator = np.random.Generator

_HELIX_RISE, _HELIX_RADIUS, _HELIX_TURN = 1.5, 2.3, np.deg2rad(100)  # Å, Å, radians a residue


def perturbed(native: Array, kind: str, rng: Generator) -> tuple[Array, NDArray[np.bool_]]:
    """One distorted copy, moved rigidly.

    Args:
        native: (res, 3), Å.
        kind: a key of `KINDS`.
        rng: source of everything random.

    Returns:
        positions (res, 3), and which residues it has (res,).
    """
    kept = np.ones(len(native), bool)
    if kind == "deleted":
        for _ in range(rng.integers(1, 4)):
            length = int(rng.integers(len(native) // 10, len(native) // 3))
            first = int(rng.integers(0, len(native) - length))
            kept[first : first + length] = False
        if kept.sum() < 10:
            kept[:10] = True
    positions = KINDS[kind](native, rng)
    return _turned(positions, rng) + rng.normal(scale=20, size=3), kept


def _turned(points: Array, rng: Generator, degrees: float | None = None) -> Array:
    """About their centre: any way, or by that angle about a random axis."""
    axis = rng.normal(size=3)
    turn = (
        Rotation.from_quat(rng.normal(size=4))
        if degrees is None
        else Rotation.from_rotvec(np.deg2rad(degrees) * axis / np.linalg.norm(axis))
    )
    centre = points.mean(0)
    return (points - centre) @ turn.as_matrix().T + centre


def _noise(native: Array, rng: Generator) -> Array:
    return native + rng.normal(scale=rng.uniform(0.1, 5) / np.sqrt(3), size=native.shape)


def _drift(native: Array, rng: Generator) -> Array:
    steps = rng.normal(size=native.shape).cumsum(0)
    return native + rng.uniform(0.5, 6) * steps / np.sqrt(len(native))


def _hinge(native: Array, rng: Generator) -> Array:
    cut = int(rng.integers(len(native) // 5, 4 * len(native) // 5))
    axis = rng.normal(size=3)
    turn = Rotation.from_rotvec(rng.uniform(0.2, 2.5) * axis / np.linalg.norm(axis))
    tail = (native[cut:] - native[cut]) @ turn.as_matrix().T + native[cut]
    return np.concatenate([native[:cut], tail]) + rng.normal(scale=rng.uniform(0, 1), size=native.shape)


def _domains(native: Array, rng: Generator) -> Array:
    count = int(rng.integers(2, 5))
    cuts = np.sort(rng.choice(np.arange(10, len(native) - 10), count - 1, replace=False))
    parts = [_turned(part, rng) + rng.normal(scale=8, size=3) for part in np.split(native, cuts)]
    return np.concatenate(parts) + rng.normal(scale=rng.uniform(0, 1.5), size=native.shape)


def _shuffled(native: Array, rng: Generator) -> Array:
    parts = np.array_split(native, int(rng.integers(2, 7)))
    return np.concatenate([parts[i] for i in rng.permutation(len(parts))]) + rng.normal(
        scale=rng.uniform(0, 1), size=native.shape
    )


def _helices(native: Array, rng: Generator) -> Array:
    """A third to all of the chain becomes one straight helix."""
    length = int(rng.integers(len(native) // 3, len(native) + 1))
    first = int(rng.integers(0, len(native) - length + 1))
    angle = _HELIX_TURN * np.arange(length)
    ring = _HELIX_RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    helix = np.column_stack([ring, _HELIX_RISE * np.arange(length)])
    positions = native.copy()
    positions[first : first + length] = (
        _turned(helix, rng) - helix.mean(0) + native[first : first + length].mean(0)
    )
    return positions


def _mirrored(native: Array, rng: Generator) -> Array:
    return native * [1, 1, -1] + rng.normal(scale=0.3, size=native.shape)


def _shifted(native: Array, rng: Generator) -> Array:
    """Every residue sits where one some places on belongs."""
    return np.roll(native, int(rng.integers(1, 6)), axis=0) + rng.normal(scale=0.5, size=native.shape)


KINDS: dict[str, Callable[[Array, Generator], Array]] = {
    "noise": _noise,
    "drift": _drift,
    "hinge": _hinge,
    "domains": _domains,
    "deleted": _drift,
    "shuffled": _shuffled,
    "helices": _helices,
    "mirrored": _mirrored,
    "shifted": _shifted,
}
"""What is done to a chain, by name; `deleted` drifts and loses one to three stretches."""
