"""From torsion angles to atoms, and from atoms back to torsion angles and frames.

The way out (Algorithm 24): a backbone frame and seven torsions give eight rigid groups, these the atom14
positions, these the atom37 positions. The way back serves template features, recycling and the ground
truth of the losses.

Every function takes any leading dimensions. Torsions are omega (to the residue before), phi, psi,
chi1-chi4, each as (sine, cosine).

Source: Jumper et al. 2021, Supplementary section 1.8.4 and Algorithm 24; torsions section 1.2.9.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from sciml.data import residue_constants, rigid_groups
from sciml.data.residue_constants import ATOM_INDEX, RESTYPES, UNKNOWN_INDEX
from sciml.data.rigid_groups import BACKBONE, CHI1
from sciml.structure.rigid import Rigid

_N, _CA, _C, _CB, _O = (ATOM_INDEX[name] for name in ("N", "CA", "C", "CB", "O"))
# Slots of omega, phi and psi in the atom37 layouts of the residue before (0-36) and of the residue (37-73).
_BACKBONE_TORSION_SLOTS = (
    (_CA, _C, 37 + _N, 37 + _CA),
    (_C, 37 + _N, 37 + _CA, 37 + _C),
    (37 + _N, 37 + _CA, 37 + _C, 37 + _O),
)
_TORSION_EPSILON = 1e-8  # Å²; the torsion of collinear atoms is (0, 0) instead of NaN
_BEYOND_ANGSTROM2 = 1e8  # upper edge of the last distance bin


@cache
def _table(table: Callable[[], NDArray], device: torch.device, dtype: torch.dtype | None) -> Tensor:
    with torch.inference_mode(False):  # the cached tensor also serves training
        return torch.tensor(table(), device=device, dtype=dtype)


def residue_table(table: Callable[[], NDArray], aatype: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Rows of a table of `sciml.data` for each residue.

    Args:
        table: a function of no arguments whose first axis is the residue type.
        aatype: (...), integers; types above 20 (gap, mask) count as X.
        dtype: of the result; that of the table by default.

    Returns:
        (..., *table.shape[1:]), on the device of `aatype`.
    """
    return _table(table, aatype.device, dtype)[aatype.long().clamp(max=UNKNOWN_INDEX)]


def torsion_angles_to_frames(aatype: Tensor, backbone: Rigid, torsions_sin_cos: Tensor) -> Rigid:
    """Global frames of the eight rigid groups of each residue (Algorithm 24, lines 1-10).

    Args:
        aatype: (..., res), residue types, integers up to 20.
        backbone: (..., res), backbone frames, Å.
        torsions_sin_cos: (..., res, 7, 2), unit pairs (sine, cosine).

    Returns:
        (..., res, 8), Å, in the order of `sciml.data.rigid_groups`.
    """
    default = Rigid.from_tensor_4x4(
        residue_table(rigid_groups.rigid_group_default_frames, aatype, torsions_sin_cos.dtype)
    )  # (..., res, 8)
    still = torch.zeros_like(torsions_sin_cos[..., :1, :])
    still[..., 1] = 1  # the backbone group does not turn
    sin, cos = torch.cat([still, torsions_sin_cos], dim=-2).unbind(-1)  # (..., res, 8)
    # default.rotation @ Rx(angle): the x column stays, the y and z columns turn.
    x, y, z = default.rotation.unbind(-1)
    sin, cos = sin.unsqueeze(-1), cos.unsqueeze(-1)
    local = Rigid(torch.stack([x, cos * y + sin * z, cos * z - sin * y], dim=-1), default.translation)
    chain = [local[..., group] for group in range(CHI1 + 1)]
    for group in range(CHI1 + 1, 8):
        chain.append(chain[-1].compose(local[..., group]))
    to_backbone = Rigid(
        torch.stack([frame.rotation for frame in chain], dim=-3),
        torch.stack([frame.translation for frame in chain], dim=-2),
    )
    return backbone[..., None].compose(to_backbone)


def frames_to_atom14(aatype: Tensor, frames: Rigid) -> Tensor:
    """Atom positions from the frames of the rigid groups (Algorithm 24, line 11).

    Args:
        aatype: (..., res).
        frames: (..., res, 8), Å.

    Returns:
        (..., res, 14, 3), Å; 0 in slots without an atom.
    """
    group = residue_table(rigid_groups.atom14_rigid_group, aatype)  # (..., res, 14)
    dtype = frames.translation.dtype
    rotation = frames.rotation.gather(-3, group[..., None, None].expand(*group.shape, 3, 3))
    translation = frames.translation.gather(-2, group[..., None].expand(*group.shape, 3))
    positions = Rigid(rotation, translation).apply(
        residue_table(rigid_groups.atom14_ideal_positions, aatype, dtype)
    )
    return positions * residue_table(residue_constants.atom14_mask, aatype, dtype).unsqueeze(-1)


def atom14_to_atom37(atom14: Tensor, aatype: Tensor) -> Tensor:
    """Values of atoms (..., res, 14, c) in the atom37 layout (..., res, 37, c); 0 where there is no atom."""
    slots = residue_table(residue_constants.atom37_to_atom14, aatype)
    gathered = atom14.gather(-2, slots[..., None].expand(*slots.shape, atom14.shape[-1]))
    return gathered * residue_table(residue_constants.atom37_mask, aatype, atom14.dtype).unsqueeze(-1)


def atom37_to_atom14(atom37: Tensor, aatype: Tensor) -> Tensor:
    """Values of atoms (..., res, 37, c) in the atom14 layout (..., res, 14, c); 0 where there is no atom."""
    slots = residue_table(residue_constants.atom14_to_atom37, aatype)
    gathered = atom37.gather(-2, slots[..., None].expand(*slots.shape, atom37.shape[-1]))
    return gathered * residue_table(residue_constants.atom14_mask, aatype, atom37.dtype).unsqueeze(-1)


@dataclass(frozen=True)
class Torsions:
    """Torsion angles of each residue; leading dimensions as given.

    Args:
        sin_cos: (..., res, 7, 2), (sine, cosine) of omega, phi, psi, chi1-chi4.
        alternative_sin_cos: (..., res, 7, 2), the same under the other naming of symmetric side chains.
        mask: (..., res, 7), 1 where the angle exists and its atoms are known.
    """

    sin_cos: Tensor
    alternative_sin_cos: Tensor
    mask: Tensor


def atom37_to_torsion_angles(
    aatype: Tensor, positions: Tensor, mask: Tensor, *, placeholder_for_undefined: bool = False
) -> Torsions:
    """Torsion angles of atoms.

    Omega and phi need the residue before, so those of the first residue are masked; neighbours in the
    array count as neighbours in the chain.

    Args:
        aatype: (..., res); types above 20 count as X.
        positions: (..., res, 37, 3), Å.
        mask: (..., res, 37), 1 for known atoms.
        placeholder_for_undefined: give angles that are masked the value (1, 0) instead of whatever their
            positions give.

    Returns:
        The angles, both namings and the mask.
    """
    both_positions = torch.cat([_residue_before(positions, -3), positions], dim=-2)  # (..., res, 74, 3)
    both_mask = torch.cat([_residue_before(mask, -2), mask], dim=-1)
    chi_slots = residue_table(residue_constants.chi_atom37_index, aatype) + 37
    backbone_slots = chi_slots.new_tensor(_BACKBONE_TORSION_SLOTS).expand(*aatype.shape, 3, 4)
    slots = torch.cat([backbone_slots, chi_slots], dim=-2).flatten(-2)  # (..., res, 28)
    atoms = both_positions.gather(-2, slots[..., None].expand(*slots.shape, 3)).unflatten(-2, (7, 4))
    known = both_mask.gather(-1, slots).unflatten(-1, (7, 4)).prod(-1)
    chi_exists = residue_table(residue_constants.chi_mask, aatype, mask.dtype)
    torsion_mask = known * pad(chi_exists, (3, 0), value=1.0)

    sin_cos = dihedral_sin_cos(atoms)
    # Psi is measured to the next N; O lies on the other side of the carbonyl.
    sin_cos = sin_cos * sin_cos.new_tensor([1, 1, -1, 1, 1, 1, 1]).unsqueeze(-1)
    half_turn = 1 - 2 * pad(residue_table(residue_constants.chi_pi_periodic, aatype, sin_cos.dtype), (3, 0))
    alternative = sin_cos * half_turn.unsqueeze(-1)
    if placeholder_for_undefined:
        known = torsion_mask.unsqueeze(-1) > 0
        default = sin_cos.new_tensor([1.0, 0.0])
        sin_cos, alternative = torch.where(known, sin_cos, default), torch.where(known, alternative, default)
    return Torsions(sin_cos, alternative, torsion_mask)


def _residue_before(values: Tensor, dim: int) -> Tensor:
    """Values shifted by one residue along `dim`, zero before the first."""
    return torch.cat(
        [torch.zeros_like(values.narrow(dim, 0, 1)), values.narrow(dim, 0, values.shape[dim] - 1)], dim
    )


def _dot(first: Tensor, second: Tensor) -> Tensor:
    """Scalar product of (..., 3), added x, y, z in turn."""
    products = first * second
    return products[..., 0] + products[..., 1] + products[..., 2]


def _robust_unit(vector: Tensor) -> Tensor:
    """Unit vector of (..., 3); shorter than 1 near the zero vector."""
    return vector / torch.sqrt(_dot(vector, vector) + _TORSION_EPSILON).unsqueeze(-1)


def dihedral_sin_cos(atoms: Tensor) -> Tensor:
    """(..., 2), sine and cosine of the dihedral of four atoms (..., 4, 3), with the sign of IUPAC.

    Angles of missing atoms (at the origin) are decided by rounding. They reach the template rows of the
    published networks, so the operations and their order are upstream's: a frame from the first three
    atoms, then R^T d - R^T c, not R^T (d - c).
    """
    first, second, third, fourth = atoms.unbind(-2)
    x_axis = _robust_unit(third - second)
    in_plane = first - third
    y_axis = _robust_unit(in_plane - _dot(in_plane, x_axis).unsqueeze(-1) * x_axis)
    z_axis = torch.linalg.cross(x_axis, y_axis)
    sin_cos = torch.stack([_dot(axis, fourth) + -_dot(axis, third) for axis in (z_axis, y_axis)], dim=-1)
    return sin_cos / torch.sqrt(sin_cos.square().sum(-1, keepdim=True) + _TORSION_EPSILON)


def atom37_to_frames(aatype: Tensor, positions: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """Ground-truth frames of the rigid groups (inverse of Algorithm 24).

    Args:
        aatype: (..., res), up to 20.
        positions: (..., res, 37, 3), Å.
        mask: (..., res, 37), 1 for known atoms.

    Returns:
        `rigidgroups_gt_frames` and `rigidgroups_alt_gt_frames` (..., res, 8, 12), the second under the
        other naming of symmetric side chains; `rigidgroups_gt_exists`, 1 where the three atoms are known;
        `rigidgroups_group_exists`, 1 where the residue type has the group;
        `rigidgroups_group_is_ambiguous`, 1 where the two namings differ; all three (..., res, 8).
    """
    slots = residue_table(rigid_groups.rigid_group_atom37_index, aatype)  # (..., res, 8, 3)
    flat = slots.flatten(-2)
    atoms = positions.gather(-2, flat[..., None].expand(*flat.shape, 3)).unflatten(-2, (8, 3))
    known = mask.gather(-1, flat).unflatten(-1, (8, 3)).amin(-1)
    group_exists = residue_table(rigid_groups.rigid_group_mask, aatype, mask.dtype)
    frames = Rigid.from_three_points(*atoms.unbind(-2))
    # The backbone frame has C on the positive x axis.
    turn = frames.rotation.new_ones(8, 1, 3)
    turn[BACKBONE] = turn.new_tensor([-1.0, 1.0, -1.0])
    frames = Rigid(frames.rotation * turn, frames.translation)
    ambiguous = pad(residue_table(residue_constants.chi_pi_periodic, aatype, mask.dtype), (CHI1, 0))
    half_turn = 1 - 2 * ambiguous[..., None, None] * frames.rotation.new_tensor([0.0, 1.0, 1.0])
    alternative = Rigid(frames.rotation * half_turn, frames.translation)
    return {
        "rigidgroups_gt_frames": frames.to_tensor12(),
        "rigidgroups_alt_gt_frames": alternative.to_tensor12(),
        "rigidgroups_gt_exists": known * group_exists,
        "rigidgroups_group_exists": group_exists,
        "rigidgroups_group_is_ambiguous": ambiguous,
    }


def pseudo_beta(aatype: Tensor, positions: Tensor) -> Tensor:
    """(..., res, 3), CB or, for glycine, CA of positions (..., res, 37, 3), Å."""
    is_glycine = (aatype == RESTYPES.index("G")).unsqueeze(-1)
    return torch.where(is_glycine, positions[..., _CA, :], positions[..., _CB, :])


def pseudo_beta_mask(aatype: Tensor, mask: Tensor) -> Tensor:
    """(..., res), the entry of `pseudo_beta`'s atom in a mask (..., res, 37)."""
    return torch.where(aatype == RESTYPES.index("G"), mask[..., _CA], mask[..., _CB])


def dgram_from_positions(
    positions: Tensor, num_bins: int, min_bin_angstrom: float, max_bin_angstrom: float
) -> Tensor:
    """One-hot distance bins of all pairs of points.

    Args:
        positions: (..., res, 3), Å.
        num_bins: number of bins; their lower edges are evenly spaced and the last is open.
        min_bin_angstrom: lower edge of the first bin; a smaller distance falls in none.
        max_bin_angstrom: lower edge of the last bin.

    Returns:
        (..., res, res, num_bins), 0 or 1 in the dtype of the positions.
    """
    lower = torch.linspace(
        min_bin_angstrom, max_bin_angstrom, num_bins, dtype=positions.dtype, device=positions.device
    ).square()
    upper = torch.cat([lower[1:], lower.new_tensor([_BEYOND_ANGSTROM2])])
    squared = (positions.unsqueeze(-2) - positions.unsqueeze(-3)).square().sum(-1, keepdim=True)
    return ((squared > lower) & (squared < upper)).to(positions.dtype)
