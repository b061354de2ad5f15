"""Shorter forms of expressions that arise when y is put into an equation.

Roots of powers and inverse functions of their functions are undone as for positive numbers. That holds on a
part of the plane only, so what comes out is a proposal; solutions are verified against the given equation.
"""

from collections.abc import Iterator

from sciml.symbolic.expansion import expand, numerator_denominator
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    function,
    linear,
    multiply,
    number,
    power,
    product,
)
from sciml.symbolic.ladder.equations.inversion import INVERSE
from sciml.symbolic.substitution import operands, rebuilt
from sciml.symbolic.unknown_function import Y

_LONGEST = 2_500
_MOST_TERMS = 150


def unfolded(node: Expr) -> Expr:
    """The expression with sqrt(u**2) = u, log(exp(u)) = u, 1 - sin(u)**2 = cos(u)**2 and the like.

    Raises:
        UndefinedExpressionError: a division by zero appears.
        ExpressionTooLargeError: a number beyond the limit.
    """
    made = rebuilt(node, unfolded)
    if made.kind == FUNCTION:
        inner = made.args[0]
        if inner.kind == FUNCTION and INVERSE.get(made.value) == inner.value:
            return inner.args[0]
        if made.value == "log":
            return _logarithm(inner)
        if made.value == "exp" and inner.kind == ADD:
            return _without_logarithms(inner)
        if made.value == "exp" and inner.kind == MULTIPLY:
            return _as_symbolic_power(inner) or made
    if made.kind == ADD and len(made.args) == 1 and made.value:
        return _by_pythagoras(made)
    if made.kind == POWER and made.value is not None and type(made.value) is not int:
        return product(1, _powers(made.args[0], made.value))
    return made


_PYTHAGORAS = {"sin": ("cos", -1, 1), "cos": ("sin", -1, 1), "cosh": ("sinh", -1, -1), "sinh": ("cosh", 1, 1)}
"""f: (g, s, t) with 1 + s*f**2 = t*g**2."""


def _by_pythagoras(node: Expr) -> Expr:
    """k*(1 - sin(u)**2) = k*cos(u)**2 and the like; anything else as it is."""
    (term, factor), constant = node.args[0], node.value
    if term.kind != POWER or term.value != 2 or term.args[0].kind != FUNCTION:
        return node
    rule = _PYTHAGORAS.get(term.args[0].value)
    if rule is None or factor != rule[1] * constant:
        return node
    return product(constant * rule[2], ((function(rule[0], term.args[0].args[0]), 2),))


def with_pythagoras(node: Expr) -> Expr:
    """The expression with even powers of cos and cosh by sin and sinh, sums multiplied out, where the squares
    of both occur.

    Raises:
        UndefinedExpressionError: a division by zero appears.
        ExpressionTooLargeError: a sum beyond the limit.
    """
    squares = {part.args[0] for part in parts(node) if part.kind == POWER and part.value in (2, 3, 4)}
    rules = {}
    for one in squares:
        if one.kind == FUNCTION and one.value in ("cos", "cosh"):
            other = function("sin" if one.value == "cos" else "sinh", one.args[0])
            if other in squares:
                rules[one] = linear([(1, ONE), (-1 if one.value == "cos" else 1, product(1, ((other, 2),)))])
    if not rules:
        return node

    def changed(part: Expr) -> Expr:
        made = rebuilt(part, changed)
        rule = rules.get(made.args[0]) if made.kind == POWER and made.value in (2, 3, 4) else None
        if rule is not None:
            return product(1, ((rule, made.value // 2), (made.args[0], made.value % 2)))
        return expand(made, max_terms=_MOST_TERMS) if made.kind == ADD else made

    return expand(changed(node), max_terms=_MOST_TERMS)


def parts(node: Expr) -> Iterator[Expr]:
    """Every part of an expression, the outermost first."""
    yield node
    for one in operands(node):
        yield from parts(one)


def _logarithm(argument: Expr) -> Expr:
    """The sum of the logs of the factors where one of them is an exponential or a power like x**y."""
    factors = _powers(argument, 1)
    if not any(_is_exponential(base) for base, _ in factors):
        return function("log", argument)
    return linear([(exponent, _logarithm_of_factor(base)) for base, exponent in factors])


def _is_exponential(base: Expr) -> bool:
    return (base.kind == FUNCTION and base.value == "exp") or (base.kind == POWER and base.value is None)


def _logarithm_of_factor(base: Expr) -> Expr:
    if base.kind == POWER and base.value is None:
        return multiply(base.args[1], unfolded(function("log", base.args[0])))
    return unfolded(function("log", base))


def _as_symbolic_power(exponent: Expr) -> Expr | None:
    """exp(k*log(u)) as u**k, if k holds parameters alone."""
    logarithms = [one for one in exponent.args if one.kind == FUNCTION and one.value == "log"]
    rest = product(exponent.value, [(one, 1) for one in exponent.args if one not in logarithms])
    if len(logarithms) != 1 or rest.mask & (X.mask | Y[0].mask):
        return None
    return power(logarithms[0].args[0], rest)


def _without_logarithms(exponent: Expr) -> Expr:
    """exp of a sum, rational multiples of logarithms in it as powers."""
    powers: list[tuple[Expr, Number]] = []
    rest: list[tuple[Number, Expr]] = [(exponent.value, ONE)]
    for term, factor in exponent.args:
        if term.kind == FUNCTION and term.value == "log":
            powers.append((term.args[0], factor))
        else:
            rest.append((factor, term))
    return product(1, [(function("exp", linear(rest)), 1), *powers])


def _powers(node: Expr, exponent: Number) -> list[tuple[Expr, Number]]:
    """Factors of node**exponent, roots drawn into products."""
    if node.kind == MULTIPLY:
        parts = [(number(node.value), exponent)] if node.value != 1 else []
        return parts + [pair for factor in node.args for pair in _powers(factor, exponent)]
    if node.kind == POWER and node.value is not None:
        return _powers(node.args[0], node.value * exponent)
    if node.kind == POWER:
        return [(power(node.args[0], linear([(exponent, node.args[1])])), 1)]
    if node.kind == FUNCTION and node.value == "exp" and exponent != 1:
        return [(function("exp", linear([(exponent, node.args[0])])), 1)]
    return [(node, exponent)]


def simplest(node: Expr) -> Expr:
    """The shortest of: the expression, unfolded, multiplied out over one denominator with common factors
    cancelled."""
    forms = [node]
    for change in (unfolded, with_pythagoras, _reduced):
        if len(forms[-1].prefix) > _LONGEST:
            break
        try:
            forms.append(change(forms[-1]))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    return min(forms, key=lambda one: len(one.prefix))


def _reduced(node: Expr) -> Expr:
    above, below = numerator_denominator(node)
    above = expand(above, max_terms=_MOST_TERMS)
    if above == ZERO_EXPR:
        return above
    factors = below.args if below.kind == MULTIPLY else (below,)
    divided = [(product(1, _split(_expanded(factor))), -1) for factor in factors]
    return product(1, [*_split(above), (number(below.value if below.kind == MULTIPLY else 1), -1), *divided])


def _expanded(factor: Expr) -> Expr:
    """A sum multiplied out; powers stay."""
    return expand(factor, max_terms=_MOST_TERMS) if factor.kind == ADD else factor


def _split(node: Expr) -> list[tuple[Expr, Number]]:
    """A sum as its common factor and the rest; anything else as it is."""
    if node.kind != ADD:
        return [(node, 1)]
    common, rest = common_factor(node)
    return [*common, (rest, 1)]


def common_factor(node: Expr) -> tuple[list[tuple[Expr, Number]], Expr]:
    """A sum as powers that all its terms share, and the rest."""
    terms = [(term, factor) for term, factor in node.args]
    if node.value:
        terms.append((ONE, node.value))
    rows = [_own_powers(term) for term, _ in terms]
    shared = []
    for base, exponent in rows[0].items():
        least = min([exponent, *[row.get(base, 0) for row in rows[1:]]])
        if least and (least < 0 or all(base in row for row in rows)):
            shared.append((base, least))
    inverse = [(base, -exponent) for base, exponent in shared]
    return shared, linear([(factor, product(1, [(term, 1), *inverse])) for term, factor in terms])


def _own_powers(term: Expr) -> dict[Expr, Number]:
    found: dict[Expr, Number] = {}
    for factor in term.args if term.kind == MULTIPLY else (term,):
        if factor.kind == NUMBER:
            continue
        is_power = factor.kind == POWER and factor.value is not None
        found[factor.args[0] if is_power else factor] = factor.value if is_power else 1
    return found
