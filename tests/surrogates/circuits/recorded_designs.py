"""Designs of the shipped circuits with what ngspice 39.3 gave for them, outputs in the order of the spec.

The first design of each circuit meets every limit of its problem; the second is a uniform random one.
"""

from typing import NamedTuple


class Recorded(NamedTuple):
    """One simulated design."""

    circuit: str
    values: dict[str, float]
    outputs: tuple[float, ...]
    is_feasible: bool


RECORDED = (
    Recorded(
        "two_stage_opamp",
        {"mp1": 3, "mn1": 70, "mp3": 49, "mn3": 13, "mn4": 22, "mn5": 87, "cc": 2.0},
        (402.5882, 12733850.0, 62.98999, 5.049333e-08, 56.13476, 57.49946, 0.0002743356, 0.0001774032),
        is_feasible=True,
    ),
    Recorded(
        "two_stage_opamp",
        {"mp1": 94, "mn1": 62, "mp3": 68, "mn3": 89, "mn4": 58, "mn5": 77, "cc": 8.3},
        (28.96083, 5424186.0, 41.22067, 2.173279e-07, 56.71769, 56.78583, 0.002454855, 9.663215e-05),
        is_feasible=False,
    ),
    Recorded(
        "negative_gm_opamp",
        {
            "m_in": 73,
            "m_diode": 37,
            "m_cross": 42,
            "m_tail": 80,
            "m_bias": 6,
            "m_drive": 94,
            "m_copy": 18,
            "m_sink_in": 46,
            "m_sink_out": 95,
            "l_in": 75,
            "l_load": 105,
            "l_tail": 255,
            "l_sink": 60,
            "reference": 6,
            "cc": 1.2,
            "rz": 1.8,
        },
        (
            4379.298,
            102049500.0,
            244.3229,
            8.75021e-09,
            80.35005,
            104.9028,
            4.338231e-05,
            8.601742e-09,
            0.0001286399,
        ),
        is_feasible=True,
    ),
    Recorded(
        "negative_gm_opamp",
        {
            "m_in": 94,
            "m_diode": 38,
            "m_cross": 42,
            "m_tail": 89,
            "m_bias": 24,
            "m_drive": 77,
            "m_copy": 83,
            "m_sink_in": 14,
            "m_sink_out": 6,
            "l_in": 90,
            "l_load": 135,
            "l_tail": 330,
            "l_sink": 345,
            "reference": 5,
            "cc": 2.05,
            "rz": 5.0,
        },
        (
            958.8462,
            14414540.0,
            75.1663,
            3.302614e-08,
            61.85293,
            101.5718,
            0.0002324575,
            1.621148e-08,
            4.452007e-05,
        ),
        is_feasible=False,
    ),
    Recorded(
        "optical_receiver",
        {
            "m_inv_n": 11,
            "m_inv_p": 22,
            "m_eq": 25,
            "m_eq_tail": 16,
            "m_lim": 7,
            "m_lim_tail": 14,
            "m_bias": 3,
            "l_fast": 50,
            "l_tail": 180,
            "r_f": 4.6,
            "r_eq": 2.1,
            "r_eq_load": 2.3,
            "r_lim_load": 1.9,
            "c_eq": 180,
        },
        (25615.23, 5487816000.0, 4.463732e-07, 0.9349263, 0.05863686, 0.001496205),
        is_feasible=True,
    ),
    Recorded(
        "optical_receiver",
        {
            "m_inv_n": 57,
            "m_inv_p": 62,
            "m_eq": 42,
            "m_eq_tail": 54,
            "m_lim": 35,
            "m_lim_tail": 47,
            "m_bias": 26,
            "l_fast": 55,
            "l_tail": 45,
            "r_f": 3.1,
            "r_eq": 1.2,
            "r_eq_load": 3.5,
            "r_lim_load": 3.7,
            "c_eq": 5,
        },
        (22904.41, 951197800.0, 1.725832e-07, 0.2325929, 0.0002489924, 0.003039643),
        is_feasible=False,
    ),
    Recorded(
        "comparator",
        {
            "m_in": 60,
            "m_tail": 17,
            "m_latch_n": 5,
            "m_latch_p": 2,
            "m_reset": 4,
            "m_precharge": 1,
            "m_buffer_n": 1,
            "m_buffer_p": 3,
            "l_in": 45,
            "l_latch": 90,
        },
        (0.003272005, 1.143409e-10, 1.2, 1.678117e-13, 0.002897039, 8.879431e-11),
        is_feasible=True,
    ),
    Recorded(
        "comparator",
        {
            "m_in": 57,
            "m_tail": 38,
            "m_latch_n": 42,
            "m_latch_p": 54,
            "m_reset": 24,
            "m_precharge": 32,
            "m_buffer_n": 34,
            "m_buffer_p": 10,
            "l_in": 50,
            "l_latch": 85,
        },
        (0.002185179, 1.897935e-10, 1.199999, 6.004604e-13, 0.02983486, 8.081043e-11),
        is_feasible=False,
    ),
)
