"""Outputs that are the magnitude of something with a sign: which designs lie on which side?

A gain is given as |A| and a rejection as 20 log10 |A1 / A2|. Where 1/A or A passes through zero, the
magnitude has a pole or a kink, and no smooth model follows it; the signed number is smooth. Its sign is not
measured, but one split of the designs makes the signed number nearly linear in the features. It is looked for
by turns: fit a line, take its signs, and again, from many first splits.

Source: the turns are those of Gerchberg & Saxton (1972) for phases; first directions after Li, Journal of the
American Statistical Association 87:1025 (1992), principal Hessian directions.
"""

from collections.abc import Sequence

import numpy as np

from sciml.surrogates.process import Process, fit_process
from sciml.surrogates.transforms import Array

_THRESHOLDS = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)  # quantiles at which a direction splits the designs
_DIRECTIONS = 3
_TURNS = 30
_RIDGE = 1e-2
_LEAST_SHARE = 0.02  # of the designs on the smaller side, else nothing is folded
_LARGEST_LEFT = 0.8  # of the spread, left by the line: more is no fold


def fold_signs(features: Array, magnitude: Array, known: Sequence[Array] = ()) -> Array | None:
    """Signs under which a magnitude is most nearly linear.

    Args:
        features: (design, feature), standardised.
        magnitude: (design,), positive.
        known: signs that were found for other outputs, (design,) each, to start from too.

    Returns:
        (design,), of -1 and 1; None where every design lies on one side, or where no split helps.
    """
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    solve = np.linalg.solve(x.T @ x + _RIDGE * np.eye(x.shape[1]), x.T)  # (feature, design)
    best, least = np.ones(len(x)), np.inf
    for split in [*_first_splits(features, magnitude, solve), *known]:
        signs = split
        for _ in range(_TURNS):
            turned = np.where(x @ (solve @ (signs * magnitude)) < 0, -1.0, 1.0)
            if (turned == signs).all():
                break
            signs = turned
        left = signs * magnitude - x @ (solve @ (signs * magnitude))
        if (left**2).sum() < least:
            best, least = signs, float((left**2).sum())
    smaller = min((best < 0).mean(), (best > 0).mean())
    unexplained = np.sqrt(least / len(x)) / np.std(best * magnitude)
    return best if smaller >= _LEAST_SHARE and unexplained < _LARGEST_LEFT else None


def signed_process(features: Array, magnitude: Array, signs: Array, turns: int = 4) -> tuple[Process, Array]:
    """A process of the signed magnitude, its signs corrected by what it says of each design left out.

    Args:
        features: (design, feature), standardised.
        magnitude: (design,), positive.
        signs: (design,), first guess.
        turns: corrections at most.

    Returns:
        The process and the signs that it was fitted to.
    """
    process = fit_process(features, signs * magnitude)
    for turn in range(turns):
        turned = np.where(process.left_out < 0, -1.0, 1.0)
        if (turned == signs).all():
            break
        signs = turned
        process = fit_process(features, signs * magnitude, start=None if turn == 0 else process)
    return process, signs


def _first_splits(features: Array, magnitude: Array, solve: Array) -> list[Array]:
    """Splits along the directions in which the magnitude, and its square, bend or rise most."""
    square = (magnitude / magnitude.mean()) ** 2
    hessian = np.einsum("n,ni,nj->ij", square - square.mean(), features, features) / len(features)
    strength, vectors = np.linalg.eigh(hessian)
    directions = [vectors[:, i] for i in np.argsort(-np.abs(strength))[:_DIRECTIONS]]
    directions += [(solve @ magnitude)[:-1], (solve @ np.log(magnitude))[:-1]]
    splits = [np.ones(len(features))]
    for direction in directions:
        place = features @ direction
        splits += [np.where(place < t, -1.0, 1.0) for t in np.quantile(place, _THRESHOLDS)]
    return splits
