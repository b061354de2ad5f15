"""Backbone hydrogen bonds by electrostatic energy, as DSSP finds them.

An N-H of residue i and a C=O of residue j attract with

    E = 0.42 e · 0.20 e · 332 Å kcal/mol/e² · (1/r(ON) + 1/r(CH) - 1/r(OH) - 1/r(CN)),

and are bonded below -0.5 kcal/mol. The hydrogen is not read: it lies 1 Å from N along the direction from O to
C of the residue before. Proline and the first residue of a structure have none. As in the DSSP program, only
pairs with Cα closer than 9 Å are looked at, the two strongest bonds of each N-H and of each C=O are kept,
energies are rounded to 0.001 kcal/mol and never lower than -9.9, and a residue's N-H is not bonded to the C=O
just before it.

Source: Kabsch & Sander, Biopolymers 22:2577 (1983); the limits are those of the program mkdssp 4.2.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

BOND_ENERGY = -0.5
"""kcal/mol; lower is a hydrogen bond."""
LOWEST_ENERGY = -9.9
"""kcal/mol, of atoms that all but coincide."""
BONDS_KEPT = 2
"""Of each N-H and of each C=O."""

_COUPLING = 0.42 * 0.20 * 332  # kcal/mol Å
_CA_LIMIT_ANGSTROM = 9.0
_SHORTEST_ANGSTROM = 0.5
_ENERGY_DECIMALS = 3


class HydrogenBonds(NamedTuple):
    """The strongest attractions of each residue's N-H and C=O; not all of them are below `BOND_ENERGY`."""

    acceptor: Integers
    """(res, 2), residues whose C=O the N-H turns to, strongest first; -1 where there is none."""
    acceptor_energy: Array
    """(res, 2), kcal/mol, below 0; NaN where there is none."""
    donor: Integers
    """(res, 2), residues whose N-H turns to the C=O, strongest first; -1 where there is none."""
    donor_energy: Array
    """(res, 2), kcal/mol, below 0; NaN where there is none."""

    def pairs(self) -> Integers:
        """(bond, 2), donor and acceptor of each hydrogen bond, by the donor, stronger first.

        A bond counts when it is among the two strongest of its N-H, whether or not of its C=O.
        """
        donor, rank = np.nonzero(self.acceptor_energy < BOND_ENERGY)  # false for NaN
        return np.stack([donor, self.acceptor[donor, rank]], axis=-1)


def amide_hydrogens(backbone: Array) -> Array:
    """Positions of the hydrogens on N, from the C=O of the residue before in the list.

    Args:
        backbone: (res, 4, 3), N, CA, C, O in Å.

    Returns:
        (res, 3), Å; NaN for the first residue, and where C and O before coincide.
    """
    hydrogens = np.full((len(backbone), 3), np.nan)
    carbonyl = backbone[:-1, 2] - backbone[:-1, 3]
    length = np.linalg.norm(carbonyl, axis=-1, keepdims=True)
    direction = np.divide(carbonyl, length, out=np.full_like(carbonyl, np.nan), where=length > 0)
    hydrogens[1:] = backbone[1:, 0] + direction
    return hydrogens


def hydrogen_bonds(backbone: Array, hydrogens: Array) -> HydrogenBonds:
    """The two strongest bonds of each N-H and each C=O.

    Args:
        backbone: (res, 4, 3), N, CA, C, O in Å, residues in the order of the chain.
        hydrogens: (res, 3), Å; NaN where a residue has no H on its N.

    Returns:
        Partners and energies.

    Source: see the module.
    """
    residues = len(backbone)
    first, second = _near(backbone[:, 1])
    upward = second != first + 1  # the later residue does not give its H to the C=O just before it
    donor = np.concatenate([first, second[upward]])
    acceptor = np.concatenate([second, first[upward]])
    has_hydrogen = np.isfinite(hydrogens[donor]).all(-1)
    donor, acceptor = donor[has_hydrogen], acceptor[has_hydrogen]
    energy = _energies(backbone, hydrogens, donor, acceptor)
    attract = energy < 0
    donor, acceptor, energy = donor[attract], acceptor[attract], energy[attract]
    return HydrogenBonds(
        *_strongest(residues, donor, acceptor, energy), *_strongest(residues, acceptor, donor, energy)
    )


def _near(ca: Array) -> tuple[Integers, Integers]:
    """Pairs of residues, the earlier first, with Cα closer than 9 Å."""
    if len(ca) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    pairs = cKDTree(ca).query_pairs(_CA_LIMIT_ANGSTROM, output_type="ndarray").astype(np.int64)
    return pairs.min(-1), pairs.max(-1)


def _energies(backbone: Array, hydrogens: Array, donor: Integers, acceptor: Integers) -> Array:
    """(pair,), kcal/mol."""
    n, h = backbone[donor, 0], hydrogens[donor]
    c, o = backbone[acceptor, 2], backbone[acceptor, 3]
    distances = np.stack([np.linalg.norm(a - b, axis=-1) for a, b in ((o, n), (c, h), (o, h), (c, n))])
    with np.errstate(divide="ignore", invalid="ignore"):
        energy = _COUPLING * (np.array([1.0, 1.0, -1.0, -1.0]) @ (1 / distances))
    energy = np.maximum(np.round(energy, _ENERGY_DECIMALS), LOWEST_ENERGY)
    return np.where((distances < _SHORTEST_ANGSTROM).any(0), LOWEST_ENERGY, energy)


def _strongest(residues: int, residue: Integers, partner: Integers, energy: Array) -> tuple[Integers, Array]:
    """(res, 2) partners of lowest energy, of equal energies the earlier, and (res, 2) energies."""
    order = np.lexsort((partner, energy, residue))
    residue, partner, energy = residue[order], partner[order], energy[order]
    rank = np.arange(len(residue)) - np.searchsorted(residue, residue)
    kept = rank < BONDS_KEPT
    partners = np.full((residues, BONDS_KEPT), -1)
    energies = np.full((residues, BONDS_KEPT), np.nan)
    partners[residue[kept], rank[kept]] = partner[kept]
    energies[residue[kept], rank[kept]] = energy[kept]
    return partners, energies
