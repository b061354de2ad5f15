import numpy as np
import pytest
import torch

from sciml.errors import InputError
from sciml.structure.losses.total import LossConfig, structure_loss
from sciml.structure.parity import (
    compare,
    compare_array,
    named_outputs,
    read_arrays,
    read_batch,
    recycling_edge_angstrom,
    run_parity,
)
from tests.structure.networks import features_with_holes, random_labels, random_network, run
from tests.structure.parity_case import as_reference, write_case

LOGITS, ATOMS = "distogram/logits", "structure_module/final_atom_positions"


@pytest.fixture(scope="module")
def model():
    return random_network()


def verdicts(comparisons):
    return {one.name: one.passes for one in comparisons}


def off(reference, name, by):
    """The reference with one number of one array changed."""
    changed = reference | {name: reference[name].copy()}
    changed[name].flat[changed[name].size // 2] += by
    return changed


def test_the_network_agrees_with_its_own_outputs_in_every_array(model, tmp_path):
    reference = write_case(tmp_path, recycles=2)
    comparisons = run_parity(model, read_batch(tmp_path / "batch.npz", 3), reference, None)
    assert all(one.passes and not one.reason for one in comparisons)
    assert max(one.max_absolute for one in comparisons) < 1e-4
    named = {one.name.split(" ")[0] for one in comparisons}
    assert named == set(reference)
    assert {f"structure_module/sidechains/frames/rot/{axes}" for axes in ("xx", "xy", "zy")} <= named


@pytest.mark.parametrize(
    ("name", "by", "failing"),
    [
        (LOGITS, 1e-2, LOGITS),
        (ATOMS, 1e-2, ATOMS),
        ("structure_module/sidechains/frames/rot/xy", 1e-2, "structure_module/sidechains/frames/rot/xy"),
        ("structure_module/sidechains/atom_pos/z", 1e-2, "structure_module/sidechains/atom_pos/z"),
        ("representations/single", 1e-2, "representations/single"),
        ("structure_module/final_atom_mask", 1e-2, "structure_module/final_atom_mask"),
        (LOGITS, np.nan, LOGITS),
        (LOGITS, np.inf, LOGITS),
    ],
)
def test_one_number_that_is_off_fails_its_array_and_no_other(model, name, by, failing):
    features = features_with_holes()
    reference = as_reference(run(model, features, 0))
    found = verdicts(run_parity(model, [features], off(reference, name, by), None))
    assert [array for array, passes in found.items() if not passes] == [failing]


def test_positions_and_quaternions_of_the_trajectory_are_judged_apart(model):
    features = features_with_holes()
    reference = as_reference(run(model, features, 0))
    for axis, part in ((1, "(quaternion)"), (5, "(translation)")):
        changed = reference | {"structure_module/traj": reference["structure_module/traj"].copy()}
        changed["structure_module/traj"][2, 3, axis] += 1e-2
        found = verdicts(run_parity(model, [features], changed, None))
        assert [name for name, passes in found.items() if not passes] == [f"structure_module/traj {part}"]


def test_the_wrong_number_of_passes_or_other_parameters_fail(model):
    features = features_with_holes()
    reference = as_reference(run(model, features, 1))
    assert all(verdicts(run_parity(model, [features] * 2, reference, None)).values())
    for other, passes in ((model, 1), (model, 3), (random_network(seed=1), 2)):
        found = verdicts(run_parity(other, [features] * passes, reference, None))
        assert not found[LOGITS]
        assert not found[ATOMS]


@pytest.mark.parametrize(
    ("name", "recycles", "error", "passes"),
    [
        (LOGITS, 0, 0.9e-4, True),  # of the root mean square, which is 2
        (LOGITS, 0, 1.1e-4, False),
        (LOGITS, 3, 4.9e-4, True),
        (LOGITS, 3, 5.1e-4, False),
        (ATOMS, 0, 4.9e-3 / 2, True),  # Å
        (ATOMS, 0, 5.1e-3 / 2, False),
        (ATOMS, 1, 1.9e-2 / 2, True),
        (ATOMS, 1, 2.1e-2 / 2, False),
    ],
)
def test_tolerances_are_of_the_rms_or_in_angstrom_and_grow_with_recycling(name, recycles, error, passes):
    reference = np.full((3, 4), 2.0)
    ours = reference.copy()
    ours[1, 2] += 2 * error
    found = compare_array(name, ours, reference, recycles)
    assert found.passes == passes
    assert found.max_absolute == pytest.approx(2 * error)
    assert found.max_relative == pytest.approx(error)


def test_an_array_of_another_shape_fails_with_both_shapes():
    found = compare_array(LOGITS, np.ones((3, 4)), np.ones((4, 3)), 0)
    assert not found.passes
    assert found.reason == "shape (3, 4), reference (4, 3)"


@pytest.mark.parametrize(
    "name",
    [
        "total_loss",
        "structure_module/sidechain_fape",
        "structure_module/metrics/violations_per_residue",
        "structure_module/violations/within_residues/per_atom_violations",
        "distogram/true_dist",
    ],
)
def test_what_follows_from_a_ground_truth_is_excused_without_one(name):
    (without,) = compare({}, {name: np.ones(())}, 0, has_truth=False)
    assert (without.passes, without.reason) == (True, "needs a ground truth (--truth FILE)")
    (missing,) = compare({}, {name: np.ones(())}, 0, has_truth=True)
    assert (missing.passes, missing.reason) == (False, "unknown to this network")
    (found,) = compare({name: np.ones(())}, {name: np.ones(())}, 0, has_truth=True)
    assert (found.passes, found.reason) == (True, "")


@pytest.mark.parametrize("has_truth", [True, False])
@pytest.mark.parametrize("name", ["predicted_aligned_error/logits", "novel/array"])
def test_an_output_that_the_network_does_not_have_fails(name, has_truth):
    (found,) = compare({}, {name: np.ones(3)}, 0, has_truth=has_truth)
    assert (found.passes, found.reason) == (False, "unknown to this network")


def test_losses_are_those_of_fine_tuning_with_a_ground_truth(model):
    features, labels = features_with_holes(), random_labels()
    outputs = run(model, features, 0)
    config = LossConfig.fine_tuning(pae=True, scale_by_length=False)
    losses = {
        name: loss.numpy()[0] for name, loss in structure_loss(outputs, features, labels, config).items()
    }
    reference = {
        "total_loss": losses["total"],
        "distogram/loss": losses["distogram"],
        "predicted_lddt/loss": losses["plddt"],
        "structure_module/sidechain_fape": losses["sidechain_fape"],
    }
    found = run_parity(model, [features], reference, labels)
    assert [(one.name, one.passes, one.reason) for one in found] == [(name, True, "") for name in reference]
    moved = labels | {"pseudo_beta": labels["pseudo_beta"] * 1.5}
    found = verdicts(run_parity(model, [features], reference, moved))
    assert found == dict.fromkeys(reference, True) | {"total_loss": False, "distogram/loss": False}


def test_confidences_follow_from_the_logits(model):
    arrays = named_outputs(run(model, features_with_holes(), 0))
    logits = arrays["predicted_lddt/logits"].astype(np.float64)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    expected = 100 * weights @ (np.arange(0.5, 50) / 50) / weights.sum(-1)
    np.testing.assert_allclose(arrays["confidence/plddt"], expected, rtol=1e-5)
    assert arrays["confidence/ptm"].shape == ()


def test_a_batch_with_one_entry_for_each_pass_is_read_in_order(tmp_path):
    features = [features_with_holes(recycle=number) for number in range(3)]
    stacked = {name: torch.cat([one[name] for one in features]).numpy() for name in features[0]}
    np.savez(tmp_path / "batch.npz", **stacked)
    read = read_batch(tmp_path / "batch.npz", passes=3)
    for one, expected in zip(read, features, strict=True):
        assert all(torch.equal(one[name], array) for name, array in expected.items())
    first = read_batch(tmp_path / "batch.npz", passes=2)  # the batch of three recycles, the outputs of one
    assert len(first) == 2
    assert torch.equal(first[1]["msa_feat"], features[1]["msa_feat"])
    with pytest.raises(InputError, match="leading axis of 1, or of one entry for each of the 4 passes"):
        read_batch(tmp_path / "batch.npz", passes=4)
    np.savez(tmp_path / "batch.npz", **(stacked | {"aatype": stacked["aatype"][:1]}))
    with pytest.raises(InputError, match="for each of the 3 passes"):
        read_batch(tmp_path / "batch.npz", passes=3)


def test_the_nearest_edge_of_the_recycled_bins_is_that_of_the_nearest_pair():
    positions = torch.zeros(1, 3, 37, 3)
    positions[0, :, 3, 0] = torch.tensor([0.0, 4.6, 30.0])  # 4.5 is an edge, 20.75 the last
    aatype = torch.zeros(1, 3, dtype=torch.int32)
    found = recycling_edge_angstrom({"structure_module/final_atom_positions": positions}, aatype)
    assert found == pytest.approx(0.1, abs=1e-5)
    alone = {"structure_module/final_atom_positions": positions[:, :1]}
    assert recycling_edge_angstrom(alone, aatype[:, :1]) == float("inf")


@pytest.mark.parametrize("name", ["msa_feat", "extra_msa_mask", "atom37_atom_exists"])
def test_an_array_that_the_batch_lacks_is_named(tmp_path, name):
    features = features_with_holes()
    del features[name]
    np.savez(tmp_path / "batch.npz", **{name: array.numpy() for name, array in features.items()})
    with pytest.raises(InputError, match=f"batch.npz: the batch has no array '{name}'"):
        read_batch(tmp_path / "batch.npz", 1)


def test_object_arrays_and_files_of_other_kinds_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="not a readable npz file of plain arrays"):
        read_arrays(tmp_path / "x.npz")
    (tmp_path / "x.npz").write_text("text")
    with pytest.raises(InputError, match="not a readable npz file of plain arrays"):
        read_arrays(tmp_path / "x.npz")
