import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from sciml.data.alignment import Alignment
from sciml.data.chains import ChainRecord, ChainSet
from sciml.errors import InputError
from sciml.structure.all_atom import frames_to_atom14, torsion_angles_to_frames
from sciml.structure.features.config import FeatureConfig
from sciml.structure.features.msa import encode_alignment
from sciml.structure.features.pipeline import make_features
from sciml.structure.rigid import Rigid
from sciml.structure.training_data import (
    LOSSES_BY_ATOMS,
    TrainingBatches,
    TrainingData,
    alignment_folder,
    collate,
)
from sciml.structure.training_labels import LABEL_NAMES, virtual_beta

LETTERS = "ARNDCQEGHILKMFPSTWYV"
ASP, GLY, PHE, TYR = (LETTERS.index(letter) for letter in "DGFY")


def helix(num_res, seed=0):
    """An ideal α-helix with every amino acid and random chi angles: aatype, frames, torsions (sin, cos),
    atom14."""
    rng = np.random.default_rng(seed)
    aatype = torch.from_numpy((np.arange(num_res) + seed) % 20)
    turn = torch.arange(num_res) * math.radians(100)
    cos, sin, zero = turn.cos(), turn.sin(), torch.zeros(num_res)
    rows = [torch.stack(row, -1) for row in ((cos, -sin, zero), (sin, cos, zero), (zero, zero, zero + 1))]
    about_axis = Rigid(torch.stack(rows, -2), torch.stack([zero, zero, 1.5 * torch.arange(num_res)], -1))
    # N, CA and C of an α-helix in cylindrical coordinates (Arnott & Dover, J. Mol. Biol. 30:209, 1967).
    atoms = [(1.55, -27.0, -0.9), (2.29, 0.0, 0.0), (1.68, 26.0, 1.1)]
    n, ca, c = (
        torch.tensor([r * math.cos(math.radians(a)), r * math.sin(math.radians(a)), z]) for r, a, z in atoms
    )
    backbone = about_axis.compose(Rigid.from_backbone(n, ca, c))
    angles = torch.from_numpy(rng.uniform(-3, 3, (num_res, 7)).astype(np.float32))
    torsions = torch.stack([angles.sin(), angles.cos()], -1)
    atom14 = frames_to_atom14(aatype, torsion_angles_to_frames(aatype, backbone, torsions))
    return aatype, backbone, angles, atom14


def chain_set(kinds, lengths=None, clusters=None, resolutions=None, gap_after=None):
    """Ideal helices as a data set: one chain for each kind (all, backbone, ca)."""
    lengths = lengths or [30] * len(kinds)
    records, arrays = [], {"aatype": [], "residue_index": [], "coords": [], "mask": []}
    for number, (kind, length) in enumerate(zip(kinds, lengths, strict=True)):
        aatype, _, _, atom14 = helix(length, seed=number)
        mask = (atom14.abs().sum(-1) > 0).numpy().astype(np.uint8)
        if kind == "backbone":
            mask[:, 3:5] *= 2
            mask[:, 5:] = 0
        if kind == "ca":
            mask[:, 0], mask[:, 2:] = 0, 0
        index = np.arange(length) + (5 * (np.arange(length) > gap_after) if gap_after is not None else 0)
        arrays["aatype"].append(aatype.numpy().astype(np.int8))
        arrays["residue_index"].append(index.astype(np.int32))
        arrays["coords"].append(np.round(atom14.numpy() * 100).astype(np.int16) * (mask > 0)[..., None])
        arrays["mask"].append(mask)
        cluster = clusters[number] if clusters else str(number)
        resolution = resolutions[number] if resolutions else None
        records.append(
            ChainRecord(f"c{number}", "train", length, cluster, kind, resolution, "", "s.npz", number)
        )
    joined = {name: np.concatenate(parts) for name, parts in arrays.items()}
    return ChainSet(records, np.cumsum([0, *lengths]), joined, "0" * 64)


def data(chains, alignments=None, **settings):
    return TrainingData(chains, TrainingData.Config(**settings), alignments)


def test_labels_of_an_ideal_helix_are_what_it_was_built_from():
    aatype, backbone, angles, atom14 = helix(30)
    labels = data(chain_set(["all"])).whole_chain(0)
    assert set(LABEL_NAMES) <= set(labels)
    # Coordinates are stored to 0.005 Å, which turns a frame by up to about 0.005 rad.
    torch.testing.assert_close(labels["atom14_gt_positions"][0], atom14, atol=0.0051, rtol=0)
    frames = Rigid.from_tensor12(labels["rigidgroups_gt_frames"][0, :, 0])
    torch.testing.assert_close(frames.rotation, backbone.rotation, atol=0.02, rtol=0)
    quaternion = Rigid.from_tensor7(labels["backbone_affine_tensor"][0])
    torch.testing.assert_close(quaternion.rotation, frames.rotation, atol=1e-5, rtol=0)
    torch.testing.assert_close(quaternion.translation, atom14[:, 1], atol=0.0051, rtol=0)
    turn = labels["chi_angles"][0] - angles[:, 3:]
    off = torch.atan2(turn.sin(), turn.cos()).abs() * labels["chi_mask"][0]
    assert off.max() < 0.03
    assert (
        labels["chi_mask"][0].sum()
        == torch.tensor([0, 4, 2, 2, 1, 3, 3, 0, 2, 2, 2, 4, 3, 2, 2, 1, 1, 2, 2, 1] * 2)[:30].sum()
    )
    beta = torch.where((aatype == GLY)[:, None], atom14[:, 1], atom14[:, 4])
    torch.testing.assert_close(labels["pseudo_beta"][0], beta, atol=0.0051, rtol=0)
    assert labels["pseudo_beta_mask"].min() == 1


def test_a_helix_looks_the_same_from_each_of_its_residues():
    labels = data(chain_set(["all"])).whole_chain(0)
    frames = Rigid.from_tensor7(labels["backbone_affine_tensor"][0])
    steps = frames[:-1].invert().compose(frames[1:])
    torch.testing.assert_close(steps.translation, steps.translation[:1].expand(29, 3), atol=0.05, rtol=0)
    torch.testing.assert_close(steps.rotation, steps.rotation[:1].expand(29, 3, 3), atol=0.03, rtol=0)


def test_symmetric_side_chains_have_an_alternative_with_swapped_names():
    labels = data(chain_set(["all"])).whole_chain(0)
    truth, alternative = labels["atom14_gt_positions"][0], labels["atom14_alt_gt_positions"][0]
    assert torch.equal(truth[ASP, [6, 7]], alternative[ASP, [7, 6]])
    assert torch.equal(truth[PHE, [6, 7, 8, 9]], alternative[PHE, [7, 6, 9, 8]])
    assert labels["atom14_atom_is_ambiguous"][0, [ASP, PHE, TYR, GLY]].sum(-1).tolist() == [2, 4, 4, 0]
    same = labels["atom14_atom_is_ambiguous"][0] == 0
    assert torch.equal(truth[same], alternative[same])


def test_a_backbone_chain_teaches_its_backbone_and_its_rebuilt_beta():
    labels = data(chain_set(["backbone"])).whole_chain(0)
    assert labels["all_atom_mask"].sum() == 3 * 30
    assert labels["backbone_affine_mask"].min() == 1
    assert labels["pseudo_beta_mask"].min() == 1
    assert labels["chi_mask"].sum() == 0
    complete = data(chain_set(["all"])).whole_chain(0)
    torch.testing.assert_close(labels["pseudo_beta"], complete["pseudo_beta"])
    torch.testing.assert_close(labels["backbone_affine_tensor"], complete["backbone_affine_tensor"])
    masks = {name: labels[f"loss_mask/{name}"].item() for name in LOSSES_BY_ATOMS}
    assert [name for name in masks if masks[name] == 0] == [
        "sidechain_fape",
        "torsion",
        "experimentally_resolved",
    ]


def test_a_ca_only_chain_teaches_the_distogram_alone():
    labels = data(chain_set(["ca"])).whole_chain(0)
    assert labels["backbone_affine_mask"].sum() == 0
    assert labels["all_atom_mask"].sum() == 30
    assert {name for name in LOSSES_BY_ATOMS if labels[f"loss_mask/{name}"].item()} == {
        "distogram",
        "masked_msa",
    }
    # Both ends lack a neighbour, so their Cβ is unknown; none of them is a glycine.
    assert labels["pseudo_beta_mask"][0].tolist() == [0.0] + [1.0] * 28 + [0.0]
    truth = data(chain_set(["all"])).whole_chain(0)["pseudo_beta"]
    off = (labels["pseudo_beta"] - truth).norm(dim=-1)[0, 1:-1]
    assert off.max() < 0.4
    assert off[GLY - 1] == 0


def test_virtual_beta_turns_with_the_chain_and_not_with_its_mirror_image():
    alpha = helix(8)[3][:, 1]
    ones, index = torch.ones(8), torch.arange(8)
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0)))[0]
    rotation = rotation * torch.linalg.det(rotation)
    beta, mask = virtual_beta(alpha, ones, index)
    turned, _ = virtual_beta(alpha @ rotation.T + 3, ones, index)
    torch.testing.assert_close(turned[1:-1], beta[1:-1] @ rotation.T + 3, atol=1e-4, rtol=0)
    mirror = torch.tensor([1.0, 1.0, -1.0])
    mirrored, _ = virtual_beta(alpha * mirror, ones, index)
    assert (mirrored[1:-1] - beta[1:-1] * mirror).norm(dim=-1).min() > 1
    assert mask.tolist() == [0, 1, 1, 1, 1, 1, 1, 0]


def test_virtual_beta_needs_both_neighbours():
    alpha = helix(8)[3][:, 1]
    known = torch.tensor([1.0, 1, 1, 1, 1, 1, 0, 1])
    _, mask = virtual_beta(alpha, known, torch.tensor([0, 1, 2, 5, 6, 7, 8, 9]))
    assert mask.tolist() == [0, 1, 0, 0, 1, 0, 0, 0]


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
    source = data(chains, crop=16, atom_shares=(0.6, 0.3, 0.1))
    batches = [source.batch(2, step, range(50)) for step in range(20)]
    found = {
        name: torch.cat([batch[f"loss_mask/{name}"] for batch in batches]).mean() for name in LOSSES_BY_ATOMS
    }
    assert found["torsion"] == pytest.approx(0.6, abs=0.06)
    assert found["backbone_fape"] == pytest.approx(0.9, abs=0.04)
    assert found["distogram"] == 1
    with pytest.raises(ValueError, match="10% 'ca' chains"):
        data(chain_set(["all"]), atom_shares=(0.9, 0.0, 0.1))
    only_all = data(chain_set(["all"]), atom_shares=(1.0, 0.0, 0.0))
    assert only_all.example(0, 0, 0)["loss_mask/torsion"] == 1


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
    for bad in ({"clamped_share": 1.5}, {"atom_shares": (0.5, 0.4, 0.0)}, {"atom_shares": (1.2, -0.2, 0.0)}):
        with pytest.raises(ValueError, match="between 0 and 1"):
            TrainingData.Config(**bad)
