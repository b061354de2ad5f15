"""The node of an expression tree, the table of known nodes, and the leaves.

A node is made only by the constructors of this module, `sums.py`, `product_nodes.py`, `products.py` and
`functions.py`. Equal nodes have equal `prefix`, the key of the table: an expression that is built twice is
one object while it stays in the table, and keeps its derivatives.
"""

from fractions import Fraction
from typing import Any

from sciml.symbolic.prefixes import FUNCTION_PREFIX, LEAF_PREFIX, SQRT_ID, Number, number_prefix
from sciml.symbolic.vocabulary import ESCAPE, ID

NUMBER, CONSTANT, SYMBOL, ADD, MULTIPLY, POWER, FUNCTION = range(7)
"""Values of `Expr.kind`."""

_LARGEST_TABLE = 200_000


class UndefinedExpressionError(ValueError):
    """An expression without a value: division by zero, log of zero."""


class Expr:
    """One node. Never made directly; never changed.

    `kind` says what the other fields hold:

    - NUMBER: `value` int or Fraction (never a Fraction with denominator 1).
    - CONSTANT, SYMBOL: `value` the name; the only constant is pi.
    - ADD: `value` the rational constant, `args` pairs (term, rational coefficient).
    - MULTIPLY: `value` the rational coefficient, `args` the factors (POWER, FUNCTION, SYMBOL, CONSTANT, ADD).
    - POWER: `args` (base, exponent), `value` the exponent as a number, or None if it is no number.
    - FUNCTION: `value` the name, `args` (argument,).

    `prefix` are the token ids; `mask` has one bit for each symbol inside; `cache` belongs to the modules that
    compute derivatives and the like, under keys of their own; `bare` to `sums.py`: content and primitive part
    of a sum, a product without its coefficient.
    """

    __slots__ = ("args", "bare", "cache", "kind", "mask", "prefix", "value")

    kind: int
    value: Any
    args: tuple[Any, ...]
    prefix: bytes
    mask: int
    cache: dict[Any, Any] | None
    bare: Any

    def __hash__(self) -> int:
        return hash(self.prefix)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expr) and self.prefix == other.prefix)

    def __add__(self, other: "Expr | Number") -> "Expr":
        return _combination((1, self), (1, as_expr(other)))

    def __radd__(self, other: Number) -> "Expr":
        return _combination((1, as_expr(other)), (1, self))

    def __sub__(self, other: "Expr | Number") -> "Expr":
        return _combination((1, self), (-1, as_expr(other)))

    def __rsub__(self, other: Number) -> "Expr":
        return _combination((1, as_expr(other)), (-1, self))

    def __mul__(self, other: "Expr | Number") -> "Expr":
        return _product((self, 1), (as_expr(other), 1))

    def __rmul__(self, other: Number) -> "Expr":
        return _product((self, 1), (as_expr(other), 1))

    def __truediv__(self, other: "Expr | Number") -> "Expr":
        return _product((self, 1), (as_expr(other), -1))

    def __rtruediv__(self, other: Number) -> "Expr":
        return _product((as_expr(other), 1), (self, -1))

    def __pow__(self, other: "Expr | Number") -> "Expr":
        from sciml.symbolic.products import power

        return power(self, as_expr(other))

    def __neg__(self) -> "Expr":
        return _combination((-1, self))

    def __repr__(self) -> str:
        from sciml.symbolic.infix import to_infix

        return to_infix(self)

    def __reduce__(self) -> tuple[Any, ...]:
        from sciml.symbolic.tokens import from_prefix

        return from_prefix, (self.prefix,)


def _combination(*pairs: tuple[Number, Expr]) -> Expr:
    from sciml.symbolic.sums import linear

    return linear(pairs)


def _product(*powers: tuple[Expr, Number]) -> Expr:
    from sciml.symbolic.products import product

    return product(1, powers)


# The table -------------------------------------------------------------------------------------------------

table: dict[bytes, Expr] = {}
"""Known nodes by prefix."""
_permanent: dict[bytes, Expr] = {}
_symbol_bits: dict[str, int] = {}


def forget_nodes() -> None:
    """Empty the table of known nodes. Nodes that are still held stay valid and equal to new ones."""
    table.clear()
    table.update(_permanent)


def make_node(kind: int, value: object, args: tuple[Any, ...], prefix: bytes, mask: int) -> Expr:
    """The known node of that prefix, or a new one. For the constructors only: nothing is brought into
    form."""
    node = table.get(prefix)
    if node is not None:
        return node
    node = _new(Expr)
    node.kind = kind
    node.value = value
    node.args = args
    node.prefix = prefix
    node.mask = mask
    node.cache = node.bare = None
    if len(table) >= _LARGEST_TABLE:
        forget_nodes()
    table[prefix] = node
    return node


_new = Expr.__new__


# Leaves ----------------------------------------------------------------------------------------------------


def whole(value: Number) -> Number:
    """`value` as an int if it is a whole number."""
    if type(value) is not int and value.denominator == 1:
        return value.numerator
    return value


def number(value: Number) -> Expr:
    """The exact rational number `value`.

    Raises:
        ExpressionTooLargeError: beyond `LARGEST_BITS`.
    """
    if type(value) is int:
        known = _integers.get(value)
        if known is not None:
            return known
    return make_node(NUMBER, whole(value), (), number_prefix(value), 0)


def integer(value: int) -> Expr:
    """The integer `value`."""
    return number(value)


def rational(numerator: int, denominator: int) -> Expr:
    """The rational number numerator / denominator.

    Raises:
        UndefinedExpressionError: the denominator is zero.
    """
    if denominator == 0:
        raise UndefinedExpressionError(f"{numerator}/0 has no value")
    return number(Fraction(numerator, denominator))


def symbol(name: str) -> Expr:
    """The symbol of that name; symbols that the model does not know are allowed too.

    Raises:
        ValueError: an empty name, one of over 200 letters, or the name of a token that is no leaf.
    """
    if name in LEAF_PREFIX:
        prefix = LEAF_PREFIX[name]
    elif not name or len(name) > 200 or not name.isascii() or name in ID:
        rule = "1 to 200 ASCII letters, no token of another meaning"
        raise ValueError(f"{name!r} cannot name a symbol: {rule}")
    else:
        prefix = bytes((ESCAPE, len(name))) + name.encode()
    return make_node(SYMBOL, name, (), prefix, 1 << _symbol_bits.setdefault(name, len(_symbol_bits)))


def symbol_names(*nodes: Expr) -> list[str]:
    """Names of the symbols inside these expressions, in the order in which they were first met."""
    mask = 0
    for node in nodes:
        mask |= node.mask
    return [name for name, bit in _symbol_bits.items() if mask >> bit & 1] if mask else []


def as_expr(value: "Expr | Number") -> Expr:
    """`value` itself, or the number as an expression.

    Raises:
        TypeError: neither an expression nor an exact rational number.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, (int, Fraction)):
        return number(value)
    raise TypeError(f"an expression or an exact number is needed, got {type(value).__name__}")


_integers: dict[int, Expr] = {}
_integers.update({value: number(value) for value in range(-100, 101)})
ZERO_EXPR, ONE, MINUS_ONE = number(0), number(1), number(-1)
HALF = number(Fraction(1, 2))
PI = make_node(CONSTANT, "pi", (), bytes((ID["pi"],)), 0)
X = symbol("x")
EULER = make_node(FUNCTION, "exp", (ONE,), FUNCTION_PREFIX["exp"] + ONE.prefix, 0)
IMAGINARY_UNIT = make_node(POWER, Fraction(1, 2), (MINUS_ONE, HALF), SQRT_ID + MINUS_ONE.prefix, 0)
_permanent.update(table)
