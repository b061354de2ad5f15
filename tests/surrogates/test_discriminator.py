"""Comparing designs: antisymmetry, BagNet's head in its plain form, ties, and that it learns."""

import numpy as np
import pytest
import torch

from sciml.errors import InputError
from sciml.surrogates.discriminator import PairwiseDiscriminator
from sciml.surrogates.optimise.bagnet_network import Discriminator, NetworkSettings
from sciml.surrogates.pairwise import PairwiseHead, pairwise_loss
from sciml.surrogates.problem import Problem
from sciml.surrogates.specification import Goal, Objective
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, simulate, training_set

DESIGNS, RESULT = training_set(120)
NEW = SPEC.random(400, np.random.default_rng(9))


@pytest.mark.parametrize("form", ["utility", "comparison"])
def test_swapping_the_designs_turns_the_answer_round_exactly(form):
    torch.manual_seed(0)
    head = PairwiseHead(8, 3, form=form)
    a, b = torch.randn(50, 8), torch.randn(50, 8)
    assert torch.equal(head(a, b), -head(b, a))
    assert torch.equal(head(a, a), torch.zeros(50, 3))


def test_the_comparison_head_is_bagnets():
    """The tied 40 -> 20 -> 2 network gives the same log-odds with the weights sorted into g."""
    torch.manual_seed(1)
    settings = NetworkSettings()
    theirs = Discriminator(7, 3, settings)
    ours = PairwiseHead(20, 3, form="comparison", hidden=10)
    half = settings.hidden // 2
    with torch.no_grad():
        theirs.bias_hidden.copy_(torch.randn(theirs.bias_hidden.shape))
        for spec in range(3):
            units = slice(spec * half, (spec + 1) * half)
            ours.own.weight[:, units] = theirs.weight_hidden[spec, :, :half]
            ours.other.weight[:, units] = theirs.weight_hidden[spec, :, half:].flip(1)
            ours.own.bias[0, units] = theirs.bias_hidden[spec]
            ours.weight[0, units] = theirs.weight_out[spec, :, 1] - theirs.weight_out[spec, :, 0]
    a, b = torch.randn(40, 7), torch.randn(40, 7)
    expected = theirs(a, b, None)
    found = ours(theirs._features(a, None), theirs._features(b, None))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_loss_of_an_even_guess_is_ln_2():
    zero = torch.zeros(6, 2)
    for better in (0.0, 0.5, 1.0):
        assert pairwise_loss(zero, torch.full((6, 2), better), torch.ones(6, 2)) == pytest.approx(np.log(2))
    weight = torch.tensor([[1.0, 0.0]]).expand(6, 2)
    log_odds = torch.tensor([[2.0, 99.0]]).expand(6, 2)
    assert pairwise_loss(log_odds, torch.ones(6, 2), weight) == pytest.approx(np.log1p(np.exp(-2)))


@pytest.mark.parametrize("ties", ["drop", "half", "rank"])
def test_it_tells_better_designs_from_worse_ones(ties):
    discriminator = PairwiseDiscriminator(PROBLEM, ties=ties).fit(DESIGNS, RESULT.values)
    reference = DESIGNS[RESULT.ok][3]
    true = simulate(NEW).values
    before = simulate(reference[None]).values
    probability = discriminator.prob_better(NEW, reference)
    assert probability.shape == (400, 4)
    for i, each in enumerate(GOAL.specifications):
        violation = each.violation(true[:, i])
        better, worse = violation < each.violation(before[:, i]), violation > each.violation(before[:, i])
        if better.sum() > 10 and worse.sum() > 10:
            order = probability[better, i][:, None] > probability[worse, i][None]
            assert order.mean() > 0.9, each.text


def test_both_ways_round_add_up_to_one_and_one_reference_is_a_row_of_many():
    discriminator = PairwiseDiscriminator(PROBLEM).fit(DESIGNS, RESULT.values)
    one_way = discriminator.prob_better(NEW[:50], NEW[50:100])
    other = discriminator.prob_better(NEW[50:100], NEW[:50])
    np.testing.assert_allclose(one_way + other, 1.0, atol=1e-6)
    np.testing.assert_allclose(
        discriminator.prob_better(NEW[:50], NEW[60]),
        discriminator.prob_better(NEW[:50], np.repeat(NEW[60:61], 50, axis=0)),
        atol=1e-6,
    )


def test_the_labels_of_ties_are_as_the_name_says():
    merit = torch.tensor([[0.0], [0.0], [-1.0]])
    first, second = torch.tensor([0, 1, 0, 2]), torch.tensor([1, 0, 2, 0])
    expected = {
        "bagnet": ([1, 0, 1, 0], [1, 1, 1, 1]),
        "drop": (None, [0, 0, 1, 1]),
        "half": ([0.5, 0.5, 1, 0], [1, 1, 1, 1]),
    }
    for ties, (labels, weights) in expected.items():
        better, weight = PairwiseDiscriminator(PROBLEM, ties=ties)._labels(merit, first, second)
        assert weight[:, 0].tolist() == weights
        if labels is not None:
            assert better[:, 0].tolist() == labels


def test_rank_orders_by_the_value_on_both_sides_of_the_limit_and_failures_last():
    discriminator = PairwiseDiscriminator(PROBLEM, ties="rank").fit(DESIGNS, RESULT.values)
    values = np.array([[100.0, 1e6, 50, 1e-3], [400.0, 2e7, 70, 4e-4], [900.0, 3e7, 80, 1e-4], [np.nan] * 4])
    merit = discriminator.merit(values)
    assert (np.diff(merit[:3], axis=0) > 0).all()  # gain, bandwidth and phase rise, power falls
    assert (merit[3] == -np.inf).all()
    tied = PairwiseDiscriminator(PROBLEM, ties="half").merit(values)
    assert (tied[1] == tied[2]).all()


def test_dropout_at_query_draws_and_repeats_with_the_seed():
    def answers():
        discriminator = PairwiseDiscriminator(PROBLEM, ties="bagnet", seed=4).fit(DESIGNS, RESULT.values)
        return discriminator.prob_better(NEW, NEW[0]), discriminator.prob_better(NEW, NEW[0])

    first, second = answers()
    assert not np.allclose(first, second)
    again, _ = answers()
    np.testing.assert_array_equal(first, again)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="has none"):
        PairwiseDiscriminator(Problem(SPEC, Goal((), (Objective("power"),))))
    with pytest.raises(InputError, match="not fitted"):
        PairwiseDiscriminator(PROBLEM).prob_better(NEW, NEW[0])
    with pytest.raises(InputError, match="two or more"):
        PairwiseDiscriminator(PROBLEM).fit(DESIGNS[:1], RESULT.values[:1])
