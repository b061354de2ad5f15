"""What a netlist may hold: an allow-list of characters, element letters, cards and models.

ngspice runs commands that stand in a netlist (`.control`), reads other files (`.include`, `.lib`, models of
XSPICE with `file=`), and has two characters that begin a comment in the middle of a line, so that a reader
and ngspice may see different lines. A netlist of a user's problem file is therefore refused unless every
logical line is known to be harmless. Whoever trusts a netlist can say so (`--unsafe-netlist`).
"""

import re
from collections.abc import Iterator, Mapping

from sciml.errors import InputError

ELEMENTS = "BCDEFGHIJKLMQRSTVWXZ"
"""First letters of elements; not among them A (XSPICE), N (Verilog-A), U, P, Y, O."""
CARDS = (
    ".model",
    ".subckt",
    ".ends",
    ".param",
    ".func",
    ".ic",
    ".nodeset",
    ".global",
    ".options",
    ".option",
    ".temp",
)
MODELS = (
    "r",
    "c",
    "l",
    "d",
    "npn",
    "pnp",
    "njf",
    "pjf",
    "nmf",
    "pmf",
    "nmos",
    "pmos",
    "vdmos",
    "sw",
    "csw",
    "ltra",
)
OPTIONS = (
    "abstol", "chgtol", "defad", "defas", "defl", "defw", "gmin", "gminsteps", "itl1", "itl2", "itl4", "itl5",
    "itl6", "maxord", "method", "pivrel", "pivtol", "reltol", "rshunt", "scale", "srcsteps", "temp", "tnom",
    "trtol", "vntol", "xmu",
)  # fmt: skip
COMMANDS = (
    "alter", "bg_run", "codemodel", "destroy", "echo", "edit", "exec", "exit", "foreach", "hardcopy", "load",
    "quit", "reset", "save", "set", "setcs", "shell", "snload", "snsave", "source", "write", "wrdata",
    "wrnodev", "wrs2p",
)  # fmt: skip
"""Commands that do something outside the simulation. Outside `.control` ngspice takes them for elements; who
wrote them meant something else."""
RANDOM = ("agauss", "gauss", "aunif", "unif", "limit", "random", "trnoise", "trrandom")
_ALLOWED = re.compile(r"[A-Za-z0-9_ \t.,()=+\-*/'{}:<>!?&|^#@\[\]]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_]*file[A-Za-z0-9_]*\s*=", re.IGNORECASE)
_WORDS = re.compile(r"[a-z_][a-z0-9_.]*", re.IGNORECASE)
LONGEST_NETLIST = 1_000_000
_HINT = "; if the netlist is yours, --unsafe-netlist takes it as it is"


def check_name(name: str, kind: str, *, record: str | None = None) -> None:
    """Refuse a name that is not a letter followed by letters, digits and underscores, 64 at most.

    Raises:
        InputError: as said.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        rule = f"{kind} {name!r}: a name is a letter and then letters, digits and underscores"
        raise InputError(rule, record=record)


def check_options(options: Mapping[str, float], *, record: str | None = None) -> None:
    """Refuse options that are not known, or not numbers.

    Raises:
        InputError: as said.
    """
    for name, number in options.items():
        if name.lower() not in OPTIONS:
            raise InputError(f"option {name!r} is not one of {', '.join(OPTIONS)}", record=record)
        if isinstance(number, bool) or not isinstance(number, int | float) or number != number:
            raise InputError(f"option {name} is {number!r}, not a number", record=record)


def check_netlist(text: str, *, file: str | None = None, record: str | None = None) -> None:
    """Refuse a netlist, or lines of a bench, with a line that is not known to be harmless.

    Raises:
        InputError: with the line and the rule.
    """
    depth = 0
    for number, line in logical_lines(text, file, record):
        word = line.split()[0].lower()
        rule = _rule_broken(line, word)
        depth += (word == ".subckt") - (word == ".ends")
        if rule is None and depth < 0:
            rule = ".ends without .subckt"
        if rule is not None:
            raise InputError(rule + _HINT, file=file, record=record, line=number)
    if depth:
        raise InputError(".subckt without .ends", file=file, record=record)


def logical_lines(text: str, file: str | None, record: str | None) -> Iterator[tuple[int, str]]:
    """Lines with their continuations (`+`), each with the number of its first line; comments left out.

    Raises:
        InputError: a character that is not allowed, or a continuation of nothing.
    """
    if len(text) > LONGEST_NETLIST:
        raise InputError(f"a netlist of more than {LONGEST_NETLIST} characters", file=file, record=record)
    start, joined = 0, ""
    can_continue = False
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        line = raw.strip(" \t")
        comment = line.startswith("*")
        if _ALLOWED.fullmatch(line) is None:
            wrong = next(letter for letter in line if _ALLOWED.fullmatch(letter) is None)
            rule = f"the character {wrong!r} is not allowed in a netlist"
            raise InputError(rule + _HINT, file=file, record=record, line=number)
        if line.startswith("+"):
            if not can_continue:
                rule = (
                    "a continuation (+) follows an element or card, without a comment or blank line between"
                )
                raise InputError(rule + _HINT, file=file, record=record, line=number)
            joined += " " + line[1:]
            continue
        if joined:
            yield start, joined.strip()
        can_continue = bool(line) and not comment
        start, joined = number, line if can_continue else ""
    if joined:
        yield start, joined.strip()


def _rule_broken(line: str, word: str) -> str | None:
    """What is wrong with a logical line, or None."""
    if "{" in word or "}" in word:
        return f"{word!r}: a line does not begin with a placeholder"
    if word.startswith("."):
        if word not in CARDS:
            return (
                f"the card {word!r} is not allowed (allowed: {', '.join(CARDS)}; analyses stand in benches)"
            )
        if word == ".model":
            return _model_rule(line)
        if word in (".options", ".option"):
            return _options_rule(line)
    elif word in COMMANDS:
        return f"{word!r} is a command of ngspice, not an element"
    elif word[0].upper() not in ELEMENTS:
        hint = "; a netlist here has no title line" if word[0].isalpha() else ""
        return f"{word!r}: no element begins with {word[0]!r} (allowed: {ELEMENTS}{hint})"
    elif len(line.split()) < 3:
        return f"{line!r} is too short for an element"
    if _FILE.search(line):
        return f"{_FILE.search(line)[0]!r}: a netlist names no files"  # type: ignore[index]
    words = {each.lower() for each in _WORDS.findall(line)}
    drawn = sorted(words & set(RANDOM))
    if drawn:
        return f"{drawn[0]!r} is random, so results could not be repeated: use mismatch with a seed"
    return None


def _model_rule(line: str) -> str | None:
    words = re.split(r"[\s(]+", line)
    if len(words) < 3:
        return f"{line!r} is too short for a model"
    if words[2].lower() not in MODELS:
        return f"models of type {words[2]!r} are not allowed (allowed: {', '.join(MODELS)})"
    if _FILE.search(line):
        return "a model names no files"
    return None


def _options_rule(line: str) -> str | None:
    for part in re.sub(r"\s*=\s*", "=", line).split()[1:]:
        name = part.partition("=")[0].lower()
        if name not in OPTIONS:
            return f"option {name!r} is not allowed (allowed: {', '.join(OPTIONS)})"
    return None
