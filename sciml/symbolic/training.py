"""Training of the sequence model under Lightning: loss, optimiser and figures around the plain network."""

from collections.abc import Sequence
from typing import Any

import torch
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.nn import functional

from sciml.symbolic.batches import Batch, Pair
from sciml.symbolic.decoding import Decoding, Problem, beam_search
from sciml.symbolic.network import ExpressionTransformer
from sciml.symbolic.training_config import TrainingConfig
from sciml.symbolic.vocabulary import PAD
from sciml.training.divergence import clip_gradient, refuse_divergence
from sciml.training.machine import resolved_precision
from sciml.training.muon import Muon
from sciml.training.run import ValidatedModule

_ANSWERED_TOGETHER = 256


class ExpressionTraining(ValidatedModule):
    """Cross entropy of the known answers, and on held-out problems how many answers are found.

    Args:
        network: the plain network.
        config: settings of the run.
        answered: held-out pairs that a validation answers greedily.
    """

    def __init__(
        self, network: ExpressionTransformer, config: TrainingConfig, answered: Sequence[Pair] = ()
    ) -> None:
        super().__init__()
        self.network, self.config, self.answered = network, config, answered

    def figures(self, batch: Batch) -> dict[str, Tensor]:
        """Mean loss in nats and share of right tokens, over all target tokens; and how many there are."""
        source, target = batch.source.long(), batch.target.long()
        half = resolved_precision(self.config.precision, self.device) == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            logits = self.network(source, target[:, :-1])
        logits, wanted = logits.float().flatten(0, 1), target[:, 1:].flatten()
        is_token = wanted != PAD
        right = ((logits.detach().argmax(-1) == wanted) & is_token).sum() / is_token.sum()
        loss = functional.cross_entropy(logits, wanted, ignore_index=PAD)
        return {"loss": loss, "token_accuracy": right, "tokens": is_token.sum()}

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Any]:
        """Loss of one batch."""
        figures = self.figures(batch)
        del figures["tokens"]
        refuse_divergence(self.global_step, figures["loss"], figures)
        return {"loss": figures["loss"], "figures": {name: one.detach() for name, one in figures.items()}}

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm of the whole gradient; refuse to step on one that is not finite."""
        norm = clip_gradient(self.global_step, self.network.parameters(), self.config.gradient_clip)
        self.log("train/gradient_norm", norm)
        self.log("train/learning_rate", optimizer.param_groups[0]["lr"])

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimiser with the settings' schedule."""
        config = self.config
        named = list(self.network.named_parameters())
        is_matrix = {name: one.ndim == 2 and name != "embedding" for name, one in named}
        matrices = [one for name, one in named if is_matrix[name]]
        others = [one for name, one in named if not is_matrix[name]]
        betas = config.adam_beta1, config.adam_beta2
        optimizer: torch.optim.Optimizer
        if config.optimiser == "muon":
            optimizer = Muon(
                matrices,
                others,
                lr=config.learning_rate,
                momentum=config.momentum,
                betas=betas,
                weight_decay=config.weight_decay,
            )
        else:
            groups = [
                {"params": matrices, "weight_decay": config.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ]
            optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=betas)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: config.learning_rate_at(step) / config.learning_rate
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Loss and token accuracy of held-out pairs, whose means weigh tokens alike."""
        figures = self.figures(batch)
        tokens = int(figures.pop("tokens"))
        self.log_dict(
            {f"valid/{name}": one for name, one in figures.items()}, batch_size=tokens, sync_dist=True
        )

    def on_validation_epoch_end(self) -> None:
        """Answer held-out problems greedily: the share of known answers found, token for token."""
        self.validated_step = self.global_step
        if not self.answered:
            return
        is_exact = exact_answers(self.network, self.answered, self.config.mixture.max_target)
        self.log("valid/exact", sum(is_exact) / len(is_exact))
        for task in sorted({pair.task for pair in self.answered}):
            of_task = [one for one, pair in zip(is_exact, self.answered, strict=True) if pair.task == task]
            self.log(f"valid/exact_{task}", sum(of_task) / len(of_task))


def exact_answers(network: ExpressionTransformer, pairs: Sequence[Pair], max_length: int) -> list[bool]:
    """Whether the greedy answer to each problem is the known one, token for token."""
    was_training = network.training
    network.eval()
    settings = Decoding(beam=1, max_length=max_length)
    found: dict[int, bool] = {}
    order = sorted(range(len(pairs)), key=lambda number: len(pairs[number].source))
    for start in range(0, len(order), _ANSWERED_TOGETHER):
        numbers = order[start : start + _ANSWERED_TOGETHER]
        problems = [Problem(pairs[number].task, pairs[number].source) for number in numbers]
        for number, answers in zip(numbers, beam_search(network, problems, settings), strict=True):
            [greedy] = answers.hypotheses
            found[number] = greedy.tokens == pairs[number].target
    network.train(was_training)
    return [found[number] for number in range(len(pairs))]


def batch_contents(batch: Batch) -> dict[str, int]:
    """What throughput counts: pairs, and their tokens without padding."""
    tokens = int((batch.source != PAD).sum() + (batch.target != PAD).sum())
    return {"pairs": len(batch.source), "tokens": tokens}
