"""What a simulator says besides its outputs, as features for the models of the margins.

Saturation margins of transistors are smooth in the sizes where the gain is not: a dead stage has a gain near
zero whatever else is changed, and its margin says how far it is from waking. Auxiliary outputs are predicted
by models of their own, and the predictions stand beside the design's features.
"""

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.optimise.gaussian_process import GaussianProcesses, Hyperparameters

Array = NDArray[np.float64]


def telling_columns(auxiliary: Array) -> NDArray[np.intp]:
    """Auxiliary outputs (design, auxiliary) that at least four designs have, with values that differ."""
    columns = []
    for i in range(auxiliary.shape[1]):
        known = auxiliary[:, i][np.isfinite(auxiliary[:, i])]
        if len(known) >= 4 and np.ptp(known) > 1e-9 * np.abs(known).max():
            columns.append(i)
    return np.array(columns, dtype=np.intp)


class AuxiliaryFeatures:
    """Features (design, feature) with the predicted auxiliary outputs beside them, about in [0, 1].

    Args:
        features: (design, feature), of designs that were simulated.
        auxiliary: (design, auxiliary), theirs; NaN where not known. No column adds nothing.
        hyperparameters: of the models of the auxiliary outputs; None to fit them here.
    """

    def __init__(
        self, features: Array, auxiliary: Array, hyperparameters: Hyperparameters | None = None
    ) -> None:
        self._models: GaussianProcesses | None = None
        if auxiliary.shape[1]:
            shaped = np.stack([_shaped(column) for column in auxiliary.T], axis=1)
            known = np.isfinite(shaped)
            self._low = np.min(shaped, axis=0, initial=0.0, where=known)
            self._high = np.maximum(np.max(shaped, axis=0, initial=0.0, where=known), self._low + 1e-9)
            self._models = GaussianProcesses(features, shaped, hyperparameters)

    @property
    def hyperparameters(self) -> Hyperparameters | None:
        """Those of the models; None where there are no auxiliary outputs."""
        return None if self._models is None else self._models.hyperparameters

    def __call__(self, features: Array) -> Array:
        """The features with the predictions, (item, feature + auxiliary)."""
        if self._models is None:
            return features
        mean = self._models.predict(features)[0]
        scaled = (mean - self._low) / (self._high - self._low)
        return np.concatenate([features, np.clip(scaled, -0.2, 1.2)], axis=1)


def _shaped(column: Array) -> Array:
    """Values (design,) around their median, far ones drawn in; NaN where not known."""
    known = column[np.isfinite(column)]
    if len(known) == 0:
        return column
    return np.asarray(np.arcsinh((column - np.median(known)) / (np.std(known) or 1.0)))
