"""What a training run leaves behind: its folder, its settings, what it ran on and every figure it printed.

RUN/config.json           the settings
RUN/run.json              data hash, versions, device, seeds and seconds of every invocation
RUN/metrics.csv           step,split,metric,value
RUN/checkpoints/          last.ckpt, best.ckpt
"""

import csv
import io
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from sciml.errors import InputError, SettingsError
from sciml.runs.files import atomic_write_text

COLUMNS = ("step", "split", "metric", "value")


class RunFolder:
    """One training run on disk.

    Args:
        path: the folder; made by `begin`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"
        self.record = path / "run.json"
        self.metrics = path / "metrics.csv"
        self.checkpoints = path / "checkpoints"

    def begin(self, config: Mapping[str, Any], data_hash: str, *, resume: bool) -> None:
        """Claim the folder for a new run, or check that an old one may go on.

        Args:
            config: every setting that decides the result, as JSON values.
            data_hash: digest of the training data.
            resume: continue the run that is there.

        Raises:
            SettingsError: a run is there already and `resume` is false; there is none to resume; or the
                settings or the data differ from those it was started with (the message names every
                difference).
        """
        if not resume:
            if self.config.exists():
                raise SettingsError(
                    f"{self.path} holds a training run: continue it with --resume, or name another folder"
                )
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            atomic_write_text(self.config, json.dumps(dict(config), indent=2) + "\n")
            self._write_record({"data_hash": data_hash, "invocations": []})
            return
        if not self.config.exists():
            raise SettingsError(f"{self.path} holds no training run to resume")
        old = read_json(self.config)
        found = differences(old, json.loads(json.dumps(dict(config))))
        if (old_hash := read_json(self.record).get("data_hash")) != data_hash:
            found.append(f"data: was {old_hash}, now {data_hash}")
        if found:
            raise SettingsError(f"{self.path} cannot be resumed with other settings: {'; '.join(found)}")

    def add_invocation(self, **facts: Any) -> None:  # noqa: ANN401 - any JSON value
        """Append one invocation (device, versions, start and end steps, seconds) to `run.json`."""
        record = read_json(self.record)
        record["invocations"].append(facts)
        self._write_record(record)

    def _write_record(self, record: Mapping[str, Any]) -> None:
        atomic_write_text(self.record, json.dumps(record, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        InputError: no such file, or it holds no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError("no such file", file=str(path)) from error
    except ValueError as error:
        raise InputError(f"not JSON: {error}", file=str(path)) from error
    if not isinstance(value, dict):
        raise InputError(f"a JSON object is needed here, not {type(value).__name__}", file=str(path))
    return value


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Every setting in which two nested mappings differ, as `name: was …, now …`."""
    found = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key, "absent"), new.get(key, "absent")
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += differences(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key}: was {before}, now {after}")
    return found


def environment(device: torch.device) -> dict[str, Any]:
    """Versions and hardware that a run's figures depend on."""
    on_gpu = device.type == "cuda"
    return {
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "pytorch-lightning", "numpy")},
        "device": torch.cuda.get_device_name(device) if on_gpu else f"cpu ({platform.machine()})",
        "threads": torch.get_num_threads(),
        "command": sys.argv,
        "started_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


class MetricsRecorder(pl.Callback):
    """Appends figures to `metrics.csv` and tells them to `echo`: training means every `every` steps, each
    validation.

    Training figures are what `training_step` returns under "figures", averaged over the interval on rank 0,
    and the logged `train/…` and `throughput/…` values. Validation figures are the logged `valid/…` ones.
    When a run is resumed, rows later than its checkpoint are dropped, so that no step is in the file twice.

    Args:
        path: the CSV file.
        every: optimiser steps of one interval.
        echo: receives one line for each interval and validation.
    """

    def __init__(self, path: Path, every: int, echo: Callable[[str], None] | None = None) -> None:
        self.path, self.every, self.echo = path, every, echo
        self._sums: dict[str, torch.Tensor] = {}
        self._batches = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the file, or cut it back to the checkpoint."""
        if not trainer.is_global_zero:
            return
        rows = [row for row in read_metrics(self.path) if int(row["step"]) <= trainer.global_step]
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        atomic_write_text(self.path, text.getvalue())

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """Add up without waiting for the device; write at the end of an interval."""
        figures = outputs.get("figures", {}) if isinstance(outputs, Mapping) else {}
        for name, value in figures.items():
            # `value` leads, so that a sum restored from a checkpoint comes to its device.
            self._sums[name] = value + self._sums[name].to(value.device) if name in self._sums else value
        self._batches += 1
        if (batch_idx + 1) % (self.every * trainer.accumulate_grad_batches) == 0:
            means = {name: float(total) / self._batches for name, total in self._sums.items()}
            self._sums, self._batches = {}, 0
            logged = trainer.callback_metrics
            others = {n: float(v) for n, v in logged.items() if n.startswith(("train/", "throughput/"))}
            self._write(trainer, "train", means | {n.split("/", 1)[1]: v for n, v in others.items()})

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the figures of this validation."""
        logged = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("valid/")}
        if not trainer.sanity_checking and logged:
            self._write(trainer, "valid", {name.split("/", 1)[1]: value for name, value in logged.items()})

    def state_dict(self) -> dict[str, Any]:
        """The interval that a checkpoint cuts through."""
        return {"sums": dict(self._sums), "batches": self._batches}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with that interval."""
        self._sums, self._batches = dict(state_dict["sums"]), int(state_dict["batches"])

    def _write(self, trainer: pl.Trainer, split: str, figures: Mapping[str, float]) -> None:
        if not trainer.is_global_zero:
            return
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if not file.tell():
                writer.writerow(COLUMNS)
            writer.writerows(
                (trainer.global_step, split, name, repr(value)) for name, value in figures.items()
            )
        if self.echo is not None:
            text = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
            self.echo(f"step {trainer.global_step}  {split}  {text}")


def read_metrics(path: Path) -> list[dict[str, str]]:
    """Complete rows of a `metrics.csv` (none where there is no file), without a line cut short by a kill."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if all(row.get(column) for column in COLUMNS) and row["step"].isdigit()]
