"""Circuit-like problems in closed form, to develop optimisers on: microseconds a design.

Operating points are closed forms with the failures and plateaus of real sizing problems: a stage without
headroom has a gain near zero whatever else is changed, some designs have no solution, and the designs that
meet every limit are rare. `DEVELOPMENT` problems were used to choose the defaults of
`sciml.surrogates.optimise`; `HELD_OUT` ones were not.
"""

from collections.abc import Callable

from benchmarks.surrogates.synthetic import (
    amplifiers,
    cascode_regulator,
    held_out_bandgap,
    held_out_buck,
    held_out_lna,
    held_out_pll,
    oscillators,
    receivers_converters,
    stacked_amplifiers,
)
from benchmarks.surrogates.synthetic.closed_form import Synthetic

DEVELOPMENT: dict[str, Callable[[], Synthetic]] = {
    "analytic_opamp": amplifiers.opamp,
    "analytic_tia": amplifiers.tia,
    "analytic_filter": amplifiers.filter_problem,
    "analytic_latch": amplifiers.latch_problem,
    "analytic_telescopic": stacked_amplifiers.telescopic_problem,
    "analytic_pair": stacked_amplifiers.pair_problem,
    "analytic_ring": oscillators.ring_problem,
    "analytic_resonator": oscillators.resonator_problem,
    "analytic_low_noise": receivers_converters.low_noise_problem,
    "analytic_converter": receivers_converters.converter_problem,
}
HELD_OUT: dict[str, Callable[[], Synthetic]] = {
    "analytic_cascode": cascode_regulator.cascode_problem,
    "analytic_regulator": cascode_regulator.regulator_problem,
    "analytic_bandgap": held_out_bandgap.bandgap_problem,
    "analytic_buck": held_out_buck.buck_problem,
    "analytic_lna": held_out_lna.lna_problem,
    "analytic_pll": held_out_pll.pll_problem,
}
SYNTHETIC = {**DEVELOPMENT, **HELD_OUT}
