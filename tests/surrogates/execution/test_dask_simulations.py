import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from sciml.errors import MissingRequirementError, SettingsError
from sciml.surrogates.callable_simulator import CallableSimulator
from sciml.surrogates.execution import dask_cluster
from sciml.surrogates.execution.dask_cluster import DaskExecutor
from sciml.surrogates.result import FailureKind
from tests.surrogates.odd_simulators import OddSimulator, is_running, job

distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")


@pytest.fixture(scope="module")
def cluster():
    import dask

    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.worker.daemon": True}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as found,
    ):
        yield found


def begun(folder):
    return {int(name.split("-")[1]) for name in os.listdir(folder) if name[0].isdigit()}


def worker_of(cluster, process):
    """The cluster's worker that has a process for its child."""
    with open(f"/proc/{process}/stat") as file:
        parent = int(file.read().rpartition(")")[2].split()[1])
    assert parent in [worker.pid for worker in cluster.workers.values()]
    return parent


def wait_until(condition, limit_s=20.0):
    until = time.monotonic() + limit_s
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_jobs_are_spread_and_a_crash_or_hang_is_a_typed_failure(cluster, tmp_path):
    deeds = ["segfault" if x == 5 else "hang" if x == 9 else "answer" for x in range(30)]
    told = {}
    with DaskExecutor(cluster.scheduler_address) as executor:
        simulator = OddSimulator(str(tmp_path), timeout_s=0.5)
        rows = executor.run(simulator, [job(x, deed) for x, deed in enumerate(deeds)], done=told.__setitem__)
        assert executor.run(simulator, []) == []
    assert [row.outputs.get("sum") for row in rows] == [
        x + 0.5 if deed == "answer" else None for x, deed in enumerate(deeds)
    ]
    assert (rows[5].failure.kind, rows[9].failure.kind) == (FailureKind.CRASH, FailureKind.TIMEOUT)
    assert "SIGSEGV" in rows[5].failure.message
    assert [told[place] for place in range(30)] == rows
    assert wait_until(lambda: not any(map(is_running, begun(tmp_path))))  # closing ended their processes


def test_a_job_that_is_lost_with_its_worker_runs_again_or_ends_as_a_typed_failure(cluster, tmp_path):
    cluster.scheduler.allowed_failures = 3
    killed = []

    def kill_a_worker():
        assert wait_until(lambda: len(begun(tmp_path)) == 2)
        killed.append(worker_of(cluster, sorted(begun(tmp_path))[0]))
        os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill_a_worker)
    with DaskExecutor(cluster.scheduler_address) as executor:
        thread.start()
        rows = executor.run(OddSimulator(str(tmp_path), sleep_s=0.05), [job(x) for x in range(40)])
        thread.join()
    assert not is_running(killed[0])
    assert [row.failure for row in rows] == [None] * 40
    assert [row.outputs["sum"] for row in rows] == [x + 0.5 for x in range(40)]


def test_a_job_that_every_worker_dies_of_is_a_crash(cluster, tmp_path):
    cluster.scheduler.allowed_failures = 0

    def kill_the_worker():
        assert wait_until(lambda: len(begun(tmp_path)) == 1)
        os.kill(worker_of(cluster, begun(tmp_path).pop()), signal.SIGKILL)

    thread = threading.Thread(target=kill_the_worker)
    with DaskExecutor(cluster.scheduler_address) as executor:
        thread.start()
        row = executor.run(OddSimulator(str(tmp_path), timeout_s=60.0), [job(1, "hang")])[0]
        thread.join()
    assert row.failure.kind is FailureKind.CRASH
    assert row.failure.message.startswith("every worker that tried it died")
    assert wait_until(lambda: not any(map(is_running, begun(tmp_path))))


def test_what_keeps_every_simulation_from_running_is_raised(cluster, tmp_path):
    with DaskExecutor(cluster.scheduler_address) as executor:
        with pytest.raises(MissingRequirementError, match="'frobnicate' is not installed"):
            executor.run(OddSimulator(str(tmp_path)), [job(1, "missing"), job(2)])
        with pytest.raises(SettingsError, match="cannot be sent"):
            executor.run(CallableSimulator(OddSimulator.spec, lambda values: {}), [job(1)])


def test_a_cluster_without_workers_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_WORKERS_WAIT_S", 0.3)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as empty,
        DaskExecutor(empty.scheduler_address) as executor,
        pytest.raises(MissingRequirementError, match="does not answer, or has no workers"),
    ):
        executor.run(OddSimulator(str(tmp_path)), [job(1)])


@pytest.mark.slow
def test_a_scheduler_that_dies_in_the_middle_is_said(tmp_path):
    file = tmp_path / "scheduler.json"
    cli = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*cli, "--port", "0", "--no-dashboard", "--scheduler-file", str(file)], **quiet
    )
    assert wait_until(file.exists)
    cli[-1] = "distributed.cli.dask_worker"
    worker = subprocess.Popen(
        [*cli, "--scheduler-file", str(file), "--nthreads", "1", "--no-dashboard"], **quiet
    )
    folder = tmp_path / "runs"
    folder.mkdir()
    executor = DaskExecutor(json.loads(file.read_text())["address"])
    thread = threading.Thread(target=lambda: wait_until(lambda: begun(folder)) and scheduler.kill())
    thread.start()
    with pytest.raises(MissingRequirementError, match="does not answer"):
        executor.run(OddSimulator(str(folder), timeout_s=60.0), [job(1, "hang")])
    executor.close()
    for process in (scheduler, worker):
        process.terminate()
        process.wait()
    thread.join()
    assert wait_until(lambda: not any(map(is_running, begun(folder))))
