"""Verified symbolic integration and differential equations: `integrate`, `dsolve`, `verify`, `equivalent`.

From text to answer: `parser.py` (text to `expression.py`; LaTeX by way of `latex_words.py`) → `problems.py`
(integral, equation) → `ladder/` (ways of solving, cheapest first) → `verification.py`,
`ode_verification.py` (every answer, before it is returned) → `answer.py`. `integration.py`,
`equation_solution.py` and `definite.py` lead through.

The engine: `expression.py` (canonical trees), `derivative.py`, `substitution.py`, `expansion.py`,
`evaluation.py`, `precise.py` (30 digits and more: `hidden_parts.py`), `kinks.py`,
`infix.py`, `latex.py`, `sympy_bridge.py`.

The sequence model: `generators/` (pairs to learn from), `vocabulary.py`, `tokens.py`, `network.py`,
`decoding.py` (grammar-masked beam search), `training_data.py`, `training.py`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciml.symbolic.answer import Answer
    from sciml.symbolic.equation_solution import dsolve
    from sciml.symbolic.equivalence import equivalent
    from sciml.symbolic.integration import integrate
    from sciml.symbolic.parser import parse
    from sciml.symbolic.verification import verify

__all__ = ["Answer", "dsolve", "equivalent", "integrate", "parse", "verify"]
_HOMES = {
    "Answer": "answer",
    "dsolve": "equation_solution",
    "equivalent": "equivalence",
    "integrate": "integration",
    "parse": "parser",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # a module's attributes are of any type
    """Public names, imported when they are first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
