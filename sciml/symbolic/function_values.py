"""What a function of a canonical argument simplifies to: parity, special values, inverse functions.

Every rule holds for complex arguments with principal branches (Abramowitz & Stegun, chapter 4), except on the
branch cuts themselves.
"""

from collections.abc import Callable
from fractions import Fraction

from sciml.symbolic.expression import (
    ADD,
    CONSTANT,
    FUNCTION,
    HALF,
    MULTIPLY,
    NUMBER,
    ONE,
    PI,
    ZERO_EXPR,
    Expr,
    UndefinedExpressionError,
    divide,
    function,
    is_negative,
    linear,
    multiply,
    number,
    power,
    product,
    sqrt,
)

ODD = frozenset(("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "sign"))
EVEN = frozenset(("cos", "cosh", "abs"))


def simplified(name: str, argument: Expr) -> Expr | None:
    """A simpler form of name(argument), or None if there is none.

    Raises:
        UndefinedExpressionError: the function has a pole there.
    """
    if name == "exp":
        return _exp(argument)
    if name in ODD:
        if is_negative(argument):
            return linear(((-1, function(name, linear(((-1, argument),)))),))
    elif name in EVEN and is_negative(argument):
        return function(name, linear(((-1, argument),)))
    if argument.kind == NUMBER:
        return _at_number(name, argument)
    if argument.kind == FUNCTION:
        rule = _COMPOSED.get((name, argument.value))
        if rule is not None:
            return rule(argument.args[0])
    if name in ("sin", "cos", "tan") and argument.kind in (CONSTANT, MULTIPLY):
        return _at_part_of_pi(name, argument)
    return None


def _exp(argument: Expr) -> Expr | None:
    """exp(0) = 1, exp(r*log(u) + v) = u**r * exp(v) for rational r."""
    if argument.kind == NUMBER:
        return ONE if argument.value == 0 else None
    terms = argument.args if argument.kind == ADD else None
    if terms is None:
        split = _multiple_of_log(argument)
        return None if split is None else product(1, (split,))
    logs, rest = [], []
    for term, coefficient in terms:
        split = _multiple_of_log(term)
        if split is None:
            rest.append((coefficient, term))
        else:
            logs.append((split[0], split[1] * coefficient))
    if not logs:
        return None
    remaining = linear([*rest, (argument.value, ONE)])
    return multiply(function("exp", remaining), product(1, logs))


def _multiple_of_log(node: Expr) -> tuple[Expr, int | Fraction] | None:
    """(u, r) if the node is r*log(u)."""
    if node.kind == FUNCTION and node.value == "log":
        return node.args[0], 1
    if node.kind == MULTIPLY and len(node.args) == 1:
        only = node.args[0]
        if only.kind == FUNCTION and only.value == "log":
            return only.args[0], node.value
    return None


def _at_number(name: str, argument: Expr) -> Expr | None:
    value = argument.value
    if name == "log":
        if value == 0:
            raise UndefinedExpressionError("log(0) has no value")
        if value == 1:
            return ZERO_EXPR
        if value.numerator == 1:
            return linear(((-1, function("log", number(value.denominator))),))
    elif name in ("abs", "sign"):
        return number(abs(value)) if name == "abs" else number((value > 0) - (value < 0))
    elif name == "atanh" and value == 1:
        raise UndefinedExpressionError("atanh(1) has no value")
    known = _VALUES.get((name, value))
    return None if known is None else known()


def _pi(numerator: int, denominator: int) -> Callable[[], Expr]:
    return lambda: linear(((Fraction(numerator, denominator), PI),))


_VALUES: dict[tuple[str, int | Fraction], Callable[[], Expr]] = {
    **{
        (name, 0): lambda: ZERO_EXPR
        for name in ("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh")
    },
    **{(name, 0): lambda: ONE for name in ("cos", "cosh")},
    ("acosh", 1): lambda: ZERO_EXPR,
    ("acos", 1): lambda: ZERO_EXPR,
    ("acos", 0): _pi(1, 2),
    ("acos", -1): _pi(1, 1),
    ("asin", 1): _pi(1, 2),
    ("atan", 1): _pi(1, 4),
    ("asin", Fraction(1, 2)): _pi(1, 6),
    ("acos", Fraction(1, 2)): _pi(1, 3),
    ("acos", Fraction(-1, 2)): _pi(2, 3),
}


def _at_part_of_pi(name: str, argument: Expr) -> Expr | None:
    """sin, cos and tan at multiples of pi/6 and pi/4; the argument is not negative."""
    if argument.kind == CONSTANT:
        turn = Fraction(1)
    elif len(argument.args) == 1 and argument.args[0].kind == CONSTANT:
        turn = Fraction(argument.value)
    else:
        return None
    if turn.denominator not in (1, 2, 3, 4, 6):
        return None
    if name == "tan":
        cosine = _cosine(turn)
        if cosine == ZERO_EXPR:
            raise UndefinedExpressionError(f"tan({turn}*pi) has no value")
        return divide(_cosine(Fraction(1, 2) - turn), cosine)
    return _cosine(turn) if name == "cos" else _cosine(Fraction(1, 2) - turn)


def _cosine(turn: Fraction) -> Expr:
    """cos(turn*pi) for denominators 1, 2, 3, 4, 6."""
    turn = abs(turn) % 2
    if turn > 1:
        turn = 2 - turn
    if turn > Fraction(1, 2):
        return linear(((-1, _cosine(1 - turn)),))
    if turn == 0:
        return ONE
    return {
        Fraction(1, 2): lambda: ZERO_EXPR,
        Fraction(1, 3): lambda: HALF,
        Fraction(1, 4): lambda: product(Fraction(1, 2), ((number(2), Fraction(1, 2)),)),
        Fraction(1, 6): lambda: product(Fraction(1, 2), ((number(3), Fraction(1, 2)),)),
    }[turn]()


def _one_minus_square(u: Expr) -> Expr:
    return linear(((1, ONE), (-1, product(1, ((u, 2),)))))


def _one_plus_square(u: Expr) -> Expr:
    return linear(((1, ONE), (1, product(1, ((u, 2),)))))


_COMPOSED: dict[tuple[str, str], Callable[[Expr], Expr]] = {
    ("sin", "asin"): lambda u: u,
    ("cos", "acos"): lambda u: u,
    ("tan", "atan"): lambda u: u,
    ("sinh", "asinh"): lambda u: u,
    ("cosh", "acosh"): lambda u: u,
    ("tanh", "atanh"): lambda u: u,
    ("cos", "asin"): lambda u: sqrt(_one_minus_square(u)),
    ("sin", "acos"): lambda u: sqrt(_one_minus_square(u)),
    ("tan", "asin"): lambda u: divide(u, sqrt(_one_minus_square(u))),
    ("tan", "acos"): lambda u: divide(sqrt(_one_minus_square(u)), u),
    ("sin", "atan"): lambda u: divide(u, sqrt(_one_plus_square(u))),
    ("cos", "atan"): lambda u: power(_one_plus_square(u), number(Fraction(-1, 2))),
    ("cosh", "asinh"): lambda u: sqrt(_one_plus_square(u)),
    ("tanh", "asinh"): lambda u: divide(u, sqrt(_one_plus_square(u))),
    ("sinh", "acosh"): lambda u: multiply(
        sqrt(linear(((1, u), (-1, ONE)))), sqrt(linear(((1, u), (1, ONE))))
    ),
    ("cosh", "atanh"): lambda u: power(_one_minus_square(u), number(Fraction(-1, 2))),
    ("sinh", "atanh"): lambda u: divide(u, sqrt(_one_minus_square(u))),
}
