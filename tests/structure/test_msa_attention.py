"""Attention over the MSA beside loops over sequences and residues in float64."""

import numpy as np
import pytest
import torch

from sciml.structure.msa_attention import (
    MSAColumnAttention,
    MSAColumnGlobalAttention,
    MSARowAttentionWithPairBias,
)
from tests.structure.networks import fill
from tests.structure.test_triangle import affine, attention_by_loops, draw, holes, norm, sigmoid, softmax

SEQ, RES, C_M, C_Z, HEADS, C_HEAD = 4, 5, 6, 7, 2, 3


def msa_and_mask(is_masked):
    mask = holes(1, SEQ, RES) if is_masked else None
    if mask is not None:
        mask[:, 0], mask[:, :, 0] = 1, 1
    used = np.ones((SEQ, RES)) if mask is None else mask[0].numpy()
    return draw(1, SEQ, RES, C_M, seed=1), mask, used


@pytest.mark.parametrize("is_masked", [True, False])
def test_rows_attend_with_a_bias_from_the_pair_representation(is_masked):
    layer = fill(MSARowAttentionWithPairBias(C_M, C_Z, HEADS, C_HEAD).double(), seed=1)
    msa, mask, used = msa_and_mask(is_masked)
    pair = draw(1, RES, RES, C_Z, seed=2)
    with torch.no_grad():
        found = layer(msa, pair, mask)[0].numpy()
    bias = np.zeros((HEADS, RES, RES))
    for i, j in np.ndindex(RES, RES):
        bias[:, i, j] = affine(layer.feat_2d_weights, norm(layer.feat_2d_norm, pair[0, i, j].numpy()))
    rows = np.array([[norm(layer.query_norm, x) for x in row] for row in msa[0].numpy()])
    np.testing.assert_allclose(found, attention_by_loops(layer.attention, rows, bias, used), atol=1e-12)


@pytest.mark.parametrize("is_masked", [True, False])
def test_columns_attend_without_a_bias(is_masked):
    layer = fill(MSAColumnAttention(C_M, HEADS, C_HEAD).double(), seed=2)
    msa, mask, used = msa_and_mask(is_masked)
    with torch.no_grad():
        columns = layer(msa.transpose(1, 2), None if mask is None else mask.transpose(1, 2))[0].numpy()
    rows = np.array([[norm(layer.query_norm, msa[0, s, i].numpy()) for s in range(SEQ)] for i in range(RES)])
    no_bias = np.zeros((HEADS, SEQ, SEQ))
    np.testing.assert_allclose(
        columns, attention_by_loops(layer.attention, rows, no_bias, used.T), atol=1e-12
    )


@pytest.mark.parametrize("is_masked", [True, False])
def test_global_attention_has_one_query_for_a_column_and_one_head_of_keys(is_masked):
    layer = fill(MSAColumnGlobalAttention(C_M, HEADS, C_HEAD).double(), seed=3)
    msa, mask, used = msa_and_mask(is_masked)
    with torch.no_grad():
        found = layer(msa.transpose(1, 2), None if mask is None else mask.transpose(1, 2))[0].numpy()
    core = layer.attention
    for i in range(RES):
        column = [norm(layer.query_norm, msa[0, s, i].numpy()) for s in range(SEQ)]
        present = [s for s in range(SEQ) if used[s, i]]
        mean = sum(column[s] for s in present) / len(present)
        queries = affine(core.query, mean).reshape(HEADS, C_HEAD) / np.sqrt(C_HEAD)
        keys = np.array([affine(core.key, column[s]) for s in present])
        values = np.array([affine(core.value, column[s]) for s in present])
        mixed = np.array([softmax(keys @ query) @ values for query in queries])
        for s in range(SEQ):
            gate = sigmoid(affine(core.gating, column[s])).reshape(HEADS, C_HEAD)
            np.testing.assert_allclose(
                found[i, s], affine(core.output, (gate * mixed).ravel()), atol=1e-9
            )  # 1e-10 is added to the count


def test_global_attention_over_a_column_without_any_sequence_takes_the_mean_of_all():
    layer = fill(MSAColumnGlobalAttention(C_M, HEADS, C_HEAD).double(), seed=3)
    msa, mask, _ = msa_and_mask(is_masked=True)
    mask[:, :, 2] = 0
    with torch.no_grad():
        found = layer(msa.transpose(1, 2), mask.transpose(1, 2))[0, 2]
    core, column = layer.attention, [norm(layer.query_norm, x) for x in msa[0, :, 2].numpy()]
    mixed = np.mean([affine(core.value, x) for x in column], axis=0)
    for s in range(SEQ):
        gate = sigmoid(affine(core.gating, column[s])).reshape(HEADS, C_HEAD)
        expected = affine(core.output, (gate * mixed).ravel())
        np.testing.assert_allclose(found[s].numpy(), expected, atol=1e-6)  # equal to the resolution at 1e9
