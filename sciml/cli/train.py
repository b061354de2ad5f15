"""`sciml train`: the structure network on experimental chains, the sequence model on generated pairs."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sciml.cli import training_options as common

if TYPE_CHECKING:
    from sciml.training.run import TrainingRun


def structure(
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with index.csv.gz and the shards of chains.")
    ] = None,
    output: common.RunFolder = None,
    config: common.ConfigFile = None,
    settings: common.Assignments = None,
    max_time: common.MaxTime = None,
    resume: common.Resume = False,
    seed: common.Seed = None,
    init: common.InitialParameters = None,
    alignments: Annotated[
        Path | None, typer.Option("--alignments", help="Folder of <chain id>.a3m; else single sequences.")
    ] = None,
    device: common.Device = "auto",
    devices: common.Devices = 1,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Loader processes of each device.")] = 0,
    checkpoint_minutes: common.CheckpointMinutes = 5.0,
    threads: common.Threads = None,
    show_config: common.ShowConfig = False,
    quiet: common.Quiet = False,
) -> None:
    """Train the structure network; stop it at any time and continue with --resume.

    RUN/parameters.safetensors is for `sciml predict --model`. The test split is never read.

    Example: sciml train structure --data chains -o run --max-time 3600 --set network=mini --set steps=20000
    """
    started = time.monotonic()
    import torch

    from sciml.errors import InputError, SettingsError
    from sciml.structure.training_config import TrainingConfig
    from sciml.structure.training_run import StructureRun, stored_config
    from sciml.training.machine import RunOptions

    if threads is not None:
        torch.set_num_threads(threads)
    chosen = common.chosen_config(
        TrainingConfig(),
        stored_config,
        output=output,
        resume=resume,
        config=config,
        settings=settings,
        seed=seed,
    )
    if show_config:
        common.print_config(chosen)
        return
    if data is None or output is None:
        raise SettingsError("--data FOLDER and -o FOLDER are missing: the chains, and where the run is kept")
    if not data.is_dir():
        raise InputError("no such folder of chains", file=str(data))
    run = StructureRun(
        data,
        output,
        chosen,
        RunOptions(max_time, device, devices, workers, checkpoint_minutes),
        resume=resume,
        alignments=alignments,
        init=init,
        echo=common.voice(quiet=quiet),
        started=started,
    )
    _carry_out(run)


def symbolic(
    output: common.RunFolder = None,
    config: common.ConfigFile = None,
    settings: common.Assignments = None,
    max_time: common.MaxTime = None,
    resume: common.Resume = False,
    seed: common.Seed = None,
    init: common.InitialParameters = None,
    shards: Annotated[
        Path | None, typer.Option("--shards", help="Folder where generated pairs are kept and found again.")
    ] = None,
    device: common.Device = "auto",
    devices: common.Devices = 1,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Generating processes of each device.")
    ] = 1,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the network; pays on a GPU after minutes.")
    ] = False,
    checkpoint_minutes: common.CheckpointMinutes = 5.0,
    threads: common.Threads = None,
    show_config: common.ShowConfig = False,
    quiet: common.Quiet = False,
) -> None:
    """Train the sequence model on integrals and equations that are generated meanwhile.

    Stop it at any time and continue with --resume. RUN/parameters.safetensors is the model file.

    Example: sciml train symbolic -o run --max-time 3600 --set network=small --set steps=20000
    """
    started = time.monotonic()
    import torch

    from sciml.errors import SettingsError
    from sciml.symbolic.training_config import ExpressionRunOptions, TrainingConfig
    from sciml.symbolic.training_run import ExpressionRun, stored_config

    if threads is not None:
        torch.set_num_threads(threads)
    chosen = common.chosen_config(
        TrainingConfig(),
        stored_config,
        output=output,
        resume=resume,
        config=config,
        settings=settings,
        seed=seed,
    )
    if show_config:
        common.print_config(chosen)
        return
    if output is None:
        raise SettingsError("-o FOLDER is missing: where the run is kept")
    run = ExpressionRun(
        output,
        chosen,
        ExpressionRunOptions(max_time, device, devices, workers, checkpoint_minutes, shards, compiled),
        resume=resume,
        init=init,
        echo=common.voice(quiet=quiet),
        started=started,
    )
    _carry_out(run)


def _carry_out(run: "TrainingRun[Any, Any, Any]") -> None:
    run.echo(run.plan())
    path = run.train()
    if run.is_main:
        typer.echo(str(path))
