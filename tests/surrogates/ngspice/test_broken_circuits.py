"""Circuits that break, hang or are killed: each ends as a typed failure, and the next design runs."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.result import FailureKind
from sciml.surrogates.simulator import Job
from tests.surrogates.ngspice.rc_circuit import JOB, one_bench, rc_circuit
from tests.surrogates.ngspice.requirement import needs_library, needs_program

FORMS = ["auto", "program"]


BROKEN = {
    "floating node": (one_bench("r1 in 0 {r}\nc1 in out 1p\nc2 out 0 1p"), FailureKind.NOT_CONVERGED),
    "missing model": (one_bench("r1 in out {r}\nm1 out in 0 0 nope w=1u l=1u"), FailureKind.REPORTED),
    "missing subcircuit": (one_bench("r1 in out {r}\nx1 out 0 nosub"), FailureKind.REPORTED),
    "singular matrix": (one_bench("r1 in out {r}\nv2 in 0 2"), FailureKind.NOT_CONVERGED),
    "no convergence": (
        one_bench("r1 in out {r}\nb1 out 0 i='v(out)>0.5 ? 1 : -1'"),
        FailureKind.NOT_CONVERGED,
    ),
    "syntax error": (one_bench("r1 in out {r}\nc1 out 0 zzz yyy"), FailureKind.REPORTED),
    "empty": (one_bench("* {r}", lines="* nothing"), FailureKind.MISSING_OUTPUT),
    "zero length": (
        one_bench("r1 in out {r}\nm1 out in 0 0 nm w=1u l=0\n.model nm nmos level=1"),
        FailureKind.NOT_CONVERGED,
    ),
    "missing vector": (one_bench("r1 in a {r}\nr2 a 0 1"), FailureKind.MISSING_OUTPUT),
    "missing parameter": (
        one_bench("r1 in out {r}\nr2 out 0 1", signal="@r9[i]"),
        FailureKind.MISSING_OUTPUT,
    ),
    "division by zero": (one_bench("r1 in out {r}\nb1 out 0 v='1/(v(in)-v(in))'"), FailureKind.NON_FINITE),
    "division by zero in a parameter": (
        one_bench(".param a='1/0'\nr1 in out {r}\nr2 out 0 'a'"),
        FailureKind.REPORTED,
    ),
    "undefined parameter": (one_bench("r1 in out {r}\nr2 out 0 'nope'"), FailureKind.REPORTED),
    "endless recursion": (
        one_bench(".subckt s a b\nx1 a b s\n.ends\nr1 in out {r}\nx2 out 0 s"),
        FailureKind.REPORTED,
    ),
    "source that is not there": (one_bench("r1 in out {r}\nr2 out 0 1", "dc vx 0 1 0.1", "regulation"), None),
    "no crossing": (
        one_bench("e1 out 0 in 0 10\nr1 in 0 {r}", "ac dec 5 1 1k", "unity_gain_frequency"),
        FailureKind.MISSING_OUTPUT,
    ),
}
HANG = one_bench("r1 in out {r}\nc1 out 0 1p", "tran 1f 1", "value_at", at=1e-9)


@needs_program
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_circuit_is_a_typed_failure_with_its_netlist_kept(name, tmp_path):
    circuit, kind = BROKEN[name]
    simulator = NgspiceSimulator(circuit, mode="program", timeout_s=20, keep_failed=tmp_path)
    row = simulator.simulate(Job({"r": 10.0}))
    assert row.failure is not None
    assert kind is None or row.failure.kind is kind
    assert len(row.failure.message) > len("bench: ")
    assert row.failure.evidence is not None
    kept = list(tmp_path.iterdir())
    assert [str(path) for path in kept] == [row.failure.evidence]
    assert kept[0].read_text().startswith("* single schematic bench\n")


@needs_program
@needs_library
def test_the_library_fails_alike_and_recovers_from_every_broken_circuit():
    expected = NgspiceSimulator(rc_circuit(), mode="program").simulate(Job(JOB)).outputs
    script = f"""
from tests.surrogates.ngspice.test_broken_circuits import *
for circuit, kind in BROKEN.values():
    row = NgspiceSimulator(circuit, mode="library").simulate(Job({{"r": 10.0}}))
    assert row.failure is not None and (kind is None or row.failure.kind is kind), (circuit.netlist, row)
    row = NgspiceSimulator(rc_circuit(), mode="library").simulate(Job(JOB))
    assert row.outputs == {dict(expected)!r}, row
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120, cwd=os.getcwd())


@needs_program
@needs_library
@pytest.mark.parametrize("form", FORMS)
def test_a_hang_is_a_timeout_within_its_limit(form, tmp_path):
    simulator = NgspiceSimulator(HANG, mode=form, timeout_s=1.5, keep_failed=tmp_path)
    simulator.simulate(Job({"r": 5.0}))  # starts the process
    began = time.monotonic()
    row = simulator.simulate(Job({"r": 10.0}))
    assert row.failure.kind is FailureKind.TIMEOUT
    assert time.monotonic() - began < 8
    assert row.failure.evidence is not None
    assert "r1 in out 10.0" in Path(row.failure.evidence).read_text()
    simulator.close()


@needs_library
def test_a_killed_process_is_a_crash_and_the_next_design_runs():
    simulator = NgspiceSimulator(HANG, timeout_s=30)
    rows = []
    thread = threading.Thread(target=lambda: rows.append(simulator.simulate(Job({"r": 10.0}))))
    thread.start()
    deadline = time.monotonic() + 20
    while not (children := _busy_children()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    for child in children:
        os.kill(child, signal.SIGKILL)
    thread.join(20)
    assert rows[0].failure.kind is FailureKind.CRASH
    assert "SIGKILL" in rows[0].failure.message
    simulator.close()
    again = NgspiceSimulator(rc_circuit())
    assert again.simulate(Job(JOB)).failure is None
    again.close()


def _busy_children():
    """Children of this process that have computed for a while."""
    busy = []
    for path in os.listdir("/proc"):
        if not path.isdigit():
            continue
        try:
            fields = Path("/proc", path, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks = int(fields[11]) + int(fields[12])
        if int(fields[1]) == os.getpid() and ticks > 1.0 * os.sysconf("SC_CLK_TCK") and _has_library(path):
            busy.append(int(path))
    return busy


def _has_library(process):
    with open(f"/proc/{process}/maps") as maps:
        return any("libngspice" in line for line in maps)
