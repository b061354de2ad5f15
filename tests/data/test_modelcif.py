import io

import gemmi
import modelcif.reader
import numpy as np
import pytest
from Bio.PDB import MMCIFParser
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.cif import cif_block_name, cif_loop, cif_value
from sciml.data.mmcif import read_mmcif
from sciml.data.modelcif import ModelRecord, format_modelcif, write_modelcif
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import RESTYPE_INDEX, atom37_mask
from sciml.errors import InputError

SEQUENCE = "MARNDCQEGHILKMFPSTWYV"


def make_atoms(sequence: str = SEQUENCE, chain_ids: str | None = None, first: int = 1) -> ProteinAtoms:
    random = np.random.default_rng(3)
    aatype = np.array([RESTYPE_INDEX[letter] for letter in sequence], dtype=np.int64)
    plddt = random.uniform(0, 100, len(sequence)).round(2).astype(np.float32)
    return ProteinAtoms(
        positions=random.uniform(-99, 99, (len(sequence), 37, 3)).round(3).astype(np.float32),
        mask=atom37_mask()[aatype],
        aatype=aatype,
        residue_index=np.arange(first, first + len(sequence)),
        chain_ids=tuple(chain_ids or "A" * len(sequence)),
        b_factors=np.repeat(plddt[:, None], 37, axis=1),
    )


def make_record(atoms: ProteinAtoms, **changes) -> ModelRecord:
    fields = {
        "entry_id": "ubq_rank_001",
        "title": "Predicted structure of 'ubq' with \"mini\"",
        "details": "Made with untrained parameters: not a prediction.\nDo not use.",
        "plddt": atoms.b_factors[:, 1],
        "ptm": 0.4567,
        "software_version": "0.1.0",
        "parameters": (("seed", 7), ("tolerance", 0.5), ("templates", False), ("weights_sha256", "ab" * 32)),
        "has_msa": True,
    }
    return ModelRecord(**(fields | changes))


def test_gemmi_reads_the_atoms_the_sequence_and_the_local_plddt():
    atoms = make_atoms(first=11)
    block = gemmi.cif.read_string(format_modelcif(atoms, make_record(atoms))).sole_block()
    structure = gemmi.make_structure_from_block(block)
    structure.setup_entities()
    assert structure.entities[0].full_sequence == [
        gemmi.expand_one_letter(letter, gemmi.ResidueKind.AA) for letter in SEQUENCE
    ]
    chain = structure[0]["A"]
    assert [residue.seqid.num for residue in chain] == list(range(11, 11 + len(SEQUENCE)))
    assert [residue.label_seq for residue in chain] == list(range(1, 1 + len(SEQUENCE)))
    read = np.array([atom.pos.tolist() for residue in chain for atom in residue])
    np.testing.assert_allclose(read, atoms.positions[atoms.mask > 0], atol=6e-4)
    local = block.find(
        "_ma_qa_metric_local.", ["label_asym_id", "label_seq_id", "label_comp_id", "metric_value"]
    )
    assert [row[1] for row in local] == [str(number) for number in range(1, len(SEQUENCE) + 1)]
    np.testing.assert_allclose([float(row[3]) for row in local], atoms.b_factors[:, 1], atol=6e-3)
    assert [row[2] for row in local] == [residue.name for residue in chain]


def test_the_modelcif_library_reads_model_metrics_software_and_protocol():
    atoms = make_atoms()
    record = make_record(atoms)
    (system,) = modelcif.reader.read(io.StringIO(format_modelcif(atoms, record)))
    assert system.id == record.entry_id
    assert system.title == record.title
    (model,) = [model for group in system.model_groups for model in group]
    assert model.model_type == "Ab initio model"
    assert sum(1 for _ in model.get_atoms()) == int(atoms.mask.sum())
    by_name = {}
    for metric in model.qa_metrics:
        by_name.setdefault((type(metric).name, metric.mode), []).append(metric.value)
    np.testing.assert_allclose(by_name["pLDDT", "local"], record.plddt, atol=6e-3)
    assert by_name["pLDDT", "global"] == [pytest.approx(record.plddt.mean(), abs=6e-3)]
    assert by_name["pTM", "global"] == [0.457]
    (software,) = system.software_groups[0]
    assert (software.software.name, software.software.version) == ("sciml", "0.1.0")
    assert {parameter.name: parameter.value for parameter in software.parameters} == dict(record.parameters)
    steps = system.protocols[0].steps
    assert [step.method_type for step in steps] == ["coevolution MSA", "modeling"]
    assert steps[1].details == record.details
    assert len(steps[1].input_data) == 2
    assert steps[1].input_data[1].name == "alignment of homologous sequences"
    assert steps[1].output_data[0] is model
    assert "".join(residue.code for residue in system.entities[0].sequence) == SEQUENCE


def test_without_an_alignment_the_protocol_has_one_step():
    atoms = make_atoms()
    (system,) = modelcif.reader.read(
        io.StringIO(format_modelcif(atoms, make_record(atoms, has_msa=False, ptm=None)))
    )
    assert [step.method_type for step in system.protocols[0].steps] == ["modeling"]
    assert [metric.name for metric in system.model_groups[0][0].qa_metrics].count("pTM") == 0


def test_biopython_reads_the_same_atoms():
    atoms = make_atoms()
    text = format_modelcif(atoms, make_record(atoms))
    structure = MMCIFParser(QUIET=True).get_structure("x", io.StringIO(text))
    read = list(structure.get_atoms())
    np.testing.assert_allclose([atom.coord for atom in read], atoms.positions[atoms.mask > 0], atol=6e-4)
    np.testing.assert_allclose([atom.bfactor for atom in read], atoms.b_factors[atoms.mask > 0], atol=6e-3)


def test_our_reader_gives_back_what_was_written(tmp_path):
    atoms = make_atoms(first=5)
    path = tmp_path / "a.cif"
    write_modelcif(path, atoms, make_record(atoms))
    back = read_mmcif(path)
    assert back.sequence == SEQUENCE
    np.testing.assert_array_equal(back.mask, atoms.mask)
    np.testing.assert_array_equal(back.residue_index, atoms.residue_index)
    np.testing.assert_allclose(back.positions, atoms.positions * atoms.mask[..., None], atol=6e-4)
    np.testing.assert_allclose(back.b_factors, atoms.b_factors * atoms.mask, atol=6e-3)


def test_equal_chains_share_an_entity():
    atoms = make_atoms("GAGAGG", chain_ids="AABBCC")
    block = gemmi.cif.read_string(format_modelcif(atoms, make_record(atoms))).sole_block()
    assert [tuple(row) for row in block.find("_struct_asym.", ["id", "entity_id"])] == [
        ("A", "1"),
        ("B", "1"),
        ("C", "2"),
    ]
    assert [row[0] for row in block.find("_entity_poly.", ["pdbx_strand_id"])] == ["A,B", "C"]


def test_a_residue_of_unknown_type_stands_in_the_sequence_without_atoms():
    atoms = make_atoms("GXA")
    block = gemmi.cif.read_string(format_modelcif(atoms, make_record(atoms))).sole_block()
    row = block.find("_entity_poly.", ["pdbx_seq_one_letter_code", "pdbx_seq_one_letter_code_can"])[0]
    assert (row.str(0), row.str(1)) == ("G(UNK)A", "GXA")
    assert {row[0] for row in block.find("_atom_site.", ["label_seq_id"])} == {"1", "3"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"plddt": np.zeros(3, np.float32)}, "pLDDT of 3 residues"), ({"plddt": np.full(21, np.nan)}, "finite")],
)
def test_a_confidence_that_does_not_fit_is_refused(changes, message):
    atoms = make_atoms()
    with pytest.raises(InputError, match=message):
        format_modelcif(atoms, make_record(atoms, **changes))


@pytest.mark.parametrize(
    "text", ["", ".", "?", "data_x", "loop_", "_a", "#", "a b", "it's", "a\"b'c d", "; x\n;\ny", "[1]", "$x"]
)
def test_any_text_survives_quoting(text):
    block = gemmi.cif.read_string(f"data_x\n_a.b {cif_value(text)}\n_a.c 1\n").sole_block()
    raw = block.find_value("_a.b")
    read = gemmi.cif.as_string(raw)
    assert read.replace("\n ;", "\n;").removeprefix(" ") == text
    assert block.find_value("_a.c") == "1"
    if text in (".", "?", ""):
        assert raw not in (".", "?")


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_printable_text_comes_back_letter_by_letter(text):
    block = gemmi.cif.read_string(f"data_x\nloop_\n_a.b\n_a.c\n{cif_value(text)} 1\n").sole_block()
    assert block.find("_a.", ["b", "c"])[0].str(0).removeprefix(" ") == text.removeprefix(" ")


def test_letters_that_cif_cannot_hold_are_replaced():
    assert cif_value("3 Å, β-sheet\x00") == "'3 A, ?-sheet?'"
    assert cif_block_name("a b/c\nd") == "a_b_c_d"
    assert len(cif_value("x" * 5000).splitlines()) >= 4


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="_a has 2 items, a row has 1 cells"):
        cif_loop("a", ("b", "c"), [("1",)])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda text: text.replace("_atom_site.Cartn_x\n", "_atom_site.other\n"),
            "_atom_site has no Cartn_x",
        ),
        (lambda text: text.replace(" 1.00 ", " one "), "atom 1 of _atom_site: could not convert"),
        (lambda text: text.replace("ATOM ", "HETATM "), "no atom of a protein chain"),
        (lambda text: text[:-40], "cut short"),
        (lambda text: "loop_\n", r"bad\.cif: "),
        (lambda text: "not a cif file at all", r"bad\.cif: "),
        (lambda text: "", r"bad\.cif: "),
    ],
)
def test_broken_files_are_input_errors(tmp_path, edit, message):
    atoms = make_atoms()
    path = tmp_path / "bad.cif"
    path.write_text(edit(format_modelcif(atoms, make_record(atoms))))
    with pytest.raises(InputError, match=message):
        read_mmcif(path)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.cif: cannot be read"):
        read_mmcif(tmp_path / "nowhere.cif")
