"""Circular functions of angles that are multiples of one, or differ by constants, by sin and cos of that one.

1 + cos(2*u) becomes 2*cos(u)**2 and 1 - cos(2*u) becomes 2*sin(u)**2, so that what cancels does cancel.

Source: addition theorems, Abramowitz & Stegun 4.3.16 to 4.3.26.
"""

from fractions import Fraction
from functools import reduce
from math import gcd, lcm

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    ONE,
    Expr,
    Number,
    coefficient_and_term,
    divide,
    function,
    linear,
    multiply,
    number,
    power,
    primitive,
)
from sciml.symbolic.ladder.terms import terms_of, with_functions
from sciml.symbolic.substitution import operands, rebuilt

_NAMES = ("sin", "cos", "tan")
_MOST_TIMES = 6
"""Largest multiple that is written out."""


def by_one_angle(node: Expr, variable: Expr) -> Expr:
    """The expression with the angles of each kind written by their common part; as it is if all are equal."""
    angles: dict[bytes, set[tuple[Number, bytes]]] = {}
    for argument in _arguments(node, variable):
        times, unit, shift = _parts(argument, variable)
        angles.setdefault(unit.prefix, set()).add((times, shift.prefix))
    steps = {unit: _common([times for times, _ in found]) for unit, found in angles.items() if len(found) > 1}
    return _rewritten(node, variable, steps) if steps else node


def _rewritten(node: Expr, variable: Expr, steps: dict[bytes, Number]) -> Expr:
    def rule(name: str, argument: Expr) -> Expr:
        if name not in _NAMES or not argument.mask & variable.mask:
            return function(name, argument)
        times, unit, shift = _parts(argument, variable)
        step = steps.get(unit.prefix)
        if step is None or abs(times / Fraction(step)) > _MOST_TIMES:
            return function(name, argument)
        sine, cosine = _of_multiple(int(times / Fraction(step)), multiply(number(step), unit))
        still_sine, still_cosine = function("sin", shift), function("cos", shift)
        sine, cosine = sine * still_cosine + cosine * still_sine, cosine * still_cosine - sine * still_sine
        return {"sin": sine, "cos": cosine}.get(name) or divide(sine, cosine)

    return with_functions(_squares(node, variable, steps), rule)


def _squares(node: Expr, variable: Expr, steps: dict[bytes, Number]) -> Expr:
    """1 ± cos(2*u) as squares."""
    if not node.args:
        return node
    inside = rebuilt(node, lambda part: _squares(part, variable, steps))
    pairs = terms_of(inside)
    if inside.kind != ADD or len(pairs) != 2 or pairs[1][1] is not ONE:
        return inside
    (size, cosine), (constant, _) = pairs
    if abs(size) != abs(constant) or cosine.kind != FUNCTION or cosine.value != "cos":
        return inside
    times, unit, shift = _parts(cosine.args[0], variable)
    step = steps.get(unit.prefix)
    if step is None or shift != number(0) or (times / Fraction(step)) % 2:
        return inside
    name = "cos" if size == constant else "sin"
    half = function(name, divide(cosine.args[0], number(2)))
    return 2 * number(constant) * power(half, number(2))


def _arguments(node: Expr, variable: Expr) -> list[Expr]:
    """Arguments of circular functions that hold the variable."""
    if not node.mask & variable.mask:
        return []
    own = [node.args[0]] if node.kind == FUNCTION and node.value in _NAMES else []
    return own + [one for part in operands(node) for one in _arguments(part, variable)]


def _parts(argument: Expr, variable: Expr) -> tuple[Number, Expr, Expr]:
    """(k, u, c) with argument = k*u + c, c free of the variable."""
    moving = linear([pair for pair in terms_of(argument) if pair[1].mask & variable.mask])
    shift = linear([pair for pair in terms_of(argument) if not pair[1].mask & variable.mask])
    times, unit = primitive(moving) if moving.kind == ADD else coefficient_and_term(moving)
    return times, unit, shift


def _common(multiples: list[Number]) -> Number:
    bottom = lcm(*[one.denominator for one in multiples])
    return Fraction(reduce(gcd, [int(one * bottom) for one in multiples]), bottom)


def _of_multiple(times: int, angle: Expr) -> tuple[Expr, Expr]:
    """sin and cos of a whole multiple of an angle."""
    sine, cosine = function("sin", angle), function("cos", angle)
    found_sine, found_cosine = number(0), ONE
    for step in range(abs(times)):
        found_sine, found_cosine = (
            found_sine * cosine + found_cosine * sine,
            2 * cosine * cosine - 1 if step == 1 else found_cosine * cosine - found_sine * sine,
        )
    return (found_sine if times > 0 else -found_sine), found_cosine
