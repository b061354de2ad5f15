import math

import numpy as np
import pytest
import torch

from sciml.structure.embedders import ExtraMsaEmbedder, InputEmbedder, RecyclingEmbedder
from tests.structure.networks import TINY, fill
from tests.structure.test_triangle import affine, draw, norm

RES, SEQ = 4, 3


@torch.no_grad()
def test_input_embedding_by_indices():
    layer = fill(InputEmbedder(TINY).double(), seed=1)
    target, msa_feat, index = draw(1, RES, 22), draw(1, SEQ, RES, 49), torch.tensor([[3, 4, 90, 10]])
    msa, pair = (x[0].numpy() for x in layer(target, msa_feat, index))
    target, msa_feat, index = target[0].numpy(), msa_feat[0].numpy(), index[0].tolist()
    for s, i in np.ndindex(SEQ, RES):
        expected = affine(layer.preprocess_msa, msa_feat[s, i]) + affine(layer.preprocess_1d, target[i])
        np.testing.assert_allclose(msa[s, i], expected, atol=1e-12)
    for i, j in np.ndindex(RES, RES):
        one_hot = np.zeros(65)
        one_hot[min(max(index[i] - index[j], -32), 32) + 32] = 1  # Algorithm 4: d = f_i - f_j
        expected = affine(layer.left_single, target[i]) + affine(layer.right_single, target[j])
        np.testing.assert_allclose(
            pair[i, j], expected + affine(layer.relative_position, one_hot), atol=1e-12
        )


@torch.no_grad()
def test_recycled_distances_fall_into_bins_of_a_quarter_above_three_angstrom():
    layer = fill(RecyclingEmbedder(TINY).double(), seed=2)
    aatype = torch.tensor([[7, 0, 0]])  # glycine has its CA for a CB
    positions = torch.zeros(1, 3, 37, 3, dtype=torch.float64)
    positions[0, 1, 3, 0], positions[0, 2, 3, 0] = 4.0, 30.0
    row, pair = draw(1, 3, TINY.c_m), draw(1, 3, 3, TINY.c_z)
    row_update, pair_update = layer(aatype, positions, row, pair)
    for i in range(3):
        expected = norm(layer.prev_msa_first_row_norm, row[0, i].numpy())
        np.testing.assert_allclose(row_update[0, i].numpy(), expected, atol=1e-12)
    for i, j in np.ndindex(3, 3):
        distance = float((positions[0, i, 1 if i == 0 else 3] - positions[0, j, 1 if j == 0 else 3]).norm())
        one_hot = np.zeros(15)
        if distance > 3.25:
            one_hot[min(math.floor((distance - 3.25) / 1.25), 14)] = 1  # 15 edges from 3.25 to 20.75
        expected = affine(layer.prev_pos_linear, one_hot) + norm(layer.prev_pair_norm, pair[0, i, j].numpy())
        np.testing.assert_allclose(pair_update[0, i, j].numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("letter", [0, 21, 22])
@torch.no_grad()
def test_extra_rows_are_one_hot_letters_and_two_deletion_features(letter):
    layer = fill(ExtraMsaEmbedder(TINY).double(), seed=3)
    has, value = draw(1, 1, 1, seed=4), draw(1, 1, 1, seed=5)
    found = layer(torch.full((1, 1, 1), letter), has, value)[0, 0, 0]
    feature = np.zeros(25)
    feature[letter], feature[23], feature[24] = 1, float(has), float(value)
    np.testing.assert_allclose(found.numpy(), affine(layer.extra_msa_activations, feature), atol=1e-12)
