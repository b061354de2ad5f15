"""One attempt among many may run into a division by zero or a huge number; the others go on."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

from sciml.symbolic.expression import ExpressionTooLargeError, UndefinedExpressionError

Found = TypeVar("Found")


def attempted(found: Iterator[Found]) -> Iterator[Found]:
    """What comes until the end, or until an expression has no value or is too large."""
    with suppress(UndefinedExpressionError, ExpressionTooLargeError):
        yield from found
