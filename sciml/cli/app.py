"""The `sciml` command: lists the verbs, loads each one on its first use, turns errors into exit codes.

A verb is a function in `sciml/cli/<verb>.py` whose parameters are annotated typer options. Nothing heavier
than typer is imported before a verb is chosen, so `sciml --help` answers at once.

A verb ends in one of four ways: it returns (exit code 0); it raises a `ScimlError` (one line on standard
error, the error's own exit code); it raises `typer.Exit(code)` after it has reported for itself; or it fails
unexpectedly (traceback, exit code 1).
"""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import getdoc, signature
from typing import Annotated, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import sciml
from sciml.cli import wall_clock
from sciml.errors import MissingRequirementError, ScimlError

EXIT_UNEXPECTED = 1
REPORT = """\
sciml: this is a fault of sciml, not of your input. Please open an issue in the repository that you installed
       it from, with the command, the lines above and the output of `sciml doctor`.\
"""


@dataclass(frozen=True)
class Verb:
    """Where a verb is implemented."""

    module: str
    """Module that is imported when the verb is used."""
    function: str
    """Function of that module; its docstring is the help text."""
    summary: str
    """The line that `sciml --help` prints."""


@dataclass(frozen=True)
class VerbGroup:
    """A verb that is followed by a second one, such as `sciml train structure`."""

    summary: str
    """The line that `sciml --help` prints."""
    verbs: Mapping[str, Verb]
    """The second words."""
    example: str
    """A whole command, which the help ends with."""


VERBS: Mapping[str, Verb | VerbGroup] = {
    "predict": Verb("sciml.cli.predict", "predict", "Predict structures from a sequence file."),
    "search": Verb("sciml.cli.search", "search", "Search FASTA databases and write alignments (MSAs)."),
    "evaluate": Verb(
        "sciml.cli.evaluate", "evaluate", "Score predictions as CASP does; tables, ranking, HTML page."
    ),
    "parity": Verb(
        "sciml.cli.parity", "parity", "Compare the network with reference outputs of AlphaFold 2."
    ),
    "surrogate": VerbGroup(
        "Learn a simulator, print how good the surrogate is, ask it.",
        {
            "fit": Verb("sciml.cli.surrogate", "fit", "Learn a simulator from a number of simulations."),
            "check": Verb("sciml.cli.surrogate", "check", "Simulate new designs and print the card."),
            "query": Verb("sciml.cli.surrogate", "query", "Predict designs, with intervals and domain."),
        },
        "sciml surrogate fit examples/two_stage_opamp.yaml --simulations 300 -o model.safetensors",
    ),
    "integrate": Verb("sciml.cli.integrate", "integrate", "Integrate functions; every answer is verified."),
    "dsolve": Verb("sciml.cli.dsolve", "dsolve", "Solve differential equations; every answer is verified."),
    "train": VerbGroup(
        "Train a network on your own data.",
        {
            "structure": Verb(
                "sciml.cli.train", "structure", "Train the structure network on protein chains."
            ),
            "symbolic": Verb("sciml.cli.train", "symbolic", "Train the model of integrals and equations."),
        },
        "sciml train structure --data chains -o run --max-time 3600",
    ),
    "design": Verb(
        "sciml.cli.design", "design", "Find designs that meet specifications, with few simulations."
    ),
    "doctor": Verb("sciml.cli.doctor", "doctor", "Check this machine: device, kernels, libraries, weights."),
}


class LazyVerb(TyperCommand):
    """Stands for a verb in the list of verbs and imports it when it is called."""

    def __init__(self, name: str, verb: Verb) -> None:
        super().__init__(name=name, callback=None, help=verb.summary)
        self.verb = verb

    def load(self) -> TyperCommand:
        """Import the module of the verb and build its command."""
        function: Callable[..., None] = getattr(import_module(self.verb.module), self.verb.function)
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        alone.command(name=self.name, help=_help_text(function), no_args_is_help=_needs_arguments(function))(
            function
        )
        return cast(TyperCommand, get_command(alone))

    def make_context(  # type: ignore[override]  # typer.Context is the public name of the base's argument type
        self, info_name: str | None, args: list[str], parent: typer.Context | None = None, **extra: object
    ) -> typer.Context:
        """Hand the words after the verb to the verb itself."""
        return cast(typer.Context, self.load().make_context(info_name, args, parent, **extra))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the words after `sciml`; those of the process when None.

    Returns:
        The exit code: 0 all done, 1 a fault of sciml, 2 unusable input or settings, 3 some records failed,
        4 something is missing on the machine, 130 interrupted.
    """
    if arguments is None:
        wall_clock.begin()
    try:
        build_command(VERBS)(args=None if arguments is None else list(arguments), prog_name="sciml")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except ScimlError as error:
        print(f"sciml: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a full disk or a folder that cannot be written: the machine's fault, not ours
        print(f"sciml: {error}", file=sys.stderr)
        return MissingRequirementError.exit_code
    except Exception:
        traceback.print_exc()
        print(REPORT, file=sys.stderr)
        return EXIT_UNEXPECTED
    return 0


def build_command(verbs: Mapping[str, Verb | VerbGroup]) -> TyperGroup:
    """Build the top-level command for a table of verbs."""
    app = typer.Typer(
        help=sciml.__doc__.split("\n\n")[0] if sciml.__doc__ else None,
        epilog="Try: sciml predict examples/ubiquitin.fasta -o out",
        no_args_is_help=True,
        rich_markup_mode="rich",
        context_settings={
            "help_option_names": ["-h", "--help"],
            "token_normalize_func": lambda word: word.replace("_", "-"),
        },
    )
    app.callback()(_options_before_the_verb)
    command = cast(TyperGroup, get_command(app))
    _add_verbs(command, verbs)
    return command


def _add_verbs(group: TyperGroup, verbs: Mapping[str, Verb | VerbGroup]) -> None:
    """Put the verbs of a table, and those of the tables inside it, into a group."""
    for name, verb in verbs.items():
        if isinstance(verb, Verb):
            group.add_command(LazyVerb(name, verb))
        else:
            inner = TyperGroup(
                name=name,
                help=verb.summary,
                epilog=f"Example: {verb.example}",
                no_args_is_help=True,
                rich_markup_mode="rich",
            )
            _add_verbs(inner, verb.verbs)
            group.add_command(inner)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sciml {sciml.__version__}")
        raise typer.Exit


def _options_before_the_verb(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Deep learning that answers scientific questions and shows its evidence."""


def _help_text(function: Callable[..., None]) -> str:
    """The docstring, each paragraph on one line: the width of the terminal breaks it; brackets are text."""
    paragraphs = (getdoc(function) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).replace("[", "\\[")


def _needs_arguments(function: Callable[..., None]) -> bool:
    """Whether a verb called with nothing should print its help rather than run."""
    parameters = signature(function).parameters.values()
    return any(parameter.default is parameter.empty for parameter in parameters)


if __name__ == "__main__":
    sys.exit(main())
