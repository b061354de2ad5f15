"""Streams of random numbers that depend on nothing but the numbers that name them."""

import numpy as np
import torch

from sciml.errors import SettingsError


def random_stream(*names: int) -> torch.Generator:
    """A generator for one purpose, such as (seed, recycle) or (seed, step, slot).

    Different names give independent streams, equal names the same one, whatever was drawn before.

    Raises:
        SettingsError: a negative number.
    """
    if min(names) < 0:
        raise SettingsError(f"seeds and counters must not be negative: {names}")
    low, high = (int(word) for word in np.random.SeedSequence(names).generate_state(2))
    return torch.Generator().manual_seed((high << 31) ^ low)
