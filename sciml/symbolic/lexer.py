"""User text as a list of words, each with its place; the first half of reading an expression."""

import re
from dataclasses import dataclass
from fractions import Fraction

from sciml.errors import InputError

MAX_CHARACTERS = 20_000
MAX_WORDS = 8_000
MAX_DIGITS = 1_300
"""Digits of one number."""
MAX_POWER_OF_TEN = 300
"""Largest power of ten in a number like 1e5."""

_SAME_AS = {
    **{"−": "-", "–": "-", "·": "*", "×": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/"},
    **{"²": "^2", "³": "^3", "’": "'", "′": "'", "‘": "'", "″": "''", "\u00a0": " ", "\u2009": " "},
    **{"[": "(", "]": ")", "{": "(", "}": ")"},
}
"""Characters that are read as others; brackets of any kind are parentheses."""

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩ",
        (
            *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
            *("lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi"),
            *("chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma"),
            *("Phi", "Psi", "Omega"),
        ),
        strict=True,
    )
)
GREEK_NAMES = frozenset(_GREEK.values()) - {"pi"}

_WORD = re.compile(
    r"(?P<blank>[ \t\r\n]+)|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<sign>\*\*|==|''|[-+*/^()|,='])"
)


@dataclass(frozen=True)
class Word:
    """One word of a text."""

    kind: str
    """`number`, `name`, `sign` or, once, `end`."""
    text: str
    """The word; a number as it was written."""
    position: int
    """1-based place of its first character in the text as it was given."""
    after_blank: bool
    """Whether a blank precedes it."""


def words_of(text: str) -> list[Word]:
    """The words of a text, with `^` for both signs of a power, and an `end`.

    Raises:
        InputError: a character that means nothing here; too long a text; too many words.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"an expression of {len(text)} characters; at most {MAX_CHARACTERS} are read")
    plain, places = _plain(text)
    words: list[Word] = []
    start, after_blank = 0, False
    while start < len(plain):
        match = _WORD.match(plain, start)
        if match is None:
            raise InputError(_unknown_character(plain[start]), position=places[start])
        if match.lastgroup == "blank":
            after_blank = True
        else:
            word = {"**": "^", "==": "="}.get(match.group(), match.group())
            words.append(Word(str(match.lastgroup), word, places[start], after_blank))
            after_blank = False
        if len(words) > MAX_WORDS:
            raise InputError(f"at most {MAX_WORDS} words are read", position=places[start])
        start = match.end()
    words.append(Word("end", "", len(text) + 1, after_blank))
    return words


def _plain(text: str) -> tuple[str, list[int]]:
    """The text in ASCII where a character has an equal there, and the place of each character."""
    pieces, places = [], []
    for place, character in enumerate(text, 1):
        piece = _SAME_AS.get(character) or _GREEK.get(character) or character
        pieces.append(piece)
        places.extend([place] * len(piece))
    return "".join(pieces), places


def _unknown_character(character: str) -> str:
    shown = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
    if character == "!":
        return "factorials are not supported"
    if character == "√":
        return "write sqrt(…) for a root"
    return f"the character {shown} has no meaning in an expression"


def exact_number(word: Word) -> int | Fraction:
    """The number that a word says, exactly: 0.1 is 1/10.

    Raises:
        InputError: more than `MAX_DIGITS` digits, or a power of ten beyond `MAX_POWER_OF_TEN`.
    """
    mantissa, _, exponent = word.text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS:
        rule = f"a number of {len(mantissa)} digits; at most {MAX_DIGITS} are read"
        raise InputError(rule, position=word.position)
    whole, _, decimals = mantissa.partition(".")
    value = Fraction(int((whole or "0") + decimals), 10 ** len(decimals))
    if exponent:
        if len(exponent) > 5 or abs(int(exponent)) > MAX_POWER_OF_TEN:
            rule = f"the power of ten {exponent[:12]} is beyond ±{MAX_POWER_OF_TEN}"
            raise InputError(rule, position=word.position)
        value *= Fraction(10) ** int(exponent)
    return value.numerator if value.denominator == 1 else value
