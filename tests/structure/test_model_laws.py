"""Laws of the whole network: what must not matter does not, and what must does.

Tolerances are relative to the root mean square of each array: float32 rounding through all blocks.
"""

import pytest
import torch

from sciml.structure import chunking
from sciml.structure.features.pipeline import pad_axis
from sciml.structure.model import AlphaFold
from tests.structure.networks import (
    ALL,
    PAIR_AND_STRUCTURE,
    RESIDUES,
    ROUNDING,
    TINY,
    assert_differs,
    assert_same,
    features_with_holes,
    random_features,
    random_network,
    run,
    with_holes,
    worst,
)


@pytest.fixture(scope="module")
def model():
    return random_network()


def test_padding_residues_changes_nothing_for_the_real_ones(model):
    """Values at padded positions themselves are large: their mean over no sequence is divided by 1e-3."""
    padded_to = RESIDUES + 4
    plain = random_features()
    padded = with_holes(random_features(pad_to_res=padded_to))
    real = {name: padded[name][..., :RESIDUES] for name in ("msa_mask", "extra_msa_mask")}
    found, expected = run(model, padded, 2), run(model, plain | real, 2)
    for name in ALL:
        array = found[name]
        for axis in range(1, array.ndim):
            if array.shape[axis] == padded_to and expected[name].shape[axis] == RESIDUES:
                array = array.narrow(axis, 0, RESIDUES)
        assert worst(array, expected[name]) < 1e-4, name
    assert found["representations/pair"][:, RESIDUES:].abs().max() > 10


@pytest.mark.parametrize(("axis", "size"), [("seq", 9), ("extra", 12)])
def test_padding_rows_changes_nothing(model, axis, size):
    features = features_with_holes()
    single = {name: array[0] for name, array in features.items()}
    padded = {name: array[None] for name, array in pad_axis(single, axis, size).items()}
    rows = features["msa_feat"].shape[1]
    found = run(model, padded)
    for name in ("representations/msa", "masked_msa/logits"):
        found[name] = found[name][:, :rows]
    assert_same(found, run(model, features))


MSA_ARRAYS = ("msa_feat", "msa_mask", "msa_row_mask", "bert_mask", "true_msa")
EXTRA_ARRAYS = (
    "extra_msa",
    "extra_msa_mask",
    "extra_msa_row_mask",
    "extra_has_deletion",
    "extra_deletion_value",
)


def test_the_order_of_msa_rows_after_the_query_does_not_matter(model):
    features = features_with_holes()
    order = torch.tensor([0, 4, 2, 5, 1, 3])
    shuffled = features | {name: features[name][:, order] for name in MSA_ARRAYS}
    found, expected = run(model, shuffled), run(model, features)
    assert_same(found, expected, PAIR_AND_STRUCTURE)
    for name in ("representations/msa", "masked_msa/logits"):
        assert worst(found[name], expected[name][:, order]) < ROUNDING
    swapped = torch.tensor([1, 0, 2, 3, 4, 5])
    other_query = features | {name: features[name][:, swapped] for name in MSA_ARRAYS}
    assert_differs(run(model, other_query), expected)


def test_the_order_of_extra_rows_does_not_matter_but_their_content_does(model):
    features = features_with_holes()
    order = torch.tensor([6, 3, 0, 5, 1, 4, 2])
    shuffled = features | {name: features[name][:, order] for name in EXTRA_ARRAYS}
    expected = run(model, features)
    assert_same(run(model, shuffled), expected)
    assert_differs(run(model, features | {"extra_msa": features["extra_msa"].flip(2)}), expected)


TEMPLATE_ARRAYS = (
    "template_aatype",
    "template_all_atom_positions",
    "template_all_atom_masks",
    "template_pseudo_beta",
    "template_pseudo_beta_mask",
    "template_mask",
)


def test_the_order_of_templates_does_not_matter(model):
    features = features_with_holes()
    order = torch.tensor([2, 1, 0])
    expected = run(model, features)
    assert_same(run(model, features | {n: features[n][:, order] for n in TEMPLATE_ARRAYS}), expected)
    assert_differs(run(model, features_with_holes(templates=1)), expected)


def test_a_template_that_is_not_there_changes_nothing(model):
    """Its mask is 0; that its MSA row is masked too follows from its atoms, of which it has none."""
    features = features_with_holes()
    cut = features | {name: features[name][:, :2] for name in TEMPLATE_ARRAYS}
    expected = run(model, features)
    assert_same(run(model, cut), expected)
    junk = {name: features[name].clone() for name in ("template_aatype", "template_pseudo_beta")}
    junk["template_aatype"][:, 2], junk["template_pseudo_beta"][:, 2] = 7, 3.0
    assert_same(run(model, features | junk), expected)


def test_without_any_template_the_network_is_the_one_without_template_features(model):
    none = features_with_holes(templates=0)
    without = {name: array for name, array in none.items() if not name.startswith("template_")}
    assert_same(run(model, none), run(model, without))
    empty = none | {name: none[name][:, :0] for name in TEMPLATE_ARRAYS}
    assert_same(run(model, empty), run(model, without))


@pytest.mark.parametrize("block_bytes", [1, 20_000, 2**40])
def test_the_size_of_row_blocks_does_not_matter(model, monkeypatch, block_bytes):
    features = features_with_holes()
    expected = run(model, features)
    blocks = []
    rows_per_block = chunking.rows_per_block
    monkeypatch.setattr(chunking, "CPU_BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(
        chunking, "rows_per_block", lambda *a: blocks.append(rows_per_block(*a)) or blocks[-1]
    )
    assert_same(run(model, features), expected, tolerance=1e-5)
    assert (set(blocks) == {1}) == (block_bytes == 1)
    assert (min(blocks) > 1000) == (block_bytes == 2**40)


def test_the_path_with_gradients_computes_the_same_as_the_one_in_place(model):
    features = features_with_holes()
    found = model(features, recycles=1)
    assert found["structure_module/final_atom_positions"].requires_grad
    expected = run(model, features)
    assert_same({name: array.detach() for name, array in found.items()}, expected)


def test_a_batch_of_three_is_three_single_runs(model):
    singles = [with_holes(random_features(seed=seed), seed) for seed in range(3)]
    batch = {name: torch.cat([single[name] for single in singles]) for name in singles[0]}
    found = run(model, batch)
    for number, single in enumerate(singles):
        one = {name: array[number : number + 1] for name, array in found.items()}
        assert_same(one, run(model, single))


def test_a_batch_of_chains_of_different_lengths_is_the_single_runs(model):
    singles = [random_features(residues, seed=residues, pad_to_res=12) for residues in (7, 12)]
    found = run(model, {name: torch.cat([single[name] for single in singles]) for name in singles[0]})
    alone = run(model, random_features(7, seed=7))
    positions = found["structure_module/final_atom_positions"][:1, :7]
    assert worst(positions, alone["structure_module/final_atom_positions"]) < 1e-4


def test_dropout_is_on_in_training_off_in_evaluation_and_repeatable(model):
    features = features_with_holes()
    expected = run(model, features)
    model.train()
    try:
        torch.manual_seed(1)
        first = run(model, features)
        torch.manual_seed(1)
        again = run(model, features)
        torch.manual_seed(2)
        other = run(model, features)
    finally:
        model.eval()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert_differs(first, expected)
    assert_differs(first, other)
    assert all(torch.equal(array, expected[name]) for name, array in run(model, features).items())


def test_the_distogram_is_symmetric_and_the_aligned_error_is_not(model):
    outputs = run(model, features_with_holes())
    distogram, pae = (outputs[f"{head}/logits"] for head in ("distogram", "predicted_aligned_error"))
    assert torch.equal(distogram, distogram.transpose(1, 2))
    assert worst(pae, pae.transpose(1, 2)) > 0.1


def test_residue_numbers_count_by_their_differences_up_to_32(model):
    features = features_with_holes()
    expected = run(model, features)
    moved = features | {"residue_index": features["residue_index"] + 100}
    assert all(torch.equal(array, expected[name]) for name, array in run(model, moved).items())
    far, farther = (features["residue_index"].clone() for _ in range(2))
    far[:, 6:] += 60
    farther[:, 6:] += 600
    outputs = run(model, features | {"residue_index": far})
    assert_differs(outputs, expected)
    assert_same(run(model, features | {"residue_index": farther}), outputs, tolerance=1e-12)


def test_a_fresh_network_is_the_same_for_the_same_seed():
    states = []
    for _ in range(2):
        torch.manual_seed(5)
        states.append(AlphaFold(TINY).state_dict())
    assert all(torch.equal(states[0][name], array) for name, array in states[1].items())
