"""The testbenches that both operational amplifiers share: open loop, common mode, supply, follower, noise.

The amplifier has the nets `inp`, `inn`, `out`, `vdd` and `nb`, the bias diode's. Open loop means without any
feedback, as in BagNet: an amplifier whose second stage does not balance at equal inputs sits at a rail and
shows no gain, which makes a systematic offset visible in every measurement. Mismatch has the same effect, so
that the problems over corners and mismatch close the loop at direct current (`is_biased`): an inductance from
the output to the inverting input, to which the signal comes through a capacitance.
"""

from collections.abc import Sequence

from sciml.surrogates.circuits.schematic import Transistor
from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.ngspice.circuit import Bench, Measurement
from sciml.surrogates.problem_spec import Output

STEP_V = 0.02
_BEFORE_STEP_S, _LEAD_S = 4e-9, 1e-9
"""The step is at 5 ns; ngspice may leave out that very point, so its base is read 1 ns before."""
_SOURCES = """
iref vdd nb {reference}
cl out 0 {load}
"""
_OPEN_INPUTS = "vp inp 0 dc {common_mode} ac AC_P\nvn inn 0 dc {common_mode} ac AC_N\n"
_BIASED_INPUTS = (
    "vp inp 0 dc {common_mode} ac AC_P\nvn signal 0 dc 0 ac AC_N\ncsignal signal inn 1e9\nlbias out inn 1e9\n"
)
_LOWEST = Analysis("ac dec 1 1 10")


def margin_outputs(transistors: Sequence[Transistor]) -> tuple[Output, ...]:
    """The auxiliary outputs `margin_DEVICE`: how far each transistor is inside saturation."""
    return tuple(Output(f"margin_{each.name}", "V") for each in transistors)


def margin_measurements(transistors: Sequence[Transistor]) -> tuple[Measurement, ...]:
    """|VDS| - VDS,sat of transistors, from an operating point."""
    return tuple(
        Measurement(
            f"margin_{each.name}",
            "headroom",
            {"voltage": f"@{each.name}[vds]", "saturation": f"@{each.name}[vdsat]"},
        )
        for each in transistors
    )


def small_signal_benches(
    watched: Sequence[Transistor], top_hz: str = "10g", *, is_biased: bool = False
) -> tuple[Bench, ...]:
    """`gain`, `ugbw`, `pm`, `ibias` and margins; then `cmrr` and `psrr`, at 1 Hz.

    Args:
        watched: transistors whose saturation margin is given.
        top_hz: the highest frequency of the sweep.
        is_biased: whether the loop is closed at direct current.
    """
    inputs = _BIASED_INPUTS if is_biased else _OPEN_INPUTS
    gain = {"signal": "v(out)"}
    open_loop = Bench(
        "open_loop",
        f"{_SOURCES}vdd vdd 0 {{supply}}\n" + _with_ac(inputs, "0.5", "-0.5"),
        (Analysis("op"), Analysis(f"ac dec 10 1 {top_hz}")),
        (
            Measurement("ibias", "magnitude", {"signal": "i(vdd)"}),
            *margin_measurements(watched),
            Measurement("gain", "dc_gain", gain),
            Measurement("ugbw", "unity_gain_frequency", gain),
            Measurement("pm", "phase_margin", gain),
        ),
    )
    common = Bench(
        "common_mode",
        f"{_SOURCES}vdd vdd 0 {{supply}}\n" + _with_ac(inputs, "1", "1"),
        (_LOWEST,),
        (
            Measurement("gain_common_mode", "dc_gain", gain),
            Measurement("cmrr", "ratio_db", {"numerator": "gain", "denominator": "gain_common_mode"}),
        ),
        tier=1,
    )
    supply = Bench(
        "supply",
        f"{_SOURCES}vdd vdd 0 dc {{supply}} ac 1\n" + _with_ac(inputs, "0", "0"),
        (_LOWEST,),
        (
            Measurement("gain_supply", "dc_gain", gain),
            Measurement("psrr", "ratio_db", {"numerator": "gain", "denominator": "gain_supply"}),
        ),
        tier=1,
    )
    return open_loop, common, supply


def follower_bench(step: str, stop: str) -> Bench:
    """Output joined to the inverting input, 20 mV step around the common mode: `settling` (1 % of the step,
    counted from where the output stood), `offset` before the step.

    Args:
        step: time step as ngspice takes it.
        stop: end of the transient; what has not settled by then is given that long.
    """
    low, high = "{follower_low}", "{follower_high}"
    return Bench(
        "follower",
        f"{_SOURCES}vdd vdd 0 {{supply}}\nvx inn out 0\nvp inp 0 pulse({low} {high} 5n 100p 100p 1 2)\n",
        (Analysis("op"), Analysis(f"tran {step} {stop}")),
        (
            Measurement("offset", "magnitude", {"signal": "v(out,inp)"}),
            Measurement(
                "settled",
                "settling_time",
                {"signal": "v(out)", "start": _BEFORE_STEP_S, "step": STEP_V, "tolerance": 0.01},
            ),
            Measurement("settling", "difference", {"first": "settled", "second": _LEAD_S}),
        ),
        tier=2,
    )


def noise_bench(at_hz: float) -> Bench:
    """Input-referred noise density `noise` of the follower at a frequency."""
    return Bench(
        "noise",
        f"{_SOURCES}vdd vdd 0 {{supply}}\nvx inn out 0\nvp inp 0 dc {{common_mode}} ac 1\n",
        (Analysis("noise v(out) vp dec 5 1k 100meg"),),
        (Measurement("noise", "noise_density_at", {"signal": "inoise_spectrum", "at": at_hz}),),
        tier=2,
    )


def bench_constants(common_mode: float, load: float) -> dict[str, float]:
    """The constants that these benches use besides `reference` (A)."""
    return {
        "common_mode": common_mode,
        "load": load,
        "follower_low": common_mode - STEP_V / 2,
        "follower_high": common_mode + STEP_V / 2,
    }


def _with_ac(inputs: str, ac_p: str, ac_n: str) -> str:
    return inputs.replace("AC_P", ac_p).replace("AC_N", ac_n)
