import copy
import json
import math
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sciml.errors import MissingRequirementError, SettingsError
from sciml.surrogates.batch_simulator import BatchSimulator
from sciml.surrogates.command import CommandSimulator
from sciml.surrogates.execution.process_pool import ProcessExecutor
from sciml.surrogates.problem_spec import CategoryInput, IntegerInput, Output, ProblemSpec
from sciml.surrogates.program import LONGEST_LINE_BYTES
from sciml.surrogates.result import FailureKind
from sciml.surrogates.simulator import Corner, Job
from tests.surrogates.odd_simulators import is_running

PROGRAM = Path(__file__).with_name("answering_program.py")
DEEDS = (
    *("answer", "exit", "exit quietly", "segfault", "hang", "half a line", "half a line and exit"),
    *("half a line and fail", "no line feed and exit", "noise before", "noise after", "empty lines", "twice"),
    *("close input", "close output", "endless line", "chatter", "huge answer", "error"),
)
SPEC = ProblemSpec(
    "arithmetic",
    "1",
    (IntegerInput("a", -9, 9), IntegerInput("b", -9, 9), CategoryInput("deed", DEEDS)),
    (Output("sum"), Output("product")),
    tuple(Output(name) for name in ("process", "answered", "seed", "temperature", "keys")),
)


def command(*arguments):
    return [sys.executable, "-S", "-I", str(PROGRAM), *arguments]


def job(a=2, b=3, deed="answer", **more):
    return Job({"a": a, "b": b, "deed": deed}, **more)


def write_program(path, lines):
    """A program of a few lines, which does not flush its output, as a path in words."""
    start = f"#!{sys.executable}\nimport json, sys\nnumber = json.loads(sys.stdin.readline())['id']\n"
    answer = "def answer(a, b):\n    print(json.dumps({'id': number, 'outputs': {'sum': a, 'product': b}}))\n"
    path.write_text(start + answer + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def simulator():
    found = CommandSimulator(command(), SPEC, timeout_s=20.0)
    yield found
    found.close()


def wait_until_ended(process):
    until = time.monotonic() + 10
    while is_running(process) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_running(process)


def is_right(row, a=2, b=3):
    return row.failure is None and row.outputs == {"sum": a + b, "product": a * b}


def test_the_program_stays_running_and_answers_every_design(simulator):
    rows = [simulator.simulate(job(a, b)) for a in range(-3, 4) for b in (1, 2)]
    assert [dict(row.outputs) for row in rows] == [
        {"sum": a + b, "product": a * b} for a in range(-3, 4) for b in (1, 2)
    ]
    assert [row.auxiliary["answered"] for row in rows] == list(range(14))
    assert len({row.auxiliary["process"] for row in rows}) == 1
    assert all(row.cost_s > 0 for row in rows)


def test_corner_and_seed_are_sent_only_where_the_job_has_them(simulator):
    plain = simulator.simulate(job()).auxiliary
    assert (plain["keys"], plain["seed"], plain["temperature"]) == (2, -1, -1)
    full = simulator.simulate(job(corner=Corner("hot", {"temperature": 85}), seed=0)).auxiliary
    assert (full["keys"], full["seed"], full["temperature"]) == (4, 0, 85)


@pytest.mark.parametrize(
    "arguments", [("once",), ("once", "late"), ("once", "badly"), ("once", "late", "badly")]
)
def test_a_program_that_ends_after_its_answer_is_started_for_every_design(arguments):
    simulator = CommandSimulator(command(*arguments), SPEC, timeout_s=20.0)
    rows = [simulator.simulate(job(a)) for a in range(3)]
    simulator.close()
    assert all(is_right(row, a) for a, row in enumerate(rows))
    assert [row.auxiliary["answered"] for row in rows] == [0] * 3
    assert len({row.auxiliary["process"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("deed", "kind", "message"),
    [
        ("exit", FailureKind.CRASH, "exit code 3 without an answer (it wrote to its standard error: licence"),
        ("exit quietly", FailureKind.CRASH, "ended with exit code 0 without an answer"),
        ("segfault", FailureKind.CRASH, "was ended by SIGSEGV without an answer"),
        ("half a line and exit", FailureKind.BAD_ANSWER, "no answer in JSON"),
        ("half a line and fail", FailureKind.CRASH, "exit code 1 in the middle of an answer"),
        ("noise before", FailureKind.BAD_ANSWER, "no answer in JSON: 'Loading models ...'"),
        ("endless line", FailureKind.BAD_ANSWER, "a line of more than 8 MB"),
        ("error", FailureKind.REPORTED, "no convergence at step 9999999999"),
        ("close output", FailureKind.CRASH, "closed its output and runs on without an answer"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_a_typed_failure_and_the_next_design_is_answered(simulator, deed, kind, message):
    assert is_right(simulator.simulate(job()))
    for _ in range(2):  # in a program that has answered, and perhaps in a new one
        failure = simulator.simulate(job(deed=deed)).failure
        assert failure is not None
        assert failure.kind is kind
        assert message in failure.message
    assert is_right(simulator.simulate(job(4, 5)), 4, 5)


@pytest.mark.parametrize("deed", ["no line feed and exit", "empty lines", "close input", "chatter"])
def test_unusual_ways_of_answering_are_understood(simulator, deed):
    for a in range(3):
        assert is_right(simulator.simulate(job(a, deed=deed)), a)
        assert is_right(simulator.simulate(job(a, 7)), a, 7)


def test_a_long_answer_is_read_whole(simulator):
    assert simulator.simulate(job(deed="huge answer")).outputs == {"sum": 1, "product": 2}
    assert LONGEST_LINE_BYTES > 2_000_000


@pytest.mark.parametrize("deed", ["noise after", "twice"])
def test_what_is_written_after_an_answer_is_never_taken_for_the_next(simulator, deed):
    assert is_right(simulator.simulate(job(deed=deed)))
    late = simulator.simulate(job(4, 4))
    assert late.failure is not None
    assert late.failure.kind is FailureKind.BAD_ANSWER
    assert is_right(simulator.simulate(job(5, 5)), 5, 5)


def test_a_hang_is_ended_with_its_children_at_the_time_limit():
    simulator = CommandSimulator(command(), SPEC, timeout_s=0.6)
    started = time.monotonic()
    hung = simulator.simulate(job(deed="hang"))
    assert 0.6 <= time.monotonic() - started < 5
    assert hung.failure.kind is FailureKind.TIMEOUT
    assert hung.failure.message.startswith("no answer within 0.6 s; does it end its answers with a line feed")
    child = int(hung.failure.message.rpartition("child ")[2].rstrip(")"))
    wait_until_ended(child)
    half = simulator.simulate(job(deed="half a line"))
    assert half.failure.kind is FailureKind.TIMEOUT
    assert "it wrote 20 bytes without an end of line" in half.failure.message
    simulator.close()


def test_a_program_killed_from_outside_is_a_crash_or_is_started_again(simulator):
    process = int(simulator.simulate(job()).auxiliary["process"])
    os.kill(process, signal.SIGKILL)  # between two designs: the next one is not to blame
    wait_until_ended(process)
    assert is_right(simulator.simulate(job()))
    timer = threading.Timer(0.3, lambda: os.kill(int(simulator._program._process._popen.pid), signal.SIGKILL))
    timer.start()
    row = simulator.simulate(job(deed="hang"))
    timer.join()
    assert row.failure.kind is FailureKind.CRASH
    assert "SIGKILL" in row.failure.message


def test_closing_leaves_no_process_and_simulating_opens_it_again(simulator):
    process = int(simulator.simulate(job()).auxiliary["process"])
    assert is_running(process)
    simulator.close()
    assert not is_running(process)
    assert is_right(simulator.simulate(job()))


def test_a_copy_has_a_program_of_its_own(simulator):
    twin = copy.deepcopy(simulator)
    one, other = simulator.simulate(job()), twin.simulate(job())
    twin.close()
    assert one.outputs == other.outputs
    assert one.auxiliary["process"] != other.auxiliary["process"]
    assert twin.identity == simulator.identity


def test_words_reach_the_program_as_they_are_and_no_shell_sees_them(tmp_path):
    words = ["$HOME; touch /tmp/x", "a b", "*", "`id`", "'", "é", ""]
    lines = ["open(sys.argv[1], 'w').write(json.dumps(sys.argv[2:]))", "answer(1, 1)"]
    shown, out = write_program(tmp_path / "show.py", lines), tmp_path / "words.json"
    simulator = CommandSimulator([sys.executable, "-I", shown, str(out), *words], SPEC)
    assert simulator.simulate(job()).failure is None
    simulator.close()
    assert json.loads(out.read_text()) == words


def test_a_program_that_does_not_flush_is_heard_if_it_is_python(tmp_path):
    lazy = write_program(tmp_path / "lazy.py", ["answer(1, 2)", "sys.stdin.readline()"])
    simulator = CommandSimulator([sys.executable, lazy], SPEC)
    assert simulator.simulate(job()).outputs == {"sum": 1, "product": 2}
    simulator.close()


def test_it_runs_in_its_folder(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    write_program(folder / "here", ["value = float(open(sys.argv[1]).read())", "answer(value, value)"])
    (folder / "v.txt").write_text("2.5")
    simulator = CommandSimulator(["./here", "v.txt"], SPEC, folder=str(folder))
    assert simulator.simulate(job()).outputs == {"sum": 2.5, "product": 2.5}
    simulator.close()


def test_the_identity_follows_the_words_and_the_files_among_them(tmp_path):
    script = tmp_path / "s.py"
    script.write_text("1")
    first = CommandSimulator([sys.executable, str(script), "x"], SPEC).identity
    assert CommandSimulator([sys.executable, str(script), "x"], SPEC, 5.0).identity == first
    assert CommandSimulator([sys.executable, str(script), "y"], SPEC).identity != first
    script.write_text("2")
    assert CommandSimulator([sys.executable, str(script), "x"], SPEC).identity != first


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingRequirementError, match="there is no program 'frobnicate' on the PATH"):
        CommandSimulator(["frobnicate", "-x"], SPEC)
    with pytest.raises(MissingRequirementError, match=r"there is no program './sim' in "):
        CommandSimulator(["./sim"], SPEC, folder=str(tmp_path))
    with pytest.raises(SettingsError, match="a program and a positive time limit"):
        CommandSimulator([], SPEC)
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF not really")
    broken.chmod(0o755)
    with pytest.raises(MissingRequirementError, match="cannot be started: Exec format error"):
        CommandSimulator([str(broken)], SPEC).simulate(job())


def test_every_failure_counts_as_a_simulation():
    values = [{"a": 1, "b": 1, "deed": deed} for deed in ("exit", "noise before", "error", "answer")]
    with BatchSimulator(CommandSimulator(command(), SPEC, 20.0)) as simulator:
        result = simulator.run(np.stack([SPEC.from_values(each) for each in values]))
        assert simulator.simulations == 4
    assert [failure and failure.kind.value for failure in result.failures] == [
        *("crash", "bad answer", "reported", None)
    ]


def test_programs_run_in_supervised_processes_and_die_with_them():
    values = [{"a": a, "b": 1, "deed": "answer"} for a in range(8)]
    simulator = BatchSimulator(CommandSimulator(command(), SPEC, 20.0), ProcessExecutor(2))
    with simulator:
        result = simulator.run(np.stack([SPEC.from_values(each) for each in values]))
        programs = {int(process) for process in result.auxiliary[:, 0]}
        assert result.values.tolist() == [[a + 1, a] for a in range(8)]
        assert 1 <= len(programs) <= 2
        assert all(is_running(process) for process in programs)
    assert not any(is_running(process) for process in programs)


class Scripted:
    """Stands in for the program: one prepared line for each request."""

    def __init__(self):
        self.line = b""
        self.ended = 0

    def ask(self, request, timeout_s):
        assert timeout_s == 20.0
        return self.line.replace(b"@", str(json.loads(request)["id"]).encode())

    def end(self):
        self.ended += 1
        return ""

    def close(self):
        pass


def odd_answer(generator):
    """Bytes of an answer, `@` for the id, and the kind of failure that it must be, or its outputs."""
    number = generator.choice([generator.uniform(-1e9, 1e9), generator.randint(-99, 99), 1e-300, -0.0, 1e300])
    good = {"sum": number, "product": generator.random()}
    space = generator.choice(["", " ", "\t", "  "])

    def answer(sum_text, head='"id": @'):
        product = json.dumps(good["product"])
        text = (
            f'{{{space}{head}, "outputs": {{"sum":{space}{sum_text}, "product": {product}}}{space}}}{space}'
        )
        return text.encode()

    whole = answer(json.dumps(number))
    bad, infinite, missing = FailureKind.BAD_ANSWER, FailureKind.NON_FINITE, FailureKind.MISSING_OUTPUT
    noise = bytes(
        generator.choice(b'abcxyz{}[]":,\\ \x00\xff\xc3\xed\xa0\x80') for _ in range(generator.randint(1, 30))
    )
    cases = [
        lambda: (whole, good),
        lambda: (whole[:-1] + b', "seconds": [1, {"cpu": null}]}' if whole.endswith(b"}") else whole, good),
        lambda: (answer(json.dumps(number), '"error": null, "id": @.0'), good),
        lambda: (whole.rstrip()[: generator.randint(1, len(whole.rstrip()) - 1)], bad),
        lambda: (noise + b"\xff", bad),
        lambda: (noise + whole if noise.strip(b" \t") else b"x" + whole, bad),
        lambda: (whole + b" " + whole, bad),
        lambda: (
            answer(generator.choice(["NaN", "Infinity", "-Infinity", "null", "1e999", "9" * 400])),
            infinite,
        ),
        lambda: (answer("9" * 5000), bad),  # more digits than Python reads
        lambda: (answer(generator.choice(['"1.5"', "true", "false", "[1]", "{}", '"NaN"', '""'])), bad),
        lambda: (
            answer(generator.choice(["0x10", "1.", ".5", "+1", "01", "1,5", "inf", "nan", "None"])),
            bad,
        ),
        lambda: (
            answer(json.dumps(number), f'"id": {generator.choice([0, -1, 10**6, "null", "[@]", "true"])}'),
            bad,
        ),
        lambda: (
            answer(json.dumps(number), generator.choice(['"id": "@"', '"ID": @', '"id": @, "id": @'])),
            bad,
        ),
        lambda: (b'{"id": @, "outputs": {"sum": 1}}', missing),
        lambda: (b'{"id": @, "outputs": {}}', missing),
        lambda: (b'{"id": @, "outputs": {"Sum": 1, "product": 1}}', missing),
        lambda: (b'{"id": @, "outputs": {"sum": 1, "sum": 1, "product": 1}}', bad),
        lambda: (b'{"id": @, "outputs": ' + generator.choice([b"null", b"[]", b"3", b'"x"']) + b"}", bad),
        lambda: (b'{"id": @}', bad),
        lambda: (b'{"id": @, "error": null}', bad),
        lambda: (b'{"id": @, "error": "\\ud800 lone"}', FailureKind.REPORTED),
        lambda: (b'{"id": @, "error": {"code": 3}, "outputs": {"sum": 1}}', FailureKind.REPORTED),
        lambda: (
            generator.choice([b"[1, 2]", b"3", b"null", b'"text"', b"true", b"[" * 5000, b'{"a":' * 5000]),
            bad,
        ),
    ]
    return generator.choice(cases)()


def test_a_thousand_odd_answers_are_values_or_the_right_failure():
    generator, simulator, scripted = random.Random(7), CommandSimulator(command(), SPEC, 20.0), Scripted()
    simulator._program = scripted
    seen = set()
    for _ in range(1000):
        scripted.line, wanted = odd_answer(generator)
        ended = scripted.ended
        row = simulator.simulate(job())
        if isinstance(wanted, dict):
            assert row.failure is None, scripted.line
            assert row.outputs == wanted
            assert [math.copysign(1, value) for value in row.outputs.values()] == [
                math.copysign(1, value) for value in wanted.values()
            ]
            continue
        assert row.failure is not None, scripted.line
        assert row.failure.kind is wanted, (scripted.line, row.failure)
        row.failure.message.encode("utf-8")
        assert len(row.failure.message) < 3000
        if wanted is not FailureKind.BAD_ANSWER:  # these were understood: the program goes on
            assert scripted.ended == ended
        seen.add(wanted)
    assert seen == {
        *(FailureKind.BAD_ANSWER, FailureKind.NON_FINITE, FailureKind.MISSING_OUTPUT, FailureKind.REPORTED)
    }
