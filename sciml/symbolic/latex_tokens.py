"""Text in LaTeX as tokens: commands, numbers, single letters and signs, without the integral around them."""

import re

from sciml.errors import InputError
from sciml.symbolic.lexer import MAX_CHARACTERS, Word

_TOKEN = re.compile(
    r"(?P<blank>\s+|\\[,;:!> ]|\\q?quad\b|~|&)|(?P<command>\\[A-Za-z]+|\\[{}|])"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))|(?P<name>[A-Za-z])|(?P<sign>[-+*/^_()\[\]{}|,=']|$)"
)
_SIZES = frozenset(rf"\{one}" for one in ("left", "right", "big", "Big", "bigg", "Bigg", "displaystyle"))
_SIGNS = {r"\cdot": "*", r"\times": "*", r"\div": "/", r"\{": "{", r"\}": "}", r"\|": "|"}
_SIGNS |= {r"\lvert": "|", r"\rvert": "|", r"\vert": "|", r"\prime": "'", r"\lbrack": "[", r"\rbrack": "]"}


def tokens_of(text: str) -> list[Word]:
    """Tokens with their places, and an `end`.

    Raises:
        InputError: a character that means nothing here, too long a text, limits of integration.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"an expression of {len(text)} characters; at most {MAX_CHARACTERS} are read")
    tokens, start = [], 0
    while start < len(text):
        match = _TOKEN.match(text, start)
        if match is None or match.end() == start:
            raise InputError(f"{text[start]!r} has no meaning in LaTeX here", position=start + 1)
        kind = str(match.lastgroup)
        if kind != "blank" and match.group() not in _SIZES:
            sign = _SIGNS.get(match.group())
            tokens.append(Word("sign" if sign else kind, sign or match.group(), start + 1, False))
        start = match.end()
    return _without_integral([*tokens, Word("end", "", len(text) + 1, False)])


def _without_integral(tokens: list[Word]) -> list[Word]:
    r"""The integrand of `\int … dx`."""
    if tokens[0].text != r"\int":
        return tokens
    if tokens[1].text in ("_", "^"):
        raise InputError("limits of integration are given apart: --definite", position=tokens[1].position)
    last = [one.text for one in tokens[-3:-1]]
    if last[:1] == ["d"] and last[1:2] == ["x"]:
        return [*tokens[1:-3], tokens[-1]]
    if [one.text for one in tokens[-6:-1]] == [r"\mathrm", "{", "d", "}", "x"]:
        return [*tokens[1:-6], tokens[-1]]
    raise InputError(r"an integral \int ends with dx", position=tokens[-1].position)
