"""The tokens of the sequence model and of `Expr.prefix`: names, ids and arities. Knows no other module.

An expression in prefix order is a string of ids below 256, kept as `bytes`. An integer is a sign token and
its decimal digits, most significant first, without leading zero: -12 is `INT- 1 2`, zero is `INT+ 0`. e is
`exp INT+ 1`, the imaginary unit `sqrt INT- 1`, one half `div INT+ 1 INT+ 2`.

Ids are part of every stored model and shard: new tokens are appended, none is ever moved.

Source: prefix notation and digit-wise integers of Lample & Charton, ICLR 2020, section 2.
"""

from collections.abc import Iterable

SPECIAL = ("<pad>", "<start>", "<end>")
TASKS = ("<integrate>", "<ode1>", "<ode2>")
"""First token of a source."""
LEAVES = ("x", "y", "y'", "y''", "c1", "c2", "a", "b", "c", "pi")
SIGNS = ("INT+", "INT-")
DIGITS = tuple("0123456789")
BINARY = ("add", "mul", "div", "pow")
UNARY = (
    *("neg", "sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "abs", "sign"),
)

TOKENS = (*SPECIAL, *TASKS, *LEAVES, *SIGNS, *DIGITS, *BINARY, *UNARY)
"""Name of each id."""
ID = {name: number for number, name in enumerate(TOKENS)}
"""Id of each name."""

PAD, START, END = (ID[name] for name in SPECIAL)
TASK_ID = {name.strip("<>"): ID[name] for name in TASKS}
"""Token of a task by the task's name: integrate, ode1, ode2."""
INT_PLUS, INT_MINUS = ID["INT+"], ID["INT-"]
ZERO = ID["0"]
"""Id of the digit 0; digit d is `ZERO + d`."""
AFTER_NINE = ZERO + 10
"""Ids of digits are `range(ZERO, AFTER_NINE)`."""
ESCAPE = 255
"""Starts a symbol of another name in `Expr.prefix`; never given to the model."""

_ARITY_BY_NAME = {
    **dict.fromkeys((*LEAVES, *SIGNS), 0),
    **dict.fromkeys(UNARY, 1),
    **dict.fromkeys(BINARY, 2),
}
ARITY = tuple(_ARITY_BY_NAME.get(name, -1) for name in TOKENS)
"""Operands of each id: 2, 1, 0 (leaves and the sign that starts an integer); -1 where none begins (digits,
special tokens, tasks)."""


class PrefixError(ValueError):
    """Token ids that are no prefix expression."""


def encode(text: str) -> bytes:
    """Ids of token names separated by blanks.

    Raises:
        PrefixError: a name that is no token.
    """
    names = text.split()
    unknown = [name for name in names if name not in ID]
    if unknown:
        raise PrefixError(f"{unknown[0]!r} is no token")
    return bytes(ID[name] for name in names)


def decode(tokens: Iterable[int]) -> str:
    """Token names separated by blanks; an id without a name as `<id>`."""
    return " ".join(TOKENS[one] if one < len(TOKENS) else f"<{one}>" for one in tokens)


def end_of_operand(tokens: bytes, start: int = 0) -> int:
    """Index behind the prefix expression that begins at `start`.

    Raises:
        PrefixError: no complete expression begins there: tokens are missing, a token cannot stand where it
            stands, or an integer has no digit or a leading zero.
    """
    position, pending = start, 1
    while pending:
        if position >= len(tokens):
            raise PrefixError(f"{pending} operands are missing at the end of {decode(tokens[start:])!r}")
        token = tokens[position]
        arity = ARITY[token] if token < len(ARITY) else -1
        if arity < 0:
            raise PrefixError(f"{decode([token])} cannot begin an operand (position {position})")
        position += 1
        pending += arity - 1
        if token in (INT_PLUS, INT_MINUS):
            position = _end_of_digits(tokens, position)
    return position


def _end_of_digits(tokens: bytes, start: int) -> int:
    position = start
    while position < len(tokens) and ZERO <= tokens[position] < AFTER_NINE:
        position += 1
    if position == start:
        raise PrefixError(f"an integer without digits (position {start})")
    if tokens[start] == ZERO and (position > start + 1 or tokens[start - 1] == INT_MINUS):
        raise PrefixError(f"an integer with a leading zero, or minus zero (position {start})")
    return position


def is_expression(tokens: bytes) -> bool:
    """Whether these ids are exactly one prefix expression."""
    try:
        return end_of_operand(tokens) == len(tokens)
    except PrefixError:
        return False
