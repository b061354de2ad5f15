"""The scores that `sciml evaluate` prints: their names, units, directions and one-sentence definitions.

Nothing is computed here. Tables, ranking, command line and leaderboard read the same entries, so a score
has one name and one meaning everywhere. Values are kept as fractions (0-1), ångström or counts; `factor`
says what they are multiplied by when they are shown (GDT in percent, as CASP prints it).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sciml.errors import SettingsError


@dataclass(frozen=True)
class Score:
    """What one figure means."""

    name: str
    """Column of tables and key of records."""
    title: str
    """Head of a column that people read."""
    family: str
    """What `--scores` calls the group of figures that are computed together."""
    definition: str
    """What is computed, for the reader of a table."""
    source: str
    """Publication that defines it."""
    higher_is_better: bool | None = True
    """None for a figure that is no measure of quality."""
    unit: str = ""
    """`Å`, `%` where shown in percent, empty for a plain fraction or count."""
    factor: float = 1.0
    """A value is multiplied by it when it is shown."""
    digits: int = 3
    """Decimals that are shown."""
    missing_is_zero: bool = True
    """Whether a missing model counts as 0 in means, as CASP counts it; False leaves it out."""
    in_short: bool = True
    """Whether it is among the columns of short tables and of the page; CSV and JSON have all."""


_GDT = "Zemla, Nucleic Acids Res. 31:3370 (2003)"
_TM = "Zhang & Skolnick, Proteins 57:702 (2004)"
_TM_ALIGN = "Zhang & Skolnick, Nucleic Acids Res. 33:2302 (2005)"
_LDDT = "Mariani et al., Bioinformatics 29:2722 (2013)"
_CAD = "Olechnovič et al., Proteins 81:149 (2013)"
_CONTACT = "Monastyrskyy et al., Proteins 84:131 (2016)"
_GEOMETRY = "after Chen et al., Acta Cryst. D66:12 (2010), without added hydrogens"
_OURS = "this package"


def _contacts() -> tuple[Score, ...]:
    """Every list of every range; short tables show three."""
    ranges = {"short": "6-11", "medium": "12-23", "long": "24 and more", "medium_long": "12 and more"}
    lists = {"l": "L", "l2": "L/2", "l5": "L/5", "l10": "L/10", "top10": "10"}
    figures = {"precision": "P", "recall": "R", "f1": "F1"}
    shown = ("precision_long_l5", "precision_long_l", "auprc_long")
    made = []
    for reach, separation in ranges.items():
        pairs = f"pairs {separation} residues apart with Cβ within 8 Å"
        for key, count in lists.items():
            for figure, short in figures.items():
                name = f"{figure}_{reach}_{key}"
                what = f"{figure} of the {count} most probable (of a structure: closest) {pairs}"
                title = f"{short} {reach.replace('_', '+')} {count}"
                made.append(Score(name, title, "contacts", what, _CONTACT, in_short=name in shown))
        name = f"auprc_{reach}"
        what = f"area under precision against recall of all {pairs}"
        title = f"AUPRC {reach.replace('_', '+')}"
        made.append(Score(name, title, "contacts", what, _CONTACT, in_short=name in shown))
    return tuple(made)


def _geometry(name: str, title: str, definition: str, unit: str = "", factor: float = 1.0) -> Score:
    return Score(name, title, "geometry", definition, _GEOMETRY, False, unit, factor, 2, False)


_ENTRIES = (
    Score("coverage", "cover", "", "share of the target's residues that the model has a Cα for", _OURS,
          None, "%", 100.0, 1, False),
    Score("gdt_ts", "GDT_TS", "gdt", "mean share of Cα atoms within 1, 2, 4 and 8 Å, each under its own best "
          "superposition; residues that the model lacks count as outside", _GDT, True, "%", 100.0, 2),
    Score("gdt_ha", "GDT_HA", "gdt", "as GDT_TS with 0.5, 1, 2 and 4 Å", _GDT, True, "%", 100.0, 2),
    Score("tm_score", "TM", "tm", "mean of 1 / (1 + (d / d0)²) over the target's residues under the best "
          "superposition by residue numbers; d0 from the target's length", _TM),
    Score("maxsub", "MaxSub", "maxsub", "as TM over the residues within 3.5 Å, d0 = 3.5 Å",
          "Siew et al., Bioinformatics 16:776 (2000)"),
    Score("rmsd_ca", "RMSD", "rmsd", "root mean square deviation of the common Cα atoms after least-squares "
          "superposition", "Kabsch, Acta Cryst. A32:922 (1976)", False, "Å", 1.0, 2, False),
    Score("rmsd_backbone", "RMSD bb", "rmsd", "as RMSD over N, Cα, C and O", "Kabsch (1976)", False, "Å", 1.0,
          2, False),
    Score("rmsd_all", "RMSD all", "rmsd", "as RMSD over all heavy atoms; exchangeable atoms of ASP, GLU, "
          "PHE, TYR and ARG are named as they fit better", "Kabsch (1976)", False, "Å", 1.0, 2, False),
    Score("lddt", "lDDT", "lddt", "share of the target's heavy-atom distances below 15 Å that the model "
          "keeps within 0.5, 1, 2 and 4 Å (mean of the four); residues of bad stereochemistry keep "
          "none", _LDDT),
    Score("lddt_ca", "lDDT-Cα", "lddt_ca", "as lDDT over Cα atoms only, stereochemistry unchecked", _LDDT),
    Score("gdc_sc", "GDC_SC", "gdc_sc", "one characteristic atom of each side chain, Cα superposed at 4 Å: "
          "share within 0.5, 1, … 5 Å, the strict ones weighing most", "Keedy et al., Proteins 77:29 (2009)",
          True, "%", 100.0, 2),
    Score("cad", "CAD", "cad", "1 minus the normalised difference of the residue contact areas of all "
          "atoms", _CAD),
    Score("tm_align", "TM-align", "tm_align", "TM-score of the best structural alignment, whatever the "
          "residue numbers, by the target's length", _TM_ALIGN),
    Score("tm_align_model", "TM-align m", "tm_align", "the same by the model's length", _TM_ALIGN,
          in_short=False),
    Score("tm_align_residues", "TM-align n", "tm_align", "residues that this alignment pairs", _TM_ALIGN,
          None, digits=0, missing_is_zero=False, in_short=False),
    Score("tm_align_rmsd", "TM-align RMSD", "tm_align", "their root mean square deviation", _TM_ALIGN,
          None, "Å", digits=2, missing_is_zero=False, in_short=False),
    Score("tm_align_identity", "TM-align id", "tm_align", "share of them with the same residue type",
          _TM_ALIGN, None, "%", 100.0, 1, in_short=False),
    *_contacts(),
    Score("distogram_lddt", "disto lDDT", "distogram", "share of the target's Cβ distances below 15 Å that "
          "the distogram is expected to keep, over the four tolerances of lDDT", _LDDT),
    Score("distogram_precision_long_l5", "disto P L/5", "distogram", "precision of the L/5 most probable "
          "long-range contacts of the distogram", _CONTACT),
    Score("distogram_precision_long_l", "disto P L", "distogram", "the same of L contacts", _CONTACT),
    Score("distogram_auprc_long", "disto AUPRC", "distogram", "area under precision against recall of all "
          "long-range pairs", _CONTACT),
    Score("distogram_log_likelihood", "disto logL", "distogram", "mean log probability, in nats, that the "
          "distogram gives to the true distance bins", _OURS, True, "nat", 1.0, 3, False),
    Score("plddt", "pLDDT", "confidence", "mean predicted lDDT", "Jumper et al., Nature 596:583 (2021)",
          None, "", 1.0, 3, False),
    Score("plddt_pearson", "pLDDT r", "confidence", "correlation over residues of pLDDT with the true "
          "lDDT-Cα", _OURS, True, "", 1.0, 3, False),
    Score("plddt_spearman", "pLDDT ρ", "confidence", "the same between ranks", _OURS, True, "", 1.0, 3,
          False),
    Score("plddt_error", "pLDDT ECE", "confidence", "expected calibration error of pLDDT in ten equal bins",
          "Guo et al., ICML (2017)", False, "", 1.0, 3, False),
    Score("pae_spearman", "PAE ρ", "confidence", "rank correlation of the predicted with the true aligned "
          "error over all pairs", _OURS, True, "", 1.0, 3, False),
    Score("pae_mean_error", "PAE err", "confidence", "mean absolute difference of the two", _OURS, False, "Å",
          1.0, 2, False),
    Score("ptm", "pTM", "confidence", "predicted TM-score", "Jumper et al. (2021)", None, "", 1.0, 3, False),
    Score("ptm_difference", "pTM − TM", "confidence", "predicted minus true TM-score", _OURS, None, "", 1.0,
          3, False),
    _geometry("clashscore", "clashes", "pairs of heavy atoms that overlap, for each 1000 atoms"),
    _geometry("ramachandran_outliers", "rama out", "share of residues in outlier regions of φ, ψ", "%",
              100.0),
    Score("ramachandran_favoured", "rama fav", "geometry", "share of residues in favoured regions of φ, ψ",
          _GEOMETRY, True, "%", 100.0, 2, False),
    _geometry("bond_outliers", "bond out", "share of bond lengths beyond four standard deviations", "%",
              100.0),
    _geometry("angle_outliers", "angle out", "share of bond angles beyond four standard deviations", "%",
              100.0),
    _geometry("chirality_errors", "hands", "wrong hands at Cα, and at Cβ of threonine and isoleucine"),
    _geometry("cis_peptides", "cis", "cis peptide bonds that are not before proline"),
    _geometry("backbone_score", "backbone", "MolProbity's score without its rotamer term, from heavy-atom "
              "clashes and the Ramachandran plot"),
    Score("q3", "Q3", "secondary", "share of residues with the target's state among helix, strand, other",
          "Kabsch & Sander, Biopolymers 22:2577 (1983)", True, "%", 100.0, 1),
    Score("q8", "Q8", "secondary", "share of residues with the target's state among the eight of DSSP",
          "Kabsch & Sander (1983)", True, "%", 100.0, 1),
)  # fmt: skip

SCORES: Mapping[str, Score] = {entry.name: entry for entry in _ENTRIES}
"""Every figure by its name, in the order of the columns."""

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(entry.family for entry in _ENTRIES if entry.family))
"""What `--scores` takes."""

SLOW_FAMILIES = frozenset({"cad", "tm_align"})
"""Families that `fast` leaves out: they take longer than all others together, about a second a model."""

FAST_FAMILIES: tuple[str, ...] = tuple(family for family in FAMILIES if family not in SLOW_FAMILIES)
"""What `--scores fast` computes; without it all are computed."""


def chosen_families(words: Iterable[str]) -> tuple[str, ...]:
    """The families that the user's words name, in the order of the columns.

    Args:
        words: names of families or figures, `all` or `fast`; `-` counts as `_`.

    Raises:
        SettingsError: a word that is none of them, or no word at all.
    """
    wanted: set[str] = set()
    for word in words:
        name = word.strip().lower().replace("-", "_")
        if name in ("fast", "all"):
            wanted |= set(FAST_FAMILIES if name == "fast" else FAMILIES)
        elif name in FAMILIES:
            wanted.add(name)
        elif name in SCORES and SCORES[name].family:
            wanted.add(SCORES[name].family)
        else:
            raise SettingsError(f"no score {word!r}: give all, fast, or some of {', '.join(FAMILIES)}")
    if not wanted:
        raise SettingsError(f"no score chosen: give all, fast, or some of {', '.join(FAMILIES)}")
    return tuple(family for family in FAMILIES if family in wanted)


def shown(name: str, value: float | None) -> str:
    """A value as tables for people print it; an en dash where there is none."""
    entry = SCORES.get(name)
    if entry is not None:
        return shown_as(entry, value)
    return "–" if value is None or value != value else f"{value:.3f}"  # NaN


def shown_as(entry: Score, value: float | None) -> str:
    """A value of a score as tables for people print it; an en dash where there is none."""
    if value is None or value != value:  # NaN
        return "–"
    return f"{value * entry.factor:.{entry.digits}f}"
