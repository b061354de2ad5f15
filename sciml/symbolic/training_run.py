"""A training run from generators to model file: what `sciml train symbolic` does.

The run folder gets settings, records, figures, checkpoints and, at the end, `parameters.safetensors`: the
moving average of the parameters.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from sciml.errors import SettingsError
from sciml.symbolic.generators.mixture import pairs
from sciml.symbolic.model_files import load_model, save_model
from sciml.symbolic.network import ExpressionTransformer
from sciml.symbolic.pair_shards import PairShards
from sciml.symbolic.training import ExpressionTraining, batch_contents
from sciml.symbolic.training_config import ExpressionRunOptions, TrainingConfig
from sciml.symbolic.training_data import PairBatches, PairStream, validation_batches, validation_pairs
from sciml.training.checkpoints import LAST, AtomicCheckpoint, read_checkpoint
from sciml.training.ema import ExponentialMovingAverage
from sciml.training.machine import build_trainer, chosen_device, quieten_lightning, resolved_precision
from sciml.training.records import MetricsRecorder, RunFolder, environment, read_json
from sciml.training.resume import StepDataModule, StepSeeding, step_seed
from sciml.training.settings import as_json
from sciml.training.throughput import Throughput
from sciml.training.timebox import TimeBox

_INITIAL_STREAM = 2  # position of the draw of the initial parameters among the seeds of a run
_EXPORT_SECONDS = 5.0


class ExpressionRun:
    """One run: generators, network and Lightning's trainer put together.

    Args:
        folder: where the run lives.
        config: what decides its result.
        options: what does not.
        resume: continue from `last.ckpt`.
        init: model file to start from.
        stream: gives the pairs; the generators' mixture by default.
        echo: receives what a user should see, line by line.
        started: `time.monotonic()` from which the time limit counts.

    Raises:
        SettingsError: settings that contradict the model file, the folder's run or the kept pairs.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainingConfig,
        options: ExpressionRunOptions,
        *,
        resume: bool = False,
        init: Path | None = None,
        stream: PairStream | None = None,
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
        self.stream = stream or partial(pairs, settings=config.mixture)
        self.network = self._initial_network(init)
        self.held_out = validation_pairs(self.stream, config.validation_pairs)
        self.settings = as_json(self.config) | {
            "init": load_model(init).sha256 if init else None,
            "devices": options.devices,
        }
        # The pairs are made by code: what it gives first stands for all of it.
        self.digest = hashlib.sha256(b"".join(one.source + one.target for one in self.held_out)).hexdigest()
        if self.is_main:
            self.folder.begin(self.settings, self.digest, resume=resume)
        self._assemble(time.monotonic() if started is None else started)

    def _initial_network(self, init: Path | None) -> ExpressionTransformer:
        if init is not None:
            network = load_model(init).network
            if replace(network.config, name="", dropout=0.0) != replace(
                self.config.network, name="", dropout=0.0
            ):
                raise SettingsError(f"{init} holds a network of other sizes: {network.config}")
            network.config = self.config.network
            return network
        torch.manual_seed(step_seed(self.config.seed, _INITIAL_STREAM))
        return ExpressionTransformer(self.config.network)

    def _assemble(self, started: float) -> None:
        config, options = self.config, self.options
        self.module = ExpressionTraining(self.network, config, self.held_out[: config.validation_answers])
        if options.compile:
            self.network.compile(dynamic=True)
        self.ema = ExponentialMovingAverage(config.ema_decay, warmup=config.ema_warmup)
        self.box = TimeBox(options.max_seconds, reserve_s=_EXPORT_SECONDS, started=started, echo=self.echo)
        kept = None if options.shards is None else PairShards(options.shards, as_json(config.mixture))
        per_step = config.accumulation * options.devices
        self.loaders = StepDataModule(
            PairBatches(self.stream, config.data, per_step, kept),
            seed=config.seed,
            steps=config.steps,
            batch_size=1,
            accumulation=config.accumulation,
            validation=validation_batches(self.held_out, config.data),
            workers=options.workers,
            # A worker makes the batches of a block at once; this many must lie ready while it makes the next.
            prefetch=2 * config.data.batches_per_block,
        )
        self.trainer = build_trainer(
            self.device,
            options.devices,
            steps=config.steps,
            accumulation=config.accumulation,
            validate_every=config.validate_every,
            callbacks=[
                StepSeeding(config.seed),
                self.ema,
                Throughput(batch_contents, config.log_every),
                self.box,
                MetricsRecorder(self.folder.metrics, config.log_every, self.echo),
                AtomicCheckpoint(self.folder.checkpoints, every_s=60 * options.checkpoint_minutes),
            ],
        )

    def plan(self) -> str:
        """What will be done, in lines for a user."""
        config, options, data = self.config, self.options, self.config.data
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        limit = f"{options.max_seconds:.0f} s at most" if options.max_seconds else "no time limit"
        pairs_a_step = data.pairs_per_batch * config.accumulation * options.devices
        lengths = f"{config.mixture.max_source} and {config.mixture.max_target} tokens at most"
        return "\n".join(
            [
                f"network     {config.network.name}, {parameters:,} parameters, {config.precision}",
                f"pairs       {lengths}, each used {data.passes} times",
                f"validation  {len(self.held_out)} pairs, digest {self.digest[:16]}",
                f"steps       {config.steps} of {pairs_a_step} pairs, {config.optimiser}, {limit}",
                f"device      {environment(self.device)['device']}, {options.devices} in use, "
                f"{options.workers} generating",
                f"run folder  {self.folder.path}, {'resumed' if self.resume else 'new'}, seed {config.seed}",
            ]
        )

    def train(self) -> Path:
        """Train, evaluate and write the parameters.

        Returns:
            The model file.
        """
        last = self.folder.checkpoints / LAST
        if self.resume and last.exists():
            read_checkpoint(last)  # a damaged file is refused here, by its name
        facts = environment(self.device)
        if not last.exists():
            if self.trainer.is_global_zero:
                self.folder.metrics.unlink(missing_ok=True)
            self._validate()  # the figures of chance, and how long a validation takes
        self.module.train()  # a network that was loaded comes in evaluation mode: without dropout
        self.trainer.fit(
            self.module,
            datamodule=self.loaders,
            ckpt_path=last if self.resume and last.exists() else None,
            weights_only=True,
        )
        if self.module.validated_step != self.trainer.global_step:
            self._validate()
        path = self.folder.path / "parameters.safetensors"
        if self.trainer.is_global_zero:
            self._export(path)
            steps, seconds = self.trainer.global_step, round(self.box.elapsed_s, 1)
            used = {
                name: str(one) if isinstance(one, Path) else one for name, one in asdict(self.options).items()
            }
            self.folder.add_invocation(**facts, until_step=steps, seconds=seconds, options=used)
        return path

    def _validate(self) -> None:
        self.trainer.validate(self.module, datamodule=self.loaders, verbose=False)

    def _export(self, path: Path) -> None:
        """Write the average, and say in the file how it came about."""
        with self.ema.applied_to(self.module):
            save_model(self.network, path, self._metadata())
        self.echo(f"wrote {path}")

    def _metadata(self) -> dict[str, str]:
        config = self.config
        logged = self.trainer.callback_metrics
        figures = {n.removeprefix("valid/"): float(v) for n, v in logged.items() if n.startswith("valid/")}
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        pairs_a_step = config.data.pairs_per_batch * config.accumulation * self.options.devices
        facts: dict[str, Any] = {
            "description": (
                f"{config.network.name}: {parameters:,} parameters trained by `sciml train symbolic` "
                "on generated integrals and differential equations"
            ),
            "steps": self.trainer.global_step,
            "pairs": self.trainer.global_step * pairs_a_step,
            "seconds": round(self.box.total_s),
            "device": environment(self.device)["device"],
            "seed": config.seed,
            "settings": self.settings,
            "valid": figures | {"pairs": len(self.held_out)},
        }
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}


def stored_config(folder: Path) -> TrainingConfig:
    """The settings that a run was started with.

    Raises:
        InputError, SettingsError: there is no run, or it is of another version.
    """
    stored = read_json(RunFolder(folder).config)
    own = {name: value for name, value in stored.items() if name not in ("init", "devices")}
    return TrainingConfig().updated(own)


def _say_nothing(line: str) -> None:
    """The voice of ranks other than the first."""
