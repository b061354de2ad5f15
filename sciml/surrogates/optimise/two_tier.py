"""When a simulation may end before its expensive benches: once its cheap ones have decided against it.

Simulators that measure in tiers look after every tier whether the cutoff stops them. What was measured by
then counts with its shortfalls below the limits; the others count nothing yet. The sum can only grow, so a
design whose sum exceeds that of the twenty-fifth best so far cannot become one of the best twenty-five,
whatever the expensive benches would say. Its known outputs are learned from like those of any other design.
(A stricter rule saves more, and the search then misses what the others would teach.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.optimise.history import History
from sciml.surrogates.optimise.margins import MarginForm, margin_forms, shortfall, signed_margins
from sciml.surrogates.simulator import Cutoff

NEAR = 0.1
"""A summed shortfall up to which designs are always simulated to their end: about a tenth off the limits."""


@dataclass(frozen=True)
class ShortfallCutoff(Cutoff):
    """Stops a simulation whose outputs so far fall short by more than `most` in sum."""

    forms: tuple[tuple[str, MarginForm], ...] = ()
    """The output of every specification, and how its margin is taken."""
    most: float = field(default=np.inf)
    """Largest summed shortfall that goes on."""

    def stops(self, outputs: Mapping[str, float]) -> bool:
        """Whether outputs measured so far decide against the design."""
        known = [(form, outputs[name]) for name, form in self.forms if name in outputs]
        margins = [float(form.margins(np.array([value]))[0]) for form, value in known if np.isfinite(value)]
        return sum(max(-margin, 0.0) for margin in margins) > self.most


def shortfall_cutoff(history: History, rows: NDArray[np.intp], rank: int) -> ShortfallCutoff | None:
    """The cutoff that leaves alone what may become one of the `rank` best of some designs.

    Args:
        history: what was simulated; its values decide the forms of the margins.
        rows: the designs that count, of which those that were simulated to their end are compared.
        rank: how many.

    Returns:
        None where fewer designs than that were simulated to their end.
    """
    values, goal, spec = history.result.values, history.goal, history.spec
    short = shortfall(signed_margins(values, goal, spec))[rows][history.result.ok[rows]]
    if len(short) < rank or not goal.specifications:
        return None
    forms = zip(goal.specifications, margin_forms(values, goal, spec), strict=True)
    most = max(float(np.sort(short)[rank - 1]), NEAR)
    return ShortfallCutoff(forms=tuple((each.output, form) for each, form in forms), most=most)
