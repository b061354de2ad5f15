from dataclasses import replace

import pytest
import torch

from sciml.data.alignment import Alignment
from sciml.errors import InputError
from sciml.structure.features.config import FeatureConfig
from sciml.structure.features.msa import encode_alignment
from sciml.structure.features.pipeline import make_features
from sciml.structure.training_data import (
    LOSSES_BY_ATOMS,
    TrainingBatches,
    TrainingData,
    alignment_folder,
    collate,
)
from tests.structure.ideal_helices import chain_set


def data(chains, alignments=None, **settings):
    return TrainingData(chains, TrainingData.Config(**settings), alignments)


def test_a_chain_break_reaches_the_features():
    batch = data(chain_set(["all"], gap_after=9)).whole_chain(0)
    assert batch["residue_index"][0, 8:12].tolist() == [8, 9, 15, 16]


def test_crops_are_stretches_of_their_chain_and_start_everywhere():
    chains = chain_set(["all"], lengths=[23])
    source, whole = data(chains, crop=20), data(chains).whole_chain(0)
    starts = set()
    for slot in range(40):
        example = source.example(0, 0, slot)
        start = int(example["residue_index"][0])
        starts.add(start)
        assert torch.equal(example["aatype"], whole["aatype"][0, start : start + 20])
        torch.testing.assert_close(
            example["all_atom_positions"], whole["all_atom_positions"][0, start : start + 20]
        )
        assert example["seq_mask"].min() == 1
    assert starts == {0, 1, 2, 3}


def test_a_short_chain_is_padded_with_nothing():
    chains = chain_set(["all"], lengths=[12])
    example, whole = data(chains, crop=20).example(0, 0, 0), data(chains).whole_chain(0)
    assert example["seq_mask"].tolist() == [1.0] * 12 + [0.0] * 8
    assert example["seq_length"] == 12
    for name in (
        "all_atom_mask",
        "atom14_gt_exists",
        "backbone_affine_mask",
        "chi_mask",
        "pseudo_beta_mask",
        "msa_mask",
    ):
        assert example[name].sum() == whole[name].sum(), name
    assert example["all_atom_positions"][12:].abs().sum() == 0
    assert all(torch.isfinite(value).all() for value in example.values())


def test_an_example_depends_on_its_name_alone():
    source = data(chain_set(["all", "backbone", "ca"], lengths=[40, 50, 60]), crop=16)
    alone = source.example(3, 7, 2)
    source.batch(0, 0, range(5))
    batch = source.batch(3, 7, [0, 1, 2])
    assert set(alone) == set(batch)
    for name, value in batch.items():
        torch.testing.assert_close(value[2], alone[name], atol=1e-6, rtol=0)
    others = [source.example(*name) for name in ((4, 7, 2), (3, 8, 2), (3, 7, 3))]
    assert not any(torch.equal(other["all_atom_positions"], alone["all_atom_positions"]) for other in others)
    joined = collate([source.example(3, 7, slot) for slot in range(3)])
    torch.testing.assert_close(joined["all_atom_positions"], batch["all_atom_positions"])


def test_another_pass_masks_anew_and_keeps_the_rest():
    source = data(chain_set(["all"], lengths=[60]), crop=60)
    first, second = (source.example(0, 0, 0, recycle) for recycle in (0, 1))
    assert not torch.equal(first["bert_mask"], second["bert_mask"])
    assert torch.equal(first["all_atom_positions"], second["all_atom_positions"])


def test_clusters_are_drawn_alike_however_many_chains_they_have():
    chains = chain_set(["all"] * 5, lengths=[10, 11, 12, 13, 14], clusters=["x", "x", "x", "x", "y"])
    lengths = torch.cat([data(chains, crop=14).batch(1, step, range(50))["seq_length"] for step in range(20)])
    # 1000 draws: standard error 0.016 of a half, 0.011 of an eighth.
    assert (lengths == 14).float().mean() == pytest.approx(0.5, abs=0.06)
    assert (lengths == 10).float().mean() == pytest.approx(0.125, abs=0.045)


def test_the_shares_of_kinds_of_chains_can_be_set():
    chains = chain_set(["all", "ca", "ca", "backbone"], clusters=["x", "x", "y", "z"])
    source = data(chains, crop=16, ca_only_share=0.1, complete_share=2 / 3)
    batches = [source.batch(2, step, range(50)) for step in range(20)]
    found = {
        name: torch.cat([batch[f"loss_mask/{name}"] for batch in batches]).mean() for name in LOSSES_BY_ATOMS
    }
    assert found["torsion"] == pytest.approx(0.6, abs=0.06)
    assert found["backbone_fape"] == pytest.approx(0.9, abs=0.04)
    assert found["distogram"] == 1
    source = data(chains, crop=16, ca_only_share=0.2)
    share = torch.cat(
        [source.batch(3, step, range(50))["loss_mask/backbone_fape"] for step in range(20)]
    ).mean()
    assert share == pytest.approx(0.8, abs=0.05)
    with pytest.raises(ValueError, match=r"0\.1 is for ca chains, and there are none"):
        data(chain_set(["all"]), ca_only_share=0.1)
    assert data(chain_set(["all"]), ca_only_share=0.0).example(0, 0, 0)["loss_mask/torsion"] == 1


def test_nine_examples_in_ten_are_clamped():
    source = data(chain_set(["all"]), crop=8)
    clamped = torch.cat([source.batch(0, step, range(50))["use_clamped_fape"] for step in range(20)])
    assert clamped.mean() == pytest.approx(0.9, abs=0.04)


def test_a_lost_resolution_gets_the_stated_value():
    source = data(chain_set(["all", "all"], resolutions=[1.25, None]), unknown_resolution_angstrom=2.0)
    assert [source.whole_chain(number)["resolution"].item() for number in (0, 1)] == [1.25, 2.0]


def test_batches_resume_at_their_step():
    source = data(chain_set(["all", "backbone"]), crop=8)
    whole, resumed = (TrainingBatches(source, 5, first, 4 - first, slots=[0, 1]) for first in (0, 2))
    assert len(resumed) == 2
    for name, value in whole[3].items():
        assert torch.equal(value, resumed[1][name]), name
    with pytest.raises(IndexError):
        whole[4]


def test_alignments_of_a_folder_are_cropped_with_their_chain(tmp_path):
    chains = chain_set(["all", "all"], lengths=[12, 12])
    sequence = chains.chain(0).sequence
    rows = [sequence, "W" * 12, "-" * 6 + "C" * 6]
    (tmp_path / "c0.a3m").write_text("".join(f">{number}\n{row}\n" for number, row in enumerate(rows)))
    features = FeatureConfig(max_msa_clusters=2, max_extra_msa=3, mask_fraction=0.0)
    source = data(chains, alignment_folder(tmp_path), crop=5, features=features)
    batch = source.batch(0, 0, range(8))
    assert batch["msa_feat"].shape == (8, 2, 5, 49)
    has_rows = batch["msa_row_mask"].sum(-1) == 2
    assert 0 < has_rows.sum() < 8
    assert torch.equal(has_rows, batch["aatype"][:, 0] == batch["residue_index"][:, 0])
    assert batch["extra_msa_row_mask"].sum(-1).tolist() == has_rows.float().tolist()
    assert torch.equal(batch["true_msa"][:, 0], batch["aatype"])
    (tmp_path / "c1.a3m").write_text(f">query\n{'A' * 12}\n")
    with pytest.raises(InputError, match="record 'c1': row 0 of the alignment"):
        data(chains, alignment_folder(tmp_path), crop=5, features=features).batch(0, 0, range(8))
    with pytest.raises(InputError, match="no such folder"):
        alignment_folder(tmp_path / "missing")


def test_training_features_are_those_of_prediction():
    """One sequence gives the same arrays on both ways in, apart from the seed of the mask."""
    chains = chain_set(["all"], lengths=[15])
    config = replace(FeatureConfig(), mask_fraction=0.0)
    trained = data(chains, features=config).whole_chain(0)
    predicted = make_features(encode_alignment(Alignment.of_query(chains.chain(0).sequence)), config, seed=0)
    for name, value in predicted.items():
        assert torch.equal(trained[name], value), name


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="at least 4 residues"):
        TrainingData.Config(crop=3)
    for bad in (
        {"clamped_share": 1.5},
        {"ca_only_share": -0.1},
        {"ca_only_share": 0.1, "complete_share": 2.0},
    ):
        with pytest.raises(ValueError, match="between 0 and 1"):
            TrainingData.Config(**bad)
    with pytest.raises(ValueError, match="complete_share divides"):
        TrainingData.Config(complete_share=0.5)
