"""What is asked: an integral or a differential equation, and how their texts are read."""

from dataclasses import dataclass

from sciml.errors import InputError
from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import ZERO_EXPR, Expr, X, linear, symbol
from sciml.symbolic.latex_words import words_in
from sciml.symbolic.lexer import Word
from sciml.symbolic.parser import Reader
from sciml.symbolic.unknown_function import Y, with_y

CONSTANT_NAMES = ("c1", "c2")
"""Constants of integration in the answer to a differential equation."""


@dataclass(frozen=True)
class Integral:
    """The indefinite integral of `integrand` over `variable`."""

    integrand: Expr
    variable: Expr = X
    notes: tuple[str, ...] = ()
    """How doubtful spots of the text were read."""


@dataclass(frozen=True)
class Equation:
    """The differential equation `left_side` = 0 in the symbols y, y', y'' and the variable."""

    left_side: Expr
    order: int
    variable: Expr = X
    notes: tuple[str, ...] = ()
    """How doubtful spots of the text were read."""


def parse_integral(text: str, variable: str = "x") -> Integral:
    """The integral of the function that a text says.

    Raises:
        InputError: the text breaks a rule of the grammar, or holds an unknown function.
    """
    reader = Reader(words_in(text))
    integrand = reader.whole_expression()
    if any(integrand.mask & one.mask for one in Y[1:]):
        raise InputError("an integrand holds no derivative of an unknown function; ask for dsolve")
    if integrand.mask & Y[0].mask and reader.variable is not None:
        raise InputError(f"y({reader.variable}) is an unknown function; nothing is known of its integral")
    return Integral(integrand, symbol(variable), tuple(reader.notes))


def parse_equation(text: str) -> Equation:
    """The differential equation that a text says: `left = right`, `Eq(left, right)`, or a left side alone.

    Raises:
        InputError: the text breaks a rule of the grammar, or has no y' and no y''.
    """
    words, unknown = with_y(_without_eq(words_in(text)))
    signs = [place for place, word in enumerate(words) if word.kind == "sign" and word.text == "="]
    if len(signs) > 1:
        rule = "an equation has one sign ="
        if any(word.text == "," for word in words[signs[0] : signs[1]]):
            rule += "; initial values are not read, the constants stay in the answer"
        raise InputError(rule, position=words[signs[1]].position)
    parts = [words]
    if signs:
        end = Word("end", "", words[signs[0]].position, False)
        parts = [[*words[: signs[0]], end], words[signs[0] + 1 :]]
    sides: list[Expr] = []
    notes = [] if unknown == "y" else [f"the unknown function {unknown} is called y"]
    variable = "t" if unknown == "x" else None
    for part in parts:
        reader = Reader(part)
        reader.variable = variable
        sides.append(reader.whole_expression())
        notes += [one for one in reader.notes if one not in notes]
        variable = reader.variable
    left_side = linear(((1, sides[0]), (-1, sides[1] if len(sides) == 2 else ZERO_EXPR)))
    return equation(left_side, symbol(variable or "x"), tuple(notes))


def equation(left_side: Expr, variable: Expr = X, notes: tuple[str, ...] = ()) -> Equation:
    """The equation `left_side` = 0, with its order.

    Raises:
        InputError: neither y' nor y'' is in it.
    """
    for order in (2, 1):
        if derivative(left_side, Y[order]) != ZERO_EXPR:
            return Equation(left_side, order, variable, notes)
    raise InputError("a differential equation needs y' or y''; neither is in this one")


def _without_eq(words: list[Word]) -> list[Word]:
    """`Eq(left, right)` as `left = right`."""
    if len(words) < 4 or [one.text for one in words[:2]] != ["Eq", "("] or words[-2].text != ")":
        return words
    depth = 0
    for place, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if depth == 1 and word.text == ",":
            equal = Word("sign", "=", word.position, False)
            return [*words[2:place], equal, *words[place + 1 : -2], words[-1]]
    return words
