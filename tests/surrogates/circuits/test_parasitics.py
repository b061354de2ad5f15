"""Folding by hand, and what a layout adds."""

import math

import pytest

from sciml.surrogates.circuits.parasitics import (
    CAPACITOR_F,
    CONTACT,
    OUTER,
    PIN_F,
    PITCH_X,
    PITCH_Y,
    PLATE,
    RSH,
    SHARED,
    WIRE_F,
    annotate_layout,
    fold,
)
from sciml.surrogates.circuits.schematic import Capacitor, Schematic, Transistor

W, L = 0.5e-6, 90e-9


def test_one_finger_has_two_outer_diffusions():
    folding = fold(1, W, L)
    assert folding.rows == 1
    assert folding.drain_area == pytest.approx(W * OUTER)
    assert folding.source_perimeter == pytest.approx(2 * (W + OUTER))
    assert folding.stress_distance == pytest.approx(OUTER)
    assert folding.squares > CONTACT / RSH


def test_two_fingers_in_a_row_share_the_drain_between_them():
    folding = fold(2, W, L)
    assert folding.rows == 1
    assert folding.drain_area == pytest.approx(W * SHARED / 2)
    assert folding.source_area == pytest.approx(W * OUTER)
    assert folding.drain_perimeter == pytest.approx(W + SHARED)
    assert folding.source_perimeter == pytest.approx(2 * (W + OUTER))


def test_a_block_of_many_fingers_is_nearly_square():
    folding = fold(99, W, L)
    aspect = (math.ceil(99 / folding.rows) * (PITCH_X + L)) / (folding.rows * (W + PITCH_Y))
    assert 0.75 < aspect < 1.33


@pytest.mark.parametrize("fingers", [1, 2, 3, 7, 20, 53, 99])
def test_rows_hold_all_fingers_and_no_row_is_empty(fingers: int):
    folding = fold(fingers, W, L)
    per_row = math.ceil(fingers / folding.rows)
    assert per_row * (folding.rows - 1) < fingers <= per_row * folding.rows


def test_the_stress_distance_is_bsim4s_mean_of_reciprocals():
    pitch = PITCH_X + L
    reciprocals = [1 / (OUTER + place * pitch + L / 2) for place in range(3)]
    assert fold(3, W, L).stress_distance == pytest.approx(3 / sum(reciprocals) - L / 2)


def test_sharing_makes_junctions_of_a_finger_smaller_than_an_isolated_fingers():
    alone = fold(1, W, L)
    assert all(fold(m, W, L).drain_area < alone.drain_area for m in range(2, 100))


def test_a_nets_wire_is_its_blocks_half_perimeters_and_pins():
    schematic = Schematic(
        transistors=(Transistor("m1", "out", "in", "0", "0", "nch", "m"),),
        capacitors=(Capacitor("c1", "in", "out", "c"),),
        detour=2.0,
    )
    found = annotate_layout(schematic, {"m": 4.0, "c": 1.5e-12})
    folding = fold(4, W, L)
    side = math.sqrt(1.5e-12 / CAPACITOR_F)
    length = folding.width_m + folding.height_m + 2 * side
    assert found["wire_out"] == pytest.approx(2.0 * WIRE_F * length + 4 * PIN_F)
    assert found["wire_in"] == pytest.approx(found["wire_out"])
    assert "wire_0" not in found
    assert found["c1_plate"] == pytest.approx(PLATE * 1.5e-12)


def test_more_fingers_mean_more_wire():
    schematic = Schematic(transistors=(Transistor("m1", "out", "in", "0", "0", "nch", "m"),))
    wires = [annotate_layout(schematic, {"m": float(m)})["wire_out"] for m in (1, 4, 20, 60, 99)]
    assert wires == sorted(wires)
    assert wires[-1] > 5 * wires[0]
