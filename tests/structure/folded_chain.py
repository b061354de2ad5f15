"""A small chain of ideal geometry, helix-turn-helix, and a data folder that holds it."""

import csv
import gzip
import math
from itertools import pairwise

import numpy as np
import torch

from sciml.structure.all_atom import frames_to_atom14, torsion_angles_to_frames
from sciml.structure.rigid import Rigid

HELIX, STRAND, TURN = (-60.0, -45.0), (-120.0, 130.0), (-75.0, 150.0)
HAIRPIN = [HELIX] * 9 + [TURN, (-90.0, 0.0), TURN] + [HELIX] * 9
COLUMNS = ("id", "split", "shard", "row", "length", "cluster30", "atoms", "resolution", "method")


def place(a, b, c, length, angle, torsion):
    """The atom at `length` Å from c with the angle b-c-d and the torsion a-b-c-d, both in degrees."""
    angle, torsion = math.radians(angle), math.radians(torsion)
    bc = (c - b) / np.linalg.norm(c - b)
    normal = np.cross(b - a, bc)
    normal /= np.linalg.norm(normal)
    local = np.array(
        [-math.cos(angle), math.sin(angle) * math.cos(torsion), math.sin(angle) * math.sin(torsion)]
    )
    return c + length * (local @ np.stack([bc, np.cross(normal, bc), normal]))


def backbone(torsions):
    """(res, 3, 3): N, CA, C in Å from (phi, psi) in degrees, with omega 180."""
    atoms = [np.array([0.0, 0, 0]), np.array([1.458, 0, 0]), np.array([2.009, 1.422, 0])]
    for (_, psi), (phi, _) in pairwise(torsions):
        atoms.append(place(*atoms[-3:], 1.329, 116.6, psi))
        atoms.append(place(*atoms[-3:], 1.458, 121.7, 180.0))
        atoms.append(place(*atoms[-3:], 1.525, 111.0, phi))
    return np.array(atoms).reshape(-1, 3, 3)


def folded(torsions=HAIRPIN, seed=0):
    """aatype (res,) and atom14 positions (res, 14, 3), centred."""
    rng = np.random.default_rng(seed)
    aatype = torch.from_numpy(rng.integers(20, size=len(torsions)))
    n, ca, c = torch.from_numpy(backbone(torsions)).float().unbind(1)
    angles = torch.from_numpy(rng.uniform(-3, 3, (len(torsions), 7))).float()
    # O hangs on the torsion psi of the rigid-group tables, which is that of N-CA-C-O.
    angles[:, 2] = torch.tensor([math.radians(psi) + math.pi for _, psi in torsions])
    frames = torsion_angles_to_frames(
        aatype, Rigid.from_backbone(n, ca, c), torch.stack([angles.sin(), angles.cos()], -1)
    )
    atom14 = frames_to_atom14(aatype, frames).numpy()
    exists = np.abs(atom14).sum(-1, keepdims=True) > 0
    return aatype.numpy(), (atom14 - ca.mean(0).numpy()) * exists


def write_data(folder, splits=(("train", HAIRPIN, 0), ("valid", HAIRPIN, 1))):
    """A data folder with one all-atom chain for each (split, torsions, seed)."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (split, torsions, seed) in enumerate(splits):
        aatype, atom14 = folded(torsions, seed)
        shard = f"{split}_{number:02d}.npz"
        np.savez(
            folder / shard,
            ids=np.array([f"chain{number}"]),
            offsets=np.array([0, len(aatype)]),
            aatype=aatype.astype(np.int8),
            residue_index=np.arange(len(aatype), dtype=np.int32),
            coords=np.round(atom14 * 100).astype(np.int16),
            mask=(np.abs(atom14).sum(-1) > 0).astype(np.uint8),
        )
        rows.append(
            (f"chain{number}", split, shard, 0, len(aatype), f"c{number}", "all", "2.0", "X-RAY DIFFRACTION")
        )
    with gzip.open(folder / "index.csv.gz", "wt", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return folder
