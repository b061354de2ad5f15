import copy

import pytest
import torch
from torch import nn

from sciml.training.muon import Muon, orthogonal


def matrix(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(2, 12, 12), (3, 8, 20), (1, 20, 8)])
def test_singular_values_come_near_one_and_singular_vectors_stay(shape):
    given = matrix(*shape)
    made = orthogonal(given)
    values = torch.linalg.svdvals(made)
    assert values.min() > 0.4
    assert values.max() < 1.3
    left, _, right = torch.linalg.svd(given, full_matrices=False)
    nearest = left @ right
    cosine = (made * nearest).sum((-2, -1)) / (made.norm(dim=(-2, -1)) * nearest.norm(dim=(-2, -1)))
    assert cosine.min() > 0.95


def test_the_first_step_of_other_parameters_is_adams():
    parameter, twin = nn.Parameter(matrix(5)), nn.Parameter(matrix(5))
    ours, adams = Muon([], [parameter], lr=0.1), torch.optim.Adam([twin], lr=0.1, betas=(0.9, 0.95))
    for step in range(4):
        for one in (parameter, twin):
            one.grad = matrix(5, seed=step + 1)
        ours.step()
        adams.step()
    torch.testing.assert_close(parameter, twin)


def test_a_step_of_a_matrix_has_the_stated_size_and_decay():
    parameter = nn.Parameter(matrix(16, 64))
    before = parameter.detach().clone()
    parameter.grad = matrix(16, 64, seed=1)
    Muon([parameter], [], lr=0.01, weight_decay=0.5).step()
    step = parameter.detach() - before * (1 - 0.01 * 0.5)
    # 0.01 * 0.2 * sqrt(64) times a matrix with singular values about 1: entries of 1 / sqrt(64).
    assert float(step.square().mean().sqrt()) == pytest.approx(0.01 * 0.2, rel=0.2)
    assert float((step * parameter.grad).sum()) < 0


def test_a_linear_map_is_learned_and_a_restored_optimiser_goes_on_alike():
    target, x = matrix(6, 10), matrix(200, 10, seed=2)

    def train(steps, weight, optimiser):
        for _ in range(steps):
            optimiser.zero_grad()
            loss = (x @ (weight - target).mT).square().mean()
            loss.backward()
            optimiser.step()
        return float(loss.detach())

    weight = nn.Parameter(torch.zeros(6, 10))
    optimiser = Muon([weight], [], lr=0.05)
    first = train(1, weight, optimiser)
    train(100, weight, optimiser)
    twin = nn.Parameter(weight.detach().clone())
    restored = Muon([twin], [], lr=0.05)
    restored.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    last = train(100, weight, optimiser)
    assert last < 0.05 * first
    assert train(100, twin, restored) == last
    assert torch.equal(weight, twin)


def test_parameters_of_other_axes_are_no_matrices():
    with pytest.raises(ValueError, match="two axes"):
        Muon([nn.Parameter(torch.zeros(3))], [], lr=0.1)
