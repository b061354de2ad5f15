"""The geometry report: each kind of violation made by hand, and refusals."""

import json

import numpy as np
import pytest
import torch

from sciml.data.residue_constants import ATOM_INDEX, RESTYPES, atom37_mask
from sciml.errors import InputError
from sciml.structure.all_atom import atom14_to_atom37
from sciml.structure.violations import ViolationReport, chiral_centres, count_violations
from tests.structure.ideal_chain import HELIX, STRAND, ideal_chain

CA, C, N, CB = (ATOM_INDEX[name] for name in ("CA", "C", "N", "CB"))


def _chain(
    sequence: str, torsions: tuple[float, float] | list[tuple[float, float]] = STRAND
) -> list[np.ndarray]:
    """aatype, atom37 positions, mask, residue numbers from 1."""
    aatype, atom14 = ideal_chain(sequence, torsions)
    positions = atom14_to_atom37(atom14, aatype).numpy()
    return [aatype.numpy(), positions, atom37_mask()[aatype.numpy()].copy(), np.arange(1, len(aatype) + 1)]


def _counts(report: ViolationReport) -> dict[str, int]:
    names = ("clashes", "bond_outliers", "angle_outliers", "chirality_errors", "cis_peptides", "cis_prolines")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


@pytest.mark.parametrize("torsions", [HELIX, STRAND])
def test_ideal_chains_of_all_residues_have_nothing_to_report(torsions: tuple[float, float]) -> None:
    sequence = "".join(letter for letter in RESTYPES if letter != "P") + "CVAGX"
    report = count_violations(*_chain(sequence, torsions))
    assert _counts(report) == {}
    assert report.residues == len(sequence) - 1  # X has no atoms
    assert report.worst_residue is None
    assert report.total == report.residues_with_violations == 0


def test_ideal_proline_has_nothing_to_report() -> None:
    assert _counts(count_violations(*_chain("AGPGAPA"))) == {}


def test_a_bond_is_an_outlier_beyond_five_deviations() -> None:
    for stretch, outliers in ((4.5 * 0.014, 0), (5.5 * 0.014, 1)):
        chain = _chain("AAAA")
        bond = chain[1][2, N] - chain[1][1, C]
        chain[1][2:] += stretch * bond / np.linalg.norm(bond)
        report = count_violations(*chain)
        assert _counts(report) == ({"bond_outliers": 1} if outliers else {})
        assert report.residues_with_violations == 2 * outliers


def test_a_displaced_side_chain_atom_is_named_by_its_residue() -> None:
    chain = _chain("AGKSA")
    chain[3] += 40
    bond = chain[1][2, ATOM_INDEX["NZ"]] - chain[1][2, ATOM_INDEX["CE"]]
    chain[1][2, ATOM_INDEX["NZ"]] += bond  # twice as long, same direction
    report = count_violations(*chain)
    assert _counts(report) == {"bond_outliers": 1}
    assert report.worst_residue == "LYS 43"
    assert report.worst_residue_violations == 1


def test_a_bent_angle_is_an_outlier() -> None:
    chain = _chain("ASA")
    cb, og = chain[1][1, CB], chain[1][1, ATOM_INDEX["OG"]]
    axis = cb - chain[1][1, CA]
    along = axis / np.linalg.norm(axis)
    chain[1][1, ATOM_INDEX["OG"]] = cb + along * np.linalg.norm(og - cb)  # straight on: 180 degrees
    assert _counts(count_violations(*chain)) == {"angle_outliers": 1}


def test_residues_pushed_into_each_other_clash() -> None:
    chain = _chain("AG" + "G" * 6 + "A")
    chain[1][8] += chain[1][0, CB] - chain[1][8, CB] + np.array([1.0, 0, 0])
    chain[3][8] = 100  # not bonded to its neighbour any more
    report = count_violations(*chain)
    assert report.clashes >= 1
    assert report.total == report.clashes
    assert report.worst_residue in ("ALA 1", "ALA 100")


def test_disulfides_are_not_clashes_but_other_sulfurs_are() -> None:
    for letter, clashes in (("C", 0), ("M", 1)):
        chain = _chain(f"{letter}GGGG{letter}")
        sulfur = ATOM_INDEX["SG" if letter == "C" else "SD"]
        chain[2][:] = 0
        chain[2][[0, 5], sulfur] = 1  # nothing but the two sulfurs, at the length of a disulfide
        chain[1][5, sulfur] = chain[1][0, sulfur] + np.array([0, 0, 2.03])
        assert count_violations(*chain).clashes == clashes


def test_mirrored_residues_have_the_wrong_hand() -> None:
    chain = _chain("AIGT")
    chain[1] = chain[1] * np.array([-1.0, 1, 1])
    report = count_violations(*chain)
    assert _counts(report) == {"chirality_errors": 5}  # three alpha carbons, ILE CB, THR CB
    assert report.worst_residue == "ILE 2"


def test_exchanged_branches_of_threonine_are_wrong_at_cb_alone() -> None:
    chain = _chain("ATA")
    slots = [ATOM_INDEX["OG1"], ATOM_INDEX["CG2"]]
    chain[1][1, slots] = chain[1][1, slots[::-1]]
    assert count_violations(*chain).chirality_errors == 1


def test_hands_of_the_table_are_those_of_l_amino_acids() -> None:
    restype, _, volume = chiral_centres()
    assert len(restype) == 19 + 2
    assert ((np.abs(volume) > 2.0) & (np.abs(volume) < 3.5)).all()  # Å³, tetrahedral carbon


def test_cis_peptides_are_counted_and_before_proline_apart() -> None:
    for sequence, name in (("AAAA", "cis_peptides"), ("AAPA", "cis_prolines")):
        chain = _chain(sequence)
        atoms = torch.tensor(chain[1])
        # Half a turn of residues 2 and 3 about the bond C1-N2 changes omega from 180 to 0.
        axis = torch.nn.functional.normalize(atoms[2, N] - atoms[1, C], dim=0)
        moved = atoms[2:] - atoms[2, N]
        turned = 2 * (moved @ axis)[..., None] * axis - moved
        chain[1][2:] = (turned + atoms[2, N]).numpy()
        report = count_violations(*chain)
        counts = _counts(report)
        assert counts.pop(name) == 1
        assert report.total == sum(counts.values()) + (name == "cis_peptides")


def test_missing_atoms_and_breaks_are_not_violations() -> None:
    chain = _chain("AKFWA")
    chain[2][2, 3:] = 0  # CB and side chain of F gone
    chain[1][2, 3:] = np.nan
    chain[1][3:] += 50
    chain[3][3:] += 7
    report = count_violations(*chain)
    assert report.total == 0
    assert report.residues == 5


def test_report_is_ready_for_json() -> None:
    report = count_violations(*_chain("AAAA"))
    assert json.loads(json.dumps(report.to_dict()))["bond_outliers"] == 0


def test_atoms_that_are_not_finite_are_refused_with_their_residue() -> None:
    chain = _chain("AAAA")
    chain[1][2, CA] = np.nan
    with pytest.raises(InputError, match="residue 3 are not finite"):
        count_violations(*chain)


def test_shapes_that_disagree_are_refused() -> None:
    chain = _chain("AAAA")
    with pytest.raises(InputError, match="4 residues need atoms"):
        count_violations(chain[0], chain[1][:3], chain[2], chain[3])
