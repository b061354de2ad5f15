"""Gradients of all losses through the whole network, against finite differences and between paths."""

import random
from dataclasses import replace

import pytest
import torch

from sciml.structure.losses.total import LossConfig, structure_loss
from sciml.structure.model import Previous
from tests.structure.networks import (
    TINY,
    as_double,
    features_with_holes,
    random_labels,
    random_network,
    run,
)

LOSSES = LossConfig.fine_tuning(pae=True)
STEP = 1e-6


def total_loss(model, features, previous=None):
    outputs = model.single_pass(features, previous)
    return structure_loss(outputs, features, random_labels_like(features), LOSSES)["total"].sum()


def random_labels_like(features):
    labels = random_labels()
    return as_double(labels) if features["seq_mask"].dtype == torch.float64 else labels


def gradients(model, features, previous=None):
    model.zero_grad()
    total_loss(model, features, previous).backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


class DoubleNetwork:
    """Float64, one structure layer: between layers the rotation's gradient is stopped on purpose."""

    def __init__(self):
        self.model = random_network(config=replace(TINY, structure_layers=1)).double()
        self.features = as_double(features_with_holes())
        self.previous = Previous.of(run(self.model, self.features, recycles=0))
        self.gradients = gradients(self.model, self.features, self.previous)

    @torch.no_grad()
    def slope(self, directions):
        """Central difference of the loss along {parameter: direction}."""
        losses = []
        parameters = dict(self.model.named_parameters())
        for sign in (1, -1):
            for name, direction in directions.items():
                parameters[name].add_(sign * STEP * direction)
            losses.append(float(total_loss(self.model, self.features, self.previous)))
            for name, direction in directions.items():
                parameters[name].sub_(sign * STEP * direction)
        return (losses[0] - losses[1]) / (2 * STEP)


@pytest.fixture(scope="module")
def double_network():
    return DoubleNetwork()


def directions(names, parameters, seed):
    generator = torch.Generator().manual_seed(seed)
    return {n: torch.randn(parameters[n].shape, generator=generator, dtype=torch.float64) for n in names}


def test_every_parameter_is_learnt_but_those_that_shift_all_scores_of_a_softmax(double_network):
    silent = {name for name, gradient in double_network.gradients.items() if gradient.abs().max() < 1e-9}
    shifts = ("row_attention_with_pair_bias.feat_2d_norm.bias", "invariant_point_attention.attention_2d.bias")
    assert silent == {name for name in double_network.gradients if name.endswith(shifts)}


def test_gradients_of_thirty_parameters_are_finite_differences(double_network):
    parameters = dict(double_network.model.named_parameters())
    for number, name in enumerate(random.Random(0).sample(sorted(parameters), 30)):
        direction = directions([name], parameters, number)
        expected = double_network.slope(direction)
        found = float((double_network.gradients[name] * direction[name]).sum())
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7), name


def test_the_gradient_along_all_parameters_at_once_is_the_finite_difference(double_network):
    parameters = dict(double_network.model.named_parameters())
    for seed in range(2):
        everywhere = directions(parameters, parameters, seed)
        length = sum(float(direction.square().sum()) for direction in everywhere.values()) ** 0.5
        everywhere = {name: direction / length for name, direction in everywhere.items()}
        found = sum(float((double_network.gradients[n] * d).sum()) for n, d in everywhere.items())
        assert found == pytest.approx(double_network.slope(everywhere), rel=1e-5)


def test_float32_gradients_are_those_of_float64():
    # Without templates: the omega of a template's first residue has two atoms at the origin, as upstream,
    # so that rounding alone decides that feature.
    features = features_with_holes(templates=0)
    single = gradients(random_network(), features)
    double = gradients(random_network().double(), as_double(features))
    for name, expected in double.items():
        error = (single[name].double() - expected).norm()
        assert error < 5e-4 * expected.norm() + 1e-5, name


def test_checkpointed_blocks_give_the_same_gradients():
    model, features = random_network(), features_with_holes()
    plain = gradients(model, features)
    model.checkpoint_blocks = True
    again = gradients(model, features)
    assert all(torch.equal(again[name], gradient) for name, gradient in plain.items())


def test_checkpointed_blocks_drop_the_same_entries_twice():
    model, features = random_network().train(), features_with_holes()
    found = []
    for model.checkpoint_blocks in (False, True):
        torch.manual_seed(3)
        found.append(gradients(model, features))
    assert all(torch.equal(found[1][name], gradient) for name, gradient in found[0].items())
    torch.manual_seed(4)
    other = gradients(model, features)
    assert not torch.equal(other["single_activations.weight"], found[0]["single_activations.weight"])


def test_only_the_last_pass_carries_gradients():
    model, features = random_network(), features_with_holes()
    outputs = model(features, recycles=2)
    pair, weight = outputs["representations/pair"], model.single_activations.weight
    found = torch.autograd.grad(pair.square().sum(), weight, allow_unused=True, retain_graph=True)
    assert found == (None,)  # single representations reach the pair only through the next pass
    with torch.no_grad():
        previous = Previous.of(model(features, recycles=1))
    last = model.single_pass(features, previous)
    weight = model.evoformer_iteration[0].outer_product_mean.output.weight
    ours, alone = (
        torch.autograd.grad(o["structure_module/traj"].square().sum(), weight)[0] for o in (outputs, last)
    )
    assert torch.equal(ours, alone)
