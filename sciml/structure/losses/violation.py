"""Violations of bond geometry and clashes of atoms, as losses and as the reference's counts.

Bonds between residues, clashes and distances inside residues are measured against tolerances of 12 standard
deviations and 1.5 Å of overlap: far looser than a chemist's, meant to remove what is impossible.

Source: Jumper et al. 2021, Supplementary section 1.9.11.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from einops import rearrange
from torch import Tensor
from torch.nn.functional import pad

from sciml.data.residue_constants import ATOM14_NAMES, RESTYPES, atom14_van_der_waals_radius
from sciml.data.stereochemistry import (
    CA_CA_DISTANCE,
    COS_C_N_CA,
    COS_CA_C_N,
    PEPTIDE_BOND,
    PEPTIDE_BOND_PROLINE,
    DistanceBounds,
    atom14_distance_bounds,
)
from sciml.structure.all_atom import residue_table

_N, _CA, _C, _SULFUR = 0, 1, 2, ATOM14_NAMES["CYS"].index("SG")
_CHAIN_EPSILON = 1e-6
_PAIR_EPSILON = 1e-10
_CA_CA_TOLERANCE_ANGSTROM = 1.5


class BondViolations(NamedTuple):
    """Peptide bonds: losses (b,), then per residue (b, res) the sum of losses and 1 where one is violated."""

    c_n_loss: Tensor
    ca_c_n_loss: Tensor
    c_n_ca_loss: Tensor
    residue_loss: Tensor
    residue_violation: Tensor


class AtomViolations(NamedTuple):
    """Per atom (b, res, 14): the sum of losses of its pairs, and 1 where one is violated."""

    loss: Tensor
    violation: Tensor


@dataclass(frozen=True)
class StructuralViolations:
    """All violations of a prediction.

    Args:
        bonds: between residues.
        clashes: between atoms of different residues.
        clash_mean: (b,), clash loss over the number of pairs.
        within: distances inside residues.
        residue_violation: (b, res), 1 where a residue has any of them.
    """

    bonds: BondViolations
    clashes: AtomViolations
    clash_mean: Tensor
    within: AtomViolations
    residue_violation: Tensor

    def loss(self, exists: Tensor) -> Tensor:
        """(b,), violation loss of atoms that exist (b, res, 14)."""
        atoms = (self.clashes.loss + self.within.loss).flatten(1).sum(-1)
        bonds = self.bonds.c_n_loss + self.bonds.ca_c_n_loss + self.bonds.c_n_ca_loss
        return bonds + atoms / (exists.flatten(1).sum(-1) + _CHAIN_EPSILON)


def structural_violations(
    positions: Tensor,
    exists: Tensor,
    aatype: Tensor,
    residue_index: Tensor,
    *,
    tolerance_deviations: float = 12.0,
    overlap_tolerance_angstrom: float = 1.5,
) -> StructuralViolations:
    """Find all violations of predicted atoms.

    Args:
        positions: (b, res, 14, 3), Å.
        exists: (b, res, 14), 1 for atoms that the residue types have.
        aatype: (b, res).
        residue_index: (b, res); neighbours in the chain differ by one.
        tolerance_deviations: standard deviations that a bond length or angle may be off.
        overlap_tolerance_angstrom: how far van der Waals spheres may overlap.

    Returns:
        Losses and counts.
    """
    bonds = bond_violations(positions, exists, aatype, residue_index, tolerance_deviations)
    radius = exists * residue_table(atom14_van_der_waals_radius, aatype, positions.dtype)
    clashes, clash_mean = clash_violations(
        positions, exists, radius, residue_index, overlap_tolerance_angstrom
    )
    bounds = atom14_distance_bounds(overlap_tolerance_angstrom, tolerance_deviations)
    within = within_residue_violations(positions, exists, aatype, bounds)
    residue = torch.stack(
        [bonds.residue_violation, clashes.violation.amax(-1), within.violation.amax(-1)], dim=-1
    ).amax(-1)
    return StructuralViolations(bonds, clashes, clash_mean, within, residue)


def bond_violations(
    positions: Tensor,
    exists: Tensor,
    aatype: Tensor,
    residue_index: Tensor,
    tolerance_deviations: float = 12.0,
) -> BondViolations:
    """Length and angles of the bonds C-N between neighbours; arguments as in `structural_violations`."""
    ca, c = positions[:, :-1, _CA], positions[:, :-1, _C]
    n, next_ca = positions[:, 1:, _N], positions[:, 1:, _CA]
    has_ca, has_c = exists[:, :-1, _CA], exists[:, :-1, _C]
    has_n, has_next_ca = exists[:, 1:, _N], exists[:, 1:, _CA]
    bonded = (residue_index.diff(dim=-1) == 1).to(positions.dtype) * has_c * has_n

    c_ca, c_n, n_ca = ca - c, n - c, next_ca - n
    c_n_length = _length(c_n)
    c_ca, c_n, n_ca = (
        c_ca / _length(c_ca)[..., None],
        c_n / c_n_length[..., None],
        n_ca / _length(n_ca)[..., None],
    )
    proline = (aatype[:, 1:] == RESTYPES.index("P")).to(positions.dtype)
    length = PEPTIDE_BOND[0] + proline * (PEPTIDE_BOND_PROLINE[0] - PEPTIDE_BOND[0])
    deviation = PEPTIDE_BOND[1] + proline * (PEPTIDE_BOND_PROLINE[1] - PEPTIDE_BOND[1])

    # parity.

    terms = [
        (c_n_length - length, deviation, bonded),
        ((c_ca * c_n).sum(-1) - COS_CA_C_N[0], torch.full_like(deviation, COS_CA_C_N[1]), bonded * has_ca),
        (
            (-c_n * n_ca).sum(-1) - COS_C_N_CA[0],
            torch.full_like(deviation, COS_C_N_CA[1]),
            bonded * has_next_ca,
        ),
    ]
    means, per_bond, violated = [], [], []
    for error, spread, mask in terms:
        error = (error.square() + _CHAIN_EPSILON).sqrt()
        loss = (error - tolerance_deviations * spread).relu()
        means.append((mask * loss).sum(-1) / (mask.sum(-1) + _CHAIN_EPSILON))
        per_bond.append(loss)
        violated.append(mask * (error > tolerance_deviations * spread))
    bond_loss, bond_violation = torch.stack(per_bond).sum(0), torch.stack(violated).amax(0)
    # A bond belongs half to either residue.
    residue_loss = (pad(bond_loss, (0, 1)) + pad(bond_loss, (1, 0))) / 2
    residue_violation = torch.maximum(pad(bond_violation, (0, 1)), pad(bond_violation, (1, 0)))
    return BondViolations(means[0], means[1], means[2], residue_loss, residue_violation)


def clash_violations(
    positions: Tensor,
    exists: Tensor,
    radius: Tensor,
    residue_index: Tensor,
    overlap_tolerance_angstrom: float = 1.5,
) -> tuple[AtomViolations, Tensor]:
    """Atoms of different residues that are too close.

    The peptide bond C-N and pairs of atoms in the slot of a disulfide's sulfur may touch.

    Args:
        positions: (b, res, 14, 3), Å.
        exists: (b, res, 14).
        radius: (b, res, 14), van der Waals radii, Å.
        residue_index: (b, res).
        overlap_tolerance_angstrom: how far two spheres may overlap.

    Returns:
        Losses per atom, and (b,) their mean over all pairs of atoms of different residues.
    """
    batch, first, second = _residue_pairs_in_reach(positions, exists, residue_index, 2 * radius.max())
    allowed = exists[batch, first].unsqueeze(-1) * exists[batch, second].unsqueeze(-2)  # (pair, 14, 14)
    allowed = allowed * _nonbonded(residue_index[batch, first], residue_index[batch, second], allowed)
    offset = positions[batch, first].unsqueeze(-2) - positions[batch, second].unsqueeze(-3)
    distance = (offset.square().sum(-1) + _PAIR_EPSILON).sqrt()
    closest = (
        radius[batch, first].unsqueeze(-1) + radius[batch, second].unsqueeze(-2) - overlap_tolerance_angstrom
    )
    loss = allowed * (closest - distance).relu()
    clash = allowed * (distance < closest)

    residues = positions.shape[1]
    rows, columns = batch * residues + first, batch * residues + second
    total = positions.new_zeros(exists.shape).flatten(0, 1)  # (b * res, 14)
    atom_loss = total.index_add(0, rows, loss.sum(-1)).index_add(0, columns, loss.sum(-2))
    atom_clash = total.index_add(0, rows, clash.sum(-1)).index_add(0, columns, clash.sum(-2)).clamp(max=1)
    atom_loss, atom_clash = (rearrange(x, "(b i) a -> b i a", i=residues) for x in (atom_loss, atom_clash))
    # Every pair was counted for both of its atoms.
    mean = atom_loss.flatten(1).sum(-1) / 2 / (_CHAIN_EPSILON + _number_of_pairs(exists, residue_index))
    return AtomViolations(atom_loss, atom_clash), mean


@torch.no_grad()
def _residue_pairs_in_reach(
    positions: Tensor, exists: Tensor, residue_index: Tensor, touching_angstrom: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch, first and second residue (pair,) of residues whose atoms may touch; the first is the earlier."""
    weight = exists.unsqueeze(-1)
    centre = (positions * weight).sum(-2) / weight.sum(-2).clamp(min=1)  # (b, res, 3)
    reach = ((positions - centre.unsqueeze(-2)).norm(dim=-1) * exists).amax(-1)
    limit = reach.unsqueeze(-1) + reach.unsqueeze(-2) + touching_angstrom
    earlier = residue_index.unsqueeze(-1) < residue_index.unsqueeze(-2)
    occupied = exists.amax(-1) > 0
    near = torch.cdist(centre, centre) < limit
    return (near & earlier & occupied.unsqueeze(-1) & occupied.unsqueeze(-2)).nonzero(as_tuple=True)


def _nonbonded(first: Tensor, second: Tensor, like: Tensor) -> Tensor:
    """(pair, 14, 14), 0 for the atoms of residues numbered `first` and `second` (pair,) that may touch."""
    nonbonded = torch.ones_like(like)
    nonbonded[:, _C, _N] = (first + 1 != second).to(like.dtype)
    nonbonded[:, _SULFUR, _SULFUR] = 0
    return nonbonded


def _number_of_pairs(exists: Tensor, residue_index: Tensor) -> Tensor:
    """(b,), pairs of atoms that `clash_violations` compares, without making them."""
    earlier = (residue_index.unsqueeze(-1) < residue_index.unsqueeze(-2)).to(exists.dtype)
    neighbour = (residue_index.unsqueeze(-1) + 1 == residue_index.unsqueeze(-2)).to(exists.dtype)
    atoms, sulfur = exists.sum(-1), exists[..., _SULFUR]

    def pairs(left: Tensor, which: Tensor, right: Tensor) -> Tensor:
        return torch.einsum("bi,bij,bj->b", left, which, right)

    bonded = pairs(exists[..., _C], neighbour, exists[..., _N])
    return pairs(atoms, earlier, atoms) - bonded - pairs(sulfur, earlier, sulfur)


def within_residue_violations(
    positions: Tensor, exists: Tensor, aatype: Tensor, bounds: DistanceBounds
) -> AtomViolations:
    """Distances inside a residue that are out of bounds; arguments as in `structural_violations`."""
    mask = exists.unsqueeze(-1) * exists.unsqueeze(-2)
    mask = mask * (1 - torch.eye(14, dtype=mask.dtype, device=mask.device))
    lower, upper = (
        torch.tensor(table, dtype=positions.dtype, device=positions.device)[aatype.long()]
        for table in (bounds.lower, bounds.upper)
    )
    offset = positions.unsqueeze(-2) - positions.unsqueeze(-3)
    distance = (offset.square().sum(-1) + _PAIR_EPSILON).sqrt()
    loss = mask * ((lower - distance).relu() + (distance - upper).relu())
    violation = mask * ((distance < lower) | (distance > upper))
    return AtomViolations(loss.sum(-1) + loss.sum(-2), violation.amax(-1))


def violation_metrics(
    violations: StructuralViolations,
    positions: Tensor,
    exists: Tensor,
    residue_index: Tensor,
    residue_mask: Tensor,
) -> dict[str, Tensor]:
    """Shares of residues (of Cα pairs for the last) with a violation, under the reference's names, each
    (b,).

    Args:
        violations: of these positions.
        positions: (b, res, 14, 3), Å.
        exists: (b, res, 14).
        residue_index: (b, res).
        residue_mask: (b, res), 0 for padding.

    Returns:
        `violations_per_residue`, `…_between_residue_bond`, `…_between_residue_clash`, `…_within_residue`
        and `violations_extreme_ca_ca_distance`.
    """
    ca, has_ca = positions[:, :, _CA], exists[:, :, _CA]
    bonded = (residue_index.diff(dim=-1) == 1).to(positions.dtype) * has_ca[:, 1:] * has_ca[:, :-1]
    stretched = (_length(ca.diff(dim=1)) - CA_CA_DISTANCE) > _CA_CA_TOLERANCE_ANGSTROM

    def share(values: Tensor, mask: Tensor) -> Tensor:
        return (values * mask).sum(-1) / (mask.sum(-1) + _PAIR_EPSILON)

    return {
        "violations_per_residue": share(violations.residue_violation, residue_mask),
        "violations_between_residue_bond": share(violations.bonds.residue_violation, residue_mask),
        "violations_between_residue_clash": share(violations.clashes.violation.amax(-1), residue_mask),
        "violations_within_residue": share(violations.within.violation.amax(-1), residue_mask),
        "violations_extreme_ca_ca_distance": share(stretched, bonded),
    }


def _length(vector: Tensor) -> Tensor:
    return (vector.square().sum(-1) + _CHAIN_EPSILON).sqrt()
