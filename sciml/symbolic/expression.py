"""Canonical expression trees: what is generated, tokenised, differentiated and verified.

An expression is made only by the constructors `integer`, `rational`, `symbol`, `add`, `multiply`, `power` and
`function`, which bring it into one canonical form: sums and products are flat and sorted, with exact rational
coefficients, like terms and equal bases collected; the coefficient of a sum inside a product is taken out; radicals
of numbers are split into primes. Equal canonical forms have equal `prefix`, the string of token ids in prefix order
(`sciml.symbolic.vocabulary`), which is the key of the table of known nodes: an expression that is built twice is one
object while it stays in the table, and keeps its derivatives.

The rules hold for complex values with principal branches, except on branch cuts; `exp(log(u)) = u` is used,
`log(exp(u)) = u` and `sqrt(u**2) = u` are not.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from math import gcd
from typing import Any

from sciml.symbolic.vocabulary import ESCAPE, ID, INT_MINUS, INT_PLUS, ZERO

Number = int | Fraction

NUMBER, CONSTANT, SYMBOL, ADD, MULTIPLY, POWER, FUNCTION = range(7)
"""Values of `Expr.kind`."""

LARGEST_BITS = 4096
"""Numerators and denominators of exact numbers stay below two to this power."""
_LARGEST_TABLE = 400_000


class UndefinedExpressionError(ValueError):
    """An expression without a value: division by zero, log of zero."""


class ExpressionTooLargeError(ValueError):
    """An exact number beyond `LARGEST_BITS`."""


class Expr:
    """One node. Never made directly; never changed.

    `kind` says what the other fields hold:

    - NUMBER: `value` int or Fraction (never a Fraction with denominator 1).
    - CONSTANT, SYMBOL: `value` the name; the only constant is pi.
    - ADD: `value` the rational constant, `args` pairs (term, rational coefficient).
    - MULTIPLY: `value` the rational coefficient, `args` the factors (POWER, FUNCTION, SYMBOL, CONSTANT, ADD).
    - POWER: `args` (base, exponent), `value` the exponent as a number, or None if it is no number.
    - FUNCTION: `value` the name, `args` (argument,).

    `prefix` are the token ids; `mask` has one bit for each symbol inside.
    """

    __slots__ = ("args", "cache", "kind", "mask", "prefix", "value")

    kind: int
    value: Any
    args: tuple[Any, ...]
    prefix: bytes
    mask: int
    cache: dict[Any, Any] | None

    def __hash__(self) -> int:
        return hash(self.prefix)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expr) and self.prefix == other.prefix)

    def __add__(self, other: "Expr | Number") -> "Expr":
        return linear(((1, self), (1, as_expr(other))))

    def __radd__(self, other: Number) -> "Expr":
        return linear(((1, as_expr(other)), (1, self)))

    def __sub__(self, other: "Expr | Number") -> "Expr":
        return linear(((1, self), (-1, as_expr(other))))

    def __rsub__(self, other: Number) -> "Expr":
        return linear(((1, as_expr(other)), (-1, self)))

    def __mul__(self, other: "Expr | Number") -> "Expr":
        return product(1, ((self, 1), (as_expr(other), 1)))

    def __rmul__(self, other: Number) -> "Expr":
        return product(1, ((self, 1), (as_expr(other), 1)))

    def __truediv__(self, other: "Expr | Number") -> "Expr":
        return product(1, ((self, 1), (as_expr(other), -1)))

    def __rtruediv__(self, other: Number) -> "Expr":
        return product(1, ((as_expr(other), 1), (self, -1)))

    def __pow__(self, other: "Expr | Number") -> "Expr":
        return power(self, as_expr(other))

    def __neg__(self) -> "Expr":
        return linear(((-1, self),))

    def __repr__(self) -> str:
        from sciml.symbolic.infix import to_infix

        return to_infix(self)

    def __reduce__(self) -> tuple[Any, ...]:
        from sciml.symbolic.tokens import from_prefix

        return from_prefix, (self.prefix,)


_table: dict[bytes, Expr] = {}
_permanent: dict[bytes, Expr] = {}
_symbol_bits: dict[str, int] = {}


def forget_nodes() -> None:
    """Empty the table of known nodes. Nodes that are still held stay valid and equal to new ones."""
    _table.clear()
    _table.update(_permanent)


def _node(kind: int, value: object, args: tuple[Any, ...], prefix: bytes, mask: int) -> Expr:
    known = _table.get(prefix)
    if known is not None:
        return known
    node = Expr.__new__(Expr)
    node.kind, node.value, node.args, node.prefix, node.mask, node.cache = (
        kind,
        value,
        args,
        prefix,
        mask,
        None,
    )
    if len(_table) >= _LARGEST_TABLE:
        forget_nodes()
    _table[prefix] = node
    return node


# Leaves ----------------------------------------------------------------------------------------------------


def number(value: Number) -> Expr:
    """The exact rational number `value`.

    Raises:
        ExpressionTooLargeError: beyond `LARGEST_BITS`.
    """
    return _node(NUMBER, whole(value), (), number_prefix(value), 0)


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
    if name in _LEAF_PREFIX:
        prefix = _LEAF_PREFIX[name]
    elif not name or len(name) > 200 or not name.isascii() or name in ID:
        raise ValueError(
            f"{name!r} cannot name a symbol: 1 to 200 ASCII letters, no token of another meaning"
        )
    else:
        prefix = bytes((ESCAPE, len(name))) + name.encode()
    return _node(SYMBOL, name, (), prefix, 1 << _symbol_bits.setdefault(name, len(_symbol_bits)))


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


_LEAF_PREFIX = {name: bytes((ID[name],)) for name in ("x", "y", "y'", "y''", "c1", "c2", "a", "b", "c")}


def number_prefix(value: Number) -> bytes:
    """Token ids of an exact number."""
    if type(value) is int:
        if value.bit_length() > LARGEST_BITS:
            raise ExpressionTooLargeError(
                f"a number of {value.bit_length()} bits; at most {LARGEST_BITS} are kept"
            )
        if 0 <= value < 10:
            return _DIGIT_PREFIX[value]
        sign = INT_PLUS if value >= 0 else INT_MINUS
        return bytes([sign]) + str(abs(value)).encode().translate(_DIGITS)
    if value.denominator == 1:
        return number_prefix(int(value))
    return _DIV + number_prefix(value.numerator) + number_prefix(value.denominator)


_DIGITS = bytes((ZERO + one - ord("0")) % 256 for one in range(256))
_DIGIT_PREFIX = tuple(bytes((INT_PLUS, ZERO + digit)) for digit in range(10))
_ADD, _MUL, _DIV, _POW, _NEG, _SQRT = (
    bytes((ID[name],)) for name in ("add", "mul", "div", "pow", "neg", "sqrt")
)
FUNCTION_PREFIX = {
    name: bytes((ID[name],))
    for name in (
        *("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"),
        *("asinh", "acosh", "atanh", "abs", "sign"),
    )
}
"""Names of the functions of one argument, with their tokens."""


def whole(value: Number) -> Number:
    """`value` as an int if it is a whole number."""
    if type(value) is not int and value.denominator == 1:
        return value.numerator
    return value


# Sums ------------------------------------------------------------------------------------------------------


def add(*terms: Expr) -> Expr:
    """The sum of `terms` (0 without any)."""
    return linear([(1, term) for term in terms])


def linear(pairs: Iterable[tuple[Number, Expr]]) -> Expr:
    """The linear combination of (coefficient, expression) pairs."""
    constant: Number = 0
    collected: dict[bytes, list[Any]] = {}
    for coefficient, node in pairs:
        kind = node.kind
        if kind == NUMBER:
            constant += coefficient * node.value
            continue
        if kind == ADD:
            constant += coefficient * node.value
            for term, inner in node.args:
                entry = collected.get(term.prefix)
                if entry is None:
                    collected[term.prefix] = [term, coefficient * inner]
                else:
                    entry[1] += coefficient * inner
            continue
        if kind == MULTIPLY and node.value != 1:
            coefficient = coefficient * node.value
            node = _without_coefficient(node)
        entry = collected.get(node.prefix)
        if entry is None:
            collected[node.prefix] = [node, coefficient]
        else:
            entry[1] += coefficient
    terms = [(key, one[0], whole(one[1])) for key, one in collected.items() if one[1]]
    constant = whole(constant)
    if not terms:
        return number(constant)
    if len(terms) == 1 and not constant:
        return _scaled_term(terms[0][1], terms[0][2])
    terms.sort()
    return _sum_node(constant, tuple([(term, coefficient) for _, term, coefficient in terms]))


def _sum_node(constant: Number, terms: tuple[tuple[Expr, Number], ...]) -> Expr:
    pieces = []
    mask = 0
    for term, coefficient in terms:
        mask |= term.mask
        pieces.append(term.prefix if coefficient == 1 else _scaled_prefix(term, coefficient))
    if constant:
        pieces.append(number_prefix(constant))
    return _node(ADD, constant, terms, _nested(_ADD, pieces), mask)


def _nested(operator: bytes, pieces: list[bytes]) -> bytes:
    """Prefix of a right-nested chain: op p1 op p2 … pn."""
    if len(pieces) == 1:
        return pieces[0]
    return operator + operator.join(pieces[:-1]) + pieces[-1]


def _without_coefficient(node: Expr) -> Expr:
    """A product with its rational coefficient replaced by 1."""
    if len(node.args) == 1:
        only: Expr = node.args[0]
        return only
    cache = node.cache
    if cache is None:
        cache = node.cache = {}
    unit: Expr | None = cache.get(1)
    if unit is None:
        unit = cache[1] = _node(MULTIPLY, 1, node.args, _product_prefix(1, node.args), node.mask)
    return unit


def _scaled_term(term: Expr, coefficient: Number) -> Expr:
    """coefficient * term, where `term` is no sum, no number and has no coefficient of its own."""
    if coefficient == 1:
        return term
    factors = term.args if term.kind == MULTIPLY else (term,)
    return _node(MULTIPLY, coefficient, factors, _product_prefix(coefficient, factors), term.mask)


def _scaled_prefix(term: Expr, coefficient: Number) -> bytes:
    return _product_prefix(coefficient, term.args if term.kind == MULTIPLY else (term,))


def coefficient_and_term(node: Expr) -> tuple[Number, Expr]:
    """Rational coefficient and the rest; a number is (itself, 1)."""
    if node.kind == NUMBER:
        return node.value, ONE
    if node.kind == MULTIPLY and node.value != 1:
        return node.value, _without_coefficient(node)
    return 1, node


def primitive(node: Expr) -> tuple[Number, Expr]:
    """Content and primitive part of a sum: coefficients become coprime integers, the first one positive."""
    cache = node.cache
    if cache is None:
        cache = node.cache = {}
    known: tuple[Number, Expr] | None = cache.get(2)
    if known is not None:
        return known
    top, bottom = 0, 1
    values = [coefficient for _, coefficient in node.args]
    if node.value:
        values.append(node.value)
    for value in values:
        if type(value) is int:
            top = gcd(top, value)
        else:
            top = gcd(top, value.numerator)
            bottom = bottom * value.denominator // gcd(bottom, value.denominator)
    content: Number = top if bottom == 1 else Fraction(top, bottom)
    if node.args[0][1] < 0:
        content = -content
    if content == 1:
        result: tuple[Number, Expr] = (1, node)
    else:
        content = whole(content)
        inverse = Fraction(1, 1) / content
        terms = tuple([(term, whole(value * inverse)) for term, value in node.args])
        result = (content, _sum_node(whole(node.value * inverse), terms))
    cache[2] = result
    return result


# Products and powers ---------------------------------------------------------------------------------------


def multiply(*factors: Expr) -> Expr:
    """The product of `factors` (1 without any)."""
    return product(1, [(factor, 1) for factor in factors])


def divide(numerator: Expr, denominator: Expr) -> Expr:
    """numerator / denominator.

    Raises:
        UndefinedExpressionError: the denominator is zero.
    """
    return product(1, ((numerator, 1), (denominator, -1)))


def sqrt(argument: Expr) -> Expr:
    """The principal square root."""
    return power(argument, HALF)


def power(base: Expr, exponent: Expr) -> Expr:
    """base ** exponent, principal branch.

    Raises:
        UndefinedExpressionError: zero to a negative or symbolic power.
        ExpressionTooLargeError: a power of numbers beyond `LARGEST_BITS`.
    """
    if exponent.kind == NUMBER:
        return product(1, ((base, exponent.value),))
    if base.kind == NUMBER:
        if base.value == 1:
            return ONE
        if base.value == 0:
            raise UndefinedExpressionError("zero to a symbolic power has no value")
    if base is EULER or base.prefix == EULER.prefix:
        return function("exp", exponent)
    return _node(
        POWER, None, (base, exponent), _POW + base.prefix + exponent.prefix, base.mask | exponent.mask
    )


def product(coefficient: Number, powers: Iterable[tuple[Expr, Number]]) -> Expr:
    """coefficient times the product of (base, rational exponent) pairs.

    Raises:
        UndefinedExpressionError: a division by zero.
        ExpressionTooLargeError: a number beyond `LARGEST_BITS`.
    """
    todo = list(powers)
    bases: dict[bytes, list[Any]] = {}
    exponentials: list[tuple[Number, Expr]] = []
    while todo:
        base, exponent = todo.pop()
        kind = base.kind
        if not exponent:
            continue
        if kind == NUMBER:
            if type(exponent) is int:
                coefficient = coefficient * number_power(base.value, exponent)
            else:
                coefficient = coefficient * _split_radical(base.value, exponent, bases)
        elif kind == MULTIPLY:
            if exponent == 1:
                coefficient = coefficient * base.value
                todo.extend([(factor, 1) for factor in base.args])
            elif type(exponent) is int:
                coefficient = coefficient * number_power(base.value, exponent)
                todo.extend([(factor, exponent) for factor in base.args])
            else:
                coefficient = coefficient * _root_of_product(base, exponent, bases)
        elif kind == POWER:
            inner = base.value
            if inner is None:
                _collect_symbolic(base, exponent, bases)
            elif type(exponent) is int:
                inside = base.args[0]
                if inside.kind == SYMBOL or inside.kind == FUNCTION:
                    _collect(inside, inner * exponent, bases)
                else:
                    todo.append((inside, whole(inner * exponent)))
            else:
                _collect(base, exponent, bases)
        elif kind == FUNCTION and base.value == "exp" and type(exponent) is int:
            exponentials.append((exponent, base.args[0]))
        elif kind == ADD:
            content, part = primitive(base)
            if content == 1:
                _collect(base, exponent, bases)
            elif type(exponent) is int:
                coefficient = coefficient * number_power(content, exponent)
                _collect(part, exponent, bases)
            else:
                coefficient = coefficient * _root_of_sum(base, exponent, bases)
        else:
            _collect(base, exponent, bases)
    return _assemble(coefficient, bases, exponentials)


def _collect(base: Expr, exponent: Number, bases: dict[bytes, list[Any]]) -> None:
    entry = bases.get(base.prefix)
    if entry is None:
        bases[base.prefix] = [base, exponent]
    elif isinstance(entry[1], Expr):
        entry[1] = linear(((1, entry[1]), (exponent, ONE)))
    else:
        entry[1] += exponent


def _collect_symbolic(node: Expr, exponent: Number, bases: dict[bytes, list[Any]]) -> None:
    """(base ** u) ** exponent, where u is no number."""
    base, inner = node.args
    if type(exponent) is not int:
        _collect(node, exponent, bases)
        return
    if base.kind == NUMBER:  # kept apart from radicals of the same number
        key = _POW + base.prefix
    else:
        key = base.prefix
    entry = bases.get(key)
    if entry is None:
        bases[key] = [base, linear(((exponent, inner),))]
    else:
        before = entry[1] if isinstance(entry[1], Expr) else number(entry[1])
        entry[1] = linear(((1, before), (exponent, inner)))


def _assemble(
    coefficient: Number, bases: dict[bytes, list[Any]], exponentials: list[tuple[Number, Expr]]
) -> Expr:
    coefficient = whole(coefficient)
    if coefficient == 0:
        return ZERO_EXPR
    factors: list[Expr] = []
    again: list[tuple[Expr, Number]] = []
    for base, exponent in bases.values():
        if isinstance(exponent, Expr):
            made = power(base, exponent) if exponent.kind != NUMBER else None
            if made is None:
                again.append((base, exponent.value))
            elif made.kind == POWER:
                factors.append(made)
            else:
                again.append((made, 1))
            continue
        exponent = whole(exponent)
        if not exponent:
            continue
        if base.kind == NUMBER:
            floor = exponent.__floor__()
            if floor:
                coefficient = whole(coefficient * number_power(base.value, floor))
                exponent = whole(exponent - floor)
            if exponent:
                factors.append(_power_node(base, exponent))
        elif type(exponent) is int and _was_radicand(base):
            again.append((base, exponent))
        else:
            factors.append(base if exponent == 1 else _power_node(base, exponent))
    if exponentials:
        made = function("exp", linear(exponentials))
        if made.kind == FUNCTION:
            factors.append(made)
        elif made is not ONE:
            again.append((made, 1))
    if again:
        return product(coefficient, [*again, *[(factor, 1) for factor in factors]])
    return _product_node(coefficient, factors)


def _was_radicand(base: Expr) -> bool:
    """Whether a base has a form that it takes under a radical only, so that a whole power of it goes on."""
    kind = base.kind
    return kind == MULTIPLY or kind == POWER or (kind == ADD and base.args[0][1] < 0)


def _product_node(coefficient: Number, factors: list[Expr]) -> Expr:
    if not factors:
        return number(coefficient)
    if len(factors) == 1:
        only = factors[0]
        if coefficient == 1:
            return only
        if only.kind == ADD:
            return linear(((coefficient, only),))
    factors.sort(key=_prefix_of)
    mask = 0
    for factor in factors:
        mask |= factor.mask
    arguments = tuple(factors)
    return _node(MULTIPLY, coefficient, arguments, _product_prefix(coefficient, arguments), mask)


def _prefix_of(node: Expr) -> bytes:
    return node.prefix


def _power_node(base: Expr, exponent: Number) -> Expr:
    """base ** exponent as a node; exponent is neither 0 nor 1."""
    if exponent == 1:
        return base
    if exponent < 0:
        prefix = _DIV + _DIGIT_PREFIX[1] + _positive_power_prefix(base, -exponent)
    else:
        prefix = _positive_power_prefix(base, exponent)
    return _node(POWER, exponent, (base, number(exponent)), prefix, base.mask)


def _positive_power_prefix(base: Expr, exponent: Number) -> bytes:
    if exponent == 1:
        return base.prefix
    if type(exponent) is not int and exponent.denominator == 2 and exponent.numerator == 1:
        return _SQRT + base.prefix
    return _POW + base.prefix + number_prefix(exponent)


def _product_prefix(coefficient: Number, factors: tuple[Expr, ...]) -> bytes:
    above, below = [], []
    for factor in factors:
        if factor.kind == POWER and factor.value is not None and factor.value < 0:
            below.append(_positive_power_prefix(factor.args[0], -factor.value))
        else:
            above.append(factor.prefix)
    is_negative = False
    if coefficient != 1:
        if type(coefficient) is int:
            top, bottom = coefficient, 1
        else:
            top, bottom = coefficient.numerator, coefficient.denominator
        if top == -1 and above:
            is_negative = True
        elif top != 1 or not above:
            above.insert(0, number_prefix(top))
        if bottom != 1:
            below.insert(0, number_prefix(bottom))
    if not above:
        above.append(_DIGIT_PREFIX[1])
    prefix = _nested(_MUL, above)
    if below:
        prefix = _DIV + prefix + _nested(_MUL, below)
    return _NEG + prefix if is_negative else prefix


# Powers of numbers -----------------------------------------------------------------------------------------


def number_power(base: Number, exponent: int) -> Number:
    """base ** exponent, exact.

    Raises:
        UndefinedExpressionError: zero to a negative power.
        ExpressionTooLargeError: the result is beyond `LARGEST_BITS`.
    """
    if exponent == 1 or base == 1:
        return base
    if base == 0:
        if exponent < 0:
            raise UndefinedExpressionError("a division by zero has no value")
        return 0 if exponent else 1
    if base == -1:
        return -1 if exponent % 2 else 1
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > LARGEST_BITS:
        raise ExpressionTooLargeError(f"a number to the power {exponent} has over {LARGEST_BITS} bits")
    if type(base) is int:
        return base**exponent if exponent > 0 else Fraction(1, base**-exponent)
    return whole(base**exponent)


def _split_radical(value: Number, exponent: Number, bases: dict[bytes, list[Any]]) -> Number:
    """Collect value ** exponent (no whole number) as powers of primes and of -1; returns what is rational of it."""
    if value == 0:
        if exponent < 0:
            raise UndefinedExpressionError("a division by zero has no value")
        return 0
    if value < 0:
        _collect(MINUS_ONE, exponent, bases)
        value = -value
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        for prime, count in _prime_powers(part):
            _collect(number(prime), sign * count * exponent, bases)
    return 1


def _prime_powers(value: int) -> list[tuple[int, int]]:
    """Prime factors up to 1000 with their multiplicity; what is left as one factor, or as a perfect power."""
    found = []
    divisor = 2
    while divisor * divisor <= value and divisor <= 1000:
        count = 0
        while value % divisor == 0:
            value //= divisor
            count += 1
        if count:
            found.append((divisor, count))
        divisor += 1 if divisor == 2 else 2
    if value > 1:
        root = _exact_root(value)
        found.append(root if root is not None else (value, 1))
    return found


def _exact_root(value: int) -> tuple[int, int] | None:
    """(root, degree) with the largest degree up to 11, if `value` is a perfect power."""
    for degree in (11, 10, 9, 8, 7, 6, 5, 4, 3, 2):
        if value.bit_length() <= degree * 9:  # primes up to 1000 are divided out
            continue
        root = round(value ** (1 / degree)) if value.bit_length() < 50 else _integer_root(value, degree)
        if root**degree == value:
            return root, degree
    return None


def _integer_root(value: int, degree: int) -> int:
    low, high = 1, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if middle**degree <= value:
            low = middle
        else:
            high = middle - 1
    return low


def _root_of_product(node: Expr, exponent: Number, bases: dict[bytes, list[Any]]) -> Number:
    """(coefficient * factors) ** exponent: a positive coefficient leaves the radical."""
    coefficient: Number = node.value
    if coefficient in (1, -1):
        _collect(node, exponent, bases)
        return 1
    sign = -1 if coefficient < 0 else 1
    _collect(_scaled_term(_without_coefficient(node), sign), exponent, bases)
    return _split_radical(abs(coefficient), exponent, bases)


def _root_of_sum(node: Expr, exponent: Number, bases: dict[bytes, list[Any]]) -> Number:
    """(sum) ** exponent: the positive content leaves the radical."""
    content, part = primitive(node)
    if content < 0:
        part = linear(((-1, part),))
    _collect(part, exponent, bases)
    return _split_radical(abs(content), exponent, bases) if abs(content) != 1 else 1


# Functions -------------------------------------------------------------------------------------------------


def function(name: str, argument: Expr) -> Expr:
    """A function of `FUNCTION_PREFIX`, or sqrt, of one argument.

    Raises:
        ValueError: an unknown name.
        UndefinedExpressionError: log(0), atanh(1) and the like.
    """
    if name == "sqrt":
        return power(argument, HALF)
    token = FUNCTION_PREFIX.get(name)
    if token is None:
        raise ValueError(f"{name!r} is no function of one argument that is known")
    prefix = token + argument.prefix
    known = _table.get(prefix)
    if known is not None:
        return known
    simpler = (_simplified or _bind_rules())(name, argument)
    if simpler is not None:
        return simpler
    return _node(FUNCTION, name, (argument,), prefix, argument.mask)


_simplified: Callable[[str, Expr], Expr | None] | None = None


def _bind_rules() -> Callable[[str, Expr], Expr | None]:
    """The rules of `function_values`, which is made of this module's constructors."""
    global _simplified
    from sciml.symbolic.function_values import simplified

    _simplified = simplified
    return simplified


def is_negative(node: Expr) -> bool:
    """Whether the first coefficient is negative: the form that odd and even functions bring outside."""
    if node.kind == ADD:
        return bool(node.args[0][1] < 0)
    return node.kind in (NUMBER, MULTIPLY) and bool(node.value < 0)


ZERO_EXPR = number(0)
ONE = number(1)
MINUS_ONE = number(-1)
HALF = number(Fraction(1, 2))
PI = _node(CONSTANT, "pi", (), bytes((ID["pi"],)), 0)
X = symbol("x")
EULER = _node(FUNCTION, "exp", (ONE,), FUNCTION_PREFIX["exp"] + ONE.prefix, 0)
IMAGINARY_UNIT = _power_node(MINUS_ONE, Fraction(1, 2))
_permanent.update(_table)
