from itertools import islice

import numpy as np
import pytest
from tiny_pairs import stream

from sciml.symbolic.batches import collate, divided, grouped, padded_cost
from sciml.symbolic.pair_shards import KeptPair
from sciml.symbolic.vocabulary import encode


def lengths(pairs):
    return np.array([(len(one.source) + 1, len(one.target) + 1) for one in pairs])


def waste(groups):
    """Cost of padding over that of the tokens."""
    needed = sum(float((lengths(one) @ np.array([1.0, 1.5])).sum()) for one in groups)
    return sum(padded_cost(lengths(one)) for one in groups) / needed - 1


def test_every_pair_is_in_one_batch():
    pairs = list(islice(stream(0, 0), 200))
    groups = grouped(pairs, 10, seed=1)
    assert len(groups) == 10
    assert all(groups)
    assert sorted(map(id, pairs)) == sorted(id(one) for group in groups for one in group)


def test_grouping_saves_most_of_the_padding_and_balances_the_costs():
    pairs = list(islice(stream(0, 0), 640))
    groups = grouped(pairs, 20, seed=0)
    assert waste(groups) < 0.25 * waste([pairs[n : n + 32] for n in range(0, 640, 32)])
    costs = [padded_cost(lengths(one)) for one in groups]
    assert max(costs) < 3 * sum(costs) / len(costs)


def test_the_seed_changes_the_order_of_the_batches_only():
    pairs = list(islice(stream(0, 0), 100))
    first, second = grouped(pairs, 8, seed=0), grouped(pairs, 8, seed=1)
    assert first != second
    assert sorted(map(tuple, first), key=hash) == sorted(map(tuple, second), key=hash)
    assert first == grouped(pairs, 8, seed=0)


def test_the_cheapest_division_is_found():
    # Two kinds: three with long sources, two with long targets. Any other division pads more.
    rows = np.array([(100, 5), (5, 100), (100, 5), (100, 5), (5, 100)])
    first, second = divided(rows)
    assert {frozenset(first.tolist()), frozenset(second.tolist())} == {
        frozenset({0, 2, 3}),
        frozenset({1, 4}),
    }


def test_pairs_of_one_length_are_halved():
    first, second = divided(np.array([(7, 3)] * 6))
    assert len(first) == len(second) == 3


def test_as_many_batches_as_pairs_hold_one_each_and_more_are_refused():
    pairs = list(islice(stream(0, 0), 9))
    assert {len(one) for one in grouped(pairs, 9, seed=0)} == {1}
    with pytest.raises(ValueError, match="9 pairs cannot fill 10 batches"):
        grouped(pairs, 10, seed=0)


def test_a_batch_has_task_start_and_end_and_is_padded_to_the_multiple():
    pairs = [
        KeptPair("ode1", encode("add y' x"), encode("c1")),
        KeptPair("integrate", encode("x"), encode("div pow x INT+ 2 INT+ 2")),
    ]
    batch = collate(pairs, multiple=8)
    assert batch.source.tolist() == [
        [*encode("<ode1> add y' x"), *[0] * 4],
        [*encode("<integrate> x"), *[0] * 6],
    ]
    assert batch.target.tolist() == [
        [*encode("<start> c1 <end>"), *[0] * 13],
        [*encode("<start> div pow x INT+ 2 INT+ 2 <end>"), *[0] * 7],
    ]
    assert [tuple(one.shape) for one in collate(pairs)] == [(2, 4), (2, 9)]
