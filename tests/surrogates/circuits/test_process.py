"""Corners shift the card the right way, and the card holds nothing but the corners' placeholders."""

import re

from sciml.surrogates.circuits.process import (
    FIVE_CORNERS,
    PROCESSES,
    TYPICAL,
    conditions,
    model_card,
    process_table,
)


def test_the_cards_placeholders_are_those_of_the_process_table():
    assert set(re.findall(r"\{(\w+)\}", model_card())) == set(TYPICAL)


def test_the_card_has_two_models_and_no_comments():
    card = model_card()
    assert card.count(".model") == 2
    assert "$" not in card
    assert not any(line.startswith("*") for line in card.splitlines())


def test_typical_is_typical():
    assert process_table()["tt"] == TYPICAL


def test_slow_transistors_have_higher_thresholds_lower_mobility_thicker_oxide():
    table = process_table()
    for process in PROCESSES:
        for model, letter in zip(("nch", "pch"), process, strict=True):
            sign = {"t": 0, "f": -1, "s": 1}[letter]
            row = table[process]
            for value, typical in (
                (abs(row[f"{model}_vth"]), abs(TYPICAL[f"{model}_vth"])),
                (row[f"{model}_tox"], TYPICAL[f"{model}_tox"]),
                (1 / row[f"{model}_u0"], 1 / TYPICAL[f"{model}_u0"]),
            ):
                assert (value > typical) - (value < typical) == sign


def test_corners_set_only_known_conditions_within_their_ranges():
    known = {each.input.name: each.input for each in conditions()}
    for corner in FIVE_CORNERS:
        assert set(corner.parameters) <= set(known)
    assert len({corner.name for corner in FIVE_CORNERS}) == 5
