"""Second-order equations by a substitution u(x, y) that makes them linear.

If y = f(x, c1, c2) is a function of a combination of the constants with coefficients in x, as for most
families with each constant in one place, then some u(x, y) obeys u'' = p(x)*u' + q(x)*u + r(x). The part of
y'' that is quadratic in y' gives u: the coefficient of y'**2 is -(d2u/dy2)/(du/dy). That is compared with
every part of the equation and with simple functions of it; if none fits, u is found by two integrations over
y.

Source: Lie's linearisation test (Ibragimov, Elementary Lie Group Analysis and Ordinary Differential
Equations, 1999, section 12.3), restricted to transformations that keep x.
"""

from collections.abc import Iterator
from fractions import Fraction

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ONE,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    coefficient_and_term,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
    symbol,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.attempts import attempted
from sciml.symbolic.ladder.equations.factoring import lowest_terms
from sciml.symbolic.ladder.equations.fibres import Fibres
from sciml.symbolic.ladder.equations.first_order_substitution import (
    Substitution,
    candidate_parts,
    consistent_chains,
)
from sciml.symbolic.ladder.equations.integrals import exponential, integral
from sciml.symbolic.ladder.equations.inversion import at_values, inverses
from sciml.symbolic.ladder.equations.linear_second_order import Coefficients, second_order_solution
from sciml.symbolic.ladder.equations.simplification import simplest
from sciml.symbolic.ladder.equations.slopes import Solved
from sciml.symbolic.ladder.modular import NotModularError, Residues
from sciml.symbolic.ladder.modular_solve import rational_from_residue
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.unknown_function import Y

_U = symbol("u")
_LARGEST_EXPONENT = 12
_ENOUGH_GROUPS = 6


def quadratic_coefficient(solved: Solved) -> Expr | None:
    """The coefficient of y'**2 in y'', if y'' is a polynomial of degree 2 in y' (which is not checked)."""
    rows = []
    for at in (0, 1, -1, 2, -2, 3):
        value = at_values(solved.value, {Y[1]: number(at)})
        if value is not None:
            rows.append((at, value))
        if len(rows) == 3:
            break
    if len(rows) < 3:
        return None
    terms = []
    for place, (at, value) in enumerate(rows):
        others = [other for index, (other, _) in enumerate(rows) if index != place]
        terms.append((Fraction(1, (at - others[0]) * (at - others[1])), value))
    return simplest(linear(terms))


def is_quadratic_in_slope(solved: Solved) -> bool:
    """Whether y'' is a polynomial of degree 2 in y', by residues."""
    fibres = Fibres([solved.rest, solved.factor], copies=4, moving=Y[1:])
    try:
        slope = fibres.evaluate(Y[1])
        value = (
            -fibres.evaluate(solved.rest) * fibres.to_power(fibres.evaluate(solved.factor), -1) % fibres.prime
        )
    except NotModularError:
        return False
    return fibres.is_combination(value, [slope, slope * slope % fibres.prime])


def linearising_substitutions(solved: Solved, bend: Expr, deadline: Deadline) -> Iterator[Substitution]:
    """Substitutions u with (d2u/dy2)/(du/dy) = -bend, where bend is the coefficient of y'**2."""
    y = Y[0]
    if bend == ZERO_EXPR:
        yield Substitution(y, _U)
        return
    for known in (_power_of_shifted(bend), _among_parts(bend, candidate_parts(solved))):
        if known is not None:
            yield known
    found = _by_integration(bend, deadline)
    if found is not None:
        yield Substitution(coefficient_and_term(found)[1], _U)


def _among_parts(bend: Expr, parts: list[Expr]) -> Substitution | None:
    """A part v of the equation and f(v) with that bend."""
    y = Y[0]
    slopes = []
    for part in parts:
        try:
            by_y = derivative(part, y)
            slopes.append((part, by_y, derivative(by_y, y)))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    fibres = Fibres([bend, *parts[:8]], copies=2, moving=Y[:1])
    try:
        wanted = -fibres.evaluate(bend) % fibres.prime
    except NotModularError:
        return None
    for part, by_y, curved in slopes:
        before = fibres.usable.copy()
        try:
            value, slope = fibres.evaluate(part), fibres.evaluate(by_y)
            inverse = fibres.to_power(slope, -1)
            rest = (wanted - fibres.evaluate(curved) * inverse) % fibres.prime * inverse % fibres.prime
        except NotModularError:
            continue
        outer = _outer_function(fibres, value, rest)
        if len(fibres.usable_groups()) < _ENOUGH_GROUPS:
            fibres.usable = before
        if outer is not None:
            return Substitution(part, outer)
    return None


def _outer_function(fibres: Fibres, value: Residues, bend: Residues) -> Expr | None:
    """f with f''(v)/f'(v) = bend, where both are given by residues."""
    prime = fibres.prime
    groups = fibres.usable_groups()
    if len(groups) < 3:
        return None

    def constant(values: Residues) -> Fraction | None:
        used = values[fibres.usable]
        if not (used == used[0]).all():
            return None
        found = rational_from_residue(int(used[0]), prime)
        small = found is not None and max(abs(found.numerator), found.denominator) <= _LARGEST_EXPONENT
        return found if small else None

    exponent = constant(bend * value % prime)
    if exponent is not None:
        exponent += 1
        return function("log", _U) if exponent == 0 else power(_U, number(exponent))
    rate = constant(bend)
    if rate is not None:
        return function("exp", linear([(rate, _U)]))
    square = value * value % prime
    for name, shape in (
        ("atan", -2 * fibres.to_power((1 + square) % prime, -1)),
        ("atanh", 2 * fibres.to_power((1 - square) % prime, -1)),
        ("asin", fibres.to_power((1 - square) % prime, -1)),
        ("asinh", -fibres.to_power((1 + square) % prime, -1)),
    ):
        if not ((bend - value * (shape % prime)) % prime)[fibres.usable].any():
            return function(name, _U)
    return None


def _power_of_shifted(bend: Expr) -> Substitution | None:
    """bend = 1/(k*(y - a)) with a(x) belongs to u = (y - a)**(1 - 1/k), or log(y - a)."""
    y = Y[0]
    try:
        slope = -divide(derivative(bend, y), multiply(bend, bend))
        fibres = Fibres([slope], copies=1, moving=[])
        used = fibres.evaluate(slope)[fibres.usable]
    except (NotModularError, UndefinedExpressionError, ExpressionTooLargeError):
        return None
    if len(used) < _ENOUGH_GROUPS or (used != used[0]).any():
        return None
    factor = rational_from_residue(int(used[0]), fibres.prime)
    if not factor or max(abs(factor.numerator), factor.denominator) > _LARGEST_EXPONENT:
        return None
    for at in (0, 1, 2, -1, 3):
        there = at_values(bend, {y: number(at)})
        if there is None or there == ZERO_EXPR:
            continue
        shift = simplest(number(at) - divide(number(1 / factor), there))
        exponent = 1 - 1 / factor
        return Substitution(y - shift, power(_U, number(exponent)) if exponent else function("log", _U))
    return None


def _by_integration(bend: Expr, deadline: Deadline) -> Expr | None:
    inner = integral(bend, deadline, Y[0])
    return None if inner is None else integral(exponential(-inner), deadline, Y[0])


def is_linear_in(solved: Solved, whole: Expr) -> bool:
    """Whether u = whole(x, y) obeys an equation u'' = p(x)*u' + q(x)*u + r(x), by residues."""
    slope = _along_solutions(whole)
    bend = solved.rate(slope)
    fibres = Fibres([bend, slope, whole], copies=4)
    try:
        values = [fibres.evaluate(one) for one in (bend, slope, whole)]
    except NotModularError:
        return True  # not known
    return len(fibres.usable_groups()) < _ENOUGH_GROUPS or fibres.is_combination(values[0], values[1:])


def _along_solutions(whole: Expr) -> Expr:
    """u' for u = whole(x, y), in x, y, y'."""
    return linear([(1, derivative(whole, X)), (1, multiply(Y[1], derivative(whole, Y[0])))])


# Coefficients of the linear equation ----------------------------------------------------------------------

_LEVELS: tuple[tuple[Number, Number], ...] = (
    *((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (1, 2), (-1, 0), (-1, 1), (3, 1), (3, 2), (2, 3)),
)


def linear_coefficients(solved: Solved, substitution: Substitution) -> Coefficients | None:
    """p, q, r of the equation in u, from its right side at three pairs (u, u')."""
    whole = at_values(substitution.outer, {_U: substitution.part})
    if whole is None or not is_linear_in(solved, whole):
        return None
    rate = _along_solutions(whole)
    second = solved.rate(rate)
    rows: list[tuple[Number, Number, Expr]] = []
    for level, slope in _LEVELS:
        if len(rows) == 2 and _determinant(*rows, (level, slope, ONE)) == 0:
            continue
        for chain in _chains(substitution, number(level))[:1]:
            value = _at_slope(second, rate, whole, chain, number(slope))
            if value is not None:
                rows.append((level, slope, lowest_terms(value)))
        if len(rows) == 3:
            break
    if len(rows) < 3:
        return None
    scale = Fraction(1) / _determinant(*rows)
    (l1, s1, v1), (l2, s2, v2), (l3, s3, v3) = rows
    q = linear([(scale * (s2 - s3), v1), (scale * (s3 - s1), v2), (scale * (s1 - s2), v3)])
    p = linear([(scale * (l3 - l2), v1), (scale * (l1 - l3), v2), (scale * (l2 - l1), v3)])
    p, q = simplest(p), simplest(q)
    return p, q, simplest(linear([(1, v1), (-s1, p), (-l1, q)]))


def _determinant(*rows: tuple[Number, Number, Expr]) -> Number:
    (l1, s1, _), (l2, s2, _), (l3, s3, _) = rows
    return l1 * (s2 - s3) - s1 * (l2 - l3) + (l2 * s3 - l3 * s2)


def _chains(substitution: Substitution, level: Expr) -> list[dict[Expr, Expr]]:
    """Values of the parts of v(x, y) where u has this level."""
    found = []
    for inner in inverses(substitution.outer, _U, level):
        found += consistent_chains(substitution.part, inner)
    return found


def _at_slope(second: Expr, rate: Expr, whole: Expr, chain: dict[Expr, Expr], slope: Expr) -> Expr | None:
    """u'' where y is given by `chain` and u' is `slope`."""
    by_x = at_values(derivative(whole, X), chain)
    by_y = at_values(derivative(whole, Y[0]), chain)
    if by_x is None or by_y is None or by_y == ZERO_EXPR:
        return None
    y_slope = simplest(divide(slope - by_x, by_y))
    return at_values(second, {**chain, Y[1]: y_slope})


def propose_linearised(
    solved: Solved, constants: tuple[Expr, Expr], deadline: Deadline
) -> Iterator[Candidate]:
    """Solutions by a substitution in which the equation is linear."""
    if not is_quadratic_in_slope(solved):
        return
    bend = quadratic_coefficient(solved)
    if bend is None:
        return
    for substitution in linearising_substitutions(solved, bend, deadline):
        yield from attempted(_by_one_substitution(solved, substitution, constants, deadline))


def _by_one_substitution(
    solved: Solved, substitution: Substitution, constants: tuple[Expr, Expr], deadline: Deadline
) -> Iterator[Candidate]:
    coefficients = linear_coefficients(solved, substitution)
    if coefficients is None:
        return
    whole = at_values(substitution.outer, {_U: substitution.part}) or substitution.part
    step = Step("u = {} makes the equation linear: u'' = ({})*u' + ({})*u + {}", (whole, *coefficients))
    for found in second_order_solution(coefficients, constants, deadline, [solved.rest, solved.factor]):
        is_explicit = False
        for inner in inverses(substitution.outer, _U, found):
            for one in inverses(substitution.part, Y[0], inner):
                is_explicit = True
                yield Candidate(one, (step, Step("y = {}", (one,))))
        if not is_explicit:
            yield Candidate(whole - found, (step,))
