import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sciml.structure import confidence
from sciml.structure.confidence import error_bin_centres, pae_from_logits, plddt_from_logits, ptm_from_logits

BREAKS = np.linspace(0.0, 31.0, 63)


def certain(bins, number_of_bins: int) -> np.ndarray:
    """Logits that put all probability into the given bins."""
    return 1000.0 * (np.arange(number_of_bins) == np.asarray(bins)[..., None])


def test_plddt_of_a_certain_bin_is_its_centre():
    np.testing.assert_allclose(plddt_from_logits(certain([0, 24, 49], 50)), [1.0, 49.0, 99.0], atol=1e-9)


def test_plddt_of_equal_logits_is_50():
    np.testing.assert_allclose(plddt_from_logits(np.zeros((3, 50))), 50.0, atol=1e-9)


def test_plddt_of_two_bins_is_their_weighted_mean():
    logits = np.full((1, 50), -np.inf)
    logits[0, 10], logits[0, 20] = np.log(0.25), np.log(0.75)  # centres 21 and 41
    np.testing.assert_allclose(plddt_from_logits(logits), [0.25 * 21 + 0.75 * 41])


def test_the_last_error_bin_has_a_centre_of_its_own():
    centres = error_bin_centres(BREAKS)
    assert len(centres) == 64
    assert centres[[0, 1, 62, 63]].tolist() == pytest.approx([0.25, 0.75, 31.25, 31.75])


def test_pae_of_certain_bins_is_their_centre_and_keeps_its_direction():
    bins = np.array([[0, 63], [5, 1]])
    pae, largest = pae_from_logits(certain(bins, 64), BREAKS)
    np.testing.assert_allclose(pae, [[0.25, 31.75], [2.75, 0.75]])
    assert largest == pytest.approx(31.75)


def test_ptm_of_a_20_residue_chain_by_hand():
    # d0 = 1.24 * 5**(1/3) - 1.8 = 0.32036...; residue 7 is the best one to superpose on: all errors 0.25 Å,
    # elsewhere 31.75 Å.
    bins = np.full((20, 20), 63)
    bins[7] = 0
    d0 = 1.24 * 5 ** (1 / 3) - 1.8
    assert ptm_from_logits(certain(bins, 64), BREAKS) == pytest.approx(1 / (1 + (0.25 / d0) ** 2), abs=1e-7)


def test_ptm_of_short_chains_uses_the_d0_of_19_residues():
    d0 = 1.24 * 4 ** (1 / 3) - 1.8
    for length in (1, 5, 19):
        logits = certain(np.full((length, length), 2), 64)  # 1.25 Å everywhere
        assert ptm_from_logits(logits, BREAKS) == pytest.approx(1 / (1 + (1.25 / d0) ** 2), abs=1e-7)


def test_ptm_reads_rows_as_the_residue_superposed_on():
    bins = np.full((30, 30), 63)
    bins[:, 4] = 0  # residue 4 is placed well from everywhere: no single frame places all
    column = ptm_from_logits(certain(bins, 64), BREAKS)
    row = ptm_from_logits(certain(bins.T, 64), BREAKS)
    assert row > 0.9
    assert column < 0.1


@settings(max_examples=30, deadline=None)
@given(length=st.integers(1, 40), padding=st.integers(0, 10), seed=st.integers(0, 999))
def test_padding_changes_nothing(length, padding, seed):
    random = np.random.default_rng(seed)
    padded = random.normal(size=(length + padding, length + padding, 64)) * 5
    mask = np.arange(length + padding) < length
    assert ptm_from_logits(padded, BREAKS, mask) == pytest.approx(
        ptm_from_logits(padded[:length, :length], BREAKS), abs=1e-9
    )


def test_padding_counts_when_it_is_not_masked():
    logits = certain(np.full((40, 40), 2), 64)
    mask = np.arange(40) < 25
    assert ptm_from_logits(logits, BREAKS, mask) != pytest.approx(ptm_from_logits(logits, BREAKS), abs=1e-3)


def test_ptm_of_nothing_is_refused():
    with pytest.raises(ValueError, match="mask is all zeros"):
        ptm_from_logits(np.zeros((3, 3, 64)), BREAKS, np.zeros(3))


def test_torch_logits_give_the_values_of_numpy_logits():
    logits = np.random.default_rng(0).normal(size=(21, 21, 64)).astype(np.float32) * 4
    tensor = torch.from_numpy(logits).requires_grad_()
    assert ptm_from_logits(tensor, BREAKS) == ptm_from_logits(logits, BREAKS)
    np.testing.assert_array_equal(plddt_from_logits(tensor), plddt_from_logits(logits))
    low = tensor.detach().bfloat16()
    np.testing.assert_array_equal(plddt_from_logits(low), plddt_from_logits(low.float().numpy()))


def test_large_inputs_are_worked_on_in_blocks_with_the_same_result(monkeypatch):
    logits = np.random.default_rng(1).normal(size=(23, 23, 64)) * 50
    whole = pae_from_logits(logits, BREAKS)[0]
    monkeypatch.setattr(confidence, "_FLOATS_AT_ONCE", 64 * 7)
    np.testing.assert_allclose(pae_from_logits(logits, BREAKS)[0], whole, rtol=1e-13)


@settings(max_examples=50, deadline=None)
@given(shift=st.floats(-1e4, 1e4), seed=st.integers(0, 99))
def test_a_constant_added_to_the_logits_changes_nothing(shift, seed):
    logits = np.random.default_rng(seed).normal(size=(4, 50))
    np.testing.assert_allclose(plddt_from_logits(logits + shift), plddt_from_logits(logits), rtol=1e-9)
