"""What a surrogate has to beat: a line, boosted trees, a Gaussian process (scikit-learn).

Each learns every output alone, from the same standardised features and targets as the networks.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from sciml.errors import MissingRequirementError
from sciml.surrogates.codec import TableCodec
from sciml.surrogates.result import Result
from sciml.surrogates.transforms import Array

BASELINES = ("linear", "trees", "process")


def fit_baseline(
    word: str, codec: TableCodec, designs: Array, result: Result, *, seed: int = 0
) -> Callable[[Array], Array]:
    """Train one of :data:`BASELINES`.

    Args:
        word: `linear` (least squares with a slight ridge), `trees` (gradient boosting), `process` (Gaussian
            process with a length for each feature).
        codec: fitted.
        designs: (design, input).
        result: what the simulator answered; an output is learned from the designs that have it.
        seed: of what is random in it.

    Returns:
        A function of designs (design, input) that gives outputs (design, output), auxiliary ones left out.

    Raises:
        MissingRequirementError: scikit-learn is not installed.
    """
    features = codec.encode_inputs(designs).numpy().astype(np.float64)
    count = len(codec.spec.outputs)
    targets = codec.fitted.encode(codec.table(result.values, result.auxiliary))[:, :count]
    models = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a search for lengths that ends early is still a baseline
        for column in targets.T:
            known = np.isfinite(column)
            models.append(_estimator(word, features.shape[1], seed).fit(features[known], column[known]))

    def predict(new: Array) -> Array:
        """Outputs of designs."""
        encoded = codec.encode_inputs(new).numpy().astype(np.float64)
        z = np.zeros((len(new), len(codec.outputs)))
        z[:, :count] = np.stack([model.predict(encoded) for model in models], axis=1)
        return codec.fitted.decode(z)[:, :count]

    return predict


def _estimator(word: str, features: int, seed: int) -> Any:  # noqa: ANN401 - a scikit-learn regressor
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
        from sklearn.linear_model import Ridge
    except ImportError as error:
        raise MissingRequirementError(
            "the baselines need scikit-learn: pip install 'sciml[design]'"
        ) from error
    if word == "linear":
        return Ridge(alpha=1e-3)
    if word == "trees":
        return HistGradientBoostingRegressor(max_iter=200, min_samples_leaf=5, random_state=seed)
    kernel = ConstantKernel(1.0) * RBF(np.full(features, 2.0), (0.1, 100.0)) + WhiteKernel(1e-3, (1e-8, 1.0))
    return GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)
