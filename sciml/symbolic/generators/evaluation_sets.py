"""Held-out problems: the published kinds without variations, and perturbations that trip neural integrators.

Their streams bear another name than those of training, so no training seed gives one of these sets; short
problems may still coincide, since there are few of them. Seeds start at 10**9 to tell the sets apart from
training runs at a glance.

Source of the perturbations: Welleck et al., AAAI 2022, section 3.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sciml.errors import SettingsError
from sciml.symbolic.expression import Expr, ExpressionTooLargeError, X, function, number, product
from sciml.symbolic.generators import backward, first_order, second_order
from sciml.symbolic.generators.mixture import TASK_OF_KIND, Mixture, only
from sciml.symbolic.generators.reductions import ELEMENTARY, log_power
from sciml.symbolic.generators.simplification import longest_number
from sciml.symbolic.generators.variations import scaled, shifted, summed
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ode_verification import verify_equation
from sciml.symbolic.problems import equation
from sciml.symbolic.verification import verify_integral

FIRST_SEED = 10**9
"""Evaluation sets have this seed or a higher one."""
DEVELOPMENT_SEED = 2 * 10**9
"""The set on which choices may be tuned; figures are quoted on others."""
SETS = {"bwd": "backward", "fwd": "forward", "ibp": "by_parts", "ode1": "first_order", "ode2": "second_order"}
"""File name of each kind of pairs."""
COEFFICIENT_RANGES = ((1, 100), (1, 100), (1, 100), (100, 500), (1000, 2000), (10_000, 11_000))
"""Where the coefficients of perturbed problems come from, all equally likely."""


@dataclass(frozen=True)
class Problem:
    """One line of an evaluation set."""

    id: str
    task: str
    """integrate, ode1 or ode2."""
    problem: Expr
    """The integrand, or the left side of equation = 0."""
    solution: Expr
    """A known answer."""

    def record(self) -> dict[str, str]:
        """The line: problem and solution as text and as token ids in hexadecimal digits."""
        text = to_infix(self.problem)
        return {
            "id": self.id,
            "task": self.task,
            "problem": text if self.task == "integrate" else f"{text} = 0",
            "solution": to_infix(self.solution),
            "problem_prefix": self.problem.prefix.hex(),
            "solution_prefix": self.solution.prefix.hex(),
        }


def evaluation_problems(name: str, seed: int, count: int) -> list[Problem]:
    """An evaluation set.

    Args:
        name: bwd, fwd, ibp, ode1, ode2 or brittle.
        seed: 10**9 or more.
        count: problems, all different.

    Raises:
        SettingsError: an unknown name, or a seed below 10**9.
    """
    if seed < FIRST_SEED:
        raise SettingsError(f"evaluation sets have seeds from {FIRST_SEED} on, got {seed}")
    if name == "brittle":
        found = _perturbed(seed)
    elif name in SETS:
        kind = SETS[name]
        found = _published(Mixture(f"evaluation {name} {seed}", _SETTINGS[name]), kind, count)
    else:
        raise SettingsError(f"{name!r} is no evaluation set: {', '.join((*SETS, 'brittle'))}")
    problems: dict[bytes, Problem] = {}
    for task, problem, answer in found:
        if problem.prefix not in problems:
            problems[problem.prefix] = Problem(f"{name}-{len(problems):04d}", task, problem, answer)
        if len(problems) == count:
            break
    return list(problems.values())


def _published(mixture: Mixture, kind: str, count: int) -> Iterator[tuple[str, Expr, Expr]]:
    """Pairs of one kind that the verifier confirms; solutions of equations may hold on one branch."""
    if kind == "by_parts":  # the table has to grow first
        for _ in range(4 * count):
            mixture.one(kind)
    task = TASK_OF_KIND[kind]
    while True:
        problem, answer = mixture.one(kind)
        if task == "integrate":
            judged = verify_integral(problem, answer)
        else:
            judged = verify_equation(equation(problem), answer)
        if judged.is_verified or (judged.status == "partial" and judged.agreement >= LEAST_AGREEMENT):
            yield task, problem, answer


LEAST_AGREEMENT = 0.5
"""A solution of an equation may hold on a branch only, if that is at least half of where it is defined."""
_SETTINGS = {
    "bwd": only("backward"),
    "fwd": only("forward"),
    "ibp": only("by_parts"),
    "ode1": only("first_order", first_order_settings=first_order.Settings(least_agreement=LEAST_AGREEMENT)),
    "ode2": only(
        "second_order", second_order_settings=second_order.Settings(least_agreement=LEAST_AGREEMENT)
    ),
}


def write_evaluation_sets(folder: Path, seed: int, count: int = 500) -> None:
    """Write every set as `<name>.jsonl` in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*SETS, "brittle"):
        lines = [json.dumps(one.record()) for one in evaluation_problems(name, seed, count)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


# Perturbations ---------------------------------------------------------------------------------------------

Integral = tuple[Expr, Expr]


class _Perturbations:
    """Draws the kinds of problems on which Welleck et al. saw failures."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(f"evaluation brittle {seed}")
        self._base = Mixture(f"evaluation brittle base {seed}", only("forward"))
        self._backward = Mixture(f"evaluation brittle backward {seed}", only("backward", max_source=40))
        self.kinds: tuple[Callable[[], Integral], ...] = (
            *(self._coefficients,) * 5,
            self._whole_power,
            self._root,
            *(self._sum,) * 3,
            self._multiple,
            self._plus_known,
            self._stretched,
        )

    def coefficient(self) -> int:
        return self.draw.randint(*self.draw.choice(COEFFICIENT_RANGES))

    def _solved(self) -> Integral:
        source = self._base if self.draw.random() < 0.5 else self._backward
        kind = "forward" if source is self._base else "backward"
        return source.one(kind)

    def _simple(self) -> Integral:
        name = self.draw.choice(("log", "exp", "sin", "cos", "tan", "x", "x**42"))
        if name in ("x", "x**42"):
            power = 1 if name == "x" else 42
            return product(1, ((X, power),)), product(1, ((number(power + 1), -1), (X, power + 1)))
        return function(name, X), ELEMENTARY[name](X)

    def _coefficients(self) -> Integral:
        """k1*f(k2*x)."""
        pair = shifted(*self._simple(), number(self.coefficient()), number(0))
        return scaled(*pair, number(self.coefficient()))

    def _whole_power(self) -> Integral:
        """x**n, n to 1000 or about 10,000."""
        exponent = self.draw.randint(*self.draw.choice(((1, 1000), (1, 1000), (10_000, 11_000))))
        return product(1, ((X, exponent),)), product(1, ((number(exponent + 1), -1), (X, exponent + 1)))

    def _root(self) -> Integral:
        """x**(1/n)."""
        exponent = number(1) / number(self.draw.randint(2, 1000))
        return product(1, ((X, exponent.value),)), log_power(exponent.value, 0, X)

    def _sum(self) -> Integral:
        """A sum of two to four problems."""
        size = self.draw.randint(2, 4)
        if self.draw.random() < 0.5:
            return summed([scaled(*self._simple(), number(self.coefficient())) for _ in range(size)])
        return summed([self._solved() for _ in range(size)])

    def _multiple(self) -> Integral:
        """k*f."""
        return scaled(*self._solved(), number(self.coefficient()))

    def _plus_known(self) -> Integral:
        """f + exp(x), f + log(x)."""
        name = self.draw.choice(("exp", "log"))
        return summed([self._solved(), (function(name, X), ELEMENTARY[name](X))])

    def _stretched(self) -> Integral:
        """f(3*x) and the like."""
        return shifted(*self._solved(), number(self.draw.choice((2, 3, 3, 5, 7, 11))), number(0))


def _perturbed(seed: int) -> Iterator[tuple[str, Expr, Expr]]:
    source = _Perturbations(seed)
    while True:
        try:
            problem, answer = source.draw.choice(source.kinds)()
        except ExpressionTooLargeError:
            continue
        is_short = len(problem.prefix) <= 512 and longest_number(problem.prefix) <= 50
        if is_short and (backward.is_integral(problem, answer) or _is_power(problem)):
            yield "integrate", problem, answer


def _is_power(problem: Expr) -> bool:
    """c*x**n overflows at the points of the check for large n; its antiderivative is written down by the
    rule.
    """
    return all(factor.args and factor.args[0] is X for factor in problem.args if isinstance(factor, Expr))
