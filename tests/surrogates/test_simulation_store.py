import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from sciml.errors import InputError
from sciml.surrogates.result import Failure, FailureKind, Row
from sciml.surrogates.simulator import Corner, Cutoff, Job
from sciml.surrogates.store import Store, job_key

JOB = Job({"w": 3, "cc": 0.3, "load": "mirror"})
ROW = Row({"gain": 412.5, "ugbw": 1.1e7}, {"margin": -0.1}, cost_s=0.25)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs" / "store.db") as found:
        yield found


def test_a_row_comes_back_as_it_went_in_also_after_opening_anew(store):
    failed = Row({"gain": 1.0}, {}, Failure(FailureKind.NOT_CONVERGED, "singular\n√ matrix", "kept.cir"), 1.5)
    other = replace(JOB, values={"w": 4, "cc": 0.3, "load": "mirror"})
    store.put("sim 1", JOB, ROW)
    store.put("sim 1", other, failed)
    with Store(store.path) as again:
        assert again.get("sim 1", [other, JOB, replace(JOB, seed=1)]) == [failed, ROW, None]
        assert again.get("sim 2", [JOB]) == [None]
        assert [(each.identity, each.job.values, each.row) for each in again.rows()] == [
            ("sim 1", JOB.values, ROW),
            ("sim 1", other.values, failed),
        ]
        assert len(again) == 2


@pytest.mark.parametrize(
    "job",
    [
        replace(JOB, values={"w": 4, "cc": 0.3, "load": "mirror"}),
        replace(JOB, values={"w": 3, "cc": 0.3, "load": "3"}),
        replace(JOB, values={"w": 3, "cc": 0.3}),
        replace(JOB, corner=Corner("ss")),
        replace(JOB, corner=Corner("nominal", {"temperature": 85})),
        replace(JOB, corner=Corner("nominal", {"temperature": "85"})),
        replace(JOB, seed=0),
    ],
)
def test_everything_that_may_change_a_result_is_in_the_key(job):
    assert job_key("sim", job) != job_key("sim", JOB)
    assert job_key("sim", job) != job_key("sim 2", job)


def test_numbers_count_by_value_and_names_by_name_whatever_their_order():
    one = Job({"a": 2, "b": -0.0}, Corner("c", {"t": 85}))
    two = Job({"b": 0, "a": 2.0}, Corner("c", {"t": 85.0}))
    assert job_key("sim", one) == job_key("sim", two)
    assert job_key("sim", replace(one, cutoff=Cutoff({"y": 1.0}))) == job_key("sim", one)


def test_a_cut_off_row_answers_only_where_the_cutoff_would_have_stopped_it(store):
    cut = Row({"gain": 2.0}, is_complete=False)
    further = Row({"gain": 2.0, "ugbw": 5.0}, is_complete=False)
    store.put("sim", JOB, further)
    store.put("sim", JOB, cut)
    stopped, later, passed = (
        replace(JOB, cutoff=Cutoff(limits))
        for limits in ({"gain": 3.0}, {"gain": 1.0, "ugbw": 6.0}, {"gain": 1.0})
    )
    assert store.get("sim", [JOB, stopped, later, passed]) == [None, cut, further, None]
    store.put("sim", JOB, ROW)
    assert store.get("sim", [JOB, stopped, later, passed]) == [ROW, cut, further, ROW]
    assert len(store) == 3


def test_what_is_known_stays_but_a_crash_or_timeout_gives_way(store):
    store.put("sim", JOB, ROW)
    store.put("sim", JOB, replace(ROW, outputs={"gain": 0.0}))
    assert store.get("sim", [JOB], retry_failures=True) == [ROW]
    for seed, kind in enumerate(FailureKind):
        job, failed = replace(JOB, seed=seed), Row({}, failure=Failure(kind, "why"))
        store.put("sim", job, failed)
        is_machine = kind in (FailureKind.CRASH, FailureKind.TIMEOUT)
        assert store.get("sim", [job]) == [failed]
        assert store.get("sim", [job], retry_failures=True) == [None if is_machine else failed]
        store.put("sim", job, ROW)
        assert store.get("sim", [job]) == [ROW if is_machine else failed]


def test_numbers_that_are_not_finite_are_left_out_of_a_failed_row(store):
    failed = Row({"gain": float("nan"), "ugbw": 2.0}, failure=Failure(FailureKind.NON_FINITE, "gain is nan"))
    store.put("sim", JOB, failed)
    assert store.get("sim", [JOB]) == [replace(failed, outputs={"ugbw": 2.0})]


def test_the_digest_is_that_of_the_content(tmp_path):
    digests = []
    for order, cost in ((1, 0.5), (-1, 2.0)):
        with Store(tmp_path / f"{order}.db") as store:
            empty = store.digest()
            for seed in (1, 2, 3)[::order]:
                store.put("sim", replace(JOB, seed=seed), replace(ROW, cost_s=cost))
            digests.append(store.digest())
            store.put("sim", JOB, ROW)
            assert len({empty, store.digest(), digests[-1]}) == 3
    assert digests[0] == digests[1]


def test_many_jobs_are_looked_up_in_one_call(store):
    jobs = [replace(JOB, seed=seed) for seed in range(2500)]
    for job in jobs[::100]:
        store.put("sim", job, replace(ROW, cost_s=float(job.seed or 0)))
    found = store.get("sim", jobs)
    assert [index for index, row in enumerate(found) if row is not None] == list(range(0, 2500, 100))
    assert found[700].cost_s == 700


def write(path, content):
    path.write_bytes(content)


def foreign(path):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE simulations (key TEXT)")
    database.commit()
    database.close()


def future(path):
    Store(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


def damaged(path):
    with Store(path) as store:
        for seed in range(400):
            store.put("sim", replace(JOB, seed=seed), ROW)
    content = bytearray(path.read_bytes())
    content[5000:9000] = random.Random(0).randbytes(4000)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda path: write(path, b"not a database at all, but text " * 99), "not a store of simulations"),
        (foreign, "a database of another program"),
        (future, "version 99 of the store, and this sciml knows 1"),
        (damaged, "damaged"),
        (lambda path: path.mkdir(), "cannot be used"),
    ],
)
def test_a_file_that_is_no_whole_store_is_refused_and_left_alone(tmp_path, make, rule):
    path = tmp_path / "store.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError) as caught, Store(path) as store:
        store.get("sim", [replace(JOB, seed=seed) for seed in range(400)])
    assert rule in str(caught.value)
    assert str(path) in str(caught.value)
    assert before is None or path.read_bytes() == before


def test_a_changed_value_is_noticed(store):
    store.put("sim", JOB, ROW)
    database = sqlite3.connect(store.path)
    database.execute("UPDATE simulations SET outputs = replace(outputs, '412.5', '812.5')")
    database.commit()
    database.close()
    with pytest.raises(InputError, match="the file is damaged"):
        store.get("sim", [JOB])


WRITER = """
import sys
from sciml.surrogates.result import Row
from sciml.surrogates.simulator import Job
from sciml.surrogates.store import Store

store = Store(sys.argv[1])
for number in range(int(sys.argv[3])):
    store.put("sim", Job({"x": number, "writer": sys.argv[2]}), Row({"y": number / 7}))
    store.put("sim", Job({"x": number, "writer": "all"}), Row({"y": number / 7}))
    print(number, flush=True)
"""


def start_writer(path, name, count):
    words = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_several_processes_write_at_the_same_time(tmp_path):
    path = tmp_path / "store.db"
    writers = [start_writer(path, str(name), 60) for name in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    for writer in writers:
        writer.stdout.close()
    with Store(path) as store:
        assert len(store) == 5 * 60
        jobs = [Job({"x": x, "writer": name}) for name in ("0", "1", "2", "3", "all") for x in range(60)]
        assert [row.outputs["y"] for row in store.get("sim", jobs)] == [job.values["x"] / 7 for job in jobs]


def test_a_writer_that_is_killed_leaves_whole_rows_and_all_that_it_reported(tmp_path):
    path, delays = tmp_path / "store.db", random.Random(1)
    for kill in range(4):
        writer = start_writer(path, str(kill), 10**6)
        first = writer.stdout.readline()
        time.sleep(delays.uniform(0.0, 0.1))
        os.kill(writer.pid, signal.SIGKILL)
        said = [first, *writer.stdout.read().split()]
        writer.stdout.close()
        writer.wait()
        with Store(path) as store:
            jobs = [Job({"x": int(x), "writer": str(kill)}) for x in said]
            rows = store.get("sim", jobs)
            assert [row.outputs["y"] for row in rows] == [int(x) / 7 for x in said]
            assert len(list(store.rows())) == len(store)
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
