"""One writing for each radical of an equation, and absolute values read as on the positive axis.

sqrt(x**2 - 2*x + 2) and sqrt((x - 1)**2 + 1), or sqrt(1 + 4/x**2) and sqrt(x**2 + 4)/abs(x), count as
different radicals in linear algebra over an equation's parts. Here each becomes a rational multiple of one of
them; if an inverse function of the equation has one of them in its slope, that is the one, so that the slopes
of the equation's own functions stay in its field. All this is done as for positive numbers: a proposal, as in
`simplification.py`.
"""

from collections.abc import Iterator
from fractions import Fraction

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expansion import expand, numerator_denominator
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    HALF,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    Expr,
    Number,
    coefficient_and_term,
    function,
    number,
    primitive,
    product,
    symbol,
)
from sciml.symbolic.ladder.equations.simplification import common_factor, parts
from sciml.symbolic.substitution import rebuilt, substitute

_INVERSE_FUNCTIONS = frozenset(("asin", "acos", "asinh", "acosh"))
_ARGUMENT = symbol("u")
_MOST_TERMS = 60
_MOST_RADICALS = 12

Powers = list[tuple[Expr, Number]]


def without_absolute_values(node: Expr) -> Expr:
    """The expression with abs(u) = u and sign(u) = 1."""
    made = rebuilt(node, without_absolute_values)
    if made.kind == FUNCTION and made.value == "abs":
        return made.args[0]
    return ONE if made.kind == FUNCTION and made.value == "sign" else made


def with_common_radicals(node: Expr) -> Expr:
    """The expression with square roots that are multiples of one another in one writing.

    Raises:
        UndefinedExpressionError: a division by zero appears.
        ExpressionTooLargeError: a number or sum beyond the limit.
    """
    radicands = {one.prefix: one for one in _radicands(node)}
    if len(radicands) > _MOST_RADICALS or not radicands:
        return node
    written = _slope_radicals(node)

    def changed(part: Expr) -> Expr:
        made = rebuilt(part, changed)
        if made.kind == POWER and isinstance(made.value, Fraction) and made.value.denominator == 2:
            outside, core = root_parts(made.args[0])
            root = written.setdefault(core.prefix, [(core, HALF.value)])
            return product(1, [(base, exponent * 2 * made.value) for base, exponent in (*outside, *root)])
        return made

    return changed(node)


def root_parts(radicand: Expr) -> tuple[Powers, Expr]:
    """Powers and a core without square factors with sqrt(radicand) = powers * sqrt(core)."""
    above, below = numerator_denominator(radicand)
    outside: Powers = []
    inside: Powers = []
    for sign, part in ((1, expand(above, max_terms=_MOST_TERMS)), (-1, below)):
        for base, exponent in _powers_of(part):
            whole = sign * exponent // 2 if type(exponent) is int and base.kind != NUMBER else 0
            outside.append((base, whole))
            inside.append((base, sign * exponent - 2 * whole))
    content, core = _content(expand(product(1, inside), max_terms=_MOST_TERMS))
    if content < 0:
        content, core = -content, -core
    return [*outside, (number(content), HALF.value)], core


def _content(node: Expr) -> tuple[Number, Expr]:
    """The rational factor of an expression, and the rest."""
    return primitive(node) if node.kind == ADD else coefficient_and_term(node)


def _powers_of(node: Expr) -> Powers:
    """Factors of an expression; of a sum the factors that all its terms share, and the rest."""
    found: Powers = []
    for factor in node.args if node.kind == MULTIPLY else (node,):
        if factor.kind == ADD:
            shared, rest = common_factor(factor)
            found += [*shared, (rest, 1)]
        elif factor.kind == POWER and type(factor.value) is int:
            found.append((factor.args[0], factor.value))
        else:
            found.append((factor, 1))
    return [*found, (number(node.value), 1)] if node.kind == MULTIPLY else found


def _slope_radicals(node: Expr) -> dict[bytes, Powers]:
    """How to write sqrt(core) by the radicals in slopes of the inverse functions of an expression."""
    written: dict[bytes, Powers] = {}
    for one in parts(node):
        if one.kind != FUNCTION or one.value not in _INVERSE_FUNCTIONS:
            continue
        slope = derivative(function(one.value, _ARGUMENT), _ARGUMENT)
        roots = list(_radicands(substitute(slope, {_ARGUMENT: one.args[0]})))
        if len(roots) > 2:
            continue
        powers: Powers = []
        cores = []
        for radicand in roots:
            outside, core = root_parts(radicand)
            own = [(base, -exponent) for base, exponent in outside] + [(radicand, HALF.value)]
            written.setdefault(core.prefix, own)
            powers += own
            cores.append(core)
        if len(cores) == 2:  # acosh: the root of u**2 - 1 is the product of two
            content, joined = _content(expand(product(1, [(core, 1) for core in cores])))
            written.setdefault(joined.prefix, [*powers, (number(content), -HALF.value)])
    return written


def _radicands(node: Expr) -> Iterator[Expr]:
    """What square roots are taken of, numbers left out."""
    for one in parts(node):
        is_root = one.kind == POWER and isinstance(one.value, Fraction) and one.value.denominator == 2
        if is_root and one.args[0].kind != NUMBER:
            yield one.args[0]
