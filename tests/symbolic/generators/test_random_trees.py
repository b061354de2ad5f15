import random
from collections import Counter

import pytest

from sciml.symbolic.expression import X, function, integer
from sciml.symbolic.generators.trees import (
    RELEASE,
    RejectedTreeError,
    TreeSampler,
    draw_shape,
    operator_count,
    tree_count,
)


def test_trees_are_counted_by_the_large_schroeder_numbers():
    assert [tree_count(1, operators) for operators in range(7)] == [1, 2, 6, 22, 90, 394, 1806]


def test_forests_grow_by_the_recurrence_of_the_paper():
    for empty in range(1, 6):
        for operators in range(1, 6):
            parts = (
                tree_count(empty - 1, operators),
                tree_count(empty, operators - 1),
                tree_count(empty + 1, operators - 1),
            )
            assert tree_count(empty, operators) == sum(parts)


def test_all_22_shapes_of_three_operators_are_equally_likely():
    source = random.Random(1)
    draws = 22_000
    counts = Counter(tuple(draw_shape(3, source)) for _ in range(draws))
    assert len(counts) == 22
    chi_square = sum((count - 1000) ** 2 / 1000 for count in counts.values())
    assert chi_square < 46.8  # 21 degrees of freedom: exceeded with probability 0.1 %


def test_a_shape_is_a_complete_prefix_sequence_with_its_operators():
    source = random.Random(2)
    for operators in range(1, 16):
        shape = draw_shape(operators, source)
        open_nodes = 1
        for place, arity in enumerate(shape):
            open_nodes += arity - 1
            assert (open_nodes == 0) == (place == len(shape) - 1)
        assert sum(arity > 0 for arity in shape) == operators


def test_equal_seeds_give_equal_expressions():
    def draw(seed):
        trees = TreeSampler(RELEASE, random.Random(seed))
        found = []
        while len(found) < 50:
            try:
                found.append(trees.sample(8).prefix)
            except RejectedTreeError:
                continue
        return found

    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


def test_leaves_are_used_in_prefix_order():
    trees = TreeSampler(RELEASE, random.Random(3))
    found = trees.sample(0, lambda count: [function("sin", X)] * count)
    assert found == function("sin", X)


def test_a_tree_with_an_imaginary_constant_is_rejected():
    trees = TreeSampler(RELEASE, random.Random(4))
    kept = rejected = 0
    for _ in range(300):
        try:
            kept += trees.sample(3, lambda count: [integer(-5)] * count) is not None
        except RejectedTreeError:
            rejected += 1
    assert kept > 30
    assert rejected > 30  # log(-5), sqrt(-5), asin(-5) and divisions by zero


@pytest.mark.parametrize(("tiny_share", "smallest"), [(0.0, 4), (1.0, 0)])
def test_operators_are_uniform_in_the_range_or_tiny(tiny_share, smallest):
    source = random.Random(5)
    counts = Counter(operator_count(source, 4, 15, tiny_share) for _ in range(6000))
    largest = 15 if tiny_share == 0 else 3
    assert min(counts) == smallest
    assert max(counts) == largest
    expected = 6000 / (largest - smallest + 1)
    assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values())
