import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from sciml.structure.invariant_point_attention import InvariantPointAttention
from sciml.structure.rigid import Rigid, quat_to_rot
from tests.structure.networks import TINY, fill, worst

RES = 6


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def frames(*shape, seed=0, scale=2.0):
    quaternion = functional.normalize(draw(*shape, 4, seed=seed), dim=-1)
    return Rigid(quat_to_rot(quaternion), scale * draw(*shape, 3, seed=seed + 1))


@pytest.fixture
def layer():
    return fill(InvariantPointAttention(TINY).double(), seed=1)


@pytest.fixture
def inputs():
    mask = torch.ones(2, RES, dtype=torch.float64)
    mask[1, 4:] = 0
    return draw(2, RES, TINY.c_s, seed=2), draw(2, RES, RES, TINY.c_z, seed=3), frames(2, RES, seed=4), mask


def by_loops(layer, single, pair, rigids, mask):
    """Algorithm 22, one example, residue by residue and head by head."""
    heads, c_head, q, v = layer.heads, layer.c_head, layer.query_points, layer.value_points
    count = len(single)

    def points(linear, i, number):
        local = linear(single[i]).reshape(3, heads, number)
        return [[rigids[i].apply(local[:, h, p]) for p in range(number)] for h in range(heads)]

    query = [layer.q_scalar(s).reshape(heads, c_head) for s in single]
    key, value = zip(
        *(layer.kv_scalar(s).reshape(heads, 2 * c_head).split(c_head, -1) for s in single), strict=True
    )
    query_points = [points(layer.q_point_local, i, q) for i in range(count)]
    other_points = [points(layer.kv_point_local, i, q + v) for i in range(count)]
    w_c, w_l = math.sqrt(2 / (9 * q)), math.sqrt(1 / 3)
    result = []
    for i in range(count):
        scalars, local, norms, pairs = [], [], [], []
        for h in range(heads):
            gamma = math.log(1 + math.exp(float(layer.trainable_point_weights[h])))
            scores = []
            for j in range(count):
                distance = sum(
                    float((query_points[i][h][p] - other_points[j][h][p]).square().sum()) for p in range(q)
                )
                bias = float(layer.attention_2d(pair[i, j])[h])
                score = float(query[i][h] @ key[j][h]) / math.sqrt(c_head) + bias
                scores.append(w_l * (score - gamma * w_c / 2 * distance) if mask[i] * mask[j] else -1e5)
            weights = np.exp(np.array(scores) - max(scores))
            weights = torch.from_numpy(weights / weights.sum())
            scalars.append(sum(weights[j] * value[j][h] for j in range(count)))
            pairs.append(sum(weights[j] * pair[i, j] for j in range(count)))
            for p in range(v):
                mixed = sum(weights[j] * other_points[j][h][q + p] for j in range(count))
                local.append(rigids[i].invert_apply(mixed))
                norms.append(local[-1].norm())
        parts = [torch.cat(scalars), torch.stack(local).t().flatten(), torch.stack(norms), torch.cat(pairs)]
        result.append(layer.output_projection(torch.cat(parts)))
    return torch.stack(result)


@torch.no_grad()
def test_agrees_with_the_algorithm_written_out(layer, inputs):
    found = layer(*inputs)
    for b, real in ((0, RES), (1, 4)):
        single, pair, rigids, mask = (x[b] for x in inputs)
        expected = by_loops(layer, single, pair, rigids, mask)
        torch.testing.assert_close(found[b, :real], expected[:real], atol=1e-6, rtol=0)  # 1e-8 under the root


@torch.no_grad()
def test_moving_all_frames_together_changes_nothing(layer, inputs):
    single, pair, rigids, mask = inputs
    found = layer(single, pair, rigids, mask)
    for seed in range(3):
        motion = frames(1, 1, seed=20 + seed, scale=30.0)
        assert worst(layer(single, pair, motion.compose(rigids), mask), found) < 1e-10


@torch.no_grad()
def test_moving_one_frame_or_the_mirror_image_changes_the_result(layer, inputs):
    single, pair, rigids, mask = inputs
    found = layer(single, pair, rigids, mask)
    moved = Rigid(rigids.rotation, rigids.translation.clone())
    moved.translation[:, 0, 0] += 0.5
    assert worst(layer(single, pair, moved, mask), found) > 1e-3
    mirror = torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)
    mirrored = Rigid(mirror[:, None] * rigids.rotation * mirror, mirror * rigids.translation)
    assert worst(layer(single, pair, mirrored, mask), found) > 1e-2


@torch.no_grad()
def test_masked_residues_are_not_seen(layer, inputs):
    single, pair, rigids, mask = inputs
    found = layer(single, pair, rigids, mask)
    cut = layer(single[1:, :4], pair[1:, :4, :4], rigids[1:, :4], mask[1:, :4])
    torch.testing.assert_close(found[1:, :4], cut, atol=1e-12, rtol=0)
