"""File names: 10,000 random identifiers keep apart and inside their folder, even where case is ignored."""

import random
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.names import LONGEST_NAME, file_name, file_names, stockholm_names

HOSTILE = [
    "../../x", "/abs", "\\\\server\\share", "C:\\x", ".", "..", "...", "", " ", "-rf", "--help", "~",
    "~root", "CON", "con", "nul.txt", "COM1", "lpt9.fasta", "a/b", "a b", "a|b", "a_b", "A_B", "a:b",
    "a\nb", "a\0b", "a\u2028b", "$(touch x)", "`id`", "%2e%2e%2f", "x" * 500, "X" * 500, "é", "e\u0301",
    "ſ", "ı", "İ", "ß", "SS", "K", "\u212a", "name.", "name ", "*", "\udcff", "🧬", "a_b-12345678",
    "</script><img src=x>", "=1+1", "abc", "ABC", "Abc", "sp|P0CG48|UBC_HUMAN",
]  # fmt: skip


def assert_safe(name: str) -> None:
    assert 0 < len(name) <= LONGEST_NAME + 40
    assert name.isascii()
    assert not set(name) & set('/\\:*?"<>|\0\n\r\t ')
    assert name[0] not in ".-~"
    assert name[-1] not in ". "
    # One reserved device name with any ending opens the device on Windows.
    stem = name.split(".")[0].upper()
    assert stem not in {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        *(f"COM{n}" for n in range(10)),
        *(f"LPT{n}" for n in range(10)),
    }
    assert Path("out", name).resolve().parent == Path("out").resolve()
    assert PureWindowsPath("out", name).parent == PureWindowsPath("out")


@pytest.mark.parametrize(
    "identifier", ["P0CG48", "ubiquitin", "1ubq_A", "T1024-D1", "a", "A.b", "x" * LONGEST_NAME]
)
def test_safe_identifiers_are_their_own_names(identifier: str) -> None:
    assert file_name(identifier) == identifier


def test_other_identifiers_get_a_readable_form_and_a_hash() -> None:
    # printf 'sp|P0CG48|UBC_HUMAN' | sha256sum
    assert file_name("sp|P0CG48|UBC_HUMAN") == "sp_P0CG48_UBC_HUMAN-fde1f1f9"
    assert file_name("../../x").startswith("x-")
    assert file_name("🧬").startswith("record-")


def test_hostile_identifiers_keep_apart_and_inside() -> None:
    identifiers = list(dict.fromkeys(HOSTILE))
    names = file_names(identifiers)
    for name in names:
        assert_safe(name)
    assert len({name.casefold() for name in names}) == len(identifiers)


def test_ten_thousand_random_identifiers_keep_apart_and_inside(tmp_path: Path) -> None:
    rng = random.Random(0)
    letters = "aAbB01._-/\\:| \t\n\0\u2028éß🧬%~*"
    identifiers = {"".join(rng.choices(letters, k=rng.randint(0, 6))) for _ in range(9_000)}
    while len(identifiers) < 10_000:
        identifiers.add(
            "".join(chr(rng.choice([rng.randrange(0xD800), rng.randrange(128)])) for _ in range(12))
        )
    names = file_names(sorted(identifiers))
    assert len({name.casefold() for name in names}) == 10_000
    for name in names:
        assert_safe(name)
    for name in names[::50]:
        (tmp_path / name).touch()
    assert len(list(tmp_path.iterdir())) == 200


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.text(max_size=80), unique=True, max_size=20))
def test_any_batch_has_different_safe_names(identifiers: list[str]) -> None:
    names = file_names(identifiers)
    for name in names:
        assert_safe(name)
    assert len({name.casefold() for name in names}) == len(identifiers)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_hashed_name_is_never_another_identifiers_own_name(identifier: str) -> None:
    name = file_name(identifier)
    assert name == identifier or file_name(name) != name


def test_case_twins_are_told_apart_and_the_first_keeps_its_name() -> None:
    names = file_names(["Abc", "ABC", "abc"])
    assert names[0] == "Abc"
    assert names[1].startswith("ABC-")
    assert names[2].startswith("abc-")


def test_records_added_at_the_end_rename_nothing() -> None:
    assert file_names(["a", "b c", "A", "z"])[:2] == file_names(["a", "b c"])


def test_equal_identifiers_are_refused() -> None:
    with pytest.raises(ValueError, match="'a' occurs twice"):
        file_names(["a", "b", "a"])


def test_stockholm_names_are_single_words_and_unique() -> None:
    names, rest = stockholm_names(["q one two", "q", "", "#x", "q"])
    assert names == ["q", "q_row_2", "row_3", "_#x", "q_row_5"]
    assert rest == ["one two", "", "", "", ""]
