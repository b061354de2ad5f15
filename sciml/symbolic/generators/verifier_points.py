"""The real points of the verifier, with values remembered between samples.

Two expressions that agree in ordinary numbers at all of them, and hide no parts, pass the verifier.
"""

from sciml.symbolic.expression import ADD, POWER, Expr
from sciml.symbolic.generators.points import NAN, Numbers, PointValues, agreement
from sciml.symbolic.judgement import FEWEST_REAL
from sciml.symbolic.ode_verification import with_signs
from sciml.symbolic.sample_points import standard_samples
from sciml.symbolic.substitution import operands
from sciml.symbolic.vocabulary import ID

_SAMPLES = with_signs(standard_samples(("a", "b", "c", "c1", "c2"), "x"), "x")


def _values_at(start: int, step: int) -> PointValues:
    """A memory for some of the real points, with the verifier's parameters and constants of integration."""
    chosen = {
        name: tuple(map(complex, values[_SAMPLES.is_real][start::step]))
        for name, values in _SAMPLES.values.items()
    }
    return PointValues(chosen, {"x": (1 + 0j,) * len(chosen["x"])})


ALL_POINTS = _values_at(0, 1)
HALF_OF_POINTS, OTHER_HALF = _values_at(0, 2), _values_at(1, 2)
"""Every other one, from small to large on both halves of the axis, and those between them."""
_MANY_VALUED = frozenset(
    ID[name] for name in ("sqrt", "log", "asin", "acos", "atan", "asinh", "acosh", "atanh")
)
_POW = ID["pow"]


def is_many_valued(node: Expr) -> bool:
    """Whether a root, a logarithm or an inverse function is inside: their branches differ from place to
    place."""
    return not _MANY_VALUED.isdisjoint(node.prefix) or _has_root(node)


def _has_root(node: Expr) -> bool:
    """Whether an exponent that is no whole number is inside."""
    if _POW not in node.prefix:
        return False
    if node.kind == POWER and type(node.value) is not int:
        return True
    return any(_has_root(one) for one in operands(node))


def is_integral_on_the_axis(integrand: Expr, antiderivative: Expr) -> bool:
    """Whether the slopes of the antiderivative are the integrand wherever that is real, and at enough
    points."""
    wanted = real_only(ALL_POINTS.values(integrand))
    equal, usable = agreement(ALL_POINTS.slopes(antiderivative), wanted)
    return equal == usable >= FEWEST_REAL


def real_only(values: Numbers) -> Numbers:
    """The real ones; nan for the others."""
    return tuple([u if abs(u.imag) <= 1e-9 * abs(u.real) else NAN for u in values])


def real_points(on_curve: PointValues, left_side: Expr) -> int:
    """At how many points y and all terms of the left side of an equation are real."""
    terms = [term for term, _ in left_side.args] if left_side.kind == ADD else [left_side]
    rows = [on_curve.symbols["y"], *map(on_curve.values, terms)]
    return sum(all(abs(u.imag) <= 1e-9 * abs(u.real) for u in row) for row in zip(*rows, strict=True))
