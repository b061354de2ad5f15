import pytest

from sciml.errors import InputError
from sciml.structure.evaluate.identifiers import find_target, stem, target_families

TARGETS = ["T1046", "T1046s1", "T1049", "1abc_A", "1abc_B"]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("T1049", "T1049"),
        ("t1049", "T1049"),
        ("T1049TS427_1", "T1049"),
        ("T1046TS427_1", "T1046"),
        ("T1046s1TS427_1", "T1046s1"),
        ("T1046s1_TS427_1", "T1046s1"),
        ("T1049-D1", "T1049"),
        ("1abc_A_unrelaxed_rank_001_model_3", "1abc_A"),
        ("T10491", None),
        ("T1049x", None),
        ("x_T1049", None),
        ("", None),
    ],
)
def test_a_name_points_to_the_longest_target_that_it_begins_with(name, target):
    assert find_target([name], TARGETS) == target


def test_the_surer_name_decides():
    assert find_target(["T1049", "T1046s1TS427_1"], TARGETS) == "T1049"
    assert find_target(["unknown", "T1046s1TS427_1"], TARGETS) == "T1046s1"


def test_a_name_of_several_targets_is_refused_with_the_choices():
    with pytest.raises(InputError, match=r"m.pdb: the name '1abc' fits 2 targets: 1abc_A, 1abc_B"):
        find_target(["1abc"], TARGETS, file="m.pdb")
    with pytest.raises(InputError, match="fits 2 targets"):
        find_target(["a"], ["A", "A"])


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("d/T1049.pdb.gz", "T1049"),
        ("T1.CIF", "T1"),
        ("AF-P1-F1-model_v4.cif", "AF-P1-F1-model_v4"),
        (".pdb", ".pdb"),
    ],
)
def test_stems_of_structure_files(file, name):
    assert stem(file) == name


def test_domains_belong_to_the_family_of_their_target_however_it_is_spelled():
    assert target_families(["T1-D1", "t1_d2", "T10", "T1-Da"]) == {
        "T1-D1": ("T1-D1",),
        "t1_d2": ("t1_d2",),
        "T10": ("T10",),
        "T1-Da": ("T1-Da",),
        "T1": ("T1-D1", "t1_d2"),
    }
    assert target_families(["T1-D1", "T1"])["T1"] == ("T1", "T1-D1")
