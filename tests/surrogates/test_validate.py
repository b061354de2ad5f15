"""The card: its figures by hand, and the card of a surrogate that is the truth."""

import math

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.surrogates.fitting import FitSettings, deployment_designs, learn
from sciml.surrogates.validate import Card, OutputCard, auroc, break_even, relative_error, validate
from tests.surrogates.amplifier import PROBLEM, SPEC, AmplifierSimulator


def test_the_area_under_the_curve_by_hand():
    score = np.array([0.1, 0.4, 0.4, 0.9])
    assert auroc(score, np.array([False, False, True, True])) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert np.isnan(auroc(score, np.zeros(4, dtype=bool)))


def test_relative_errors_and_break_even_by_hand():
    np.testing.assert_allclose(
        relative_error(np.array([1.1, -2.0, 0.0, 1.0]), np.array([1.0, -1.0, 0.0, 0.0])), [0.1, 1, 0, np.inf]
    )
    assert break_even(10.0, 0.021, 0.001) == pytest.approx(500)
    assert break_even(10.0, 0.001, 0.002) == np.inf


def test_the_card_of_a_learned_neighbourhood():
    centre = (40.0, 30.0, 20.0, 2.5, 1e-5, 1.0)
    settings = FitSettings(simulations=150, near=centre, width=0.2, steps=600)
    learned = learn(PROBLEM, AmplifierSimulator(), settings)
    designs = deployment_designs(SPEC, settings, 150, spread=False, stream=1)
    shifted = SPEC.random(150, np.random.default_rng(3))
    pytest.importorskip("sklearn")
    card = validate(
        learned.surrogate,
        AmplifierSimulator(),
        designs,
        shifted=shifted,
        training=(learned.designs, learned.result),
    )
    assert min(each.within_5_percent for each in card.outputs) > 0.9
    assert card.shift_auroc > 0.95
    assert card.speed_up == pytest.approx(0.02 / (card.seconds[10_000] / 10_000), rel=1e-6)
    assert set(card.outputs[0].baselines) == {"linear", "trees", "process"}
    prediction = learned.surrogate.predict(designs)
    truth = AmplifierSimulator().run(designs).values
    by_hand = np.median(np.abs(prediction.median("gain") / truth[:, 0] - 1))
    assert card.outputs[0].median_relative_error == pytest.approx(by_hand)
    low, high = prediction.interval(0.9, "pm")
    assert card.outputs[2].coverage == pytest.approx(np.mean((truth[:, 2] >= low) & (truth[:, 2] <= high)))
    text = "\n".join(card.lines())
    assert "promised to cover" in text
    assert card.as_json()["outputs"][0]["name"] == "gain"


def card_of(*, failed: int, failure_auroc: float, shift_auroc: float, gain_s: float) -> Card:
    output = OutputCard("gain", 0.01, 0.95, math.nan, 0.9, math.nan)
    seconds = {1: 0.001, 10_000: 0.01}
    return Card(
        (output,), 0.9, "none", 100, failed, failure_auroc, shift_auroc, 1.0, seconds, 0.02, gain_s
    )  # fmt: skip


def test_the_card_says_why_a_figure_is_missing():
    text = "\n".join(card_of(failed=0, failure_auroc=math.nan, shift_auroc=math.nan, gain_s=math.inf).lines())
    assert "nan" not in text
    assert "failures foreseen: not measured, no simulation failed" in text
    assert "shifted ones told apart: not measured, there were no shifted designs" in text
    assert "break even: never" in text
    text = "\n".join(card_of(failed=3, failure_auroc=math.nan, shift_auroc=0.97, gain_s=500.0).lines())
    assert "failures foreseen: not measured, the surrogate predicts no failures" in text
    assert "shifted ones told apart: AUROC 0.97" in text
    assert "break even: 500 designs" in text


def test_a_card_without_one_true_value_is_refused():
    learned = learn(PROBLEM, AmplifierSimulator(), FitSettings(simulations=40, steps=20))
    broken = np.tile([90.0, 10, 10, 1, 1e-5, 0], (5, 1))  # the corner that does not converge
    with pytest.raises(InputError, match="all 5 simulations failed"):
        validate(learned.surrogate, AmplifierSimulator(), broken)
