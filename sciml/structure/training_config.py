"""Settings of a training run of the structure network: everything that decides its result."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sciml.errors import SettingsError
from sciml.structure.config import Config
from sciml.structure.features.config import FeatureConfig, feature_preset
from sciml.structure.losses.total import LossConfig
from sciml.training.machine import Precision
from sciml.training.settings import updated


@dataclass(frozen=True)
class TrainingConfig:
    """One run. The defaults train `mini`; where they differ from AlphaFold 2's, the field says so."""

    network: Config = field(default_factory=lambda: Config.preset("mini"))
    """Sizes of the network, its dropout included; a preset's name stands for all of them."""
    features: FeatureConfig = field(default_factory=lambda: feature_preset("mini"))
    """Alignment rows and masking of an example."""
    steps: int = 20_000
    """Optimiser steps of the whole run; the learning rate ends with them."""
    crop: int = 128
    """Residues of an example (AlphaFold 2: 256, later 384)."""
    batch_size: int = 8
    """Examples of one batch on one device."""
    accumulation: int = 1
    """Batches whose gradients are averaged into one step (AlphaFold 2: 128 examples a step)."""
    learning_rate: float = 1e-3
    """Peak learning rate."""
    warmup_steps: int = 1000
    """Steps of linear warm-up from zero."""
    decay_from: float = 0.5
    """Share of the steps after which the learning rate falls along half a cosine (AlphaFold 2: one drop by
    5 %
    after 50,000 steps)."""
    final_learning_rate: float = 0.05
    """Learning rate at the end, as a share of the peak."""
    adam_beta1: float = 0.9
    """Decay of Adam's mean of gradients."""
    adam_beta2: float = 0.999
    """Decay of Adam's mean of squared gradients."""
    adam_epsilon: float = 1e-6
    """Added to the root of the mean of squared gradients."""
    gradient_clip: float = 0.1
    """Largest norm of the gradient of a step, over all parameters and the whole batch (AlphaFold 2 clips each
    example's gradient)."""
    ema_decay: float = 0.999
    """Decay of the moving average of the parameters, which is what is evaluated and saved."""
    ema_warmup: bool = True
    """Lower the decay in the first steps, so that a short run forgets its random start."""
    max_recycles: int = 3
    """Recycling passes after the first are drawn uniformly from 0 to this number, one draw a step."""
    resample_each_recycle: bool = True
    """Draw alignment rows and masks anew for every pass."""
    clamped_share: float = 0.9
    """Share of examples whose backbone FAPE is clamped at 10 Å; drawn for each example."""
    ca_only_share: float | None = None
    """Share of examples from CA-only chains, which train the distogram and the masked MSA; null draws all
    clusters alike."""
    complete_share: float | None = None
    """Share of the other examples whose chain has its side chains; null draws their clusters alike. Needs
    ca_only_share."""
    loss: LossConfig = field(default_factory=LossConfig)
    """Weights of the losses until `late_from`."""
    late_loss: LossConfig = field(default_factory=lambda: LossConfig.fine_tuning(pae=True))
    """Weights of the losses after it: with violations, aligned error and resolved atoms."""
    late_from: float = 0.75
    """Share of the steps after which `late_loss` holds."""
    precision: Precision = "auto"
    """Arithmetic of the trunk and the heads; the structure module and the losses are always float32. auto:
    bfloat16 on a GPU that has it, else float32."""
    checkpoint_blocks: bool = False
    """Recompute the Evoformer blocks in the backward pass: less memory, a third more time."""
    seed: int = 0
    """Seed of the initial parameters, the examples and the dropout."""
    log_every: int = 50
    """Steps between two lines of training figures."""
    validate_every: int = 1000
    """Steps between two validations of the moving average."""
    validation_chains: int = 48
    """Chains of the valid split, one from a cluster, that are predicted in a validation."""
    validation_max_residues: int = 256
    """Longer chains are left out of the validation."""
    validation_recycles: int = 3
    """Recycling passes of a validation, after the first."""

    def __post_init__(self) -> None:
        positive = (
            "steps",
            "crop",
            "batch_size",
            "accumulation",
            "log_every",
            "validate_every",
            "validation_chains",
        )
        for name in (*positive, "learning_rate", "gradient_clip", "adam_epsilon", "validation_max_residues"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name} must be positive: {getattr(self, name)}")
        for name in ("warmup_steps", "max_recycles", "seed", "validation_recycles"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must not be negative: {getattr(self, name)}")
        for name in ("decay_from", "final_learning_rate", "clamped_share", "late_from"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} is a share between 0 and 1: {getattr(self, name)}")
        for name in ("adam_beta1", "adam_beta2", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingsError(f"{name} is at least 0 and below 1: {getattr(self, name)}")
        if not self.network.pae_head and max(self.loss.pae, self.late_loss.pae) > 0:
            raise SettingsError(f"{self.network.name} has no head for aligned errors: set late_loss.pae=0")

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        warmup = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        first = self.decay_from * self.steps
        progress = min(1.0, (step - first) / (self.steps - first)) if step > first else 0.0
        cosine = 0.5 * (1 + math.cos(math.pi * progress))
        return (
            self.learning_rate * warmup * (self.final_learning_rate + (1 - self.final_learning_rate) * cosine)
        )

    def loss_at(self, step: int) -> LossConfig:
        """Weights of the losses at a step, counted from 0."""
        return self.late_loss if step >= self.late_from * self.steps else self.loss

    def updated(self, values: Mapping[str, Any]) -> "TrainingConfig":
        """A copy with some settings replaced; `network` may be the name of a preset.

        Naming a preset also takes over its features, unless `features` are given as well.

        Raises:
            SettingsError: a setting that does not exist, a value of the wrong type, a contradiction.
        """
        changes, base = dict(values), self
        if isinstance(changes.get("network"), str):
            name = changes.pop("network")
            network = Config.preset(name)
            late_loss = self.late_loss if network.pae_head else replace(self.late_loss, pae=0.0)
            base = replace(self, network=network, features=feature_preset(name), late_loss=late_loss)
        return updated(base, changes)
