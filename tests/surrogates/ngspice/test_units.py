"""Units of inputs as SI values."""

import pytest

from sciml.errors import InputError
from sciml.surrogates.ngspice.units import base_unit, power_of_ten, si_value


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (2.2, "pF", 2.2e-12),
        (0.1, "fF", 0.1e-15),
        (3, "um", 3e-6),
        (4.7, "kOhm", 4700.0),
        (1.5, "MHz", 1.5e6),
        (1.5, "mHz", 1.5e-3),
        (7, "m", 7.0),
        (7, "mm", 7e-3),
        (5, "", 5.0),
        (5, "fingers", 5.0),
        (1e-7, "nF", 1e-16),
        (-2.5, "mV", -2.5e-3),
        (12.0, "deg", 12.0),
        (3.5, "V/us", 3.5e6),
        (4, "nV/√Hz", 4e-9),
        (4, "nV/sqrt(Hz)", 4e-9),
        (1500, "um2", 1.5e-9),
        (2, "µm^2", 2e-12),
        (7, "mV/V", 7e-3),
        (7, "uV/mA", 7e-3),
        (3, "V/MHz", 3e-6),
        (1.5, "pJ", 1.5e-12),
        (5, "%", 0.05),
        (20, "dB/dec", 20.0),
    ],
)
def test_values_are_rounded_once(value, unit, expected):
    assert si_value(value, unit) == expected


def test_every_grid_value_is_the_decimal_that_people_read():
    assert all(si_value(k / 10, "pF") == float(f"{k / 10}e-12") for k in range(1, 100))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_only_finite_numbers_have_a_value(value):
    with pytest.raises(InputError, match="not a finite number"):
        si_value(value, "pF")


def test_a_prefix_needs_a_unit_after_it():
    assert power_of_ten("p") == 0
    assert power_of_ten("mA") == -3
    assert power_of_ten("dB") == 0
    assert base_unit("pF") == base_unit("F") == "F"
    assert base_unit("kΩ") == base_unit("ohm") == "Ohm"
    assert base_unit("V/V") == "V/V"
    assert base_unit("nV/sqrt(Hz)") == base_unit("V/√Hz") == "V/√Hz"
    assert base_unit("µm²") == base_unit("m^2") == "m2"


def test_prefixes_under_a_root_that_give_no_whole_power_are_refused():
    assert power_of_ten("V/√MHz") == -3
    with pytest.raises(InputError, match="no whole power"):
        power_of_ten("V/√kHz")
