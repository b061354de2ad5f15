"""Functions of one argument in canonical form; the rules are those of `function_values.py`."""

from collections.abc import Callable

from sciml.symbolic.nodes import FUNCTION, Expr, make_node, table
from sciml.symbolic.prefixes import FUNCTION_PREFIX


def function(name: str, argument: Expr) -> Expr:
    """A function of `FUNCTION_PREFIX`, or sqrt, of one argument.

    Raises:
        ValueError: an unknown name.
        UndefinedExpressionError: log(0), atanh(1) and the like.
    """
    token = FUNCTION_PREFIX.get(name)
    if token is None:
        return _square_root(name, argument)
    prefix = token + argument.prefix
    known = table.get(prefix)
    if known is not None:
        return known
    simpler = (_simplified or _bind_rules())(name, argument)
    if simpler is not None:
        return simpler
    return make_node(FUNCTION, name, (argument,), prefix, argument.mask)


def _square_root(name: str, argument: Expr) -> Expr:
    from sciml.symbolic.products import sqrt

    if name != "sqrt":
        raise ValueError(f"{name!r} is no function of one argument that is known")
    return sqrt(argument)


_simplified: Callable[[str, Expr], Expr | None] | None = None


def _bind_rules() -> Callable[[str, Expr], Expr | None]:
    """The rules of `function_values`, which are made of the constructors, this one among them."""
    global _simplified
    from sciml.symbolic.function_values import simplified

    _simplified = simplified
    return simplified
