"""The energy that `relax` minimises: what joins residues, clashes, and the distance from the prediction.

Every term is half the square of a deviation in units of its standard deviation. Ideal values as in
`sciml.data.stereochemistry`; the deviation of omega and the angle O-C-N are those of Engh & Huber (2001).
"""

import math

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from sciml.data.residue_constants import ATOM14_NAMES, RESTYPES, atom14_van_der_waals_radius
from sciml.data.rigid_groups import atom14_rigid_group
from sciml.data.stereochemistry import (
    COS_C_N_CA,
    COS_CA_C_N,
    PEPTIDE_BOND,
    PEPTIDE_BOND_PROLINE,
    atom14_distance_bounds,
    residue_geometry,
)

_N, _CA, _C, _O = range(4)
_SULFUR = ATOM14_NAMES["CYS"].index("SG")
_DELTA = ATOM14_NAMES["PRO"].index("CD")
_PROLINE, _CYSTEINE = RESTYPES.index("P"), RESTYPES.index("C")

_COS_O_C_N = (math.cos(math.radians(122.7)), math.sin(math.radians(122.7)) * math.radians(1.6))
_OMEGA_DEVIATION_RADIANS = math.radians(6.0)
_CIS_COSINE = math.cos(math.radians(30.0))
# Overlap in Å at which repulsion begins: before the 1.5 Å that count as a clash.
_OVERLAP_ANGSTROM = 1.3
_CLASH_DEVIATION_ANGSTROM = 0.1
_NEIGHBOUR_ANGSTROM = 5.0
_EPSILON = 1e-8


class Energy:
    """Energy of the atoms of one chain.

    Args:
        aatype: (res,), residue types.
        start: (res, 14, 3), the prediction, Å.
        exists: (res, 14), 1 for atoms that are there.
        residue_index: (res,); numbers that differ by one are bonded.
        restraint_angstrom: standard deviation of the distance from the prediction.
    """

    def __init__(
        self, aatype: Tensor, start: Tensor, exists: Tensor, residue_index: Tensor, restraint_angstrom: float
    ) -> None:
        self.aatype, self.start, self.exists = aatype, start, exists
        self.restraint_angstrom = restraint_angstrom
        bonded = (
            (residue_index.diff() == 1)
            & (exists[:-1, _CA : _O + 1].amin(-1) > 0)
            & (exists[1:, :2].amin(-1) > 0)
        )
        self.first = bonded.nonzero()[:, 0]
        proline = (aatype[self.first + 1] == _PROLINE).double()
        self.length = PEPTIDE_BOND[0] + proline * (PEPTIDE_BOND_PROLINE[0] - PEPTIDE_BOND[0])
        self.length_deviation = PEPTIDE_BOND[1] + proline * (PEPTIDE_BOND_PROLINE[1] - PEPTIDE_BOND[1])
        # Cosine of the omega that is sought: a clear cis bond is the prediction's choice, anything else is
        # trans.
        self.omega = torch.where(self._cos_omega(start) > _CIS_COSINE, 1.0, -1.0)
        rings = (aatype == _PROLINE) & (exists[:, : _DELTA + 1].amin(-1) > 0)
        self.rings = rings.nonzero()[:, 0]
        self.pairs = torch.zeros(2, 0, dtype=torch.int64)
        self.closest = torch.zeros(0, dtype=torch.float64)

    def __call__(self, atoms: Tensor) -> Tensor:
        """(), the energy of atoms (res, 14, 3) in Å."""
        return self._links(atoms) + self._rings(atoms) + self._clashes(atoms) + self._restraint(atoms)

    def find_neighbours(self, atoms: Tensor) -> None:
        """List the pairs of atoms that may clash until this is called again; they may approach by 2.7 Å."""
        residue, slot = (index.numpy() for index in self.exists.nonzero(as_tuple=True))
        tree = cKDTree(atoms[residue, slot].numpy())
        pairs = tree.query_pairs(_NEIGHBOUR_ANGSTROM, output_type="ndarray")
        first, second = pairs.min(-1), pairs.max(-1)
        i, j, a, b = residue[first], residue[second], slot[first], slot[second]
        types, groups = self.aatype.numpy(), atom14_rigid_group()
        fixed = atom14_distance_bounds().stddev[types[i], a, b] > 0  # one or two bonds apart
        fixed |= groups[types[i], a] == groups[types[j], b]  # of one rigid group
        linked = np.isin(i, self.first.numpy()) & (j == i + 1)
        skip = (i == j) & fixed
        skip |= linked & (a == _C) & (b == _N)
        sulfur = (types == _CYSTEINE)[:, None] & (np.arange(14) == _SULFUR)
        skip |= sulfur[i, a] & sulfur[j, b]
        radius = atom14_van_der_waals_radius()
        closest = radius[types[i], a] + radius[types[j], b] - _OVERLAP_ANGSTROM
        self.pairs = torch.as_tensor(np.stack([i * 14 + a, j * 14 + b])[:, ~skip])
        self.closest = torch.as_tensor(closest[~skip]).double()

    def _links(self, atoms: Tensor) -> Tensor:
        """Length, angles and planarity of peptide bonds."""
        ca, c, o = (atoms[self.first, slot] for slot in (_CA, _C, _O))
        n, next_ca = (atoms[self.first + 1, slot] for slot in (_N, _CA))
        terms = [
            _half_square(_distance(c, n) - self.length, self.length_deviation),
            _half_square(_cosine(ca, c, n) - COS_CA_C_N[0], COS_CA_C_N[1]),
            _half_square(_cosine(c, n, next_ca) - COS_C_N_CA[0], COS_C_N_CA[1]),
            _half_square(_cosine(o, c, n) - _COS_O_C_N[0], _COS_O_C_N[1]),
            # 1 - cos(omega - target), half a square near the target.
            (1 - self._cos_omega(atoms) * self.omega) / _OMEGA_DEVIATION_RADIANS**2,
        ]
        return torch.stack([term.sum() for term in terms]).sum()

    def _cos_omega(self, atoms: Tensor) -> Tensor:
        ca, c = atoms[self.first, _CA], atoms[self.first, _C]
        n, next_ca = atoms[self.first + 1, _N], atoms[self.first + 1, _CA]
        left, right = torch.linalg.cross(c - ca, n - c), torch.linalg.cross(n - c, next_ca - n)
        return (left * right).sum(-1) * torch.rsqrt(left.square().sum(-1) * right.square().sum(-1) + _EPSILON)

    def _rings(self, atoms: Tensor) -> Tensor:
        """The bond that closes the ring of proline, and its angle at N."""
        geometry = residue_geometry()["PRO"]
        n, ca, delta = (atoms[self.rings, slot] for slot in (_N, _CA, _DELTA))
        length, deviation = geometry.bonds["N", "CD"]
        angle, spread = (math.radians(value) for value in geometry.angles["CA", "N", "CD"])
        closing = _half_square(_distance(n, delta) - length, deviation)
        bending = _half_square(_cosine(ca, n, delta) - math.cos(angle), math.sin(angle) * spread)
        return closing.sum() + bending.sum()

    def _clashes(self, atoms: Tensor) -> Tensor:
        first, second = atoms.flatten(0, 1)[self.pairs]
        return _half_square((self.closest - _distance(first, second)).relu(), _CLASH_DEVIATION_ANGSTROM).sum()

    def _restraint(self, atoms: Tensor) -> Tensor:
        squared = (atoms - self.start).square().sum(-1) * self.exists
        return squared.sum() / (2 * self.restraint_angstrom**2)


def _half_square(deviation: Tensor, unit: Tensor | float) -> Tensor:
    return (deviation / unit).square() / 2


def _distance(first: Tensor, second: Tensor) -> Tensor:
    return ((first - second).square().sum(-1) + _EPSILON).sqrt()


def _cosine(first: Tensor, middle: Tensor, last: Tensor) -> Tensor:
    """Cosine of the angle at `middle`."""
    left, right = first - middle, last - middle
    return (left * right).sum(-1) * torch.rsqrt(left.square().sum(-1) * right.square().sum(-1) + _EPSILON)
