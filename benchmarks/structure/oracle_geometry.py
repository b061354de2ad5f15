"""Residue tables and all-atom geometry beside the reference's."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.structure.oracle_differences import Arrays, Difference, differ, tensors
from sciml.data import residue_constants, rigid_groups, stereochemistry
from sciml.structure import all_atom
from sciml.structure.rigid import (
    Rigid,
    precompose_update,
    quat_multiply,
    quat_multiply_by_vector,
    quat_to_rot,
    rot_to_quat,
)


def check_residue_constants(arrays: Arrays) -> Iterator[Difference]:
    """Tables of residues, atoms, rigid groups and distance bounds."""
    bounds = stereochemistry.atom14_distance_bounds()
    tables: dict[str, NDArray] = {
        "restype_atom37_to_rigid_group": rigid_groups.atom37_rigid_group(),
        "restype_atom37_mask": residue_constants.atom37_mask(),
        "restype_atom37_rigid_group_positions": rigid_groups.atom37_ideal_positions(),
        "restype_atom14_to_rigid_group": rigid_groups.atom14_rigid_group(),
        "restype_atom14_mask": residue_constants.atom14_mask(),
        "restype_atom14_rigid_group_positions": rigid_groups.atom14_ideal_positions(),
        "restype_rigid_group_default_frame": rigid_groups.rigid_group_default_frames(),
        "chi_angles_mask": residue_constants.chi_mask()[:20],
        "chi_pi_periodic": residue_constants.chi_pi_periodic(),
        "STANDARD_ATOM_MASK": residue_constants.atom37_mask(),
        "get_chi_atom_indices": residue_constants.chi_atom37_index(),
        "MAP_HHBLITS_AATYPE_TO_OUR_AATYPE": residue_constants.hhblits_to_restype(),
        "renaming_matrices": np.eye(14)[residue_constants.atom14_swap()],
        "vdw_radius_per_atom37": residue_constants.atom37_van_der_waals_radius(),
        "atom14_is_ambiguous_multimer": residue_constants.atom14_is_ambiguous(),
        "atom14_dists_bounds/lower_bound": bounds.lower,
        "atom14_dists_bounds/upper_bound": bounds.upper,
        "atom14_dists_bounds/stddev": bounds.stddev,
    }
    for name, table in tables.items():
        yield differ(name, table, arrays[name], 1e-5)


def check_rigid(arrays: Arrays) -> Iterator[Difference]:
    """Quaternions, frames and their products."""
    given = tensors(arrays)
    quaternion, translation = given["quat"], given["trans"]
    frames = Rigid(quat_to_rot(quaternion), translation)
    from_points = Rigid.from_three_points(*given["three_points"].unbind(-2))
    inverse, product = from_points.invert(), frames.compose(from_points)
    updated = torch.cat(precompose_update(quaternion, translation, given["update6"]), dim=-1)
    recovered = rot_to_quat(frames.rotation)
    # q and -q are the same rotation; the reference's sign is that of an eigenvector.
    sign = torch.sign((recovered * torch.tensor(arrays["out/rot_to_quat"])).sum(-1, keepdim=True))
    first, second, third = given["three_points"].unbind(-2)
    reference_frames = Rigid.from_backbone(n=first, ca=second, c=third)
    ours = {
        "quat_to_rot": frames.rotation,
        "rot_to_quat": recovered * sign,
        "quat_multiply": quat_multiply(quaternion, given["quat2"]),
        "quat_multiply_by_vec": quat_multiply_by_vector(quaternion, given["vec"]),
        "precompose_tensor7": updated,
        "precompose_rot": quat_to_rot(updated[:, :4]),
        "apply_to_point": Rigid.from_tensor7(updated)[:, None].apply(given["points"]),
        "invert_point": Rigid.from_tensor7(updated)[:, None].invert_apply(given["points"]),
        "rigids_from_3_points_rot": from_points.rotation,
        "rigids_from_3_points_trans": from_points.translation,
        "invert_rot": inverse.rotation,
        "invert_trans": inverse.translation,
        "affine_mul_3pt_rot": product.rotation,
        "affine_mul_3pt_trans": product.translation,
        "affine_mul_vec": frames.apply(given["vec"]),
        "transform_from_reference_N_CA_C_rot": reference_frames.rotation,
        "transform_from_reference_N_CA_C_trans": reference_frames.translation,
    }
    for name, value in ours.items():
        yield differ(name, value, arrays[f"out/{name}"], 1e-5)


def check_torsion_to_atoms(arrays: Arrays) -> Iterator[Difference]:
    """Backbone and torsions to frames, atom14 and atom37."""
    given = tensors(arrays)
    aatype, quaternion = given["aatype"], given["bb_quat_unnormalised"]
    backbone = Rigid(quat_to_rot(quaternion / quaternion.norm(dim=-1, keepdim=True)), given["bb_trans"])
    frames = all_atom.torsion_angles_to_frames(aatype, backbone, given["angles_sin_cos"])
    atom14 = all_atom.frames_to_atom14(aatype, frames)
    atom37 = all_atom.atom14_to_atom37(atom14, aatype)
    ours: dict[str, Tensor | NDArray] = {
        "frames_rot": frames.rotation,
        "frames_trans": frames.translation,
        "atom14_pos": atom14,
        "atom37_pos": atom37,
        "atom37_to_atom14": all_atom.atom37_to_atom14(atom37, aatype),
        "atom14_atom_exists": residue_constants.atom14_mask()[aatype],
        "atom37_atom_exists": residue_constants.atom37_mask()[aatype],
        "residx_atom14_to_atom37": residue_constants.atom14_to_atom37()[aatype],
        "residx_atom37_to_atom14": residue_constants.atom37_to_atom14()[aatype],
    }
    for name, value in ours.items():
        yield differ(name, value, arrays[f"out/{name}"], 2e-5)


def check_atom37_to_torsions_frames(arrays: Arrays) -> Iterator[Difference]:
    """Atoms to torsions, frames, pseudo-beta and distance bins."""
    given = tensors(arrays)
    aatype, positions, mask = given["aatype"], given["all_atom_positions"], given["all_atom_mask"]
    ours: dict[str, Tensor] = {}
    for suffix, placeholder in (("", False), ("_placeholder", True)):
        torsions = all_atom.atom37_to_torsion_angles(
            aatype, positions, mask, placeholder_for_undefined=placeholder
        )
        # The angle of missing, coincident atoms is rounding noise unless it has a placeholder.
        known = torch.ones_like(torsions.mask) if placeholder else torsions.mask
        for name, value in (("", torsions.sin_cos), ("alt_", torsions.alternative_sin_cos)):
            key = f"{name}torsion_angles_sin_cos{suffix}"
            ours[key] = value * known[..., None]
            arrays[f"out/{key}"] = arrays[f"out/{key}"] * known[..., None].numpy()
        ours[f"torsion_angles_mask{suffix}"] = torsions.mask
    ours |= all_atom.atom37_to_frames(aatype, positions, mask)
    for key in ("rigidgroups_gt_frames", "rigidgroups_alt_gt_frames"):
        known = ours["rigidgroups_gt_exists"][..., None]
        ours[key] = ours[key] * known
        arrays[f"out/{key}"] = arrays[f"out/{key}"] * known.numpy()
    beta = all_atom.pseudo_beta(aatype, positions)
    ours["pseudo_beta"] = ours["pseudo_beta_nomask"] = beta
    ours["pseudo_beta_mask"] = all_atom.pseudo_beta_mask(aatype, mask)
    ours["dgram_prev_pos"] = all_atom.dgram_from_positions(beta, 15, 3.25, 20.75)
    ours["dgram_template"] = all_atom.dgram_from_positions(beta, 39, 3.25, 50.75)
    for name, value in ours.items():
        yield differ(name, value, arrays[f"out/{name}"], 2e-5)
