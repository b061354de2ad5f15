"""What the page of a design run shows: plain records, made by whoever ran it.

Costs are weighted mean penalties in [0, 1]; a cost of 0 is a feasible design. Simulations are numbered from 1
in the order in which they were told to the optimiser, failures and initial designs included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Outcome = Literal["met", "missed", "stopped", "failed"]
"""A simulation that met every specification, one that did not, one that a cutoff stopped, one that failed."""


@dataclass(frozen=True)
class SpecEntry:
    """One specification."""

    text: str
    """As people write it: `gain >= 300`."""
    output: str
    """Name of the limited output."""
    unit: str
    """Unit of the output."""
    limit: float
    """In that unit."""
    sign: float
    """+1 for a minimum, -1 for a maximum."""
    weight: float = 1.0
    """Its share of the cost."""


@dataclass(frozen=True, eq=False)
class Trace:
    """One run: what each simulation cost and by how much it missed each specification."""

    seed: int
    """Seed of the run."""
    cost: Array
    """(simulation,), 1 for a failed one."""
    violations: Array
    """(simulation, specification), relative, in [0, 1]; NaN where the output is not known."""
    outcomes: Sequence[Outcome]
    """(simulation,), what became of each."""
    first_feasible: int | None
    """Number of the first feasible simulation, from 1."""


@dataclass(frozen=True)
class Quantity:
    """A named number or word of the best design: an input, or an output that no specification limits."""

    name: str
    value: float | int | str | None
    """None where it is not known."""
    unit: str = ""
    note: str = ""
    """What is allowed, for an input."""


@dataclass(frozen=True, eq=False)
class PredictionPairs:
    """Predictions of one output, each made before the design was simulated."""

    output: str
    unit: str
    predicted: Array
    """(pair,), in the output's unit."""
    low: Array
    """(pair,), lower end of the 90 % interval."""
    high: Array
    """(pair,), upper end."""
    simulated: Array
    """(pair,), the truth."""
    limits: tuple[float, ...] = ()
    """Limits of the specifications of this output."""


@dataclass(frozen=True, eq=False)
class ParetoPlot:
    """Feasible designs by two objectives."""

    titles: tuple[str, str]
    """Objective across and objective up, with their units and directions."""
    points: Array
    """(design, 2)."""
    is_front: NDArray[np.bool_]
    """(design,), no other design is better in both."""
    hypervolume: float | None = None
    """Of the front, in units of the box that the designs span; None where it was not computed."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A line of a panel of waveforms."""

    label: str
    """`first design` or `best design`."""
    x: Array
    y: Array


@dataclass(frozen=True)
class WavePanel:
    """Waveforms of one quantity."""

    title: str
    x_title: str
    y_title: str
    is_log: bool
    """Whether x is spread by its logarithm (frequencies)."""
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class DeviceEntry:
    """One device of the best netlist."""

    name: str
    kind: str
    """Such as `nmos`, `capacitor`."""
    width_um: float | None = None
    length_um: float | None = None
    multiplier: int | None = None
    value: str = ""
    """Of a device that has no size, with its unit."""
    nodes: str = ""
    """What it is connected to."""


@dataclass(frozen=True)
class CheckEntry:
    """One output of the best design, in the run and simulated again."""

    output: str
    unit: str
    in_the_run: float
    again: float
    rules: tuple[str, ...]
    """Its specifications."""
    is_met: bool
    """Whether the second simulation meets them."""
    condition: str = ""
    """Corner; empty for the nominal one."""


@dataclass(frozen=True)
class FailureEntry:
    """Simulations that failed alike."""

    kind: str
    count: int
    example: str
    """What one of them said."""
    evidence: str = ""
    """File kept of it."""


@dataclass(frozen=True)
class DesignReport:
    """One design run, or several of the same problem with different seeds; the first trace is drawn alone
    where only one can be."""

    title: str
    subtitle: str
    verdict: str
    """One sentence: feasible after how many simulations, or what limits it."""
    is_feasible: bool
    specifications: tuple[SpecEntry, ...]
    traces: tuple[Trace, ...]
    inputs: tuple[Quantity, ...]
    outputs: tuple[Quantity, ...]
    """Every output of the best design."""
    margins: tuple[float, ...]
    """(specification,), relative margin of the best design: positive where it is met; NaN if not known."""
    predictions: tuple[PredictionPairs, ...] = ()
    prediction_note: str = ""
    """Who predicted, from what, and how well."""
    pareto: ParetoPlot | None = None
    panels: tuple[WavePanel, ...] = ()
    devices: tuple[DeviceEntry, ...] = ()
    check: tuple[CheckEntry, ...] = ()
    check_note: str = ""
    """What was simulated again and by what."""
    failures: tuple[FailureEntry, ...] = ()
    netlist: tuple[str, str] | None = None
    """File name and text of the netlist to take away."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Settings and versions, in the order in which they are shown."""
    row_word: str = "simulation"
    """What a row of a trace is: `simulation`, or `design` where one took several simulations."""


def best_so_far(cost: Array) -> NDArray[np.intp]:
    """(simulation,), index of the cheapest simulation up to each one; the first of equal ones."""
    best = np.zeros(len(cost), dtype=np.intp)
    for i in range(1, len(cost)):
        best[i] = i if cost[i] < cost[best[i - 1]] else best[i - 1]
    return best


def met_so_far(trace: Trace) -> NDArray[np.intp]:
    """(simulation,), specifications that the cheapest design up to each simulation meets."""
    met: NDArray[np.intp] = (trace.violations == 0).sum(axis=1)[best_so_far(trace.cost)]
    return met
