import gzip

import numpy as np
import pytest

from sciml.data.modelcif import ModelRecord, format_modelcif
from sciml.data.pdb import format_pdb
from sciml.data.residue_constants import ATOM_INDEX
from sciml.data.structure_files import read_parts, read_structures
from sciml.errors import InputError
from tests.data.synthetic_atoms import random_atoms, random_sequence

CA = ATOM_INDEX["CA"]


def atom_line(
    serial=1,
    name=" CA ",
    alternative=" ",
    residue="ALA",
    chain="A",
    number="   1",
    x=1.0,
    occupancy=1.0,
    record="ATOM",
):
    return (
        f"{record:<6}{serial:>5} {name}{alternative}{residue} {chain}{number:>4}    "
        f"{x:8.3f}{2.0:8.3f}{3.0:8.3f}{occupancy:6.2f}{50.0:6.2f}           C"
    )


def read(tmp_path, text, name="a.pdb"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_structures(path)


def read_lines(tmp_path, *lines):
    return read(tmp_path, "".join(line + "\n" for line in lines))


def cif_text(atoms):
    residues = len(atoms.aatype)
    record = ModelRecord("x", "a test", "none", np.full(residues, 50.0, np.float32), None, "0", (), False)
    return format_modelcif(atoms, record)


def assert_same_atoms(read_atoms, atoms):
    np.testing.assert_array_equal(read_atoms.mask, atoms.mask)
    np.testing.assert_array_equal(read_atoms.aatype, atoms.aatype)
    np.testing.assert_array_equal(read_atoms.residue_index, atoms.residue_index)
    assert read_atoms.chain_ids == atoms.chain_ids
    np.testing.assert_allclose(read_atoms.positions, atoms.positions * atoms.mask[..., None], atol=5e-4)


@pytest.mark.parametrize("form", ["pdb", "cif"])
@pytest.mark.parametrize("name", ["model.txt", "model.pdb", "model.cif", "model.gz"])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_the_content_decides_the_format_whatever_the_name(tmp_path, form, name, is_compressed):
    atoms = random_atoms(random_sequence(30), "A" * 20 + "B" * 10)
    text = (format_pdb(atoms) if form == "pdb" else cif_text(atoms)).encode()
    (model,) = read(tmp_path, gzip.compress(text) if is_compressed else text, name)
    assert_same_atoms(model.atoms, atoms)
    assert model.file == str(tmp_path / name)
    assert model.model_number == 1


def test_every_model_of_an_ensemble_is_read_in_order_and_the_first_alone_on_request(tmp_path):
    pieces = [format_pdb(random_atoms("GAVL", seed=seed)).splitlines() for seed in range(3)]
    lines = [
        line.replace("MODEL     1", f"MODEL     {number}")
        for number, piece in enumerate(pieces, start=1)
        for line in piece
        if line.strip() != "END"
    ]
    models = read_lines(tmp_path, "HEADER    NMR", *lines, "END")
    assert [model.model_number for model in models] == [1, 2, 3]
    for seed, model in enumerate(models):
        assert_same_atoms(model.atoms, random_atoms("GAVL", seed=seed))
    (first,) = read_structures(tmp_path / "a.pdb", all_models=False)
    assert_same_atoms(first.atoms, models[0].atoms)


def test_models_of_an_mmcif_file_are_told_apart_by_their_number(tmp_path):
    items = "group_PDB label_atom_id label_comp_id auth_asym_id auth_seq_id Cartn_x Cartn_y Cartn_z"
    head = "data_x\nloop_\n" + "".join(
        f"_atom_site.{item}\n" for item in [*items.split(), "pdbx_PDB_model_num"]
    )
    rows = "".join(
        f"ATOM CA {row}\n"
        for row in ("GLY AAA 7 1.0 2.0 3.0 1", "GLY AAA 7 4.0 5.0 6.0 12", "ALA AAA -8 7.0 8.0 9.0 12", "#")
    ).replace("ATOM CA #", "#")
    one, two = read(tmp_path, head + rows, "a.cif")
    assert (one.model_number, two.model_number) == (1, 12)
    assert one.atoms.positions[0, CA].tolist() == [1, 2, 3]
    assert two.atoms.positions[:, CA].tolist() == [[4, 5, 6], [7, 8, 9]]
    assert two.atoms.residue_index.tolist() == [7, -8]
    assert two.atoms.chain_ids == ("AAA", "AAA")


def test_an_mmcif_category_of_pairs_quotes_and_text_fields(tmp_path):
    text = """data_x
_entry.id 'loop_ is no keyword here'
_struct.title
;loop_
_atom_site.id
;
_atom_site.group_PDB ATOM
_atom_site.label_atom_id "CA"
_atom_site.label_comp_id GLY # a comment
_atom_site.label_asym_id A
_atom_site.label_seq_id 3
_atom_site.Cartn_x
1.5
_atom_site.Cartn_y 2.5
_atom_site.Cartn_z -3.5
_other.item 1
"""
    (model,) = read(tmp_path, text)
    assert model.atoms.positions[0, CA].tolist() == [1.5, 2.5, -3.5]
    assert model.atoms.residue_index.tolist() == [3]
    assert model.model_number == 1


def test_of_alternative_locations_one_is_kept_whole_and_it_is_said(tmp_path):
    # A is more occupied over the residue (mean 0.55) although B is at CB: atoms are not mixed
    (model,) = read_lines(
        tmp_path,
        atom_line(1, " N  "),
        atom_line(2, " CA ", "A", x=1, occupancy=0.7),
        atom_line(3, " CA ", "B", x=2, occupancy=0.3),
        atom_line(4, " CB ", "A", x=3, occupancy=0.4),
        atom_line(5, " CB ", "B", x=4, occupancy=0.6),
        atom_line(6, " C  ", "B", x=5, occupancy=0.5),
    )
    x = model.atoms.positions[0, :, 0]
    assert (x[CA], x[ATOM_INDEX["CB"]]) == (1, 3)
    assert x[ATOM_INDEX["C"]] == 5, "an atom that A lacks is B's"
    assert model.notes == ("residues with alternative locations, the most occupied kept: 1",)


def test_of_alternative_residue_types_the_most_occupied_is_kept(tmp_path):
    (model,) = read_lines(
        tmp_path,
        atom_line(1, " CA ", "A", "SER", x=1, occupancy=0.4),
        atom_line(2, " OG ", "A", "SER", x=2, occupancy=0.4),
        atom_line(3, " CA ", "B", "THR", x=3, occupancy=0.6),
        atom_line(4, " OG1", "B", "THR", x=4, occupancy=0.6),
    )
    assert model.atoms.sequence == "T"
    assert model.atoms.mask.sum() == 2


def test_insertion_codes_keep_their_order_and_come_back(tmp_path):
    numbers = ["  52 ", "  52A", "  52B", "  53 "]
    lines = [
        atom_line(index, number=number[:4], x=index).replace(f"{number[:4]}    ", f"{number}   ", 1)
        for index, number in enumerate(numbers, 1)
    ]
    (model,) = read_lines(tmp_path, *lines)
    assert model.atoms.insertion_codes == ("", "A", "B", "")
    assert model.atoms.residue_index.tolist() == [52, 52, 52, 53]
    assert model.atoms.positions[:, CA, 0].tolist() == [1, 2, 3, 4]
    assert "residues with an insertion code: 2" in model.notes
    (again,) = read(tmp_path, format_pdb(model.atoms))
    assert again.atoms.insertion_codes == model.atoms.insertion_codes
    (again,) = read(tmp_path, cif_text(model.atoms))
    assert again.atoms.insertion_codes == model.atoms.insertion_codes


def test_selenomethionine_hydrogens_waters_ligands_and_empty_atoms(tmp_path):
    (model,) = read_lines(
        tmp_path,
        atom_line(1, "SE  ", residue="MSE", number="1", record="HETATM"),
        atom_line(2, " CA ", residue="MSE", number="1", record="HETATM"),
        atom_line(3, " HA ", number="2"),
        atom_line(4, " CA ", number="2", occupancy=0.0),
        atom_line(5, "1HB ", number="2"),
        atom_line(6, " CD ", residue="ILE", number="3"),
        atom_line(7, " O  ", residue="HOH", number="9", record="HETATM"),
        atom_line(8, " FE ", residue="HEM", number="8", record="HETATM"),
    )
    assert model.atoms.sequence == "MAI"
    assert model.atoms.mask[0, ATOM_INDEX["SD"]] == 1
    assert model.atoms.mask[1, CA] == 1
    assert model.atoms.mask[2, ATOM_INDEX["CD1"]] == 1
    assert set(model.notes) == {
        "selenomethionines (MSE) read as MET: 1",
        "residues with atoms of occupancy 0, which are kept: 1",
        "hydrogens left out: 2",
        "HETATM records other than water left out: 1",
    }


def test_a_model_of_ca_atoms_is_said_to_be_one(tmp_path):
    (model,) = read_lines(tmp_path, *(atom_line(n, number=str(n)) for n in range(1, 4)))
    assert model.notes == ("Cα atoms only",)


def test_chains_with_blank_identifiers_are_told_apart_by_ter(tmp_path):
    first = [atom_line(n, chain=" ", number=str(n), x=n) for n in (1, 2)]
    second = [atom_line(n, chain=" ", number=str(n), x=10 + n) for n in (1, 2)]
    (model,) = read_lines(tmp_path, *first, "TER", *second, "TER")
    assert model.atoms.chain_ids == ("A", "A", "B", "B")
    assert model.atoms.positions[:, CA, 0].tolist() == [1, 2, 11, 12]
    assert any("chains renamed" in note for note in model.notes)
    gap = [atom_line(5, chain=" ", number="7", x=7)]
    (model,) = read_lines(tmp_path, *first, "TER", *gap)
    assert model.atoms.chain_ids == ("A", "A", "A"), "TER at a gap begins no chain"


def test_negative_residue_numbers_are_read(tmp_path):
    (model,) = read_lines(tmp_path, *(atom_line(n + 6, number=str(n)) for n in (-5, -1, 0, 1)))
    assert model.atoms.residue_index.tolist() == [-5, -1, 0, 1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([atom_line(), atom_line(x=4.0)], "line 2: .*residue A 1 has its atom CA twice"),
        ([atom_line(), atom_line(name=" CB ", residue="SER")], "line 2: .*residue A 1 is both ALA and SER"),
        (["REMARK", atom_line().replace("   1.000", "  1.0000")], None),
        (["REMARK", atom_line().replace("   1.000   2.000", "1.000   2.000 ")], "line 2: "),
        ([atom_line().replace("   1.000   2.000", "    1.000   2.00")], "line 1: .*runs across column 38"),
        ([atom_line().replace("   1.000", "     inf")], "line 1: .*not a finite"),
        ([atom_line().replace("   1.000", "   1e300")], "line 1: .*beyond"),
        ([atom_line().replace("   1.000", "  1_0.00")], "line 1: "),
        ([atom_line().replace("   1.000", "   ١.000")], "line 1: "),
        ([atom_line(number="1_1")], "line 1: "),
        ([atom_line(number="    ")], "line 1: "),
        ([atom_line().replace("A   1    ", "A10000   ")], "line 1: .*insertion code"),
        ([atom_line()[:40]], "line 1: "),
        (["MODEL        x", atom_line()], "line 1: MODEL needs a number"),
        (["PFRMAT RR", atom_line()], "line 1: PFRMAT RR: coordinates come in files of PFRMAT TS"),
        (["PFRMAT TS", "MODEL 1", atom_line(), "END", "MODEL 1"], "line 5: MODEL 1 is there twice"),
        (["HEADER    nothing else"], "no atom of a protein chain"),
        (["MODEL 1", atom_line(name=" HA ")], "line 2: no atom of a protein chain"),
        (["some words", "and more"], "neither PDB, mmCIF nor CASP TS"),
        (["", "  "], "the file is empty"),
        ([], "the file is empty"),
        ([atom_line(), "\0"], "line 2: a NUL byte"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_with_file_and_line(tmp_path, lines, message):
    if message is None:
        assert read_lines(tmp_path, *lines)[0].atoms.positions[0, CA].tolist() == [1, 2, 3]
        return
    with pytest.raises(InputError, match=rf"a\.pdb: {message}"):
        read_lines(tmp_path, *lines)


def test_a_repeated_line_is_dropped_with_a_note(tmp_path):
    (model,) = read_lines(tmp_path, atom_line(), atom_line(), atom_line(2, " CB "))
    assert "repeated atoms dropped: 1" in model.notes


def test_lines_of_no_format_are_counted(tmp_path):
    (model,) = read_lines(tmp_path, atom_line(), "BTOM  something", atom_line(2, " CB "))
    assert "lines that are no record of the format: 1, the first is line 2" in model.notes


CIF_HEAD = "data_x\nloop_\n_atom_site.label_atom_id\n_atom_site.label_comp_id\n_atom_site.auth_asym_id\n_atom_site.auth_seq_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CIF_HEAD + "CA GLY A 2 1.0 2.0\nCA GLY A 3 1.0 2.0 3.0\n", "line 11: .*13 values"),
        (CIF_HEAD + "CA GLY A 1 1.0 2.0 3.0\nCA GLY A 2 1.0 x 3.0\n", "line 11: atom 2 of _atom_site"),
        (CIF_HEAD + "CA GLY A 1 1.0 2.0 nan\n", "line 10: .*finite"),
        (CIF_HEAD + "CA GLY A 99999999999 1.0 2.0 3.0\n", "line 10: .*residue number"),
        (CIF_HEAD + "CA GLY A 1 1.0 2.0\n", "line 10: _atom_site is cut short"),
        (CIF_HEAD, "no atom of a protein chain"),
        ("data_x\n_a.b 1\n", "not an mmCIF file with coordinates"),
        ("data_x\n_a.b\n;text\n", "line 3: cut short: the text field"),
        ("data_x\nloop_\n_atom_site.id\n1\n", "line 2: _atom_site has no auth_asym_id, auth_seq_id"),
        ("data_x\n_a.b " + "' a" * 30_000, "line 2: a line of more than"),
    ],
)  # fmt: skip
def test_broken_mmcif_is_refused_with_file_and_line(tmp_path, text, message):
    with pytest.raises(InputError, match=rf"a\.cif: {message}"):
        read(tmp_path, text, "a.cif")


def test_folders_missing_binary_and_damaged_files_are_input_errors(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_structures(tmp_path / "none.pdb")
    with pytest.raises(InputError, match=str(tmp_path)):
        read_structures(tmp_path)
    compressed = gzip.compress(format_pdb(random_atoms(random_sequence(50))).encode())
    with pytest.raises(InputError, match=r"a\.pdb: the gzip data is damaged or cut off"):
        read(tmp_path, compressed[: len(compressed) // 2])
    with pytest.raises(InputError, match=r"a\.pdb: unpacks to more than"):
        read(tmp_path, gzip.compress(b"REMARK\n" * 1_000_000))
    with pytest.raises(InputError, match=r"a\.pdb: "):
        read(tmp_path, bytes(range(256)) * 20)


def test_parts_of_a_file_are_what_each_is_alone_and_a_broken_one_fails_alone(tmp_path):
    path = tmp_path / "parts.ts"
    good, last = [atom_line(x=1.0), "TER", "END"], [atom_line(x=4.0), "END"]
    path.write_text("\n".join(["REMARK", *good, "ATOM  broken", "TER", "\0", *last]) + "\n")
    parts = [range(2, 5), range(5, 7), range(7, 8), range(8, 10)]
    one, two, three, four = read_parts(path, parts)
    assert (one[0].atoms.positions[0, CA, 0], four[0].atoms.positions[0, CA, 0]) == (1, 4)
    assert isinstance(two, InputError)
    assert two.line == 5
    assert isinstance(three, InputError)
    assert "NUL" in three.rule
    for part, found in ((parts[0], one), (parts[3], four)):
        (alone,) = read_structures(path, lines=part)
        np.testing.assert_array_equal(alone.atoms.positions, found[0].atoms.positions)


@pytest.mark.parametrize(
    ("start", "name"), [(b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ", "xz"), (b"PK\x03\x04", "zip")]
)
def test_files_compressed_otherwise_are_refused_by_the_name_of_the_format(tmp_path, start, name):
    with pytest.raises(InputError, match=f"a.pdb: compressed by {name}, which is not read: unpack it first"):
        read(tmp_path, start + b"more")
