"""Trains the tiny network, killed and resumed in processes of its own; run by `test_training.py`.

Usage: python -m tests.structure.training_child DATA FOLDER STEPS KILL_STEP
"""

import json
import os
import signal
import sys
from pathlib import Path

import pytorch_lightning as pl
import torch

from sciml.structure.parameters import load_parameters
from sciml.structure.training_config import TrainingConfig
from sciml.structure.training_run import StructureRun
from sciml.training.checkpoints import LAST, AtomicCheckpoint
from sciml.training.machine import RunOptions

SETTINGS = {
    "network": "tiny",
    "crop": 16,
    "batch_size": 2,
    "accumulation": 2,
    "max_recycles": 1,
    "warmup_steps": 2,
    "log_every": 2,
    "validate_every": 4,
    "late_from": 0.5,
    "validation_recycles": 0,
}


class Kill(pl.Callback):
    """SIGKILL before a step."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_start(self, trainer, *rest):
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def train(data, folder, steps, kill_step=None):
    """One invocation, resumed where there is a checkpoint; a checkpoint every second step."""
    config = TrainingConfig().updated(SETTINGS | {"steps": steps})
    resume = (folder / "config.json").exists()
    run = StructureRun(data, folder, config, RunOptions(), resume=resume, echo=lambda line: None)
    for callback in run.trainer.callbacks:
        if isinstance(callback, AtomicCheckpoint):
            callback.every_steps = 2
    if kill_step is not None:
        run.trainer.callbacks.insert(0, Kill(kill_step))
    run.train()


def child(*arguments):
    """Run `train` in a forked process; the signal that ended it, or minus its exit code."""
    process = os.fork()
    if process == 0:
        try:
            train(*arguments)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)


def final_state(folder):
    """Everything that the last checkpoint knows of parameters, average and optimiser, as a flat list."""
    content = torch.load(folder / "checkpoints" / LAST, weights_only=True)
    average = content["callbacks"]["ExponentialMovingAverage"]["average"]
    moments = [state for _, state in sorted(content["optimizer_states"][0]["state"].items())]
    tensors = [*content["state_dict"].values(), *average.values()]
    return tensors + [moment["exp_avg"] for moment in moments] + [moment["exp_avg_sq"] for moment in moments]


def main(data, root, steps, kill_step):
    """A whole run, a killed one, its resumption; what they have in common as JSON."""
    torch.set_num_threads(1)
    facts = {
        "whole": child(data, root / "whole", steps),
        "killed": child(data, root / "killed", steps, kill_step),
    }
    facts["at"] = torch.load(root / "killed" / "checkpoints" / LAST, weights_only=True)["global_step"]
    facts["resumed"] = child(data, root / "killed", steps)
    pairs = list(zip(final_state(root / "whole"), final_state(root / "killed"), strict=True))
    facts["tensors"] = len(pairs)
    facts["same_state"] = all(torch.equal(left, right) for left, right in pairs)
    loaded = [load_parameters(root / name / "parameters.safetensors").model for name in ("whole", "killed")]
    facts["file_difference"] = max(
        float((left - right).detach().abs().max())
        for left, right in zip(*(one.parameters() for one in loaded), strict=True)
    )
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
