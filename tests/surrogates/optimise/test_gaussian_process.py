import numpy as np
import pytest
import torch

from sciml.surrogates.optimise.gaussian_process import (
    ROUGH_LENGTH,
    SMALLEST_NOISE,
    GaussianProcesses,
    Hyperparameters,
)


def data(count: int = 25) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).random((count, 3))
    return x, np.stack([np.sin(5 * x[:, 0]) + x[:, 1], 4 * x[:, 2] ** 2], axis=1)


def fixed(features: int = 3, rough: float = 0.01) -> Hyperparameters:
    length = torch.log(torch.tensor([[0.5, 0.8, 1.1], [0.9, 0.4, 0.7]], dtype=torch.float64))[:, :features]
    variance = torch.log(torch.tensor([1.3, 0.8], dtype=torch.float64))
    return Hyperparameters(length, variance, torch.full((2,), np.log(rough), dtype=torch.float64))


def test_predictions_are_those_of_scikit_learn() -> None:
    gaussian_process = pytest.importorskip("sklearn.gaussian_process")
    kernels = gaussian_process.kernels
    x, y = data()
    new = np.random.default_rng(1).random((40, 3))
    ours = GaussianProcesses(x, y, fixed())
    mean, deviation = ours.predict(new)
    for target in range(2):
        length = np.exp(fixed().length[target].numpy())
        scale = fixed().variance[target].exp().item()
        kernel = kernels.ConstantKernel(scale) * (
            kernels.Matern(length, nu=2.5) + kernels.DotProduct(sigma_0=0.0)
        ) + kernels.ConstantKernel(0.01) * kernels.Matern(ROUGH_LENGTH * np.sqrt(3), nu=0.5)
        reference = gaussian_process.GaussianProcessRegressor(
            kernel, alpha=SMALLEST_NOISE, optimizer=None, normalize_y=True
        )
        expected, std = reference.fit(x - 0.5, y[:, target]).predict(new - 0.5, return_std=True)
        np.testing.assert_allclose(mean[:, target], expected, rtol=1e-6)
        np.testing.assert_allclose(
            deviation[:, target] / float(ours.stretch[target]), std, rtol=1e-5, atol=1e-7
        )


def test_slopes_of_the_surprise_are_its_differences() -> None:
    x, y = data(14)
    y[3, 1] = np.nan
    processes, found = GaussianProcesses(x, y, fixed()), fixed()
    slopes = processes._slopes(found)
    for name in ("length", "variance", "rough"):
        values, slope = getattr(found, name), getattr(slopes, name)
        for place in np.ndindex(*values.shape):
            middle = values[place].item()
            around = []
            for step in (1e-5, -1e-5):
                values[place] = middle + step
                around.append(float(processes._surprise(found)))
            values[place] = middle
            assert float(slope[place]) == pytest.approx((around[0] - around[1]) / 2e-5, rel=1e-5, abs=1e-6)


def test_the_stretch_is_the_error_at_designs_left_out() -> None:
    x, y = data(14)
    y = y + np.random.default_rng(3).normal(size=y.shape) * 0.6  # more noise than the model believes in
    ours = GaussianProcesses(x, y, fixed())
    z = (y - y.mean(0)) / y.std(0)
    squares = np.zeros((14, 2))
    for row in range(14):
        rest = np.arange(14) != row
        for target in range(2):
            kernel = GaussianProcesses(x, z, fixed())._covariance(fixed())[target].numpy()
            inverse = np.linalg.inv(kernel[np.ix_(rest, rest)])
            mean = kernel[row, rest] @ inverse @ z[rest, target]
            variance = kernel[row, row] - kernel[row, rest] @ inverse @ kernel[rest, row]
            squares[row, target] = (z[row, target] - mean) ** 2 / variance
    expected = np.clip(np.sqrt(squares.mean(axis=0)), 1, 3)
    assert expected.max() > 1.2
    np.testing.assert_allclose(ours.stretch.numpy(), expected, rtol=1e-6)


def test_a_missing_target_is_as_if_the_design_were_not_there() -> None:
    x, y = data()
    gaps = y.copy()
    gaps[3, 0] = np.nan
    gaps[7, 0] = np.nan
    kept = np.delete(np.arange(len(x)), [3, 7])
    new = np.random.default_rng(2).random((10, 3))
    with_gaps = GaussianProcesses(x, gaps, fixed()).predict(new)[0][:, 0]
    without = GaussianProcesses(x[kept], y[kept], fixed()).predict(new)[0][:, 0]
    np.testing.assert_allclose(with_gaps, without, atol=1e-4)


def test_drawn_functions_have_the_predicted_moments() -> None:
    x, y = data(8)
    new = np.random.default_rng(4).random((6, 3))
    models = GaussianProcesses(x, y, fixed())
    drawn = models.sample(new, 20_000, torch.Generator().manual_seed(0))
    mean, deviation = models.predict(new)
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.05 * y.std())
    np.testing.assert_allclose(drawn.std(axis=0), deviation, rtol=0.03)


def test_fitted_length_scales_tell_inputs_that_matter_from_those_that_do_not() -> None:
    x = np.random.default_rng(5).random((60, 3))
    y = np.sin(7 * x[:, :1])
    models = GaussianProcesses(x, y)
    length = models.hyperparameters.length[0].exp()
    assert length[0] < 0.4 * length[1:].min()
    new = np.random.default_rng(6).random((200, 3))
    error = models.predict(new)[0][:, 0] - np.sin(7 * new[:, 0])
    assert np.sqrt((error**2).mean()) < 0.05


def test_beside_a_cliff_the_answer_is_that_of_the_nearest_design() -> None:
    x = np.linspace(0, 1, 40)[:, None]
    y = 0.3 * x + np.where(np.sin(20 * x) > 0, 1.0, -1.0)
    mean = GaussianProcesses(x, y).predict(x[:-1] + 1e-3)[0]
    assert np.abs(mean - y[:-1]).max() < 0.15  # with white noise in its place 0.35
