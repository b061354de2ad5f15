"""FriCAS, Maxima and Giac as rungs, where they are installed.

Each is a program that gets a script of ours and is killed at the deadline. Expressions are written by our
printer and answers are read by our parser, which executes nothing.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sciml.errors import InputError
from sciml.symbolic.expression import Expr
from sciml.symbolic.infix import to_infix
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.parser import parse
from sciml.symbolic.problems import Equation, Integral
from sciml.symbolic.substitution import rename

_MARK, _END = "sciml-answer", "sciml-end"
_LONGEST_OUTPUT = 1_000_000


@dataclass(frozen=True)
class System:
    """One computer-algebra system."""

    name: str
    command: tuple[str, ...]
    """The program and its arguments; the script goes to its standard input."""
    script: Callable[[Integral | Equation], str]
    """Text that makes the system print its answer behind the mark."""
    read: Callable[[str], list[str]]
    """Answers as infix text out of what it printed."""

    def propose(self, problem: Integral | Equation, deadline: Deadline) -> Iterator[Candidate]:
        """The system's answers. See `rung.Rung`."""
        printed = run(self.command, self.script(problem), deadline)
        for text in self.read(printed):
            try:
                expression = rename(parse(text), {"k1": "c1", "k2": "c2"})
            except InputError:  # a special function, an unevaluated integral, a question
                continue
            yield Candidate(expression, (Step(f"{self.name}: {{}}", (expression,)),))


def installed() -> list[System]:
    """The systems whose programs are found, in the order in which they are asked."""
    return [one for one in SYSTEMS if shutil.which(one.command[0])]


def run(command: tuple[str, ...], script: str, deadline: Deadline) -> str:
    """What a program prints for a script on its standard input; nothing if it had to be killed."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(script.encode(), timeout=max(0.1, deadline.left))
        except subprocess.TimeoutExpired:
            return ""
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return printed[:_LONGEST_OUTPUT].decode("utf-8", "replace")


def _text(node: Expr, names: dict[str, str] | None = None) -> str:
    """Infix text with the names that the systems share; `names` for y, y', y''."""
    renamed = rename(node, names) if names else node
    return to_infix(renamed).replace("**", "^")


# Maxima ----------------------------------------------------------------------------------------------------

_MAXIMA_NAMES = {"E": "%e", "pi": "%pi", "I": "%i", "sign": "signum"}


def _words(text: str, names: dict[str, str]) -> str:
    return re.sub(r"%?[A-Za-z][A-Za-z0-9_]*", lambda word: names.get(word.group(), word.group()), text)


def _maxima_script(problem: Integral | Equation) -> str:
    start = "display2d:false$ linel:100000$\n"
    if isinstance(problem, Integral):
        asked = f"integrate({_words(_text(problem.integrand), _MAXIMA_NAMES)}, x)"
    else:
        names = {"y'": "y1", "y''": "y2"}
        left = _words(
            _text(problem.left_side, names), {**_MAXIMA_NAMES, "y1": "'diff(y,x)", "y2": "'diff(y,x,2)"}
        )
        asked = f"ode2({left} = 0, y, x)"
    return f'{start}answer: {asked}$\nprint("{_MARK}", string(answer))$\nquit()$\n'


def _read_maxima(printed: str) -> list[str]:
    names = {own: ours for ours, own in _MAXIMA_NAMES.items()} | {"%c": "c1", "%k1": "c1", "%k2": "c2"}
    return [_solved_for_y(_words(text, names)) for text in _marked(printed)]


# FriCAS ----------------------------------------------------------------------------------------------------

_FRICAS_NAMES = {"E": "%e", "I": "%i", "pi": "%pi"}


def _fricas_script(problem: Integral | Equation) -> str:
    """A failed step leaves its name without a value; our parser refuses that name, so it is no answer."""
    start = ")set messages autoload off\n)set quit unprotected\n)set output length 245\n"
    if isinstance(problem, Integral):
        asked = f"integrate({_words(_text(problem.integrand), _FRICAS_NAMES)}, x)"
        lines = f"result := {asked};\n{_fricas_output('result')}{_fricas_output('first result')}"
    else:
        names = {"y": "yy", "y'": "y1", "y''": "y2"}
        calls = {"yy": "y(x)", "y1": "D(y(x),x)", "y2": "D(y(x),x,2)", **_FRICAS_NAMES}
        left = _words(_text(problem.left_side, names), calls)
        basis = " + ".join(f"k{place}*result.basis.{place}" for place in range(1, problem.order + 1))
        lines = f"y := operator 'y;\nresult := solve({left} = 0, y, x);\n"
        lines += _fricas_output(f"result.particular + {basis}") + _fricas_output("result - k1")
    return f"{start}{lines})quit\n"


def _fricas_output(expression: str) -> str:
    text = f"unparse(({expression})::Expression(Integer)::InputForm)"
    return f'output(concat(["{_MARK} ", {text}, "{_END}"]))\n'


def _read_fricas(printed: str) -> list[str]:
    names = {own: ours for ours, own in _FRICAS_NAMES.items()}
    lines = [line.strip() for line in printed.splitlines()]
    texts = re.findall(f"{_MARK} (.*?){_END}", "".join(lines))
    return [_words(text.replace("y(x)", "y"), names) for text in texts]


def _bracketed(text: str) -> list[str]:
    """The parts of `[u, v, …]` at the outermost level."""
    parts, depth, start = [], 0, 1
    for place, letter in enumerate(text):
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(letter, 0)
        if (letter == "," and depth == 1) or (letter == "]" and depth == 0):
            parts.append(text[start:place].strip())
            start = place + 1
    return parts


# Giac ------------------------------------------------------------------------------------------------------


def _giac_script(problem: Integral | Equation) -> str:
    if isinstance(problem, Integral):
        asked = f"integrate({_words(_text(problem.integrand), {'E': 'exp(1)', 'I': 'i'})}, x)"
    else:
        names = {"y": "yy", "y'": "y1", "y''": "y2"}
        calls = {"yy": "y(x)", "y1": "diff(y(x),x)", "y2": "diff(y(x),x,2)", "E": "exp(1)", "I": "i"}
        asked = f"desolve({_words(_text(problem.left_side, names), calls)} = 0, x, y)"
    return f'"{_MARK} " + string({asked});\n'


def _read_giac(printed: str) -> list[str]:
    """Its constants c_0, c_1, … do not always begin with 0; the whole numbers n_0, … of inverse functions
    are read as 0."""
    found = []
    for text in _marked(printed):
        constants = sorted(set(re.findall(r"\bc_\d+\b", text)), key=lambda name: int(name[2:]))
        names = {name: f"c{place}" for place, name in enumerate(constants, 1)}
        inner = re.sub(r"\bn_\d+\b", "0", text.strip().strip('"'))
        inner = _words(inner, {**names, "i": "I", "surd": "root"})
        found += _bracketed(inner) if inner.startswith("[") else [inner]
    return found


# Common ----------------------------------------------------------------------------------------------------


def _marked(printed: str) -> list[str]:
    """What stands behind the mark, continued lines joined."""
    joined = printed.replace("\\\n", "")
    found = [line.split(_MARK, 1)[1].strip().strip('"') for line in joined.splitlines() if _MARK in line]
    return [text for text in found if text and "string(" not in text]


def _solved_for_y(text: str) -> str:
    """`y = u` as u, `u = v` as u - (v), anything else as it is."""
    left, equal, right = text.partition("=")
    if not equal:
        return text
    return right if left.strip() == "y" else f"({left}) - ({right})"


SYSTEMS = (
    System("FriCAS", ("fricas", "-nosman"), _fricas_script, _read_fricas),
    System("Maxima", ("maxima", "--very-quiet"), _maxima_script, _read_maxima),
    System("Giac", ("giac",), _giac_script, _read_giac),
)
"""Every system that is known, best first."""
