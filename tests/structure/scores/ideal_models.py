"""Models of ideal geometry in the atom37 layout, and motions of them."""

import numpy as np

from sciml.data.residue_constants import ATOM_INDEX, atom37_mask
from sciml.structure.all_atom import atom14_to_atom37
from tests.structure.ideal_chain import ideal_chain

ALPHA, THREE_TEN, PI_HELIX, STRAND = (-57.0, -47.0), (-49.0, -26.0), (-57.0, -70.0), (-120.0, 130.0)
HAIRPIN = [(-139.0, 135.0)] * 6 + [(60.0, -120.0), (-80.0, 0.0)] + [(-139.0, 135.0)] * 6
"""Two pleated strands (Arnott's angles) joined by a type II' turn."""
N, CA, C, OXYGEN, CB, CD, SG = (ATOM_INDEX[name] for name in ("N", "CA", "C", "O", "CB", "CD", "SG"))


def model(sequence, torsions):
    """positions (res, 37, 3), mask (res, 37), aatype (res,); torsions as `ideal_chain` takes them."""
    aatype, atom14 = ideal_chain(sequence, torsions)
    return atom14_to_atom37(atom14, aatype).numpy(), atom37_mask()[aatype.numpy()].copy(), aatype.numpy()


def rigidly_moved(positions, seed=0):
    """The same positions, turned and shifted at random."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return positions @ (turn * np.linalg.det(turn)).T + rng.normal(scale=30, size=3)


def mirrored(positions):
    """The mirror image."""
    return positions * [1.0, 1.0, -1.0]


def turned_about(positions, start, end, degrees):
    """Positions turned about the axis from one point to another."""
    axis = (end - start) / np.linalg.norm(end - start)
    angle = np.deg2rad(degrees)
    arm = positions - start
    along = (arm @ axis)[..., None] * axis
    return start + along + (arm - along) * np.cos(angle) + np.cross(axis, arm) * np.sin(angle)
