"""Every update beside the algorithm's own indices, written as loops in float64."""

import numpy as np
import pytest
import torch

from sciml.structure.triangle import (
    OuterProductMean,
    Transition,
    TriangleAttention,
    TriangleMultiplicationIncoming,
    TriangleMultiplicationOutgoing,
    pair_mask,
)
from tests.structure.networks import fill

RES, SEQ, C_Z, C_HIDDEN = 5, 4, 6, 3


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def holes(*shape, seed=9):
    """A mask of ones with some zeros."""
    mask = (draw(*shape, seed=seed) > -0.7).double()
    assert 0.5 < mask.mean() < 1
    return mask


def norm(layer, x):
    centred = x - x.mean()
    return centred / np.sqrt(np.mean(centred**2) + 1e-5) * array(layer.weight) + array(layer.bias)


def affine(layer, x):
    return array(layer.weight) @ x + (0 if layer.bias is None else array(layer.bias))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def array(tensor):
    return tensor.detach().numpy()


def softmax(scores):
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def multiplication_by_loops(module, pair, mask, edges):
    """Algorithms 11 and 12; `edges(i, j, k)` are the two edges whose factors are multiplied, a then b."""
    a, b = np.zeros((RES, RES, C_HIDDEN)), np.zeros((RES, RES, C_HIDDEN))
    first, second = ("left", "right") if module.is_outgoing else ("right", "left")
    for i, j in np.ndindex(RES, RES):
        z = norm(module.layer_norm_input, pair[i, j])
        for factor, side in ((a, first), (b, second)):
            gate = sigmoid(affine(getattr(module, f"{side}_gate"), z))
            factor[i, j] = mask[i, j] * gate * affine(getattr(module, f"{side}_projection"), z)
    update = np.zeros((RES, RES, C_Z))
    for i, j in np.ndindex(RES, RES):
        total = np.zeros(C_HIDDEN)
        for k in range(RES):
            of_a, of_b = edges(i, j, k)
            total += a[of_a] * b[of_b]
        gate = sigmoid(affine(module.gating_linear, norm(module.layer_norm_input, pair[i, j])))
        update[i, j] = gate * affine(module.output_projection, norm(module.center_layer_norm, total))
    return update


# In Algorithm 12 a and b are the published `right` and `left`.
@pytest.mark.parametrize(
    ("module", "edges"),
    [
        pytest.param(
            TriangleMultiplicationOutgoing, lambda i, j, k: ((i, k), (j, k)), id="outgoing: a_ik b_jk"
        ),
        pytest.param(
            TriangleMultiplicationIncoming, lambda i, j, k: ((k, i), (k, j)), id="incoming: a_ki b_kj"
        ),
    ],
)
@pytest.mark.parametrize("is_masked", [True, False])
def test_multiplication_sums_over_the_third_corner(module, edges, is_masked):
    layer = fill(module(C_Z, C_HIDDEN).double(), seed=3)
    pair = draw(2, RES, RES, C_Z)
    mask = holes(2, RES, RES) if is_masked else None
    with torch.no_grad():
        found = layer(pair, mask)
    used = torch.ones(2, RES, RES) if mask is None else mask
    for b in range(2):
        expected = multiplication_by_loops(layer, pair[b].numpy(), used[b].numpy(), edges)
        np.testing.assert_allclose(found[b].numpy(), expected, atol=1e-12)


def attention_by_loops(module, rows, bias, mask):
    """Gated attention inside each row of normalised (row, n, c); bias (h, n, n); mask (row, n)."""
    heads, update = module.heads, np.zeros(rows.shape)
    for r, i in np.ndindex(rows.shape[:2]):
        gate = sigmoid(affine(module.gating, rows[r, i])).reshape(heads, -1)
        query = affine(module.query, rows[r, i]).reshape(heads, -1)
        keys, values = (
            np.array([affine(layer, x).reshape(heads, -1) for x in rows[r]])
            for layer in (module.key, module.value)
        )
        mixed = []
        for h in range(heads):
            scores = keys[:, h] @ query[h] / np.sqrt(query.shape[1]) + bias[h, i]
            mixed.append(softmax(np.where(mask[r] > 0, scores, -np.inf)) @ values[:, h])
        update[r, i] = affine(module.output, (gate * np.array(mixed)).ravel())
    return update


@pytest.mark.parametrize("is_masked", [True, False])
def test_attention_around_the_starting_node_is_biased_by_the_third_edge(is_masked):
    layer = fill(TriangleAttention(C_Z, heads=2, c_head=4).double(), seed=4)
    pair = draw(1, RES, RES, C_Z)
    mask = holes(1, RES, RES) if is_masked else None
    if mask is not None:
        mask[..., 0] = 1
    with torch.no_grad():
        found = layer(pair, mask)[0].numpy()
    normed = np.array([[norm(layer.query_norm, z) for z in row] for row in pair[0].numpy()])
    bias = np.zeros((2, RES, RES))
    for j, k in np.ndindex(RES, RES):
        bias[:, j, k] = affine(layer.feat_2d_weights, normed[j, k])  # Algorithm 13: b_jk, the same for all i
    used = np.ones((RES, RES)) if mask is None else mask[0].numpy()
    np.testing.assert_allclose(found, attention_by_loops(layer.attention, normed, bias, used), atol=1e-12)


@pytest.mark.parametrize("is_masked", [True, False])
def test_outer_product_mean_divides_bias_and_all_by_the_count(is_masked):
    layer = fill(OuterProductMean(C_Z, C_HIDDEN, 7).double(), seed=5)
    msa = draw(2, SEQ, RES, C_Z)
    mask = holes(2, SEQ, RES) if is_masked else None
    if mask is not None:
        mask[0, :, 1] = 0  # a residue in no sequence: count 0
    with torch.no_grad():
        found = layer(msa, mask)
    used = torch.ones(2, SEQ, RES) if mask is None else mask
    for b, i, j in np.ndindex(2, RES, RES):
        outer, count = np.zeros((C_HIDDEN, C_HIDDEN)), 0.0
        for s in range(SEQ):
            both = float(used[b, s, i] * used[b, s, j])
            left, right = (
                affine(projection, norm(layer.layer_norm_input, msa[b, s, res].numpy()))
                for projection, res in ((layer.left_projection, i), (layer.right_projection, j))
            )
            outer += both * np.outer(left, right)
            count += both
        expected = affine(layer.output, outer.ravel()) / (1e-3 + count)
        np.testing.assert_allclose(found[b, i, j].numpy(), expected, atol=1e-10, rtol=1e-12)


def test_transition_works_on_each_position_alone():
    layer = fill(Transition(C_Z, factor=2).double(), seed=6)
    x = draw(2, 3, 4, C_Z)
    with torch.no_grad():
        found = layer(x)
    for place in np.ndindex(2, 3, 4):
        normed = norm(layer.input_layer_norm, x[place].numpy())
        expected = affine(layer.transition2, np.maximum(affine(layer.transition1, normed), 0))
        np.testing.assert_allclose(found[place].numpy(), expected, atol=1e-12)


def test_a_pair_is_real_when_both_residues_are():
    mask = pair_mask(torch.tensor([[1.0, 0.0, 1.0]]))
    assert mask.tolist() == [[[1, 0, 1], [0, 0, 0], [1, 0, 1]]]
