"""What a run has reached, in figures and in one sentence."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sciml.report.design_data import Outcome
from sciml.report.quantities import with_unit
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Failure, Result
from sciml.surrogates.session.session import Session
from sciml.surrogates.specification import Specification

Array = NDArray[np.float64]

LONGEST_EXAMPLE = 400


def margins(problem: Problem, values: Array) -> Array:
    """Room of outputs (output,) under each specification, (specification,).

    The margin is the distance to the limit relative to the limit (to one unit where the limit is zero):
    positive inside, negative outside, NaN where the output is not known.
    """
    names = problem.spec.output_names
    found = [
        each.sign * (values[names.index(each.output)] - each.limit) / (abs(each.limit) or 1.0)
        for each in problem.goal.specifications
    ]
    return np.array(found, dtype=np.float64)


def worst_specification(problem: Problem, values: Array) -> Specification | None:
    """The specification that outputs (output,) violate most; None where all are met."""
    violations = problem.goal.violations(values[None], problem.spec)[0]
    if not len(violations) or violations.max() <= 0:
        return None
    return problem.goal.specifications[int(np.argmax(violations))]


def specification_text(problem: Problem, each: Specification) -> str:
    """A specification with its unit: `ugbw ≥ 10 MHz`."""
    sign = "≥" if each.sign > 0 else "≤"
    return f"{each.output} {sign} {with_unit(each.limit, unit_of(problem, each.output))}"


def unit_of(problem: Problem, output: str) -> str:
    """Unit of an output."""
    return next(each.unit for each in problem.spec.outputs if each.name == output)


def missed_texts(problem: Problem, values: Array) -> list[str]:
    """Each specification that outputs (output,) violate, the worst first: `gain 212 (≥ 300)`."""
    violations = problem.goal.violations(values[None], problem.spec)[0]
    names, found = problem.spec.output_names, []
    for index in np.argsort(-violations, kind="stable"):
        if violations[index] <= 0:
            break
        each = problem.goal.specifications[index]
        unit = unit_of(problem, each.output)
        value = with_unit(float(values[names.index(each.output)]), unit)
        sign = "≥" if each.sign > 0 else "≤"
        found.append(f"{each.output} {value} ({sign} {with_unit(each.limit, unit)})")
    return found


def verdict(session: Session) -> str:
    """One sentence: after how many simulations a design was feasible, or what the best one misses."""
    search, problem = session.search, session.problem
    where = f" at all {len(session.conditions)} conditions" if session.settings.corners else ""
    if search.is_feasible:
        found = f"Feasible{where} after {search.first_feasible} simulations"
        if search.simulations > (search.first_feasible or 0):
            found += f" of {search.simulations}"
        return f"{found}; simulated again, it meets every specification."
    spent = f"No feasible design{where} in {search.simulations} simulations"
    spent += " (nothing is left to try)" if search.stopped == "exhausted" else ""
    if search.best is None:
        return f"{spent}: nothing was simulated."
    values = search.result.values[search.best]
    if not np.isfinite(values).any():
        kinds = failure_counts(search.result.failures)
        reason = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        first = next(iter(failure_examples(search.result.failures).values()), "")
        return f"{spent}: every simulation failed ({reason}). The first: {first}"
    missed = missed_texts(problem, values)
    if not missed:
        return f"{spent}: the best design met every specification once and not when it was simulated again."
    return f"{spent}: the best misses {', '.join(missed)}."


def failure_counts(failures: Sequence[Failure | None]) -> dict[str, int]:
    """Number of failures of each kind, the most frequent first."""
    return dict(Counter(failure.kind.value for failure in failures if failure is not None).most_common())


def failure_examples(failures: Sequence[Failure | None]) -> dict[str, str]:
    """The first failure of each kind, in one line of at most `LONGEST_EXAMPLE` letters."""
    found: dict[str, str] = {}
    for failure in failures:
        if failure is not None:
            text = " ".join(failure.message.split())
            shown = text if len(text) <= LONGEST_EXAMPLE else f"{text[: LONGEST_EXAMPLE - 1]}…"
            found.setdefault(failure.kind.value, shown)
    return found


def outcome_of(result: Result, is_met: NDArray[np.bool_], row: int) -> Outcome:
    """`met`, `missed`, `stopped` or `failed`."""
    if result.failures[row] is not None:
        return "failed"
    if not result.is_complete[row]:
        return "stopped"
    return "met" if is_met[row] and result.ok[row] else "missed"
