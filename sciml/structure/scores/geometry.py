"""The geometry of a model, as a validation report gives it: clashes, Ramachandran, bonds, hands, peptides.

    clashscore      pairs of heavy atoms that overlap, for each 1000 atoms: `clashes.py` says what overlaps
    Ramachandran    shares of residues that are favoured, allowed, outliers, by class: `ramachandran.py`
    bonds, angles   outliers at 4 standard deviations (MolProbity) and at 5 (wwPDB), root mean square of the
                    deviations (RMSZ), ideal values of Engh & Huber; C-N, CA-C-N and C-N-CA between residues
    chirality       wrong hands at Cα, and at Cβ of threonine and isoleucine
    peptides        cis: omega within 90 degrees of 0, proline apart; twisted: over 30 degrees from planar

Residues are bonded when they follow each other in one chain with C and N at most 2.5 Å apart; residue
numbers decide only what a break is. What cannot be measured (a Cα-only model has no bond, no phi, no hand)
is None and `unavailable` says why; it is never 0. Missing atoms are skipped and counted. Not computed:
hydrogens and their clashes, rotamers, Cβ deviations, planarity of side chains, residues of unknown type.

Source: Chen et al., Acta Cryst. D66:12 (2010); Read et al., Structure 19:1395 (2011).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import RESIDUE_NAMES, atom14_mask
from sciml.errors import InputError
from sciml.structure import violations
from sciml.structure.bond_geometry import Chain, angle_terms, bond_terms, chain_atoms
from sciml.structure.scores.backbone_torsions import backbone_torsions, peptide_bonds
from sciml.structure.scores.clashes import find_clashes, is_collapsed
from sciml.structure.scores.geometry_fields import GeometryReport, RamachandranCounts, ResidueChecks
from sciml.structure.scores.ramachandran import CLASSES, REGIONS, ramachandran_classes, ramachandran_regions

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

STRICT_DEVIATIONS, LOOSE_DEVIATIONS = 4.0, 5.0
TWIST_DEGREES = 30.0
_BACKBONE = slice(0, 3)  # N, CA, C in atom14


def geometry_report(
    positions: NDArray,
    mask: NDArray,
    aatype: NDArray,
    residue_index: NDArray,
    chain_ids: Sequence[str] | NDArray,
) -> GeometryReport:
    """Check the geometry of one model of one or more chains.

    Args:
        positions: (res, 37, 3), Å.
        mask: (res, 37), 1 for atoms that are there.
        aatype: (res,), restypes; X (20) has no geometry, its atoms are not looked at.
        residue_index: (res,), residue numbers, any.
        chain_ids: (res,), identifier of each residue's chain.

    Returns:
        The report.

    Raises:
        InputError: shapes disagree, or the position of an atom is not finite.
    """
    chains = np.array([str(chain) for chain in chain_ids])
    if len(chains) != len(aatype):
        raise InputError(f"{len(aatype)} residues need as many chain identifiers: {len(chains)}")
    chain = chain_atoms(aatype, positions, mask, residue_index)
    backbone = np.where(chain.exists[:, _BACKBONE, None], chain.positions[:, _BACKBONE], np.nan)
    chain = chain._replace(bonded=peptide_bonds(backbone, chains))
    followed = (chains[1:] == chains[:-1]) & (np.diff(residue_index) == 1)
    ends_known = chain.exists[:-1, 2] & chain.exists[1:, 0]
    # Atoms about a missing C or N are still near each other for the bonds that are not seen.
    measured = _Measured(chain, backbone, joined=chain.bonded | (followed & ~ends_known))
    counts, unavailable = _counts(chain, measured)
    breaks = int((followed & ends_known & ~chain.bonded).sum())
    if not (chain.exists[:, 0] & chain.exists[:, 2]).any():
        unavailable["chain_breaks"] = "no residue has both N and C"
    return GeometryReport(
        residues=int(chain.exists.any(-1).sum()),
        atoms=int(chain.exists.sum()),
        incomplete_residues=int(((measured.missing > 0) & chain.exists.any(-1)).sum()),
        chain_breaks=None if "chain_breaks" in unavailable else breaks,
        ramachandran={
            name: _region_counts(measured.regions[measured.classes == number])
            for number, name in enumerate(CLASSES)
        },
        **counts,
        unavailable=unavailable,
        per_residue=_per_residue(chain, measured, chains, residue_index),
    )


class _Measured:
    """Everything that is measured once and used for the counts and for the list of residues."""

    def __init__(self, chain: Chain, backbone: Array, joined: Flags) -> None:
        self.phi, self.psi, self.omega = backbone_torsions(backbone, chain.bonded)
        self.classes = ramachandran_classes(chain.aatype, chain.bonded)
        self.regions = ramachandran_regions(self.phi, self.psi, self.classes)
        self.no_clashes_because: str | None = None
        if not chain.exists[:, _BACKBONE].all(-1).any():
            self.no_clashes_because = "no residue has N, CA and C"
        elif is_collapsed(chain.positions, chain.exists):
            self.no_clashes_because = "the atoms lie on one another: over 100 within 3.2 Å of each"
        self.clashes = np.zeros((0, 2), np.int64)  # (clash, 2), residues
        if self.no_clashes_because is None:
            ends, _ = find_clashes(chain.aatype, chain.positions, chain.exists, joined)
            self.clashes = ends[:, [0, 2]]
        self.bonds = bond_terms(chain)
        self.angles = angle_terms(chain)
        self.wrong_hands = violations.chirality_errors(chain)
        self.missing = ((atom14_mask()[chain.aatype] > 0) & ~chain.exists).sum(-1)  # (res,)
        turned = np.abs(self.omega)
        self.is_twisted = (turned > TWIST_DEGREES) & (turned < 180 - TWIST_DEGREES)


def _counts(chain: Chain, measured: _Measured) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields of the report that may be None, and why they are."""
    unavailable: dict[str, str] = {}
    counts: dict[str, Any] = {}

    def add(is_known: bool, reason: str, values: dict[str, Any]) -> None:
        counts.update(values if is_known else dict.fromkeys(values))
        if not is_known:
            unavailable.update(dict.fromkeys(values, reason))

    atoms, pairs = int(chain.exists.sum()), len(measured.clashes)
    clashscore, reason = 1000 * pairs / max(atoms, 1), measured.no_clashes_because
    severe = 0 if reason else len(violations.severe_clashes(chain))
    add(
        reason is None,
        reason or "",
        {"clashes": pairs, "clashscore": clashscore, "severe_clashes": severe},
    )
    regions = _region_counts(measured.regions)
    total = max(regions.total, 1)
    shares = {"favoured": regions.favoured, "allowed": regions.allowed, "outliers": regions.outliers}
    add(
        regions.total > 0,
        "no residue of a known type has both phi and psi",
        {f"ramachandran_{name}": count / total for name, count in shares.items()},
    )
    for name, terms in (("bond", measured.bonds), ("angle", measured.angles)):
        found = len(terms.deviations)
        counts[f"{name}s"] = found
        add(
            found > 0,
            f"no {name} has all its atoms",
            {
                f"{name}_outliers_4": len(terms.outliers(STRICT_DEVIATIONS)),
                f"{name}_outliers_5": len(terms.outliers(LOOSE_DEVIATIONS)),
                f"{name}_rmsz": float(np.sqrt((terms.deviations**2).sum() / max(found, 1))),
            },
        )
    restypes, slots, _ = violations.chiral_centres()
    centres = sum(
        int(chain.exists[chain.aatype == t][:, a].all(-1).sum()) for t, a in zip(restypes, slots, strict=True)
    )
    counts["chiral_centres"] = centres
    add(centres > 0, "no chiral centre has all its atoms", {"chirality_errors": len(measured.wrong_hands)})
    counts["peptides"] = int(np.isfinite(measured.omega).sum())
    add(
        counts["peptides"] > 0,
        "no peptide bond has CA, C, N and CA",
        {
            "cis_peptides": len(violations.cis_peptides(chain, proline=False)),
            "cis_prolines": len(violations.cis_peptides(chain, proline=True)),
            "twisted_peptides": int(measured.is_twisted.sum()),
        },
    )
    not_favoured = 100 * (1 - regions.favoured / total)
    score = 0.426 * np.log1p(clashscore) + 0.25 * np.log1p(max(0.0, not_favoured - 2)) + 0.5
    add(
        reason is None and regions.total > 0,
        "needs the clashscore and the Ramachandran shares",
        {"backbone_score": float(score)},
    )
    return counts, unavailable


def _region_counts(regions: Integers) -> RamachandranCounts:
    found = np.bincount(regions[regions >= 0], minlength=len(REGIONS))
    return RamachandranCounts(
        favoured=int(found[REGIONS.index("favoured")]),
        allowed=int(found[REGIONS.index("allowed")]),
        outliers=int(found[REGIONS.index("outlier")]),
    )


def _per_residue(
    chain: Chain, measured: _Measured, chains: NDArray, residue_index: NDArray
) -> tuple[ResidueChecks, ...]:
    """The list of residues."""
    residues = len(chain.aatype)

    def at_residue(pairs: Integers) -> list[int]:
        """(res,), how many rows (row, 2) each residue takes part in."""
        others = pairs[pairs[:, 0] != pairs[:, 1], 1]
        return np.bincount(np.append(pairs[:, 0], others).astype(np.int64), minlength=residues).tolist()

    columns = (
        chains.tolist(),
        [int(number) for number in residue_index],
        [RESIDUE_NAMES[restype] for restype in chain.aatype],
        *(
            [None if np.isnan(x) else round(float(x), 2) for x in angle]
            for angle in (measured.phi, measured.psi, measured.omega)
        ),
        [CLASSES[number] if number >= 0 else None for number in measured.classes],
        [REGIONS[number] if number >= 0 else None for number in measured.regions],
        [None] * residues if measured.no_clashes_because else at_residue(measured.clashes),
        at_residue(measured.bonds.outliers(STRICT_DEVIATIONS)),
        at_residue(measured.angles.outliers(STRICT_DEVIATIONS)),
        at_residue(measured.wrong_hands),
        [None if np.isnan(x) else bool(abs(x) < 90) for x in measured.omega],
        [None if np.isnan(x) else bool(t) for x, t in zip(measured.omega, measured.is_twisted, strict=True)],
        measured.missing.tolist(),
    )
    return tuple(ResidueChecks(*row) for row in zip(*columns, strict=True))
