"""What `geometry.py` reports: the fields of a report, of its Ramachandran counts and of each residue."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RamachandranCounts:
    """Residues of one class, or of all, by region."""

    favoured: int
    allowed: int
    outliers: int

    @property
    def total(self) -> int:
        """Residues that have both angles."""
        return self.favoured + self.allowed + self.outliers


@dataclass(frozen=True)
class ResidueChecks:
    """What was found at one residue; an outlier between two residues stands at both."""

    chain: str
    number: int
    name: str
    """Three letters."""
    phi: float | None
    """Degrees; None where an atom or the neighbour is missing."""
    psi: float | None
    omega: float | None
    """Of the peptide bond before the residue."""
    ramachandran_class: str | None
    ramachandran: str | None
    """favoured, allowed, outlier; None without both angles."""
    clashes: int | None
    """None where the report has none either."""
    bond_outliers: int
    """Beyond four standard deviations."""
    angle_outliers: int
    chirality_errors: int
    is_cis: bool | None
    """The peptide bond before the residue; None where omega is unknown."""
    is_twisted: bool | None
    missing_atoms: int
    """Heavy atoms, without OXT."""


@dataclass(frozen=True)
class GeometryReport:
    """Counts and shares over a model; None where nothing could be measured, with the reason in
    `unavailable`."""

    residues: int
    """Residues of a known type with at least one atom."""
    atoms: int
    """Their heavy atoms, without OXT."""
    incomplete_residues: int
    """Residues that lack a heavy atom."""
    chain_breaks: int | None
    """Neighbours of one chain whose numbers follow each other but whose C and N are over 2.5 Å apart."""
    clashes: int | None
    """Pairs of heavy atoms."""
    clashscore: float | None
    """Clashes for each 1000 atoms; heavy atoms only, so lower than MolProbity's."""
    severe_clashes: int | None
    """Pairs that overlap by more than 1.5 Å, as AlphaFold 2 and lDDT count them."""
    ramachandran_favoured: float | None
    """Share of the residues with both angles, 0..1."""
    ramachandran_allowed: float | None
    ramachandran_outliers: float | None
    ramachandran: dict[str, RamachandranCounts]
    """Counts for each of `CLASSES`."""
    bonds: int
    """Bonds that were measured."""
    bond_outliers_4: int | None
    """Beyond four standard deviations."""
    bond_outliers_5: int | None
    bond_rmsz: float | None
    """Root mean square deviation from the ideal values, in standard deviations."""
    angles: int
    """Angles that were measured."""
    angle_outliers_4: int | None
    angle_outliers_5: int | None
    angle_rmsz: float | None
    chiral_centres: int
    """Centres with all four atoms."""
    chirality_errors: int | None
    peptides: int
    """Peptide bonds whose omega could be measured."""
    cis_peptides: int | None
    """Before a residue other than proline; rare in nature."""
    cis_prolines: int | None
    """Before proline, where about one in twenty is real."""
    twisted_peptides: int | None
    """Omega more than 30 degrees from 0 and from 180."""
    backbone_score: float | None
    """MolProbity's score without its rotamer term, on our clashscore: lower is better, compare among models;
    0.426 ln(1 + clashscore) + 0.25 ln(1 + max(0, % not favoured - 2)) + 0.5."""
    unavailable: dict[str, str]
    """Why a field is None."""
    per_residue: tuple[ResidueChecks, ...]
    """One entry for each residue that was given."""

    def to_dict(self) -> dict[str, Any]:
        """Everything by name, ready for JSON."""
        return asdict(self)
