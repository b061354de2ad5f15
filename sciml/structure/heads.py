"""Predictions from the representations: distances, confidence, masked MSA, resolved atoms.

Source: Jumper et al. 2021, Supplementary 1.9.
"""

import torch
from torch import Tensor, nn

from sciml.linear import Linear
from sciml.structure.config import Config
from sciml.structure.primitives import LayerNorm

MASKED_MSA_CLASSES = 23
ATOM37 = 37


class DistogramHead(nn.Module):
    """Distances between pseudo-beta atoms: symmetric logits.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.half_logits = Linear(config.c_z, config.distogram_bins, init="final")
        self.edges = (config.distogram_first_break_angstrom, config.distogram_last_break_angstrom)

    def forward(self, pair: Tensor) -> dict[str, Tensor]:
        """(b, i, j, c_z) -> `logits` (b, i, j, bins) and `bin_edges` (b, bins - 1) in Å."""
        half = self.half_logits(pair)
        edges = torch.linspace(*self.edges, half.shape[-1] - 1, device=pair.device)
        return {"logits": half + half.transpose(1, 2), "bin_edges": edges.expand(pair.shape[0], -1)}


class PredictedLDDTHead(nn.Module):
    """Predicted lDDT-Cα of each residue.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.input_layer_norm = LayerNorm(config.c_s)
        self.act_0 = Linear(config.c_s, config.c_plddt, init="relu")
        self.act_1 = Linear(config.c_plddt, config.c_plddt, init="relu")
        self.logits = Linear(config.c_plddt, config.plddt_bins, init="final")

    def forward(self, single: Tensor) -> dict[str, Tensor]:
        """(b, i, c_s), of the structure module -> `logits` (b, i, bins)."""
        hidden = self.act_0(self.input_layer_norm(single), activation="relu")
        return {"logits": self.logits(self.act_1(hidden, activation="relu"))}


class PredictedAlignedErrorHead(nn.Module):
    """Error of residue j when the prediction is aligned on residue i.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.logits = Linear(config.c_z, config.pae_bins, init="final")
        self.last_break = config.pae_last_break_angstrom

    def forward(self, pair: Tensor) -> dict[str, Tensor]:
        """(b, i, j, c_z) -> `logits` (b, i, j, bins) and `breaks` (b, bins - 1) in Å."""
        logits = self.logits(pair)
        breaks = torch.linspace(0, self.last_break, logits.shape[-1] - 1, device=pair.device)
        return {"logits": logits, "breaks": breaks.expand(pair.shape[0], -1)}


class LogitsHead(nn.Module):
    """One affine map.

    Args:
        channels: channels of the representation.
        classes: number of logits.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.logits = Linear(channels, classes, init="final")

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """(..., c) -> `logits` (..., classes)."""
        return {"logits": self.logits(x)}
