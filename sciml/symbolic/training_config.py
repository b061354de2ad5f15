"""Settings of a training run of the sequence model: everything that decides its result."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sciml.errors import SettingsError
from sciml.symbolic.generators.mixture import Settings as Mixture
from sciml.symbolic.network import ExpressionTransformer, preset
from sciml.symbolic.training_data import DataConfig
from sciml.training.machine import Precision, RunOptions
from sciml.training.settings import updated


@dataclass(frozen=True)
class TrainingConfig:
    """One run. The defaults suit a small network on a processor."""

    network: ExpressionTransformer.Config = field(default_factory=lambda: preset("small"))
    """Sizes of the network; a preset's name stands for all of them."""
    data: DataConfig = field(default_factory=DataConfig)
    """How pairs become batches."""
    mixture: Mixture = field(default_factory=lambda: Mixture(max_source=256, max_target=128))
    """What the pairs are: shares of the generators, variations, longest problems and answers."""
    steps: int = 20_000
    """Optimiser steps of the whole run; the learning rate ends with them."""
    accumulation: int = 1
    """Batches whose gradients are averaged into one step."""
    optimiser: Literal["muon", "adamw"] = "muon"
    """Of the matrices of the hidden layers; embeddings and norms always have Adam."""
    learning_rate: float = 2e-3
    """Peak learning rate, of both optimisers."""
    warmup_steps: int = 200
    """Steps of linear warm-up from zero."""
    decay_from: float = 0.6
    """Share of the steps after which the learning rate falls linearly; 1 keeps it up to the end."""
    final_learning_rate: float = 0.02
    """Learning rate at the end, as a share of the peak."""
    momentum: float = 0.95
    """Of the matrices under Muon."""
    adam_beta1: float = 0.9
    """Decay of Adam's mean of gradients."""
    adam_beta2: float = 0.95
    """Decay of Adam's mean of squared gradients."""
    weight_decay: float = 0.01
    """Of the matrices, per step and unit of the learning rate."""
    gradient_clip: float = 1.0
    """Largest norm of the gradient of a step, over all parameters."""
    ema_decay: float = 0.998
    """Decay of the moving average of the parameters, which is what is evaluated and saved."""
    ema_warmup: bool = True
    """Lower the decay in the first steps, so that a short run forgets its random start."""
    precision: Precision = "auto"
    """auto: bfloat16 on a GPU that has it, else float32."""
    seed: int = 0
    """Seed of the initial parameters, the pairs and the dropout."""
    log_every: int = 50
    """Steps between two lines of training figures."""
    validate_every: int = 1000
    """Steps between two validations of the moving average."""
    validation_pairs: int = 512
    """Held-out pairs whose loss and token accuracy are measured."""
    validation_answers: int = 256
    """Of these, as many are answered greedily and compared with the known answer."""

    def __post_init__(self) -> None:
        positive = ("steps", "accumulation", "log_every", "validate_every", "validation_pairs")
        for name in (*positive, "learning_rate", "gradient_clip"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name} must be positive: {getattr(self, name)}")
        for name in ("warmup_steps", "seed", "validation_answers", "weight_decay"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must not be negative: {getattr(self, name)}")
        for name in ("decay_from", "final_learning_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} is a share between 0 and 1: {getattr(self, name)}")
        for name in ("adam_beta1", "adam_beta2", "ema_decay", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingsError(f"{name} is at least 0 and below 1: {getattr(self, name)}")

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0: warm-up, constant, linear fall."""
        warmup = min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        first = self.decay_from * self.steps
        progress = min(1.0, (step - first) / (self.steps - first)) if step > first else 0.0
        return self.learning_rate * warmup * (1 - (1 - self.final_learning_rate) * progress)

    def updated(self, values: Mapping[str, Any]) -> "TrainingConfig":
        """A copy with some settings replaced; `network` may be the name of a preset.

        Raises:
            SettingsError: a setting that does not exist, a value of the wrong type, a contradiction.
        """
        changes, base = dict(values), self
        if isinstance(changes.get("network"), str):
            base = replace(self, network=preset(changes.pop("network")))
        return updated(base, changes)


@dataclass(frozen=True)
class ExpressionRunOptions(RunOptions):
    """What may change from one invocation to the next."""

    shards: Path | None = None
    """Folder where generated pairs are kept and found again."""
    compile: bool = False
    """Compile the network: faster on an accelerator, after minutes of warm-up; equal up to rounding."""
