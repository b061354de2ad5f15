"""What people hand over, as the engine has it: text, an expression of SymPy, or one of the engine itself."""

from typing import TYPE_CHECKING, Any, TypeAlias

from sciml.errors import InputError
from sciml.symbolic.expression import Expr, symbol, symbol_names
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import CONSTANT_NAMES, Equation, Integral, parse_equation
from sciml.symbolic.substitution import substitute
from sciml.symbolic.sympy_bridge import from_sympy

if TYPE_CHECKING:
    import sympy

GivenExpression: TypeAlias = "Expr | str | sympy.Basic | float"
"""An expression: of the engine, text, of SymPy, or a number."""
GivenProblem: TypeAlias = "Integral | Equation | Expr | str | sympy.Basic"
"""An integrand or a differential equation."""


def as_expression(given: GivenExpression) -> Expr:
    """The expression that is given.

    Raises:
        InputError: a text that cannot be read, or parts that are not supported.
    """
    if isinstance(given, Expr):
        return given
    return parse(given) if isinstance(given, str) else from_sympy(given)


def as_problem(given: GivenProblem) -> Integral | Equation:
    """The problem that is given: an equation where there is a sign = or a derivative of the unknown function.

    Raises:
        InputError: it cannot be read.
    """
    from sciml.symbolic.equation_solution import read_equation
    from sciml.symbolic.integration import read_integral

    if isinstance(given, Integral | Equation):
        return given
    if isinstance(given, str):
        is_equation = "=" in given or _is_differential(given)
    else:
        is_equation = not isinstance(given, Expr) and _has_derivative(given)
    return read_equation(given)[0] if is_equation else read_integral(given)[0]


def as_answer(given: GivenExpression, problem: Integral | Equation) -> Expr:
    """The answer that is given; of `Eq(y(x), f)` the right side, of another equation both sides' difference.

    SymPy's constants of integration C1, C2 are taken for c1, c2 where neither problem nor answer has those.

    Raises:
        InputError: it cannot be read.
    """
    if isinstance(given, Expr):
        return given
    answer = as_expression(given if isinstance(given, str) else _explicit(given))
    if isinstance(problem, Integral):
        return answer
    names, taken = symbol_names(answer), symbol_names(problem.left_side)
    foreign = {own: own.upper() for own in CONSTANT_NAMES if own.upper() in names}
    if not foreign or any(own in names or other in taken for own, other in foreign.items()):
        return answer
    return substitute(answer, {symbol(other): symbol(own) for own, other in foreign.items()})


def _is_differential(text: str) -> bool:
    """Whether a text without sign = is a differential equation that is to be zero."""
    try:
        parse_equation(text)
    except InputError:
        return False
    return True


def _has_derivative(given: Any) -> bool:  # noqa: ANN401  # of SymPy, or anything else
    import sympy

    return isinstance(given, sympy.Basic) and (isinstance(given, sympy.Eq) or given.has(sympy.Derivative))


def _explicit(given: Any) -> Any:  # noqa: ANN401  # of SymPy, or anything else
    import sympy

    if not isinstance(given, sympy.Eq):
        return given
    if isinstance(given.lhs, sympy.core.function.AppliedUndef) and not given.rhs.has(given.lhs):
        return given.rhs
    return given.lhs - given.rhs
