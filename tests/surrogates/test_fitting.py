"""From a problem to a surrogate: what is simulated, and from which distribution."""

import numpy as np
import pytest
from scipy.stats import kstest

from sciml.errors import SettingsError
from sciml.surrogates.fitting import FitSettings, deployment_designs, learn, neighbourhood
from tests.surrogates.amplifier import PROBLEM, SPEC, AmplifierSimulator, simulate

CENTRE = np.array([40, 30, 20, 2.5, 1e-5, 1.0])


def test_every_simulation_counts():
    truth = AmplifierSimulator()
    learned = learn(PROBLEM, truth, FitSettings(simulations=100, calibration=0.3, steps=50))
    assert truth.asked == 100
    assert (len(learned.result), len(learned.calibration_result)) == (70, 30)
    assert learned.surrogate.conformal.exchangeable
    assert learned.surrogate.facts["simulator"] == "amplifier 1"


def test_without_calibration_no_coverage_is_promised():
    learned = learn(PROBLEM, AmplifierSimulator(), FitSettings(simulations=40, calibration=0, steps=20))
    assert learned.surrogate.conformal is None


def test_designs_known_before_are_learned_too():
    known = SPEC.random(50, np.random.default_rng(0))
    truth = AmplifierSimulator()
    settings = FitSettings(simulations=40, calibration=0.5, steps=20)
    learned = learn(PROBLEM, truth, settings, known=(known, simulate(known)))
    assert truth.asked == 40
    assert learned.surrogate.facts["training"]["designs"] == 70


def test_a_neighbourhood_by_hand():
    unit = np.array([[0.0] * 6, [1.0] * 6, [0.5] * 6])
    designs = neighbourhood(SPEC, CENTRE, 0.2, unit)
    np.testing.assert_allclose(designs[2], CENTRE)
    assert designs[0].tolist() == pytest.approx([33, 25, 16, 2.0, 1e-5 * np.exp(-0.2), 1])
    assert designs[1].tolist() == pytest.approx([49, 37, 24, 3.1, 1e-5 * np.exp(0.2), 1])
    SPEC.check(designs)


def test_calibration_designs_are_independent_and_of_the_same_distribution():
    settings = FitSettings(near=tuple(CENTRE), width=0.3)
    train = deployment_designs(SPEC, settings, 256, spread=True)
    draws = [deployment_designs(SPEC, settings, 200, spread=False, stream=s) for s in (0, 1)]
    assert not np.isin(draws[0][:, 4], draws[1][:, 4]).any()
    place = np.log(draws[0][:, 4] / 1e-5) / 0.3
    assert kstest((place + 1) / 2, "uniform").pvalue > 0.01
    evenly = np.sort((np.log(train[:, 4] / 1e-5) / 0.3 + 1) / 2)
    assert np.abs(evenly - (np.arange(256) + 0.5) / 256).max() < 0.01  # Sobol: one in each of 256 strips


def test_unusable_settings_are_refused():
    with pytest.raises(SettingsError, match="20 simulations"):
        FitSettings(simulations=10)
    with pytest.raises(SettingsError, match=r"between 0 and 0\.8"):
        FitSettings(calibration=0.9)
