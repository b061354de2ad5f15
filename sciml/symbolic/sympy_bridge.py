"""Expressions to and from SymPy, by constructors only; no text is parsed on the way.

Functions that the engine lacks but can say are rewritten (sec(u) is 1/cos(u)); others are refused. Only what
calls these functions imports SymPy.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from sciml.errors import InputError
from sciml.symbolic.expression import (
    ADD,
    CONSTANT,
    EULER,
    IMAGINARY_UNIT,
    MULTIPLY,
    NUMBER,
    PI,
    POWER,
    SYMBOL,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    add,
    linear,
    multiply,
    number,
    power,
    symbol,
)
from sciml.symbolic.named_functions import ONE_ARGUMENT
from sciml.symbolic.problems import Equation, equation
from sciml.symbolic.unknown_function import Y

if TYPE_CHECKING:
    import sympy

SympyExpression: TypeAlias = Any
"""A node of a SymPy tree; SymPy is typed too loosely to name it better."""
MAX_DEPTH = 200
"""Levels of a SymPy expression that is read."""

_SYMPY_NAME = {"abs": "Abs"}
_OWN_NAME = {"Abs": "abs"}


def to_sympy(
    node: Expr,
    symbols: "Mapping[str, sympy.Symbol] | None" = None,
    *,
    function_of: "sympy.Symbol | None" = None,
) -> "sympy.Expr":
    """The expression in SymPy.

    Args:
        node: the expression.
        symbols: the SymPy symbol of a name; a plain `Symbol` is made for others.
        function_of: if given, y, y', y'' become `y(x)`, `Derivative(y(x), x)`, `Derivative(y(x), (x, 2))` of
        this x.
    """
    import sympy

    made: dict[str, Any] = dict(symbols or {})
    if function_of is not None:
        unknown = sympy.Function("y")(function_of)
        made.update({"y": unknown, "y'": unknown.diff(function_of), "y''": unknown.diff(function_of, 2)})
    known: dict[bytes, Any] = {}

    def rational(value: Number) -> SympyExpression:
        return (
            sympy.Integer(value) if type(value) is int else sympy.Rational(value.numerator, value.denominator)
        )

    def converted(part: Expr) -> SympyExpression:
        found = known.get(part.prefix)
        if found is None:
            found = known[part.prefix] = build(part)
        return found

    def build(part: Expr) -> SympyExpression:
        kind = part.kind
        if kind == SYMBOL:
            return made.setdefault(part.value, sympy.Symbol(part.value))
        if kind == NUMBER:
            return rational(part.value)
        if kind == CONSTANT:
            return sympy.pi
        if kind == ADD:
            terms = [rational(coefficient) * converted(term) for term, coefficient in part.args]
            return sympy.Add(*terms, rational(part.value))
        if kind == MULTIPLY:
            return sympy.Mul(rational(part.value), *[converted(factor) for factor in part.args])
        if kind == POWER:
            return sympy.Pow(converted(part.args[0]), converted(part.args[1]))
        return getattr(sympy, _SYMPY_NAME.get(part.value, part.value))(converted(part.args[0]))

    return converted(node)


def sympy_symbols(expression: "sympy.Basic") -> "dict[str, sympy.Symbol]":
    """The symbols of a SymPy expression by name, for `to_sympy` to give them back with their assumptions.

    Raises:
        InputError: two different symbols have one name.
    """
    found: dict[str, Any] = {}
    for one in expression.free_symbols:
        name = str(one)
        if found.setdefault(name, one) != one:
            raise InputError(f"two different symbols are called {name!r}; rename one of them")
    return found


def unknown_functions(expression: "sympy.Basic") -> "set[sympy.Basic]":
    """What is in a SymPy expression like y(x)."""
    import sympy

    found: set[sympy.Basic] = expression.atoms(sympy.core.function.AppliedUndef)
    return found


def as_sympy(given: object) -> SympyExpression:
    """Numbers of Python and NumPy as those of SymPy.

    Raises:
        InputError: something else.
    """
    import numbers

    import sympy

    if isinstance(given, sympy.Basic):
        return given
    if isinstance(given, numbers.Rational):
        return sympy.Rational(int(given.numerator), int(given.denominator))
    if isinstance(given, numbers.Real):
        return sympy.Float(repr(float(given)))
    raise InputError(f"an expression is text, of SymPy, or a number, not of type {type(given).__name__}")


def from_sympy(expression: "sympy.Basic | float", notes: list[str] | None = None) -> Expr:
    """A SymPy expression in the engine.

    Args:
        expression: built of rational numbers, floats (read as the exact decimal that they print), pi, E, I,
            symbols, sums, products, powers, elementary functions, and y(x) with its first and second
            derivative.
        notes: a list that gets a sentence for each number that was not exact.

    Raises:
        InputError: a part that has no equal here (an unevaluated integral, a special function, infinity), or
            an expression without value.
    """
    try:
        return _Converter([] if notes is None else notes).converted(as_sympy(expression), 0)
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        raise InputError(str(error)) from error


def equation_from_sympy(given: "sympy.Basic", notes: list[str] | None = None) -> Equation:
    """A SymPy `Eq`, or an expression that is to be zero, as a differential equation.

    Raises:
        InputError: as `from_sympy`; or no derivative of the unknown function.
    """
    import sympy

    own_notes = [] if notes is None else notes
    converter = _Converter(own_notes)
    given = as_sympy(given)
    names = {str(one) for one in given.free_symbols}
    taken = sorted(names & {str(one.value) for one in Y})
    if taken:
        raise InputError(f"{taken[0]} is the unknown function here; rename that symbol, or write y(x)")
    sides = [given.lhs, given.rhs] if isinstance(given, sympy.Eq) else [given, sympy.Integer(0)]
    try:
        left, right = (converter.converted(side, 0) for side in sides)
        left_side = linear(((1, left), (-1, right)))
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        raise InputError(str(error)) from error
    return equation(left_side, symbol(converter.variable or "x"), tuple(own_notes))


class _Converter:
    """Goes through a SymPy tree; `variable` is what the unknown function depends on, once it was met."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes
        self.variable: str | None = None
        self.unknown: str | None = None

    def converted(self, part: SympyExpression, depth: int) -> Expr:
        import sympy

        if depth > MAX_DEPTH:
            raise InputError(f"a SymPy expression of over {MAX_DEPTH} levels")
        if isinstance(part, sympy.Symbol):
            return self._symbol(part)
        leaf = _leaf(part, self.notes)
        if leaf is not None:
            return leaf
        if isinstance(part, sympy.core.function.AppliedUndef):
            return self._unknown(part)
        if isinstance(part, sympy.Derivative):
            return self._derivative(part)
        make = _constructor(part)
        return make(*[self.converted(one, depth + 1) for one in part.args])

    def _symbol(self, part: SympyExpression) -> Expr:
        try:
            return symbol(part.name)
        except ValueError as error:
            raise InputError(f"the symbol {part.name!r} needs another name: {error}") from error

    def _unknown(self, part: SympyExpression) -> Expr:
        import sympy

        name = type(part).__name__
        if len(part.args) != 1 or not isinstance(part.args[0], sympy.Symbol):
            raise InputError(f"{part} is no function of one variable")
        if (self.unknown or name, self.variable or str(part.args[0])) != (name, str(part.args[0])):
            raise InputError(f"two unknown functions: {self.unknown}({self.variable}) and {part}")
        self.unknown, self.variable = name, str(part.args[0])
        return Y[0]

    def _derivative(self, part: SympyExpression) -> Expr:
        import sympy

        if not isinstance(part.expr, sympy.core.function.AppliedUndef):
            raise InputError(f"{part} is not evaluated; call doit() first")
        self._unknown(part.expr)
        order = int(part.derivative_count)
        if len(part.variable_count) != 1 or str(part.variables[0]) != self.variable or order > 2:
            raise InputError(f"{part}: only the first and second derivative by {self.variable} are supported")
        return Y[order]


def _leaf(part: SympyExpression, notes: list[str]) -> Expr | None:
    """A number or constant, or None for anything else."""
    import sympy

    if isinstance(part, sympy.Rational):
        return number(Fraction(int(part.p), int(part.q)))
    if isinstance(part, sympy.Float):
        exact = Fraction(str(part))
        notes.append(f"{part} is read as the exact number {exact}")
        return number(exact)
    constants = {sympy.pi: PI, sympy.E: EULER, sympy.I: IMAGINARY_UNIT}
    if part in constants:
        return constants[part]
    if part in (sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        raise InputError(f"{part} is no number")
    return None


def _constructor(part: SympyExpression) -> Callable[..., Expr]:
    """The function of the engine for the head of a SymPy expression."""
    import sympy

    heads: dict[Any, Callable[..., Expr]] = {sympy.Add: add, sympy.Mul: multiply, sympy.Pow: power}
    if part.func in heads:
        return heads[part.func]
    name = type(part).__name__
    own = ONE_ARGUMENT.get(_OWN_NAME.get(name, name))
    if own is None or len(part.args) != 1 or not isinstance(part, sympy.Function):
        raise InputError(f"SymPy's {name} has no equal here: {str(part)[:80]}")
    return own
