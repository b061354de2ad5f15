"""Another writing of an integrand that comes from an equation, mostly a shorter one.

Equations arrive over one denominator, where much cancels in each term that cannot cancel in the whole, and
with 1/cos(u)**2 beside tan(u).
"""

from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    function,
    linear,
    multiply,
    product,
)
from sciml.symbolic.ladder.equations.simplification import parts
from sciml.symbolic.substitution import rebuilt

_MOST_TERMS = 12


def term_by_term(integrand: Expr) -> Expr:
    """The integrand as a sum, with secants by tangents; itself where that fails."""
    try:
        return _distributed(_by_tangents(integrand))
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return integrand


def _by_tangents(node: Expr) -> Expr:
    """1 + tan(u)**2 for 1/cos(u)**2, where tan(u) occurs and neither sin(u) nor another power of cos(u)."""
    every = list(parts(node))
    tangents = {part.args[0] for part in every if part.kind == FUNCTION and part.value == "tan"}
    squares = {part for part in every if _is_secant_square(part)}
    for part in every:
        if part.kind == FUNCTION and part.value == "sin":
            tangents.discard(part.args[0])
    uses = [part.args[0] for part in every if part.kind == FUNCTION and part.value == "cos"]
    in_squares = [part.args[0].args[0] for part in every if part in squares]
    tangents -= {one for one in tangents if uses.count(one) != in_squares.count(one)}

    def changed(part: Expr) -> Expr:
        if _is_secant_square(part) and part.args[0].args[0] in tangents:
            tangent = function("tan", changed(part.args[0].args[0]))
            square = linear([(1, ONE), (1, product(1, ((tangent, 2),)))])
            return product(1, ((square, -part.value // 2),))
        return rebuilt(part, changed)

    return changed(node) if tangents else node


def _is_secant_square(part: Expr) -> bool:
    is_power = part.kind == POWER and type(part.value) is int and part.value < 0 and part.value % 2 == 0
    return is_power and part.args[0].kind == FUNCTION and part.args[0].value == "cos"


def _distributed(node: Expr) -> Expr:
    """A product with a sum as the sum of its terms' products."""
    if node.kind != MULTIPLY:
        return node
    sums = [one for one in node.args if one.kind == ADD]
    if not sums:
        return node
    longest = max(sums, key=lambda one: len(one.args))
    if len(longest.args) > _MOST_TERMS:
        return node
    rest = product(node.value, [(one, 1) for one in node.args if one is not longest])
    return linear([(longest.value, rest), *[(factor, multiply(term, rest)) for term, factor in longest.args]])
