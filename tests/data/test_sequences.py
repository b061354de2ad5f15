"""What every kind of input is read as, or why it is refused."""

import gzip
import io
import sys
from pathlib import Path

import pytest

from sciml.data.sequences import MAX_LENGTH, SequenceBatch, read_sequences
from sciml.errors import InputError

Q = "MKLDEFGHIRSTVWYACNPQ"


def read(folder: Path, content: str | bytes, name: str = "in.fasta", **options: int) -> SequenceBatch:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sequences(path, **options)


ACCEPTED = {
    "one": (f">a\n{Q}\n", Q),
    "all_letters": (f">a\n{Q}X\n", Q + "X"),
    "no_line_end": (f">a\n{Q}", Q),
    "crlf": (f">a\r\n{Q}\r\n", Q),
    "cr": (f">a\r{Q}\r", Q),
    "bom": (f"\ufeff>a\n{Q}\n", Q),
    "utf16": (f"\ufeff>a\n{Q}\n".encode("utf-16-le"), Q),
    "gzip": (gzip.compress(f">a\n{Q}\n".encode()), Q),
    "one_letter_a_line": (">a\n" + "\n".join(Q) + "\n", Q),
    "blank_lines": (f"\n\n>a\n\n{Q[:5]}\n\n{Q[5:]}\n\n", Q),
    "blocks_of_ten": (f">a\n{Q[:10]} {Q[10:]}\n", Q),
    "tabs": (f">a\n\t{Q}\t\n", Q),
    "lower_case": (f">a\n{Q.lower()}\n", Q),
    "mixed_case": (f">a\n{Q[:7].lower()}{Q[7:]}\n", Q),
    "stop": (f">a\n{Q}*\n", Q),
    "stop_on_its_own_line": (f">a\n{Q}\n*\n", Q),
    "lower_x": (">a\nmkx\n", "MKX"),
    "one_residue": (">a\nM\n", "M"),
    "two_residues": (">a\nMK\n", "MK"),
    "only_x": (">a\nXXX\n", "XXX"),
    "longest": (f">a\n{'A' * MAX_LENGTH}\n", "A" * MAX_LENGTH),
    "comment_first": (f";by hand\n>a\n{Q}\n", Q),
    "colabfold_monomer_line": (f"#20\t1\n>a\n{Q}\n", Q),
    "latin1_header": (b">a K\xf6ln\nMK\n", "MK"),
    "line_separator_in_header": (">a\u2028b\nMK\n", "MK"),
    "nul_in_header": (">a\0b\nMK\n", "MK"),
    "greater_in_header": (">a >b\nMK\n", "MK"),
    "ncbi_header": (">gi|5524211|gb|AAD44166.1| cytochrome b\nMK\n", "MK"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted_input(tmp_path: Path, case: str) -> None:
    content, sequence = ACCEPTED[case]
    batch = read(tmp_path, content)
    assert [record.sequence for record in batch.records] == [sequence]
    assert batch.refused == ()
    assert batch.records[0].warnings == ()
    assert batch.records[0].alignment is None


REFUSED = {
    "gap": (">a\nMK-L\n", "position 3: '-' is not a residue letter"),
    "dot": (">a\nMK.L\n", "position 3: '.'"),
    "stop_inside": (">a\nMK*L\n", "position 3: '*'"),
    "two_stops": (">a\nMK**\n", "position 3: '*'"),
    "digit": (">a\n1MKL\n", "position 1: '1'"),
    "question_mark": (">a\nMK?L\n", "position 3: '?'"),
    "nul": (">a\nMK\0L\n", "position 3: '\\x00'"),
    "line_separator": (">a\nMK\u2028L\n", "position 3: '\\u2028'"),
    "next_line": (">a\nMK\u0085L\n", "position 3: '\\x85'"),
    "no_break_space": (">a\nMK\u00a0L\n", "position 3: '\\xa0'"),
    "zero_width_space": (">a\nMK\u200bL\n", "position 3: '\\u200b'"),
    "dotless_i": (">a\nMKı\n", "position 3: 'ı'"),
    "cyrillic_a": (">a\nMKА\n", "position 3: 'А'"),
    "fullwidth": (">a\nＭKL\n", "position 1: 'Ｍ'"),
    "sharp_s": (">a\nMKß\n", "position 3: 'ß'"),
    "emoji": (">a\nMK🧬\n", "position 3: '🧬'"),
    "escape": (">a\nMK\x1b[31m\n", "position 3: '\\x1b'"),
    "position_over_lines": (">a\nMKL\nDE\n F7\n", "position 7: '7'"),
    "empty": (">a\n", "record 'a': the record holds no residue"),
    "blank_only": (">a\n \t\n\n", "holds no residue"),
    "stop_only": (">a\n*\n", "holds no residue"),
    "chains": (">a\nMKL:DEF\n", "position 4: several chains in one record ('A:B')"),
    "chains_at_the_end": (">a\nMKL:\n", "several chains"),
    "chains_of_colabfold": ("#3,3\t1,1\n>101\nMKLDEF\n", "several chains"),
    "too_long": (f">a\n{'A' * (MAX_LENGTH + 1)}\n", "4,097 residues are more than the limit of 4,096"),
    "thirty_thousand": (
        f">titin\n{'A' * 30_000}\n",
        "record 'titin': 30,000 residues are more than the limit",
    ),
    "no_header": (f"{Q}\n", "line 1: a FASTA record starts with '>'"),
    "no_record": ("", "holds no record"),
    "only_comments": (";x\n#y\n", "holds no record"),
    "binary": (bytes(range(256)), "a FASTA record starts with '>'"),
    "cut_gzip": (gzip.compress(b">a\nMK\n")[:15], "gzip data is damaged"),
    "html": ("<html>\n<body>\n", "a FASTA record starts with '>'"),
    "pdb": ("HEADER    X\nATOM      1  N\n", "a FASTA record starts with '>'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_input(tmp_path: Path, case: str) -> None:
    content, message = REFUSED[case]
    batch = read(tmp_path, content)
    assert batch.records == ()
    assert len(batch.refused) == 1
    assert message in str(batch.refused[0])
    assert str(batch.refused[0]).startswith(str(tmp_path / "in.fasta"))


@pytest.mark.parametrize("letter", "UOBZJuobzj")
def test_unusual_letters_are_substituted_with_record_and_position(tmp_path: Path, letter: str) -> None:
    record = read(tmp_path, f">a\nMK{letter}L\n").records[0]
    read_as = {"U": "C", "O": "K", "B": "D", "Z": "E", "J": "L"}[letter.upper()]
    assert record.sequence == f"MK{read_as}L"
    assert len(record.warnings) == 1
    assert record.warnings[0].startswith(f"record 'a', position 3: {letter.upper()} (")
    assert record.warnings[0].endswith(f"read as {read_as}")


def test_every_substitution_is_named(tmp_path: Path) -> None:
    record = read(tmp_path, ">a\nUMU\nB\n").records[0]
    assert record.sequence == "CMCD"
    assert [warning.split(":")[0] for warning in record.warnings] == [
        f"record 'a', position {position}" for position in (1, 3, 4)
    ]


def test_one_bad_record_stops_no_other(tmp_path: Path) -> None:
    batch = read(tmp_path, ">a\nMK\n>b\nM1\n>c\n>d\nMK:L\n>e one two\nMKV\n>f\n")
    assert [(record.id, record.description) for record in batch.records] == [("a", ""), ("e", "one two")]
    assert [(error.record, error.line, error.position) for error in batch.refused] == [
        ("b", 3, 2),
        ("c", 5, None),
        ("d", 6, 3),
        ("f", 10, None),
    ]


def test_a_second_record_of_one_identifier_is_refused_naming_both(tmp_path: Path) -> None:
    batch = read(tmp_path, ">a\nMK\n>b\nMM\n>a again\nMKV\n")
    assert [record.id for record in batch.records] == ["a", "b"]
    path = tmp_path / "in.fasta"
    assert (
        f"{path}: line 5, record 'a': the identifier is taken by an earlier record ({path}, line 1)"
        in str(batch.refused[0])
    )


def test_a_refused_record_does_not_take_its_identifier(tmp_path: Path) -> None:
    batch = read(tmp_path, ">a\nM1\n>a\nMK\n")
    assert [record.sequence for record in batch.records] == ["MK"]
    assert len(batch.refused) == 1


def test_records_without_identifier_are_counted(tmp_path: Path) -> None:
    batch = read(tmp_path, ">\nMK\n> words\nMKV\n")
    assert [record.id for record in batch.records] == ["record_1", "words"]
    assert "no identifier and is called 'record_1'" in batch.records[0].warnings[0]


def test_an_over_long_identifier_is_kept_and_its_file_name_cut(tmp_path: Path) -> None:
    identifier = "x" * 5000
    record = read(tmp_path, f">{identifier}\nMK\n").records[0]
    assert record.id == identifier
    assert len(record.name) == 73
    assert record.name.startswith("x" * 64 + "-")


def test_identifiers_that_differ_in_case_only_get_different_files(tmp_path: Path) -> None:
    names = [record.name for record in read(tmp_path, ">abc\nMK\n>ABC\nMK\n>../abc\nMK\n").records]
    assert names[0] == "abc"
    assert len({name.lower() for name in names}) == 3
    assert not any("/" in name for name in names)


def test_the_length_limit_is_an_option(tmp_path: Path) -> None:
    text = f">a\n{'A' * 30_000}\n"
    assert len(read(tmp_path, text, max_length=30_000).records[0].sequence) == 30_000
    assert "more than the limit of 29,999" in str(read(tmp_path, text, max_length=29_999).refused[0])


def test_a_nucleotide_sequence_is_suspected_aloud(tmp_path: Path) -> None:
    record = read(tmp_path, f">a\n{'ACGT' * 10}\n").records[0]
    assert "look like a nucleotide sequence" in record.warnings[0]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b">a\nMK\n>b\nM1\n")))
    batch = read_sequences("-")
    assert [(record.id, record.file) for record in batch.records] == [("a", "<stdin>")]
    assert str(batch.refused[0]).startswith("<stdin>: line 3, record 'b', position 2")


@pytest.mark.parametrize("name", ["q.a3m", "q.a3m.gz", "q.txt", "Q.A3M"])
def test_an_a3m_is_one_record_with_its_alignment(tmp_path: Path, name: str) -> None:
    text = ">the query\nMKLD\n>hit\naM-LD\n"
    record = read(tmp_path, gzip.compress(text.encode()) if name.endswith("gz") else text, name).records[0]
    assert record.id.lower() == "q"
    assert record.description == "the query"
    assert record.sequence == "MKLD"
    assert record.alignment is not None
    assert record.alignment.sequences == ("MKLD", "M-LD")
    assert record.alignment.deletions.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0]]


def test_equally_long_records_of_a_fasta_file_stay_separate(tmp_path: Path) -> None:
    text = ">a\nMKLDEF\n>b\nMK-DEF\n>c\nMKLDEW\n>d\nmkMKLDEF\n"
    batch = read(tmp_path, text, "designs.fasta")
    assert [record.sequence for record in batch.records] == ["MKLDEF", "MKLDEW", "MKMKLDEF"]
    (refusal,) = batch.refused
    assert (refusal.record, refusal.position) == ("b", 3)
    assert ".a3m" in refusal.rule


def test_an_alignment_that_is_told_by_its_content_carries_a_warning(tmp_path: Path) -> None:
    text = ">q\nMKLD\n>hit\nM-LD\n"
    assert "read as one alignment" in read(tmp_path, text, "q.txt").records[0].warnings[0]
    assert read(tmp_path, text, "q.a3m").records[0].warnings == ()


def test_letters_of_an_a3m_query_are_substituted_in_its_alignment_too(tmp_path: Path) -> None:
    record = read(tmp_path, ">q\nMUL\n>hit\nMU-\n", "q.a3m").records[0]
    assert record.sequence == "MCL"
    assert record.alignment is not None
    assert record.alignment.sequences == ("MCL", "MU-")
    assert "position 2: U (selenocysteine) read as C" in record.warnings[0]


def test_an_a3m_with_one_row_is_an_alignment_of_depth_one(tmp_path: Path) -> None:
    alignment = read(tmp_path, ">q\nMKLD\n", "q.a3m").records[0].alignment
    assert alignment is not None
    assert alignment.sequences == ("MKLD",)


def test_a_bad_a3m_is_refused_whole(tmp_path: Path) -> None:
    batch = read(tmp_path, ">q\nMKLD\n>hit\nMKL\n", "q.a3m")
    assert batch.records == ()
    assert "record 'hit': has 3 columns" in str(batch.refused[0])


def test_a_folder_is_read_by_name_and_says_what_it_left_out(tmp_path: Path) -> None:
    for name, text in {
        "b.fasta": ">b1\nMK\n>a1\nMK\n",
        "a.fa": ">a1\nMKV\n",
        "c.a3m": ">query\nMK\n>x\nM-\n",
        "d.a3m": ">query\nMV\n>x\nM-\n",
        "notes.txt": "x",
        ".hidden.fa": ">h\nMK\n",
        "z.fasta": "no header\n",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "sub.fasta").mkdir()
    batch = read_sequences(tmp_path)
    assert [record.id for record in batch.records] == ["a1", "b1", "c", "d"]
    assert [str(error).removeprefix(f"{tmp_path}/")[:7] for error in batch.refused] == ["b.fasta", "z.fasta"]
    assert batch.ignored == (str(tmp_path / "notes.txt"),)


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        read_sequences(tmp_path / "none.fasta")
    with pytest.raises(InputError, match="cannot be opened"):
        read_sequences("a\0b")
    with pytest.raises(InputError, match="holds no sequence file"):
        read_sequences(tmp_path)


def test_records_before_damage_in_a_file_are_used(tmp_path: Path) -> None:
    stored = gzip.compress("".join(f">r{n}\nMKV\n" for n in range(300_000)).encode(), 0)
    batch = read(tmp_path, stored[: len(stored) // 2], "x.fasta.gz")
    assert len(batch.records) > 50_000
    assert "gzip data is damaged or cut off" in str(batch.refused[-1])
