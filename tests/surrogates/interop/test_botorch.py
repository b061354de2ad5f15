"""The BoTorch face: the ensemble's numbers, gradients, and an acquisition that finds a better design."""

import numpy as np
import pytest
import torch

pytest.importorskip("botorch")

from botorch.acquisition.logei import qLogExpectedImprovement
from botorch.acquisition.objective import GenericMCObjective
from botorch.optim import optimize_acqf
from botorch.sampling.index_sampler import IndexSampler

from sciml.errors import InputError
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.fitting import FitSettings, learn
from sciml.surrogates.interop.botorch import (
    UnitFeatures,
    botorch_constraints,
    botorch_objective,
    to_botorch,
)
from sciml.surrogates.specification import Goal, Specification
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, AmplifierSimulator, simulate, training_set


@pytest.fixture(scope="module")
def ensemble():
    return Ensemble.for_problem(PROBLEM).fit(*training_set(200))


def test_features_of_the_unit_cube_are_the_codecs(ensemble):
    designs = SPEC.random(50, np.random.default_rng(0))
    unit = torch.from_numpy(SPEC.to_unit(designs))
    expected = ensemble.codec.encode_inputs(designs)
    torch.testing.assert_close(UnitFeatures(ensemble)(unit).float(), expected, rtol=1e-4, atol=1e-4)


def test_the_posterior_has_the_members_for_its_draws(ensemble):
    model = to_botorch(ensemble)
    designs = SPEC.random(6, np.random.default_rng(1))
    unit = torch.from_numpy(SPEC.to_unit(designs)).reshape(3, 2, -1)
    posterior = model.posterior(unit)
    assert posterior.values.shape == (3, 5, 2, 5)  # batch, member, q, output
    location = ensemble.predict(designs).location.reshape(5, 3, 2, 5).transpose(1, 0, 2, 3)
    np.testing.assert_allclose(posterior.values.detach().numpy(), location, atol=1e-4)
    np.testing.assert_allclose(posterior.mean.detach().numpy(), location.mean(axis=1), atol=1e-4)


@pytest.fixture(scope="module")
def learned():
    """With scaling and processes, as `sciml surrogate fit` makes them near a design."""
    near = FitSettings(simulations=60, near=(40.0, 30.0, 20.0, 2.5, 1e-5, 1.0), width=0.2, steps=50)
    surrogate = learn(PROBLEM, AmplifierSimulator(), near).surrogate
    assert surrogate.stack is not None
    assert any(each is not None and each.weight > 0.1 for each in surrogate.stack.outputs)
    return surrogate


def test_the_posterior_has_the_members_that_predict_has_with_its_processes(learned):
    designs = np.array([[40.0, 30, 20, 2.5, 1e-5, 1], [42, 30, 20, 2.5, 1e-5, 1], [36, 33, 20, 2.6, 9e-6, 1]])
    unit = torch.from_numpy(SPEC.to_unit(designs))
    values = to_botorch(learned).posterior(unit).values.detach().numpy()
    expected = learned.predict(designs).location
    np.testing.assert_allclose(values, expected, atol=2e-3)  # processes have kernels in single precision
    assert np.abs(learned._gaussians(designs)[0] - expected).max() > 0.1


def test_gradients_of_the_posterior_are_those_of_finite_differences(learned):
    model = to_botorch(learned)
    centre = SPEC.to_unit(np.array([[40.0, 30.0, 20.0, 2.5, 1e-5, 1.0]]))
    unit = torch.from_numpy(centre).requires_grad_()
    mean = model.posterior(unit).mean.sum()
    (gradient,) = torch.autograd.grad(mean, unit)
    assert gradient[0, 5] == 0  # the category
    assert gradient[0, :5].abs().min() > 0
    step, noise = 0.01, 0.05 * gradient.abs().max().item()  # of kernels in single precision
    for column in range(5):
        ends = []
        for sign in (-1, 1):
            moved = torch.from_numpy(centre.copy())
            moved[0, column] += sign * step
            ends.append(model.posterior(moved).mean.sum().item())
        slope = (ends[1] - ends[0]) / (2 * step)
        assert gradient[0, column].item() == pytest.approx(slope, abs=noise)


def test_constraints_are_met_exactly_where_the_specifications_are(ensemble):
    designs = SPEC.random(300, np.random.default_rng(2))
    result = simulate(designs)
    z = ensemble.codec.fitted.encode(ensemble.codec.table(result.values, result.auxiliary))[result.ok]
    values = np.stack([each(torch.from_numpy(z)).numpy() for each in botorch_constraints(ensemble)], axis=1)
    met = GOAL.violations(result.values, SPEC)[result.ok] == 0
    np.testing.assert_array_equal(values <= 0, met)
    merit = botorch_objective(ensemble)(torch.from_numpy(z)).numpy()
    np.testing.assert_array_equal(merit == 0, met.all(axis=1))


def test_an_acquisition_is_optimised_over_the_surrogate(ensemble):
    model = to_botorch(ensemble)
    objective = GenericMCObjective(botorch_objective(ensemble))
    acquisition = qLogExpectedImprovement(
        model, best_f=-1.0, sampler=IndexSampler(torch.Size([5])), objective=objective
    )
    bounds = torch.stack([torch.zeros(6), torch.ones(6)]).double()
    torch.manual_seed(0)
    point, value = optimize_acqf(
        acquisition, bounds, q=1, num_restarts=4, raw_samples=64, options={"maxiter": 30}
    )
    assert torch.isfinite(value)
    random = objective(model.posterior(torch.rand(200, 1, 6, dtype=torch.double)).values.mean(dim=1))
    found = objective(model.posterior(point[None]).values.mean(dim=1))
    assert found.max() > random.quantile(0.8)


def test_a_limit_without_an_image_is_refused(ensemble):
    with pytest.raises(InputError, match="another sign"):
        botorch_constraints(ensemble, Goal((Specification("power", minimum=-1.0),)))
