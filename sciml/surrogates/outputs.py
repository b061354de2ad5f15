"""From what a program or a function answered to a row: numbers, or the failure that says what is wrong."""

import math
from collections.abc import Mapping
from typing import Any

from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Row

_LONGEST_SHOWN = 80


def read_outputs(answered: object, spec: ProblemSpec, cost_s: float) -> Row:
    """The row of named outputs; those that the problem does not know are left out.

    Args:
        answered: outputs by name, as they came.
        spec: says which are wanted, and which auxiliary ones may be there.
        cost_s: seconds of the simulation.

    Returns:
        All outputs as floats; or a failure: missing, not a number (`bad answer`; a truth value and a text
        are none), or not finite (`null`, which many languages write for NaN, among them). An auxiliary output
        that is no finite number counts as not there.
    """
    if not isinstance(answered, Mapping):
        kind, shown = FailureKind.BAD_ANSWER, type(answered).__name__
        return Row({}, failure=Failure(kind, f"outputs are a {shown}, not named values"), cost_s=cost_s)
    outputs: dict[str, float] = {}
    missing = [name for name in spec.output_names if name not in answered]
    failure = None
    if missing:
        failure = Failure(FailureKind.MISSING_OUTPUT, f"no value for {', '.join(missing)}")
    for name in spec.output_names:
        if name not in answered:
            continue
        number = as_number(answered[name])
        if number is not None and math.isfinite(number):
            outputs[name] = number
        elif failure is None:
            kind = FailureKind.BAD_ANSWER if number is None else FailureKind.NON_FINITE
            failure = Failure(kind, f"{name} is {shortened(answered[name])}")
    auxiliary = {name: as_number(answered[name]) for name in spec.auxiliary_names if name in answered}
    finite = {name: value for name, value in auxiliary.items() if value is not None and math.isfinite(value)}
    return Row(outputs, finite, failure, cost_s)


def as_number(value: object) -> float | None:
    """A value as a float, NaN for None and infinite where it is too large; None if it is no number.

    Numbers are those of Python, and those of array libraries (`shape` is empty).
    """
    if value is None:
        return math.nan
    if isinstance(value, float):
        return float(value)
    if getattr(value, "shape", None) == ():
        scalar: Any = value
        value = scalar.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def shortened(value: object, longest: int = _LONGEST_SHOWN) -> str:
    """A value as text that fits into a message; lone surrogates, which no file can hold, are replaced."""
    try:
        text = repr(value[: longest + 1] if isinstance(value, str) else value)
    except ValueError:  # Python does not write integers of thousands of digits
        text = "an integer of thousands of digits"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= longest else text[:longest] + "…"
