"""BERT masking of the cluster centres.

Source: Jumper et al. 2021, Supplementary Methods 1.2.7.
"""

import torch
from torch import Tensor
from torch.nn import functional

from sciml.structure.features.config import FeatureConfig
from sciml.structure.features.msa import NUM_LETTERS


def masked_letter_probabilities(letters: Tensor, profile: Tensor, config: FeatureConfig) -> Tensor:
    """What a position shows once it has been chosen for masking.

    Args:
        letters: (n,), residue numbers 0-21 before masking.
        profile: (n, 22), letter frequencies of the column of each position.
        config: probabilities of the four outcomes.

    Returns:
        (n, 23) float32, rows sum to 1: equal parts for the 20 amino acids, the profile, the letter itself,
        the mask token.
    """
    unchanged = functional.one_hot(letters.long(), 22)
    shown = config.profile_probability * profile + config.same_probability * unchanged
    shown[:, :20] += config.uniform_probability / 20
    hidden = torch.full_like(shown[:, :1], config.mask_token_probability)
    return torch.cat([shown, hidden], dim=-1)


def draw_mask(
    letters: Tensor, profile: Tensor, config: FeatureConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Choose positions to mask and what stands there.

    Args:
        letters: (seq, res), residue numbers 0-21 of the cluster centres.
        profile: (res, 22), letter frequencies over the whole alignment.
        config: share of masked positions and probabilities of the outcomes.
        generator: source of randomness.

    Returns:
        masked letters (seq, res) uint8, numbers 0-22, and the chosen positions (seq, res) bool. A chosen
        position may keep its letter.
    """
    chosen = torch.rand(letters.shape, generator=generator) < config.mask_fraction
    masked = letters.to(torch.uint8, copy=True)
    columns = chosen.nonzero()[:, 1]
    if len(columns):
        probabilities = masked_letter_probabilities(letters[chosen], profile[columns], config)
        masked[chosen] = torch.multinomial(probabilities, 1, generator=generator).squeeze(-1).to(torch.uint8)
    assert masked.max() < NUM_LETTERS
    return masked, chosen
