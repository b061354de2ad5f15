"""Chains of ideal geometry: trans peptide bonds, given backbone torsions, staggered side chains."""

import math

import torch

from sciml.data.residue_constants import RESTYPE_INDEX
from sciml.structure.all_atom import frames_to_atom14, torsion_angles_to_frames
from sciml.structure.rigid import Rigid

HELIX, STRAND = (-62.0, -43.0), (-120.0, 135.0)
_ROTAMERS = {
    "F": (-65, -85),
    "Y": (-65, -85),
    "W": (-65, 95),
    "H": (-65, -70),
    "N": (-70, -30),
    "D": (-70, -15),
    "V": (175,),
    "T": (-60,),
    "I": (-62, 170),
    "P": (28, -16),
}
_STAGGERED = (-65, 180, 180, 180)


def _place(before: list[torch.Tensor], length: float, angle: float, torsion: float) -> torch.Tensor:
    """The atom at `length` Å from the last of three, with an angle and a torsion in degrees."""
    a, b, c = before
    angle, torsion = math.radians(angle), math.radians(torsion)
    axis = (c - b) / (c - b).norm()
    normal = torch.linalg.cross(b - a, axis)
    normal = normal / normal.norm()
    in_plane = torch.linalg.cross(normal, axis)
    local = (-math.cos(angle), math.sin(angle) * math.cos(torsion), math.sin(angle) * math.sin(torsion))
    return c + length * (local[0] * axis + local[1] * in_plane + local[2] * normal)


def ideal_chain(
    sequence: str, torsions: tuple[float, float] | list[tuple[float, float]] = HELIX
) -> tuple[torch.Tensor, torch.Tensor]:
    """aatype (res,) and atom14 (res, 14, 3) in Å, float64, from (phi, psi) in degrees."""
    pairs = torsions if isinstance(torsions, list) else [torsions] * len(sequence)
    atoms = [
        torch.tensor(xyz, dtype=torch.float64) for xyz in ((0.0, 0, 0), (1.459, 0, 0), (2.0055, 1.4237, 0))
    ]
    for (_, psi), (phi, _), letter in zip(pairs, pairs[1:], sequence[1:], strict=False):
        atoms.append(_place(atoms[-3:], 1.341 if letter == "P" else 1.329, 116.6, psi))
        atoms.append(_place(atoms[-3:], 1.459, 121.4, 180.0))
        atoms.append(_place(atoms[-3:], 1.525, 111.0, phi))
    n, ca, c = torch.stack(atoms).unflatten(0, (-1, 3)).unbind(1)
    degrees = torch.zeros(len(sequence), 7, dtype=torch.float64)
    degrees[:, 2] = torch.tensor([psi for _, psi in pairs], dtype=torch.float64)
    for row, letter in zip(degrees, sequence, strict=True):
        chi = _ROTAMERS.get(letter, _STAGGERED)
        row[3 : 3 + len(chi)] = torch.tensor(chi, dtype=torch.float64)
    angles = degrees.deg2rad()
    sin_cos = torch.stack([angles.sin(), angles.cos()], dim=-1)
    aatype = torch.tensor([RESTYPE_INDEX[letter] for letter in sequence])
    frames = torsion_angles_to_frames(aatype, Rigid.from_backbone(n, ca, c), sin_cos)
    return aatype, frames_to_atom14(aatype, frames)
