from dataclasses import replace

import numpy as np
import pytest
import torch

from sciml.data.alignment import Alignment
from sciml.errors import InputError
from sciml.structure.config import PRESETS
from sciml.structure.features.config import FEATURE_PRESETS, FeatureConfig, feature_preset
from sciml.structure.features.msa import encode_alignment
from sciml.structure.features.pipeline import make_features
from sciml.structure.features.templates import TemplateChain

LETTERS = "ARNDCQEGHILKMFPSTWYV-"
SMALL = FeatureConfig(max_msa_clusters=6, max_extra_msa=5)


def random_alignment(num_rows, num_res, seed=0):
    rng = np.random.default_rng(seed)
    query = "".join(rng.choice(list(LETTERS[:20]), num_res))
    others = ["".join(rng.choice(list(LETTERS), num_res)) for _ in range(num_rows - 1)]
    deletions = rng.integers(0, 4, (num_rows, num_res)).astype(np.int32)
    deletions[0] = 0
    return Alignment((query, *others), deletions, tuple(str(n) for n in range(num_rows)))


def test_features_of_a_pass_follow_from_the_rows_they_show():
    alignment = random_alignment(30, 12)
    msa = encode_alignment(alignment)
    features = make_features(alignment, replace(SMALL, mask_fraction=0.3), seed=1)
    assert features["true_msa"].shape == (1, 6, 12)
    assert torch.equal(features["true_msa"][0, 0], msa.letters[0].long())
    hot = features["msa_feat"][0, ..., :23]
    assert torch.equal(hot.sum(-1), torch.ones(6, 12))
    unmasked = features["bert_mask"][0] == 0
    assert torch.equal(hot.argmax(-1)[unmasked], features["true_msa"][0][unmasked])
    assert (hot.argmax(-1)[~unmasked] == 22).float().mean() > 0.4
    rows = [
        row
        for letters in features["true_msa"][0]
        for row in range(30)
        if torch.equal(msa.letters[row].long(), letters)
    ]
    deletions = msa.deletions[rows]
    assert torch.equal(features["msa_feat"][0, ..., 23], (deletions > 0).float())
    np.testing.assert_allclose(
        features["msa_feat"][0, ..., 24], 2 / np.pi * np.arctan(deletions.numpy() / 3), atol=1e-6
    )
    extra = [
        row
        for letters in features["extra_msa"][0]
        for row in range(30)
        if torch.equal(msa.letters[row].long(), letters)
    ]
    assert len(extra) == 5
    assert not set(extra) & set(rows)
    assert torch.equal(features["extra_has_deletion"][0], (msa.deletions[extra] > 0).float())


def test_clusters_count_every_row_that_is_left_out_also_beyond_the_extra_rows():
    features = make_features(random_alignment(30, 12), SMALL, seed=1)
    profile = features["msa_feat"][0, ..., 25:48]
    # A profile over n rows is a multiple of 1/n, n - 1 rows having joined the centre; in all 24 rows were
    # left out.
    smallest = torch.where(profile > 1e-4, profile, torch.inf).amin((1, 2))
    sizes = torch.round(1 / smallest)
    assert sizes.sum() == 30


def test_letters_are_masked_before_rows_are_clustered():
    """With every centre hidden no row agrees with any, so all join the first; clustered earlier they would
    spread."""
    hidden = FeatureConfig(
        max_msa_clusters=6,
        mask_fraction=1.0,
        uniform_probability=0.0,
        profile_probability=0.0,
        same_probability=0.0,
    )
    profile = make_features(random_alignment(30, 12), hidden, seed=1)["msa_feat"][0, ..., 25:48]
    np.testing.assert_allclose(profile[0, :, 22], 1 / 25, rtol=1e-5)
    np.testing.assert_allclose(profile[1:, :, 22], 1, rtol=1e-5)


def test_row_zero_is_the_query_for_every_seed_and_pass():
    alignment = encode_alignment(random_alignment(20, 8))
    for seed in range(5):
        for recycle in range(3):
            features = make_features(alignment, SMALL, seed=seed, recycle=recycle)
            assert torch.equal(features["true_msa"][0, 0], features["aatype"][0])


def test_a_seed_repeats_and_each_pass_draws_anew():
    alignment = random_alignment(20, 8)
    first, again, next_pass, other = (
        make_features(alignment, SMALL, seed=seed, recycle=recycle)
        for seed, recycle in ((4, 0), (4, 0), (4, 1), (5, 0))
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["true_msa"], next_pass["true_msa"])
    assert not torch.equal(first["true_msa"], other["true_msa"])
    fixed = replace(SMALL, resample_each_recycle=False)
    late = make_features(alignment, fixed, seed=4, recycle=2)
    assert all(torch.equal(first[name], late[name]) for name in first)


def test_padding_adds_zeros_and_changes_nothing_else():
    alignment = random_alignment(9, 7)
    plain = make_features(alignment, SMALL, seed=2)
    padded = make_features(alignment, replace(SMALL, pad_rows=True, max_extra_msa=8), seed=2, pad_to_res=10)
    assert padded["seq_mask"].tolist() == [[1.0] * 7 + [0.0] * 3]
    assert padded["extra_msa_row_mask"].tolist() == [[1.0] * 3 + [0.0] * 5]
    assert padded["extra_msa"].shape == (1, 8, 10)
    assert padded["msa_feat"].shape == (1, 6, 10, 49)
    assert padded["seq_length"].tolist() == [7]
    for name, value in plain.items():
        window = tuple(slice(size) for size in value.shape)
        assert torch.equal(padded[name][window], value), name
        assert padded[name].double().abs().sum() == value.double().abs().sum(), name
    with pytest.raises(InputError, match="more than 5"):
        make_features(alignment, SMALL, seed=2, pad_to_res=5)


def test_a_sequence_alone_is_one_row_and_no_extra_row():
    features = make_features(Alignment.of_query("ACDWX"), replace(SMALL, mask_fraction=0.0), seed=0)
    assert features["msa_feat"].shape == (1, 1, 5, 49)
    assert features["target_feat"][0, :, 1:].argmax(-1).tolist() == [0, 4, 3, 17, 20]
    assert features["target_feat"][0, :, 0].sum() == 0
    np.testing.assert_allclose(features["msa_feat"][..., 25:48], features["msa_feat"][..., :23], atol=2e-6)
    assert features["extra_msa_mask"].tolist() == [[[0.0] * 5]]
    assert features["atom14_atom_exists"][0].sum(-1).tolist() == [5, 6, 8, 14, 0]
    assert features["residx_atom14_to_atom37"][0, 1, :6].tolist() == [0, 1, 2, 4, 3, 10]


def test_residue_numbers_are_kept_and_checked():
    numbers = torch.tensor([0, 1, 5])
    features = make_features(Alignment.of_query("ACD"), SMALL, seed=0, residue_index=numbers)
    assert features["residue_index"].tolist() == [[0, 1, 5]]
    with pytest.raises(InputError, match="residue_index"):
        make_features(Alignment.of_query("ACD"), SMALL, seed=0, residue_index=numbers[:2])


def test_presets_cover_every_network_and_give_templates_their_rows():
    assert set(FEATURE_PRESETS) == set(PRESETS)
    for name, config in FEATURE_PRESETS.items():
        assert (config.max_templates > 0) == PRESETS[name].has_templates, name
    published = {
        name: (c.msa_clusters, c.max_extra_msa) for name, c in FEATURE_PRESETS.items() if name[:5] == "model"
    }
    expected = {1: (508, 5120), 2: (508, 1024), 3: (512, 5120), 4: (512, 5120), 5: (512, 1024)}
    assert published == {f"model_{k}{end}": sizes for k, sizes in expected.items() for end in ("", "_ptm")}
    with pytest.raises(ValueError, match="model_9"):
        feature_preset("model_9")
    with pytest.raises(ValueError, match="no cluster centre"):
        FeatureConfig(max_msa_clusters=4, max_templates=4, reduce_msa_clusters_by_max_templates=True)


def template(aatype, seed, sum_probs):
    rng = np.random.default_rng(seed)
    positions = torch.from_numpy(rng.normal(size=(len(aatype), 37, 3)).astype(np.float32))
    mask = torch.from_numpy((rng.random((len(aatype), 37)) < 0.7).astype(np.float32))
    return TemplateChain(torch.tensor(aatype), positions, mask, sum_probs)


def test_templates_are_padded_and_carry_their_beta_carbons():
    config = replace(SMALL, max_templates=3)
    glycine, gap = 7, 21
    chains = [template([glycine, 0, gap], 0, 9.5), template([1, glycine, 2], 1, 7.0)]
    features = make_features(Alignment.of_query("ACD"), config, seed=0, templates=chains)
    assert features["template_mask"].tolist() == [[1, 1, 0]]
    assert features["template_sum_probs"].tolist() == [[[9.5], [7.0], [0.0]]]
    assert features["template_aatype"].tolist() == [[[7, 0, 21], [1, 7, 2], [0, 0, 0]]]
    beta = features["template_pseudo_beta"][0]
    expected = [
        [chains[0].positions[0, 1], chains[0].positions[1, 3]],
        [chains[1].positions[0, 3], chains[1].positions[1, 1]],
    ]
    torch.testing.assert_close(beta[:2, :2], torch.stack([torch.stack(row) for row in expected]))
    assert beta[2].abs().sum() == 0
    assert features["template_pseudo_beta_mask"][0, 0, 0] == chains[0].mask[0, 1]
    assert features["template_all_atom_positions"].shape == (1, 3, 3, 37, 3)


def test_a_template_is_brought_to_the_residues_of_the_query():
    own = template([4, 5, 6], 0, 0.0)
    aligned = TemplateChain.aligned(own.aatype, own.positions, own.mask, torch.tensor([2, -1, 0]), 3.0)
    assert aligned.aatype.tolist() == [6, 21, 4]
    assert torch.equal(aligned.mask, torch.stack([own.mask[2], torch.zeros(37), own.mask[0]]))
    assert torch.equal(aligned.positions[2], own.positions[0] * own.mask[0][:, None])
    with pytest.raises(InputError, match=r"-1\.\.2"):
        TemplateChain.aligned(own.aatype, own.positions, own.mask, torch.tensor([3]))


def test_templates_beyond_the_limit_are_left_out_and_absent_ones_masked():
    config = replace(SMALL, max_templates=1)
    features = make_features(
        Alignment.of_query("A"), config, seed=0, templates=[template([3], 0, 2.0), template([4], 1, 1.0)]
    )
    assert features["template_aatype"].tolist() == [[[3]]]
    empty = make_features(Alignment.of_query("A"), config, seed=0)
    assert empty["template_mask"].tolist() == [[0]]
    with pytest.raises(InputError, match="template 0 spans 2 residues, the query has 1"):
        make_features(Alignment.of_query("A"), config, seed=0, templates=[template([3, 3], 0, 2.0)])
