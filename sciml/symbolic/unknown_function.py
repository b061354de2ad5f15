"""The unknown function of a differential equation in user text.

It is written y, y(x), y', dy/dx, Derivative(y(x), x) or diff(y, x). Another name takes the place of y if that
is what is differentiated (u', dv/dt); `with_y` renames it before the text is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sciml.errors import InputError
from sciml.symbolic.cursor import Cursor
from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import Expr, symbol
from sciml.symbolic.lexer import Word
from sciml.symbolic.symbol_names import broken_rule

Y = tuple(symbol(name) for name in ("y", "y'", "y''"))
"""The unknown function and its derivatives as symbols."""
DERIVATIVE_NAMES = ("Derivative", "diff", "D")
_BEYOND_SECOND = "derivatives beyond the second are not supported"


def with_y(words: list[Word]) -> tuple[list[Word], str]:
    """The words with y for the unknown function, and the name that it had.

    Raises:
        InputError: several functions are differentiated, or y is also something else.
    """
    found: dict[str, Word] = {}
    for place, word in enumerate(words):
        name = _differentiated(words, place)
        if name is not None:
            found.setdefault(name, word)
    if len(found) > 1:
        (first, _), (second, word), *_ = found.items()
        rule = f"{first} and {second} are differentiated; an equation has one unknown function"
        raise InputError(rule, position=word.position)
    name = next(iter(found), "y")
    if name == "y":
        return words, name
    for word in words:
        if word.kind == "name" and word.text == "y":
            rule = f"the unknown function is {name}; give y another name"
            raise InputError(rule, position=word.position)
    renamed = {name: "y", f"d{name}": "dy", f"d2{name}": "d2y"}
    return [
        replace(word, text=renamed.get(word.text, word.text)) if word.kind == "name" else word
        for word in words
    ], name


def _differentiated(words: Sequence[Word], place: int) -> str | None:
    """The name whose derivative begins at this place: u', du/dt, d2u/dt2, d^2 u/dt^2, diff(u, t)."""
    word, behind = words[place], [one.text for one in words[place + 1 : place + 5]]
    if word.kind != "name" or not behind:
        return None
    name = None
    if behind[0] in ("'", "''"):
        name = word.text
    elif word.text in DERIVATIVE_NAMES and behind[0] == "(" and len(behind) > 1:
        name = behind[1]
    elif behind[0] == "/" and behind[1][:1] == "d" and word.text[0] == "d":
        name = word.text.removeprefix("d").removeprefix("2")
    elif word.text == "d" and behind[:2] == ["^", "2"] and behind[3:] == ["/"]:
        name = behind[2]
    return name if name and name[0].isalpha() and broken_rule(name) is None else None


def is_unknown_function(cursor: Cursor, name: str) -> bool:
    """Whether the words behind this name make it the unknown function: a prime or a call."""
    return name == "y" and (cursor.is_sign("'", "''") or _is_called(cursor))


def _is_called(cursor: Cursor) -> bool:
    """Whether `(name)` with a plain name follows: y(x)."""
    here = cursor.words[cursor.place : cursor.place + 3]
    return [one.kind for one in here] == ["sign", "name", "sign"] and here[0].text + here[2].text == "()"


def read_unknown_function(cursor: Cursor, word: Word) -> Expr:
    """y, y', y'' behind their first letter, each with (x) or without.

    Raises:
        InputError: a third derivative; a second variable.
    """
    order = 0
    while cursor.is_sign("'", "''"):
        order += len(cursor.take().text)
    if order > 2:
        raise InputError(_BEYOND_SECOND, position=word.position)
    if _is_called(cursor):
        cursor.take()
        _depends_on(cursor, cursor.take())
        cursor.take()
    return Y[order]


def _depends_on(cursor: Cursor, word: Word) -> None:
    """The unknown function depends on this variable, and on no other."""
    if cursor.variable not in (None, word.text):
        rule = f"the unknown function depends on {cursor.variable} and on {word.text}"
        raise InputError(rule, position=word.position)
    if word.kind != "name" or broken_rule(word.text) is not None or word.text == "y":
        raise InputError(f"{word.text[:40]!r} cannot be a variable", position=word.position)
    cursor.variable = word.text


def read_leibniz(cursor: Cursor) -> Expr | None:
    """dy/dx, d2y/dx2 or d^2y/dx^2, or None if the words are not of that form."""
    texts = [one.text for one in cursor.words[cursor.place : cursor.place + 8]]
    for order, top in ((1, ["dy"]), (2, ["d2y"]), (2, ["d", "^", "2", "y"])):
        if texts[: len(top) + 1] != [*top, "/"]:
            continue
        bottom = cursor.words[cursor.place + len(top) + 1]
        name, length = bottom.text, 1
        if order == 2:
            if texts[len(top) + 2 : len(top) + 4] == ["^", "2"]:
                length = 3
            elif name.endswith("2"):
                name = name[:-1]
            else:
                return None
        if bottom.kind != "name" or not name.startswith("d") or len(name) < 2:
            return None
        cursor.place += len(top) + 1 + length
        _depends_on(cursor, Word("name", name[1:], bottom.position, False))
        return Y[order]
    return None


def read_derivative_call(cursor: Cursor, word: Word, read_sum: Callable[[], Expr]) -> Expr:
    """Derivative(y(x), x), diff(y, x, 2), Derivative(y(x), (x, 2)), Derivative(y(x), x, x) behind the name.

    A derivative of an expression without the unknown function is taken at once.

    Raises:
        InputError: anything else; a third derivative of the unknown function.
    """
    cursor.take()
    inside = read_sum()
    order = 0
    while cursor.is_sign(","):
        cursor.take()
        order += (
            _small_order(cursor.take()) - 1 if cursor.next.kind == "number" else _variable_and_order(cursor)
        )
    cursor.expect(")", f"to close {word.text} of position {word.position}")
    if order == 0 and cursor.variable is None:
        raise InputError(f"{word.text} needs its variable: {word.text}(y(x), x)", position=word.position)
    order = order or 1
    if inside in Y:
        total = Y.index(inside) + order
        if total > 2:
            raise InputError(_BEYOND_SECOND, position=word.position)
        return Y[total]
    if any(inside.mask & one.mask for one in Y):
        raise InputError("only y itself stands in a derivative", position=word.position)
    if order > 2:
        raise InputError(_BEYOND_SECOND, position=word.position)
    variable = symbol(cursor.variable or "x")
    if order == 2:
        return cursor.built(word.position, lambda: derivative(derivative(inside, variable), variable))
    return cursor.built(word.position, lambda: derivative(inside, variable))


def _variable_and_order(cursor: Cursor) -> int:
    """x or (x, n) in a list of derivatives; how many of them."""
    if not cursor.is_sign("("):
        if cursor.next.kind != "name":
            rule = f"a variable is missing; found {cursor.shown()}"
            raise InputError(rule, position=cursor.next.position)
        _depends_on(cursor, cursor.take())
        return 1
    cursor.take()
    if cursor.next.kind != "name":
        raise InputError(f"a variable is missing; found {cursor.shown()}", position=cursor.next.position)
    _depends_on(cursor, cursor.take())
    cursor.expect(",", "in a pair of variable and order")
    if cursor.next.kind == "end":
        raise InputError("an order is missing", position=cursor.next.position)
    order = _small_order(cursor.take())
    cursor.expect(")", "behind a pair of variable and order")
    return order


def _small_order(word: Word) -> int:
    if word.text not in ("1", "2", "3", "4", "5"):
        rule = f"an order of a derivative is 1 to 5, not {word.text[:40]!r}"
        raise InputError(rule, position=word.position)
    return int(word.text)
