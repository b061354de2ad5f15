import pytest

from sciml.data.casp_domains import parse_domains, read_domains
from sciml.errors import InputError


def ranges(lines, **options):
    domains = parse_domains(lines, "d.txt", **options)
    return {
        target: {name: list(domain.ranges) for name, domain in own.items()} for target, own in domains.items()
    }


@pytest.mark.parametrize(
    "lines",
    [
        ["T1024-D1: 1-193", "T1024-D2: 200-220,230-408"],
        ["T1024-D1:1-193", "T1024-D2:200-220, 230-408"],
        ["T1024-D1\t1-193", "T1024-D2\t200-220,230-408"],
        ["# a comment", "T1024", "D1 1-193", "", "D2: 200-220,230-408  # more"],
        ["T1024 408 residues, D1: 1-193, D2: 200-220,230-408"],
        ["T1024 408 residues, D1: 1-193; D2: 200-220,230-408"],
        ["T1024\t408\tD1: 1-193\tD2: 200-220,230-408"],
        ["T1024: D1 1 - 193, D2 230-408,200-220"],
        ["T1024-D1: 1-193 T1024-D2: 200-220,230-408"],
    ],
)
def test_the_usual_forms_say_the_same(lines):
    assert ranges(lines) == {"T1024": {"D1": [(1, 193)], "D2": [(200, 220), (230, 408)]}}


def test_a_domain_may_be_joined_to_its_target_by_an_underscore():
    found = parse_domains(["1abc_A_D1: 5-60"], "domains.txt")
    assert found["1abc_A"]["D1"].ranges == ((5, 60),)


def test_targets_keep_apart_and_residues_are_counted():
    domains = parse_domains(["T1046s1-D1: 1-72", "T1046s2-D1: 5,7-9", "T1046s2-D0: 1-100"])
    assert domains["T1046s2"]["D1"].residues == {5, 7, 8, 9}
    assert len(domains["T1046s1"]["D1"].residues) == 72
    assert str(domains["T1046s2"]["D1"]) == "T1046s2-D1: 5,7-9"
    assert len(domains["T1046s2"]["D0"].residues) == 100, "D0 is the whole chain and overlaps"


def test_targets_are_called_as_files_are():
    lines = ["1abc_A-D1: 5-60", "7tm-design-D1: 1-9", "2xyz 120 residues, D1: 1-50, D2: 51-120"]
    assert ranges(lines) == {
        "1abc_A": {"D1": [(5, 60)]},
        "7tm-design": {"D1": [(1, 9)]},
        "2xyz": {"D1": [(1, 50)], "D2": [(51, 120)]},
    }


def test_lines_without_a_target_are_those_of_the_given_one():
    assert ranges(["D1: 1-10", "D2: -5--1"], target="T1") == {"T1": {"D1": [(1, 10)], "D2": [(-5, -1)]}}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["T1-D1: 1-10", "T1-D2: 10-20"], "line 2: T1: D1 and D2 both hold residue 10"),
        (["T1-D1: 1-10,5-20"], "line 1: two ranges of a domain hold residue 5"),
        (["T1-D1: 10-1"], "line 1: a range runs from its first residue to its last: '10-1'"),
        (["T1-D1: 1-10", "T1-D1: 11-20"], "line 2: T1-D1 is defined twice"),
        (["T1 50 residues, D1: 1-60"], "line 1: T1-D1: 1-60 lies outside the 50 residues"),
        (["D1: 1-10"], "line 1: D1 of which target"),
        (["T1-D1:"], "line 1: no domain definition"),
        (["T1-D1: 1-10 and more"], "line 1: text that belongs to no domain: 'and more'"),
        (["T1-D1: 1-10,"], None),
        (["T1-D1: 1-x"], "line 1: text that belongs to no domain"),
        (["T1-D1: 1-99999999"], "line 1: a range runs"),
        (["T1-D1: 1-10-20"], "line 1: text that belongs to no domain"),
        ([], "no domain definition"),
        (["T1"], "no domain definition"),
        (["what is this"], "line 1: no domain definition"),
        (["T1-D1: 1-" + "1" * 30_000], "line 1: a line of more than"),
    ],
)
def test_broken_definitions_are_refused_with_file_and_line(lines, message):
    if message is None:
        assert ranges(lines) == {"T1": {"D1": [(1, 10)]}}
        return
    with pytest.raises(InputError, match=f"d.txt: {message}"):
        ranges(lines)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_domains(tmp_path / "none")
