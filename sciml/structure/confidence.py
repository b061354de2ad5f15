"""How sure the network is of its structure: pLDDT, predicted aligned error and pTM from the heads' logits.

Logits are NumPy arrays or torch tensors on any device; the arithmetic is NumPy in float64, so that a value
does not depend on where the logits were made.

Source: Jumper et al. 2021, Supplementary 1.9.6 (pLDDT), 1.9.7 (aligned error, equations 38-40 for pTM).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from torch import Tensor

    Logits = ArrayLike | Tensor

_FLOATS_AT_ONCE = 2**24  # probabilities held in memory at one time; 128 MiB
_SMALLEST_LENGTH = 19  # d0 of shorter chains would be zero or negative


def plddt_from_logits(logits: Logits) -> NDArray[np.float64]:
    """Predicted lDDT-Cα of each residue.

    Args:
        logits: (…, res, bin); the bins divide 0 to 1 evenly.

    Returns:
        (…, res), 0-100: the mean of the bin centres over the softmax, times 100.
    """
    logits = _to_numpy(logits)
    bins = logits.shape[-1]
    return 100 * _expectation(logits, (np.arange(bins) + 0.5) / bins)


def error_bin_centres(breaks: ArrayLike) -> NDArray[np.float64]:
    """Errors that the bins of aligned error stand for.

    Args:
        breaks: (bin - 1,), Å, evenly spaced.

    Returns:
        (bin,), Å: half a step above each break, and one more, a step above the last of them.
    """
    breaks = np.asarray(breaks, np.float64)
    step = breaks[1] - breaks[0]
    return np.append(breaks, breaks[-1] + step) + step / 2


def pae_from_logits(logits: Logits, breaks: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """Predicted aligned error: expected error of residue j when the structures are superposed on residue i.

    Args:
        logits: (…, res i, res j, bin).
        breaks: (bin - 1,), Å.

    Returns:
        (…, res i, res j), Å, and the largest error that the bins can express.
    """
    centres = error_bin_centres(breaks)
    return _expectation(_to_numpy(logits), centres), float(centres[-1])


def ptm_from_logits(logits: Logits, breaks: ArrayLike, mask: ArrayLike | None = None) -> float:
    """Predicted TM-score: the best expected TM-score over the residues that the structures are superposed on.

    Args:
        logits: (res, res, bin).
        breaks: (bin - 1,), Å.
        mask: (res,), 1 for residues, 0 for padding, which counts neither as aligned residue nor in the
            length; all ones when None.

    Returns:
        pTM, between 0 and 1.

    Raises:
        ValueError: the mask leaves no residue.
    """
    logits = _to_numpy(logits)
    weights = np.ones(len(logits)) if mask is None else np.asarray(mask, np.float64)
    if not weights.any():
        raise ValueError("pTM of no residue: the mask is all zeros")
    length = max(int(weights.sum()), _SMALLEST_LENGTH)
    d0 = 1.24 * (length - 15) ** (1 / 3) - 1.8  # Å; Zhang & Skolnick 2004
    score_of_bin = 1 / (1 + (error_bin_centres(breaks) / d0) ** 2)
    expected = _expectation(logits, score_of_bin)  # (res, res)
    pair_weights = weights[:, None] * weights[None, :]
    normalised = pair_weights / (1e-8 + pair_weights.sum(axis=-1, keepdims=True))
    per_alignment = (expected * normalised).sum(axis=-1)
    return float(per_alignment[(per_alignment * weights).argmax()])


def _expectation(logits: NDArray, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of `values` over the softmax of the last axis, a few million numbers at a time."""
    rows = logits.reshape(-1, logits.shape[-1])
    result = np.empty(len(rows))
    step = max(1, _FLOATS_AT_ONCE // logits.shape[-1])
    for start in range(0, len(rows), step):
        block = rows[start : start + step].astype(np.float64)
        block -= block.max(axis=-1, keepdims=True)
        np.exp(block, out=block)
        result[start : start + step] = block @ values / block.sum(axis=-1)
    return result.reshape(logits.shape[:-1])


def _to_numpy(logits: Logits) -> NDArray[Any]:
    """The logits in host memory; bfloat16, which NumPy lacks, becomes float32."""
    if hasattr(logits, "detach"):
        return logits.detach().cpu().float().numpy()
    return np.asarray(logits)
