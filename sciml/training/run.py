"""What every training run does: fit or resume within the time, validate, write the parameters, keep records.

A run derives from :class:`TrainingRun`, makes its network and data, calls :meth:`~TrainingRun.assemble` and
says how its parameters are exported.
"""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import pytorch_lightning as pl
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from sciml.errors import LostProcessError
from sciml.training.checkpoints import LAST, AtomicCheckpoint, read_checkpoint
from sciml.training.ema import ExponentialMovingAverage
from sciml.training.machine import (
    Precision,
    RunOptions,
    build_trainer,
    chosen_device,
    quieten_lightning,
    resolved_precision,
)
from sciml.training.records import MetricsRecorder, RunFolder, environment, read_json
from sciml.training.resume import StepDataModule, StepSeeding
from sciml.training.settings import as_json
from sciml.training.throughput import Throughput
from sciml.training.timebox import TimeBox

_EXPORT_SECONDS = 5.0


class RunConfig(Protocol):
    """The settings that every run has; each pillar has its own besides."""

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run."""

    @property
    def accumulation(self) -> int:
        """Batches of one step."""

    @property
    def precision(self) -> Precision:
        """Arithmetic of the network."""

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""

    @property
    def log_every(self) -> int:
        """Steps between two lines of training figures."""

    @property
    def validate_every(self) -> int:
        """Steps between two validations."""

    @property
    def ema_decay(self) -> float:
        """Decay of the moving average."""

    @property
    def ema_warmup(self) -> bool:
        """Whether the decay is lower in the first steps."""

    def updated(self, values: Mapping[str, Any]) -> Self:
        """A copy with some settings replaced."""


class ValidatedModule(pl.LightningModule):
    """A module that remembers the step of its last validation."""

    validated_step: int = -1


ConfigT = TypeVar("ConfigT", bound=RunConfig)
OptionsT = TypeVar("OptionsT", bound=RunOptions)
ModuleT = TypeVar("ModuleT", bound=ValidatedModule)


class TrainingRun(ABC, Generic[ConfigT, OptionsT, ModuleT]):
    """One run in one folder.

    Args:
        folder: where the run lives.
        config: what decides its result.
        options: what does not.
        resume: continue from `last.ckpt`.
        echo: receives what a user should see, line by line.
        started: `time.monotonic()` from which the time limit counts.
    """

    module: ModuleT
    loaders: StepDataModule
    trainer: pl.Trainer
    settings: dict[str, Any]
    digest: str

    def __init__(
        self,
        folder: Path,
        config: ConfigT,
        options: OptionsT,
        *,
        resume: bool,
        echo: Callable[[str], None],
        started: float | None,
    ) -> None:
        quieten_lightning()
        self.device = chosen_device(options.device)
        self.config = config.updated({"precision": resolved_precision(config.precision, self.device)})
        # Lightning starts the other ranks with the same command; one of them speaks and writes.
        self.is_main = getattr(rank_zero_only, "rank", 0) == 0
        self.echo = echo if self.is_main else _say_nothing
        self.folder, self.options, self.resume = RunFolder(folder), options, resume
        self.ema = ExponentialMovingAverage(config.ema_decay, warmup=config.ema_warmup)
        self.box = TimeBox(
            options.max_seconds,
            reserve_s=_EXPORT_SECONDS,
            started=time.monotonic() if started is None else started,
            echo=self.echo,
        )

    def assemble(
        self,
        module: ModuleT,
        loaders: StepDataModule,
        *,
        digest: str,
        facts: Mapping[str, Any],
        contents: Callable[[Any], dict[str, int]],
        monitor: str | None = None,
        has_unused_parameters: bool = False,
    ) -> None:
        """Put network, data and trainer together, and begin the folder's records.

        Args:
            module: network and losses.
            loaders: of its batches.
            digest: of the data; a run continues only on the same.
            facts: what besides the settings decides the result.
            contents: what a batch holds, for the throughput.
            monitor: figure by which the best checkpoint is kept; None keeps the last only.
            has_unused_parameters: whether some parameters get no gradient at some steps.

        Raises:
            SettingsError: the folder holds a run of other settings or data.
        """
        config, options = self.config, self.options
        self.module, self.loaders, self.digest = module, loaders, digest
        self.settings = as_json(config) | dict(facts) | {"devices": options.devices}
        if self.is_main:
            self.folder.begin(self.settings, digest, resume=self.resume)
        every_s = 60 * options.checkpoint_minutes
        self.trainer = build_trainer(
            self.device,
            options.devices,
            steps=config.steps,
            accumulation=config.accumulation,
            validate_every=config.validate_every,
            has_unused_parameters=has_unused_parameters,
            callbacks=[
                StepSeeding(config.seed),
                self.ema,
                Throughput(contents, config.log_every),
                self.box,
                MetricsRecorder(self.folder.metrics, config.log_every, self.echo),
                AtomicCheckpoint(self.folder.checkpoints, every_s=every_s, monitor=monitor),
            ],
        )

    @abstractmethod
    def plan(self) -> str:
        """What will be done, in lines for a user."""

    @abstractmethod
    def export(self, path: Path) -> None:
        """Write the moving average of the parameters, and say in the file how it came about."""

    def train(self) -> Path:
        """Train, evaluate and write the parameters.

        Returns:
            The parameter file.

        Raises:
            LostProcessError: a loader process was killed.
        """
        last = self.folder.checkpoints / LAST
        continues = self.resume and last.exists()
        if continues:
            read_checkpoint(last)  # a damaged file is refused here, by its name
        machine = environment(self.device)
        if not last.exists():
            if self.trainer.is_global_zero:
                self.folder.metrics.unlink(missing_ok=True)
            self._validate()  # the figures of chance, and how long a validation takes
        self.module.train()  # parameters that were loaded come in evaluation mode: without dropout
        with _lost_loaders_named(last):
            self.trainer.fit(
                self.module, datamodule=self.loaders, ckpt_path=last if continues else None, weights_only=True
            )
        if self.module.validated_step != self.trainer.global_step:
            self._validate()
        path = self.folder.path / "parameters.safetensors"
        if self.trainer.is_global_zero:
            self.export(path)
            self.echo(f"wrote {path}")
            steps, seconds = self.trainer.global_step, round(self.box.elapsed_s, 1)
            used = {
                name: str(one) if isinstance(one, Path) else one for name, one in asdict(self.options).items()
            }
            self.folder.add_invocation(**machine, until_step=steps, seconds=seconds, options=used)
        return path

    def metadata(self, description: str, facts: Mapping[str, Any]) -> dict[str, str]:
        """The header of the parameter file: what a run knows of itself, and `facts`."""
        known = {
            "description": description,
            "steps": self.trainer.global_step,
            "seconds": round(self.box.total_s),
            "device": environment(self.device)["device"],
            "seed": self.config.seed,
            "settings": self.settings,
        }
        every = known | dict(facts)
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in every.items()}

    def _validate(self) -> None:
        self.trainer.validate(self.module, datamodule=self.loaders, verbose=False)


def stored_settings(folder: Path, besides: Collection[str]) -> dict[str, Any]:
    """The settings that the run of a folder was started with, without the facts named in `besides`.

    Raises:
        InputError: there is no run.
    """
    stored = read_json(RunFolder(folder).config)
    return {name: value for name, value in stored.items() if name not in {*besides, "devices"}}


@contextmanager
def _lost_loaders_named(last: Path) -> Iterator[None]:
    """Torch's error about a loader process that died, said with what to do.

    Raises:
        LostProcessError: a loader process was killed.
    """
    try:
        yield
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        goes_on = (
            "--resume goes on from the last checkpoint" if last.exists() else "there is no checkpoint yet"
        )
        raise LostProcessError(
            f"a process that makes the batches died ({str(error).splitlines()[0]}); too little memory is the "
            f"usual reason: try fewer --workers. {goes_on}"
        ) from error


def _say_nothing(line: str) -> None:
    """The voice of ranks other than the first."""
