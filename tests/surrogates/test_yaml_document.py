import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.errors import InputError
from sciml.surrogates.yaml_document import LARGEST_BYTES, YamlDocument, read_yaml, yaml_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10e6", 10e6),
        ("10.0e6", 10e6),
        ("1e-12", 1e-12),
        ("-.5", -0.5),
        ("2.", 2.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("+7", 7),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("on", "on"),
        ("No", "No"),
        ("y", "y"),
        ("True", True),
        ("~", None),
        ("'10'", "10"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("1e", "1e"),
        ("nan", "nan"),
    ],
)
def test_scalars_follow_the_core_schema(text, value):
    found = YamlDocument(f"a: {text}", "f").value["a"]
    assert (found, type(found)) == (value, type(value))


def test_the_line_of_every_value_is_known():
    lines = YamlDocument("a: 1\nb:\n  - c: 2\n\n  - {d: 3,\n     e: 4}\n", "f").lines
    assert lines == {
        **{(): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 0, "c"): 3},
        **{("b", 1): 5, ("b", 1, "d"): 5, ("b", 1, "e"): 6},
    }


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("a: 1\nb: 2\na: 3", 3, "'a' is given twice"),
        ("a: {b: 1,\n b: 2}", 2, "'b' is given twice"),
        ("a: &x [1]\nb: *x", 1, "aliases are not allowed"),
        ("a: &x {<<: *x}", 1, "aliases are not allowed"),
        ("a: 1\nb: !!python/object/apply:os.system ['true']", 2, "tags are not allowed"),
        ("a: !!set {b}", 1, "tags are not allowed"),
        ("a: !!binary aGk=", 1, "tags are not allowed"),
        ("a: !!int abc", 1, "tags are not allowed"),
        ("a: !!bool on", 1, "tags are not allowed"),
        ("a: 1\n---\nb: 2", 2, "no YAML"),
        ("a: [1, 2", 1, "no YAML"),
        ("a: b: c", 1, "no YAML"),
        ("\ta: 1", 1, "no YAML"),
        ("a: 1\n? [1]\n: 2", 2, "a key is a mapping or a list"),
        ("a: " + "9" * 5000, 1, "a number of 5000 characters"),
        ("a: " + "[" * 30 + "]" * 30, 1, "nested deeper"),
        ("a: " + "[" * 100_000, None, "nested too deep"),
        ("a: \x07", None, "no YAML"),
        ("", None, "empty"),
        ("# only a comment\n", None, "empty"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_line(text, line, rule):
    with pytest.raises(InputError) as caught:
        YamlDocument(text, "problem.yaml")
    assert rule in caught.value.rule
    assert caught.value.file == "problem.yaml"
    if line is not None:
        assert caught.value.line == line


def test_a_bomb_of_aliases_costs_nothing():
    text = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
    started = time.monotonic()
    with pytest.raises(InputError, match="aliases"):
        YamlDocument(text, "f")
    assert time.monotonic() - started < 5


def test_files_that_cannot_be_read_are_refused(tmp_path):
    path = tmp_path / "p.yaml"
    with pytest.raises(InputError, match="No such file"):
        read_yaml(path)
    with pytest.raises(InputError, match="Is a directory"):
        read_yaml(tmp_path)
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(InputError, match="line 2: not a text in UTF-8"):
        read_yaml(path)
    path.write_bytes(b"a: 1\n" + b"#" * LARGEST_BYTES)
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_yaml(path)
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")  # as a Windows editor writes it
    assert read_yaml(path).value == {"a": 1, "b": 2}


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff"))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), texts
)
keys = st.text("abn1.e~ ", max_size=4)
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner)),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(plain)
def test_what_is_written_reads_back_the_same(value):
    back = YamlDocument(yaml_text({"value": value}), "f").value["value"]
    assert back == value
    assert repr(back) == repr(value)  # 1, 1.0 and True are told apart, and 0.0 from -0.0
