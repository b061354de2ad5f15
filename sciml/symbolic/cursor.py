"""A place in the words of a text: what both halves of the parser move along."""

from collections.abc import Callable

from sciml.errors import InputError
from sciml.symbolic.expression import (
    NUMBER,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
)
from sciml.symbolic.lexer import Word

MAX_DEPTH = 100
"""Parentheses, calls and exponents inside one another."""
MAX_EXPONENT = 1_000_000
"""Largest exponent that is a number."""
MAX_DENOMINATOR = 10**9
"""Largest denominator of such an exponent."""


class Cursor:
    """Reads words from the left to the right.

    `notes` collects how doubtful spots were read; `variable` is what the unknown function depends on, or
    None.
    """

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self.place = 0
        self.depth = 0
        self.open_bars = 0
        self.notes: list[str] = []
        self.variable: str | None = None

    @property
    def next(self) -> Word:
        """The word that is read next."""
        return self.words[self.place]

    def is_sign(self, *signs: str) -> bool:
        """Whether the next word is one of these signs."""
        return self.next.kind == "sign" and self.next.text in signs

    def take(self) -> Word:
        """The next word, which is left behind."""
        word = self.words[self.place]
        self.place += 1
        return word

    def expect(self, sign: str, where: str) -> None:
        """Leave this sign behind.

        Raises:
            InputError: another word stands here.
        """
        if not self.is_sign(sign):
            raise InputError(
                f"{sign!r} is missing {where}; found {self.shown()}", position=self.next.position
            )
        self.place += 1

    def shown(self) -> str:
        """The next word for a message."""
        return "the end" if self.next.kind == "end" else repr(self.next.text[:40])

    def note(self, text: str) -> None:
        """Keep a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def built(self, position: int, make: Callable[[], Expr]) -> Expr:
        """What `make` makes; an expression without value or beyond the limits is refused at `position`."""
        try:
            made = make()
        except (UndefinedExpressionError, ExpressionTooLargeError) as error:
            raise InputError(str(error), position=position) from error
        _check_exponents(made, position)
        return made

    def enter(self) -> None:
        """One level deeper.

        Raises:
            InputError: over `MAX_DEPTH` levels.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InputError(f"nested over {MAX_DEPTH} levels deep", position=self.next.position)

    def leave(self) -> None:
        """One level up."""
        self.depth -= 1


def _check_exponents(node: Expr, position: int) -> None:
    factors = node.args if node.kind not in (NUMBER, POWER) and node.args else (node,)
    for factor in factors:
        exponent = factor.value if isinstance(factor, Expr) and factor.kind == POWER else None
        if exponent is not None and (abs(exponent) > MAX_EXPONENT or exponent.denominator > MAX_DENOMINATOR):
            raise InputError(f"an exponent beyond ±{MAX_EXPONENT}", position=position)
