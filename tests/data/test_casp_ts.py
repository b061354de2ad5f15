import re

import numpy as np
import pytest

from sciml.data.casp_header import CaspHeader
from sciml.data.casp_ts import TsModel, check_ts, format_ts, write_ts
from sciml.data.structure_files import read_structures
from sciml.errors import InputError
from tests.data.synthetic_atoms import random_atoms, random_sequence

SEQUENCE = random_sequence(12)
HEADER = CaspHeader("T1049", "1234-5678-9012", ("A method " * 30, "in two parts"), ("a remark in Å",))


def text_of(*numbers, **fields):
    models = [TsModel(number, random_atoms(SEQUENCE, seed=number), **fields) for number in numbers]
    return format_ts(HEADER, models)


def test_the_records_stand_in_the_order_of_the_format():
    lines = [line.rstrip() for line in text_of(1, parents=("1abc_A", "2xyz")).splitlines()]
    assert lines[:4] == ["PFRMAT TS", "TARGET T1049", "AUTHOR 1234-5678-9012", "REMARK a remark in A"]
    records = [line.split()[0] for line in lines]
    assert re.fullmatch(
        "PFRMAT TARGET AUTHOR (REMARK )+(METHOD )+MODEL PARENT (ATOM )+TER END", " ".join(records)
    )
    assert "MODEL  1" in lines
    assert "PARENT 1abc_A 2xyz" in lines
    assert all(len(line) == 80 and line.isascii() for line in text_of(1).splitlines())


def test_what_is_written_is_valid_and_read_back(tmp_path):
    path = write_ts(
        tmp_path / "T1049TS000", HEADER, [TsModel(n, random_atoms(SEQUENCE, seed=n)) for n in (1, 2, 5)]
    )
    check_ts(path.read_text(), str(path), SEQUENCE)
    models = read_structures(path)
    assert [model.model_number for model in models] == [1, 2, 5]
    for model in models:
        expected = random_atoms(SEQUENCE, seed=model.model_number)
        assert (model.target, model.author, model.parents) == ("T1049", "1234-5678-9012", ())
        np.testing.assert_array_equal(model.atoms.mask, expected.mask)
        np.testing.assert_allclose(
            model.atoms.positions, expected.positions * expected.mask[..., None], atol=5e-4
        )
        np.testing.assert_allclose(model.atoms.b_factors, expected.b_factors * expected.mask, atol=5e-3)
        assert model.notes == ()


def test_several_files_one_after_the_other_keep_their_headers(tmp_path):
    other = CaspHeader("T1050", "Group-7", ("other",))
    text = text_of(1, 2) + format_ts(other, [TsModel(1, random_atoms("GAV"), ("1abc",))])
    (tmp_path / "all").write_text(text)
    models = read_structures(tmp_path / "all")
    assert [(model.target, model.author, model.model_number) for model in models] == [
        ("T1049", "1234-5678-9012", 1),
        ("T1049", "1234-5678-9012", 2),
        ("T1050", "Group-7", 1),
    ]
    assert [model.parents for model in models] == [(), (), ("1abc",)]


def test_each_chain_of_a_complex_has_its_parent_and_ter(tmp_path):
    atoms = random_atoms("GAVGAV", "AAABBB", numbers=[1, 2, 3, 1, 2, 3])
    text = format_ts(HEADER, [TsModel(1, atoms)])
    check_ts(text, sequence="GAV")
    records = [line.split()[0] for line in text.splitlines()]
    assert (records.count("PARENT"), records.count("TER"), records.count("END")) == (2, 2, 1)
    (tmp_path / "ts").write_text(text)
    (model,) = read_structures(tmp_path / "ts")
    assert model.atoms.chain_ids == tuple("AAABBB")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((HEADER, []), "needs a model"),
        ((HEADER, [TsModel(6, random_atoms("G"))]), "from 1 to 5: 6"),
        ((HEADER, [TsModel(1, random_atoms("G"))] * 2), r"different numbers: \[1, 1\]"),
        ((HEADER, [TsModel(1, random_atoms("G"), ("none",))]), "PARENT is N/A or PDB entries"),
        ((CaspHeader("T1", "1234-5678-9012", (" ",)), [TsModel(1, random_atoms("G"))]), "METHOD"),
        ((CaspHeader("T1", "", ("x",)), [TsModel(1, random_atoms("G"))]), "AUTHOR"),
    ],
)  # fmt: skip
def test_what_casp_would_refuse_is_not_written(arguments, message):
    with pytest.raises(InputError, match=message):
        format_ts(*arguments)


@pytest.mark.parametrize("author", ["1234-5678-901", "123456789012", "a b", "1234-5678-90123", "ä"])
def test_a_malformed_author_is_refused(author):
    with pytest.raises(InputError, match="AUTHOR is a registration code like 1234-5678-9012"):
        CaspHeader("T1049", author)


@pytest.mark.parametrize("author", ["1234-5678-9012", "427", "Zhang-Server", "AlphaFold2", "TS427"])
def test_codes_names_and_numbers_of_groups_are_taken(author):
    assert CaspHeader("T1049", author).author == author


def without(text, start, count=1):
    """The text less its first line that begins so (and those that follow it)."""
    lines = text.splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if line.startswith(start))
    return "".join(lines[:at] + lines[at + count :])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: without(text, "PFRMAT"), "line 1: the first line of this file must be PFRMAT TS"),
        (lambda text: "REMARK first\n" + text, "line 1: the first line"),
        (lambda text: without(text, "TARGET"), "TARGET must come before"),
        (lambda text: without(text, "AUTHOR"), "AUTHOR must come before"),
        (lambda text: re.sub("METHOD.*\n", "", text), "METHOD must come before"),
        (lambda text: text.replace("AUTHOR 1", "AUTHOR X1 "), "line 3: AUTHOR needs one word"),
        (lambda text: text.replace("AUTHOR 1234", "AUTHOR 123"), "line 3: AUTHOR is a registration code"),
        (lambda text: text.replace("MODEL  1", "MODEL  9"), r"line \d+: MODEL is a number from 1 to 5: 9"),
        (lambda text: text.replace("MODEL  2", "MODEL  1"), r"line \d+: MODEL 1 is there twice"),
        (lambda text: without(text, "PARENT"), r"line \d+: PARENT must come before the atoms"),
        (lambda text: text.replace("PARENT N/A", "PARENT no!"), r"line \d+: PARENT is N/A or PDB entries"),
        (lambda text: without(text, "TER"), r"line \d+: TER is missing after the last atom"),
        (lambda text: without(text, "END"), r"line \d+: END is missing before this MODEL"),
        (lambda text: text[: text.rindex("END")], "END is missing after the last model"),
        (lambda text: text.replace("MODEL  1", "MODEL  one"), r"line \d+: the number of MODEL"),
        (lambda text: text.replace("TARGET T1049", "TARGET T1049" + " " * 70 + "x"), r"at most 80 columns"),
        (lambda text: text.replace("ATOM      2", "HETATM    2"), r"line \d+: HETATM"),
        (lambda text: text.replace("TER", "TERX"), r"line \d+: 'TERX' is no record"),
        (lambda text: without(text, "MODEL"), r"line \d+: PARENT outside a MODEL"),
        (lambda text: text.replace(".", "x"), r"line \d+: not an ATOM record"),
        (lambda text: text + text, r"line \d+: PFRMAT is there twice"),
        (lambda text: "", "the file is empty"),
    ],
)  # fmt: skip
def test_a_file_that_casp_would_refuse_is_refused(edit, message):
    good = text_of(1, 2)
    check_ts(good, "a.ts", SEQUENCE)
    bad = edit(good)
    assert bad != good
    with pytest.raises(InputError, match=rf"a\.ts: .*{message}" if "line" not in message else message):
        check_ts(bad, "a.ts", SEQUENCE)


def test_residues_must_be_those_of_the_target():
    with pytest.raises(InputError, match=r"MODEL 1.*residue 12 of a target of 11 residues"):
        check_ts(text_of(1), sequence=SEQUENCE[:-1])
    other = ("W" if SEQUENCE[0] != "W" else "A") + SEQUENCE[1:]
    with pytest.raises(
        InputError, match=f"residue 1 is {other[0]} in the target, {SEQUENCE[0]} in the model"
    ):
        check_ts(text_of(1), sequence=other)
