"""Integrals by rules of the textbook: powers, functions of a*x + b, substitution u with du in the integrand.

These rules divide by parameters (`exp(a*x)` gives `exp(a*x)/a`), which the ansatz over rational numbers does
not. They answer at once and explain themselves. `quadratics.py` and `oscillations.py` hold the rules for
quadratic bases and for polynomials times exponentials and waves.

Source: derivative divides, stage 1 of SIN (Moses, Comm. ACM 14:548, 1971).
"""

from collections.abc import Callable, Iterator

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    PI,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    function,
    linear,
    number,
    power,
    product,
    sqrt,
    symbol,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.line_powers import line_power
from sciml.symbolic.ladder.normalise import constant_factor, is_linear, slope_and_shift, terms
from sciml.symbolic.ladder.oscillations import oscillation
from sciml.symbolic.ladder.part_powers import with_symbol
from sciml.symbolic.ladder.quadratics import quadratic
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.problems import Integral
from sciml.symbolic.substitution import operands, substitute

Solved = tuple[Expr, tuple[Step, ...]]
"""An antiderivative with its steps."""
_INNER = symbol("u")
_DEEPEST = 4
_MOST_SUBSTITUTIONS = 16
_LONGEST = 600
"""Tokens of an integrand in which substitutions are tried."""


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """The antiderivative by these rules, if they cover the integrand. See `rung.Rung`."""
    solved = _integral(problem.integrand, 0, deadline)
    if solved is not None:
        yield Candidate(*solved)


def _integral(node: Expr, depth: int, deadline: Deadline) -> Solved | None:
    constant, rest = constant_factor(node)
    if rest == ONE:
        return product(1, ((constant, 1), (X, 1))), ()
    found = _sum(rest, depth, deadline) if rest.kind == ADD else None
    found = found or _by_one_rule(rest) or _by_substitution(rest, depth, deadline)
    if found is None:
        return None
    return product(1, ((constant, 1), (found[0], 1))), found[1]


def _sum(node: Expr, depth: int, deadline: Deadline) -> Solved | None:
    parts, steps = [], []
    for coefficient, term in terms(node):
        solved = _integral(term, depth, deadline)
        if solved is None:
            return None
        parts.append((coefficient, solved[0]))
        steps += [step for step in solved[1] if step not in steps]
    return linear(parts), (Step("term by term"), *steps) if depth == 0 else tuple(steps)


def _by_one_rule(node: Expr) -> Solved | None:
    for rule in _RULES:
        try:
            found = rule(node)
        except UndefinedExpressionError:  # a rule that does not hold for these constants
            continue
        if found is not None:
            return found, (Step("rule: the integral of {} is {}", (node, found)),)
    return None


# Powers and functions of a linear argument -----------------------------------------------------------------


def _power(node: Expr) -> Expr | None:
    """(p*x + q)**n and b**(p*x + q)."""
    base, exponent = node.args if node.kind == POWER else (node, ONE)
    if exponent.mask & X.mask:
        line = slope_and_shift(exponent)
        if line is None or base.mask & X.mask:
            return None
        return product(1, ((node, 1), (function("log", base), -1), (line[0], -1)))
    line = slope_and_shift(base)
    if line is None:
        return None
    if exponent == number(-1):
        return product(1, ((function("log", base), 1), (line[0], -1)))
    above = exponent + 1
    return product(1, ((power(base, above), 1), (above, -1), (line[0], -1)))


def _function(node: Expr) -> Expr | None:
    """f(p*x + q)."""
    if node.kind != FUNCTION:
        return None
    line = slope_and_shift(node.args[0])
    if line is None:
        return None
    return product(1, ((_OF_FUNCTION[node.value](node.args[0]), 1), (line[0], -1)))


def _square(u: Expr) -> Expr:
    return product(1, ((u, 2),))


_OF_FUNCTION: dict[str, Callable[[Expr], Expr]] = {
    "exp": lambda u: function("exp", u),
    "log": lambda u: u * function("log", u) - u,
    "sin": lambda u: -function("cos", u),
    "cos": lambda u: function("sin", u),
    "tan": lambda u: -function("log", function("cos", u)),
    "asin": lambda u: u * function("asin", u) + sqrt(1 - _square(u)),
    "acos": lambda u: u * function("acos", u) - sqrt(1 - _square(u)),
    "atan": lambda u: u * function("atan", u) - function("log", _square(u) + 1) / 2,
    "sinh": lambda u: function("cosh", u),
    "cosh": lambda u: function("sinh", u),
    "tanh": lambda u: function("log", function("cosh", u)),
    "asinh": lambda u: u * function("asinh", u) - sqrt(_square(u) + 1),
    "acosh": lambda u: u * function("acosh", u) - sqrt(u - 1) * sqrt(u + 1),
    "atanh": lambda u: u * function("atanh", u) + function("log", 1 - _square(u)) / 2,
    "abs": lambda u: u * function("abs", u) / 2,
    "sign": lambda u: function("abs", u),
}

_OF_POWER: dict[tuple[str, int], Callable[[Expr], Expr]] = {
    ("sin", 2): lambda u: u / 2 - function("sin", 2 * u) / 4,
    ("cos", 2): lambda u: u / 2 + function("sin", 2 * u) / 4,
    ("tan", 2): lambda u: function("tan", u) - u,
    ("sinh", 2): lambda u: function("sinh", 2 * u) / 4 - u / 2,
    ("cosh", 2): lambda u: function("sinh", 2 * u) / 4 + u / 2,
    ("tanh", 2): lambda u: u - function("tanh", u),
    ("log", 2): lambda u: u * _square(function("log", u)) - 2 * u * function("log", u) + 2 * u,
    ("sin", -1): lambda u: function("log", function("tan", u / 2)),
    ("cos", -1): lambda u: function("log", function("tan", u / 2 + PI / 4)),
    ("tan", -1): lambda u: function("log", function("sin", u)),
    ("sinh", -1): lambda u: function("log", function("tanh", u / 2)),
    ("cosh", -1): lambda u: 2 * function("atan", function("exp", u)),
    ("tanh", -1): lambda u: function("log", function("sinh", u)),
    ("sin", -2): lambda u: -1 / function("tan", u),
    ("cos", -2): lambda u: function("tan", u),
    ("tan", -2): lambda u: -1 / function("tan", u) - u,
    ("sinh", -2): lambda u: -1 / function("tanh", u),
    ("cosh", -2): lambda u: function("tanh", u),
    ("tanh", -2): lambda u: u - 1 / function("tanh", u),
}


def _power_of_function(node: Expr) -> Expr | None:
    """f(p*x + q)**n for small n."""
    if node.kind != POWER or node.args[0].kind != FUNCTION:
        return None
    inner = node.args[0]
    rule = _OF_POWER.get((inner.value, node.value)) if type(node.value) is int else None
    line = slope_and_shift(inner.args[0])
    if rule is None or line is None:
        return None
    return product(1, ((rule(inner.args[0]), 1), (line[0], -1)))


def _power_times_log(node: Expr) -> Expr | None:
    """x**n * log(x), for any n."""
    log = function("log", X)
    if node.kind != MULTIPLY or len(node.args) != 2 or log not in node.args:
        return None
    other = node.args[0] if node.args[1] == log else node.args[1]
    base, exponent = other.args if other.kind == POWER else (other, ONE)
    if base != X or exponent.mask & X.mask or exponent == number(-1):
        return None
    above = exponent + 1
    return product(1, ((power(X, above), 1), (log / above - 1 / _square(above), 1)))


_RULES = (_power, _function, _power_of_function, _power_times_log, oscillation, quadratic, line_power)


# Substitution ----------------------------------------------------------------------------------------------


def _by_substitution(node: Expr, depth: int, deadline: Deadline) -> Solved | None:
    """The integral of h(u)*u' for a part u of the integrand."""
    if depth >= _DEEPEST or len(node.prefix) > _LONGEST:
        return None
    for part in _parts(node)[:_MOST_SUBSTITUTIONS]:
        if deadline.has_passed:
            return None
        try:
            outer = _outer(node, part)
            solved = None if outer is None else _integral(outer, depth + 1, deadline)
            if solved is None:
                continue
            answer = substitute(solved[0], {X: part})
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
        assert outer is not None
        return answer, substitution_steps(part, outer, solved[1], answer)
    return None


def _outer(node: Expr, part: Expr) -> Expr | None:
    """h(x) where node is h(part)*part', if it is shorter; else None."""
    outer = with_symbol(node / derivative(part), part, _INNER)
    if outer.mask & X.mask:
        return None
    outer = substitute(outer, {_INNER: X})
    return outer if len(outer.prefix) < len(node.prefix) else None


def substitution(node: Expr) -> tuple[Expr, Expr] | None:
    """(h(x), u) where node is h(u)*u', for the longest u that is found."""
    if node.kind == ADD or len(node.prefix) > _LONGEST:
        return None
    for part in reversed(_parts(node)):
        try:
            outer = _outer(node, part)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
        if outer is not None:
            return outer, part
    return None


def substitution_steps(part: Expr, outer: Expr, inner: tuple[Step, ...], answer: Expr) -> tuple[Step, ...]:
    """The steps of a substitution u = part, from those of the integral of outer(u)."""

    def in_u(one: Expr) -> Expr:
        return substitute(one, {X: _INNER})

    begun = Step("substitution u = {}: the integral of {} du", (part, in_u(outer)))
    return begun, *[step.changed(in_u) for step in inner], Step("u put back: {}", (answer,))


def _parts(node: Expr) -> list[Expr]:
    """Parts that hold x and are neither linear nor the whole, the shortest first."""
    found: dict[bytes, Expr] = {}

    def visit(part: Expr) -> None:
        for one in operands(part):
            if one.mask & X.mask and one.prefix not in found:
                found[one.prefix] = one
                visit(one)

    visit(node)
    if X.prefix in found and node.kind == MULTIPLY:
        powers = [power(X, number(exponent)) for exponent in (2, 3, 4)]
        found.update({one.prefix: one for one in powers})
    kept = [one for one in found.values() if not is_linear(one) and one != node]
    return sorted(kept, key=lambda one: (len(one.prefix), one.prefix))
