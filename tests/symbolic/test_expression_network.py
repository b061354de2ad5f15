import pytest
import torch
from random_networks import random_network, random_problems

from sciml.errors import SettingsError
from sciml.symbolic.decoding import pad
from sciml.symbolic.network import PRESETS, ExpressionTransformer, preset


def test_base_and_small_have_the_sizes_that_they_are_named_for():
    with torch.device("meta"):
        sizes = {
            name: sum(p.numel() for p in ExpressionTransformer(config).parameters())
            for name, config in PRESETS.items()
        }
    assert 13e6 < sizes["base"] < 25e6
    assert 2e6 < sizes["small"] < 4.2e6
    assert sizes["tiny"] < 1.2e6


def test_steps_with_kept_keys_give_the_scores_of_the_whole_pass():
    network = random_network(0)
    source = pad([one.tokens for one in random_problems(3)])
    target = torch.randint(1, 50, (6, 9), generator=torch.Generator().manual_seed(0))
    whole = network(source.repeat_interleave(2, 0), target)
    state = network.begin(source, rows=2, length=9)
    stepwise = torch.stack([network.step(target[:, t], state) for t in range(9)], dim=1)
    torch.testing.assert_close(stepwise, whole, atol=1e-5, rtol=1e-5)


def test_a_row_that_takes_over_another_goes_on_with_its_past():
    network = random_network(1)
    source = pad([one.tokens for one in random_problems(2)])
    target = torch.randint(1, 50, (4, 6), generator=torch.Generator().manual_seed(1))
    state = network.begin(source, rows=2, length=6)
    for t in range(4):
        network.step(target[:, t], state)
    state.take_rows(torch.tensor([1, 1, 2, 2]))  # rows 0 and 3 become copies of their neighbours
    network.step(target[:, 4], state)
    state.take_problems(torch.tensor([1]), torch.tensor([2, 3]))
    last = network.step(target[2:, 5], state)
    past = target[2:].clone()
    past[1, :4] = target[2, :4]
    torch.testing.assert_close(last, network(source[[1, 1]], past)[:, -1], atol=1e-5, rtol=1e-5)


def test_padding_changes_no_score():
    network = random_network(2)
    short, long = random_problems(2, seed=3)
    assert len(short.tokens) != len(long.tokens)
    target = torch.randint(1, 50, (2, 5), generator=torch.Generator().manual_seed(2))
    together = network(pad([short.tokens, long.tokens]), target)
    for row, problem in enumerate((short, long)):
        alone = network(pad([problem.tokens]), target[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-5, rtol=1e-5)


def test_no_score_depends_on_later_target_tokens():
    network = random_network(3)
    source = pad([random_problems(1)[0].tokens])
    target = torch.randint(1, 50, (1, 8), generator=torch.Generator().manual_seed(3))
    changed = target.clone()
    changed[:, 5:] = 7
    torch.testing.assert_close(network(source, changed)[:, :5], network(source, target)[:, :5])
    assert not torch.allclose(network(source, changed)[:, 5], network(source, target)[:, 5])


def test_the_order_of_source_tokens_matters():
    network = random_network(4)
    source = torch.tensor([[3, 30, 6, 16, 20]])
    target = torch.tensor([[1, 30]])
    assert not torch.allclose(network(source, target), network(source[:, [0, 2, 1, 3, 4]], target), atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heads": 5}, "heads must divide c evenly"),
        ({"c": 0}, "c is at least 1"),
        ({"dropout": 1.0}, "dropout is"),
    ],
)
def test_contradictory_sizes_are_refused(change, message):
    with pytest.raises(SettingsError, match=message):
        ExpressionTransformer.Config(**change)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="there are tiny, small, base"):
        preset("huge")
