import math

import pytest
import torch
from torch import nn

from sciml import linear as linear_module
from sciml.linear import Linear, linear, products_of_transposed

ACTIVATIONS = {"none": lambda x: x, "relu": torch.relu, "sigmoid": torch.sigmoid}
SHAPES = [(5,), (1, 5), (7, 5), (2, 3, 5), (2, 1, 4, 5), (0, 5), (2, 0, 5)]


@pytest.fixture(params=["onednn", "plain"], autouse=True)
def path(request, monkeypatch):
    """Runs every test on both paths."""
    if request.param == "onednn" and not linear_module._onednn_is_usable():
        pytest.skip("this torch has no oneDNN product")
    monkeypatch.setattr(linear_module, "_onednn_is_usable", lambda: request.param == "onednn")
    return request.param


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


def in_float64(x, weight, bias, activation):
    """The definition, with the gradients of its weighted sum."""
    x, weight, bias = (None if t is None else t.detach().double().requires_grad_() for t in (x, weight, bias))
    product = x @ weight.t()
    result = ACTIVATIONS[activation](product if bias is None else product + bias)
    (result * torch.arange(1, 1 + result.shape[-1])).sum().backward()
    return result.detach(), [None if t is None else t.grad for t in (x, weight, bias)]


def assert_agrees(x, weight, bias, activation):
    expected, gradients = in_float64(x, weight, bias, activation)
    with torch.no_grad():
        found = linear(x, weight, bias, activation)
    torch.testing.assert_close(found.double(), expected, atol=2e-6, rtol=2e-6)
    leaves = [None if t is None else t.detach().requires_grad_() for t in (x, weight, bias)]
    result = linear(*leaves, activation)
    torch.testing.assert_close(result.detach().double(), expected, atol=2e-6, rtol=2e-6)
    (result * torch.arange(1, 1 + result.shape[-1])).sum().backward()
    for leaf, gradient in zip(leaves, gradients, strict=True):
        if leaf is not None:
            torch.testing.assert_close(leaf.grad.double(), gradient, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("has_bias", [True, False])
def test_values_and_gradients_are_those_of_the_definition(shape, activation, has_bias):
    assert_agrees(draw(*shape), draw(3, 5), draw(3) if has_bias else None, activation)


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(draw(5, 7).t(), id="transposed"),
        pytest.param(draw(4, 6, 5).transpose(0, 1), id="rows swapped"),
        pytest.param(draw(8, 10)[::2, 1::2], id="every second"),
        pytest.param(draw(1, 5).expand(6, 5), id="one row repeated"),
        pytest.param(draw(3, 4, 9)[..., 4:], id="offset"),
    ],
)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_strides_of_the_input_do_not_matter(x, activation):
    assert not x.is_contiguous()
    assert_agrees(x, draw(3, 5), draw(3), activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_strides_of_the_weight_do_not_matter(activation):
    assert_agrees(draw(4, 5), draw(5, 3).t(), draw(6)[::2], activation)
    assert_agrees(draw(4, 5), draw(3, 1).expand(3, 5), draw(1).expand(3), activation)


def test_a_gradient_that_is_a_broadcast_scalar_reaches_the_inputs():
    x, weight, bias = draw(4, 5).requires_grad_(), draw(3, 5).requires_grad_(), draw(3).requires_grad_()
    linear(x, weight, bias).sum().backward()  # the incoming gradient has strides 0
    torch.testing.assert_close(x.grad, weight.detach().sum(0).expand(4, 5))
    torch.testing.assert_close(weight.grad, x.detach().sum(0).expand(3, 5))
    torch.testing.assert_close(bias.grad, torch.full((3,), 4.0))


def test_only_the_gradients_that_are_wanted_are_computed():
    x, weight, bias = draw(4, 5), draw(3, 5), draw(3).requires_grad_()
    linear(x, weight, bias).square().sum().backward()
    assert x.grad is None
    assert weight.grad is None
    torch.testing.assert_close(bias.grad, 2 * (x @ weight.t() + bias.detach()).sum(0))


def test_gradients_can_be_differentiated_again():
    x, weight = draw(4, 5).requires_grad_(), draw(3, 5).requires_grad_()
    (gradient,) = torch.autograd.grad(linear(x, weight).square().sum(), x, create_graph=True)
    found = torch.autograd.grad(gradient.square().sum(), (x, weight))
    (gradient,) = torch.autograd.grad((x @ weight.t()).square().sum(), x, create_graph=True)
    expected = torch.autograd.grad(gradient.square().sum(), (x, weight))
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-5)
    assert expected[0].abs().max() > 1


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float64_passes_gradcheck(activation):
    x, weight, bias = (t.double().requires_grad_() for t in (draw(2, 3, 4), draw(5, 4), draw(5)))
    assert torch.autograd.gradcheck(lambda *t: linear(*t, activation), (x, weight, bias))


def test_neither_path_writes_into_its_inputs():
    x, weight, bias = draw(4, 5), draw(3, 5), draw(3)
    copies = [t.clone() for t in (x, weight, bias)]
    for activation in ACTIVATIONS:
        with torch.no_grad():
            linear(x, weight, bias, activation)
    for tensor, copy in zip((x, weight, bias), copies, strict=True):
        assert torch.equal(tensor, copy)


@pytest.mark.parametrize(
    ("init", "std"),
    [("default", 1 / math.sqrt(300)), ("relu", math.sqrt(2 / 300)), ("glorot", math.sqrt(2 / 700))],
)
def test_initial_weights_have_the_stated_deviation(init, std):
    torch.manual_seed(0)
    weight = Linear(300, 400, init=init).weight.detach()
    assert float(weight.std()) == pytest.approx(std, rel=0.01)  # 120,000 draws: about 0.2 %
    assert abs(float(weight.mean())) < 4 * std / math.sqrt(weight.numel())
    bound = std * math.sqrt(3) if init == "glorot" else 2 * std / 0.8796  # uniform; normal cut at two
    assert 0.98 * bound < float(weight.abs().max()) <= bound * 1.0001


@pytest.mark.parametrize("init", ["default", "relu", "glorot", "final", "gating"])
def test_initial_biases_are_zero_but_those_of_gates_are_one(init):
    layer = Linear(6, 4, init=init)
    assert layer.bias.tolist() == [1.0 if init == "gating" else 0.0] * 4
    assert bool((layer.weight == 0).all()) == (init in ("final", "gating"))
    assert Linear(6, 4, bias=False, init=init).bias is None


def test_a_layer_is_the_function_of_its_parameters():
    torch.manual_seed(0)
    layer = Linear(5, 3)
    nn.init.normal_(layer.bias)
    x = draw(4, 5)
    expected, _ = in_float64(x, layer.weight, layer.bias, "sigmoid")
    torch.testing.assert_close(layer(x, activation="sigmoid").double(), expected, atol=2e-6, rtol=2e-6)


LARGE = linear_module._SMALLEST_SINGLE_PRODUCT
STACKS = [
    ((1, 1, LARGE, 5), (1, 1, LARGE + 3, 5)),  # one matrix
    ((2, 3, LARGE, 7), (2, 3, LARGE, 7)),
    ((2, 2, LARGE + 1, 1), (2, 2, LARGE, 1)),
    ((2, 3, LARGE - 1, 4), (2, 3, 2 * LARGE, 4)),  # one side below the threshold
    ((1, 2, 3, 4), (1, 2, 5, 4)),
]


@pytest.mark.parametrize(("first", "second"), STACKS, ids=str)
@pytest.mark.parametrize("is_strided", [False, True])
def test_products_of_transposed_are_those_of_the_definition(first, second, is_strided, path, monkeypatch):
    calls = []
    kernel = linear_module._product
    monkeypatch.setattr(linear_module, "_product", lambda *given: calls.append(given) or kernel(*given))
    left, right = draw(*first), draw(*second, seed=1)
    if is_strided:  # every second residue of a longer stack, as a mask of channels or a crop leaves it
        left, right = (torch.stack([x, -x], -2).flatten(-3, -2)[..., ::2, :] for x in (left, right))
        assert not left.is_contiguous()
    expected = left.double() @ right.double().mT
    with torch.no_grad():
        torch.testing.assert_close(
            products_of_transposed(left, right).double(), expected, atol=2e-6, rtol=2e-6
        )
    is_large = min(first[2], second[2]) >= LARGE
    assert len(calls) == (first[0] * first[1] if is_large and path == "onednn" else 0)


def test_products_of_transposed_have_the_gradients_of_the_definition():
    left, right = draw(1, 2, LARGE, 3).requires_grad_(), draw(1, 2, LARGE, 3, seed=1).requires_grad_()
    weight = draw(1, 2, LARGE, LARGE, seed=2)
    (products_of_transposed(left, right) * weight).sum().backward()
    torch.testing.assert_close(left.grad, weight @ right.detach(), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(right.grad, weight.mT @ left.detach(), atol=1e-4, rtol=1e-5)


def test_products_of_transposed_in_other_formats_are_left_to_torch():
    left, right = draw(1, 2, LARGE, 3).double(), draw(1, 2, LARGE, 3, seed=1).double()
    with torch.no_grad():
        assert torch.equal(products_of_transposed(left, right), left @ right.mT)
