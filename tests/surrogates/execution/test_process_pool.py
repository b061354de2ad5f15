import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sciml.errors import MissingRequirementError, SettingsError
from sciml.surrogates.callable_simulator import CallableSimulator
from sciml.surrogates.execution import process_pool
from sciml.surrogates.execution.process_pool import ProcessExecutor
from sciml.surrogates.execution.serial import SerialExecutor
from sciml.surrogates.execution.session import end_session, session_members
from sciml.surrogates.result import FailureKind
from sciml.surrogates.simulator import RowSimulator
from tests.surrogates.odd_simulators import OddSimulator, is_running, job


@pytest.fixture(scope="module")
def pool():
    with ProcessExecutor(2, grace_s=0.3) as found:
        yield found


def processes(folder):
    """Worker processes that began a simulation."""
    return {int(name.split("-")[1]) for name in os.listdir(folder) if name[0].isdigit()}


def children(folder):
    return [int(name.split("-")[1]) for name in os.listdir(folder) if name.startswith("child-")]


def wait_until(condition, limit_s=10.0):
    until = time.monotonic() + limit_s
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_rows_come_in_the_order_of_jobs_and_agree_with_the_serial_ones(pool, tmp_path):
    simulator = OddSimulator(str(tmp_path))
    assert isinstance(simulator, RowSimulator)
    jobs = [job(x, y=x % 7 / 2) for x in range(60)]
    told = {}
    rows = pool.run(simulator, jobs, done=told.__setitem__)
    serial = SerialExecutor().run(simulator, jobs)
    assert [row.outputs["sum"] for row in rows] == [row.outputs["sum"] for row in serial]
    assert [row.auxiliary for row in rows] == [row.auxiliary for row in serial]
    assert [told[place] for place in range(60)] == rows
    assert {row.outputs["process"] for row in rows} <= processes(tmp_path) - {os.getpid()}


def test_each_way_of_dying_costs_its_own_design_alone(pool, tmp_path):
    deeds = [
        "answer",
        "segfault",
        "exit",
        "answer",
        "raise",
        "kill",
        "hang",
        "answer",
        "crash with child",
        "answer",
    ]
    simulator = OddSimulator(str(tmp_path), timeout_s=0.5)
    rows = pool.run(simulator, [job(x, deed) for x, deed in enumerate(deeds)])
    assert [row.outputs.get("sum") for row in rows] == [
        x + 0.5 if deed == "answer" else None for x, deed in enumerate(deeds)
    ]
    messages = {deed: row.failure.message for deed, row in zip(deeds, rows, strict=True) if row.failure}
    assert messages["segfault"] == "the process was ended by SIGSEGV (it wrote: about to fall)"
    assert messages["exit"] == "the process ended with exit code 7"
    assert messages["raise"].startswith("ZeroDivisionError: nothing to divide by")
    assert messages["kill"] == "the process was ended by SIGKILL"
    assert messages["hang"].startswith("no answer within 0.8")
    kinds = [row.failure.kind for row in rows if row.failure]
    assert kinds == [FailureKind.CRASH] * 4 + [FailureKind.TIMEOUT, FailureKind.CRASH]
    assert 0.8 <= rows[6].cost_s < 5
    assert wait_until(lambda: not any(map(is_running, children(tmp_path))))


def test_programs_of_a_worker_that_hangs_are_ended_with_it(pool, tmp_path):
    row = pool.run(OddSimulator(str(tmp_path), timeout_s=0.5), [job(1, "hang with child")])[0]
    assert row.failure.kind is FailureKind.TIMEOUT
    assert len(children(tmp_path)) == 1
    assert wait_until(lambda: not any(map(is_running, [*children(tmp_path), *processes(tmp_path)])))


def test_a_worker_killed_while_idle_loses_nothing(pool, tmp_path):
    simulator = OddSimulator(str(tmp_path))
    pool.run(simulator, [job(x) for x in range(20)])
    for process in processes(tmp_path):
        os.kill(process, signal.SIGKILL)
    rows = pool.run(simulator, [job(x) for x in range(20)])
    assert [row.outputs["sum"] for row in rows] == [x + 0.5 for x in range(20)]


def test_a_program_that_is_missing_is_raised_and_the_pool_can_be_used_again(pool, tmp_path):
    simulator = OddSimulator(str(tmp_path))
    with pytest.raises(MissingRequirementError, match="'frobnicate' is not installed"):
        pool.run(simulator, [job(1, "missing"), job(2)])
    assert pool.run(simulator, [job(3)])[0].outputs["sum"] == 3.5


def test_processes_are_recycled_and_closed(tmp_path):
    with ProcessExecutor(1, jobs_per_process=3) as pool:
        rows = pool.run(OddSimulator(str(tmp_path)), [job(x) for x in range(7)])
    used = [row.outputs["process"] for row in rows]
    assert [used.index(process) for process in used] == [0, 0, 0, 3, 3, 3, 6]
    closed = {int(name.split("-")[1]) for name in os.listdir(tmp_path) if name.startswith("closed")}
    assert closed == set(used)
    assert not any(map(is_running, processes(tmp_path)))


def broken_when_loaded():
    raise ImportError("no module named 'spice'")


class Unloadable(OddSimulator):
    def __reduce__(self):
        return broken_when_loaded, ()


def test_a_simulator_that_cannot_be_sent_or_loaded_is_an_error_and_no_failure(pool, tmp_path):
    spec = OddSimulator.spec
    with pytest.raises(SettingsError, match="cannot be sent to another process"):
        pool.run(CallableSimulator(spec, lambda values: {}), [job(1)])
    with pytest.raises(
        SettingsError, match="cannot load the simulator: ImportError: no module named 'spice'"
    ):
        pool.run(Unloadable(str(tmp_path)), [job(1)])
    with pytest.raises(SettingsError, match="at least 1"):
        ProcessExecutor(0)
    assert pool.run(OddSimulator(str(tmp_path)), []) == []


@pytest.fixture
def heard_interruptions():
    """A shell that starts the tests in the background makes them deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard_interruptions")
def test_an_interruption_ends_every_process(tmp_path):
    with ProcessExecutor(2) as pool:
        simulator = OddSimulator(str(tmp_path), timeout_s=60.0)
        main = threading.main_thread().ident

        def interrupt():
            assert wait_until(lambda: len(children(tmp_path)) == 2)
            signal.pthread_kill(main, signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            pool.run(simulator, [job(x, "hang with child") for x in range(4)])
        thread.join()
        assert wait_until(lambda: not any(map(is_running, [*children(tmp_path), *processes(tmp_path)])))
        assert pool.run(simulator, [job(5)])[0].outputs["sum"] == 5.5


OWNER = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.surrogates.odd_simulators import OddSimulator, job
from sciml.surrogates.callable_simulator import CallableSimulator
from sciml.surrogates.execution.process_pool import ProcessExecutor


def local(values):
    return {"sum": values["x"] * 2, "process": 0}


if __name__ == "__main__":
    pool = ProcessExecutor(2)
    rows = pool.run(CallableSimulator(OddSimulator.spec, local), [job(21)])
    print(rows[0].outputs["sum"], flush=True)
    pool.run(OddSimulator(sys.argv[2], timeout_s=600), [job(x, "hang with child") for x in range(2)])
"""


def test_no_process_survives_its_owner_and_functions_of_its_main_program_are_found(tmp_path):
    script, folder = tmp_path / "owner.py", tmp_path / "runs"
    folder.mkdir()
    script.write_text(OWNER)
    tests = str(Path(__file__).parents[3])
    owner = subprocess.Popen(
        [sys.executable, str(script), tests, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout.readline() == "42.0\n"
    assert wait_until(lambda: len(children(folder)) == 2, 20)
    started = [*children(folder), *processes(folder)]
    assert len(started) == 4
    assert all(map(is_running, started))
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert wait_until(lambda: not any(map(is_running, started)))


UNGUARDED = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.surrogates.odd_simulators import OddSimulator, job
from sciml.surrogates.callable_simulator import CallableSimulator
from sciml.surrogates.execution.process_pool import ProcessExecutor


def local(values):
    return {"sum": 1, "process": 0}


ProcessExecutor(2).run(CallableSimulator(OddSimulator.spec, local), [job(21)])
"""


def test_a_main_program_without_a_guard_is_told_and_starts_no_endless_processes(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    words = [sys.executable, str(script), str(Path(__file__).parents[3])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "put what it does under if __name__ == '__main__':" in done.stderr.splitlines()[-1]


def test_what_a_simulation_prints_stays_out_of_this_process_and_is_bounded(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(process_pool, "_LOOK_S", 0.05)
    with ProcessExecutor(1) as pool:
        rows = pool.run(OddSimulator(str(tmp_path)), [job(1), job(2, "segfault"), job(3)])
    assert [bool(row.failure) for row in rows] == [False, True, False]
    assert capfd.readouterr() == ("", "")


def test_the_members_of_a_session_are_found_when_its_leader_is_dead(tmp_path):
    code = (
        "import subprocess, sys; subprocess.Popen(['sleep', '1000'], process_group=0); print('x', flush=True)"
    )
    leader = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE)
    leader.stdout.read(1)
    leader.wait()
    leader.stdout.close()
    members = session_members(leader.pid)
    assert len(members) == 1
    end_session(leader.pid)
    assert wait_until(lambda: session_members(leader.pid) == [])
    assert os.getpid() not in members
