"""`sciml train`: the structure network on experimental chains, the sequence model on generated pairs."""

import time
from pathlib import Path
from typing import Annotated

import typer


def structure(
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with index.csv.gz and the shards of chains.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Run folder: settings, figures, checkpoints, parameters."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="JSON file of settings; see --show-config.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, as steps=5000 or loss.distogram=0.5; may be repeated."),
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option("--max-time", min=1, help="Stop after this many seconds, evaluation included."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run in the folder from its last checkpoint.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Seed of parameters, examples and dropout.")
    ] = None,
    init: Annotated[Path | None, typer.Option("--init", help="Start from this parameter file.")] = None,
    alignments: Annotated[
        Path | None, typer.Option("--alignments", help="Folder of <chain id>.a3m; else single sequences.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[
        int, typer.Option("--devices", min=1, help="Devices of this machine that train together.")
    ] = 1,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Loader processes of each device.")] = 0,
    checkpoint_minutes: Annotated[
        float, typer.Option("--checkpoint-minutes", min=0.01, help="Between two checkpoints.")
    ] = 5.0,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Processor threads.")] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print the settings as JSON and do nothing else.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print the name of the parameter file only.")
    ] = False,
) -> None:
    """Train the structure network; stop it at any time and continue with --resume.

    RUN/parameters.safetensors is for `sciml predict --model`. The test split is never read.

    Example: sciml train structure --data chains -o run --max-time 3600 --set network=mini --set steps=20000
    """
    started = time.monotonic()
    import json

    import torch

    from sciml.errors import InputError, SettingsError
    from sciml.structure.training_config import TrainingConfig
    from sciml.structure.training_run import StructureRun, stored_config
    from sciml.training.machine import RunOptions
    from sciml.training.records import read_json
    from sciml.training.settings import as_json, parse_assignments

    if threads is not None:
        torch.set_num_threads(threads)
    if resume and output is None:
        raise SettingsError("--resume continues the run of -o FOLDER, which is missing")
    chosen = stored_config(output) if resume and output is not None else TrainingConfig()
    if config is not None:
        chosen = chosen.updated(read_json(config))
    chosen = chosen.updated(parse_assignments(settings or []))
    if seed is not None:
        chosen = chosen.updated({"seed": seed})
    if show_config:
        typer.echo(json.dumps(as_json(chosen), indent=2))
        return
    if data is None or output is None:
        raise SettingsError("--data FOLDER and -o FOLDER are missing: the chains, and where the run is kept")
    if not data.is_dir():
        raise InputError("no such folder of chains", file=str(data))
    options = RunOptions(max_time, device, devices, workers, checkpoint_minutes)

    def echo(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    run = StructureRun(
        data,
        output,
        chosen,
        options,
        resume=resume,
        alignments=alignments,
        init=init,
        echo=echo,
        started=started,
    )
    run.echo(run.plan())
    path = run.train()
    if run.is_main:
        typer.echo(str(path))


def symbolic(
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Run folder: settings, figures, checkpoints, parameters."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="JSON file of settings; see --show-config.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, as network=base or data.passes=4; may be repeated."),
    ] = None,
    max_time: Annotated[
        float | None,
        typer.Option("--max-time", min=1, help="Stop after this many seconds, evaluation included."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run in the folder from its last checkpoint.")
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of parameters and pairs.")] = None,
    init: Annotated[Path | None, typer.Option("--init", help="Start from this model file.")] = None,
    shards: Annotated[
        Path | None, typer.Option("--shards", help="Folder where generated pairs are kept and found again.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[
        int, typer.Option("--devices", min=1, help="Devices of this machine that train together.")
    ] = 1,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Generating processes of each device.")
    ] = 1,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the network; pays on a GPU after minutes.")
    ] = False,
    checkpoint_minutes: Annotated[
        float, typer.Option("--checkpoint-minutes", min=0.01, help="Between two checkpoints.")
    ] = 5.0,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Processor threads.")] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print the settings as JSON and do nothing else.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the name of the model file only.")] = False,
) -> None:
    """Train the sequence model on integrals and equations that are generated meanwhile.

    Stop it at any time and continue with --resume. RUN/parameters.safetensors is the model file.

    Example: sciml train symbolic -o run --max-time 3600 --set network=small --set steps=20000
    """
    started = time.monotonic()
    import json

    import torch

    from sciml.errors import SettingsError
    from sciml.symbolic.training_config import ExpressionRunOptions, TrainingConfig
    from sciml.symbolic.training_run import ExpressionRun, stored_config
    from sciml.training.records import read_json
    from sciml.training.settings import as_json, parse_assignments

    if threads is not None:
        torch.set_num_threads(threads)
    if resume and output is None:
        raise SettingsError("--resume continues the run of -o FOLDER, which is missing")
    chosen = stored_config(output) if resume and output is not None else TrainingConfig()
    if config is not None:
        chosen = chosen.updated(read_json(config))
    chosen = chosen.updated(parse_assignments(settings or []))
    if seed is not None:
        chosen = chosen.updated({"seed": seed})
    if show_config:
        typer.echo(json.dumps(as_json(chosen), indent=2))
        return
    if output is None:
        raise SettingsError("-o FOLDER is missing: where the run is kept")
    options = ExpressionRunOptions(max_time, device, devices, workers, checkpoint_minutes, shards, compiled)

    def echo(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    run = ExpressionRun(output, chosen, options, resume=resume, init=init, echo=echo, started=started)
    run.echo(run.plan())
    path = run.train()
    if run.is_main:
        typer.echo(str(path))
