"""General solutions of real equations in real functions.

A solution that a method has found may be right and complex for every real x: the hyperbolic tangent written
as i*tan(i*x), log(x - 2) where x < 2, log(u + sqrt(u**2 - 1)) where |u| < 1. The constants of integration are
arbitrary, so that c may stand for i*c, and what differs by a constant may be put for a logarithm or an
inverse function. Such forms are proposed here; the verifier says which of them solve the equation, values at
real points which of them is real most often.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product as pairs
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.evaluation import Values, evaluate
from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import (
    FUNCTION,
    IMAGINARY_UNIT,
    NUMBER,
    ONE,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    divide,
    function,
    multiply,
    number,
    power,
    sqrt,
    symbol,
    symbol_names,
)
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.ladder.equations.inversion import at_values, inverse_of_logarithm, is_square_root
from sciml.symbolic.ladder.equations.simplification import parts
from sciml.symbolic.ladder.forms import complexity
from sciml.symbolic.ladder.found import Found
from sciml.symbolic.ladder.terms import with_functions
from sciml.symbolic.problems import CONSTANT_NAMES, Equation
from sciml.symbolic.sample_points import parameter_values, wide_samples
from sciml.symbolic.substitution import rebuilt
from sciml.symbolic.unknown_function import Y
from sciml.symbolic.verification import verify

_OFTEN = 0.3
"""Share of the points at which an equation is real, from which on a solution counts as real."""
_GAIN = 0.1
"""Of this share, that another form must bring."""
_LONGEST = 600
"""Tokens of a solution of which other forms are looked for."""
_MOST_LOGARITHMS, _MOST_RADICALS = 4, 3
_SECONDS = 1.0
_UNITS = (ONE, IMAGINARY_UNIT, -ONE, -IMAGINARY_UNIT)


def most_real(found: Found, problem: Equation, deadline: Deadline) -> Found:
    """The solution, or the form of it that is real at the most points if it hardly ever is itself.

    Args:
        found: a verified explicit solution.
        problem: what it solves.
        deadline: for everything; the search takes a second at most.
    """
    constants = tuple([symbol(name) for name in CONSTANT_NAMES[: problem.order]])
    points = _RealPoints(problem, constants)
    best, most = found, points.rank(found.expression)
    least = most.parts + _GAIN
    if most.parts >= _OFTEN or len(found.expression.prefix) > _LONGEST:
        return found
    known = {found.expression.prefix}
    try:
        with hard_limit(deadline.within(_SECONDS)):
            for form in real_forms(found.expression, constants):
                if form.prefix in known:
                    continue
                known.add(form.prefix)
                rank = points.rank(form)
                if rank.parts < least or rank <= most:
                    continue
                judged = verify(problem, form)
                is_as_good = judged.status == found.verification.status
                if judged.is_verified or (is_as_good and judged.agreement >= found.verification.agreement):
                    best, most = replace(found, expression=form, verification=judged), rank
    except OutOfTimeError:
        pass
    return best


class _Rank(NamedTuple):
    """How real a solution is; the greater the better."""

    parts: float
    """Share of the points at which every part of it is real."""
    values: float
    """Share of the points at which it is real."""
    shortness: int
    pluses: int
    """Minus the number of minus signs."""


class _RealPoints:
    """Points of the real axis at which all parts of an equation that hold only x are real."""

    def __init__(self, problem: Equation, constants: tuple[Expr, ...]) -> None:
        names = symbol_names(problem.left_side, problem.variable, *constants)
        samples = wide_samples(names, problem.variable.value)
        count = len(samples.is_real)
        signed = {one.value: parameter_values(one.value, count, with_sign=True) for one in constants}
        self.values = {**samples.values, **signed}
        beyond = Y[0].mask | Y[1].mask | Y[2].mask
        self.are_natural = np.ones(count, dtype=bool)
        known: dict[bytes, Values] = {}
        for part in _changing(problem.left_side):
            if not part.mask & beyond:
                self.are_natural &= self._is_real(part, known)

    def rank(self, form: Expr) -> _Rank:
        """How often it and its parts are real."""
        known: dict[bytes, Values] = {}
        has_value = self._is_real(form, known) & self.are_natural
        has_parts = has_value.copy()
        for part in _changing(form):
            has_parts &= self._is_real(part, known)
        count = max(1, int(self.are_natural.sum()))
        parts_share = 0.0 if _holds_i(form) else has_parts.sum() / count
        values_share = has_value.sum() / count
        minus = to_infix(form).count("-")
        return _Rank(round(parts_share, 2), round(values_share, 2), -complexity(form), -minus)

    def _is_real(self, node: Expr, known: dict[bytes, Values]) -> NDArray[np.bool_]:
        with np.errstate(all="ignore"):
            value = np.broadcast_to(evaluate(node, self.values, known), self.are_natural.shape)
            is_real: NDArray[np.bool_] = np.abs(value.imag) <= 1e-9 * np.abs(value)
        return is_real & np.isfinite(value)


def _changing(node: Expr) -> list[Expr]:
    """Functions and powers in an expression."""
    return [part for part in parts(node) if part.kind in (FUNCTION, POWER)]


# Forms ----------------------------------------------------------------------------------------------------


def real_forms(solution: Expr, constants: tuple[Expr, ...]) -> Iterator[Expr]:
    """Expressions that may be the same general solution, with fewer imaginary parts."""
    held = [one for one in constants if solution.mask & one.mask]
    for written in _writings(solution):
        for factors in pairs(_UNITS, repeat=len(held)):
            turned = {one: multiply(factor, one) for one, factor in zip(held, factors, strict=True)}
            made = at_values(written, turned)
            if made is None:
                continue
            try:
                yield without_i(made)
            except (UndefinedExpressionError, ExpressionTooLargeError):
                continue


def _writings(solution: Expr) -> Iterator[Expr]:
    """The solution, and with functions or radicals changed that then differ by a constant or a factor."""
    yield solution
    every = list({part.prefix: part for part in parts(solution)}.values())
    logarithms = [part for part in every if part.kind == FUNCTION and part.value == "log"]
    radicals = [part.args[0] for part in every if is_square_root(part)]
    changes: list[Callable[[Expr], Expr]] = [
        partial(with_functions, rule=_of_other_argument),
        _with_real_odd_roots,
        *[partial(with_functions, rule=partial(_circular_logarithm, unit=unit)) for unit in _UNITS[1::2]],
        *[partial(_with_negative, chosen=[one]) for one in logarithms[:_MOST_LOGARITHMS]],
        partial(_with_negative, chosen=logarithms),
        *[partial(_with_turned_radical, radicand=one) for one in radicals[:_MOST_RADICALS]],
    ]
    for change in changes:
        try:
            made = change(solution)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
        if made != solution:
            yield made


def _with_negative(node: Expr, chosen: list[Expr]) -> Expr:
    """log(-u) for the chosen log(u)."""
    arguments = {one.args[0] for one in chosen}

    def rule(name: str, argument: Expr) -> Expr:
        return function(name, expand(-argument) if name == "log" and argument in arguments else argument)

    return with_functions(node, rule)


def _with_turned_radical(node: Expr, radicand: Expr) -> Expr:
    """i*sqrt(-w) for sqrt(w)."""

    def changed(part: Expr) -> Expr:
        if is_square_root(part) and part.args[0] == radicand:
            return power(multiply(IMAGINARY_UNIT, sqrt(expand(-radicand))), number(2 * part.value))
        return rebuilt(part, changed)

    return changed(node)


def _with_real_odd_roots(node: Expr) -> Expr:
    """(-1)**p for (-1)**(p/q) with an odd q."""

    def changed(part: Expr) -> Expr:
        is_root = part.kind == POWER and part.value is not None and part.args[0].kind == NUMBER
        if is_root and part.args[0].value < 0 and part.value.denominator % 2:
            return (-ONE if part.value.numerator % 2 else ONE) * power(-part.args[0], number(part.value))
        return rebuilt(part, changed)

    return changed(node)


def _circular_logarithm(name: str, argument: Expr, unit: Expr) -> Expr:
    """i*asin(u) for log(u + sqrt(u**2 - 1)), up to a constant and the sign; asinh(u) for u**2 + 1."""
    found = inverse_of_logarithm(argument) if name == "log" else None
    if found is None or found.value == "asinh":
        return found or function(name, argument)
    return multiply(unit, function("asin", found.args[0]))


def _of_other_argument(name: str, argument: Expr) -> Expr:
    """What has the same slope up to a factor of i where the argument is beyond the range of the function."""
    if name == "atanh":
        return function("atanh", divide(ONE, argument))
    if name == "acosh":
        return multiply(IMAGINARY_UNIT, function("acos", argument))
    if name in ("asin", "acos"):
        return multiply(IMAGINARY_UNIT, function("acosh", argument))
    return function(name, argument)


# The imaginary unit ---------------------------------------------------------------------------------------

_TURNED = {
    **{"sin": "sinh", "tan": "tanh", "sinh": "sin", "tanh": "tan"},
    **{"asin": "asinh", "atan": "atanh", "asinh": "asin", "atanh": "atan"},
}
"""f(i*u) = i*g(u)."""
_EVEN_TURNED = {"cos": "cosh", "cosh": "cos"}
"""f(i*u) = g(u)."""


def without_i(node: Expr) -> Expr:
    """The expression with f(i*u) as i*g(u), and what then stands around multiplied out."""
    return with_functions(_multiplied_out(node), _turned) if _holds_i(node) else node


def _turned(name: str, argument: Expr) -> Expr:
    argument = _multiplied_out(argument)
    if name not in _TURNED and name not in _EVEN_TURNED:
        return function(name, argument)
    inner = expand(divide(argument, IMAGINARY_UNIT)) if _holds_i(argument) else argument
    if inner is argument or _holds_i(inner):
        return function(name, argument)
    if name in _EVEN_TURNED:
        return function(_EVEN_TURNED[name], inner)
    return multiply(IMAGINARY_UNIT, function(_TURNED[name], inner))


def _multiplied_out(node: Expr) -> Expr:
    """Sums with i in them multiplied out, so that its powers meet."""
    made = rebuilt(node, _multiplied_out)
    return expand(made) if _holds_i(made) else made


def _holds_i(node: Expr) -> bool:
    return any(part == IMAGINARY_UNIT for part in parts(node))
