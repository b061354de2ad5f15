"""Training batches as a pure function of their place in the run, made by endless generators.

A generator is a stream: its pair 5,000 exists only after the 4,999 before it. So a run has a fixed number of
lanes. A lane is read in chapters, each the beginning of a generator of its own; a chapter gives blocks of
pairs, once or several times in other orders; a block gives a fixed number of batches. Batch n of the run
belongs to lane n mod lanes. A worker that keeps to its lanes only ever reads on; a resumed run repeats a
chapter once.

The lanes start at different places of their first block: they do not all need pairs at the same time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from torch.utils.data import get_worker_info

from sciml.errors import SettingsError
from sciml.symbolic.batches import Batch, Pair, collate, grouped
from sciml.symbolic.generators.processes import collect_rarely
from sciml.symbolic.pair_shards import PairShards
from sciml.training.resume import step_seed

PairStream = Callable[[int, int], Iterator[Pair]]
"""(seed, stream number) -> endless pairs, the same for the same numbers."""

_TRAINING_STREAM, _ORDER_STREAM, _PASS_STREAM, _VALIDATION_STREAM = 3, 4, 5, 6  # among the seeds of a run
_VALIDATION_SEED = 20_261_121  # of every run, whatever its own seed


@dataclass(frozen=True)
class DataConfig:
    """How pairs become batches."""

    pairs_per_batch: int = 64
    """Pairs of a batch on average; batches of long pairs hold fewer, of short ones more."""
    batches_per_block: int = 64
    """Batches that are made of one block of pairs; more of them waste less on padding."""
    blocks_per_chapter: int = 8
    """Blocks that one generator gives before a new one starts; generators grow better as they run on."""
    passes: int = 1
    """How often the pairs of a chapter are used, each time in other batches."""
    lanes: int = 4
    """Independent streams; a multiple of workers times devices, so that each worker has its own."""
    length_multiple: int = 1
    """Lengths are padded to a multiple of this; 8 suits accelerators."""

    def __post_init__(self) -> None:
        counts = ("pairs_per_batch", "batches_per_block", "blocks_per_chapter", "passes", "lanes")
        for name in (*counts, "length_multiple"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is at least 1: {getattr(self, name)}")

    @property
    def block_size(self) -> int:
        """Pairs of a block."""
        return self.pairs_per_batch * self.batches_per_block


class Lane:
    """One of the independent streams of a run, read block by block.

    Args:
        stream: the generators.
        config: sizes.
        seed: of the run.
        number: of this lane.
        shards: where chapters are kept and found; None keeps none.
    """

    def __init__(
        self, stream: PairStream, config: DataConfig, seed: int, number: int, shards: PairShards | None = None
    ) -> None:
        self.stream, self.config, self.seed, self.number = stream, config, seed, number
        self.shards = shards
        self._chapter = -1
        self._pairs: list[Pair] = []
        self._rest: Iterator[Pair] = iter(())

    def block(self, number: int) -> list[Pair]:
        """The pairs of block `number`, counted over all chapters and passes."""
        blocks, size = self.config.blocks_per_chapter, self.config.block_size
        chapter, inside = divmod(number, blocks * self.config.passes)
        repeat, place = divmod(inside, blocks)
        if chapter != self._chapter:
            self._open(chapter)
        self._read(size * (blocks if repeat else place + 1))
        window = slice(place * size, (place + 1) * size)
        if repeat == 0:
            return self._pairs[window]
        seed = step_seed(self.seed, _PASS_STREAM, self.number, chapter, repeat)
        order = np.random.default_rng(seed).permutation(len(self._pairs))
        return [self._pairs[n] for n in order[window]]

    def _open(self, chapter: int) -> None:
        seed, number = step_seed(self.seed, _TRAINING_STREAM), chapter * self.config.lanes + self.number
        self._chapter, self._name = chapter, (seed, number)
        size = self.config.blocks_per_chapter * self.config.block_size
        kept = self.shards.read(*self._name, size) if self.shards is not None else None
        self._pairs = list(kept or ())
        self._rest = iter(()) if kept is not None else self.stream(seed, number)

    def _read(self, count: int) -> None:
        """Read on until there are so many pairs; keep the chapter once it is whole."""
        if len(self._pairs) >= count:
            return
        self._pairs += islice(self._rest, count - len(self._pairs))
        whole = self.config.blocks_per_chapter * self.config.block_size
        if self.shards is not None and len(self._pairs) == whole:
            self.shards.write(*self._name, self._pairs)


class PairBatches:
    """Batches by their address (seed, step, slots) for `StepDataModule`, whose batch size is one slot here.

    Args:
        stream: the generators.
        config: sizes.
        batches_per_step: micro-batches of one optimiser step over all devices.
        shards: where chapters are kept and found; None keeps none.
    """

    def __init__(
        self,
        stream: PairStream,
        config: DataConfig,
        batches_per_step: int = 1,
        shards: PairShards | None = None,
    ) -> None:
        self.stream, self.config, self.batches_per_step = stream, config, batches_per_step
        self.shards = shards
        self._lanes: dict[tuple[int, int], Lane] = {}
        self._blocks: dict[
            tuple[int, int], tuple[int, list[list[Pair]]]
        ] = {}  # of the lanes: number, batches

    def __call__(self, seed: int, step: int, slots: Sequence[int]) -> Batch:
        """The batch at one address."""
        if not self._lanes and get_worker_info() is not None:  # a loader's process, not the trainer's
            collect_rarely()
        [slot] = slots
        return collate(self.pairs(seed, step * self.batches_per_step + slot), self.config.length_multiple)

    def pairs(self, seed: int, number: int) -> list[Pair]:
        """The pairs of batch `number` of the run."""
        config = self.config
        place, lane = divmod(number, config.lanes)
        block, inside = divmod(
            place + lane * config.batches_per_block // config.lanes, config.batches_per_block
        )
        key = seed, lane
        if key not in self._blocks or self._blocks[key][0] != block:
            if key not in self._lanes:
                self._lanes[key] = Lane(self.stream, config, seed, lane, self.shards)
            order = step_seed(seed, _ORDER_STREAM, lane, block)
            batches = grouped(self._lanes[key].block(block), config.batches_per_block, order)
            self._blocks[key] = block, batches
        return self._blocks[key][1][inside]


def validation_pairs(stream: PairStream, count: int) -> list[Pair]:
    """Pairs of a seed that no run trains on, the same for every run of one mixture.

    Short problems are few, so some of them are in the training streams too.
    """
    return list(islice(stream(step_seed(_VALIDATION_SEED, _VALIDATION_STREAM), 0), count))


def validation_batches(pairs: Sequence[Pair], config: DataConfig) -> list[Batch]:
    """The validation pairs as batches of alike lengths."""
    batches = max(1, len(pairs) // config.pairs_per_batch)
    return [collate(group, config.length_multiple) for group in grouped(pairs, batches, 0)]


def prepare(
    stream: PairStream,
    config: DataConfig,
    seed: int,
    chapters: int,
    shards: PairShards,
    worker: int,
    workers: int,
) -> Iterator[Path]:
    """Generate and keep the first chapters of a run that are not there yet, one after the other.

    Args:
        stream: the generators.
        config: sizes, as the run has them.
        seed: of the run.
        chapters: of each lane.
        shards: where they are kept.
        worker: this process, among …
        workers: … so many that share the work.

    Yields:
        The file of each chapter once it is there.
    """
    size = config.blocks_per_chapter * config.block_size
    stream_seed = step_seed(seed, _TRAINING_STREAM)
    for number in range(worker, chapters * config.lanes, workers):
        if shards.read(stream_seed, number, size) is None:
            shards.write(stream_seed, number, list(islice(stream(stream_seed, number), size)))
        yield shards.path(stream_seed, number)
