"""Runs that end on time: a wall-clock limit that leaves room for the last checkpoint."""

import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Any

import pytorch_lightning as pl

_FORECAST_STEPS = 20
_SHORTFALL = 0.9


class TimeBox(pl.Callback):
    """Stops training so that the run, its last validation and its last checkpoint end within `max_seconds`.

    The clock starts when the object is made, so that loading data counts. After every optimiser step the time
    still needed is taken as the longest of the last steps plus the longest validation seen plus `reserve_s`;
    when that does not fit, training stops at this step. Rank 0 decides for all.

    Args:
        max_seconds: wall-clock limit of this invocation; None for no limit.
        reserve_s: kept free for what follows training (the last checkpoint, the final evaluation).
        started: `time.monotonic()` at which the clock started; now where absent.
        echo: told once, after `_FORECAST_STEPS` steps, when the limit will end the run long before its last
            step: a learning rate that falls with the steps would not have fallen.
    """

    def __init__(
        self,
        max_seconds: float | None,
        *,
        reserve_s: float = 0.0,
        started: float | None = None,
        echo: Callable[[str], None] | None = None,
    ) -> None:
        if max_seconds is not None and max_seconds <= reserve_s:
            raise ValueError(
                f"a time limit of {max_seconds} s leaves nothing beside a reserve of {reserve_s} s"
            )
        self.max_seconds, self.reserve_s = max_seconds, reserve_s
        self.started = time.monotonic() if started is None else started
        self.seconds_before = 0.0
        self._echo, self._steps_seen = echo, 0
        self._steps: deque[float] = deque(maxlen=_FORECAST_STEPS)
        self._step_started = self._validation_started = self.started
        self._longest_validation = 0.0

    @property
    def elapsed_s(self) -> float:
        """Wall-clock seconds of this invocation."""
        return time.monotonic() - self.started

    @property
    def total_s(self) -> float:
        """Wall-clock seconds of the run over all its invocations, as far as checkpoints kept them."""
        return self.seconds_before + self.elapsed_s

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The first step begins."""
        self._step_started = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """Stop when the next step would not fit."""
        if self.max_seconds is None or (batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        now = time.monotonic()
        self._steps.append(now - self._step_started)  # loading and checkpoints included
        self._step_started = now
        self._forecast(trainer)
        needed = max(self._steps) + self._longest_validation + self.reserve_s
        stop = self.elapsed_s + needed > self.max_seconds
        if trainer.world_size > 1:
            stop = trainer.strategy.broadcast(stop, src=0)
        if stop:
            trainer.should_stop = True

    def _forecast(self, trainer: pl.Trainer) -> None:
        """Say when the limit comes long before the last step."""
        self._steps_seen += 1
        if self._echo is None or self.max_seconds is None or self._steps_seen != _FORECAST_STEPS:
            return
        seconds = median(self._steps)  # the first ones hold the warm-up of kernels
        left = self.max_seconds - self.elapsed_s - self._longest_validation - self.reserve_s
        reached = trainer.global_step + int(left / seconds)
        if reached < _SHORTFALL * trainer.max_steps:
            self._echo(
                f"at {1 / seconds:.3g} steps a second the time limit comes near step {reached} "
                f"of {trainer.max_steps}: resume then, or start again with so many steps"
            )

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the time."""
        self._validation_started = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Remember the longest validation."""
        self._step_started = time.monotonic()
        self._longest_validation = max(
            self._longest_validation, self._step_started - self._validation_started
        )

    def state_dict(self) -> dict[str, Any]:
        """The run's seconds so far."""
        return {"seconds": self.total_s}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Count on from the checkpoint."""
        self.seconds_before = float(state_dict["seconds"])
