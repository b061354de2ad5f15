"""Problems brought into the form that every rung expects, and answers brought back.

Names: the variable becomes x and parameters a, b, c, … (`Renaming`). Integrals: a constant factor is taken
out, a function of a*x + b becomes a function of x (`linear_argument`), and numbers beyond what the sequence
model was trained on become parameters (`abstracted`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sciml.symbolic.expression import (
    ADD,
    MULTIPLY,
    NUMBER,
    ONE,
    POWER,
    SYMBOL,
    ZERO_EXPR,
    Expr,
    Number,
    X,
    linear,
    number,
    power,
    product,
    symbol,
    symbol_names,
)
from sciml.symbolic.substitution import operands, rename, substitute

MODEL_PARAMETERS = ("a", "b", "c")
"""Names of parameters that the sequence model knows."""
_UNKNOWN_FUNCTION = ("y", "y'", "y''", "c1", "c2")


@dataclass(frozen=True)
class Renaming:
    """Names of the user and those inside, both ways."""

    inside: Mapping[str, str]
    """User's name to the one inside."""

    @staticmethod
    def of(node: Expr, variable: Expr, *, is_equation: bool = False) -> "Renaming":
        """The variable to x, all other symbols to a, b, c, p4, p5, … in alphabetical order.

        In an equation y, y', y'' and the constants c1, c2 keep their names.
        """
        kept = _UNKNOWN_FUNCTION if is_equation else ()
        names = sorted({*symbol_names(node)} - {variable.value, *kept})
        inside = {variable.value: "x"}
        for place, name in enumerate(names):
            inside[name] = MODEL_PARAMETERS[place] if place < 3 else f"p{place + 1}"
        return Renaming(inside)

    def into(self, node: Expr) -> Expr:
        """An expression of the user with the names inside."""
        return rename(node, self._changes(self.inside))

    def back(self, node: Expr) -> Expr:
        """An expression from inside with the user's names."""
        return rename(node, self._changes({new: old for old, new in self.inside.items()}))

    @staticmethod
    def _changes(names: Mapping[str, str]) -> dict[str, str]:
        return {old: new for old, new in names.items() if old != new}


# Linearity -------------------------------------------------------------------------------------------------


def constant_factor(node: Expr, variable: Expr = X) -> tuple[Expr, Expr]:
    """(constant, rest) with node = constant * rest; all factors without the variable are in the constant."""
    if not node.mask & variable.mask:
        return node, ONE
    if node.kind != MULTIPLY:
        return ONE, node
    fixed = [factor for factor in node.args if not factor.mask & variable.mask]
    moving = [factor for factor in node.args if factor.mask & variable.mask]
    constant = product(node.value, [(factor, 1) for factor in fixed])
    return constant, product(1, [(factor, 1) for factor in moving])


def terms(node: Expr) -> list[tuple[Number, Expr]]:
    """(coefficient, term) of a sum with its constant last; one pair for anything else."""
    if node.kind != ADD:
        return [(1, node)]
    found: list[tuple[Number, Expr]] = [(coefficient, term) for term, coefficient in node.args]
    return [*found, (node.value, ONE)] if node.value else found


def without_constants(node: Expr, variable: Expr = X) -> Expr:
    """A sum without its terms that do not hold the variable: the same antiderivative up to a constant."""
    if node.kind != ADD:
        return node
    return linear([(coefficient, term) for term, coefficient in node.args if term.mask & variable.mask])


# u = a*x + b -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinearArgument:
    """An integrand f(x) = g(slope*x + shift)."""

    outer: Expr
    """g(x)."""
    slope: Expr
    shift: Expr

    def back(self, antiderivative_of_outer: Expr) -> Expr:
        """An antiderivative of f from one of g."""
        inner = product(1, ((self.slope, 1), (X, 1))) + self.shift
        return product(1, ((substitute(antiderivative_of_outer, {X: inner}), 1), (self.slope, -1)))


def linear_argument(integrand: Expr) -> LinearArgument | None:
    """u = slope*x + shift if x occurs nowhere but in rational multiples of u; None if u would be x itself."""
    forms = {one.prefix: one for one in _linear_forms(integrand)}
    if not forms:
        return None
    smallest = min(forms.values(), key=lambda one: (abs(_slope(one)[1]), one.prefix))
    slope, _ = _split(smallest)
    shift = smallest - product(1, ((slope, 1), (X, 1)))
    if slope == ONE and shift.kind == NUMBER and shift.value == 0:
        return None
    outer = substitute(integrand, {X: product(1, ((X - shift, 1), (slope, -1)))})
    return LinearArgument(outer, slope, shift) if len(outer.prefix) < len(integrand.prefix) else None


def _linear_forms(node: Expr) -> Iterator[Expr]:
    """The largest parts that are linear in x."""
    if not node.mask & X.mask:
        return
    if is_linear(node):
        yield node
        return
    for part in operands(node):
        yield from _linear_forms(part)


def is_linear(node: Expr, variable: Expr = X) -> bool:
    """Whether an expression is p*x + q, p not 0, with p and q free of the variable."""
    held = [(coefficient, term) for coefficient, term in terms(node) if term.mask & variable.mask]
    if not held or not all(_is_multiple(term, variable) for _, term in held):
        return False
    return len(held) == 1 or substitute(linear(held), {variable: ONE}) != ZERO_EXPR


def _is_multiple(term: Expr, variable: Expr) -> bool:
    factors = term.args if term.kind == MULTIPLY else (term,)
    held = [factor for factor in factors if factor.mask & variable.mask]
    return len(held) == 1 and held[0] == variable


def _split(form: Expr) -> tuple[Expr, Expr]:
    """(slope, shift) of a form for which `is_linear` holds."""
    held = [(coefficient, term) for coefficient, term in terms(form) if term.mask & X.mask]
    slope = substitute(linear(held), {X: ONE})
    return slope, form - linear(held)


def slope_and_shift(form: Expr, variable: Expr = X) -> tuple[Expr, Expr] | None:
    """(p, q) of p*variable + q, or None if the expression is not of that form."""
    if not is_linear(form, variable):
        return None
    held = linear([(coefficient, term) for coefficient, term in terms(form) if term.mask & variable.mask])
    return substitute(held, {variable: ONE}), form - held


def _slope(form: Expr) -> tuple[Expr, Number]:
    slope, _ = _split(form)
    return slope, slope.value if slope.kind == NUMBER else 1


# Large numbers ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Abstracted:
    """An integrand in which numbers are replaced by parameters."""

    integrand: Expr
    values: Mapping[Expr, Expr]
    """The number of each parameter."""

    def back(self, answer: Expr) -> Expr:
        """The answer with the numbers put in again.

        Raises:
            UndefinedExpressionError: it has no value for these numbers.
        """
        return substitute(answer, self.values)


def abstracted(integrand: Expr, largest: int = 20) -> Abstracted | None:
    """The integrand with coefficients and exponents of larger numerators or denominators as parameters.

    None if there is none, or if there are more of them than free names of parameters.
    """
    names = [name for name in MODEL_PARAMETERS if not symbol(name).mask & integrand.mask]
    values: dict[Expr, Expr] = {}
    by_number: dict[Fraction, Expr] = {}

    def parameter(value: Number) -> Expr:
        exact = Fraction(value)
        if exact not in by_number:
            if len(by_number) == len(names):
                raise _TooManyError
            by_number[exact] = symbol(names[len(by_number)])
            values[by_number[exact]] = number(exact)
        return by_number[exact]

    def is_large(value: Number) -> bool:
        return abs(value.numerator) > largest or value.denominator > largest

    def changed(node: Expr) -> Expr:
        if node.kind == NUMBER:
            return parameter(node.value) if is_large(node.value) else node
        if node.kind == ADD:
            parts = [product(1, ((scaled(value), 1), (changed(term), 1))) for term, value in node.args]
            return linear([(1, one) for one in (*parts, scaled(node.value))])
        if node.kind == MULTIPLY:
            return product(1, [(scaled(node.value), 1), *[(changed(factor), 1) for factor in node.args]])
        if node.kind == POWER and node.value is not None and is_large(node.value):
            return power(changed(node.args[0]), parameter(node.value))
        if node.kind == SYMBOL or not node.args:
            return node
        return substitute(node, {one: changed(one) for one in operands(node)})

    def scaled(value: Number) -> Expr:
        return parameter(value) if is_large(value) else number(value)

    try:
        result = changed(integrand)
    except _TooManyError:
        return None
    return Abstracted(result, values) if values else None


class _TooManyError(Exception):
    """More large numbers than names."""
