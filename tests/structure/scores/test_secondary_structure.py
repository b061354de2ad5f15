"""Secondary structure of ideal chains, at breaks and gaps, under motions, and against mkdssp."""

import shutil
import subprocess

import numpy as np
import pytest

from sciml.data.pdb import format_pdb
from sciml.data.protein_atoms import ProteinAtoms
from sciml.errors import InputError
from sciml.structure.scores.secondary_structure import assign_secondary_structure, assign_secondary_structures
from tests.structure.scores.ideal_models import (
    ALPHA,
    CA,
    CD,
    HAIRPIN,
    OXYGEN,
    PI_HELIX,
    STRAND,
    THREE_TEN,
    C,
    N,
    mirrored,
    model,
    rigidly_moved,
)


def _assign(positions, mask, aatype=None, **options):
    return assign_secondary_structure(positions, mask, aatype=aatype, **options)


@pytest.mark.parametrize(("torsions", "letter"), [(ALPHA, "H"), (THREE_TEN, "G"), (PI_HELIX, "I")])
def test_an_ideal_helix_is_named_up_to_its_ends(torsions, letter) -> None:
    structure = _assign(*model("A" * 14, torsions))
    assert structure.eight == "-" + letter * 12 + "-"
    assert structure.three == "C" + "H" * 12 + "C"
    stride = {"H": 4, "G": 3, "I": 5}[letter]
    assert structure.acceptor[8, 0] == 8 - stride
    assert structure.acceptor_energy[8, 0] < -1.0


def test_an_ideal_hairpin_is_two_strands_and_a_turn() -> None:
    structure = _assign(*model("A" * 14, HAIRPIN))
    assert structure.eight == "-EEEEETTEEEEE-"
    assert structure.sheet.tolist() == [-1] + [0] * 5 + [-1, -1] + [0] * 5 + [-1]
    assert structure.acceptor[8, 0] == 5  # the turn closes with 8 N-H to O=C 5


def test_a_strand_alone_is_nothing_and_polyproline_on_request() -> None:
    assert _assign(*model("A" * 9, STRAND)).eight == "-" * 9
    chain = model("A" * 9, (-75.0, 145.0))
    assert _assign(*chain).eight == "-" * 9
    assert _assign(*chain, polyproline=True).eight == "-PPPPPPP-"


def test_chains_too_short_for_any_pattern_are_loops() -> None:
    for residues in range(1, 5):
        assert _assign(*model("A" * residues, ALPHA)).eight == "-" * residues
    assert _assign(*model("AAAAA", ALPHA)).eight == "-TTT-"  # one turn is no helix
    assert _assign(np.zeros((0, 37, 3)), np.zeros((0, 37))).eight == ""


def test_a_helix_that_is_cut_ends_at_the_cut() -> None:
    positions, mask, aatype = model("A" * 20, ALPHA)
    as_chains = _assign(positions, mask, aatype, chain_index=["A"] * 10 + ["B"] * 10)
    assert as_chains.eight == "-HHHHHHHH--HHHHHHHH-"
    kept = np.r_[:10, 11:20]  # one residue is not there: C and N of its neighbours are over 2.5 Å apart
    assert _assign(positions[kept], mask[kept], aatype[kept]).eight == "-HHHHHHHH--HHHHHHH-"


@pytest.mark.parametrize("atom", [N, CA, C, OXYGEN])
def test_a_residue_without_a_backbone_atom_is_not_assigned(atom) -> None:
    positions, mask, aatype = model("A" * 20, ALPHA)
    mask[10, atom] = 0
    positions[10, atom] = np.nan  # what is masked is never read
    structure = _assign(positions, mask, aatype)
    assert structure.eight == "-HHHHHHHH-X-HHHHHHH-"
    assert structure.three[10] == "X"
    assert (structure.acceptor[10] == -1).all()
    assert np.isnan(structure.acceptor_energy[10]).all()
    assert not (structure.acceptor == 10).any()
    assert structure.acceptor[15, 0] == 11  # numbers are those of the given residues


def test_a_model_of_alpha_carbons_is_not_assigned() -> None:
    positions, mask, aatype = model("AAAA", ALPHA)
    mask[:, [N, C, OXYGEN]] = 0
    assert _assign(positions, mask, aatype).eight == "XXXX"


def test_proline_has_no_hydrogen_whether_named_or_seen() -> None:
    positions, mask, aatype = model("AAAAAAAPAAAAAA", ALPHA)
    named, seen = _assign(positions, mask, aatype), _assign(positions, mask)
    assert (named.acceptor[7] == -1).all()
    assert named.acceptor[8, 0] == 4
    np.testing.assert_array_equal(named.acceptor, seen.acceptor)
    mask[7, CD] = 0
    assert (_assign(positions, mask).acceptor[7] == 3).any()  # without ring and name it is any residue


def test_assignment_does_not_depend_on_position_hand_or_chain_names() -> None:
    positions, mask, aatype = model("AVGPKLTSADEFHR" * 2, [ALPHA] * 14 + HAIRPIN)
    before = _assign(positions, mask, aatype, chain_index=["A"] * 14 + ["B"] * 14)
    assert {"H", "E", "T"} <= set(before.eight)
    for moved in (rigidly_moved(positions), mirrored(positions)):
        after = _assign(moved, mask, aatype, chain_index=[7] * 14 + [2] * 14)
        assert after.eight == before.eight
        np.testing.assert_allclose(after.acceptor_energy, before.acceptor_energy, atol=2e-3)


def test_a_batch_is_its_models_one_by_one() -> None:
    helix, hairpin = model("A" * 14, ALPHA), model("A" * 14, HAIRPIN)
    both = assign_secondary_structures(np.stack([helix[0], hairpin[0]]), np.stack([helix[1], hairpin[1]]))
    assert [structure.eight for structure in both] == ["-HHHHHHHHHHHH-", "-EEEEETTEEEEE-"]


def test_refusals_name_what_is_wrong() -> None:
    positions, mask, aatype = model("AAAA", ALPHA)
    with pytest.raises(InputError, match=r"atoms \(res, 37, 3\)"):
        _assign(positions[:, :14], mask)
    with pytest.raises(InputError, match="chain_index must have one entry for each of 4"):
        _assign(positions, mask, chain_index=["A"])
    positions[2, CA, 1] = np.inf
    with pytest.raises(InputError, match="residue 32 has no finite position"):
        _assign(positions, mask, aatype, residue_index=np.arange(30, 34))


def _mkdssp(atoms: ProteinAtoms, folder) -> str:
    """The letters that mkdssp gives to the residues with a whole backbone."""
    pdb, dssp = folder / "model.pdb", folder / "model.dssp"
    cell = "CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1"
    head = f"{'HEADER    MODEL':<50}01-JAN-00   1ABC\n{cell}\n"
    pdb.write_text(head + format_pdb(atoms))
    command = ["mkdssp", "--quiet", "--output-format", "dssp", str(pdb), str(dssp)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    lines = dssp.read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("  #  RESIDUE")) + 1
    return "".join(line[16].replace(" ", "-") for line in lines[first:] if line[13] != "!")


@pytest.mark.skipif(shutil.which("mkdssp") is None, reason="the program mkdssp is not installed")
@pytest.mark.parametrize("noise_angstrom", [0.0, 0.2, 0.5])
def test_letters_are_those_of_mkdssp(noise_angstrom, tmp_path) -> None:
    rng = np.random.default_rng(3)
    pieces = [
        model("AVGPKLTSADEFHR", torsions) for torsions in (ALPHA, HAIRPIN, THREE_TEN, PI_HELIX, HAIRPIN)
    ]
    shifts = np.array(
        [[0, 0, 0], [3, 4, 5], [9, 2, 1], [0, 9, 3], [5, 5, 9.0]]
    )  # packed, so that bonds abound
    positions = np.concatenate([xyz + shift for (xyz, _, _), shift in zip(pieces, shifts, strict=True)])
    mask, aatype = (np.concatenate([piece[part] for piece in pieces]) for part in (1, 2))
    positions = (positions + rng.normal(scale=noise_angstrom, size=positions.shape)).round(3)
    mask[[20, 41], [C, OXYGEN]] = 0
    chains = tuple("A" * 28 + "B" * 42)
    atoms = ProteinAtoms(
        positions.astype(np.float32), mask.astype(np.float32), aatype, np.arange(1, 71), chains,
        np.zeros(mask.shape, np.float32),
    )  # fmt: skip
    ours = assign_secondary_structure(positions, mask, chains, aatype=aatype, polyproline=True).eight
    assert [place for place, letter in enumerate(ours) if letter == "X"] == [20, 41]
    assert ours.replace("X", "") == _mkdssp(atoms, tmp_path)
    assert noise_angstrom > 0.2 or {"H", "E", "T"} <= set(ours)
