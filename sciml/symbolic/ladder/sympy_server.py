"""The process in which SymPy works for `sympy_child.py`; run as a module."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from sciml.errors import InputError
from sciml.symbolic.expression import Expr, symbol_names
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.substitution import rename
from sciml.symbolic.sympy_bridge import from_sympy, to_sympy
from sciml.symbolic.tokens import from_prefix

MEMORY_BYTES = 3 * 2**30
"""Address space of the process."""
_MOST_BRANCHES = 4
_FIRST_SHARE = 0.4
"""Of the time, for the first of two methods."""


class _CancelledError(Exception):
    """The owner no longer wants the answer."""


def main() -> None:
    """Answer the requests on standard input until it ends."""
    _limit_memory()
    import sympy.integrals.manualintegrate  # noqa: F401  # before any limit of time: half an import is none

    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever else prints does not reach the owner
    for line in sys.stdin:
        request = json.loads(line)
        number = request["number"]
        try:
            seconds = max(0.05, request["until"] - time.time())
            for candidate in answers(request["task"], bytes.fromhex(request["problem"]), seconds):
                print(
                    json.dumps({"number": number, "candidate": candidate.prefix.hex()}), file=out, flush=True
                )
        except (_CancelledError, OutOfTimeError):
            pass
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        print(json.dumps({"number": number, "done": True}), file=out, flush=True)


def answers(task: str, problem: bytes, seconds: float) -> Iterator[Expr]:
    """What SymPy's methods say to a problem in x, one after the other.

    Args:
        task: integrate or dsolve.
        problem: token ids of the integrand, or of the left side of the equation.
        seconds: for all methods together.
    """
    signal.signal(signal.SIGUSR1, _cancel)
    deadline = Deadline.after(seconds)
    methods = _METHODS[task]
    given = from_prefix(problem)
    for place, method in enumerate(methods):
        is_last = place == len(methods) - 1
        try:
            with hard_limit(deadline if is_last else Deadline.after(_FIRST_SHARE * seconds)):
                found = list(_read(method(given)))
        except OutOfTimeError:
            continue
        except (ArithmeticError, AssertionError, AttributeError, IndexError, KeyError, LookupError) as error:
            del error  # faults of SymPy, which has many kinds of them
            continue
        except (MemoryError, NotImplementedError, RecursionError, RuntimeError, TypeError, ValueError):
            continue
        yield from found


def _cancel(number: int, frame: FrameType | None) -> None:
    raise _CancelledError


def _limit_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _symbols(given: Expr) -> dict[str, Any]:
    """Parameters count as positive, which is what answers are verified with; x is any number."""
    import sympy

    names = [name for name in symbol_names(given) if name not in ("x", "y", "y'", "y''")]
    return {"x": sympy.Symbol("x"), **{name: sympy.Symbol(name, positive=True) for name in names}}


def _manual(given: Expr) -> list[Any]:
    from sympy.integrals.manualintegrate import manualintegrate

    symbols = _symbols(given)
    return [manualintegrate(to_sympy(given, symbols), symbols["x"])]


def _integrate(given: Expr) -> list[Any]:
    import sympy

    symbols = _symbols(given)
    return [sympy.integrate(to_sympy(given, symbols), symbols["x"], meijerg=False)]


def _dsolve(given: Expr, *, simplify: bool) -> list[Any]:
    import sympy

    symbols = _symbols(given)
    unknown = sympy.Function("y")(symbols["x"])
    equation = to_sympy(given, symbols, function_of=symbols["x"])
    found = sympy.dsolve(equation, unknown, simplify=simplify)
    equations = found if isinstance(found, list) else [found]
    return [
        one.rhs if one.lhs == unknown and not one.rhs.has(unknown) else one.lhs - one.rhs for one in equations
    ]


_METHODS: dict[str, tuple[Callable[[Expr], list[Any]], ...]] = {
    "integrate": (_manual, _integrate),
    "dsolve": (lambda given: _dsolve(given, simplify=True), lambda given: _dsolve(given, simplify=False)),
}


def _read(found: list[Any]) -> Iterator[Expr]:
    """The expressions that the engine can say, each branch of a Piecewise by itself."""
    import sympy

    for one in found:
        branches = [one]
        if one.has(sympy.Piecewise):
            folded = sympy.piecewise_fold(one)
            branches = [pair.expr for pair in folded.args] if isinstance(folded, sympy.Piecewise) else []
        for branch in branches[:_MOST_BRANCHES]:
            try:
                yield rename(from_sympy(branch), {"C1": "c1", "C2": "c2"})
            except InputError:  # an unevaluated integral, a special function
                continue


if __name__ == "__main__":
    main()
