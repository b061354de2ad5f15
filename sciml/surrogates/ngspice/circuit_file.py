"""A user's own circuit out of a problem file: its netlist, benches, conditions and devices.

    simulator:
      kind: ngspice
      netlist: amplifier.cir       # beside the problem file; no title line, no analyses; {name} for values
      constants: {load: 10e-12}    # further placeholders, SI units
      conditions:                  # what corners may set, as inputs are described; `table` for a category
        - {name: supply, type: float, low: 1.0, high: 1.4, default: 1.2, unit: V}
        - {name: process, type: category, values: [tt, ss], default: tt,
           table: {tt: {vth: 0.4}, ss: {vth: 0.45}}}
      devices: [{name: m1, width: w1, length: 180.0e-9, multiplier: 2}]   # numbers or names, for area
      mismatch: {threshold: 3.0e-9, mobility: 0.01e-6}                    # V m and m, of one device
      options: {reltol: 1.0e-4}
      benches:
        - name: open_loop
          tier: 0                                                # cheap benches first
          lines: |
            vdd vdd 0 {supply}
            vin in 0 dc 0.6 ac 1
          analyses: [op, ac dec 10 1 10g]
          measurements:
            - {name: gain, kind: dc_gain, signal: v(out)}
            - {name: current, kind: magnitude, signal: i(vdd)}

Kinds of measurement and their arguments stand in :mod:`sciml.surrogates.ngspice.measurement_kinds`. Outputs
and auxiliary outputs are measurements of the same name, given in the output's unit.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sciml.errors import InputError
from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.ngspice.circuit import Bench, Circuit, Condition, Device, Measurement, Mismatch, Number
from sciml.surrogates.ngspice.safety import LONGEST_NETLIST, check_netlist
from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_file import read_input
from sciml.surrogates.problem_record import Record
from sciml.surrogates.problem_spec import CategoryInput, Value
from sciml.surrogates.yaml_document import YamlDocument, read_yaml, yaml_text

_INCLUDE = re.compile(
    r"^(?P<card>[ \t]*\.(?:include|inc|lib))[ \t]+(?P<quote>[\"']?)(?P<path>[^\"'\n\r \t]+)(?P=quote)",
    re.IGNORECASE | re.MULTILINE,
)
_END = re.compile(r"^[ \t]*\.end[ \t]*\s*\Z", re.IGNORECASE | re.MULTILINE)
KEYS = (
    *("kind", "netlist", "benches", "constants", "conditions", "devices", "mismatch", "options"),
    *("fidelity", "unsafe"),
)


def read_circuit(problem: Problem) -> Circuit:
    """The circuit that `problem.simulator` describes.

    Raises:
        InputError: a rule is broken; the message names the file, the line where it is known, and the rule.
    """
    record = _record(problem)
    record.allow(*KEYS)
    is_unsafe = problem.simulator.get("unsafe") is True
    netlist = _netlist(record, problem, is_unsafe)
    return Circuit(
        spec=problem.spec,
        netlist=netlist,
        benches=tuple(_bench(each, is_unsafe) for each in record.records("benches")),
        constants=_numbers(record, "constants"),
        conditions=tuple(_condition(each) for each in _some(record, "conditions")),
        devices=tuple(_device(each) for each in _some(record, "devices")),
        mismatch=_mismatch(record),
        fidelity=record.text("fidelity", "schematic"),
        options=_numbers(record, "options"),
        is_unsafe=is_unsafe,
    )


def _record(problem: Problem) -> Record:
    """The simulator's mapping, with its lines where the file still says what the problem says."""
    content = {key: value for key, value in problem.simulator.items() if key != "unsafe"}
    if problem.source is not None and problem.source.is_file():
        document = read_yaml(problem.source)
        written = document.value.get("simulator") if isinstance(document.value, dict) else None
        if written == content:
            return Record.of(document, written, ("simulator",), "simulator")
    document = YamlDocument(yaml_text({"simulator": content}), str(problem.source or "<problem>"))
    document.lines.clear()  # they are of no file
    return Record.of(document, document.value["simulator"], ("simulator",), "simulator")


def _netlist(record: Record, problem: Problem, is_unsafe: bool) -> str:
    path = Path(record.text("netlist"))
    if problem.source is not None:
        path = problem.source.parent / path
    try:
        with open(path, "rb") as file:
            content = file.read(LONGEST_NETLIST + 1)
    except OSError as error:
        raise record.error(f"{path} cannot be read: {error.strerror or error}", "netlist") from error
    if len(content) > LONGEST_NETLIST:
        raise record.error(f"{path} is larger than {LONGEST_NETLIST // 1_000_000} MB", "netlist")
    try:
        text = content.decode("utf-8" if is_unsafe else "ascii")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError("a netlist is plain ASCII text", file=str(path), line=line) from error
    text = _END.sub("", text)
    if is_unsafe:
        return with_included(text, path.resolve().parent)
    check_netlist(text, file=str(path))
    return text


def with_included(text: str, folder: Path) -> str:
    """A trusted netlist whose `.include` and `.lib` name files from the root, as ngspice runs elsewhere.

    The content of each file stands as a digest in a comment, so that results made with another content have
    another identity. Files that those files include are not looked at.
    """
    digests = []

    def absolute(match: "re.Match[str]") -> str:
        path = folder / match["path"]
        if not path.is_file():  # a section of a library (`.lib tt`), or a file for ngspice to miss
            return match[0]
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
        return f'{match["card"]} "{path}"'

    resolved = _INCLUDE.sub(absolute, text)
    return "\n".join([*(f"* includes sha256 {digest}" for digest in digests), resolved])


def _bench(record: Record, is_unsafe: bool) -> Bench:
    record.allow("name", "tier", "lines", "analyses", "measurements")
    lines = record.text("lines", "")
    if not is_unsafe:
        record.building(lambda: check_netlist(lines))
    return Bench(
        record.name(),
        lines,
        tuple(_analysis(record, text) for text in record.labels("analyses")),
        tuple(_measurement(each) for each in record.records("measurements")),
        record.whole("tier", 0),
    )


def _analysis(record: Record, text: str) -> Analysis:
    try:
        return Analysis(" ".join(text.split()))
    except InputError as error:
        raise record.error(error.rule, "analyses") from error


def _measurement(record: Record) -> Measurement:
    arguments: dict[str, Number] = {}
    for key, value in record.content.items():
        if key not in ("name", "kind"):
            arguments[key] = value if isinstance(value, str) else record.number(key)
    return Measurement(record.name(), record.text("kind"), arguments)


def _condition(record: Record) -> Condition:
    described = {key: value for key, value in record.content.items() if key not in ("default", "table")}
    each = read_input(Record(record.document, described, record.place, record.called))
    default: Value = (
        record.label("default", "") if isinstance(each, CategoryInput) else record.number("default")
    )
    table: dict[str, Mapping[str, float]] = {}
    if record.has("table"):
        rows = record.record("table")
        table = {choice: _numbers(rows, choice) for choice in rows.content}
        if not isinstance(each, CategoryInput) or set(table) != set(each.choices):
            raise record.error("a table has one row for each value of a category", "table")
    return Condition(each, default, table)


def _device(record: Record) -> Device:
    record.allow("name", "width", "length", "multiplier")
    return Device(
        record.name(), _number(record, "width"), _number(record, "length"), _number(record, "multiplier", 1.0)
    )


def _mismatch(record: Record) -> Mismatch | None:
    if not record.has("mismatch"):
        return None
    inner = record.record("mismatch")
    inner.allow("threshold", "mobility")
    threshold, mobility = inner.number("threshold"), inner.number("mobility", 0.0)
    if threshold < 0 or mobility < 0:
        raise inner.error("coefficients of mismatch are not negative", None)
    return Mismatch(threshold, mobility)


def _number(record: Record, key: str, default: float | None = None) -> Number:
    value: Any = record.content.get(key)
    return value if isinstance(value, str) else record.number(key, default)


def _numbers(record: Record, key: str) -> dict[str, float]:
    if not record.has(key):
        return {}
    inner = record.record(key)
    return {name: inner.number(name) for name in inner.content}


def _some(record: Record, key: str) -> list[Record]:
    return record.records(key) if record.has(key) else []
