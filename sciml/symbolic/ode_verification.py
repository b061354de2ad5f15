"""Whether an answer solves a differential equation and is general.

The answer and its derivatives are put into the equation as numbers: at each sample point the constants of
integration have other values. The constants must all be there and be independent: the Jacobian of (y, y') by
(c1, c2) has full rank. An answer that holds y is implicit, H(x, y, c1, c2) = 0; solved for the one constant
that it holds linearly it gives y' and y'' by implicit differentiation at free values of x and y.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import Values, as_float, evaluate, is_analytic
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    divide,
    multiply,
    symbol,
    symbol_names,
)
from sciml.symbolic.judgement import LARGEST, Verification, judge, undecided
from sciml.symbolic.precise import SHARE_OF_DIGITS, NoPreciseValueError, PreciseValues, context, with_room
from sciml.symbolic.problems import CONSTANT_NAMES, Equation
from sciml.symbolic.sample_points import Samples, parameter_values, standard_samples, wide_samples
from sciml.symbolic.substitution import substitute
from sciml.symbolic.unknown_function import Y

_DEPENDENT = 1e-8


@dataclass(frozen=True)
class _Curve:
    """A family of curves: y and its derivatives in the variable, the constants and, if implicit, y itself."""

    derivatives: tuple[Expr, ...]
    """y, y' and for the second order y''; the first is the symbol y in an implicit family."""
    free: tuple[Expr, ...]
    """Constants that the family still holds."""


def verify_equation(problem: Equation, answer: Expr) -> Verification:
    """Whether `answer` (y, or an implicit H(x, y) = 0) is the general solution.

    A particular solution is refuted with the reason that a constant is missing.
    """
    constants = tuple(symbol(name) for name in CONSTANT_NAMES[: problem.order])
    missing = [str(one.value) for one in constants if not answer.mask & one.mask]
    if missing:
        return replace(undecided(f"no general solution: {', '.join(missing)} is missing"), status="refuted")
    if any(answer.mask & one.mask for one in Y[1:]):
        return undecided("the answer still holds a derivative of y")
    try:
        implicit = bool(answer.mask & Y[0].mask)
        curve = _implicit(problem, answer, constants) if implicit else _explicit(problem, answer, constants)
        if curve is None:
            return undecided("an implicit answer must hold one of its constants linearly")
        if not _are_independent(curve, problem.variable):
            return replace(
                undecided("no general solution: its constants depend on one another"), status="refuted"
            )
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        return undecided(f"the derivatives of the answer cannot be taken: {error}")
    variable = problem.variable.value
    names = [
        name for name in symbol_names(problem.left_side, *curve.derivatives) if name not in ("y'", "y''")
    ]
    if not implicit:
        names = [name for name in names if name != "y"]
    return judge(
        _Substituted(problem, curve, with_signs(standard_samples(names, variable), variable)),
        lambda: _Substituted(problem, curve, with_signs(wide_samples(names, variable), variable)),
    )


def _explicit(problem: Equation, answer: Expr, constants: tuple[Expr, ...]) -> _Curve:
    found = [answer]
    for _ in range(problem.order):
        found.append(derivative(found[-1], problem.variable))
    return _Curve(tuple(found), constants)


def _implicit(problem: Equation, answer: Expr, constants: tuple[Expr, ...]) -> _Curve | None:
    """Curves of answer = 0, with one constant eliminated; None if no constant is held linearly."""
    for constant in constants:
        factor = derivative(answer, constant)
        if factor.mask & constant.mask or factor == ZERO_EXPR:
            continue
        level = divide(substitute(answer, {constant: ZERO_EXPR}), factor)
        slope = -divide(derivative(level, problem.variable), derivative(level, Y[0]))
        found = [Y[0], slope]
        if problem.order == 2:
            found.append(derivative(slope, problem.variable) + multiply(derivative(slope, Y[0]), slope))
        return _Curve(tuple(found), tuple(one for one in constants if one is not constant))
    return None


def with_signs(samples: Samples, variable: str) -> Samples:
    """The samples with constants, and a free y, of both signs."""
    count = len(samples.is_real)
    values = {
        name: parameter_values(name, count, with_sign=True)
        if name in (*CONSTANT_NAMES, "y") and name != variable
        else one
        for name, one in samples.values.items()
    }
    return Samples(values, samples.is_real)


# Constants -------------------------------------------------------------------------------------------------


def _are_independent(curve: _Curve, variable: Expr) -> bool:
    """Whether the free constants move (y, y'), or y' in an implicit family, independently."""
    if not curve.free:
        return True
    rows = curve.derivatives[1:2] if curve.derivatives[0] == Y[0] else curve.derivatives[: len(curve.free)]
    entries = [[derivative(row, constant) for constant in curve.free] for row in rows]
    samples = standard_samples(
        symbol_names(variable, *(one for row in entries for one in row)), variable.value
    )
    values = with_signs(samples, variable.value).values
    known: dict[bytes, Values] = {}
    numbers = [[evaluate(one, values, known) for one in row] for row in entries]
    with np.errstate(all="ignore"):
        if len(numbers) == 1:
            return bool((np.abs(numbers[0][0]) > 0).any())
        (a, b), (c, d) = numbers
        relative = np.abs(a * d - b * c) / (np.abs(a * d) + np.abs(b * c))
    return bool((relative[np.isfinite(relative)] > _DEPENDENT).any())


# Substitution ----------------------------------------------------------------------------------------------


def _factors(node: Expr) -> list[Expr]:
    """Factors of the left side of which one must vanish; denominators are left out."""
    if node.kind == MULTIPLY:
        return [inner for factor in node.args for inner in _factors(factor)]
    if node.kind == POWER and node.value is not None:
        return _factors(node.args[0]) if node.value > 0 else []
    if node.kind == NUMBER or (node.kind == FUNCTION and node.value == "exp"):
        return []
    return [node]


class _Substituted:
    """The left side of an equation with an answer put in, against zero; a `Comparison`."""

    def __init__(self, problem: Equation, curve: _Curve, samples: Samples) -> None:
        self.curve, self.samples = curve, samples
        self.factors = _factors(problem.left_side)
        known: dict[bytes, Values] = {}
        values: dict[str, Values] = dict(samples.values)
        shape = samples.is_real.shape
        solution = [np.broadcast_to(evaluate(one, samples.values, known), shape) for one in curve.derivatives]
        values.update({name.value: one for name, one in zip(Y, solution, strict=False)})
        known = {}
        self.residual = np.full(shape, np.inf)
        has_value = np.zeros(shape, dtype=bool)
        is_real = np.ones(shape, dtype=bool)
        with np.errstate(all="ignore"):
            self.size = np.abs(solution[0])
            for one in solution:
                is_real &= np.abs(one.imag) <= 1e-9 * np.abs(one)
                is_real &= np.abs(one) < LARGEST
            for factor in self.factors:
                relative, scale, terms_are_real = _relative(factor, values, known)
                usable = np.isfinite(relative) & (scale < LARGEST)
                has_value |= usable
                is_real &= terms_are_real
                self.residual = np.where(usable, np.minimum(self.residual, relative), self.residual)
        self.usable = has_value
        self.real = samples.is_real & is_real & self.usable
        self.beside = self.usable & ~samples.is_real
        self.domain = float(self.real.sum() / samples.is_real.sum())
        self.is_same = False
        self.is_analytic = is_analytic(*curve.derivatives)  # abs(x) in the equation has two halves

    def precisely(self, point: int, digits: int) -> tuple[bool, float] | None:
        sizes: list[list[tuple[Any, Any]]] = []
        hidden = 0
        try:
            for wanted in (digits, digits + 50):
                found, hidden = with_room(partial(self._precise_sizes, point), wanted, hidden)
                sizes.append(found)
                relative = min(abs(value) / scale for value, scale in found)
                if relative < context(digits).mpf(10) ** (-hidden - SHARE_OF_DIGITS * wanted):
                    return True, float(relative)
        except NoPreciseValueError:
            return None
        for (before, _), (after, _) in zip(*sizes, strict=True):
            if abs(after) < abs(before) * 1e-25:
                return True, 0.0
        return False, float(relative)

    def _precise_sizes(self, point: int, digits: int) -> tuple[list[tuple[Any, Any]], int]:
        """(value, size of its terms) of each factor, and the digits that are hidden in them."""
        symbols: Mapping[str, Any] = self.samples.at(point)
        at = PreciseValues(symbols, digits)
        solution = {name.value: at.value(one) for name, one in zip(Y, self.curve.derivatives, strict=False)}
        there = PreciseValues({**symbols, **solution}, digits)
        found = []
        for factor in self.factors:
            size = there.context.mpf(1)
            if factor.kind == ADD:
                terms = [
                    abs(there.value(term) * coefficient.numerator) / coefficient.denominator
                    for term, coefficient in factor.args
                ]
                size = max(
                    max(terms), abs(there.context.mpf(factor.value.numerator)) / factor.value.denominator
                )
            found.append((there.value(factor), size or 1))
        if not found:
            raise NoPreciseValueError("nothing in the equation can vanish")
        return found, max(at.hidden_digits, there.hidden_digits)


def _relative(
    factor: Expr, values: Mapping[str, Values], known: dict[bytes, Values]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Value of a factor relative to its terms, the size of the terms, and whether they are all real."""
    total = np.abs(evaluate(factor, values, known))
    if factor.kind != ADD:
        return total, np.ones_like(total), np.ones(total.shape, dtype=bool)
    scale = np.full(total.shape, abs(as_float(factor.value)))
    is_real = np.ones(total.shape, dtype=bool)
    for term, coefficient in factor.args:
        part = evaluate(term, values, known)
        scale = np.maximum(scale, np.abs(part) * abs(as_float(coefficient)))
        is_real &= np.abs(part.imag) <= 1e-9 * np.abs(part)
    return np.where(total == 0, 0.0, total / scale), scale, is_real
