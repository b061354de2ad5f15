"""`integrate`: a verified antiderivative, or none."""

import time
from typing import TYPE_CHECKING, TypeAlias

from sciml.errors import InputError, SettingsError
from sciml.symbolic.answer import Answer, made_answer
from sciml.symbolic.expression import SYMBOL, Expr, X, symbol, symbol_names
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.found import Found, simplest_forms
from sciml.symbolic.ladder.integral_climb import IntegralClimb
from sciml.symbolic.ladder.normalise import Renaming
from sciml.symbolic.ladder.settings import Settings
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import Integral, parse_integral
from sciml.symbolic.sympy_bridge import as_sympy, from_sympy, sympy_symbols, unknown_functions
from sciml.symbolic.verification import verify_integral

if TYPE_CHECKING:
    import sympy

_LIMITS_S = 1.5
"""Seconds of work that putting in the limits always has, scipy's loading included."""
Given: TypeAlias = "Integral | Expr | str | sympy.Basic"
"""An integrand: text, an expression of the engine, or of SymPy."""


def integrate(
    integrand: Given,
    variable: "Expr | str | sympy.Symbol | None" = None,
    *,
    timeout: float = 10.0,
    beam: int = 10,
    cas: bool = False,
    alternatives: int = 0,
    seed: int = 0,
    lower: "Given | float | None" = None,
    upper: "Given | float | None" = None,
) -> Answer:
    """The antiderivative of a function, verified by differentiation; or an answer without solution.

    Args:
        integrand: text, an expression of the engine, or of SymPy; elementary, with any parameters (which
            count as positive in the verification).
        variable: what to integrate over; x if it is there, else the only symbol.
        timeout: seconds for everything.
        beam: width of the sequence model's second search.
        cas: ask FriCAS, Maxima and Giac last, where installed.
        alternatives: other verified forms wanted.
        seed: of the model's samples.
        lower: lower limit of a definite integral; with `upper`, `Answer.definite` is filled.
        upper: upper limit.

    Raises:
        InputError: a text that cannot be read, or an expression with parts that are not supported.
        SettingsError: a timeout or beam that is not positive, one limit without the other.
    """
    settings = Settings(timeout, beam, cas, alternatives, seed)
    if (lower is None) != (upper is None):
        raise SettingsError("a definite integral needs both limits")
    started = time.monotonic()
    deadline = Deadline.after(timeout)
    problem, symbols = read_integral(integrand, variable)
    names = Renaming.of(problem.integrand, problem.variable)
    inside = names.into(problem.integrand)
    climb = IntegralClimb(settings, deadline)
    found = climb.solve(inside)
    kept: list[Found] = []
    if found is not None:
        kept = simplest_forms(
            found,
            lambda form: verify_integral(inside, form),
            alternatives + 1,
            deadline,
            is_antiderivative=True,
        )
    answer = made_answer(problem, kept, climb.notes, names, started, symbols)
    if lower is None or upper is None:
        return answer
    from sciml.symbolic.definite import with_limits

    return with_limits(answer, lower, upper, Deadline.of_work(max(deadline.left, _LIMITS_S)))


def read_integral(
    integrand: Given, variable: "Expr | str | sympy.Symbol | None" = None
) -> "tuple[Integral, dict[str, sympy.Symbol]]":
    """The question as the engine has it, and the symbols of SymPy that were in it.

    Raises:
        InputError: it cannot be read, or the variable is not clear.
    """
    notes: list[str] = []
    symbols: dict[str, sympy.Symbol] = {}
    if isinstance(integrand, Integral):
        return integrand, symbols
    if isinstance(integrand, str):
        read = parse_integral(integrand)
        expression, notes = read.integrand, list(read.notes)
    elif isinstance(integrand, Expr):
        expression = integrand
    else:
        there = as_sympy(integrand)
        unknown = unknown_functions(there)
        if unknown:
            rule = f"{min(map(str, unknown))} is an unknown function; nothing is known of its integral"
            raise InputError(rule)
        expression, symbols = from_sympy(there, notes), dict(sympy_symbols(there))
    chosen = _variable(expression, variable, notes)
    return Integral(expression, chosen, tuple(notes)), symbols


def _variable(expression: Expr, given: "Expr | str | sympy.Symbol | None", notes: list[str]) -> Expr:
    if isinstance(given, str):
        read = parse(given)
        if symbol_names(read) != [given]:
            raise InputError(f"{given!r} cannot be a variable")
        return read
    if given is not None:
        read = given if isinstance(given, Expr) else from_sympy(given)
        if read.kind != SYMBOL:
            raise InputError(f"{given} cannot be a variable")
        return read
    names = symbol_names(expression)
    if not names or "x" in names:
        return X
    if len(names) > 1:
        raise InputError(f"there is no x; say which is the variable: {', '.join(sorted(names))}")
    notes.append(f"integrated over {names[0]}, the only symbol")
    return symbol(names[0])
