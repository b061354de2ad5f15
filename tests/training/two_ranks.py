"""Trains the toy on several gloo ranks; run by `test_resume.py`.

Usage: python -m tests.training.two_ranks FOLDER RANKS BATCH_SIZE [KILL_STEP]
With KILL_STEP the last rank is killed (SIGKILL) before that step. Rank 0 leaves the parameters in
FOLDER/result.pt.
"""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DDPStrategy

from tests.training.toy import train


class KillLastRank(pl.Callback):
    """SIGKILL on one rank."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_start(self, trainer, *rest):
        if trainer.global_step == self.step and trainer.global_rank == trainer.world_size - 1:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder, ranks, batch_size, kill_step=None):
    """Train, resuming where there is a checkpoint; without dropout, so that runs of 1 and 2 ranks compare."""
    torch.set_num_threads(1)
    strategy = (
        DDPStrategy(process_group_backend="gloo", timeout=timedelta(seconds=60)) if ranks > 1 else "auto"
    )
    extra = [] if kill_step is None else [KillLastRank(kill_step)]
    module, ema = train(
        folder, batch_size=batch_size, extra=extra, dropout=0.0, devices=ranks, strategy=strategy
    )
    if module.global_rank == 0:
        torch.save({"parameters": module.state_dict(), "average": ema.average}, folder / "result.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
