"""Trains the toy, kills it (SIGKILL) and resumes it, each in a process of its own; run by `test_resume.py`.

Usage: python -m tests.training.killed_runs FOLDER ACCUMULATION CHECKPOINT_EVERY_STEPS
Prints one JSON object for each kill, with what `test_resume.py` asserts.
"""

import json
import os
import random
import signal
import sys
from pathlib import Path

import pytorch_lightning as pl
import torch

from sciml.training.checkpoints import LAST
from tests.training.toy import STEPS, train


class Kill(pl.Callback):
    """SIGKILL at one step: before it, between backward and optimiser, or while its checkpoint is being
    written."""

    def __init__(self, place, step):
        self.place, self.step = place, step

    def on_train_batch_start(self, trainer, *rest):
        if self.place == "start" and trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_before_optimizer_step(self, trainer, *rest):
        if self.place == "backward" and trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_save_checkpoint(self, trainer, *rest):
        if self.place == "writing" and trainer.global_step >= self.step:
            save = torch.save

            def save_half(content, file, *more):
                save(content, file, *more)
                for path in Path(sys.argv[1]).rglob("*.part"):
                    path.write_bytes(path.read_bytes()[:100])
                os.kill(os.getpid(), signal.SIGKILL)

            torch.save = save_half


def child(folder, **settings):
    """Run `train` in a forked process and return the signal that ended it (0 for none)."""
    process = os.fork()
    if process == 0:
        try:
            module, ema = train(folder, **settings)
            torch.save({"parameters": module.state_dict(), "average": ema.average}, folder / "result.pt")
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status) and -1


def same(left, right):
    """Whether two saved results are equal bit for bit."""
    left, right = (torch.load(folder / "result.pt", weights_only=True) for folder in (left, right))
    return all(torch.equal(left[kind][name], right[kind][name]) for kind in left for name in left[kind])


def main(root, accumulation, every_steps):
    """Kill at one random step in each place."""
    torch.set_num_threads(1)
    settings = {"accumulation": accumulation, "every_steps": every_steps}
    whole = root / "whole"
    whole.mkdir()
    assert child(whole, **settings) == 0
    draw = random.Random(accumulation)
    for place in ("start", "backward", "writing"):
        folder = root / place
        folder.mkdir()
        # A periodic checkpoint lies behind the kill, so that there is something to resume.
        step = draw.randint(every_steps + 1, STEPS - 1)
        killed = child(folder, extra=[Kill(place, step)], **settings)
        resumed_at = torch.load(folder / LAST, weights_only=True)["global_step"]
        facts = {"place": place, "step": step, "killed": killed, "resumed_at": resumed_at}
        facts["resumed"] = child(folder, **settings)
        facts["same_result"] = same(whole, folder)
        facts["same_metrics"] = (whole / "metrics.csv").read_text() == (folder / "metrics.csv").read_text()
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
