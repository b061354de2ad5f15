"""User text as expressions: a grammar of our own, by precedence; no text is ever executed.

Read are sums, products, quotients, powers (`^` or `**`, from the right), parentheses of any kind, `|x|`, the
usual names of functions (`named_functions.py`), `pi`, `e` or `E`, `I`, the unknown function y with its
derivatives (`unknown_function.py`), and as parameters single letters, Greek names and letters with a number
(c1, k_2). A number with decimals is exact (0.5 is 1/2).

A sign of multiplication may be missing after a number or a closing parenthesis (`2x`, `(x+1)(x-1)`,
`2sin(x)`); such text is read with a note. It is refused where two readings exist: `1/2x`, `x^2y`, `x y`,
`x(x+1)`, `sin x`. Text in LaTeX is read by the rules of `latex_words.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from sciml.errors import InputError
from sciml.symbolic.cursor import MAX_EXPONENT, Cursor
from sciml.symbolic.expression import (
    EULER,
    IMAGINARY_UNIT,
    NUMBER,
    PI,
    Expr,
    Number,
    function,
    linear,
    number,
    power,
    product,
    symbol,
)
from sciml.symbolic.latex_words import words_in
from sciml.symbolic.lexer import Word, exact_number
from sciml.symbolic.named_functions import FUNCTION_NAMES, MANY_ARGUMENTS, ONE_ARGUMENT, TWO_ARGUMENTS
from sciml.symbolic.symbol_names import broken_rule, rule_of_unknown_call
from sciml.symbolic.unknown_function import (
    DERIVATIVE_NAMES,
    is_unknown_function,
    read_derivative_call,
    read_leibniz,
    read_unknown_function,
)

_CONSTANTS = {"pi": PI, "Pi": PI, "PI": PI, "e": EULER, "E": EULER, "I": IMAGINARY_UNIT}


@dataclass(frozen=True)
class Parsed:
    """What a text says."""

    expression: Expr
    notes: tuple[str, ...]
    """How doubtful spots were read, one sentence each."""
    variable: str | None
    """What the unknown function depends on, if the text says it."""


def parse(text: str) -> Expr:
    """The expression that a text says; `parse(to_infix(e)) == e`.

    Raises:
        InputError: the rule that the text breaks, and where.
    """
    return parse_noted(text).expression


def parse_noted(text: str) -> Parsed:
    """Like `parse`, with the notes."""
    reader = Reader(words_in(text))
    expression = reader.whole_expression()
    return Parsed(expression, tuple(reader.notes), reader.variable)


class Reader(Cursor):
    """The grammar, one method for each rule, loosest first."""

    def whole_expression(self) -> Expr:
        """The whole text as one expression."""
        if self.next.kind == "end":
            raise InputError("the expression is empty")
        expression = self.sum()
        if self.next.kind != "end":
            raise InputError(f"{self.shown()} cannot stand here", position=self.next.position)
        return expression

    def sum(self) -> Expr:
        """product (± product)*."""
        self.enter()
        start = self.next.position
        terms: list[tuple[Number, Expr]] = [(1, self.product())]
        while self.is_sign("+", "-"):
            sign = 1 if self.take().text == "+" else -1
            terms.append((sign, self.product()))
        self.leave()
        return terms[0][1] if len(terms) == 1 else self.built(start, lambda: linear(terms))

    def product(self) -> Expr:
        """signed (* signed | / signed | signed)*; the sign of multiplication may be missing."""
        start = self.next.position
        factors: list[tuple[Expr, Number]] = [(self.signed(), 1)]
        is_divided = False
        while True:
            if self.is_sign("*", "/"):
                is_divided = self.take().text == "/"
                factors.append((self.signed(), -1 if is_divided else 1))
            elif self.next.kind in ("number", "name") or self.is_sign("(") or self.opens_bars():
                self.check_missing_sign(is_divided)
                factors.append((self.power(), 1))
            else:
                break
        return factors[0][0] if len(factors) == 1 else self.built(start, lambda: product(1, factors))

    def opens_bars(self) -> bool:
        """Whether a bar here opens an absolute value; inside of one it closes it."""
        return self.is_sign("|") and not self.open_bars

    def check_missing_sign(self, is_divided: bool) -> None:
        """Refuse a missing sign of multiplication where the text has two readings."""
        before, word = self.words[self.place - 1], self.next
        behind_exponent = self.place >= 2 and self.words[self.place - 2].text == "^"
        if is_divided:
            rule = (
                f"a quotient followed by {word.text[:40]!r} has two readings; write / and * with parentheses"
            )
        elif word.kind == "number" or before.kind == "name" or before.text == "'":
            rule = f"a sign is missing: write {before.text[:40]}*{word.text[:40]}"
        elif behind_exponent and not word.after_blank and word.text != "(":
            rule = f"an exponent followed by {word.text[:40]!r} has two readings; write * or parentheses"
        else:
            self.note(f"{before.text}{word.text} is read as a product")
            return
        raise InputError(rule, position=word.position)

    def signed(self) -> Expr:
        """A power with any number of signs before it."""
        position, is_minus = self.next.position, False
        while self.is_sign("+", "-"):
            is_minus ^= self.take().text == "-"
        value = self.power()
        return self.built(position, lambda: linear(((-1, value),))) if is_minus else value

    def power(self) -> Expr:
        """primary [^ exponent], from the right."""
        base = self.primary()
        if not self.is_sign("^"):
            return base
        position = self.take().position
        self.enter()
        exponent = self.signed()
        self.leave()
        if exponent.kind == NUMBER and abs(exponent.value) > MAX_EXPONENT:
            raise InputError(f"an exponent beyond ±{MAX_EXPONENT}", position=position)
        if base is EULER:
            return self.built(position, lambda: function("exp", exponent))
        return self.built(position, lambda: power(base, exponent))

    def primary(self) -> Expr:
        """A number, a name, a call, or an expression in parentheses or bars."""
        word = self.next
        if word.kind == "number":
            value = exact_number(self.take())
            if type(value) is Fraction or "e" in word.text.lower():
                self.note(f"{word.text} is read as the exact number {value}" if len(str(value)) < 40 else "")
            return self.built(word.position, lambda: number(value))
        if word.kind == "name":
            return self.name()
        if self.is_sign("("):
            self.take()
            bars, self.open_bars = self.open_bars, 0
            inside = self.sum()
            self.open_bars = bars
            self.expect(")", f"to close the parenthesis of position {word.position}")
            return inside
        if self.is_sign("|"):
            self.take()
            self.open_bars += 1
            inside = self.sum()
            self.open_bars -= 1
            self.expect("|", f"to close the bar of position {word.position}")
            return self.built(word.position, lambda: function("abs", inside))
        raise InputError(f"an operand is missing; found {self.shown()}", position=word.position)

    # Names -------------------------------------------------------------------------------------------------

    def name(self) -> Expr:
        """A constant, symbol, call or derivative."""
        leibniz = read_leibniz(self)
        if leibniz is not None:
            return leibniz
        word = self.take()
        if word.text in DERIVATIVE_NAMES and self.is_sign("("):
            return read_derivative_call(self, word, self.sum)
        if is_unknown_function(self, word.text):
            return read_unknown_function(self, word)
        if word.text in FUNCTION_NAMES:
            return self.call(word)
        if self.is_sign("(") and not self.next.after_blank:
            raise InputError(rule_of_unknown_call(word.text), position=word.position)
        if word.text in _CONSTANTS:
            return _CONSTANTS[word.text]
        rule = broken_rule(word.text)
        if rule is not None:
            raise InputError(rule, position=word.position)
        return symbol(word.text)

    def call(self, word: Word) -> Expr:
        """name(arguments), or name^n(argument)."""
        exponent: Expr | None = None
        if self.is_sign("^"):
            position = self.take().position
            if self.next.kind != "number" or self.words[self.place + 1].text != "(":
                rule = f"write {word.text}(…)^n; for an inverse function write a{word.text}(…)"
                raise InputError(rule, position=position)
            exponent = number(exact_number(self.take()))
            self.note(f"{word.text}^{exponent}(…) is read as {word.text}(…)^{exponent}")
        if not self.is_sign("("):
            rule = f"{word.text} needs its argument in parentheses: {word.text}(…)"
            raise InputError(rule, position=word.position)
        arguments = self.arguments()
        made: Callable[..., Expr] | None = MANY_ARGUMENTS.get(word.text)
        if made is None and len(arguments) == 1:
            made = ONE_ARGUMENT.get(word.text)
        elif made is None and len(arguments) == 2:
            made = TWO_ARGUMENTS.get(word.text)
        if made is None:
            rule = f"{word.text} does not take {len(arguments)} arguments"
            raise InputError(rule, position=word.position)
        value = self.built(word.position, lambda: made(*arguments))
        return value if exponent is None else self.built(word.position, lambda: power(value, exponent))

    def arguments(self) -> list[Expr]:
        """(sum, sum, …)."""
        opened = self.take().position
        bars, self.open_bars = self.open_bars, 0
        found = [self.sum()]
        while self.is_sign(","):
            self.take()
            found.append(self.sum())
        self.open_bars = bars
        self.expect(")", f"to close the parenthesis of position {opened}")
        return found
