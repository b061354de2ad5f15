"""A training run from generators to model file: what `sciml train symbolic` does.

The run folder gets settings, records, figures, checkpoints and, at the end, `parameters.safetensors`: the
moving average of the parameters.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from sciml.errors import SettingsError
from sciml.symbolic.generators.mixture import pairs
from sciml.symbolic.model_files import load_model, save_model
from sciml.symbolic.network import ExpressionTransformer
from sciml.symbolic.pair_shards import PairShards
from sciml.symbolic.training import ExpressionTraining, batch_contents
from sciml.symbolic.training_config import ExpressionRunOptions, TrainingConfig
from sciml.symbolic.training_data import PairBatches, PairStream, validation_batches, validation_pairs
from sciml.training.records import environment
from sciml.training.resume import StepDataModule, step_seed
from sciml.training.run import TrainingRun, stored_settings
from sciml.training.settings import as_json

_INITIAL_STREAM = 2  # position of the draw of the initial parameters among the seeds of a run


class ExpressionRun(TrainingRun[TrainingConfig, ExpressionRunOptions, ExpressionTraining]):
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
        SettingsError: settings that contradict the model file, the folder's run, the kept pairs or the
            number of loader processes.
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
        loaders = options.workers * options.devices
        if loaders and config.data.lanes % loaders:
            raise SettingsError(
                "data.lanes must be a multiple of workers times devices, so that a lane is generated once: "
                f"{config.data.lanes} lanes, {loaders} loader processes"
            )
        super().__init__(folder, config, options, resume=resume, echo=echo, started=started)
        self.stream = stream or partial(pairs, settings=config.mixture)
        self.network = self._initial_network(init)
        self.held_out = validation_pairs(self.stream, config.validation_pairs)
        module = ExpressionTraining(self.network, self.config, self.held_out[: config.validation_answers])
        if options.compile:
            self.network.compile(dynamic=True)
        self.assemble(
            module,
            self._loaders(),
            # The pairs are made by code: what it gives first stands for all of it.
            digest=hashlib.sha256(b"".join(one.source + one.target for one in self.held_out)).hexdigest(),
            facts={"init": load_model(init).sha256 if init else None},
            contents=batch_contents,
        )

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

    def _loaders(self) -> StepDataModule:
        config, options = self.config, self.options
        kept = None if options.shards is None else PairShards(options.shards, as_json(config.mixture))
        per_step = config.accumulation * options.devices
        return StepDataModule(
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

    @property
    def _pairs_a_step(self) -> int:
        return self.config.data.pairs_per_batch * self.config.accumulation * self.options.devices

    def plan(self) -> str:
        """What will be done, in lines for a user."""
        config, options, data = self.config, self.options, self.config.data
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        limit = f"{options.max_seconds:.0f} s at most" if options.max_seconds else "no time limit"
        lengths = f"{config.mixture.max_source} and {config.mixture.max_target} tokens at most"
        return "\n".join(
            [
                f"network     {config.network.name}, {parameters:,} parameters, {config.precision}",
                f"pairs       {lengths}, each used {data.passes} times",
                f"validation  {len(self.held_out)} pairs, digest {self.digest[:16]}",
                f"steps       {config.steps} of {self._pairs_a_step} pairs, {config.optimiser}, {limit}",
                f"device      {environment(self.device)['device']}, {options.devices} in use, "
                f"{options.workers} generating",
                f"run folder  {self.folder.path}, {'resumed' if self.resume else 'new'}, seed {config.seed}",
            ]
        )

    def export(self, path: Path) -> None:
        """Write the average, and say in the file how it came about."""
        logged = self.trainer.callback_metrics
        figures = {n.removeprefix("valid/"): float(v) for n, v in logged.items() if n.startswith("valid/")}
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        header = self.metadata(
            f"{self.config.network.name}: {parameters:,} parameters trained by `sciml train symbolic` "
            "on generated integrals and differential equations",
            {
                "pairs": self.trainer.global_step * self._pairs_a_step,
                "valid": figures | {"pairs": len(self.held_out)},
            },
        )
        with self.ema.applied_to(self.module):
            save_model(self.network, path, header)


def stored_config(folder: Path) -> TrainingConfig:
    """The settings that a run was started with.

    Raises:
        InputError, SettingsError: there is no run, or it is of another version.
    """
    return TrainingConfig().updated(stored_settings(folder, ("init",)))
