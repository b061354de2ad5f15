"""Whether ordinary numbers see all parts of an expression, or lose a small one beside the others.

Expressions that differ in a lost part have the same values: tanh(x + 60) and 1, x + exp(-60)*sin(x) and x. No
integral may be found by such values.
"""

from sciml.symbolic.expression import ADD, FUNCTION, Expr
from sciml.symbolic.generators.points import FIXED_POINTS, LARGEST_VALUE, NAN, PointValues
from sciml.symbolic.substitution import operands

_SMALLEST_PART, _SMALLEST_ARGUMENT = 1e-8, 1e-4
"""What is smaller beside the rest of a sum, or as argument of a function, is lost at that point: values are
compared to 1e-10."""
_LARGEST_ARGUMENT = {
    **dict.fromkeys(("sinh", "cosh", "tanh"), 9.0),
    **dict.fromkeys(("atan", "asinh", "acosh", "atanh"), 1e4),
}
"""From here on these functions are an exponential, a constant or a logarithm in ordinary numbers."""
_LARGEST_MEMORY = 50_000


class LostParts:
    """Remembers which expressions lose a part at all points of a memory.

    Args:
        at: values at the points.
    """

    def __init__(self, at: PointValues) -> None:
        self.at = at
        self._known: dict[bytes, bool] = {}

    def are_in(self, node: Expr) -> bool:
        """Whether a part of the expression is lost at all points."""
        if not node.args:
            return False
        known = self._known.get(node.prefix)
        if known is None:
            if len(self._known) > _LARGEST_MEMORY:
                self._known.clear()
            inner = any(self.are_in(one) for one in operands(node))
            known = self._known[node.prefix] = inner or self._is_lost_in(node)
        return known

    def _is_lost_in(self, node: Expr) -> bool:
        if node.kind == ADD:
            sums = [_SMALLEST_PART * _size(u) for u in self.at.values(node)]
            if node.value and all(abs(float(node.value)) < u for u in sums):
                return True
            for term, coefficient in node.args:
                factor = abs(float(coefficient))
                if all(factor * _size(u) < v for u, v in zip(self.at.values(term), sums, strict=True)):
                    return True
            return False
        if node.kind != FUNCTION or node.value in ("log", "abs", "sign"):
            return False
        sizes = [_size(u) for u in self.at.values(node.args[0])]
        largest = _LARGEST_ARGUMENT.get(node.value, LARGEST_VALUE)
        return all(one < _SMALLEST_ARGUMENT for one in sizes) or all(one > largest for one in sizes)


def _size(value: complex) -> float:
    return abs(value.real) + abs(value.imag)


_IN_FIXED_POINTS = LostParts(FIXED_POINTS)
_CONSTANTS = PointValues({"x": (NAN,)})
_IN_CONSTANTS = LostParts(_CONSTANTS)


def loses_parts(node: Expr) -> bool:
    """Whether a part of the expression is lost at all points at which integrals are looked up."""
    return _IN_FIXED_POINTS.are_in(node)


def is_real_constant(node: Expr) -> bool:
    """Whether an expression without symbols has a real value between 1e-80 and 1e80 in size, or 0, and loses
    no part."""
    value = _CONSTANTS.values(node)[0]
    is_moderate = abs(value.real) >= 1 / LARGEST_VALUE and abs(value.imag) <= 1e-12 * abs(value.real)
    return (is_moderate or value == 0) and not _IN_CONSTANTS.are_in(node)
