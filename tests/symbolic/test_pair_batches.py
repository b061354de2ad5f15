from itertools import islice, pairwise

import pytest
import torch
from tiny_pairs import stream

from sciml.errors import SettingsError
from sciml.symbolic.generators.mixture import Settings, pairs
from sciml.symbolic.pair_shards import PairShards
from sciml.symbolic.training_data import DataConfig, PairBatches, prepare, validation_pairs
from sciml.training.resume import step_seed

SMALL = DataConfig(pairs_per_batch=4, batches_per_block=6, blocks_per_chapter=2, passes=2, lanes=3)


class Counted:
    """The stream, and how many pairs were taken from it."""

    def __init__(self):
        self.taken = 0

    def __call__(self, seed, number):
        for one in stream(seed, number):
            self.taken += 1
            yield one


def test_a_batch_depends_on_its_place_alone():
    whole = PairBatches(stream, SMALL)
    expected = [whole(5, step, [0]) for step in range(100)]
    for start in (37, 99, 61):  # as after a restart, and backwards
        resumed = PairBatches(stream, SMALL)
        for step in (start, start - 20):
            found = resumed(5, step, [0])
            assert torch.equal(found.source, expected[step].source)
            assert torch.equal(found.target, expected[step].target)


def test_micro_batches_follow_one_another_in_the_same_stream():
    one, two = PairBatches(stream, SMALL), PairBatches(stream, SMALL, batches_per_step=2)
    for step in range(10):
        for slot in (0, 1):
            assert torch.equal(two(0, step, [slot]).source, one(0, 2 * step + slot, [0]).source)


def test_a_lane_gives_its_chapters_one_after_the_other_each_pair_as_often_as_there_are_passes():
    batches, lane, seed = PairBatches(stream, SMALL), 0, 3
    places = range(2 * SMALL.passes * SMALL.blocks_per_chapter * SMALL.batches_per_block)
    given = [one for place in places for one in batches.pairs(seed, place * SMALL.lanes + lane)]
    chapter = SMALL.blocks_per_chapter * SMALL.block_size
    for number, start in enumerate((0, 2 * chapter)):
        stream_seed = step_seed(seed, 3)
        expected = list(islice(stream(stream_seed, number * SMALL.lanes + lane), chapter))
        found = given[start : start + 2 * chapter]
        assert sorted(found[:chapter], key=repr) == sorted(expected, key=repr)
        assert sorted(found[chapter:], key=repr) == sorted(expected, key=repr)
        assert found[:chapter] != found[chapter:]


def test_reading_on_takes_every_pair_from_its_generator_once():
    counted = Counted()
    batches = PairBatches(counted, SMALL)
    steps = 3 * SMALL.lanes * SMALL.batches_per_block  # with the shift of the lanes less than two chapters
    for step in range(steps):
        batches(0, step, [0])
    assert counted.taken <= SMALL.lanes * 2 * SMALL.blocks_per_chapter * SMALL.block_size


def test_kept_chapters_give_the_same_batches_without_a_generator(tmp_path):
    shards = PairShards(tmp_path, {})
    assert len(list(prepare(stream, SMALL, 7, 1, shards, worker=0, workers=2))) == 2
    assert len(list(prepare(stream, SMALL, 7, 1, shards, worker=1, workers=2))) == 1
    counted = Counted()
    kept, made = PairBatches(counted, SMALL, shards=shards), PairBatches(stream, SMALL)
    for step in range(40):
        assert torch.equal(kept(7, step, [0]).target, made(7, step, [0]).target)
    assert counted.taken == 0
    for step in range(40, 200):
        kept(7, step, [0])
    assert len(list(tmp_path.glob("*.npz"))) > 3  # the next chapters have joined them


def test_lanes_do_not_need_new_pairs_at_the_same_time():
    counted = Counted()
    batches = PairBatches(counted, SMALL)
    needs = []
    for step in range(60):
        before = counted.taken
        batches(0, step, [0])
        needs.append(counted.taken - before)
    later = [step for step, need in enumerate(needs) if need and step >= SMALL.lanes]
    assert max(needs[SMALL.lanes :]) == SMALL.block_size
    assert min(b - a for a, b in pairwise(later)) >= SMALL.batches_per_block // SMALL.lanes


def test_validation_pairs_are_of_no_training_stream_of_the_first_seeds():
    numbers = []

    def noted(seed, number):
        numbers.append((seed, number))
        return stream(seed, number)

    validation_pairs(noted, 5)
    held_out = set(numbers)
    for seed in range(50):
        PairBatches(noted, SMALL).pairs(seed, 0)
    assert not held_out & set(numbers[1:])


def test_the_generators_give_the_same_batches_whatever_was_read_before():
    def mixture(seed, number):
        return pairs(seed, number, Settings(max_source=64, max_target=48))

    config = DataConfig(pairs_per_batch=4, batches_per_block=4, blocks_per_chapter=2, lanes=2)
    whole = PairBatches(mixture, config)
    expected = [whole(1, step, [0]) for step in range(12)]
    alone = PairBatches(mixture, config)(1, 11, [0])
    assert torch.equal(alone.source, expected[11].source)
    assert torch.equal(alone.target, expected[11].target)


def test_sizes_below_one_are_refused():
    with pytest.raises(SettingsError, match="lanes is at least 1: 0"):
        DataConfig(lanes=0)
