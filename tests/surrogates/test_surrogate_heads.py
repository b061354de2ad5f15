"""Heads and backbones: losses by hand, stacked members against each alone, failures."""

import math

import pytest
import torch
from torch.func import functional_call

from sciml.surrogates.backbones import MLP, Affine
from sciml.surrogates.heads import FeasibilityHead, GaussianHead, TableBatch, starting_logit

NAN = float("nan")


def batch(targets, failed=None, weight=None):
    targets = torch.tensor(targets)
    failed = torch.zeros(len(targets)) if failed is None else torch.tensor(failed)
    weight = torch.ones(len(targets), 1) if weight is None else torch.tensor(weight)
    return TableBatch.of(torch.zeros(len(targets), 1), targets, failed, weight)


def test_with_beta_zero_the_loss_is_the_gaussian_likelihood():
    head = GaussianHead(4, 2, beta=0.0, feasibility=False)
    raw = torch.tensor([[0.5, 1.0, 0.3, -0.2], [0.0, 2.0, 0.1, 0.4]])  # means, then log variances
    targets = [[1.0, 0.0], [0.5, 2.5]]
    loss = head.loss(raw, batch(targets))
    normal = torch.distributions.Normal(raw[:, :2], torch.exp(0.5 * raw[:, 2:]))
    expected = -(normal.log_prob(torch.tensor(targets)) + 0.5 * math.log(2 * math.pi)).mean()
    assert loss == pytest.approx(expected.item(), rel=1e-6)


def test_beta_one_gives_the_mean_the_gradient_of_least_squares():
    head = GaussianHead(4, 1, beta=1.0, feasibility=False)
    raw = torch.tensor([[0.5, 2.0], [3.0, -3.0]], requires_grad=True)
    head.loss(raw, batch([[1.0], [1.0]])).backward()
    assert raw.grad[:, 0].tolist() == pytest.approx([-0.25, 1.0])  # (mean - target) / 2 items, no variance


def test_unknown_targets_and_weightless_items_count_nothing():
    head = GaussianHead(4, 2, feasibility=False)
    raw = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    loss = head.loss(raw, batch([[1.0, NAN], [NAN, NAN], [5.0, 5.0]], weight=[[1.0], [1.0], [0.0]]))
    loss.backward()
    assert raw.grad[0, [1, 3]].abs().sum() == 0
    assert raw.grad[1:].abs().sum() == 0
    alone = GaussianHead(4, 1, feasibility=False).loss(raw.detach()[:1, [0, 2]], batch([[1.0]]))
    assert loss.item() == pytest.approx(alone.item())


def test_the_cross_entropy_of_failures_by_hand():
    head = FeasibilityHead(4)
    raw = torch.tensor([[0.0], [2.0]])
    loss = head.loss(raw, batch([[NAN], [NAN]], failed=[0.0, 1.0]))
    assert loss.item() == pytest.approx((math.log(2) + math.log1p(math.exp(-2))) / 2)
    assert head.loss(raw, batch([[1.0], [1.0]])).item() == 0  # a rate has no trend to learn


def test_the_rate_of_failures_starts_where_it_was_seen():
    assert 1 / (1 + math.exp(-starting_logit(3, 9))) == pytest.approx(3.5 / 10)
    head = GaussianHead(4, 2)
    head.start(3, 9)
    logit = head.distribution(head(torch.randn(5, 4))).failure_logit
    assert torch.sigmoid(logit).tolist() == pytest.approx([0.35] * 5)


def test_deviations_stay_within_reason():
    head = GaussianHead(4, 1, feasibility=False)
    deviation = head.distribution(torch.tensor([[0.0, -1e6], [0.0, 1e6]])).deviation
    assert deviation[0] == pytest.approx(math.exp(-7))
    assert deviation[1] == pytest.approx(math.exp(3))
    with pytest.raises(ValueError, match="beta"):
        GaussianHead(4, 1, beta=2.0)


@pytest.mark.parametrize("residual", [True, False])
def test_stacked_networks_are_each_network_alone(residual):
    networks = [MLP(3, width=8, layers=3, activation="tanh", residual=residual) for _ in range(4)]
    for seed, network in enumerate(networks):
        for module in network.modules():
            if isinstance(module, Affine):
                module.reset(torch.Generator().manual_seed(seed))
    names = dict(networks[0].named_parameters())
    stacked = {name: torch.stack([dict(n.named_parameters())[name] for n in networks]) for name in names}
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(9))
    together = functional_call(networks[0], stacked, (x,))
    for i, network in enumerate(networks):
        torch.testing.assert_close(together[i], network(x), rtol=1e-5, atol=1e-6)


def test_a_perceptron_by_hand():
    network = MLP(2, width=1, layers=2, activation="relu")
    with torch.no_grad():
        network.affines[0].weight.copy_(torch.tensor([[1.0], [2.0]]))
        network.affines[0].bias.fill_(-1.0)
        network.affines[1].weight.fill_(3.0)
    # h = relu(x0 + 2 x1 - 1); then h + relu(3 h)
    assert network(torch.tensor([[1.0, 1.0], [0.0, 0.0]])).flatten().tolist() == [8.0, 0.0]
    with pytest.raises(ValueError, match="one hidden layer"):
        MLP(2, layers=0)
