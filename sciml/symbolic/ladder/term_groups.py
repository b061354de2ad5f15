"""Terms of a sum that can only be integrated together: those that share a function or a radical.

The derivative of a product keeps its functions, so terms of one derivative share some of them. Terms that
share none belong to different parts of the antiderivative, and smaller sums are easier to solve.
"""

from collections.abc import Iterator

from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import ADD, FUNCTION, POWER, Expr, ExpressionTooLargeError, Number, X
from sciml.symbolic.substitution import operands

Terms = list[tuple[Number, Expr]]
"""(coefficient, term) pairs."""


def groups(terms: Terms, *, is_deep: bool = False) -> list[Terms]:
    """The terms, each in one group; a chain of shared functions connects the terms of a group.

    Args:
        terms: of a sum.
        is_deep: whether functions inside functions count, as in log(asin(x)) and 1/asin(x).
    """
    found: list[tuple[set[bytes], Terms]] = []
    for coefficient, term in terms:
        kernels = _kernels(term, is_deep)
        joined = [group for group in found if group[0] & kernels or not (group[0] or kernels)]
        rest = [group for group in found if group not in joined]
        members = [pair for group in joined for pair in group[1]]
        shared = kernels.union(*[group[0] for group in joined])
        found = [*rest, (shared, [*members, (coefficient, term)])]
    return [members for _, members in found]


def _kernels(node: Expr, is_deep: bool) -> set[bytes]:
    """Outermost or all functions and radicals of x in a term, by their prefixes; a radical by its base."""
    if not node.mask & X.mask:
        return set()
    inner = [_kernels(part, is_deep) for part in operands(node)] if is_deep or node.kind != FUNCTION else []
    if node.kind == FUNCTION and node.value in ("sin", "cos", "tan", "sinh", "cosh", "tanh"):
        return {b"wave " + node.args[0].prefix}.union(*inner)  # derivatives of one another
    if node.kind == FUNCTION:
        return {node.prefix}.union(*inner)
    if node.kind == POWER and type(node.value) is not int:
        return {node.args[0].prefix}.union(*inner if is_deep else ())
    return set().union(*inner)


def forms_with_terms(integrand: Expr) -> Iterator[Expr]:
    """The integrand if it is a sum, and multiplied out."""
    if integrand.kind == ADD:
        yield integrand
    try:
        expanded = expand(integrand, max_terms=60)
    except ExpressionTooLargeError:
        return
    if expanded.kind == ADD and expanded != integrand:
        yield expanded
