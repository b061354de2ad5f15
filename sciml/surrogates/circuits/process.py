"""Process, temperature and supply of the generic 45 nm-class card: corners as shifts, mismatch by area."""

from importlib.resources import files

from sciml.surrogates.ngspice.circuit import Condition, Mismatch
from sciml.surrogates.problem_spec import CategoryInput, FloatInput
from sciml.surrogates.simulator import Corner

TYPICAL = {
    "nch_vth": 0.41,
    "nch_u0": 0.033,
    "nch_tox": 1.9e-9,
    "pch_vth": -0.38,
    "pch_u0": 0.0097,
    "pch_tox": 2.0e-9,
}
"""Long-channel threshold (V), mobility (m2/(V s)) and oxide (m) of both models at `tt`."""
VTH_SHIFT = 0.03
"""V by which a fast transistor's threshold is nearer to zero, and a slow one's farther."""
MOBILITY_SHIFT = 0.05
"""Share by which a fast transistor's mobility is higher."""
OXIDE_SHIFT = 0.015
"""Share by which a fast transistor's oxide is thinner."""
PROCESSES = ("tt", "ff", "ss", "fs", "sf")
"""First letter: NMOS, second: PMOS; typical, fast or slow."""
SUPPLY_V = 1.2
TEMPERATURE_C = 25.0
MISMATCH = Mismatch(threshold=2.5e-9 / 2**0.5, mobility=1e-8 / 2**0.5)
"""2.5 mV um and 1 % um for the difference of a pair."""

FIVE_CORNERS = (
    Corner("tt"),
    Corner("ss_hot_low", {"process": "ss", "temperature": 85.0, "supply": 1.08}),
    Corner("ff_cold_high", {"process": "ff", "temperature": -20.0, "supply": 1.32}),
    Corner("sf_hot", {"process": "sf", "temperature": 85.0}),
    Corner("fs_cold", {"process": "fs", "temperature": -20.0}),
)
"""The corners of the robust problem files."""


def model_card() -> str:
    """The card's two `.model` statements as a template, without comments."""
    text = files("sciml.surrogates.circuits").joinpath("generic45.lib").read_text(encoding="utf-8")
    lines = [line.partition("$")[0].rstrip() for line in text.splitlines() if not line.startswith("*")]
    return "\n".join(lines)


def process_table() -> dict[str, dict[str, float]]:
    """For each process the placeholders of the card."""
    return {process: _shifted(process) for process in PROCESSES}


def conditions(temperature: float = TEMPERATURE_C) -> tuple[Condition, ...]:
    """What corners may set: `process`, `temperature` (°C) and `supply` (V)."""
    return (
        Condition(CategoryInput("process", PROCESSES), "tt", process_table()),
        Condition(FloatInput("temperature", -40.0, 125.0, unit="°C"), temperature),
        Condition(FloatInput("supply", 0.9, 1.5, unit="V"), SUPPLY_V),
    )


def _shifted(process: str) -> dict[str, float]:
    shifted = {}
    for model, letter in zip(("nch", "pch"), process, strict=True):
        fast = {"t": 0.0, "f": 1.0, "s": -1.0}[letter]
        vth = TYPICAL[f"{model}_vth"]
        shifted[f"{model}_vth"] = vth - fast * VTH_SHIFT * (1 if vth > 0 else -1)
        shifted[f"{model}_u0"] = TYPICAL[f"{model}_u0"] * (1 + fast * MOBILITY_SHIFT)
        shifted[f"{model}_tox"] = TYPICAL[f"{model}_tox"] * (1 - fast * OXIDE_SHIFT)
    return shifted
