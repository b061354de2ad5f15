import math

import numpy as np
import pytest
import torch

from sciml import attention as attention_module
from sciml.attention import attention

ROWS, QUERIES, KEYS, HEADS, CHANNELS = 4, 5, 5, 3, 6


def draw(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def arrays(batch, with_bias, with_mask, dtype=torch.float32, keys=KEYS):
    query = draw(batch, ROWS, QUERIES, HEADS, CHANNELS, seed=1, dtype=dtype)
    key = draw(batch, ROWS, keys, HEADS, CHANNELS, seed=2, dtype=dtype)
    value = draw(batch, ROWS, keys, HEADS, CHANNELS, seed=3, dtype=dtype)
    bias = draw(batch, HEADS, QUERIES, keys, seed=4, dtype=dtype) if with_bias else None
    mask = (draw(batch, ROWS, keys, seed=5) > -0.5).to(dtype) if with_mask else None
    if mask is not None:
        mask[..., 1] = 1
        assert 0 < mask.mean() < 1
    return query, key, value, bias, mask


def written_out(query, key, value, bias, mask):
    """Softmax by its definition, one query at a time; keys that are masked are left out."""
    query, key, value, bias, mask = (
        None if x is None else x.double().numpy() for x in (query, key, value, bias, mask)
    )
    result = np.zeros(query.shape)
    for b, r, i, h in np.ndindex(query.shape[:4]):
        used = np.arange(key.shape[2]) if mask is None else np.flatnonzero(mask[b, r])
        scores = key[b, r, used, h] @ query[b, r, i, h] / math.sqrt(query.shape[-1])
        if bias is not None:
            scores = scores + bias[b, h, i, used]
        weights = np.exp(scores - scores.max())
        result[b, r, i, h] = weights / weights.sum() @ value[b, r, used, h]
    return torch.from_numpy(result)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("with_mask", [True, False])
@pytest.mark.parametrize("keys", [KEYS, 9])
def test_agrees_with_the_softmax_written_out(batch, with_bias, with_mask, keys):
    given = arrays(batch, with_bias, with_mask, keys=keys)
    torch.testing.assert_close(attention(*given).double(), written_out(*given), atol=2e-6, rtol=0)


@pytest.mark.parametrize("with_bias", [True, False])
def test_a_row_without_any_key_attends_to_all_equally(with_bias):
    query, key, value, bias, mask = arrays(2, with_bias, with_mask=True)
    mask[1, 2] = 0
    found = attention(query, key, value, bias, mask)
    mean = value[1, 2].mean(0)  # (head, channel)
    torch.testing.assert_close(found[1, 2], mean.expand(QUERIES, -1, -1), atol=2e-6, rtol=0)
    mask[1, 2] = 1
    others = attention(query, key, value, bias, mask)
    assert torch.equal(found[0], others[0])


def test_what_is_behind_a_mask_does_not_matter():
    query, key, value, bias, mask = arrays(2, with_bias=True, with_mask=True)
    found = attention(query, key, value, bias, mask)
    hidden = (mask == 0)[..., None, None]
    changed = attention(query, key.masked_fill(hidden, 30.0), value.masked_fill(hidden, 1e4), bias, mask)
    assert torch.equal(changed, found)


@pytest.mark.parametrize("rows_at_a_time", [1, 3])
def test_taking_rows_in_pieces_changes_nothing(monkeypatch, rows_at_a_time):
    given = arrays(2, with_bias=True, with_mask=True)
    whole = attention(*given)
    bias = given[3]
    calls = []
    kernel = attention_module.functional.scaled_dot_product_attention
    monkeypatch.setattr(attention_module, "_MERGED_BIAS_BYTES", rows_at_a_time * bias[0].numel() * 4)
    monkeypatch.setattr(
        attention_module.functional,
        "scaled_dot_product_attention",
        lambda query, *rest, **named: calls.append(len(query)) or kernel(query, *rest, **named),
    )
    torch.testing.assert_close(attention(*given), whole, atol=1e-6, rtol=0)
    assert calls == ([1] * 8 if rows_at_a_time == 1 else [3, 1] * 2)


@pytest.mark.parametrize("with_mask", [True, False])
def test_gradients_are_those_of_finite_differences(with_mask):
    query, key, value, bias, mask = arrays(1, with_bias=True, with_mask=with_mask, dtype=torch.float64)
    given = [x.requires_grad_() for x in (query[:, :2], key[:, :2], value[:, :2], bias)]
    mask = None if mask is None else mask[:, :2]
    assert torch.autograd.gradcheck(lambda *x: attention(*x, mask), given, atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("with_mask", [True, False])
@pytest.mark.parametrize("batch", [1, 3])
def test_float32_gradients_are_those_of_float64(with_mask, batch):
    """The path that training takes, bias included, beside finite differences checked above."""
    gradients = []
    for dtype in (torch.float32, torch.float64):
        *inputs, mask = arrays(batch, with_bias=True, with_mask=with_mask, dtype=torch.float32)
        inputs = [x.to(dtype).requires_grad_() for x in inputs]
        result = attention(*inputs, None if mask is None else mask.to(dtype))
        weights = draw(*result.shape, seed=8).to(dtype)
        gradients.append(torch.autograd.grad((result * weights).sum(), inputs))
    for single, double in zip(*gradients, strict=True):
        torch.testing.assert_close(single.double(), double, atol=2e-5, rtol=0)
        assert double.abs().max() > 0.1
