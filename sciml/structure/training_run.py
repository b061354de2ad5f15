"""A training run from data to parameter file: what `sciml train structure` does.

The run folder gets settings, records, figures, checkpoints and, at the end, `parameters.safetensors`: the
moving average of the parameters with pLDDT calibrated on the validation chains.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from sciml.data.chains import open_chains
from sciml.errors import SettingsError
from sciml.structure.calibration import Calibration, calibrate_on, fold_into
from sciml.structure.evaluation import summarise
from sciml.structure.model import AlphaFold
from sciml.structure.parameters import load_parameters, save_parameters
from sciml.structure.training import (
    StructureBatches,
    StructureTraining,
    ValidationChains,
    batch_size_and_residues,
    data_digest,
)
from sciml.structure.training_config import TrainingConfig
from sciml.structure.training_data import TrainingData, alignment_folder
from sciml.training.checkpoints import LAST, AtomicCheckpoint, read_checkpoint
from sciml.training.ema import ExponentialMovingAverage
from sciml.training.machine import (
    RunOptions,
    build_trainer,
    chosen_device,
    quieten_lightning,
    resolved_precision,
)
from sciml.training.records import MetricsRecorder, RunFolder, environment, read_json
from sciml.training.resume import StepDataModule, StepSeeding, step_seed
from sciml.training.settings import as_json
from sciml.training.throughput import Throughput
from sciml.training.timebox import TimeBox

TRAINING_SPLITS = ("train", "train_ca")
_INITIAL_STREAM = 2  # position of the draw of the initial parameters among the seeds of a run
_EXPORT_SECONDS = 5.0


class StructureRun:
    """One run: data, network and Lightning's trainer put together.

    Args:
        data: folder of chains.
        folder: where the run lives.
        config: what decides its result.
        options: what does not.
        resume: continue from `last.ckpt`.
        alignments: folder of `<chain id>.a3m`; without it every chain is its own alignment.
        init: parameter file to start from.
        echo: receives what a user should see, line by line.
        started: `time.monotonic()` from which the time limit counts.
    """

    def __init__(
        self,
        data: Path,
        folder: Path,
        config: TrainingConfig,
        options: RunOptions,
        *,
        resume: bool = False,
        alignments: Path | None = None,
        init: Path | None = None,
        echo: Callable[[str], None] = print,
        started: float | None = None,
    ) -> None:
        quieten_lightning()
        self.device = chosen_device(options.device)
        self.config = replace(config, precision=resolved_precision(config.precision, self.device))
        # Lightning starts the other ranks with the same command; one of them speaks and writes.
        self.is_main = getattr(rank_zero_only, "rank", 0) == 0
        self.echo = echo if self.is_main else _say_nothing
        self.folder, self.options, self.resume = RunFolder(folder), options, resume
        self.chains = open_chains(data, TRAINING_SPLITS), open_chains(data, ("valid",))
        found = None if alignments is None else alignment_folder(alignments)
        self.training = TrainingData(self.chains[0], self._data_config(), found)
        # Shares are of training examples; a validation takes whole chains.
        whole = replace(self._data_config(), ca_only_share=None, complete_share=None)
        held_out = TrainingData(self.chains[1], whole, found)
        self.validation = ValidationChains(
            held_out,
            self.config.validation_chains,
            self.config.validation_max_residues,
            self.config.validation_recycles,
        )
        if not len(self.validation):
            raise SettingsError(
                f"no chain of the valid split has {self.config.validation_max_residues} residues or fewer"
            )
        self.network = self._initial_network(init)
        self.settings = as_json(self.config) | {
            "alignments": alignments is not None,
            "init": load_parameters(init).sha256 if init else None,
            "devices": options.devices,
        }
        self.digest = data_digest(*self.chains, alignments=alignments)
        if self.is_main:
            self.folder.begin(self.settings, self.digest, resume=resume)
        self._assemble(time.monotonic() if started is None else started)

    def _data_config(self) -> TrainingData.Config:
        return TrainingData.Config(
            crop=self.config.crop,
            ca_only_share=self.config.ca_only_share,
            complete_share=self.config.complete_share,
            clamped_share=self.config.clamped_share,
            features=self.config.features,
        )

    def _initial_network(self, init: Path | None) -> AlphaFold:
        if init is not None:
            network = load_parameters(init).model
            if replace(network.config, name=self.config.network.name) != self.config.network:
                raise SettingsError(
                    f"{init} holds parameters of {network.config.name}, not of these network settings"
                )
            return network
        torch.manual_seed(step_seed(self.config.seed, _INITIAL_STREAM))
        return AlphaFold(self.config.network)

    def _assemble(self, started: float) -> None:
        config, options = self.config, self.options
        self.module = StructureTraining(self.network, config)
        self.ema = ExponentialMovingAverage(config.ema_decay, warmup=config.ema_warmup)
        self.box = TimeBox(options.max_seconds, reserve_s=_EXPORT_SECONDS, started=started, echo=self.echo)
        self.loaders = StepDataModule(
            StructureBatches(self.training, config.max_recycles, config.resample_each_recycle),
            seed=config.seed,
            steps=config.steps,
            batch_size=config.batch_size,
            accumulation=config.accumulation,
            validation=self.validation,  # type: ignore[arg-type]  # a data set has the two methods that are used
            workers=options.workers,
        )
        self.trainer = build_trainer(
            self.device,
            options.devices,
            steps=config.steps,
            accumulation=config.accumulation,
            validate_every=config.validate_every,
            # Heads whose loss is still off, and the template part, get no gradient.
            has_unused_parameters=True,
            callbacks=[
                StepSeeding(config.seed),
                self.ema,
                Throughput(batch_size_and_residues, config.log_every),
                self.box,
                MetricsRecorder(self.folder.metrics, config.log_every, self.echo),
                AtomicCheckpoint(
                    self.folder.checkpoints, every_s=60 * options.checkpoint_minutes, monitor="valid/lddt_ca"
                ),
            ],
        )

    @property
    def _examples_a_step(self) -> int:
        return self.config.batch_size * self.config.accumulation * self.options.devices

    def plan(self) -> str:
        """What will be done, in lines for a user."""
        config, (train, valid) = self.config, self.chains
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        limit = f"{self.options.max_seconds:.0f} s at most" if self.options.max_seconds else "no time limit"
        return "\n".join(
            [
                f"network     {config.network.name}, {parameters:,} parameters, {config.precision}",
                f"data        {len(train)} chains in {len(train.clusters)} clusters",
                f"digest      {self.digest}",
                f"validation  {len(self.validation)} chains of {len(valid)}, one from a cluster",
                f"steps       {config.steps} of {self._examples_a_step} examples, {limit}",
                f"examples    {config.crop} residues, {config.max_recycles + 1} passes at most",
                f"device      {environment(self.device)['device']}, {self.options.devices} in use",
                f"run folder  {self.folder.path}, {'resumed' if self.resume else 'new'}, seed {config.seed}",
            ]
        )

    def train(self) -> Path:
        """Train, evaluate, calibrate and write the parameters.

        Returns:
            The parameter file.
        """
        last = self.folder.checkpoints / LAST
        if self.resume and last.exists():
            read_checkpoint(last)  # a damaged file is refused here, by its name
        facts = environment(self.device)
        if not last.exists():
            if self.trainer.is_global_zero:
                self.folder.metrics.unlink(missing_ok=True)
            self._validate()  # the figures of chance, and how long a validation takes
        self.module.train()  # parameters that were loaded come in evaluation mode: without dropout
        self.trainer.fit(
            self.module,
            datamodule=self.loaders,
            ckpt_path=last if self.resume and last.exists() else None,
            weights_only=True,
        )
        if self.module.scored_step != self.trainer.global_step:
            self._validate()
        path = self.folder.path / "parameters.safetensors"
        if self.trainer.is_global_zero:
            self._export(path)
            steps, seconds = self.trainer.global_step, round(self.box.elapsed_s, 1)
            self.folder.add_invocation(
                **facts, until_step=steps, seconds=seconds, options=asdict(self.options)
            )
        return path

    def _validate(self) -> None:
        self.trainer.validate(self.module, datamodule=self.loaders, verbose=False)

    def _export(self, path: Path) -> None:
        """Write the average with calibrated pLDDT, and say in the file how it came about."""
        calibration = calibrate_on(self.module.scores)
        network = AlphaFold(self.config.network)
        with self.ema.applied_to(self.module):
            network.load_state_dict(self.network.state_dict())
        fold_into(network.predicted_lddt_head.logits, calibration)
        save_parameters(network, path, self._metadata(calibration))
        self.echo(f"wrote {path}")

    def _metadata(self, calibration: Calibration) -> dict[str, str]:
        found = {name: summary.mean for name, summary in summarise(self.module.scores).items()}
        figures = {name: mean for name, mean in found.items() if math.isfinite(mean)}
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        facts: dict[str, Any] = {
            "description": (
                f"{self.config.network.name}: {parameters:,} parameters trained by `sciml train structure` "
                f"on crops of {len(self.chains[0])} experimental chains"
            ),
            "trained": "yes",
            "trained_on": f"splits {', '.join(TRAINING_SPLITS)}: {len(self.chains[0])} experimental chains",
            "data_sha256": [chains.sha256 for chains in self.chains],
            "steps": self.trainer.global_step,
            "examples": self.trainer.global_step * self._examples_a_step,
            "seconds": round(self.box.total_s),
            "device": environment(self.device)["device"],
            "seed": self.config.seed,
            "settings": self.settings,
            "calibration": asdict(calibration) | {"split": "valid", "chains": len(self.module.scores)},
            "valid": figures | {"chains": len(self.module.scores)},
        }
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}


def stored_config(folder: Path) -> TrainingConfig:
    """The settings that a run was started with.

    Raises:
        InputError, SettingsError: there is no run, or it is of another version.
    """
    stored = read_json(RunFolder(folder).config)
    own = {name: value for name, value in stored.items() if name not in ("alignments", "init", "devices")}
    return TrainingConfig().updated(own)


def _say_nothing(line: str) -> None:
    """The voice of ranks other than the first."""
