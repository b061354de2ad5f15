"""A guarded surrogate: who answers what, and that its report of its own error is right."""

from dataclasses import replace

import numpy as np
import pytest

from sciml.errors import InputError, SettingsError
from sciml.surrogates.domain import DomainReport
from sciml.surrogates.fitting import FitSettings, deployment_designs, learn
from sciml.surrogates.guarded import Guarded, Policy
from sciml.surrogates.prediction import Prediction
from sciml.surrogates.simulator import NOMINAL, Corner, Simulator
from sciml.surrogates.specification import Specification
from sciml.surrogates.transforms import OutputTransform
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, AmplifierSimulator, fails, outputs, simulate


class Known:
    """A surrogate whose error, doubt, domain and belief in failures are given by functions of the design."""

    spec = SPEC
    abilities = frozenset({"mean", "domain", "failure"})

    def __init__(
        self, error=0.0, doubt=0.001, inside=lambda d: d[:, 0] < 90, failure=lambda d: fails(d) * 1.0
    ):
        self.error, self.doubt, self.inside, self.failure = error, doubt, inside, failure
        self.transform = OutputTransform(("log",) * 4, np.ones(4), np.zeros(4), np.ones(4))

    def predict(self, designs):
        z = self.transform.encode(outputs(designs)[0]) + np.log1p(self.error)
        inside = self.inside(designs)
        report = DomainReport(inside, 2.0 - inside, np.zeros(len(designs), dtype=int), ("far",))
        doubt = np.broadcast_to(np.asarray(self.doubt).reshape(-1, 1), z.shape)
        return Prediction(
            SPEC.output_names,
            z[None],
            doubt[None].copy(),
            self.transform,
            failure=self.failure(designs),
            domain=lambda: report,
        )


_random = SPEC.random(9000, np.random.default_rng(0))
DESIGNS = _random[(outputs(_random)[0] > 0).all(axis=1)][:4000]  # the surrogate above works with logarithms


def test_it_is_a_simulator_and_sends_each_doubtful_design_to_the_truth():
    truth = AmplifierSimulator()
    guarded = Guarded(Known(error=0.01), truth, Policy(audit_rate=0.0))
    assert isinstance(guarded, Simulator)
    result = guarded.run(DESIGNS)
    expected = (DESIGNS[:, 0] >= 90) | fails(DESIGNS)
    assert truth.asked == expected.sum() == guarded.report.outside + guarded.report.failing
    assert guarded.report.share_answered == pytest.approx(1 - expected.mean())
    true = simulate(DESIGNS)
    np.testing.assert_array_equal(result.values[expected], true.values[expected])
    np.testing.assert_allclose(result.values[~expected], true.values[~expected] * 1.01, rtol=1e-9)
    assert [f is None for f in result.failures] == [f is None for f in true.failures]
    assert np.isnan(result.auxiliary[~expected]).all()


def test_an_uncertain_output_is_simulated():
    doubt = np.where(np.arange(4000) % 3 == 0, 0.1, 0.001)
    guarded = Guarded(Known(doubt=doubt), AmplifierSimulator(), Policy(audit_rate=0.0, tolerance=0.05))
    guarded.run(DESIGNS)
    trusted = (DESIGNS[:, 0] < 90) & ~fails(DESIGNS)
    assert guarded.report.unsure == (trusted & (np.arange(4000) % 3 == 0)).sum()


def test_a_tolerance_in_the_unit_of_an_output_replaces_the_share():
    # Half width of the 90 % interval is 1.645 * 0.01 of the phase margin: 0.5 degrees is broken above 30.4.
    policy = Policy(audit_rate=0.0, tolerance=None, tolerances={"pm": 0.5})
    surrogate = Known(doubt=0.01, inside=lambda d: d[:, 0] > 0, failure=lambda d: np.zeros(len(d)))
    guarded = Guarded(surrogate, AmplifierSimulator(), policy)
    guarded.run(DESIGNS)
    z = surrogate.predict(DESIGNS).median("pm")
    wide = np.sinh(1.6448536 * 0.01) * z > 0.5
    assert guarded.report.unsure == wide.sum()


def test_an_interval_that_straddles_a_limit_is_simulated():
    limits = (Specification("gain", minimum=300.0),)
    policy = Policy(audit_rate=0.0, tolerance=None, specifications=limits)
    surrogate = Known(doubt=0.1, inside=lambda d: d[:, 0] > 0, failure=lambda d: np.zeros(len(d)))
    guarded = Guarded(surrogate, AmplifierSimulator(), policy)
    guarded.run(DESIGNS)
    near = np.abs(np.log(outputs(DESIGNS)[0][:, 0] / 300)) < 1.6448536 * 0.1
    assert guarded.report.unsure == near.sum()


def test_the_audit_finds_the_error_that_was_made_without_bias():
    policy = Policy(audit_rate=0.2, tolerance=1.0)
    guarded = Guarded(Known(error=0.03), AmplifierSimulator(), policy, seed=1)
    result = guarded.run(DESIGNS)
    report = guarded.report
    assert abs(report.audited - 0.2 * report.answered) < 4 * np.sqrt(0.16 * report.answered)
    estimate, low, high = report.realised_error()["gain"]
    assert estimate == pytest.approx(0.03, rel=1e-6)
    assert low <= 0.0300001
    assert high >= 0.0299999
    exact = np.isclose(result.values[:, 0], simulate(DESIGNS).values[:, 0], rtol=1e-9)
    assert (exact & ~fails(DESIGNS) & (DESIGNS[:, 0] < 90)).sum() == report.audited  # audits return the truth
    assert any("0.03" in line for line in report.lines())


def test_the_interval_of_the_audited_error_covers_the_mean_error():
    generator = np.random.default_rng(5)
    error = generator.exponential(0.02, size=(4000, 4))
    everything = dict(inside=lambda d: d[:, 0] > 0, failure=lambda d: np.zeros(len(d)))
    covered = 0
    for seed in range(100):
        surrogate = Known(error=error, **everything)
        guarded = Guarded(surrogate, AmplifierSimulator(), Policy(audit_rate=0.03, tolerance=10.0), seed=seed)
        guarded.run(DESIGNS)
        _, low, high = guarded.report.realised_error()["gain"]
        covered += low <= error[~fails(DESIGNS), 0].mean() <= high
    assert covered >= 88  # 95 of 100 are expected, 4 standard deviations below are 86


def test_audits_repeat_with_the_seed():
    picks = []
    for seed in (1, 1, 2):
        guarded = Guarded(Known(error=0.03), AmplifierSimulator(), Policy(audit_rate=0.05), seed=seed)
        picks.append(guarded.run(DESIGNS).values.tobytes())
    assert picks[0] == picks[1] != picks[2]


def test_time_saved_is_the_cost_of_the_runs_that_were_not_made():
    guarded = Guarded(Known(), AmplifierSimulator(), Policy(audit_rate=0.0))
    guarded.run(DESIGNS)
    report = guarded.report
    mean = report.simulation_s / report.true_runs
    assert report.seconds_saved == pytest.approx(report.answered * mean - report.surrogate_s)
    assert 0.01 <= mean <= 0.02


def test_other_corners_and_mismatch_are_never_answered():
    truth = AmplifierSimulator()
    guarded = Guarded(Known(), truth, Policy(audit_rate=0.0))
    guarded.run(DESIGNS[:50], corner=Corner("hot", {"temperature": 85}))
    guarded.run(DESIGNS[:50], seed=3)
    assert truth.asked == 100
    guarded.run(DESIGNS[:50], corner=NOMINAL)
    assert truth.asked < 150


def test_surrogates_of_other_problems_or_without_a_domain_are_refused():
    other = AmplifierSimulator()
    other.spec = replace(SPEC, version="2")
    with pytest.raises(InputError, match="another simulator"):
        Guarded(Known(), other)
    blind = Known()
    blind.abilities = frozenset({"mean"})
    with pytest.raises(InputError, match="no domain"):
        Guarded(blind, AmplifierSimulator())
    with pytest.raises(SettingsError, match="to be sure by"):
        Policy(tolerance=None)
    assert GOAL.specifications  # the policy of a problem takes its limits


def test_a_learned_surrogate_answers_most_designs_within_the_tolerance():
    """The goal: the error stays below the tolerance while four of five designs or more are answered."""
    centre = (40.0, 30.0, 20.0, 2.5, 1e-5, 1.0)
    settings = FitSettings(simulations=200, near=centre, width=0.2, steps=600)
    truth = AmplifierSimulator()
    learned = learn(PROBLEM, truth, settings)
    designs = deployment_designs(SPEC, settings, 2000, spread=False, stream=1)
    guarded = Guarded(learned.surrogate, truth, Policy(tolerance=0.05, audit_rate=0.05), seed=2)
    result = guarded.run(designs)
    assert guarded.report.share_answered >= 0.8
    for estimate, _, high in guarded.report.realised_error().values():
        assert estimate <= high < 0.05
    error = np.abs(result.values / outputs(designs)[0] - 1)
    assert np.quantile(error, 0.99) < 0.05
    assert truth.asked < 0.3 * 2000 + 200
