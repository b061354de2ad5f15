r"""Expressions as LaTeX: \frac{x^{2}}{2} + \sin\left(x\right)."""

from fractions import Fraction
from itertools import pairwise

from sciml.symbolic.expression import (
    ADD,
    CONSTANT,
    EULER,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    SYMBOL,
    Expr,
    Number,
)
from sciml.symbolic.infix import (
    ATOM_LEVEL,
    POWER_LEVEL,
    PRODUCT_LEVEL,
    SUM_LEVEL,
    fraction_parts,
    ordered_terms,
    without_outer_minus,
)
from sciml.symbolic.lexer import GREEK_NAMES

_FUNCTIONS = {
    **{name: rf"\{name}" for name in ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"},
    **{name: rf"\operatorname{{ar{name[1:]}}}" for name in ("asinh", "acosh", "atanh")},
    "sign": r"\operatorname{sgn}",
}
_NO_COMMAND = ("omicron",)


def to_latex(node: Expr) -> str:
    """The expression as LaTeX for mathematical mode."""
    return _latex(node)[0]


def _latex(node: Expr) -> tuple[str, int]:
    kind = node.kind
    if kind == NUMBER:
        text = _number(abs(node.value))
        level = ATOM_LEVEL if type(node.value) is int else PRODUCT_LEVEL
        return (f"-{text}", SUM_LEVEL) if node.value < 0 else (text, level)
    if kind == SYMBOL:
        return symbol_latex(node.value), ATOM_LEVEL
    if kind == CONSTANT:
        return r"\pi", ATOM_LEVEL
    if kind == FUNCTION:
        return _function(node)
    if kind == ADD:
        return _sum(node), SUM_LEVEL
    if kind == POWER and (node.value is None or node.value > 0):
        return _power(node.args[0], node.args[1])
    coefficient, factors = without_outer_minus(node)
    text, level = _product(-coefficient if coefficient < 0 else coefficient, factors)
    return (f"-{text}", SUM_LEVEL) if coefficient < 0 else (text, level)


def symbol_latex(name: str) -> str:
    r"""A name: Greek letters as commands, digits as an index, c1 as c_{1}; primes stay."""
    letters = name.rstrip("'")
    primes = name[len(letters) :]
    stem = letters.rstrip("0123456789")
    index = letters[len(stem) :]
    stem = stem.rstrip("_") or "_"
    if stem in GREEK_NAMES and stem not in _NO_COMMAND:
        stem = f"\\{stem}"
    elif len(stem) > 1:
        escaped = stem.replace("_", r"\_")
        stem = rf"\mathrm{{{escaped}}}"
    return stem + (f"_{{{index}}}" if index else "") + primes


def _number(value: Number) -> str:
    return str(value) if type(value) is int else rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


def _parenthesised(node: Expr, level: int) -> str:
    text, own = _latex(node)
    return text if own >= level else rf"\left({text}\right)"


def _function(node: Expr) -> tuple[str, int]:
    if node == EULER:
        return "e", ATOM_LEVEL
    inside = to_latex(node.args[0])
    if node.value == "exp":
        return f"e^{{{inside}}}", POWER_LEVEL
    if node.value == "abs":
        return rf"\left|{inside}\right|", ATOM_LEVEL
    return rf"{_FUNCTIONS[node.value]}\left({inside}\right)", ATOM_LEVEL


def _power(base: Expr, exponent: Expr) -> tuple[str, int]:
    if exponent.kind == NUMBER and type(exponent.value) is Fraction and exponent.value.numerator == 1:
        degree = exponent.value.denominator
        if degree == 2 and base.kind == NUMBER and base.value == -1:
            return "i", ATOM_LEVEL
        root = "" if degree == 2 else f"[{degree}]"
        return rf"\sqrt{root}{{{to_latex(base)}}}", ATOM_LEVEL
    above = to_latex(exponent)
    is_named = base.kind == FUNCTION and base.value in _FUNCTIONS
    if is_named and exponent.kind == NUMBER and type(exponent.value) is int:
        return rf"{_FUNCTIONS[base.value]}^{{{above}}}\left({to_latex(base.args[0])}\right)", POWER_LEVEL
    return f"{_parenthesised(base, ATOM_LEVEL)}^{{{above}}}", POWER_LEVEL


def _sum(node: Expr) -> str:
    pieces: list[str] = []
    for coefficient, term in ordered_terms(node):
        size: Number = -coefficient if coefficient < 0 else coefficient
        if term is None:
            text = _number(size)
        else:
            text = _product(size, term.args if term.kind == MULTIPLY else (term,))[0]
        sign = (" - " if pieces else "-") if coefficient < 0 else (" + " if pieces else "")
        pieces.append(sign + text)
    return "".join(pieces)


def _product(coefficient: Number, factors: tuple[Expr, ...]) -> tuple[str, int]:
    """coefficient (positive) times the factors, with one fraction bar."""
    top, above, bottom, below = fraction_parts(coefficient, factors)
    is_fraction = bool(below) or bottom != 1
    numerator, denominator = _factors(top, above, is_fraction), _factors(bottom, below, True)
    if not is_fraction:
        return numerator, PRODUCT_LEVEL
    return rf"\frac{{{numerator}}}{{{denominator}}}", PRODUCT_LEVEL


def _factors(coefficient: int, factors: list[Expr], is_part: bool) -> str:
    """A product without fraction bar; inside a fraction a lone sum needs no parentheses."""
    if is_part and coefficient == 1 and len(factors) == 1:
        return to_latex(factors[0])
    texts = [] if coefficient == 1 and factors else [str(coefficient)]
    texts += [_parenthesised(factor, POWER_LEVEL) for factor in factors]
    joined = texts[0]
    for before, text in pairwise(texts):
        needs_dot = text[0].isdigit() or (
            before[-1].isalpha() and before.startswith("\\") and text[0].isalpha()
        )
        joined += (r" \cdot " if needs_dot else " ") + text
    return joined
