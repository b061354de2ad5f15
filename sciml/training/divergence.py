"""Training that leaves the numbers ends at once, with the step's name and the last checkpoint intact."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from sciml.errors import ScimlError

_ADVICE = "; the last checkpoint is intact: lower learning_rate or gradient_clip, or set precision=float32"


class DivergenceError(ScimlError):
    """Training that left the numbers."""


def refuse_divergence(step: int, total: Tensor, parts: Mapping[str, Tensor]) -> None:
    """Pass a finite loss.

    Args:
        step: optimiser steps so far.
        total: the loss.
        parts: what the message names beside it; means are shown.

    Raises:
        DivergenceError: the loss is not finite.
    """
    if not torch.isfinite(total):
        values = ", ".join(f"{name} {float(value.detach().mean()):.4g}" for name, value in parts.items())
        raise DivergenceError(f"the loss of step {step} is not finite ({values}){_ADVICE}")


def clip_gradient(step: int, parameters: Iterable[nn.Parameter], largest: float) -> Tensor:
    """Scale the gradient of all parameters together down to that norm; its norm before.

    Raises:
        DivergenceError: the norm is not finite.
    """
    norm = nn.utils.clip_grad_norm_(parameters, largest)
    if not torch.isfinite(norm):
        raise DivergenceError(f"the gradient of step {step} is not finite{_ADVICE}")
    return norm
