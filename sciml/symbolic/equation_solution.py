"""`dsolve`: the verified general solution of a differential equation, or none."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from sciml.errors import InputError
from sciml.symbolic.answer import Answer, made_answer
from sciml.symbolic.expression import Expr, symbol, symbol_names
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.climb import EquationClimb
from sciml.symbolic.ladder.equations.forms import simplest_solutions
from sciml.symbolic.ladder.equations.real_forms import most_real
from sciml.symbolic.ladder.normalise import Renaming
from sciml.symbolic.ladder.settings import Settings
from sciml.symbolic.problems import CONSTANT_NAMES, Equation, equation, parse_equation
from sciml.symbolic.sympy_bridge import equation_from_sympy, sympy_symbols, unknown_functions
from sciml.symbolic.unknown_function import Y

if TYPE_CHECKING:
    import sympy

Given: TypeAlias = "Equation | Expr | str | sympy.Basic"
"""An equation: text, a left side in y, y', y'' of the engine, or an equation of SymPy."""


def dsolve(
    given: Given,
    variable: "Expr | str | sympy.Symbol | None" = None,
    *,
    timeout: float = 10.0,
    beam: int = 10,
    cas: bool = False,
    alternatives: int = 0,
    seed: int = 0,
) -> Answer:
    """The general solution of an equation of first or second order; or an answer without solution.

    The constants of integration are c1 and c2. An explicit solution y(x) is looked for; if only an implicit
    one is found, H(x, y) = 0 is returned (`Answer.is_implicit`).

    Args:
        given: text such as `y' = x*y`, an expression in y, y', y'' that is zero, or an equation of SymPy.
        variable: what y depends on; what the text says, else x, else t.
        timeout: seconds for everything.
        beam: width of the sequence model's second search.
        cas: ask FriCAS, Maxima and Giac last, where installed.
        alternatives: other verified forms wanted.
        seed: of the model's samples.

    Raises:
        InputError: a text that cannot be read, or an equation with parts that are not supported.
        SettingsError: a timeout or beam that is not positive.
    """
    settings = Settings(timeout, beam, cas, alternatives, seed)
    started = time.monotonic()
    deadline = Deadline.after(timeout)
    problem, symbols = read_equation(given, variable)
    names = Renaming.of(problem.left_side, problem.variable, is_equation=True)
    inside = Equation(names.into(problem.left_side), problem.order)
    climb = EquationClimb(settings, deadline)
    found = climb.solve(inside)
    kept = [] if found is None else [found]
    if found is not None and not found.expression.mask & Y[0].mask:
        found = most_real(found, inside, deadline)
        kept = simplest_solutions(found, inside, alternatives + 1, deadline)
    return made_answer(problem, kept, climb.notes, names, started, symbols)


def read_equation(
    given: Given, variable: "Expr | str | sympy.Symbol | None" = None
) -> "tuple[Equation, dict[str, sympy.Symbol]]":
    """The question as the engine has it, and the symbols of SymPy that were in it.

    Raises:
        InputError: it cannot be read, or uses the names of the constants of integration.
    """
    symbols: dict[str, sympy.Symbol] = {}
    if isinstance(given, Equation):
        read = given
    elif isinstance(given, str):
        read = parse_equation(given)
    elif isinstance(given, Expr):
        read = equation(given)
    else:
        read = equation_from_sympy(given)
        symbols = {**sympy_symbols(given), "y": min(unknown_functions(given), key=str)}
    names = symbol_names(read.left_side)
    taken = [name for name in CONSTANT_NAMES if name in names]
    if taken:
        raise InputError(f"{taken[0]} names a constant of integration; give the parameter another name")
    if variable is not None:
        name = variable.value if isinstance(variable, Expr) else str(variable)
        return replace(read, variable=symbol(name)), symbols
    if read.variable.value == "x" and "x" not in names and "t" in names:
        note = "y is read as a function of t"
        return replace(read, variable=symbol("t"), notes=(*read.notes, note)), symbols
    return read, symbols
