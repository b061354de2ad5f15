import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.data.casp_header import CaspHeader
from sciml.data.casp_qa import QualityEstimate, format_qa, parse_qa, read_qa, write_qa
from sciml.errors import InputError

HEADER = CaspHeader("T0999", "1234-5678-9012", ("a method",))
GLOBAL = """PFRMAT QA
TARGET T0999
AUTHOR 1234-5678-9000
METHOD Description
MODEL 1
QMODE 1
T0999TS001_1 0.8
T0999TS002_1 X
END
"""
LOCAL = """PFRMAT QA
TARGET T0999
AUTHOR 1234-5678-9000
MODEL 1
QMODE 2
T0999TS001_1 0.8 10.0 6.5 X 5.0 5.0
4.0 X 3.0
T0999TS002_1 0.7 X X X X X X X X
END
"""


def test_scores_of_models():
    quality = parse_qa(GLOBAL.splitlines())
    assert quality.mode == 1
    assert [estimate.model for estimate in quality.estimates] == ["T0999TS001_1", "T0999TS002_1"]
    assert quality.estimates[0].score == 0.8
    assert math.isnan(quality.estimates[1].score)
    assert quality.estimates[0].errors == ()


def test_errors_of_residues_go_on_in_the_next_line():
    first, second = parse_qa(LOCAL.splitlines(), residues=8).estimates
    np.testing.assert_array_equal(first.errors, [10, 6.5, math.nan, 5, 5, 4, math.nan, 3])
    assert np.isnan(second.errors).all()
    assert len(second.errors) == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GLOBAL.replace("0.8", "1.8"), "line 7: a score is 0 to 1: 1.8"),
        (GLOBAL.replace("0.8", "good"), "line 7: a score is not a number: 'good'"),
        (GLOBAL.replace("0.8", "0.8 1.0"), "line 7: T0999TS001_1: a line of QMODE 1"),
        (GLOBAL.replace(" 0.8", ""), "line 7: T0999TS001_1: a line of QMODE 1"),
        (GLOBAL.replace("TS002", "TS001"), "line 8: T0999TS001_1 is there twice"),
        (GLOBAL.replace("QMODE 1", "QMODE 3"), "line 6: QMODE is 1 or 2; 3 is not read"),
        (GLOBAL.replace("0.8", "0.8 0.7 0.6"), "line 7: .* not 3 words .scores of multimers' interfaces"),
        (LOCAL.replace("10.0", "A1:0.9"), "line 6: T0999TS001_1: errors named by residue"),
        (GLOBAL.replace("QMODE 1\n", ""), "line 6: QMODE must come before"),
        (GLOBAL.replace("MODEL 1\n", ""), "line 5: 'QMODE' before MODEL"),
        (GLOBAL.replace("END\n", ""), "cut short: END is missing"),
        (GLOBAL + "more", "line 10: text after END"),
        (GLOBAL.replace("T0999TS001_1 0.8\n", "").replace("T0999TS002_1 X\n", ""), "no estimate"),
        (GLOBAL.replace("T0999TS001_1 0.8", "0.8 0.9"), "line 7: errors without a model"),
        (LOCAL.replace("4.0 X 3.0", "4.0 X"), "line 8: T0999TS002_1 has errors of 8 residues, expected 7"),
        (LOCAL.replace("6.5", "-6.5"), "line 6: an error is a distance"),
        (LOCAL.replace("6.5", "nan"), "line 6: an error is not a number"),
        ("", "the file is empty"),
    ],
)
def test_broken_rules_are_refused_with_file_and_line(text, message):
    with pytest.raises(InputError, match=f"a.qa: {message}"):
        parse_qa(text.splitlines(), "a.qa")


def test_errors_must_be_those_of_the_target():
    with pytest.raises(InputError, match="line 6: T0999TS001_1 has errors of 8 residues, expected 9"):
        parse_qa(LOCAL.splitlines(), residues=9)


@settings(max_examples=50, deadline=None)
@given(
    scores=st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), min_size=1, max_size=5),
    errors=st.lists(st.one_of(st.floats(0, 99), st.just(math.nan)), max_size=60),
)
def test_what_is_written_is_read_back(tmp_path_factory, scores, errors):
    estimates = [
        QualityEstimate(f"T0999TS001_{n}", score, tuple(errors)) for n, score in enumerate(scores, 1)
    ]
    path = write_qa(tmp_path_factory.mktemp("qa") / "a.qa", HEADER, estimates)
    assert all(len(line) <= 80 for line in path.read_text().splitlines())
    back = read_qa(path, len(errors) or None)
    assert back.mode == (2 if errors else 1)
    np.testing.assert_allclose([estimate.score for estimate in back.estimates], scores, atol=5.1e-4)
    for estimate in back.estimates:
        np.testing.assert_allclose(estimate.errors, errors, atol=0.051)


def test_what_the_reader_would_refuse_is_not_written():
    with pytest.raises(InputError, match="0 to 1"):
        format_qa(HEADER, [QualityEstimate("a", 1.5)])
    with pytest.raises(InputError, match="twice"):
        format_qa(HEADER, [QualityEstimate("a", 0.5), QualityEstimate("a", 0.5)])
