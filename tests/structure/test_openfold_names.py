import os
import pickle

import pytest
import torch

from sciml.errors import InputError, SettingsError
from sciml.structure.openfold_names import from_openfold
from sciml.structure.parameters import load_parameters
from tests.structure.networks import random_network
from tests.structure.openfold_layout import openfold_state


@pytest.fixture(scope="module")
def model():
    return random_network()


def assert_equal(found, expected):
    assert set(found) == set(expected)
    for name, parameter in expected.items():
        assert torch.equal(found[name], parameter), name


@pytest.mark.parametrize("is_current", [True, False], ids=["current names", "older names"])
def test_every_parameter_arrives_at_its_place(model, tmp_path, is_current):
    torch.save(openfold_state(model, is_current), tmp_path / "finetuning.pt")
    loaded = load_parameters(tmp_path / "finetuning.pt")
    assert loaded.model.config == model.config
    assert loaded.metadata == {}
    assert_equal(loaded.model.state_dict(), model.state_dict())


def test_a_and_b_of_the_incoming_multiplication_are_right_and_left(model):
    state = openfold_state(model, is_current=True)
    ours = from_openfold(state)
    theirs = "evoformer.blocks.1.pair_stack.tri_mul_{}.linear_{}_{}.weight"
    mine = "evoformer_iteration.1.pair_update.triangle_multiplication_{}.{}_{}.weight"
    for way, of_a, of_b in (("out", "left", "right"), ("in", "right", "left")):
        for kind, layer in (("p", "projection"), ("g", "gate")):
            long = "outgoing" if way == "out" else "incoming"
            for letter, side in (("a", of_a), ("b", of_b)):
                expected = state[theirs.format(way, letter, kind)]
                assert torch.equal(ours[mine.format(long, side, layer)], expected)


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda state: {"ema": {"params": state, "decay": torch.tensor(0.999)}}, id="averaged"),
        pytest.param(
            lambda state: {"state_dict": {f"model.{k}": v for k, v in state.items()}}, id="Lightning"
        ),
        pytest.param(
            lambda state: {"module": {f"module.model.{k}": v for k, v in state.items()}}, id="DeepSpeed"
        ),
    ],
)
def test_the_parameters_are_found_inside_of_a_training_checkpoint(model, wrap):
    assert_equal(from_openfold(wrap(openfold_state(model, is_current=True))), model.state_dict())


def test_the_averaged_parameters_are_preferred_to_the_last_ones(model):
    state = openfold_state(model, is_current=True)
    last = {f"model.{name}": torch.zeros_like(value) for name, value in state.items()}
    assert_equal(from_openfold({"state_dict": last, "ema": {"params": state}}), model.state_dict())


def test_half_precision_is_widened(model):
    state = {name: value.bfloat16() for name, value in openfold_state(model, is_current=True).items()}
    assert_equal(from_openfold(state), {n: p.bfloat16().float() for n, p in model.state_dict().items()})


def test_missing_extra_and_twofold_arrays_are_named(model, tmp_path):
    path, state = tmp_path / "x.pt", openfold_state(model, is_current=True)
    name = "evoformer.blocks.1.msa_att_row.linear_z.weight"
    torch.save({key: value for key, value in state.items() if key != name}, path)
    missing = (
        r"array missing: evoformer_iteration\.1\.msa_row_attention_with_pair_bias\.feat_2d_weights\.weight"
    )
    with pytest.raises(InputError, match=missing):
        load_parameters(path)
    torch.save(state | {"evoformer.blocks.1.novel.weight": torch.zeros(2)}, path)
    with pytest.raises(InputError, match=r"no place for: evoformer_iteration\.1\.novel\.weight"):
        load_parameters(path)
    twofold = state | {"evoformer.blocks.1.core.msa_transition.linear_1.bias": torch.zeros(32)}
    with pytest.raises(SettingsError, match=r"core\.msa_transition\.linear_1\.bias' .* second array"):
        from_openfold(twofold)


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": 3}, {"a.weight": "text"}])
def test_a_checkpoint_of_something_else_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "x.ckpt")
    with pytest.raises(InputError, match=r"x\.ckpt: (a checkpoint must hold|entry 'a\.weight')"):
        load_parameters(tmp_path / "x.ckpt")


class Evil:
    """Creates a file as soon as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_pickle_that_calls_functions_is_refused_and_not_run(model, tmp_path, is_zip):
    path, trace = tmp_path / "evil.pt", tmp_path / "executed"
    content = openfold_state(model, is_current=True) | {"x": Evil(str(trace))}
    if is_zip:
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(InputError, match=r"evil\.pt: not a checkpoint of plain tensors"):
        load_parameters(path)
    assert not trace.exists()
    Evil(str(trace)).__reduce__()[0](str(trace))
    assert trace.exists()  # it would have shown


def test_numbers_that_are_not_finite_are_refused(model, tmp_path):
    state = openfold_state(model, is_current=True)
    state["aux_heads.tm.linear.bias"][3] = float("inf")
    torch.save(state, tmp_path / "x.pt")
    with pytest.raises(InputError, match=r"'predicted_aligned_error_head\.logits\.bias': .* finite"):
        load_parameters(tmp_path / "x.pt")
