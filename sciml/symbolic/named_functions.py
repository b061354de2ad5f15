"""Names of functions as people write them, with what each means in the functions of the engine."""

from collections.abc import Callable
from fractions import Fraction

from sciml.symbolic.expression import (
    FUNCTION_PREFIX,
    HALF,
    ONE,
    Expr,
    add,
    divide,
    function,
    multiply,
    number,
    power,
)

_SAME = {
    **{"ln": "log", "Abs": "abs", "sgn": "sign", "arcsin": "asin", "arccos": "acos", "arctan": "atan"},
    **{"arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "arsinh": "asinh", "arcosh": "acosh"},
    **{"artanh": "atanh", "arctg": "atan", "tg": "tan", "sh": "sinh", "ch": "cosh", "th": "tanh"},
}


def _reciprocal(name: str) -> Callable[[Expr], Expr]:
    return lambda u: divide(ONE, function(name, u))


def _of_reciprocal(name: str) -> Callable[[Expr], Expr]:
    return lambda u: function(name, divide(ONE, u))


def _log_to_base(base: int) -> Callable[[Expr], Expr]:
    return lambda u: divide(function("log", u), function("log", number(base)))


ONE_ARGUMENT: dict[str, Callable[[Expr], Expr]] = {
    **{name: lambda u, name=name: function(name, u) for name in FUNCTION_PREFIX},  # type: ignore[misc]
    **{name: lambda u, own=own: function(own, u) for name, own in _SAME.items()},  # type: ignore[misc]
    "sqrt": lambda u: power(u, HALF),
    "cbrt": lambda u: power(u, number(Fraction(1, 3))),
    "log10": _log_to_base(10),
    "log2": _log_to_base(2),
    "sec": _reciprocal("cos"),
    "csc": _reciprocal("sin"),
    "cosec": _reciprocal("sin"),
    "cot": _reciprocal("tan"),
    "ctg": _reciprocal("tan"),
    "sech": _reciprocal("cosh"),
    "csch": _reciprocal("sinh"),
    "coth": _reciprocal("tanh"),
    **{name: _of_reciprocal("acos") for name in ("asec", "arcsec")},
    **{name: _of_reciprocal("asin") for name in ("acsc", "arccsc")},
    **{name: _of_reciprocal("atan") for name in ("acot", "arccot")},
    **{name: _of_reciprocal("acosh") for name in ("asech", "arcsech", "arsech")},
    **{name: _of_reciprocal("asinh") for name in ("acsch", "arccsch", "arcsch")},
    **{name: _of_reciprocal("atanh") for name in ("acoth", "arccoth", "arcoth")},
}
"""Meaning of a name with one argument. The inverses of sec, csc, cot and their hyperbolic kin are inverses of
the reciprocal (acot(u) = atan(1/u)), as in SymPy."""

TWO_ARGUMENTS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "log": lambda u, base: divide(function("log", u), function("log", base)),
    "ln": lambda u, base: divide(function("log", u), function("log", base)),
    "pow": power,
    "Pow": power,
    "root": lambda u, degree: power(u, divide(ONE, degree)),
}
MANY_ARGUMENTS: dict[str, Callable[..., Expr]] = {"Add": add, "Mul": multiply}

FUNCTION_NAMES = frozenset((*ONE_ARGUMENT, *TWO_ARGUMENTS, *MANY_ARGUMENTS))
