"""From a problem and a number of simulations to a calibrated surrogate.

Simulations are shared between training designs and a calibration set that is drawn independently from the
distribution of the designs to be asked (the deployment distribution): the whole space, or the neighbourhood
of a design. Only such a set promises coverage.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import qmc

from sciml.errors import SettingsError
from sciml.surrogates.calibration import SplitConformal
from sciml.surrogates.ensemble import Ensemble, describe_data
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, ProblemSpec
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Simulator
from sciml.surrogates.stacked_training import StackedSettings
from sciml.surrogates.transforms import Array

_LEAST = 20  # simulations, training and calibration together


@dataclass(frozen=True)
class FitSettings:
    """How many simulations, for which designs, and how long training may take."""

    simulations: int = 300
    """Simulations in all, calibration and failures included."""
    calibration: float = 0.2
    """Share of them that calibrates the intervals; 0 promises no coverage."""
    near: tuple[float, ...] | None = None
    """Design whose neighbourhood is learned; None for the whole space."""
    width: float = 0.2
    """Half width of the neighbourhood: see :func:`neighbourhood`."""
    budget: str | None = None
    """Time for training by Lightning; None trains the quick way."""
    steps: int = 2000
    """Steps of the quick way."""
    processes: bool = True
    """Put Gaussian processes beside the networks where they predict better what was left out; the quick way
    only, and up to 400 designs."""
    seed: int = 0
    """Of designs and training."""

    def __post_init__(self) -> None:
        if self.simulations < _LEAST:
            raise SettingsError(f"a surrogate needs {_LEAST} simulations or more, not {self.simulations}")
        if not 0 <= self.calibration <= 0.8 or not 0 < self.width <= 1:
            raise SettingsError("calibration lies between 0 and 0.8, width between 0 and 1")

    @property
    def calibration_count(self) -> int:
        """Simulations that calibrate."""
        return round(self.calibration * self.simulations)


@dataclass(frozen=True)
class Learned:
    """A surrogate with what it was learned from.

    `seconds` is the wall time of training alone.
    """

    surrogate: Ensemble
    designs: Array
    result: Result
    calibration_designs: Array
    calibration_result: Result
    seconds: float
    settings: FitSettings = field(default_factory=FitSettings)


def learn(
    problem: Problem,
    simulator: Simulator,
    settings: FitSettings,
    *,
    known: tuple[Array, Result] | None = None,
    config: Ensemble.Config | None = None,
) -> Learned:
    """Simulate designs and learn them.

    Args:
        problem: inputs, outputs, goal.
        simulator: the truth.
        settings: see there.
        known: designs that were simulated before, to learn from too; they do not count as simulations here.
        config: of the ensemble; None for the default.

    Raises:
        InputError: too few simulations gave a value.
    """
    spec, count = problem.spec, settings.simulations - settings.calibration_count
    designs = deployment_designs(spec, settings, count, spread=True)
    result = simulator.run(designs)
    held_out = deployment_designs(spec, settings, settings.calibration_count, spread=False)
    calibration = simulator.run(held_out)
    if known is not None:
        designs, result = np.concatenate([known[0], designs]), joined(known[1], result)
    started = time.monotonic()
    surrogate = _train(problem, designs, result, settings, config)
    seconds = time.monotonic() - started
    if settings.calibration_count:
        values = surrogate.codec.table(calibration.values, calibration.auxiliary)
        surrogate.conformal = SplitConformal.fit(surrogate.predict(held_out), values)
    surrogate.facts |= {
        "deployment": _deployment(spec, settings),
        "calibration": describe_data(held_out, calibration),
        "simulator": str(getattr(simulator, "identity", type(simulator).__name__)),
        "training_s": seconds,
    }
    return Learned(surrogate, designs, result, held_out, calibration, seconds, settings)


def deployment_designs(
    spec: ProblemSpec, settings: FitSettings, count: int, *, spread: bool, stream: int = 0
) -> Array:
    """Designs to simulate.

    Args:
        spec: inputs.
        settings: the space or the neighbourhood, and the seed.
        count: designs.
        spread: evenly by a scrambled Sobol sequence, for training; else drawn independently, for calibration
            and checks.
        stream: number of the independent draw; streams do not repeat one another.
    """
    if count == 0:
        return np.zeros((0, len(spec.inputs)))
    if spread:
        sequence = qmc.Sobol(len(spec.inputs), rng=np.random.default_rng([settings.seed, 0]))
        unit = sequence.random_base2(max(1, (count - 1).bit_length()))[:count]
    else:
        unit = np.random.default_rng([settings.seed, 1, stream]).random((count, len(spec.inputs)))
    if settings.near is None:
        return spec.from_unit(unit)
    return neighbourhood(spec, np.array(settings.near), settings.width, unit)


def neighbourhood(spec: ProblemSpec, centre: Array, width: float, unit: Array) -> Array:
    """Designs around one, from points of the unit cube (design, input).

    A number whose range lies above zero is multiplied by a factor between exp(-width) and exp(width), even
    in its logarithm; any other number moves by up to `width` of its range; a category stays. Values are cut
    to their range and snapped to the grid.
    """
    shift = 2 * unit - 1
    columns = []
    for i, each in enumerate(spec.inputs):
        if isinstance(each, CategoryInput):
            columns.append(np.full(len(unit), centre[i]))
        elif each.low > 0:
            columns.append(np.clip(centre[i] * np.exp(width * shift[:, i]), each.low, each.high))
        else:
            moved = centre[i] + width * (each.high - each.low) * shift[:, i]
            columns.append(np.clip(moved, each.low, each.high))
    return spec.snap(np.stack(columns, axis=1))


def joined(first: Result, second: Result) -> Result:
    """Two results in a row."""
    return Result(
        np.concatenate([first.values, second.values]),
        np.concatenate([first.auxiliary, second.auxiliary]),
        np.concatenate([first.ok, second.ok]),
        np.concatenate([first.is_complete, second.is_complete]),
        first.failures + second.failures,
        np.concatenate([first.cost_s, second.cost_s]),
    )


def _train(
    problem: Problem, designs: Array, result: Result, settings: FitSettings, config: Ensemble.Config | None
) -> Ensemble:
    if config is None:
        training = StackedSettings(steps=settings.steps, learning_rate=0.01)
        config = Ensemble.Config(training=training)
    surrogate = Ensemble.for_problem(problem, seed=settings.seed, config=config)
    if settings.budget is None:
        surrogate.fit(designs, result)
        if settings.processes:
            surrogate.fit_stack(designs, result)
        return surrogate
    from sciml.surrogates.training import fit

    fit(surrogate, designs, result, budget=settings.budget, seed=settings.seed)
    return surrogate


def _deployment(spec: ProblemSpec, settings: FitSettings) -> dict[str, Any]:
    """The distribution that calibration and checks are drawn from, as JSON values."""
    if settings.near is None:
        return {"kind": "space"}
    values = spec.to_values(np.array(settings.near))
    return {"kind": "neighbourhood", "centre": values, "width": settings.width}
