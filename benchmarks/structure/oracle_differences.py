"""One output of this package beside that of a reference: the largest difference and its tolerance."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Difference:
    """One output compared with the reference."""

    name: str
    largest: float
    """Largest absolute difference; NaN where shapes differ or a value is not finite."""
    tolerance: float

    @property
    def is_over(self) -> bool:
        """Whether it exceeds the tolerance; NaN does."""
        return not self.largest <= self.tolerance


Arrays = dict[str, NDArray]
Check = Callable[[Arrays], Iterator[Difference]]


def differ(
    name: str, ours: Tensor | NDArray | float, reference: NDArray, tolerance: float, *, relative: bool = False
) -> Difference:
    """Compare one array with the reference, whose shape it must have.

    Args:
        name: printed.
        ours: this package's output.
        reference: the reference's.
        tolerance: largest difference allowed.
        relative: divide by the largest value of the reference.

    Returns:
        The largest difference.
    """
    value = np.asarray(ours.detach() if isinstance(ours, Tensor) else ours, dtype=np.float64)
    if value.shape != reference.shape:
        return Difference(f"{name} {value.shape} for {reference.shape}", float("nan"), tolerance)
    scale = float(np.abs(reference).max(initial=0.0)) if relative else 1.0
    return Difference(name, float(np.abs(value - reference).max(initial=0.0)) / (scale or 1.0), tolerance)


def tensors(arrays: Arrays) -> dict[str, Tensor]:
    """The inputs, without the prefix `in/`."""
    return {name[3:]: torch.tensor(array) for name, array in arrays.items() if name.startswith("in/")}
