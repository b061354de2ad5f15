"""The check that shares no derivative with the verifier, on answers that are right on one branch."""

from benchmarks.symbolic.independent_check import agreement, is_wrong
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import parse_equation
from sciml.symbolic.verification import verify


def test_real_points_decide_on_an_equation_with_roots() -> None:
    """y**(2/5) is complex where y < 0: there, principal branches belong to another equation."""
    problem = parse_equation("5*y*y''*(y**(2/5) + 1) - 2*y'**2*(3*y**(2/5) + 2) = 0")
    answer = parse("tan(c1*x + c2)**5")
    assert agreement(problem, answer) == 1.0
    judged = verify(problem, answer)
    assert judged.is_verified
    assert 0.3 < judged.domain < 0.7


def test_an_answer_of_one_branch_is_right_on_a_part_of_the_points() -> None:
    """sin(x + c1) falls on half of the axis, where sqrt(1 - y**2) is not its slope."""
    problem, answer = parse_equation("y' = sqrt(1 - y^2)"), parse("sin(x + c1)")
    share = agreement(problem, answer)
    assert share is not None
    assert 0.25 < share < 0.95
    assert is_wrong(problem, answer) is False
    assert verify(problem, answer).status == "partial"


def test_an_answer_with_a_small_term_too_much_is_wrong() -> None:
    problem = parse_equation("y' = y + x")
    assert is_wrong(problem, parse("c1*exp(x) - x - 1")) is False
    assert is_wrong(problem, parse("c1*exp(x) - x - 1 + x/10^9")) is True


def test_terms_are_weighed_within_each_factor_of_the_left_side() -> None:
    assert agreement(parse_equation("(y' - 1)*(y' - 2*x) = 0"), parse("x^2 + c1")) == 1.0
