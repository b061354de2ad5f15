"""Expressions from token ids; the other way is `Expr.prefix`."""

from sciml.symbolic.expression import (
    FUNCTION_PREFIX,
    PI,
    Expr,
    divide,
    function,
    linear,
    number,
    power,
    product,
    sqrt,
    symbol,
)
from sciml.symbolic.vocabulary import (
    AFTER_NINE,
    ESCAPE,
    ID,
    INT_MINUS,
    INT_PLUS,
    TOKENS,
    ZERO,
    PrefixError,
)


def from_prefix(tokens: bytes) -> Expr:
    """The expression that a string of token ids in prefix order says, in canonical form.

    Any valid prefix expression is read, canonical or not; for an expression `e`, `from_prefix(e.prefix) ==
    e`.

    Raises:
        PrefixError: the ids are not exactly one prefix expression.
        UndefinedExpressionError: the expression has no value (a division by zero).
        ExpressionTooLargeError: an exact number beyond the limit.
    """
    stack: list[Expr] = []
    position = len(tokens)
    escaped = _escaped_positions(tokens)
    digits: list[int] = []
    while position > 0:
        position -= 1
        if escaped and position in escaped:
            start = escaped[position]
            stack.append(symbol(tokens[start + 2 : position + 1].decode()))
            position = start
            continue
        token = tokens[position]
        if ZERO <= token < AFTER_NINE:
            digits.append(token - ZERO)
            continue
        if token in (INT_PLUS, INT_MINUS):
            stack.append(number(_integer(token, digits)))
            digits = []
            continue
        if digits:
            raise PrefixError(f"digits without the sign of an integer (position {position + 1})")
        _apply(token, stack, position)
    if digits or len(stack) != 1:
        raise PrefixError(f"{len(stack)} expressions where one is wanted")
    return stack[0]


def _integer(sign: int, reversed_digits: list[int]) -> int:
    if not reversed_digits:
        raise PrefixError("an integer without digits")
    value = 0
    for digit in reversed(reversed_digits):
        value = value * 10 + digit
    return value if sign == INT_PLUS else -value


def _apply(token: int, stack: list[Expr], position: int) -> None:
    """Replace the operands on the stack by the node of `token`."""
    name = TOKENS[token] if token < len(TOKENS) else None
    if token in _LEAVES:
        stack.append(PI if token == _PI else symbol(_LEAVES[token]))
        return
    operands = 2 if token in _BINARY else 1 if name in _UNARY else -1
    if operands < 0:
        raise PrefixError(f"id {token} cannot stand in an expression (position {position})")
    if len(stack) < operands:
        raise PrefixError(f"{name} lacks an operand (position {position})")
    first = stack.pop()
    if operands == 1:
        stack.append(_unary(name or "", first))
        return
    second = stack.pop()
    if token == _ADD:
        stack.append(linear(((1, first), (1, second))))
    elif token == _MUL:
        stack.append(product(1, ((first, 1), (second, 1))))
    elif token == _DIV:
        stack.append(divide(first, second))
    else:
        stack.append(power(first, second))


def _unary(name: str, argument: Expr) -> Expr:
    if name == "neg":
        return linear(((-1, argument),))
    if name == "sqrt":
        return sqrt(argument)
    return function(name, argument)


def _escaped_positions(tokens: bytes) -> dict[int, int]:
    """Last byte -> escape byte of each symbol that is spelled out."""
    found: dict[int, int] = {}
    if ESCAPE not in tokens:
        return found
    position = 0
    while position < len(tokens):
        if tokens[position] == ESCAPE:
            if position + 1 >= len(tokens) or position + 1 + tokens[position + 1] >= len(tokens):
                raise PrefixError(f"a symbol is cut off (position {position})")
            end = position + 1 + tokens[position + 1]
            found[end] = position
            position = end
        position += 1
    return found


_LEAVES = {ID[name]: name for name in ("x", "y", "y'", "y''", "c1", "c2", "a", "b", "c", "pi")}
_ADD, _MUL, _DIV, _POW, _PI = (ID[name] for name in ("add", "mul", "div", "pow", "pi"))
_BINARY = frozenset((_ADD, _MUL, _DIV, _POW))
_UNARY = frozenset(("neg", "sqrt", *FUNCTION_PREFIX))
