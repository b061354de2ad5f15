"""Expressions as text that people and SymPy read: `x**2/2 + 2*x - log(3 - x)`.

The text is exact: `sciml.symbolic.parser.parse` makes the same expression of it again.
"""

from fractions import Fraction

from sciml.symbolic.expression import (
    ADD,
    CONSTANT,
    EULER,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    SYMBOL,
    Expr,
    Number,
    number,
    power,
)

SUM_LEVEL, PRODUCT_LEVEL, POWER_LEVEL, ATOM_LEVEL = range(4)
"""How tightly a text holds together; a leading minus binds like a sum."""

VARIABLES = ("x", "y", "y'", "y''")
"""Symbols that come behind parameters in a product and before them in a sum."""
SYMPY_NAMES = {"y": "y(x)", "y'": "Derivative(y(x), x)", "y''": "Derivative(y(x), (x, 2))"}
"""The unknown function and its derivatives as SymPy writes them."""


def to_infix(node: Expr, *, sympy_derivatives: bool = False) -> str:
    """The expression as text.

    Args:
        node: the expression.
        sympy_derivatives: write y, y', y'' as `y(x)`, `Derivative(y(x), x)`, `Derivative(y(x), (x, 2))`.
    """
    names = SYMPY_NAMES if sympy_derivatives else {}
    return _text(node, names)[0]


def _text(node: Expr, names: dict[str, str]) -> tuple[str, int]:
    kind = node.kind
    if kind == NUMBER:
        return _number_text(node.value)
    if kind == SYMBOL:
        return names.get(node.value, node.value), ATOM_LEVEL
    if kind == CONSTANT:
        return str(node.value), ATOM_LEVEL
    if kind == FUNCTION:
        if node == EULER:
            return "E", ATOM_LEVEL
        return f"{node.value}({_text(node.args[0], names)[0]})", ATOM_LEVEL
    if kind == ADD:
        return _sum_text(node, names), SUM_LEVEL
    if kind == POWER and (node.value is None or node.value > 0):
        return _power_text(node.args[0], node.args[1], names)
    coefficient, factors = without_outer_minus(node)
    text = _product_text(-coefficient if coefficient < 0 else coefficient, factors, names)
    return (f"-{text}", SUM_LEVEL) if coefficient < 0 else (text, PRODUCT_LEVEL)


def _number_text(value: Number) -> tuple[str, int]:
    return str(value), SUM_LEVEL if value < 0 else PRODUCT_LEVEL if type(value) is not int else ATOM_LEVEL


def _in_parentheses(node: Expr, level: int, names: dict[str, str]) -> str:
    """The text of a node, in parentheses if it holds together less tightly than `level`."""
    text, own = _text(node, names)
    return text if own >= level else f"({text})"


def _power_text(base: Expr, exponent: Expr, names: dict[str, str]) -> tuple[str, int]:
    if exponent.kind == NUMBER and exponent.value == Fraction(1, 2):
        if base.kind == NUMBER and base.value == -1:
            return "I", ATOM_LEVEL
        return f"sqrt({_text(base, names)[0]})", ATOM_LEVEL
    bottom = _in_parentheses(base, ATOM_LEVEL, names)
    return f"{bottom}**{_in_parentheses(exponent, ATOM_LEVEL, names)}", POWER_LEVEL


# Sums ------------------------------------------------------------------------------------------------------


def ordered_terms(node: Expr) -> list[tuple[Number, Expr | None]]:
    """(coefficient, term) of a sum as a person writes it; the term of the constant is None.

    Powers of the variables fall, then come other terms, then constants; a positive term goes first if there
    is one.
    """
    ordered: list[tuple[Number, Expr | None]] = [
        (coefficient, term) for term, coefficient in sorted(node.args, key=lambda pair: _term_key(pair[0]))
    ]
    if node.value:
        ordered.append((node.value, None))
    if ordered[0][0] < 0:
        if ordered[-1][0] > 0 and len(ordered) == 2:
            ordered.reverse()
        else:
            first = next((place for place, pair in enumerate(ordered) if pair[0] > 0), 0)
            ordered.insert(0, ordered.pop(first))
    return ordered


def _term_key(term: Expr) -> tuple[int, int, int, bytes]:
    degrees = _degrees(term)
    if degrees is None:
        return 1, 0, 0, term.prefix
    if degrees[0] == 0:
        return 2, 0, -degrees[1], term.prefix
    return 0, -degrees[0], -degrees[1], term.prefix


def _degrees(term: Expr) -> tuple[int, int] | None:
    """Degree in the variables and in all symbols of a product of symbols' powers, or None."""
    in_variables = total = 0
    for factor in term.args if term.kind == MULTIPLY else (term,):
        base, exponent = factor, 1
        if factor.kind == POWER and type(factor.value) is int and factor.value > 0:
            base, exponent = factor.args[0], factor.value
        if base.kind == SYMBOL:
            total += exponent
            in_variables += exponent if base.value in VARIABLES else 0
        elif base.mask:
            return None
    return in_variables, total


def _sum_text(node: Expr, names: dict[str, str]) -> str:
    pieces: list[str] = []
    for coefficient, term in ordered_terms(node):
        size: Number = -coefficient if coefficient < 0 else coefficient
        if term is None:
            text = _number_text(size)[0]
        else:
            factors = term.args if term.kind == MULTIPLY else (term,)
            text = _product_text(size, factors, names)
        sign = (" - " if pieces else "-") if coefficient < 0 else (" + " if pieces else "")
        pieces.append(sign + text)
    return "".join(pieces)


# Products --------------------------------------------------------------------------------------------------


def without_outer_minus(node: Expr) -> tuple[Number, tuple[Expr, ...]]:
    """Coefficient and factors of what stands alone: (x*log(x) - x)/2 for -(x - x*log(x))/2.

    A minus in front goes into the first sum above the fraction bar of which half of the terms or more are
    negative.
    """
    if node.kind != MULTIPLY:
        return 1, (node,)
    coefficient: Number = node.value
    if coefficient < 0:
        for place, factor in enumerate(node.args):
            if factor.kind == ADD and 2 * _negatives(factor) >= len(ordered_terms(factor)):
                return -coefficient, (*node.args[:place], -factor, *node.args[place + 1 :])
    return coefficient, node.args


def _negatives(node: Expr) -> int:
    return sum(coefficient < 0 for coefficient, _ in ordered_terms(node))


def fraction_parts(coefficient: Number, factors: tuple[Expr, ...]) -> tuple[int, list[Expr], int, list[Expr]]:
    """A product as numerator and denominator: integer and factors above, integer and factors below.

    Factors below have positive exponents; both lists are in the order in which a person writes them.
    """
    above, below = [], []
    for factor in factors:
        if factor.kind == POWER and factor.value is not None and factor.value < 0:
            below.append(power(factor.args[0], number(-factor.value)))
        else:
            above.append(factor)
    above.sort(key=_factor_key)
    below.sort(key=_factor_key)
    return coefficient.numerator, above, coefficient.denominator, below


def _factor_key(factor: Expr) -> tuple[int, bytes]:
    base = factor.args[0] if factor.kind == POWER else factor
    if not base.mask:
        return (0 if base.kind == NUMBER else 1), factor.prefix
    if base.kind == SYMBOL:
        return (3 if base.value in VARIABLES else 2), factor.prefix
    return (5 if base.kind == ADD else 4), factor.prefix


def _product_text(coefficient: Number, factors: tuple[Expr, ...], names: dict[str, str]) -> str:
    """coefficient (positive) times the factors, with one fraction bar."""
    top, above, bottom, below = fraction_parts(coefficient, factors)
    up = [] if top == 1 and above else [str(top)]
    up += [_in_parentheses(factor, POWER_LEVEL, names) for factor in above]
    down = [] if bottom == 1 else [str(bottom)]
    down += [_in_parentheses(factor, POWER_LEVEL, names) for factor in below]
    if len(up) == 1 and not down and above and above[0].kind == ADD:
        return _in_parentheses(above[0], ATOM_LEVEL, names)
    text = "*".join(up)
    if not down:
        return text
    return f"{text}/{down[0]}" if len(down) == 1 else f"{text}/({'*'.join(down)})"
