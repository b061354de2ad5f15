"""A resistor and a capacitor as a circuit, and changes of it."""

from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.ngspice.circuit import Bench, Circuit, Condition, Measurement
from sciml.surrogates.problem_spec import CategoryInput, FloatInput, Output, ProblemSpec

NETLIST = "r1 in out {r}\nc1 out 0 {c}\n"
JOB = {"r": 1.0, "c": 2.2}


def spec(*outputs, auxiliary=()):
    """Resistance in kOhm and capacitance in pF in, `outputs` out."""
    inputs = (FloatInput("r", 0.1, 100, unit="kOhm"), FloatInput("c", 0.1, 100, unit="pF"))
    return ProblemSpec("rc", "1", inputs, tuple(outputs), tuple(auxiliary))


def conditions():
    """Supply, temperature and a process that scales the capacitance."""
    process = CategoryInput("process", ("slow", "fast"))
    return (
        Condition(FloatInput("supply", 0.5, 2.0, unit="V"), 1.0),
        Condition(FloatInput("temperature", -55, 150), 27.0),
        Condition(process, "fast", {"slow": {"more": 2.0}, "fast": {"more": 1.0}}),
    )


def rc_circuit(**changes):
    """Bandwidth first (tier 0), then settling and noise (tier 1)."""
    small = Bench(
        "small_signal",
        "v1 in 0 dc {supply} ac {supply}\n",
        (Analysis("op"), Analysis("ac dec 10 1 100g")),
        (
            Measurement("level", "value", {"signal": "v(out)"}),
            Measurement("bandwidth", "bandwidth", {"signal": "v(out)"}),
            Measurement("gain", "dc_gain", {"signal": "v(out)"}),
        ),
    )
    large = Bench(
        "step",
        "v1 in 0 ac 1 pulse(0 {supply} 1n 1p 1p 1 2)\n",
        (Analysis("tran 0.05n 60n"), Analysis("noise v(out) v1 dec 10 1 1000g")),
        (
            Measurement("settling", "settling_time", {"signal": "v(out)", "start": 1e-9}),
            Measurement("noise", "integrated_noise", {"signal": "onoise_spectrum"}),
        ),
        tier=1,
    )
    outputs = (Output("bandwidth", "MHz"), Output("settling", "ns"), Output("noise", "uV"))
    parts = {
        "spec": spec(*outputs, auxiliary=(Output("gain"), Output("level", "V"))),
        "netlist": "r1 in out {r}\nc1 out 0 {c} m={more}\n",
        "benches": (large, small),
        "conditions": conditions(),
    }
    return Circuit(**{**parts, **changes})


def one_bench(netlist, analysis="op", kind="value", lines="v1 in 0 1 ac 1", **arguments):
    """A circuit that measures `y` on one bench."""
    measurement = Measurement("y", kind, {"signal": "v(out)", **arguments})
    bench = Bench("bench", lines, (Analysis(analysis),), (measurement,))
    single = ProblemSpec("single", "1", (FloatInput("r", 1, 100),), (Output("y"),))
    return Circuit(single, netlist, (bench,))
