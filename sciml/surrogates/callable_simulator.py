"""Python functions as simulators: of one design, or of a whole batch at once."""

import hashlib
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.surrogates.outputs import read_outputs
from sciml.surrogates.problem_spec import ProblemSpec
from sciml.surrogates.result import Failure, FailureKind, Result, Row, checked, stack_rows
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff, Job


class CallableSimulator:
    """A function of one design: `function(values) -> outputs`, both by name.

    A function with parameters named `corner` or `seed` is given the job's :class:`Corner` and seed in them.
    An exception is a failure of the kind `reported` with the exception's text. The function must be one that
    a worker process can import (not a lambda) where it runs in other processes.

    Args:
        spec: inputs and outputs.
        function: values by name → outputs by name; auxiliary outputs among them where there are some.
        identity: text that changes whenever results may; None for the function's name and the digest of its
            source, which does not see what it calls.
        timeout_s: wall time of one call, for executors that supervise.
    """

    def __init__(
        self,
        spec: ProblemSpec,
        function: Callable[..., Mapping[str, Any]],
        *,
        identity: str | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self.spec, self.timeout_s = spec, timeout_s
        self._function = function
        self.identity = identity if identity is not None else function_identity(function)
        self._extras = _accepted(function)

    def simulate(self, job: Job) -> Row:
        """The function's answer for one job."""
        known = {"corner": job.corner, "seed": job.seed}
        started = time.perf_counter()
        try:
            outputs = self._function(dict(job.values), **{name: known[name] for name in self._extras})
        except (
            Exception,
            SystemExit,
        ) as error:  # the function's own way of saying that a design has no answer
            failure = Failure(FailureKind.REPORTED, f"{type(error).__name__}: {error}")
            return Row({}, failure=failure, cost_s=time.perf_counter() - started)
        return read_outputs(outputs, self.spec, time.perf_counter() - started)

    def close(self) -> None:
        """Nothing to give back."""


class VectorisedSimulator:
    """A function of a batch: `function(designs) -> values`, arrays (design, input) → (design, output).

    An exception fails the whole batch with the kind `reported`; a row with a value that is not finite fails
    alone. Nothing is stored.

    Attributes:
        simulations: designs computed so far.
    """

    def __init__(
        self,
        spec: ProblemSpec,
        function: Callable[..., NDArray[np.float64]],
        *,
        identity: str | None = None,
    ) -> None:
        self.spec = spec
        self.simulations = 0
        self.identity = identity if identity is not None else function_identity(function)
        self._function = function
        self._extras = _accepted(function)

    def run(
        self,
        designs: NDArray[np.float64],
        *,
        corner: Corner = NOMINAL,
        seed: int | None = None,
        cutoff: Cutoff | None = None,
    ) -> Result:
        """Compute designs (design, input); a cutoff changes nothing.

        Raises:
            InputError: a design that is not allowed, or a function that returns another shape.
        """
        designs = self.spec.check(designs)
        self.simulations += len(designs)
        known = {"corner": corner, "seed": seed}
        started = time.perf_counter()
        try:
            found = self._function(designs.copy(), **{name: known[name] for name in self._extras})
        except (Exception, SystemExit) as error:  # as in CallableSimulator
            failure = Failure(FailureKind.REPORTED, f"{type(error).__name__}: {error}")
            return stack_rows([Row({}, failure=failure)] * len(designs), self.spec)
        cost_s = (time.perf_counter() - started) / max(len(designs), 1)
        values = np.asarray(found, dtype=np.float64)
        if values.shape != (len(designs), len(self.spec.outputs)):
            wanted = (len(designs), len(self.spec.outputs))
            rule = f"the function returned an array of shape {values.shape}, not {wanted}"
            raise InputError(rule, record=self.spec.name)
        names = self.spec.output_names
        rows = [Row(dict(zip(names, row.tolist(), strict=True)), cost_s=cost_s) for row in values]
        return stack_rows([checked(row, self.spec) for row in rows], self.spec)


def function_identity(function: Callable[..., Any]) -> str:
    """Module and name of a function, and the digest of its source where it can be read."""
    inner = inspect.unwrap(function)
    name = f"{getattr(inner, '__module__', '?')}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"
    try:
        source = inspect.getsource(inner if hasattr(inner, "__qualname__") else type(inner))
    except (OSError, TypeError):  # built in, or typed at a prompt
        return f"python {name}"
    return f"python {name} {hashlib.sha256(source.encode()).hexdigest()[:16]}"


def _accepted(function: Callable[..., Any]) -> tuple[str, ...]:
    """Which of the job's extras a function has parameters for."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-in functions have no signature
        return ()
    return tuple(name for name in ("corner", "seed") if name in parameters)
