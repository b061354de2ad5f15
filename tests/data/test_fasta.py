"""FASTA files as they come: encodings, line ends, compression, sizes, and the way back."""

import gzip
import io
import random
import subprocess
import sys
from pathlib import Path

import pytest

from sciml.data.fasta import FastaRecord, format_fasta, iterate_fasta, read_fasta, split_header, write_fasta
from sciml.data.textfile import ReadLimits, read_lines
from sciml.errors import InputError

PLAIN = b">a first\nMKV\nLD\n>b\nAAA\n"
EXPECTED = (FastaRecord("a first", "MKVLD", 1), FastaRecord("b", "AAA", 4))


def written(folder: Path, data: bytes, name: str = "in.fasta") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b"\n", b"\r"),
        PLAIN.rstrip(b"\n"),
        b"\xef\xbb\xbf" + PLAIN,
        "\ufeff".encode("utf-16-le") + PLAIN.decode().encode("utf-16-le"),
        "\ufeff".encode("utf-16-be") + PLAIN.decode().encode("utf-16-be"),
        gzip.compress(PLAIN),
        gzip.compress(PLAIN[:10]) + gzip.compress(PLAIN[10:]),  # members, as bgzip writes them
        PLAIN.replace(b"MKV", b"M K\tV "),
    ],
    ids=["lf", "crlf", "cr", "no-end", "bom", "utf16le", "utf16be", "gzip", "gzip-members", "blanks"],
)
def test_the_same_records_in_every_dress(tmp_path: Path, data: bytes) -> None:
    records = read_fasta(written(tmp_path, data))
    assert [(record.header, record.sequence) for record in records] == [
        (r.header, r.sequence) for r in EXPECTED
    ]
    assert [record.line for record in records] == [record.line for record in EXPECTED]


def test_standard_input_is_a_dash_and_may_be_gzip(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (PLAIN, gzip.compress(PLAIN)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert read_fasta("-") == EXPECTED


def test_other_unicode_line_breaks_stay_inside_their_line(tmp_path: Path) -> None:
    text = ">a one\u2028two\x0bthree\u0085four\nMK\n"
    records = read_fasta(written(tmp_path, text.encode()))
    assert records == (FastaRecord("a one\u2028two\x0bthree\u0085four", "MK", 1),)
    assert records[0].id == "a"


def test_a_header_that_is_not_utf8_is_latin1(tmp_path: Path) -> None:
    assert read_fasta(written(tmp_path, b">a K\xf6ln\nMK\n"))[0].description == "Köln"


def test_comments_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    data = b"#60\t1\n; old comment\n\n>a\n\nMK\n;x\nV\n"
    assert read_fasta(written(tmp_path, data)) == (FastaRecord("a", "MKV", 4),)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a b c", ("a", "b c")),
        ("a\tb", ("a", "b")),
        ("a", ("a", "")),
        ("", ("", "")),
        ("a\u2028b", ("a\u2028b", "")),
    ],
)
def test_split_header(header: str, expected: tuple[str, str]) -> None:
    assert split_header(header) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"MKV\n", "line 1: a FASTA record starts with '>' and a name, but here stands 'MKV'"),
        (b"", "holds no FASTA record"),
        (b"\n\n", "holds no FASTA record"),
        (gzip.compress(PLAIN)[:-9], "gzip data is damaged or cut off"),
        (gzip.compress(PLAIN)[:12] + b"\xff" * 20, "gzip data is damaged"),
        (b"\x1f\x8b", "gzip data is damaged or cut off"),
        (b"\xff\xfeM", "begins as UTF-16 but is not"),
        (b"#60,45\t1,1\n>101\nMK\n", "several chains in one record"),
        (b"\x00\x01\x02", "a FASTA record starts with '>'"),
    ],
)
def test_files_that_are_no_fasta_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = written(tmp_path, data)
    with pytest.raises(InputError) as caught:
        read_fasta(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_files_and_folders_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_fasta(tmp_path / "none.fasta")
    with pytest.raises(InputError, match="cannot be opened"):
        read_fasta(tmp_path)
    with pytest.raises(InputError, match="cannot be opened"):
        read_fasta("a\0b")


def test_a_decompression_bomb_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    bomb = written(tmp_path, gzip.compress(b">a\n" + b"A" * 30_000_000, 9), "bomb.fasta.gz")
    with pytest.raises(
        InputError, match=r"unpacks to more than 1,000 times its size|more than 5,000,000 bytes"
    ):
        read_fasta(bomb, ReadLimits(max_bytes=5_000_000))
    with pytest.raises(InputError, match="unpacks to more than 100 times its size"):
        read_fasta(bomb, ReadLimits(max_ratio=100))


def test_the_byte_limit_holds_for_plain_files_and_is_exact(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    assert len(read_fasta(path, ReadLimits(max_bytes=len(PLAIN)))) == 2
    with pytest.raises(InputError, match="more than 22 bytes"):
        read_fasta(path, ReadLimits(max_bytes=len(PLAIN) - 1))


def test_records_before_damage_are_still_yielded(tmp_path: Path) -> None:
    rng = random.Random(1)
    body = "".join(f">r{i}\n{''.join(rng.choices('ACDEFGHIKLMNPQRSTVWY', k=60))}\n" for i in range(60_000))
    data = gzip.compress(body.encode())
    reader = iterate_fasta(written(tmp_path, data[: len(data) // 2]))
    assert next(reader).id == "r0"
    with pytest.raises(InputError, match="cut off"):
        list(reader)


@pytest.mark.parametrize("width", [1, 3, 80, None])
@pytest.mark.parametrize("name", ["x.fasta", "x.fasta.gz"])
def test_what_is_written_is_read_back(tmp_path: Path, width: int | None, name: str) -> None:
    records = [("a first", "MKVLD"), ("b", ""), ("é\u2028", "A" * 200)]
    write_fasta(tmp_path / name, records, width)
    assert [(record.header, record.sequence) for record in read_fasta(tmp_path / name)] == records
    longest = max(len(line) for line in read_lines(tmp_path / name) if not line.startswith(">"))
    assert longest == (width if width and width < 200 else 200)


def test_gzip_output_is_the_same_for_the_same_records(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_fasta(tmp_path / name, [("a", "MK")])
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_line_break_inside_a_header_cannot_make_a_record() -> None:
    assert format_fasta([("a\n>b\r\nMK", "V")]) == ">a >b  MK\nV\n"


def test_reading_fasta_loads_no_heavy_library() -> None:
    check = "import sys, sciml.data.fasta; print(sorted({'torch', 'numpy', 'pyhmmer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
