import json
import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from sciml.cli import wall_clock
from sciml.symbolic.ladder.deadline import Deadline

COMMAND = [sys.executable, "-m", "sciml.cli.app"]


def _count_for_ever():
    while True:
        pass


@pytest.fixture
def busy_machine():
    """More processes at work than there are processors."""
    spawned = multiprocessing.get_context("spawn")
    others = [spawned.Process(target=_count_for_ever, daemon=True) for _ in range(2 * (os.cpu_count() or 1))]
    for one in others:
        one.start()
    yield
    for one in others:
        one.kill()
        one.join()


@pytest.mark.usefixtures("busy_machine")
@pytest.mark.parametrize("words", [["dsolve", "y' = sin(x*y)"], ["integrate", "exp(x^2)*sin(x^3)"]])
def test_an_unsolved_question_ends_soon_after_its_timeout_on_a_busy_machine(words):
    started = time.monotonic()
    done = subprocess.run([*COMMAND, *words, "--timeout", "3"], capture_output=True, text=True, check=False)
    assert time.monotonic() - started < 5
    assert (done.returncode, done.stdout) == (3, "")
    assert "unsolved after" in done.stderr


STUCK = """
import time
from sciml.cli import wall_clock
from sciml.cli.symbolic_answers import print_unsolved
wall_clock.begin()
with wall_clock.last_call(0.2, lambda seconds: print_unsolved(seconds, as_json=True, quiet=False)):
    time.sleep(60)
print("too late")
"""


def test_what_python_cannot_interrupt_is_ended_from_outside():
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, check=False)
    assert time.monotonic() - started < 20
    assert done.returncode == 3
    assert json.loads(done.stdout)["status"] == "unsolved"


def test_the_age_of_a_process_is_known_where_the_system_tells_it():
    printed = "import time; time.sleep(0.5); from sciml.cli import wall_clock; print(wall_clock._age_s())"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", printed], capture_output=True, text=True, check=True)
    age = float(done.stdout)
    assert age == 0 if sys.platform != "linux" else 0.5 < age < time.monotonic() - started + 0.02


def test_loading_counts_against_the_timeout_of_a_command_alone(monkeypatch):
    assert wall_clock.seconds_left(10) == 10
    monkeypatch.setattr(wall_clock, "_begun", [time.monotonic() - 4])
    assert wall_clock.seconds_left(10) == pytest.approx(6, abs=0.1)
    assert wall_clock.seconds_left(2) == pytest.approx(0.1)


def test_work_that_cannot_be_interrupted_is_begun_only_if_the_pace_allows_it():
    deadline = Deadline.after(5)
    assert deadline.leaves_time_for(4)
    assert not deadline.leaves_time_for(6)
    used = time.thread_time()
    while time.thread_time() - used < 0.1:
        pass
    time.sleep(0.5)  # 0.1 s of work in 0.6 s
    assert deadline.leaves_time_for(0.1)
    assert not deadline.leaves_time_for(2)
    assert not Deadline.after(60).within(1).leaves_time_for(2)
