import pytest
import torch

from sciml.errors import SettingsError
from sciml.linear import Linear
from sciml.structure import precision
from sciml.structure.precision import choose_precision, has_fast_bfloat16, set_precision
from tests.structure.networks import TINY, random_features, random_network, run, worst

CPU = torch.device("cpu")
PAIR = "representations/pair"


def test_the_format_is_that_asked_for_or_the_fast_one(monkeypatch):
    assert choose_precision("float32", CPU) == "float32"
    assert choose_precision("bfloat16", CPU) == "bfloat16"
    for is_fast, expected in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(precision, "has_fast_bfloat16", lambda device, is_fast=is_fast: is_fast)
        assert choose_precision("auto", CPU) == expected


@pytest.mark.parametrize("name", ["float16", "", "bf16", "Auto"])
def test_other_formats_are_refused(name):
    with pytest.raises(SettingsError, match=f"precision is auto, float32 or bfloat16, not '{name}'"):
        choose_precision(name, CPU)


def test_a_device_of_another_kind_has_no_fast_bfloat16():
    assert not has_fast_bfloat16(torch.device("meta"))


def test_float32_leaves_the_network_as_it_is():
    network = random_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert set_precision(network, "float32") is network
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_bfloat16_rounds_the_products_of_the_trunk_and_nothing_else():
    network, whole = set_precision(random_network(), "bfloat16"), random_network().state_dict()
    trunk = ("evoformer_iteration.", "extra_msa_stack.", "template_embedder.template_pair_stack.")
    products = {name for name, module in network.named_modules() if isinstance(module, Linear)}
    rounded = set()
    for name, value in network.state_dict().items():
        if value.dtype == torch.bfloat16:
            rounded.add(name.split(".")[0])
            assert name.rpartition(".")[0] in products
            assert torch.equal(value, whole[name].bfloat16())
        else:
            assert torch.equal(value, whole[name]), name
            assert not (name.startswith(trunk) and name.rpartition(".")[0] in products)
    assert rounded == {"evoformer_iteration", "extra_msa_stack", "template_embedder"}


def test_bfloat16_is_close_to_float32_and_keeps_the_residual_stream_in_float32():
    features = random_features()
    exact = run(random_network(), features, recycles=0)
    rounded = run(set_precision(random_network(), "bfloat16"), features, recycles=0)
    assert {value.dtype for name, value in rounded.items() if value.is_floating_point()} == {torch.float32}
    # A product rounds to 2^-9; the 17 updates of two blocks and what is before them add up as a random walk.
    assert 1e-4 < worst(rounded[PAIR], exact[PAIR]) < 0.1
    for name in ("distogram/logits", "predicted_lddt/logits", "structure_module/final_atom_positions"):
        error = (rounded[name] - exact[name]).square().mean().sqrt()
        assert error < 0.05 * exact[name].square().mean().sqrt(), name
    assert TINY.evoformer_blocks == 2
