"""The counts of `cost.py` against torch's own counter.

The counter does not see the fused attention of the CPU nor oneDNN's products, so both are switched to the
plain kernels, which do the same operations.
"""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from sciml import linear
from sciml.structure.config import Config
from sciml.structure.cost import Shape, activation_bytes, operations, parameter_count
from sciml.structure.evoformer import EvoformerBlock, TemplatePairStack
from tests.structure.networks import FEATURES, TINY, random_features, random_network

MODEL_1 = Config.preset("model_1")
SHAPES = [Shape(24, 10, 17), Shape(33, 40, 9)]


def counted(module, *inputs):
    """Operations of one call, by torch's counter."""
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(*inputs)
    return counter.get_total_flops()


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch):
    monkeypatch.setattr(linear, "_onednn_is_usable", lambda: False)


def difference(shape, **more):
    """What the count grows by when the network is larger in one number."""
    return operations(replace(MODEL_1, **more), shape) - operations(MODEL_1, shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_block_of_the_evoformer_costs_what_torch_counts(shape):
    n = shape.residues
    pair = torch.randn(1, n, n, MODEL_1.c_z)
    block = EvoformerBlock(MODEL_1, is_extra=False).eval()
    expected = counted(block, torch.randn(1, shape.msa_rows, n, MODEL_1.c_m), pair)
    assert difference(shape, evoformer_blocks=49) == expected
    extra = EvoformerBlock(MODEL_1, is_extra=True).eval()
    expected = counted(extra, torch.randn(1, shape.extra_rows, n, MODEL_1.c_e), pair)
    assert difference(shape, extra_msa_blocks=5) == expected


def test_a_block_of_the_template_stack_costs_what_torch_counts_for_each_template():
    shape = replace(SHAPES[0], templates=3)
    stack = TemplatePairStack(replace(MODEL_1, template_blocks=1)).eval()
    n = shape.residues
    assert difference(shape, template_blocks=3) == 3 * counted(stack, torch.randn(1, n, n, MODEL_1.c_t))


def test_a_whole_pass_costs_at_least_nine_tenths_of_what_torch_counts():
    config = replace(TINY, template_blocks=0)
    features = random_features(40, templates=0, config=replace(FEATURES, max_templates=0))
    shape = Shape(40, features["msa_feat"].shape[1], features["extra_msa"].shape[1])
    network = random_network(config=config)
    share = operations(config, shape) / counted(lambda one: network(one, recycles=0), features)
    assert 0.9 < share <= 1.0


def test_the_published_network_has_its_number_of_parameters():
    assert parameter_count(MODEL_1) == pytest.approx(93.2e6, rel=0.01)  # 93 million, Jumper et al. 2021


def test_memory_grows_with_the_square_of_the_length():
    empty, short, long = (activation_bytes(MODEL_1, Shape(residues, 1, 1)) for residues in (1, 1024, 2048))
    assert (long - empty) / (short - empty) == pytest.approx(4, rel=0.02)
    assert short > 2 * 4 * MODEL_1.c_z * 1024**2, "two pair representations in float32"


def test_half_precision_saves_half_of_the_factors_of_an_outer_product_but_not_the_representations():
    deep = Shape(256, 512, 5120)
    saved = activation_bytes(MODEL_1, deep) - activation_bytes(MODEL_1, deep, element_bytes=2)
    factors = 2 * 5120 * 256 * (MODEL_1.c_outer + MODEL_1.c_m) * 4
    assert saved == factors / 2
