"""Training of the structure network under Lightning: loss, optimiser and figures around the plain network.

Source: Jumper et al. 2021, Supplementary sections 1.9 to 1.11.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.utils.data import Dataset

from sciml.data.chains import ChainSet
from sciml.structure.evaluation import ChainScores, score_chain, summarise
from sciml.structure.losses.total import WEIGHTED_LOSSES, structure_loss
from sciml.structure.model import AlphaFold, Features, Outputs
from sciml.structure.training_config import TrainingConfig
from sciml.structure.training_data import TrainingData
from sciml.structure.training_labels import LABEL_NAMES
from sciml.training.divergence import clip_gradient, refuse_divergence
from sciml.training.machine import resolved_precision
from sciml.training.resume import step_seed
from sciml.training.run import ValidatedModule

Batch = dict[str, Any]
"""`passes`: one dict of arrays for each recycling pass (or one for all), the last with the ground truth;
`recycles`: passes after the first; for a validation also `id` and `cluster` of its chain."""

_RECYCLE_STREAM = 1  # position of the draw of recycles among the seeds of a step


class StructureBatches:
    """Training batches by their address (seed, step, slots): examples, and how often they are recycled.

    Args:
        data: source of the examples.
        max_recycles: recycles are drawn from 0 to this number, one draw for all devices and batches of a
            step.
        resample: draw alignment rows and masks anew for each pass.
    """

    def __init__(self, data: TrainingData, max_recycles: int, resample: bool) -> None:
        self.data, self.max_recycles, self.resample = data, max_recycles, resample

    def __call__(self, seed: int, step: int, slots: Sequence[int]) -> Batch:
        """The batch at one address."""
        drawn = np.random.default_rng(step_seed(seed, step, _RECYCLE_STREAM))
        recycles = int(drawn.integers(self.max_recycles + 1))
        passes = [
            self.data.batch(seed, step, slots, recycle)
            for recycle in range(recycles + 1 if self.resample else 1)
        ]
        return {"passes": [*map(features_only, passes[:-1]), passes[-1]], "recycles": recycles}


class ValidationChains(Dataset[Batch]):
    """Whole chains of a held-out split, one from each of some clusters, drawn without regard to the run's
    seed.

    Args:
        data: the split, with the features of inference.
        chains: how many at most.
        max_residues: longer chains are left out.
        recycles: passes after the first.
    """

    def __init__(self, data: TrainingData, chains: int, max_residues: int, recycles: int) -> None:
        self.data, self.recycles = data, recycles
        records = data.chains.records
        usable = {
            cluster: [n for n in numbers if records[n].length <= max_residues and records[n].atoms != "ca"]
            for cluster, numbers in data.chains.clusters.items()
        }
        firsts = [numbers[0] for numbers in usable.values() if numbers]
        order = np.random.default_rng(0).permutation(len(firsts))
        self.numbers = sorted(firsts[place] for place in order[:chains])

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> Batch:
        number = self.numbers[index]
        record = self.data.chains.records[number]
        batch = self.data.whole_chain(number)
        return {"passes": [batch], "recycles": self.recycles, "id": record.id, "cluster": record.cluster30}


def features_only(arrays: Features) -> Features:
    """What the network reads, without the ground truth."""
    return {
        name: array
        for name, array in arrays.items()
        if name not in LABEL_NAMES and name != "use_clamped_fape" and not name.startswith("loss_mask/")
    }


def batch_size_and_residues(batch: Batch) -> dict[str, int]:
    """What throughput counts: examples, and their residues without padding."""
    mask = batch["passes"][-1]["seq_mask"]
    return {"samples": int(mask.shape[0]), "residues": int(mask.sum())}


class StructureTraining(ValidatedModule):
    """Loss, optimiser and validation figures of `AlphaFold`.

    Under bfloat16 the trunk and the heads run in mixed precision, the structure module and the losses in
    float32: coordinates of 100 Å have steps of half an ångström in bfloat16.

    Args:
        network: the plain network.
        config: settings of the run.
    """

    def __init__(self, network: AlphaFold, config: TrainingConfig) -> None:
        super().__init__()
        self.network, self.config = network, config
        self.network.checkpoint_blocks = config.checkpoint_blocks
        keep_in_float32(self.network.structure_module)
        freeze_amplified_biases(self.network)
        self.scores: list[ChainScores] = []
        """Of the latest validation, over all ranks."""
        self._found: list[ChainScores] = []

    def predict(self, batch: Batch) -> Outputs:
        """Outputs of the last pass, in the precision of the settings."""
        passes, device = batch["passes"], self.device
        half = resolved_precision(self.config.precision, device) == "bfloat16"
        # Without the cache: it would keep the weights that the first passes cast outside of autograd, and
        # the last pass would find those and give the parameters no gradient.
        with torch.autocast(device.type, torch.bfloat16, enabled=half, cache_enabled=False):
            return self.network(passes[0] if len(passes) == 1 else passes, recycles=batch["recycles"])

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Any]:
        """Mean loss of the batch; figures are means over the examples that a loss applies to."""
        arrays = batch["passes"][-1]
        losses = structure_loss(self.predict(batch), arrays, arrays, self.config.loss_at(self.global_step))
        total = losses["total"].mean()
        refuse_divergence(self.global_step, total, losses)
        return {
            "loss": total,
            "figures": {n: _applicable_mean(n, v.detach(), arrays) for n, v in losses.items()},
        }

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm of the whole batch's gradient; refuse to step on one that is not finite."""
        norm = clip_gradient(self.global_step, self.network.parameters(), self.config.gradient_clip)
        self.log("train/gradient_norm", norm)
        self.log("train/learning_rate", optimizer.param_groups[0]["lr"])

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Adam with the settings' schedule."""
        config = self.config
        optimizer = torch.optim.Adam(
            [parameter for parameter in self.network.parameters() if parameter.requires_grad],
            lr=config.learning_rate,
            betas=(config.adam_beta1, config.adam_beta2),
            eps=config.adam_epsilon,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: config.learning_rate_at(step) / config.learning_rate
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_validation_epoch_start(self) -> None:
        """Start anew."""
        self._found = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Predict one chain from end to end and score it."""
        arrays = batch["passes"][-1]
        outputs = self.predict(batch)
        self._found.append(
            score_chain(outputs, arrays, arrays["residue_index"], 0, batch["id"], batch["cluster"])
        )

    def on_validation_epoch_end(self) -> None:
        """Means over clusters, of all ranks' chains."""
        found = [self._found]
        if self.trainer.world_size > 1:
            found = [[] for _ in range(self.trainer.world_size)]
            torch.distributed.all_gather_object(found, self._found)
        # By name: a chain that two ranks predicted counts once.
        self.scores = list({one.id: one for part in found for one in part}.values())
        self.validated_step = self.global_step
        for name, summary in summarise(self.scores).items():
            if np.isfinite(summary.mean):
                self.log(f"valid/{name}", summary.mean)


def freeze_amplified_biases(network: AlphaFold) -> None:
    """Leave the offsets of the outer products of the extra MSA as they are: zero in a new network.

    AlphaFold 2 divides the outer product, offset included, by 0.001 plus the number of rows. A chain
    without extra rows multiplies this offset by 1000, and the first steps on it throw the pair
    representation out of its range.
    """
    for block in network.extra_msa_stack:
        block.get_submodule("outer_product_mean.output").get_parameter("bias").requires_grad_(False)


def keep_in_float32(module: nn.Module) -> None:
    """Make a module compute in float32 inside of autocast too; its parameters keep their names."""
    forward: Callable[..., Any] = module.forward

    def in_float32(*inputs: Any) -> Any:  # noqa: ANN401 - whatever the module takes and gives
        device = next(module.parameters()).device
        with torch.autocast(device.type, enabled=False):
            return forward(*(_float32(value) for value in inputs))

    module.forward = in_float32


def _float32(value: Any) -> Any:  # noqa: ANN401 - passes through what is no half-precision array
    if isinstance(value, Mapping):
        return {name: _float32(one) for name, one in value.items()}
    is_half = isinstance(value, Tensor) and value.dtype in (torch.bfloat16, torch.float16)
    return value.float() if is_half else value


def _applicable_mean(name: str, values: Tensor, arrays: Features) -> Tensor:
    """Mean (…) of (b,) over the examples that the loss supervises."""
    key = "torsion" if name == "angle_norm" else name
    if name not in WEIGHTED_LOSSES or f"loss_mask/{key}" not in arrays:
        return values.mean()
    weights = arrays[f"loss_mask/{key}"]
    return (values * weights).sum() / weights.sum().clamp(min=1)


def data_digest(*sets: ChainSet, alignments: Path | None = None) -> str:
    """One digest for the chains of a run, and for its alignments where there are any."""
    parts = [one.sha256 for one in sets]
    if alignments is not None:
        digest = hashlib.sha256()
        for path in sorted(alignments.glob("*.a3m")):
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
        parts.append(digest.hexdigest())
    return "+".join(part[:16] for part in parts)
