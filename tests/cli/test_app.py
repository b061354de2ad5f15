import importlib.metadata
import subprocess
import sys
from types import ModuleType

import pytest
import typer

import sciml
from sciml.cli import app
from sciml.cli.app import VERBS, Verb, VerbGroup, main
from sciml.errors import InputError, MissingRequirementError

HEAVY = ("torch", "numpy", "scipy", "matplotlib", "Bio", "pytorch_lightning", "pyhmmer")
MEASURE = """
import resource, sys
from sciml.cli.app import main
code = main(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
print("MEASURED", code, used.ru_utime + used.ru_stime, *sorted({name.split(".")[0] for name in sys.modules}))
"""


def run_and_measure(*arguments: str) -> tuple[int, float, set[str], str]:
    """Exit code, CPU seconds, imported packages and output of `sciml ARGUMENTS` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    output, _, measured = done.stdout.partition("MEASURED ")
    code, seconds, *modules = measured.split()
    return int(code), float(seconds), set(modules), output


@pytest.fixture
def verb(monkeypatch):
    """Puts a function into the table of verbs as `sciml try`."""

    def install(function) -> None:
        module = ModuleType("verb_under_test")
        module.try_it = function
        monkeypatch.setitem(sys.modules, "verb_under_test", module)
        monkeypatch.setattr(app, "VERBS", {"try": Verb("verb_under_test", "try_it", "Try it.")})

    return install


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("train", "--help"), ("--version",)])
def test_help_costs_less_than_half_a_cpu_second_and_imports_nothing_heavy(arguments):
    code, seconds, modules, _ = run_and_measure(*arguments)
    assert code == 0
    assert modules.isdisjoint(HEAVY)
    assert seconds < 0.5


def test_help_lists_every_verb_with_its_summary():
    _, _, _, output = run_and_measure("--help")
    for name, entry in VERBS.items():
        assert any(line.split()[1:2] == [name] for line in output.splitlines()), name
        assert entry.summary.split(".")[0][:40] in output


@pytest.mark.parametrize("verb", ["predict", "search", "parity", "doctor", "train structure"])
def test_the_help_of_every_verb_has_an_example_and_does_not_load_torch(verb):
    code, seconds, modules, output = run_and_measure(*verb.split(), "--help")
    assert code == 0
    assert f"Example: sciml {verb}" in " ".join(output.split())
    assert modules.isdisjoint({"torch", "pytorch_lightning", "matplotlib"})
    assert seconds < 1.0


@pytest.mark.parametrize("group", [name for name, each in VERBS.items() if isinstance(each, VerbGroup)])
def test_the_help_of_every_group_ends_with_a_command_of_one_of_its_verbs(group, capsys):
    assert main([group, "--help"]) == 0
    last = " ".join(capsys.readouterr().out.split()).rpartition("Example: ")[2].split()
    assert last[:2] == ["sciml", group]
    assert last[2] in VERBS[group].verbs


def test_sub_verbs_are_reached_through_their_group():
    assert isinstance(VERBS["train"], VerbGroup)
    assert "structure" in VERBS["train"].verbs


def test_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"sciml {sciml.__version__}\n"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            InputError("no residues", file="a.fasta", record="x"),
            2,
            "sciml: a.fasta: record 'x': no residues\n",
        ),
        (MissingRequirementError("ngspice is not installed"), 4, "sciml: ngspice is not installed\n"),
        (
            PermissionError(13, "Permission denied", "/out"),
            4,
            "sciml: [Errno 13] Permission denied: '/out'\n",
        ),
    ],
)
def test_known_errors_print_one_line_and_exit_with_their_code(verb, capsys, error, code, line):
    def fail() -> None:
        raise error

    verb(fail)
    assert main(["try"]) == code
    captured = capsys.readouterr()
    assert captured.err == line
    assert captured.out == ""


def test_unexpected_errors_keep_their_traceback_and_say_where_to_report(verb, capsys):
    def fail() -> None:
        raise ZeroDivisionError("three over nothing")

    verb(fail)
    assert main(["try"]) == 1
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "ZeroDivisionError: three over nothing" in error
    assert "open an issue" in error
    assert "sciml doctor" in error


def test_an_interrupt_exits_with_130(verb):
    def interrupted() -> None:
        raise KeyboardInterrupt

    verb(interrupted)
    assert main(["try"]) == 130


def test_a_verb_may_choose_its_exit_code(verb):
    def some_failed() -> None:
        raise typer.Exit(3)

    verb(some_failed)
    assert main(["try"]) == 3


def test_underscores_and_dashes_are_the_same_in_options(verb):
    seen = []

    def count(num_recycles: int = 3) -> None:
        seen.append(num_recycles)

    verb(count)
    assert main(["try", "--num_recycles", "7"]) == 0
    assert main(["try", "--num-recycles", "8"]) == 0
    assert seen == [7, 8]


def test_unknown_verbs_and_options_exit_with_2_and_suggest(capsys):
    assert main(["predikt"]) == 2
    assert "predict" in capsys.readouterr().err
    assert main(["--no-such-option"]) == 2


def test_help_breaks_lines_at_the_width_of_the_terminal_only_and_keeps_brackets(verb, capsys, monkeypatch):
    def explained(path: str = "x") -> None:
        """Do it.

        A sentence that is broken
        here needs the extra sciml[relax].
        """

    monkeypatch.setenv("COLUMNS", "100")
    verb(explained)
    assert main(["try", "--help"]) == 0
    assert "A sentence that is broken here needs the extra sciml[relax]." in capsys.readouterr().out


def test_a_verb_that_needs_arguments_prints_its_help_when_called_bare(verb, capsys):
    def needs(path: str) -> None:
        """Read PATH and say what is in it."""

    verb(needs)
    assert main(["try"]) == 2
    captured = capsys.readouterr()
    assert "Read PATH and say what is in it." in captured.out + captured.err


def test_the_installed_command_and_python_m_are_this_command_line():
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="sciml")
    assert command.load() is main
    done = subprocess.run(
        [sys.executable, "-m", "sciml", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"sciml {sciml.__version__}\n"
