"""Constants eliminated from families of curves: from y = f(x, c) to an equation without c.

The constant occurs in one place of f, so that y = f is solved for it by inverting the operations on the way
there: c = G(x, y). The total derivative of G by x is zero along every curve, and what cannot vanish is
divided out of it.

Source: Lample & Charton, ICLR 2020, section 3.2 and appendix B.
"""

from fractions import Fraction

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    POWER,
    Expr,
    Number,
    X,
    coefficient_and_term,
    divide,
    function,
    linear,
    power,
    primitive,
    product,
    symbol,
)
from sciml.symbolic.generators.simplification import expanded, split_common_factors, together

Y, SLOPE, CURVATURE = symbol("y"), symbol("y'"), symbol("y''")
"""The unknown function, its first and its second derivative."""

LONGEST_TOGETHER = 300
"""Equations of more tokens are not brought over one denominator in their inner sums."""
INVERSE = {
    **{"exp": "log", "log": "exp", "sin": "asin", "cos": "acos", "tan": "atan", "asin": "sin", "acos": "cos"},
    **{"atan": "tan", "sinh": "asinh", "cosh": "acosh", "tanh": "atanh"},
    **{"asinh": "sinh", "acosh": "cosh", "atanh": "tanh"},
}
"""One branch of the inverse function."""


def merged_constant(node: Expr, constant: Expr) -> Expr | None:
    """The expression with everything around its constant that does not hold x taken into the constant.

    x + log(c + 2) becomes x + c, 3*c*x becomes c*x. The constant occurs once.

    Returns:
        The shorter family of curves; None if another constant of integration would be lost in this one.
    """
    if not node.mask & X.mask:
        return constant if node.mask == constant.mask else None
    if node.kind == ADD:
        return _merged_in_sum(node, constant)
    if node.kind == MULTIPLY:
        return _merged_in_product(node, constant)
    if node.kind == FUNCTION:
        inner = merged_constant(node.args[0], constant)
        return None if inner is None else function(node.value, inner)
    base, exponent = node.args
    if base.mask & constant.mask:
        base = merged_constant(base, constant)
    else:
        exponent = merged_constant(exponent, constant)
    return None if base is None or exponent is None else power(base, exponent)


def _merged_in_sum(node: Expr, constant: Expr) -> Expr | None:
    place = next(index for index, (term, _) in enumerate(node.args) if term.mask & constant.mask)
    held, coefficient = node.args[place]
    rest = [(value, term) for index, (term, value) in enumerate(node.args) if index != place]
    merged = merged_constant(held, constant)
    if merged is None:
        return None
    if held.mask & X.mask:
        kept = _without_multiples([*rest, (node.value, ONE)], merged, constant)
        return linear([*kept, (coefficient, merged)])
    free = [(value, term) for value, term in rest if term.mask & X.mask or _other_constant(term, constant)]
    return linear([*free, (1, constant)])


def _without_multiples(
    terms: list[tuple[Number, Expr]], merged: Expr, constant: Expr
) -> list[tuple[Number, Expr]]:
    """The terms that are no multiples of g, for `merged` = c*g: in c*x + 3*x the constant takes 3*x in."""
    if merged.kind != MULTIPLY or not any(factor == constant for factor in merged.args):
        return terms
    cofactor = coefficient_and_term(divide(merged, constant))[1]
    return [(value, term) for value, term in terms if term.prefix != cofactor.prefix]


def _other_constant(term: Expr, constant: Expr) -> bool:
    return bool(term.mask & (symbol("c1").mask | symbol("c2").mask) & ~constant.mask)


def _merged_in_product(node: Expr, constant: Expr) -> Expr | None:
    held = next(factor for factor in node.args if factor.mask & constant.mask)
    merged = merged_constant(held, constant)
    if merged is None:
        return None
    if held.mask & X.mask:
        rest = [(factor, 1) for factor in node.args if factor is not held]
        return product(node.value, [*rest, (merged, 1)])
    kept = [f for f in node.args if f is not held and (f.mask & X.mask or _other_constant(f, constant))]
    return product(1, [*[(factor, 1) for factor in kept], (constant, 1)])


def solved_for(unknown: Expr, node: Expr, value: Expr) -> Expr | None:
    """One solution of node = value for a symbol that the value does not hold.

    Returns:
        The solution by inverting operations, or by linearity; None if the symbol occurs several times
        otherwise.

    Raises:
        UndefinedExpressionError, ExpressionTooLargeError: the inversion leads there.
    """
    mask = unknown.mask
    while node.prefix != unknown.prefix:
        if node.kind == ADD:
            held = [(term, coefficient) for term, coefficient in node.args if term.mask & mask]
            if len(held) != 1:
                return _solved_linear(unknown, node, value)
            term, coefficient = held[0]
            rest = linear([(1, value), (-1, node), (coefficient, term)])
            node, value = term, linear(((Fraction(1) / coefficient, rest),))
        elif node.kind == MULTIPLY:
            factors = [factor for factor in node.args if factor.mask & mask]
            if len(factors) != 1:
                return _solved_linear(unknown, node, value)
            rest = product(node.value, [(factor, 1) for factor in node.args if factor is not factors[0]])
            node, value = factors[0], divide(value, rest)
        elif node.kind == POWER:
            base, exponent = node.args
            if exponent.mask & mask:
                if base.mask & mask:
                    return None
                node, value = exponent, divide(function("log", value), function("log", base))
            else:
                node, value = base, power(value, divide(ONE, exponent))
        else:
            if node.value not in INVERSE:
                return None
            node, value = node.args[0], function(INVERSE[node.value], value)
    return value


def _solved_linear(unknown: Expr, node: Expr, value: Expr) -> Expr | None:
    slope = derivative(node, unknown)
    if slope.mask & unknown.mask:
        return None
    rest = expanded(linear(((1, node), (-1, product(1, ((unknown, 1), (slope, 1)))))), 200)
    if rest.mask & unknown.mask:
        rest = expanded(linear(((1, expanded(node, 200)), (-1, expanded(unknown * slope, 200)))), 200)
        if rest.mask & unknown.mask:
            return None
    return divide(linear(((1, value), (-1, rest))), slope)


def stripped(node: Expr) -> Expr:
    """A simpler expression that is constant along the same curves: outer functions, powers and constants
    removed.
    """
    variable = X.mask | Y.mask | SLOPE.mask
    while True:
        if node.kind == FUNCTION or (node.kind == POWER and node.value is not None):
            node = node.args[0]
        elif node.kind == ADD:
            held = [term for term, _ in node.args if term.mask & variable]
            if len(held) != 1:
                return node
            node = held[0]
        elif node.kind == MULTIPLY:
            held = [factor for factor in node.args if factor.mask & variable]
            if len(held) == len(node.args) and node.value == 1:
                return node
            node = product(1, [(factor, 1) for factor in held])
        else:
            return node


def total_derivative(node: Expr) -> Expr:
    """The derivative by x along a curve y(x)."""
    return linear(
        (
            (1, derivative(node, X)),
            (1, product(1, ((SLOPE, 1), (derivative(node, Y), 1)))),
            (1, product(1, ((CURVATURE, 1), (derivative(node, SLOPE), 1)))),
        )
    )


def without_factors(equation: Expr, highest: Expr) -> Expr:
    """The left side of equation = 0 without content, sign and factors that lack its highest derivative."""
    if len(equation.prefix) < LONGEST_TOGETHER:
        equation = together(equation)
    for _ in range(8):
        if equation.kind == MULTIPLY:
            held = [(factor, 1) for factor in equation.args if factor.mask & highest.mask]
            equation = product(1, held)
            if equation.kind == MULTIPLY:
                return equation
        if equation.kind == POWER and equation.value is not None:
            equation = equation.args[0]
        if equation.kind != ADD:
            return equation
        equation = primitive(equation)[1]
        common, rest = split_common_factors(equation)
        if not common:
            return equation
        equation = rest
    return equation
