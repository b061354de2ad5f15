"""Batches of pairs of like lengths: of long pairs they hold fewer, so that all cost nearly the same."""

import heapq
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.symbolic.vocabulary import END, PAD, START, TASK_ID

_WEIGHTS = np.array([1.0, 1.5])
"""Costs of a source and of a target token."""


class Pair(Protocol):
    """A problem and its answer."""

    @property
    def task(self) -> str:
        """integrate, ode1 or ode2."""

    @property
    def source(self) -> bytes:
        """Token ids of the problem, without task and special tokens."""

    @property
    def target(self) -> bytes:
        """Token ids of the answer, without special tokens."""


class Batch(NamedTuple):
    """Padded token ids of some pairs."""

    source: Tensor
    """(pair, s) uint8, the task first."""
    target: Tensor
    """(pair, t) uint8, from `<start>` to `<end>`."""


def grouped(pairs: Sequence[Pair], batches: int, seed: int) -> list[list[Pair]]:
    """Pairs in that many batches with little padding, in an order drawn from the seed.

    The most expensive batch is divided in two, where that saves most padding, until there are enough.

    Args:
        pairs: at least as many as batches.
        batches: how many.
        seed: of their order.

    Raises:
        ValueError: fewer pairs than batches.
    """
    if len(pairs) < batches:
        raise ValueError(f"{len(pairs)} pairs cannot fill {batches} batches")
    lengths = np.array([(len(one.source) + 1, len(one.target) + 1) for one in pairs], dtype=np.int64)
    # Most expensive first; the second entry only keeps equal costs apart.
    groups = [(-padded_cost(lengths), 0, np.arange(len(pairs)))]
    while len(groups) < batches:
        whole = heapq.heappop(groups)[2]
        for half in divided(lengths[whole]):
            part = whole[half]
            cost = padded_cost(lengths[part]) if len(part) > 1 else 0.0  # one pair cannot be divided
            heapq.heappush(groups, (-cost, int(part[0]), part))
    order = np.random.default_rng(seed).permutation(batches)
    return [[pairs[n] for n in groups[place][2]] for place in order]


def divided(lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two parts, sorted by one of the lengths, that together cost least; halves if all are alike.

    Args:
        lengths: (pair, 2) source and target lengths of two pairs or more.
    """
    best = padded_cost(lengths), np.arange(len(lengths)), len(lengths) // 2
    for axis in (0, 1):
        order = lengths[:, axis].argsort(kind="stable")
        ordered = lengths[order]
        firsts = np.maximum.accumulate(ordered) @ _WEIGHTS
        lasts = np.maximum.accumulate(ordered[::-1])[::-1] @ _WEIGHTS
        sizes = np.arange(1, len(lengths))
        costs = sizes * firsts[:-1] + sizes[::-1] * lasts[1:]
        cheapest = int(costs.argmin())
        if costs[cheapest] < best[0]:
            best = float(costs[cheapest]), order, cheapest + 1
    return best[1][: best[2]], best[1][best[2] :]


def padded_cost(lengths: NDArray[np.int64]) -> float:
    """Cost of one batch of pairs of these lengths (pair, 2), padding included."""
    return float(len(lengths) * (lengths.max(0) @ _WEIGHTS))


def collate(pairs: Sequence[Pair], multiple: int = 1) -> Batch:
    """One batch, its lengths padded to a multiple of that number."""
    sources = [bytes([TASK_ID[one.task]]) + one.source for one in pairs]
    targets = [bytes([START]) + one.target + bytes([END]) for one in pairs]
    return Batch(_padded(sources, multiple), _padded(targets, multiple))


def _padded(sequences: Sequence[bytes], multiple: int) -> Tensor:
    longest = -(-max(map(len, sequences)) // multiple) * multiple
    flat = b"".join(one.ljust(longest, bytes([PAD])) for one in sequences)
    return torch.frombuffer(bytearray(flat), dtype=torch.uint8).view(len(sequences), longest)
