"""The parts of the equation rung, each on cases worked by hand."""

from sciml.symbolic.derivative import derivative
from sciml.symbolic.equivalence import equivalent
from sciml.symbolic.expression import ZERO_EXPR, Expr, X, function, linear, multiply, number, sqrt, symbol
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.fibres import Fibres
from sciml.symbolic.ladder.equations.first_order_substitution import (
    Substitution,
    linear_coefficients,
    linearising_substitutions,
)
from sciml.symbolic.ladder.equations.homogeneous import homogeneous_solutions, null_combinations
from sciml.symbolic.ladder.equations.integrals import exponential
from sciml.symbolic.ladder.equations.integrands import term_by_term
from sciml.symbolic.ladder.equations.inversion import inverses
from sciml.symbolic.ladder.equations.linear import linear_solution
from sciml.symbolic.ladder.equations.second_order_substitution import (
    is_quadratic_in_slope,
    quadratic_coefficient,
)
from sciml.symbolic.ladder.equations.simplification import simplest, unfolded
from sciml.symbolic.ladder.equations.slopes import solved_for_highest
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import parse_equation
from sciml.symbolic.unknown_function import Y

U, C1 = symbol("u"), symbol("c1")


def test_a_group_of_points_shares_functions_of_x_but_not_of_y() -> None:
    steady, moving = parse("sqrt(x)*sin(x**2) + log(x)"), parse("sin(x + y)")
    fibres = Fibres([steady, moving])
    assert fibres.depends_on_shared_only(fibres.evaluate(steady))
    assert not fibres.depends_on_shared_only(fibres.evaluate(moving))


def test_a_combination_with_coefficients_in_x_is_recognised() -> None:
    wanted, part, other = parse("x**2*tan(y) - log(x)"), parse("tan(y)"), parse("tan(y)**2")
    fibres = Fibres([wanted, part, other])
    values = [fibres.evaluate(one) for one in (wanted, part, other)]
    assert fibres.is_combination(values[0], [values[1]])
    assert not fibres.is_combination(values[2], [values[1]])


def test_inversion_gives_both_branches_of_an_even_power() -> None:
    found = inverses(parse("x*y**2 + 1"), Y[0], C1)
    assert [multiply(one, one) for one in found] == [parse("(c1 - 1)/x")] * 2
    assert len({one.prefix for one in found}) == 2


def test_inversion_combines_logarithms() -> None:
    found = inverses(parse("log(y - 1) - log(y + 1)"), Y[0], function("log", C1))
    assert len(found) == 1
    assert equivalent(found[0], parse("(1 + c1)/(1 - c1)"))


def test_what_is_solved_for_y_solves_the_relation() -> None:
    relation = parse("tan(log(y)/(x + cosh(x)))")
    solution = inverses(relation, Y[0], C1)[0]
    assert solution == function("exp", multiply(parse("x + cosh(x)"), function("atan", C1)))


def test_an_integrating_factor_has_its_logarithms_as_powers() -> None:
    assert exponential(parse("2*log(x) - log(sin(x)) + x + 3")) == parse("x**2*exp(x)/sin(x)")


def test_linear_equation_of_the_first_order_by_hand() -> None:
    """u' = -u/x + cos(x) has the solutions (c + x*sin(x) + cos(x))/x."""
    found = linear_solution(parse("-1/x"), parse("cos(x)"), C1, Deadline.after(20))
    assert found is not None
    assert equivalent(found, parse("(c1 + x*sin(x) + cos(x))/x"))


def test_unfolding_undoes_roots_of_powers_and_inverse_functions() -> None:
    assert unfolded(parse("sqrt(x**2) + log(exp(x)*y) + asin(sin(x))")) == parse("3*x + log(y)")
    assert unfolded(parse("3 - 3*sin(x)**2")) == parse("3*cos(x)**2")


def test_the_simplest_form_cancels_common_factors() -> None:
    assert simplest(parse("((x + 1)**2 - 2*x - 1)/(x**2*sin(x) + x**3)")) == parse("1/(x + sin(x))")


def test_coefficients_of_the_linear_equation_in_a_sine() -> None:
    """y'*cos(y) = x*sin(y) + 1 is u' = x*u + 1 for u = sin(y)."""
    solved = solved_for_highest(parse_equation("y'*cos(y) = x*sin(y) + 1"))
    assert solved is not None
    found = linear_coefficients(solved, Substitution(function("sin", Y[0]), U))
    assert found == (X, number(1))


def image(u: Expr, p: Expr, q: Expr) -> Expr:
    slope = derivative(u, X)
    return linear([(1, derivative(slope, X)), (-1, multiply(p, slope)), (-1, multiply(q, u))])


def test_homogeneous_solutions_solve_their_equations() -> None:
    cases = [("0", "-4"), ("2", "-1"), ("-1/x", "4/x**2"), ("x/(x - 1)", "-1/(x - 1)"), ("-2/x", "-1")]
    for p, q in ((parse(one), parse(other)) for one, other in cases):
        wronskian = sqrt(X) if p == ZERO_EXPR else parse("x**(-2)")
        solutions = next(homogeneous_solutions(p, q, wronskian, []))
        assert len(solutions) == 2, (p, q)
        assert all(equivalent(image(one, p, q) + 1, number(1)) for one in solutions), (p, q)


def test_combinations_that_are_zero_are_no_solutions() -> None:
    """sin(x)**2 + cos(x)**2 - 1 = 0 must not count as a solution of u'' = u."""
    candidates = [parse(one) for one in ("1", "sin(x)**2", "cos(x)**2", "exp(x)")]
    assert null_combinations(candidates, ZERO_EXPR, number(1)) == [parse("exp(x)")]


def test_the_part_quadratic_in_the_slope_gives_the_bend() -> None:
    """y*y'' = 2*y'**2 + y' + x is quadratic in y', with 2/y before its square."""
    solved = solved_for_highest(parse_equation("y*y'' = 2*y'**2 + y' + x"))
    assert solved is not None
    assert is_quadratic_in_slope(solved)
    assert quadratic_coefficient(solved) == parse("2/y")
    cubic = solved_for_highest(parse_equation("y*y'' = y'**3"))
    assert cubic is not None
    assert not is_quadratic_in_slope(cubic)


def test_rate_along_solutions_is_the_total_derivative() -> None:
    """With y'' = -y, the energy y'**2 + y**2 does not change."""
    solved = solved_for_highest(parse_equation("y'' + y = 0"))
    assert solved is not None
    assert solved.rate(parse("y'**2 + y**2")) == ZERO_EXPR
    assert solved.rate(Y[0]) == Y[1]


def test_an_integrand_over_one_denominator_becomes_a_sum_of_shorter_terms():
    whole = parse("(x*(x + 1)*exp(x) + (x + 1)*tan(x) + x*tan(x)/cos(x)^2)/(x*(x + 1)*tan(x))")
    expected = parse("exp(x)/tan(x) + 1/x + (tan(x)^2 + 1)/(x + 1)")
    assert term_by_term(whole) == expected
    assert term_by_term(parse("sin(x)*tan(x)/cos(x)^2")) == parse("sin(x)*tan(x)/cos(x)^2")


def test_a_power_with_a_symbol_leaves_its_logarithm():
    assert unfolded(parse("log(x^y*exp(a))")) == parse("y*log(x) + a")
    assert unfolded(parse("exp(a*log(x)/2)")) == parse("x^(a/2)")


def test_an_arc_sine_is_recognised_by_its_radical_in_another_writing():
    solved = solved_for_highest(parse_equation("x*y' = y - x^2*sqrt(4*x^2 - y^2)"))
    wanted = Substitution(parse("asin(y/(2*x))"), parse("u"))
    assert wanted in list(linearising_substitutions(solved, [wanted.part]))
    assert linear_coefficients(solved, wanted) == (parse("0"), parse("-x"))
