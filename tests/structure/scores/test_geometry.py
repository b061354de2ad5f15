"""The geometry report: ideal chains, one fault at a time, mirror images, missing atoms, several chains."""

import json

import numpy as np
import pytest

from sciml.data.residue_constants import ATOM_INDEX, RESTYPES
from sciml.errors import InputError
from sciml.structure.scores.geometry import geometry_report
from tests.structure.scores.ideal_models import (
    ALPHA,
    CA,
    CB,
    OXYGEN,
    SG,
    STRAND,
    C,
    N,
    mirrored,
    model,
    rigidly_moved,
    turned_about,
)

COUNTED = (
    "clashes", "severe_clashes", "bond_outliers_4", "bond_outliers_5", "angle_outliers_4", "angle_outliers_5",
    "chirality_errors", "cis_peptides", "cis_prolines", "twisted_peptides", "chain_breaks",
)  # fmt: skip


def _report(positions, mask, aatype, numbers=None, chains=None):
    residues = len(aatype)
    numbers = np.arange(1, residues + 1) if numbers is None else numbers
    return geometry_report(positions, mask, aatype, numbers, ["A"] * residues if chains is None else chains)


def _faults(report):
    return {name: getattr(report, name) for name in COUNTED if getattr(report, name) != 0}


@pytest.mark.parametrize("torsions", [ALPHA, STRAND])
def test_an_ideal_chain_has_no_faults(torsions) -> None:
    report = _report(*model("GASCVTGASCVTA", torsions))
    assert _faults(report) == {}
    assert report.ramachandran_favoured == 1.0
    assert report.ramachandran_outliers == report.ramachandran_allowed == 0.0
    assert report.clashscore == 0.0
    assert report.backbone_score == 0.5
    assert report.unavailable == {}
    # 13 residues: 11 have phi and psi, 12 peptide bonds; hands at 11 Cα, and at Cβ of two threonines
    assert (report.residues, report.peptides, report.chiral_centres) == (13, 12, 13)
    counts = {name: found.total for name, found in report.ramachandran.items()}
    assert counts == {"general": 10, "glycine": 1, "proline": 0, "pre-proline": 0}


def test_nothing_depends_on_position_numbering_or_chain_names() -> None:
    rng = np.random.default_rng(0)
    positions, mask, aatype = model("".join(RESTYPES), STRAND)
    positions = positions + rng.normal(scale=0.1, size=positions.shape)  # faults of every kind
    before = _report(positions, mask, aatype).to_dict()
    assert before["bond_outliers_5"] > 10
    assert before["clashes"] > 0
    moved = _report(rigidly_moved(positions), mask, aatype, np.arange(20) * 7 - 40, ["x"] * 20).to_dict()
    assert moved["ramachandran"] == before["ramachandran"]
    for name in set(before) - {"per_residue", "ramachandran"}:
        assert moved[name] == pytest.approx(before[name]), name


def test_a_mirror_image_has_wrong_hands_and_forbidden_torsions() -> None:
    positions, mask, aatype = model("AVTKGILSE", STRAND)
    report = _report(mirrored(positions), mask, aatype)
    assert report.chirality_errors == report.chiral_centres == 8 + 2  # all Cα but glycine's; Cβ of T and I
    general = report.ramachandran["general"]
    assert (general.favoured, general.allowed, general.outliers) == (0, 0, 6)
    assert report.ramachandran_outliers == pytest.approx(6 / 7, abs=1 / 7 + 1e-9)
    assert report.bond_outliers_4 == report.angle_outliers_4 == report.cis_peptides == 0


def test_outliers_begin_at_four_and_at_five_deviations() -> None:
    for deviations, four, five in ((3.9, 0, 0), (4.5, 1, 0), (5.5, 1, 1)):
        positions, mask, aatype = model("AAAA", STRAND)
        bond = positions[2, N] - positions[1, C]
        positions[2:] += deviations * 0.014 * bond / np.linalg.norm(bond)  # C-N is 1.329 ± 0.014 Å
        report = _report(positions, mask, aatype)
        assert (report.bond_outliers_4, report.bond_outliers_5) == (four, five)
        assert report.bonds == 4 * 4 + 3  # N-CA, CA-C, C-O, CA-CB and C-N
        assert report.bond_rmsz == pytest.approx(deviations / np.sqrt(19), abs=0.05)
        assert [r.bond_outliers for r in report.per_residue] == [0, four, four, 0]


def test_clashscore_is_clashes_for_a_thousand_atoms() -> None:
    positions, mask, aatype = model("AA", STRAND)
    positions = np.tile(positions, (2, 1, 1))
    mask, aatype = np.tile(mask, (2, 1)), np.tile(aatype, 2)
    beta = positions[0, CB] - positions[0, CA]
    beyond = positions[0, CB] + beta / np.linalg.norm(beta) * 2.9
    # The second chain is the first, inverted, its first Cβ 2.9 Å from that of the first chain, pointing away.
    positions[2:] = beyond + positions[2, CB] - positions[2:]
    report = _report(positions, mask, aatype, chains=list("AABB"))
    found = [r.clashes for r in report.per_residue]
    assert found[0] == found[2] == report.clashes == 1
    assert report.clashscore == pytest.approx(1000 / 20)
    assert report.severe_clashes == 0
    assert report.backbone_score is None
    assert report.unavailable == {
        "backbone_score": "needs the clashscore and the Ramachandran shares",
        **dict.fromkeys(
            ("ramachandran_favoured", "ramachandran_allowed", "ramachandran_outliers"),
            "no residue of a known type has both phi and psi",
        ),
    }


@pytest.mark.parametrize(("degrees", "kind"), [(180, "cis"), (60, "twisted"), (20, None), (-120, "both")])
@pytest.mark.parametrize("letter", ["A", "P"])
def test_peptides_by_their_omega(degrees, kind, letter) -> None:
    positions, mask, aatype = model(f"AA{letter}AA", (-65.0, 140.0))
    moved = positions.copy()
    moved[2:] = turned_about(positions[2:], positions[1, C], positions[2, N], degrees)
    report = _report(moved, mask, aatype)
    is_cis = kind in ("cis", "both")
    assert (report.cis_prolines, report.cis_peptides) == ((is_cis, 0) if letter == "P" else (0, is_cis))
    assert report.twisted_peptides == (kind in ("twisted", "both"))
    third = report.per_residue[2]
    assert (third.is_cis, third.is_twisted) == (is_cis, kind in ("twisted", "both"))
    assert abs((third.omega - degrees) % 360 - 180) < 2.5  # the rigid groups are not quite planar
    assert report.per_residue[0].omega is None


def test_a_model_of_alpha_carbons_gives_reasons_instead_of_zeros() -> None:
    positions, mask, aatype = model("AVTKGILSE", STRAND)
    mask[:, [slot for slot in range(37) if slot != CA]] = 0
    report = _report(positions, mask, aatype)
    none = {name for name, value in report.to_dict().items() if value is None}
    assert set(report.unavailable) == none
    assert {*COUNTED, "clashscore", "ramachandran_favoured", "bond_rmsz", "backbone_score"} <= none
    assert (report.residues, report.atoms, report.incomplete_residues) == (9, 9, 9)
    assert all(checks.phi is None and checks.ramachandran is None for checks in report.per_residue)


def test_missing_atoms_are_skipped_and_counted() -> None:
    positions, mask, aatype = model("AVTKGILSE", STRAND)
    whole = _report(positions, mask, aatype)
    mask[3, ATOM_INDEX["NZ"]] = mask[5, C] = 0
    positions[5, C] = np.nan  # never read
    report = _report(positions, mask, aatype)
    assert report.incomplete_residues == 2
    assert [checks.missing_atoms for checks in report.per_residue] == [0, 0, 0, 1, 0, 1, 0, 0, 0]
    assert report.atoms == whole.atoms - 2
    assert report.peptides == whole.peptides - 1
    assert whole.bonds - report.bonds == 1 + 3  # CE-NZ; CA-C, C-O, C-N
    assert sum(found.total for found in report.ramachandran.values()) == 7 - 2
    assert _faults(report) == {}


def test_breaks_and_chains_are_not_bonds() -> None:
    positions, mask, aatype = model("AAAAAA", STRAND)
    positions[3:] += [0, 0, 20.0]
    broken = _report(positions, mask, aatype)
    assert (broken.chain_breaks, broken.peptides, broken.bond_outliers_4) == (1, 4, 0)
    numbered = _report(positions, mask, aatype, numbers=np.array([1, 2, 3, 9, 10, 11]))
    assert (numbered.chain_breaks, numbered.peptides) == (
        0,
        4,
    )  # residues 4 to 8 are missing, which is no fault
    chains = _report(positions, mask, aatype, chains=list("AAABBB"))
    assert (chains.chain_breaks, chains.peptides) == (0, 4)
    inserted = _report(*model("AAA", STRAND), numbers=np.array([52, 52, 53]))  # 52 and 52A
    assert (inserted.peptides, inserted.bonds) == (2, 14)


def test_unknown_residues_are_passed_over() -> None:
    positions, mask, aatype = model("AAXAA", STRAND)
    report = _report(positions, mask, aatype)
    assert (report.residues, report.peptides) == (4, 2)
    assert report.per_residue[2].name == "UNK"
    nothing = _report(*model("XX", STRAND))
    assert nothing.residues == 0
    assert nothing.clashscore is None
    assert nothing.ramachandran_favoured is None


def test_a_disulphide_is_no_clash() -> None:
    positions, mask, aatype = model("CAC", STRAND)
    mask[[0, 2]] = 0
    mask[[0, 2], SG] = 1
    mask[1, [N, CA, C, OXYGEN]] = 1
    positions[0, SG], positions[2, SG] = [50.0, 0, 0], [52.05, 0, 0]
    assert _report(positions, mask, aatype).clashes == 0
    positions[2, SG] = [52.6, 0, 0]
    assert _report(positions, mask, aatype).clashes == 1


def test_the_report_is_json_and_lists_each_residue() -> None:
    report = _report(*model("APG", (-150.0, 130.0)), numbers=np.array([10, 11, 12]), chains=["B"] * 3)
    read = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    middle = read["per_residue"][1]
    assert (middle["chain"], middle["number"], middle["name"]) == ("B", 11, "PRO")
    assert (middle["phi"], middle["psi"]) == pytest.approx((-150.0, 130.0), abs=4)
    assert (middle["ramachandran_class"], middle["ramachandran"]) == ("proline", "outlier")
    assert read["ramachandran"]["proline"] == {"favoured": 0, "allowed": 0, "outliers": 1}
    assert read["per_residue"][0]["ramachandran"] is None


def test_refusals() -> None:
    positions, mask, aatype = model("AAA", STRAND)
    with pytest.raises(InputError, match="3 residues need as many chain identifiers: 2"):
        _report(positions, mask, aatype, chains=["A", "A"])
    with pytest.raises(InputError, match="need atoms"):
        _report(positions[:, :14], mask, aatype)
    positions[1, CB, 0] = np.nan
    with pytest.raises(InputError, match="residue 2 are not finite"):
        _report(positions, mask, aatype)


def test_a_collapsed_model_is_refused_its_clashscore_at_once() -> None:
    positions, mask, aatype = model("AVTKGILSEW" * 60, STRAND)
    report = _report(np.zeros_like(positions), mask, aatype)  # 11 million pairs at one point
    assert report.clashscore is report.severe_clashes is report.clashes is None
    assert report.unavailable["clashscore"].startswith("the atoms lie on one another")
    assert report.per_residue[0].clashes is None
    assert report.bond_outliers_5 == report.bonds
