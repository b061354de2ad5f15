import pytest
import torch

from sciml.structure.evoformer import EvoformerBlock, PairUpdate
from sciml.structure.primitives import SharedDropout
from tests.structure.networks import TINY, assert_same, features_with_holes, random_network

RES, SEQ = 6, 5


def test_rows_share_zeros_and_the_rest_is_scaled_up():
    torch.manual_seed(0)
    factor = SharedDropout(0.25).factor(torch.zeros(2, 7, 100, 50))
    assert factor.shape == (2, 1, 100, 50)
    assert sorted(set(factor.flatten().tolist())) == pytest.approx([0, 4 / 3])
    assert float((factor == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert not torch.equal(factor[0], factor[1])
    assert SharedDropout(0.25).eval().factor(torch.zeros(1, 2, 3, 4)) is None
    assert SharedDropout(0.0).factor(torch.zeros(1, 2, 3, 4)) is None


@torch.no_grad()
def only(module, bias):
    """Every update is zero but the one whose last bias is given, which is one everywhere."""
    for parameter in module.parameters():
        parameter.zero_()
    bias.fill_(1.0)
    return module.train()


@pytest.mark.parametrize(
    ("name", "axis", "scale"),
    [
        ("triangle_multiplication_outgoing.output_projection", 1, 0.5),  # its gate is sigmoid(0)
        ("triangle_multiplication_incoming.output_projection", 1, 0.5),
        ("triangle_attention_starting_node.attention.output", 1, 1.0),
        ("triangle_attention_ending_node.attention.output", 2, 1.0),
    ],
)
@pytest.mark.parametrize("with_gradients", [True, False])
def test_pair_updates_drop_whole_columns_but_the_ending_node_whole_rows(name, axis, scale, with_gradients):
    torch.manual_seed(1)
    module = PairUpdate(8, 8, 2, 4, 2, 0.25, attention_first=False)
    only(module, module.get_submodule(name).bias)
    with torch.set_grad_enabled(with_gradients):
        change = module(torch.zeros(1, RES, RES, 8)).detach()
    assert sorted(set(change.flatten().tolist())) == pytest.approx([0, scale * 4 / 3])
    assert torch.equal(change, change.narrow(axis, 0, 1).expand_as(change))


@pytest.mark.parametrize("with_gradients", [True, False])
def test_row_attention_drops_the_same_residues_in_every_sequence(with_gradients):
    torch.manual_seed(2)
    block = EvoformerBlock(TINY, is_extra=False)
    only(block, block.msa_row_attention_with_pair_bias.attention.output.bias)
    with torch.set_grad_enabled(with_gradients):
        msa, _ = block(torch.zeros(1, SEQ, RES, TINY.c_m), torch.zeros(1, RES, RES, TINY.c_z))
    assert sorted(set(msa.flatten().tolist())) == pytest.approx([0, 1 / 0.85])
    assert torch.equal(msa, msa[:, :1].expand_as(msa))


def test_both_paths_drop_the_same_for_a_seed():
    model, features = random_network().train(), features_with_holes()
    torch.manual_seed(3)
    with_gradients = {name: array.detach() for name, array in model.single_pass(features).items()}
    torch.manual_seed(3)
    with torch.no_grad():
        assert_same(with_gradients, model.single_pass(features))
