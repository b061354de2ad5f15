"""A training run from data to parameter file: what `sciml train structure` does.

The run folder gets settings, records, figures, checkpoints and, at the end, `parameters.safetensors`: the
moving average of the parameters with pLDDT calibrated on the validation chains.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch

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
from sciml.training.machine import RunOptions
from sciml.training.records import environment
from sciml.training.resume import StepDataModule, step_seed
from sciml.training.run import TrainingRun, stored_settings

TRAINING_SPLITS = ("train", "train_ca")
_INITIAL_STREAM = 2  # position of the draw of the initial parameters among the seeds of a run


class StructureRun(TrainingRun[TrainingConfig, RunOptions, StructureTraining]):
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
        super().__init__(folder, config, options, resume=resume, echo=echo, started=started)
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
        self.assemble(
            StructureTraining(self.network, self.config),
            StepDataModule(
                StructureBatches(self.training, self.config.max_recycles, self.config.resample_each_recycle),
                seed=self.config.seed,
                steps=self.config.steps,
                batch_size=self.config.batch_size,
                accumulation=self.config.accumulation,
                validation=self.validation,  # type: ignore[arg-type]  # a data set has the two methods used
                workers=options.workers,
            ),
            digest=data_digest(*self.chains, alignments=alignments),
            facts={
                "alignments": alignments is not None,
                "init": load_parameters(init).sha256 if init else None,
            },
            contents=batch_size_and_residues,
            monitor="valid/lddt_ca",
            # Heads whose loss is still off, and the template part, get no gradient.
            has_unused_parameters=True,
        )

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

    def export(self, path: Path) -> None:
        """Write the average with calibrated pLDDT, and say in the file how it came about."""
        calibration = calibrate_on(self.module.scores)
        network = AlphaFold(self.config.network)
        with self.ema.applied_to(self.module):
            network.load_state_dict(self.network.state_dict())
        fold_into(network.predicted_lddt_head.logits, calibration)
        save_parameters(network, path, self._header(calibration))

    def _header(self, calibration: Calibration) -> dict[str, str]:
        found = {name: summary.mean for name, summary in summarise(self.module.scores).items()}
        figures = {name: mean for name, mean in found.items() if math.isfinite(mean)}
        parameters = sum(parameter.numel() for parameter in self.network.parameters())
        chains = f"{len(self.chains[0])} experimental chains"
        return self.metadata(
            f"{self.config.network.name}: {parameters:,} parameters trained by `sciml train structure` "
            f"on crops of {chains}",
            {
                "trained": "yes",
                "trained_on": f"splits {', '.join(TRAINING_SPLITS)}: {chains}",
                "data_sha256": [chains.sha256 for chains in self.chains],
                "examples": self.trainer.global_step * self._examples_a_step,
                "calibration": asdict(calibration) | {"split": "valid", "chains": len(self.module.scores)},
                "valid": figures | {"chains": len(self.module.scores)},
            },
        )


def stored_config(folder: Path) -> TrainingConfig:
    """The settings that a run was started with.

    Raises:
        InputError, SettingsError: there is no run, or it is of another version.
    """
    return TrainingConfig().updated(stored_settings(folder, ("alignments", "init")))
