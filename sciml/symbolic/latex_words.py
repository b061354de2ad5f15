r"""Text in LaTeX as the words of our own grammar: `\frac{x}{2} e^{-x}` as `((x)/(2))*e^(-x)`.

Text with a backslash is read by the rules of mathematical typesetting: letters side by side are a product
(`xy` is x*y), `i` is the imaginary unit, blanks mean nothing, and a sign of multiplication is put in wherever
two factors meet. A function without parentheses takes what follows up to the next sign or function
(`\sin 2x \cos x`). An integral sign in front and its `dx` at the end are left aside; limits of integration
are refused.
"""

import re
from dataclasses import replace

from sciml.errors import InputError
from sciml.symbolic.cursor import MAX_DEPTH
from sciml.symbolic.latex_tokens import tokens_of
from sciml.symbolic.lexer import GREEK_NAMES, MAX_WORDS, Word, words_of
from sciml.symbolic.named_functions import ONE_ARGUMENT

_FRACTIONS = (r"\frac", r"\dfrac", r"\tfrac", r"\cfrac")
_NAMED = (r"\operatorname", r"\mathrm", r"\text", r"\mathop")
_GREEK = {rf"\{name}": name for name in (*GREEK_NAMES, "pi")} | {
    rf"\var{name}": name for name in ("epsilon", "theta", "phi", "rho", "sigma", "kappa")
}
_FUNCTIONS = {rf"\{name}": name for name in ONE_ARGUMENT}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def words_in(text: str) -> list[Word]:
    r"""The words of a text, in LaTeX if there is a backslash in it.

    Raises:
        InputError: a character or command that means nothing here; see `words_of`.
    """
    if "\\" not in text:
        return words_of(text)
    words = _Typeset(tokens_of(text)).words()
    if len(words) > MAX_WORDS:
        raise InputError(f"at most {MAX_WORDS} words are read", position=words[MAX_WORDS].position)
    return words


class _Typeset:
    """Goes through the tokens once and writes words."""

    def __init__(self, tokens: list[Word]) -> None:
        self.tokens, self.place, self.depth = tokens, 0, 0
        self.open_bars = 0
        self.written: list[Word] = []

    @property
    def next(self) -> Word:
        return self.tokens[self.place]

    def take(self) -> Word:
        self.place += 1
        return self.tokens[self.place - 1]

    def write(self, kind: str, text: str, token: Word) -> None:
        self.written.append(replace(token, kind=kind, text=text, after_blank=False))

    def words(self) -> list[Word]:
        """All words, with the end."""
        self.sequence(("end",))
        return [*self.written, self.next]

    def sequence(self, ends: tuple[str, ...]) -> None:
        """Everything up to one of these signs, which is left; a sign between neighbours that are factors."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InputError(f"nested over {MAX_DEPTH} levels deep", position=self.next.position)
        is_behind_factor = False
        while self.next.text not in ends and self.next.kind != "end":
            if self.next.kind == "sign" and self.next.text in "+-*/^,=')]}":
                if self.next.text == "^":
                    self.power()
                    continue
                token = self.take()
                self.write("sign", token.text, token)
                is_behind_factor = token.text in "')]}"
                continue
            if self.next.text == "|" and self.open_bars and is_behind_factor:
                break
            if is_behind_factor and not self.is_call():
                self.write("sign", "*", self.next)
            self.factor()
            is_behind_factor = True
        self.depth -= 1

    def factor(self) -> None:
        """One factor without its exponent."""
        token = self.take()
        if token.kind == "number":
            self.write("number", token.text, token)
        elif token.kind == "name":
            name = token.text + self.subscript()
            self.write("name", "I" if name == "i" else name, token)
        elif token.text in _CLOSING:
            self.place -= 1
            self.group()
        elif token.text == "|":
            self.write("sign", "|", token)
            self.open_bars += 1
            self.sequence(("|",))
            self.open_bars -= 1
            self.close("|", token)
        elif token.text in _GREEK:
            self.write("name", _GREEK[token.text] + self.subscript(), token)
        elif token.text in _FRACTIONS:
            self.fraction(token)
        elif token.text == r"\sqrt":
            self.root(token)
        elif token.text in _FUNCTIONS:
            self.call(_FUNCTIONS[token.text], token)
        elif token.text in _NAMED:
            self.call(self.plain_name(token), token)
        else:
            raise InputError(f"{token.text[:40]!r} is not read in LaTeX", position=token.position)

    def is_call(self) -> bool:
        """Whether (x) or (t) stands behind a letter or prime: y(x), u'(t)."""
        here = [one.text for one in self.tokens[self.place : self.place + 3]]
        before = self.written[-1]
        is_letter = before.kind == "name" and before.text.isalpha() and len(before.text) == 1
        return (is_letter or before.text == "'") and here in (["(", "x", ")"], ["(", "t", ")"])

    def close(self, sign: str, opened: Word) -> None:
        if self.next.text != sign:
            rule = f"{sign!r} is missing to close {opened.text!r} of position {opened.position}"
            raise InputError(rule, position=self.next.position)
        self.write("sign", ")" if sign in _CLOSING.values() else sign, self.take())

    def group(self) -> None:
        """( … ), [ … ] or { … } as ( … )."""
        opened = self.take()
        self.write("sign", "(", opened)
        bars, self.open_bars = self.open_bars, 0
        self.sequence((_CLOSING[opened.text],))
        self.open_bars = bars
        self.close(_CLOSING[opened.text], opened)

    def braces(self, of: Word) -> None:
        """The argument of a command: { … }, or one token; of a number its first digit."""
        if self.next.text == "{":
            self.group()
        elif self.next.kind == "number" and of.text != "^":
            token = self.next
            self.write("number", token.text[0], token)
            rest = replace(token, text=token.text[1:], position=token.position + 1)
            self.tokens[self.place] = rest
            self.place += not rest.text
        elif self.next.kind == "end":
            raise InputError(f"{of.text[:40]} needs its argument in braces", position=of.position)
        else:
            self.write("sign", "(", self.next)
            self.factor()
            self.write("sign", ")", self.next)

    def power(self) -> None:
        self.write("sign", "^", self.next)
        sign = self.take()
        if self.next.kind == "command" and self.next.text not in _GREEK:
            raise InputError("write an exponent in braces", position=self.next.position)
        self.braces(sign)

    def subscript(self) -> str:
        """The number of a name: c_1 or c_{12}."""
        if self.next.text != "_":
            return ""
        sign, is_braced = self.take(), self.next.text == "{"
        self.place += is_braced
        number = self.take()
        if is_braced and self.next.text == "}":
            self.place += 1
        elif is_braced:
            number = self.next
        if number.kind != "number" or not number.text.isdigit():
            raise InputError("a subscript is a number", position=sign.position)
        return number.text

    def fraction(self, token: Word) -> None:
        r"""\frac{A}{B} as ((A)/(B)), \frac{dy}{dx} as dy/dx."""
        if self.derivative(token):
            return
        self.write("sign", "(", token)
        self.braces(token)
        self.write("sign", "/", token)
        self.braces(token)
        self.write("sign", ")", token)

    def derivative(self, token: Word) -> bool:
        r"""Write \frac{dy}{dx} or \frac{d^2y}{dx^2}, if that is what stands here."""
        here = "".join([one.text for one in self.tokens[self.place : self.place + 16]])
        match = re.match(r"\{d(?:\^(?:2|\{2\}))?([A-Za-z])\}\{d([A-Za-z])(\^(?:2|\{2\}))?\}", here)
        if match is None or ("^" in match.group()[:4]) != (match.group(3) is not None):
            return False
        end = self.place
        length = 0
        while length < match.end():
            length += len(self.tokens[end].text)
            end += 1
        self.place = end
        second = "2" if match.group(3) else ""
        self.write("name", f"d{second}{match.group(1)}", token)
        self.write("sign", "/", token)
        self.write("name", f"d{match.group(2)}{second}", token)
        return True

    def root(self, token: Word) -> None:
        r"""\sqrt{A} or \sqrt[n]{A}, as sqrt(A) or root(A, n)."""
        degree: list[Word] = []
        if self.next.text == "[":
            outside, self.written = self.written, []
            opened = self.take()
            self.sequence(("]",))
            self.close("]", opened)
            degree, self.written = self.written[:-1], outside
        self.write("name", "root" if degree else "sqrt", token)
        self.write("sign", "(", token)
        self.braces(token)
        if degree:
            self.write("sign", ",", token)
            self.written += degree
        self.write("sign", ")", token)

    def plain_name(self, token: Word) -> str:
        r"""The function of \operatorname{name}."""
        letters = []
        if self.next.text == "{":
            self.take()
            while self.next.kind == "name":
                letters.append(self.take().text)
        name = "".join(letters)
        if name not in ONE_ARGUMENT or self.next.text != "}":
            raise InputError(f"{token.text} holds no function that is known", position=token.position)
        self.take()
        return name

    def call(self, name: str, token: Word) -> None:
        r"""\sin^2 x, \sin(x), \sin^{-1} x, \sin 2x."""
        exponent = self.exponent()
        if exponent == "-1":
            name, exponent = ("arc" if f"arc{name}" in ONE_ARGUMENT else "a") + name, ""
            if name not in ONE_ARGUMENT:
                raise InputError(f"{token.text} has no inverse here", position=token.position)
        self.write("name", name, token)
        if exponent:
            self.write("sign", "^", token)
            self.write("number", exponent, token)
        if self.next.text in ("(", "["):
            self.group()
            return
        self.write("sign", "(", token)
        self.bare_argument(token)
        self.write("sign", ")", token)

    def exponent(self) -> str:
        """The number behind ^ of a function, or nothing."""
        if self.next.text != "^":
            return ""
        sign = self.take()
        tokens = [self.take()]
        while tokens[0].text == "{" and self.next.kind != "end" and tokens[-1].text != "}":
            tokens.append(self.take())
        text = "".join([one.text for one in tokens]).strip("{}")
        if not re.fullmatch(r"-1|[0-9]+", text):
            raise InputError("an exponent of a function's name is a number", position=sign.position)
        return text

    def bare_argument(self, token: Word) -> None:
        """Factors up to the next sign or function: 2x of `sin 2x cos x`."""
        count = 0
        while self.next.kind != "end" and not self.ends_bare_argument(count):
            if count:
                self.write("sign", "*", self.next)
            self.factor()
            if self.next.text == "^":
                self.power()
            count += 1
        if not count:
            raise InputError(f"{token.text[:40]} needs its argument", position=token.position)

    def ends_bare_argument(self, count: int) -> bool:
        text = self.next.text
        if text == "|":
            return self.open_bars > 0 or count > 0
        return text in (*"+-*/^_,=')]}", r"\operatorname") or text in _FUNCTIONS
