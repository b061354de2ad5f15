import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciml.errors import InputError
from sciml.structure.evaluate.catalogue import SCORES, chosen_families, shown
from sciml.structure.evaluate.tables import Table, read_csv, read_json, read_markdown

NUMBERS = st.one_of(
    st.none(), st.integers(-(10**17), 10**17), st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.one_of(
    st.none(), st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp")), min_size=1)
)
TABLES = st.lists(st.fixed_dictionaries({"group": TEXTS, "tm_score": NUMBERS, "lddt": NUMBERS}), min_size=1)


@given(TABLES)
def test_csv_json_and_markdown_read_back_to_the_last_bit(records):
    table = Table.of(records, ("group", "tm_score", "lddt"))
    assert table.rows == tuple((one["group"], one["tm_score"], one["lddt"]) for one in records)
    for text, read in (
        (table.to_csv(), read_csv),
        (table.to_json(), read_json),
        (table.to_markdown(), read_markdown),
    ):
        back = read(text)
        assert back == table
        kinds = [[type(cell) for cell in row] for row in back.rows]
        assert kinds == [[type(cell) for cell in row] for row in table.rows]


def test_numbers_that_are_not_finite_become_empty_cells_and_null():
    table = Table.of([{"group": "007", "tm_score": math.nan, "lddt": math.inf, "gdt_ts": 0.1 + 0.2}])
    assert table.to_csv() == "group,tm_score,lddt,gdt_ts\n007,,,0.30000000000000004\n"
    assert '"tm_score": null' in table.to_json()
    assert read_csv(table.to_csv()).records() == [
        {"group": "007", "tm_score": None, "lddt": None, "gdt_ts": 0.1 + 0.2}
    ]


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless_and_comes_back():
    for text in ("=1+1", "'=1", "-x", "@cmd", "+1"):
        table = Table.of([{"group": text}])
        assert table.to_csv().split("\n")[1].startswith("'")
        assert read_csv(table.to_csv()) == table


def test_a_markdown_table_for_readers():
    table = Table.of([{"group": "a|b", "gdt_ts": 0.93284}, {"group": "c", "gdt_ts": None}])
    text = table.to_markdown(lambda name, cell: cell if isinstance(cell, str) else shown(name, cell))
    assert text == "| group | gdt_ts |\n| --- | ---: |\n| a\\|b | 93.28 |\n| c | – |\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with the names"),
        ("group,lddt\na\n", "t.csv: line 2: 1 cells under 2 columns"),
        ("group,lddt\na,1\nb,x\n", "t.csv: line 3: not a number"),
        ("group,lddt\na,nan\n", "not a number: 'nan'"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(text, message):
    with pytest.raises(InputError, match=message):
        read_csv(text, "t.csv")


def test_json_that_is_no_table_is_refused():
    for text in ("{", "{}", "[1]", '[{"lddt": [1]}]'):
        with pytest.raises(InputError):
            read_json(text, "t.json")


def test_every_score_says_what_it_is_and_where_it_is_from():
    for name, score in SCORES.items():
        assert name == score.name
        assert len(score.definition) > 15
        assert score.source
    assert len({score.title for score in SCORES.values()}) == len(SCORES)


def test_families_are_chosen_by_their_name_or_by_a_figure():
    assert chosen_families(["GDT_TS", "cad", "rmsd-ca"]) == ("gdt", "rmsd", "cad")
    assert set(chosen_families(["all"])) > set(chosen_families(["fast"]))
    with pytest.raises(ValueError, match="no score 'gdtt'"):
        chosen_families(["gdtt"])
