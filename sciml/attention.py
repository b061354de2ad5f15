"""The attention primitive of every network here: softmax(q kᵀ / √d + bias) v over many independent rows.

One signature; behind it `scaled_dot_product_attention` picks the fused kernel of the device. The score matrix
of a row is never kept, and rows are taken in chunks when a mask has to be merged with a bias, so memory stays
bounded.
"""

import torch
from einops import rearrange, repeat
from torch import Tensor
from torch.nn import functional

MASKED = -1e9
"""Score of a masked key. A row with every key masked attends to all keys equally, as in AlphaFold 2."""

_MERGED_BIAS_BYTES = 64 * 2**20
"""Largest bias tensor that is built when a mask and a bias have to be added."""


def _differentiable_attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
    """The same written out, for gradients of the bias on a CPU, where no fused kernel gives them."""
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    return (scores + bias).softmax(-1) @ value


def _rows_attention(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, mask: Tensor | None
) -> Tensor:
    """Attention of one example: query (row, h, i, d); bias (h, i, j); mask (row, j)."""
    if mask is None:
        if bias is not None and bias.requires_grad and bias.device.type == "cpu":
            return _differentiable_attention(query, key, value, bias)
        merged = None if bias is None else bias.expand(query.shape[0], -1, -1, -1)
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=merged)
    penalty = rearrange((mask.to(query.dtype) - 1) * -MASKED, "r j -> r 1 1 j")
    if bias is None:
        merged = penalty.expand(-1, 1, query.shape[2], -1)
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=merged)
    rows = max(1, _MERGED_BIAS_BYTES // (bias.numel() * bias.element_size()))
    if rows >= query.shape[0]:
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=bias + penalty)
    pieces = [
        functional.scaled_dot_product_attention(q, k, v, attn_mask=bias + p)
        for q, k, v, p in zip(*(x.split(rows) for x in (query, key, value, penalty)), strict=True)
    ]
    return torch.cat(pieces)


def attention(
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None, mask: Tensor | None = None
) -> Tensor:
    """Multi-head attention inside each row of a batch of row stacks.

    Args:
        query: (b, row, i, h, d).
        key: (b, row, j, h, d).
        value: (b, row, j, h, d).
        bias: (b, h, i, j), added to the scaled scores of every row.
        mask: (b, row, j), 1 for keys that may be attended to.

    Returns:
        (b, row, i, h, d).
    """
    query, key, value = (rearrange(x, "b r n h d -> b r h n d") for x in (query, key, value))
    batch, rows = query.shape[:2]
    if bias is None or (batch > 1 and mask is None and query.device.type == "cuda"):
        # One launch for everything; on an accelerator that is worth a copy of the bias for each row.
        query, key, value = (rearrange(x, "b r h n d -> (b r) h n d") for x in (query, key, value))
        if bias is None:
            flat_mask = None if mask is None else rearrange(mask, "b r j -> (b r) j")
            result = _rows_attention(query, key, value, None, flat_mask)
        else:
            merged = repeat(bias, "b h i j -> (b r) h i j", r=rows)
            result = functional.scaled_dot_product_attention(query, key, value, attn_mask=merged)
        return rearrange(result, "(b r) h i d -> b r i h d", b=batch)
    masks = [None] * batch if mask is None else list(mask)
    stacked = [_rows_attention(*one) for one in zip(query, key, value, bias, masks, strict=True)]
    return rearrange(stacked, "b r h i d -> b r i h d")  # einops stacks the list along b
