import io

import gemmi
import numpy as np
import pytest
from Bio.PDB import PDBParser
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.pdb import format_pdb, parse_pdb, read_pdb, write_pdb
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, RESIDUE_NAMES, RESTYPE_INDEX, atom37_mask
from sciml.errors import InputError


def make_atoms(sequence: str, chain_ids: str | None = None, seed: int = 0) -> ProteinAtoms:
    """A chain with random coordinates of three decimals, every heavy atom present."""
    random = np.random.default_rng(seed)
    aatype = np.array([RESTYPE_INDEX[letter] for letter in sequence], dtype=np.int64)
    positions = random.uniform(-99, 99, (len(sequence), 37, 3)).round(3).astype(np.float32)
    return ProteinAtoms(
        positions=positions,
        mask=atom37_mask()[aatype],
        aatype=aatype,
        residue_index=np.arange(1, len(sequence) + 1),
        chain_ids=tuple(chain_ids or "A" * len(sequence)),
        b_factors=np.repeat(random.uniform(0, 100, (len(sequence), 1)).round(2), 37, axis=1).astype(
            np.float32
        ),
    )


def change(atoms: ProteinAtoms, **fields) -> ProteinAtoms:
    return ProteinAtoms(**{**vars(atoms), **fields})


def test_records_stand_in_the_columns_of_the_format():
    atoms = make_atoms("GW")
    atoms.positions[0, ATOM_INDEX["CA"]] = (-20.904, 1.5, 117.582)
    atoms.positions[1, ATOM_INDEX["CH2"]] = (0.0, -0.001, -999.999)
    atoms.b_factors[0], atoms.b_factors[1] = 5.27, 100.0
    lines = format_pdb(atoms).splitlines()
    assert all(len(line) == 80 for line in lines)
    assert lines[0].rstrip() == "MODEL     1"
    assert lines[2].rstrip() == (
        "ATOM      2  CA  GLY A   1     -20.904   1.500 117.582  1.00  5.27           C"
    )
    ch2 = "ATOM     16  CH2 TRP A   2       0.000  -0.001-999.999  1.00100.00           C"
    assert ch2 in [line.rstrip() for line in lines]
    assert [line.rstrip() for line in lines[-3:]] == ["TER      19      TRP A   2", "ENDMDL", "END"]


def test_each_chain_ends_in_ter_which_takes_a_serial_number():
    text = format_pdb(make_atoms("GGGG", chain_ids="AABB"))
    ends = [line.rstrip() for line in text.splitlines() if line.startswith("TER")]
    assert ends == ["TER       9      GLY A   2", "TER      18      GLY B   4"]
    serials = [int(line[6:11]) for line in text.splitlines() if line.startswith(("ATOM", "TER"))]
    assert serials == list(range(1, 19))


@settings(max_examples=40, deadline=None)
@given(sequence=st.text("ARNDCQEGHILKMFPSTWYV", min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_reading_gives_back_what_was_written(sequence, seed):
    atoms = make_atoms(sequence, seed=seed)
    back = parse_pdb(format_pdb(atoms, ["a remark"]))
    np.testing.assert_array_equal(back.mask, atoms.mask)
    np.testing.assert_array_equal(back.aatype, atoms.aatype)
    np.testing.assert_array_equal(back.residue_index, atoms.residue_index)
    assert back.chain_ids == atoms.chain_ids
    np.testing.assert_allclose(back.positions, atoms.positions * atoms.mask[..., None], atol=5e-4)
    np.testing.assert_allclose(back.b_factors, atoms.b_factors * atoms.mask, atol=5e-3)


def test_biopython_and_gemmi_read_the_same_atoms():
    atoms = make_atoms("ARNDCQEGHILKMFPSTWYV", chain_ids="A" * 11 + "B" * 9)
    text = format_pdb(atoms, ["made for a test"])
    expected = {
        (chain, int(number), RESIDUE_NAMES[restype], atom): (*position[slot], b_factors[slot])
        for chain, number, restype, mask, position, b_factors in zip(
            atoms.chain_ids,
            atoms.residue_index,
            atoms.aatype,
            atoms.mask,
            atoms.positions,
            atoms.b_factors,
            strict=True,
        )
        for atom, slot in ATOM_INDEX.items()
        if mask[slot]
    }
    biopython = {
        (chain.id, residue.id[1], residue.resname, atom.name): (*atom.coord, atom.bfactor)
        for chain in PDBParser(QUIET=True).get_structure("x", io.StringIO(text))[0]
        for residue in chain
        for atom in residue
    }
    by_gemmi = {
        (chain.name, residue.seqid.num, residue.name, atom.name): (*atom.pos.tolist(), atom.b_iso)
        for chain in gemmi.read_pdb_string(text)[0]
        for residue in chain
        for atom in residue
    }
    for read in (biopython, by_gemmi):
        assert read.keys() == expected.keys()
        for key, values in expected.items():
            np.testing.assert_allclose(read[key], values, atol=1e-3)


def test_masked_atoms_are_left_out():
    atoms = make_atoms("AG")
    atoms = change(atoms, mask=atoms.mask * (np.arange(37) == ATOM_INDEX["CA"]))
    assert sum(line.startswith("ATOM") for line in format_pdb(atoms).splitlines()) == 2


def test_remarks_are_wrapped_ascii_free_text():
    remark = "B-factor: pLDDT, 0 to 100; positions in Å; naïve " + "word " * 30 + "\nATOM  injected"
    lines = [line for line in format_pdb(make_atoms("G"), [remark]).splitlines() if line.startswith("REMARK")]
    assert all(line.startswith("REMARK   6 ") and len(line) == 80 and line.isascii() for line in lines)
    assert lines[0].rstrip() == "REMARK   6"
    joined = " ".join(line[11:].strip() for line in lines[1:])
    assert joined.startswith("B-factor: pLDDT, 0 to 100; positions in A; na?ve word word")
    assert joined.endswith("word ATOM injected")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"residue_index": np.array([9_999, 10_000])}, "residue numbers .* between -1000 and 10000: 10000"),
        ({"positions": np.full((2, 37, 3), 9_999.9999, np.float32)}, "coordinates"),
        ({"positions": np.full((2, 37, 3), -1000.0, np.float32)}, "coordinates"),
        (
            {"positions": np.full((2, 37, 3), np.nan, np.float32)},
            "position 1: a coordinate is not a finite number",
        ),
        ({"b_factors": np.full((2, 37), 1000.0, np.float32)}, "B-factors"),
        ({"chain_ids": ("AA", "AA")}, "'AA'"),
    ],
)
def test_what_does_not_fit_the_columns_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        format_pdb(change(make_atoms("AG"), **fields))


def test_the_largest_values_that_fit_are_written_and_read():
    atoms = make_atoms("AG")
    positions = np.where(np.arange(3) == 0, np.float32(9_999.999), np.float32(-999.999))
    atoms = change(
        atoms,
        positions=np.broadcast_to(positions, (2, 37, 3)).astype(np.float32),
        residue_index=np.array([-999, 9_999]),
    )
    back = parse_pdb(format_pdb(atoms))
    np.testing.assert_array_equal(back.residue_index, [-999, 9_999])
    assert back.positions[0, 1].tolist() == pytest.approx([9_999.999, -999.999, -999.999], abs=1e-3)


def test_more_than_99999_records_are_refused():
    residues = 7_200  # 14 heavy atoms each
    atoms = make_atoms("W" * residues)
    with pytest.raises(InputError, match=r"at most 99999 numbered records: 100801; use the mmCIF file"):
        format_pdb(atoms)


def test_a_structure_without_residues_is_refused():
    with pytest.raises(InputError, match="without residues"):
        format_pdb(make_atoms(""))


SMALL = """\
HEADER    a header that is not read
ATOM      1  N   SER A  10      11.000  12.000  13.000  1.00 20.00           N
ATOM      2  CA ASER A  10       1.000   2.000   3.000  0.40 20.00           C
ATOM      3  CA BSER A  10       4.000   5.000   6.000  0.60 21.00           C
ATOM      4  CA  GLY A  10A      7.000   8.000   9.000  1.00 22.00           C
HETATM    5 SE   MSE A  11       1.500   2.500   3.500  1.00 23.00          SE
HETATM    6  O   HOH A 201       0.000   0.000   0.000  1.00 30.00           O
ATOM      7  CA  PTR B   1       9.000   9.000   9.000  1.00 24.00           C
ATOM      8  HA  PTR B   1       9.000   9.000   9.500  1.00 24.00           H
ENDMDL
MODEL        2
ATOM      9  CA  TRP C   1       9.000   9.000   9.000  1.00 24.00           C
"""


def test_the_reader_takes_the_first_model_the_most_occupied_location_and_selenomethionine():
    atoms = parse_pdb(SMALL)
    assert atoms.sequence == "SGMX"
    assert atoms.chain_ids == ("A", "A", "A", "B")
    assert atoms.residue_index.tolist() == [10, 10, 11, 1]
    assert atoms.positions[0, ATOM_INDEX["CA"]].tolist() == [4.0, 5.0, 6.0]
    assert atoms.positions[2, ATOM_INDEX["SD"]].tolist() == [1.5, 2.5, 3.5]
    assert atoms.mask.sum(axis=1).tolist() == [2, 1, 1, 1]
    assert parse_pdb(SMALL, chains=["B"]).sequence == "X"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.pdb: no atom of a protein chain"),
        (SMALL.replace("  12.000", "  12.0x0"), "a.pdb: line 2: not an ATOM record of the PDB format"),
        (
            SMALL.replace("  12.000", "     nan"),
            "a.pdb: line 2: not an ATOM record of the PDB format: a coordinate is not a finite number",
        ),
        ("ATOM      1  N   SER A  10      11.000  12", "a.pdb: line 1: not an ATOM record"),
    ],
)
def test_unreadable_records_are_refused_with_their_line(text, message):
    with pytest.raises(InputError, match=message):
        parse_pdb(text, "a.pdb")


def test_a_refused_structure_leaves_the_old_file(tmp_path):
    path = write_pdb(tmp_path / "a.pdb", make_atoms("GA"), ["first"])
    assert read_pdb(path).sequence == "GA"
    with pytest.raises(InputError, match="residue numbers"):
        write_pdb(path, change(make_atoms("GA"), residue_index=np.array([1, 10_000])))
    assert path.read_text() == format_pdb(make_atoms("GA"), ["first"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.pdb"]


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.pdb: cannot be read"):
        read_pdb(tmp_path / "nowhere.pdb")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.characters())
def test_a_changed_letter_gives_a_structure_or_an_input_error(position, letter):
    try:
        atoms = parse_pdb(SMALL[:position] + letter + SMALL[position + 1 :])
    except InputError:
        return
    assert np.isfinite(atoms.positions).all()
