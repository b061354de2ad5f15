"""Chains whose ground truth is known because they were built from it."""

import math

import numpy as np
import torch

from sciml.data.chains import ChainRecord, ChainSet
from sciml.structure.all_atom import frames_to_atom14, torsion_angles_to_frames
from sciml.structure.rigid import Rigid


def helix(num_res, seed=0):
    """An ideal α-helix with every amino acid and random chi angles: aatype, frames, torsions (sin, cos),
    atom14."""
    rng = np.random.default_rng(seed)
    aatype = torch.from_numpy((np.arange(num_res) + seed) % 20)
    turn = torch.arange(num_res) * math.radians(100)
    cos, sin, zero = turn.cos(), turn.sin(), torch.zeros(num_res)
    rows = [torch.stack(row, -1) for row in ((cos, -sin, zero), (sin, cos, zero), (zero, zero, zero + 1))]
    about_axis = Rigid(torch.stack(rows, -2), torch.stack([zero, zero, 1.5 * torch.arange(num_res)], -1))
    # N, CA and C of an α-helix in cylindrical coordinates (Arnott & Dover, J. Mol. Biol. 30:209, 1967).
    atoms = [(1.55, -27.0, -0.9), (2.29, 0.0, 0.0), (1.68, 26.0, 1.1)]
    n, ca, c = (
        torch.tensor([r * math.cos(math.radians(a)), r * math.sin(math.radians(a)), z]) for r, a, z in atoms
    )
    backbone = about_axis.compose(Rigid.from_backbone(n, ca, c))
    angles = torch.from_numpy(rng.uniform(-3, 3, (num_res, 7)).astype(np.float32))
    torsions = torch.stack([angles.sin(), angles.cos()], -1)
    atom14 = frames_to_atom14(aatype, torsion_angles_to_frames(aatype, backbone, torsions))
    return aatype, backbone, angles, atom14


def chain_set(kinds, lengths=None, clusters=None, resolutions=None, gap_after=None):
    """Ideal helices as a data set: one chain for each kind (all, backbone, ca)."""
    lengths = lengths or [30] * len(kinds)
    records, arrays = [], {"aatype": [], "residue_index": [], "coords": [], "mask": []}
    for number, (kind, length) in enumerate(zip(kinds, lengths, strict=True)):
        aatype, _, _, atom14 = helix(length, seed=number)
        mask = (atom14.abs().sum(-1) > 0).numpy().astype(np.uint8)
        if kind == "backbone":
            mask[:, 3:5] *= 2
            mask[:, 5:] = 0
        if kind == "ca":
            mask[:, 0], mask[:, 2:] = 0, 0
        index = np.arange(length) + (5 * (np.arange(length) > gap_after) if gap_after is not None else 0)
        arrays["aatype"].append(aatype.numpy().astype(np.int8))
        arrays["residue_index"].append(index.astype(np.int32))
        arrays["coords"].append(np.round(atom14.numpy() * 100).astype(np.int16) * (mask > 0)[..., None])
        arrays["mask"].append(mask)
        cluster = clusters[number] if clusters else str(number)
        resolution = resolutions[number] if resolutions else None
        records.append(
            ChainRecord(f"c{number}", "train", length, cluster, kind, resolution, "", "s.npz", number)
        )
    joined = {name: np.concatenate(parts) for name, parts in arrays.items()}
    return ChainSet(records, np.cumsum([0, *lengths]), joined, "0" * 64)
