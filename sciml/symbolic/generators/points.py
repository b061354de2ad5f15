"""Values and slopes of expressions at a few fixed complex points, remembered between samples.

A generator checks each pair before it leaves, at a few points in ordinary complex numbers: parts such as
sin(x) or x**2 + 1 are met again and again and are evaluated once. The slopes follow the chain rule in numbers
and know nothing of `sciml.symbolic.derivative`, so that the check does not share its mistakes.
"""

import cmath
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from operator import add, mul

from sciml.symbolic.expression import ADD, CONSTANT, FUNCTION, MULTIPLY, NUMBER, POWER, SYMBOL, Expr

NAN = complex("nan")
Numbers = tuple[complex, ...]
"""One value for each point; nan where there is none."""

POINTS: Numbers = (0.37 + 0j, 2.61 + 0j, 0.47 + 0.29j, 1.23 - 0.71j, -1.57 + 0.53j)
"""Points at which pairs are checked: real and complex."""
PARAMETERS: Mapping[str, complex] = {
    "a": 1.3716049382743091 + 0j,
    "b": 0.7124837261905837 + 0j,
    "c": 2.2893617502846153 + 0j,
    "c1": 0.8310472958136472 + 0j,
    "c2": 1.1934608172539647 + 0j,
}
"""Values of the parameters and constants of integration in these checks: neither they nor their products and
ratios are rationals with small parts, which the table of known integrals would take them for."""
_LARGEST_MEMORY = 50_000
LARGEST_VALUE = _LARGEST = 1e80
"""Values from here on are none."""


class PointValues:
    """Remembers values and slopes of expressions at the points where the symbols have given values.

    Args:
        symbols: for each symbol its values, all of one length.
        slopes: for each symbol its derivative by x at each point; those that are left out are constant.
        base: values at the same points that are known already.
        own_mask: symbols whose values differ from those of `base`; expressions without them are left to it.
    """

    def __init__(
        self,
        symbols: Mapping[str, Numbers],
        slopes: Mapping[str, Numbers] | None = None,
        base: "PointValues | None" = None,
        own_mask: int = -1,
    ) -> None:
        self.base = base
        self.own_mask = own_mask
        self.symbols = dict(symbols)
        self.count = len(next(iter(self.symbols.values())))
        self._zeros = (0j,) * self.count
        self.symbol_slopes = {name: (slopes or {}).get(name, self._zeros) for name in self.symbols}
        self._values: dict[bytes, Numbers] = {}
        self._slopes: dict[bytes, Numbers] = {}

    def values(self, node: Expr) -> Numbers:
        """Values at each point, nan where the expression has none or one beyond 1e80."""
        if len(self._values) > _LARGEST_MEMORY:
            self._values.clear()
        return self._value(node)

    def slopes(self, node: Expr) -> Numbers:
        """Derivatives by x at each point, by the chain rule in numbers."""
        if len(self._slopes) > _LARGEST_MEMORY:
            self._slopes.clear()
        return _bounded(self._slope(node))

    def sum_and_scale(self, node: Expr) -> tuple[Numbers, Numbers]:
        """Values of a sum, and the sums of the absolute values of its terms."""
        if node.kind != ADD:
            found = self.values(node)
            return found, found
        scale = (complex(abs(_float(node.value))),) * self.count
        for term, coefficient in node.args:
            factor = abs(_float(coefficient))
            values = self._value(term)
            scale = tuple(
                [u + factor * abs(v) if v == v else NAN for u, v in zip(scale, values, strict=True)]
            )
        return self.values(node), scale

    def _value(self, node: Expr) -> Numbers:
        if self.base is not None and not node.mask & self.own_mask:
            return self.base._value(node)
        found = self._values.get(node.prefix)
        if found is None:
            found = self._values[node.prefix] = _VALUE_OF[node.kind](self, node)
        return found

    def _of_leaf(self, node: Expr) -> Numbers:
        if node.kind == SYMBOL:
            return self.symbols[node.value]
        return (complex(cmath.pi if node.kind == CONSTANT else _float(node.value)),) * self.count

    def _of_sum(self, node: Expr) -> Numbers:
        total: Iterable[complex] = repeat(complex(_float(node.value)))
        for term, coefficient in node.args:
            part: Iterable[complex] = self._value(term)
            if coefficient != 1:
                part = map(mul, repeat(_float(coefficient)), part)
            total = map(add, total, part)
        return _bounded(tuple(total))

    def _of_product(self, node: Expr) -> Numbers:
        total: Iterable[complex] = self._value(node.args[0])
        for factor in node.args[1:]:
            total = map(mul, total, self._value(factor))
        if node.value != 1:
            total = map(mul, total, repeat(_float(node.value)))
        return _bounded(tuple(total))

    def _of_power(self, node: Expr) -> Numbers:
        base = self._value(node.args[0])
        if node.value is None:
            exponents = self._value(node.args[1])
            return tuple([_power(u, v) for u, v in zip(base, exponents, strict=True)])
        exponent = node.value if type(node.value) is int else float(node.value)
        try:
            return _bounded(tuple(map(pow, base, repeat(exponent))))
        except (ValueError, OverflowError, ZeroDivisionError):
            return tuple([_power(u, exponent) for u in base])

    def _of_function(self, node: Expr) -> Numbers:
        return _mapped(FUNCTIONS[node.value], self._value(node.args[0]))

    def _slope(self, node: Expr) -> Numbers:
        if not node.mask:
            return self._zeros
        found = self._slopes.get(node.prefix)
        if found is None:
            found = self._slopes[node.prefix] = _SLOPE_OF[node.kind](self, node)
        return found

    def _slope_of_symbol(self, node: Expr) -> Numbers:
        return self.symbol_slopes[node.value]

    def _slope_of_sum(self, node: Expr) -> Numbers:
        total: Iterable[complex] = self._zeros
        for term, coefficient in node.args:
            part: Iterable[complex] = self._slope(term)
            if coefficient != 1:
                part = map(mul, repeat(_float(coefficient)), part)
            total = map(add, total, part)
        return tuple(total)

    def _slope_of_product(self, node: Expr) -> Numbers:
        first, *others = node.args
        value, slope = self._value(first), self._slope(first)
        for factor in others:
            at = self._value(factor)
            slope = tuple(map(add, map(mul, slope, at), map(mul, value, self._slope(factor))))
            value = tuple(map(mul, value, at))
        return slope if node.value == 1 else tuple(map(mul, slope, repeat(_float(node.value))))

    def _slope_of_function(self, node: Expr) -> Numbers:
        at, inner = self._value(node.args[0]), self._slope(node.args[0])
        return tuple(map(mul, _mapped(SLOPES[node.value], at), inner))

    def _slope_of_power(self, node: Expr) -> Numbers:
        at, inner = self._value(node.args[0]), self._slope(node.args[0])
        if node.value is None:
            return self._slope_of_symbolic_power(node, at, inner)
        exponent = node.value if type(node.value) is int else float(node.value)
        outer = _mapped(lambda u: exponent * u ** (exponent - 1), at)
        return tuple(map(mul, outer, inner))

    def _slope_of_symbolic_power(self, node: Expr, base: Numbers, inner: Numbers) -> Numbers:
        exponents, growth = self._value(node.args[1]), self._slope(node.args[1])
        logs = _mapped(cmath.log, base)
        return tuple(
            [
                w * (g * log + (v * d / u if u else NAN))
                for w, u, v, d, g, log in zip(
                    self._value(node), base, exponents, inner, growth, logs, strict=True
                )
            ]
        )


_VALUE_OF: dict[int, Callable[[PointValues, Expr], Numbers]] = {
    **dict.fromkeys((NUMBER, CONSTANT, SYMBOL), PointValues._of_leaf),
    **{ADD: PointValues._of_sum, MULTIPLY: PointValues._of_product},
    **{POWER: PointValues._of_power, FUNCTION: PointValues._of_function},
}
_SLOPE_OF: dict[int, Callable[[PointValues, Expr], Numbers]] = {
    **{SYMBOL: PointValues._slope_of_symbol, ADD: PointValues._slope_of_sum},
    **{MULTIPLY: PointValues._slope_of_product},
    **{POWER: PointValues._slope_of_power, FUNCTION: PointValues._slope_of_function},
}


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # int or Fraction
    except OverflowError:
        return float("nan")


def _mapped(rule: Callable[[complex], complex], values: Numbers) -> Numbers:
    try:
        return _bounded(tuple(map(rule, values)))
    except (ValueError, OverflowError, ZeroDivisionError):
        return tuple([_guarded(rule, u) for u in values])


def _guarded(rule: Callable[[complex], complex], value: complex) -> complex:
    try:
        found = rule(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        return NAN
    return found if abs(found.real) + abs(found.imag) < _LARGEST else NAN


def _bounded(values: Numbers) -> Numbers:
    """The values with nan for all from 1e80 on: their real and imaginary parts in absolute value, added."""
    try:
        if max(map(abs, values)) < 0.7 * _LARGEST:
            return values
    except OverflowError:  # abs() of nan may raise in CPython 3.11: it looks at a stale error number
        pass
    return tuple([u if abs(u.real) + abs(u.imag) < _LARGEST else NAN for u in values])


def _power(base: complex, exponent: complex) -> complex:
    return _guarded(lambda u: u**exponent, base)


def _exponential(value: complex) -> complex:
    """exp, or nan where it is below 1e-80: nothing that it stands in could be told from zero."""
    return cmath.exp(value) if value.real > -184.2 else NAN


FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    **{
        name: getattr(cmath, name)
        for name in ("log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
    },
    **{name: getattr(cmath, name) for name in ("asinh", "acosh", "atanh")},
    "exp": _exponential,
    "abs": lambda u: -u if u.real < 0 else u,
    "sign": lambda u: complex((u.real > 0) - (u.real < 0)),
}
SLOPES: dict[str, Callable[[complex], complex]] = {
    "exp": cmath.exp,
    "log": lambda u: 1 / u,
    "sin": cmath.cos,
    "cos": lambda u: -cmath.sin(u),
    "tan": lambda u: cmath.cos(u) ** -2,
    "asin": lambda u: 1 / cmath.sqrt(1 - u * u),
    "acos": lambda u: -1 / cmath.sqrt(1 - u * u),
    "atan": lambda u: 1 / (1 + u * u),
    "sinh": cmath.cosh,
    "cosh": cmath.sinh,
    "tanh": lambda u: cmath.cosh(u) ** -2,
    "asinh": lambda u: 1 / cmath.sqrt(1 + u * u),
    "acosh": lambda u: 1 / (cmath.sqrt(u - 1) * cmath.sqrt(u + 1)),
    "atanh": lambda u: 1 / (1 - u * u),
    "abs": lambda u: complex((u.real > 0) - (u.real < 0)),
    "sign": lambda u: 0j,
}


def fixed_points() -> PointValues:
    """An empty memory for expressions in x, parameters and constants at `POINTS`."""
    count = len(POINTS)
    constants = {name: (value,) * count for name, value in PARAMETERS.items()}
    return PointValues({"x": POINTS, **constants}, {"x": (1 + 0j,) * count})


FIXED_POINTS = fixed_points()
"""The memory that all generators of a process share."""


def agreement(left: Numbers, right: Numbers, tolerance: float = 1e-8) -> tuple[int, int]:
    """At how many points two rows of numbers agree, and at how many both are finite."""
    equal = usable = 0
    for u, v in zip(left, right, strict=True):
        if u == u and v == v:  # abs() of nan may raise, as in `_bounded`
            usable += 1
            equal += abs(u - v) <= tolerance * (1e-3 + abs(u) + abs(v))
    return equal, usable
