import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from sciml.errors import InputError, MissingRequirementError, SettingsError
from sciml.structure.config import PRESETS
from sciml.structure.parameter_names import PREFIX, published_shapes, to_published
from sciml.structure.parameters import (
    empty_model,
    load_parameters,
    recognise_published,
    save_parameters,
    sha256_of,
)
from tests.structure.networks import TINY, features_with_holes, random_network, run

INVENTORY = {  # arrays and parameters of the published files
    "model_1": (336, 93_229_082),
    "model_2": (336, 93_229_082),
    "model_3": (265, 92_899_674),
    "model_4": (265, 92_899_674),
    "model_5": (265, 92_899_674),
    "model_1_ptm": (338, 93_237_338),
    "model_2_ptm": (338, 93_237_338),
    "model_3_ptm": (267, 92_907_930),
    "model_4_ptm": (267, 92_907_930),
    "model_5_ptm": (267, 92_907_930),
}
ROW_WEIGHTS = "evoformer/evoformer_iteration/msa_row_attention_with_pair_bias//feat_2d_weights"


@pytest.fixture(scope="module")
def model():
    return random_network()


@pytest.fixture(scope="module")
def arrays(model):
    return {name: array.numpy() for name, array in to_published(model).items()}


def write_npz(path, arrays):
    np.savez(path, **arrays)
    return path


def assert_same_parameters(found, expected):
    state = found.state_dict()
    assert set(state) == set(expected.state_dict())
    for name, parameter in expected.state_dict().items():
        assert torch.equal(state[name], parameter), name


@pytest.mark.parametrize("name", INVENTORY)
def test_a_published_preset_has_as_many_arrays_and_parameters_as_its_file(name):
    shapes = published_shapes(empty_model(replace(PRESETS[name], evoformer_blocks=1)))
    blocks = {array for array in shapes if array.startswith(f"{PREFIX}evoformer/evoformer_iteration/")}
    sizes = {array: math.prod(shape) * (48 if array in blocks else 1) for array, shape in shapes.items()}
    assert PRESETS[name].evoformer_blocks == 48
    assert (len(sizes), sum(sizes.values())) == INVENTORY[name]


def test_all_blocks_of_a_published_preset_stand_on_leading_axes():
    shapes = published_shapes(empty_model(PRESETS["model_1_ptm"]))
    assert sum(math.prod(shape) for shape in shapes.values()) == INVENTORY["model_1_ptm"][1]
    expected = {
        ROW_WEIGHTS: (48, 128, 8),
        "evoformer/evoformer_iteration/outer_product_mean//output_w": (48, 32, 32, 128),
        "evoformer/evoformer_iteration/msa_column_attention/attention//gating_w": (48, 256, 8, 32),
        "evoformer/extra_msa_stack/msa_column_global_attention/attention//key_w": (4, 64, 8),
        "evoformer/extra_msa_stack/msa_column_global_attention/attention//query_w": (4, 64, 8, 8),
        "evoformer/pair_activiations//weights": (65, 128),
        "evoformer/template_embedding/attention//output_w": (4, 16, 128),
        "evoformer/template_embedding/single_template_embedding/template_pair_stack/__layer_stack_no_state/"
        "triangle_attention_ending_node/attention//query_w": (2, 64, 4, 16),
        "evoformer/template_single_embedding//weights": (57, 256),
        "structure_module/fold_iteration/invariant_point_attention//trainable_point_weights": (12,),
        "structure_module/fold_iteration/invariant_point_attention/kv_point_local//weights": (384, 432),
        "structure_module/fold_iteration/rigid_sidechain/resblock2_1//bias": (128,),
        "predicted_aligned_error_head/logits//weights": (128, 64),
    }
    for name, shape in expected.items():
        assert shapes[PREFIX + name] == shape, name


def test_the_published_layout_by_hand(model, arrays):
    """(in, out) affine maps; heads apart; the left channel of the outer product slow."""
    block = model.evoformer_iteration[1]
    weight = block.msa_column_attention.attention.query.weight  # (head · channel, in)
    stored = arrays[f"{PREFIX}evoformer/evoformer_iteration/msa_column_attention/attention//query_w"]
    assert stored[1, 5, 1, 3] == weight[1 * TINY.c_msa_head + 3, 5]
    weight = block.msa_column_attention.attention.output.weight  # (out, head · channel)
    stored = arrays[f"{PREFIX}evoformer/evoformer_iteration/msa_column_attention/attention//output_w"]
    assert stored[1, 1, 3, 5] == weight[5, 1 * TINY.c_msa_head + 3]
    weight = block.outer_product_mean.output.weight  # (out, left · right)
    stored = arrays[f"{PREFIX}evoformer/evoformer_iteration/outer_product_mean//output_w"]
    assert stored[1, 2, 6, 4] == weight[4, 2 * TINY.c_outer + 6]
    weight = model.distogram_head.half_logits.weight
    assert arrays[f"{PREFIX}distogram_head/half_logits//weights"][5, 60] == weight[60, 5]


def test_npz_round_trip_is_exact_and_computes_the_same(model, tmp_path):
    save_parameters(model, tmp_path / "params.npz")
    loaded = load_parameters(tmp_path / "params.npz")
    assert loaded.model.config == TINY
    assert loaded.metadata == {}
    assert loaded.sha256 == sha256_of(tmp_path / "params.npz")
    assert not loaded.model.training
    assert_same_parameters(loaded.model, model)
    features = features_with_holes()
    for name, array in run(model, features).items():
        assert torch.equal(run(loaded.model, features)[name], array), name


def test_safetensors_round_trip_is_exact_with_metadata(model, tmp_path):
    metadata = {"description": 'α, ångström and "quotes"', "trained": "no"}
    save_parameters(model, tmp_path / "x.safetensors", metadata)
    loaded = load_parameters(tmp_path / "x.safetensors")
    assert loaded.model.config == TINY
    assert loaded.metadata == metadata
    assert_same_parameters(loaded.model, model)
    save_parameters(loaded.model, tmp_path / "again.safetensors", loaded.metadata)
    again = load_parameters(tmp_path / "again.safetensors")
    assert again.metadata == metadata
    assert_same_parameters(again.model, model)


def test_settings_that_no_shape_shows_survive_in_our_format(tmp_path):
    config = replace(TINY, position_unit_angstrom=7.5, structure_layers=2, msa_dropout=0.4, name="own")
    model = random_network(config=config)
    save_parameters(model, tmp_path / "x.safetensors")
    assert load_parameters(tmp_path / "x.safetensors").model.config == config


@pytest.mark.parametrize(("evoformer", "extra", "template"), [(1, 2, 3), (3, 1, 2)])
def test_block_counts_are_read_off_the_arrays(tmp_path, evoformer, extra, template):
    config = replace(TINY, evoformer_blocks=evoformer, extra_msa_blocks=extra, template_blocks=template)
    model = random_network(config=config)
    save_parameters(model, tmp_path / "x.npz")
    loaded = load_parameters(tmp_path / "x.npz").model
    assert loaded.config == config
    assert_same_parameters(loaded, model)


@pytest.mark.parametrize(
    ("shapes_of", "file", "recognised"),
    [
        ("model_1", "params_model_1.npz", "model_1"),
        ("model_1", "params_model_2.npz", "model_2"),
        ("model_1", "anything.npz", "model_1"),
        ("model_3", "params_model_3.npz", "model_3"),
        ("model_3", "params_model_4.npz", "model_4"),
        ("model_3", "params_model_5.npz", "model_5"),
        ("model_2_ptm", "params_model_2_ptm.npz", "model_2_ptm"),
        ("model_4_ptm", "params_model_5_ptm.npz", "model_5_ptm"),
        ("model_3_ptm", "params_model_1.npz", "model_3_ptm"),
        ("mini", "params_model_1.npz", "mini"),
    ],
)
def test_presets_are_recognised_by_arrays_then_by_file_name(shapes_of, file, recognised):
    config = replace(PRESETS[shapes_of], evoformer_blocks=3)
    shapes = published_shapes(empty_model(config))
    assert recognise_published(shapes, file) == replace(PRESETS[recognised], evoformer_blocks=3)


def test_the_preset_asked_for_must_be_the_one_in_the_file(model, tmp_path):
    for name in ("x.npz", "x.safetensors"):
        save_parameters(model, tmp_path / name)
        assert load_parameters(tmp_path / name, preset="tiny").model.config.name == "tiny"
        with pytest.raises(InputError, match="holds parameters of 'tiny', not of 'model_1_ptm'"):
            load_parameters(tmp_path / name, preset="model_1_ptm")
        with pytest.raises(SettingsError, match="no preset 'model_9'"):
            load_parameters(tmp_path / name, preset="model_9")


def test_a_missing_array_is_named(arrays, tmp_path):
    rest = {name: array for name, array in arrays.items() if name != PREFIX + ROW_WEIGHTS}
    with pytest.raises(InputError, match=f"array missing: {PREFIX}{ROW_WEIGHTS} .nearest preset: tiny"):
        load_parameters(write_npz(tmp_path / "x.npz", rest))


def test_a_file_without_a_single_block_is_told_what_it_lacks(arrays, tmp_path):
    for kept in ("evoformer/left_single//weights", "no array at all"):
        rest = {name: array for name, array in arrays.items() if name == PREFIX + kept}
        with pytest.raises(InputError, match=f"array missing: {PREFIX}distogram_head"):
            load_parameters(write_npz(tmp_path / "x.npz", rest))


def test_an_extra_array_is_named(arrays, tmp_path):
    extra = arrays | {f"{PREFIX}evoformer/novel//weights": np.ones((3, 2), np.float32)}
    with pytest.raises(InputError, match=f"no place for: {PREFIX}evoformer/novel//weights"):
        load_parameters(write_npz(tmp_path / "x.npz", extra))


@pytest.mark.parametrize("shape", [(2, 2, 16), (1, 16, 2), (3, 16, 2), (16, 2), ()])
def test_a_misshapen_array_is_named(arrays, tmp_path, shape):
    name = PREFIX + ROW_WEIGHTS
    assert arrays[name].shape == (2, 16, 2)
    path = write_npz(tmp_path / "x.npz", arrays | {name: np.ones(shape, np.float32)})
    with pytest.raises(InputError) as caught:
        load_parameters(path)
    assert f"array {name} has shape {shape}, the network needs (2, 16, 2)" in str(caught.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused_by_name(arrays, model, tmp_path, value):
    name = f"{PREFIX}evoformer/single_activations//bias"
    broken = arrays | {name: arrays[name].copy()}
    broken[name][3] = value
    with pytest.raises(InputError, match=f"record '{name}': parameters must be finite"):
        load_parameters(write_npz(tmp_path / "x.npz", broken))
    unfit = random_network()
    with torch.no_grad():
        unfit.single_activations.bias[3] = value
    save_parameters(unfit, tmp_path / "x.safetensors")
    with pytest.raises(InputError, match=r"record 'single_activations\.bias': parameters must be finite"):
        load_parameters(tmp_path / "x.safetensors")


def test_wider_and_narrower_floats_are_read_and_other_types_are_refused(arrays, tmp_path):
    name = f"{PREFIX}distogram_head/half_logits//bias"
    for dtype in (np.float64, np.float16):
        path = write_npz(tmp_path / "x.npz", arrays | {name: arrays[name].astype(dtype)})
        bias = load_parameters(path).model.distogram_head.half_logits.bias
        assert bias.dtype == torch.float32
        np.testing.assert_array_equal(bias.detach().numpy(), arrays[name].astype(dtype).astype(np.float32))
    for dtype in (np.int32, bool, np.complex64, "S4"):
        path = write_npz(tmp_path / "x.npz", arrays | {name: arrays[name].astype(dtype)})
        with pytest.raises(InputError, match=f"record '{name}': parameters are floating-point numbers"):
            load_parameters(path)


def test_object_arrays_are_refused(arrays, tmp_path):
    name = f"{PREFIX}distogram_head/half_logits//bias"
    path = write_npz(tmp_path / "x.npz", arrays | {name: np.array([{"a": 1}], dtype=object)})
    with pytest.raises(InputError, match=r"x\.npz: not a readable npz file .*allow_pickle=False"):
        load_parameters(path)


@pytest.mark.parametrize("name", ["x.npz", "x.safetensors", "x.pt"])
def test_files_that_are_something_else_are_refused(tmp_path, name):
    path = tmp_path / name
    for content in (b"", b"not parameters", b"\x93NUMPY\x01\x00", bytes(range(256)) * 40, b"{}" * 99):
        path.write_bytes(content)
        with pytest.raises(InputError, match=str(path)):
            load_parameters(path)
    np.save(tmp_path / "x.npy", np.ones(3))
    path.write_bytes((tmp_path / "x.npy").read_bytes())  # one array without names
    with pytest.raises(InputError, match=str(path)):
        load_parameters(path)


def test_a_missing_file_and_an_unknown_ending_are_told_apart(tmp_path, model):
    with pytest.raises(MissingRequirementError, match=r"no parameter file at .*x\.npz"):
        load_parameters(tmp_path / "x.npz")
    (tmp_path / "x.pkl").write_bytes(b"")
    with pytest.raises(InputError, match=r"parameters come as \.npz, \.pt, \.ckpt, \.safetensors"):
        load_parameters(tmp_path / "x.pkl")
    with pytest.raises(SettingsError, match=r"not '\.pt'"):
        save_parameters(model, tmp_path / "x.pt")
    with pytest.raises(SettingsError, match="no place for metadata"):
        save_parameters(model, tmp_path / "x.npz", {"a": "b"})
    with pytest.raises(SettingsError, match="cannot be called 'digest'"):
        save_parameters(model, tmp_path / "x.safetensors", {"digest": "b"})
    assert not (tmp_path / "x.safetensors").exists()
