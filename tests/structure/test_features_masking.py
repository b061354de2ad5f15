from dataclasses import replace

import pytest
import torch

from sciml.structure.features.config import FeatureConfig
from sciml.structure.features.masking import draw_mask, masked_letter_probabilities
from sciml.structure.features.randomness import random_stream

CONFIG = FeatureConfig()
W, G, GAP, MASK = 17, 7, 21, 22


def test_probabilities_are_one_tenth_uniform_profile_and_letter_and_the_mask_token_takes_the_rest():
    profile = torch.zeros(1, 22)
    profile[0, W], profile[0, GAP] = 0.6, 0.4
    found = masked_letter_probabilities(torch.tensor([G]), profile, CONFIG)[0]
    expected = torch.full((23,), 0.005)
    expected[20:22] = 0
    expected[W] += 0.06
    expected[GAP] += 0.04
    expected[G] += 0.1
    expected[MASK] = 0.7
    torch.testing.assert_close(found, expected)


def test_masking_statistics_are_those_stated():
    """400,000 positions: a share p has a standard error of at most 0.0021 among the 60,000 masked ones."""
    letters = torch.full((2000, 200), G, dtype=torch.uint8)
    profile = torch.zeros(200, 22)
    profile[:, W] = 1.0
    masked, chosen = draw_mask(letters, profile, CONFIG, random_stream(3))
    assert chosen.float().mean() == pytest.approx(0.15, abs=0.002)
    assert torch.equal(masked[~chosen], letters[~chosen])
    share = torch.bincount(masked[chosen].long(), minlength=23) / chosen.sum()
    assert share[MASK] == pytest.approx(0.7, abs=0.007)
    assert share[W] == pytest.approx(0.105, abs=0.005)
    assert share[G] == pytest.approx(0.105, abs=0.005)
    assert share[:20].sum() == pytest.approx(0.3, abs=0.007)
    assert share[20:22].sum() == 0


def test_every_column_draws_from_its_own_profile():
    letters = torch.full((4000, 2), G, dtype=torch.uint8)
    profile = torch.zeros(2, 22)
    profile[0, W], profile[1, GAP] = 1, 1
    only_profile = replace(
        CONFIG, uniform_probability=0, profile_probability=1, same_probability=0, mask_fraction=0.5
    )
    masked, chosen = draw_mask(letters, profile, only_profile, random_stream(0))
    assert set(masked[:, 0][chosen[:, 0]].tolist()) == {W}
    assert set(masked[:, 1][chosen[:, 1]].tolist()) == {GAP}


def test_without_masking_letters_stay():
    letters = torch.randint(0, 22, (5, 9), dtype=torch.uint8)
    masked, chosen = draw_mask(
        letters, torch.zeros(9, 22), replace(CONFIG, mask_fraction=0.0), random_stream(0)
    )
    assert torch.equal(masked, letters)
    assert not chosen.any()


def test_probabilities_over_one_are_refused():
    with pytest.raises(ValueError, match="sum to at most 1"):
        FeatureConfig(uniform_probability=0.5, profile_probability=0.4, same_probability=0.2)
    assert (
        FeatureConfig(
            uniform_probability=0.5, profile_probability=0.3, same_probability=0.2
        ).mask_token_probability
        == 0
    )
