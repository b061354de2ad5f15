"""The machine that a run trains on: device, arithmetic, and Lightning's trainer without its habits.

Nothing here changes what a run computes, but for the precision, which is therefore a setting of the run.
"""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DDPStrategy

from sciml.errors import MissingRequirementError, SettingsError

Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class RunOptions:
    """What a run may change from one invocation to the next without changing its result."""

    max_seconds: float | None = None
    """Wall-clock limit of this invocation; None trains to the last step."""
    device: str = "auto"
    """auto, cpu or cuda."""
    devices: int = 1
    """Devices of this machine that train together, each with its own batch."""
    workers: int = 0
    """Loader processes of each device."""
    checkpoint_minutes: float = 5.0
    """Between two periodic checkpoints."""


def chosen_device(name: str) -> torch.device:
    """The device of that name; auto is a CUDA device where there is one.

    Raises:
        SettingsError: another name.
        MissingRequirementError: cuda without a CUDA device.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise SettingsError(f"device is auto, cpu or cuda, not {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise MissingRequirementError(
            "no CUDA device is usable here: run with --device cpu, or see `sciml doctor`"
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def resolved_precision(precision: Precision, device: torch.device) -> Precision:
    """`auto` as float32 or bfloat16."""
    if precision != "auto":
        return precision
    has_bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if has_bfloat16 else "float32"


def build_trainer(
    device: torch.device,
    devices: int,
    *,
    steps: int,
    accumulation: int,
    validate_every: int,
    callbacks: Sequence[pl.Callback],
    has_unused_parameters: bool = False,
) -> pl.Trainer:
    """A trainer of one epoch of `steps` optimiser steps, as `sciml.training.resume` needs it.

    Args:
        device: cpu or cuda.
        devices: how many train together.
        steps: of the whole run.
        accumulation: batches of one step.
        validate_every: steps between two validations.
        callbacks: the checkpoints last.
        has_unused_parameters: whether some parameters get no gradient at some steps.
    """
    return pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=devices,
        strategy=DDPStrategy(find_unused_parameters=has_unused_parameters) if devices > 1 else "auto",
        max_steps=steps,
        accumulate_grad_batches=accumulation,
        val_check_interval=validate_every * accumulation,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        # Tables that a network keeps after their first use could not take part in training afterwards.
        inference_mode=False,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=list(callbacks),
    )


def quieten_lightning() -> None:
    """Keep Lightning's advice away from users: a resumed loader, for one, is exact here."""
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning.*")
