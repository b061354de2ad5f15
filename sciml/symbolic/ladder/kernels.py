"""Which functions and radicals an expression is made of: the field that it lies in."""

from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import ADD, FUNCTION, MULTIPLY, POWER, Expr, ExpressionTooLargeError

Kernel = tuple[object, ...]
_MOST_TERMS = 60
"""Of a radicand that is multiplied out."""


def kernels(node: Expr, variable: Expr) -> frozenset[Kernel]:
    """The functions and radicals of an expression as keys: what is rational in it has none.

    Circular functions count as one, so do exponential and hyperbolic ones; a radical is (degree, base), its
    base in the words of `radicand_key`.
    """
    if not node.mask & variable.mask:
        return frozenset()
    cache = node.cache
    if cache is None:
        cache = node.cache = {}
    key = (variable.prefix, "kernels")
    known: frozenset[Kernel] | None = cache.get(key)
    if known is None:
        known = cache[key] = frozenset(_kernels(node, variable))
    return known


def _kernels(node: Expr, variable: Expr) -> set[Kernel]:
    found: set[Kernel] = set()
    kind = node.kind
    if kind == ADD:
        for term, _ in node.args:
            found |= kernels(term, variable)
        return found
    if kind == POWER and node.value is None:
        found.add(("power", node.args[0].prefix))
    elif kind == POWER and type(node.value) is not int:
        found.add((node.value.denominator, radicand_key(node.args[0])))
    elif kind == FUNCTION:
        found.add(_function_key(node))
    if kind in (MULTIPLY, POWER, FUNCTION):
        for part in node.args:
            found |= kernels(part, variable)
    return found


def radicand_key(base: Expr) -> bytes:
    """The same for sqrt(1 - (x + 1)**2) and sqrt(-x**2 - 2*x): what is under a root is multiplied out."""
    if base.kind != ADD and (base.kind != MULTIPLY or all(factor.kind != ADD for factor in base.args)):
        return base.prefix
    if base.cache is None:
        base.cache = {}
    known: bytes | None = base.cache.get("radicand")
    if known is None:
        try:
            known = expand(base, max_terms=_MOST_TERMS).prefix
        except ExpressionTooLargeError:
            known = base.prefix
        base.cache["radicand"] = known
    return known


def _function_key(node: Expr) -> Kernel:
    if node.value in ("sin", "cos", "tan"):
        return ("circle",)
    if node.value in ("exp", "sinh", "cosh", "tanh"):
        return ("exp",)
    return (node.value, node.args[0].prefix)
