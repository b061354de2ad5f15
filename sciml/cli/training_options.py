"""The options that every `sciml train` command has, and what they mean for a run's settings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import typer

from sciml.errors import SettingsError

RunFolder = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Run folder: settings, figures, checkpoints, parameters."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="JSON file of settings; see --show-config.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", help="One setting, as network=base or steps=5000; may be repeated."),
]
MaxTime = Annotated[
    float | None,
    typer.Option("--max-time", min=1, help="Stop after this many seconds, evaluation included."),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Continue the run in the folder from its last checkpoint.")
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of parameters, examples and dropout.")]
InitialParameters = Annotated[
    Path | None, typer.Option("--init", help="Start from the parameters in this file.")
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Devices = Annotated[
    int, typer.Option("--devices", min=1, help="Devices of this machine that train together.")
]
CheckpointMinutes = Annotated[
    float, typer.Option("--checkpoint-minutes", min=0.01, help="Between two checkpoints.")
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Processor threads.")]
ShowConfig = Annotated[
    bool, typer.Option("--show-config", help="Print the settings as JSON and do nothing else.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print the name of the parameter file only.")]


class Updatable(Protocol):
    """Settings that can be replaced one by one."""

    def updated(self, values: dict[str, Any]) -> Any:  # noqa: ANN401 - the same type of settings
        """A copy with some settings replaced."""


Config = TypeVar("Config", bound=Updatable)


def chosen_config(
    default: Config,
    stored: Callable[[Path], Config],
    *,
    output: Path | None,
    resume: bool,
    config: Path | None,
    settings: list[str] | None,
    seed: int | None,
) -> Config:
    """The settings of a run: stored ones where it continues, changed by file, words and seed in this order.

    Args:
        default: of a new run.
        stored: gives the settings of the run in a folder.
        output, resume, config, settings, seed: the options of those names.

    Raises:
        SettingsError: `--resume` without a folder; a setting that does not exist.
        InputError: a file that cannot be read.
    """
    from sciml.training.records import read_json
    from sciml.training.settings import parse_assignments

    if resume and output is None:
        raise SettingsError("--resume continues the run of -o FOLDER, which is missing")
    chosen = stored(output) if resume and output is not None else default
    if config is not None:
        chosen = chosen.updated(read_json(config))
    chosen = chosen.updated(parse_assignments(settings or []))
    return chosen if seed is None else chosen.updated({"seed": seed})


def print_config(config: object) -> None:
    """The settings as JSON."""
    from sciml.training.settings import as_json

    typer.echo(json.dumps(as_json(config), indent=2))


def voice(*, quiet: bool) -> Callable[[str], None]:
    """What a run says to its user goes to standard error, or nowhere."""

    def echo(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    return echo
