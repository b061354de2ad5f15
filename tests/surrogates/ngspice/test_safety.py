"""What may stand in a netlist, and what happens to everything else."""

import random
import string
from dataclasses import replace

import pytest

from sciml.errors import InputError
from sciml.surrogates.ngspice import engine
from sciml.surrogates.ngspice.analysis import Analysis
from sciml.surrogates.ngspice.circuit import Measurement
from sciml.surrogates.ngspice.compiled import CompiledCircuit
from sciml.surrogates.ngspice.safety import check_name, check_netlist, check_options
from sciml.surrogates.ngspice.values import job_values
from sciml.surrogates.problem_spec import CategoryInput, FloatInput
from sciml.surrogates.result import FailureKind
from sciml.surrogates.simulator import Corner, Job
from tests.surrogates.ngspice.rc_circuit import JOB, rc_circuit
from tests.surrogates.ngspice.requirement import needs_program

HARMLESS = """
* a comment
.param width={w} twice='2*width'
.subckt amplifier inp inn out vdd
m1 out inp t vdd pch w='twice' l=90n
+ m={m1}
+ ad='width*1e-7'
q1 out b e npn1
.ends
.model pch pmos(level=54 version=4.8 vth0=-0.4)
.model npn1 npn bf=100
.ic v(out)=0
.options reltol=1e-4 gmin = 1e-13
B1 x 0 v='v(a)>0.5 ? tanh(v(b)) : 1'
R1 a b 1k tc1=1e-3
"""
REFUSED = [
    (".control\nshell id\n.endc", "card '.control' is not allowed"),
    (".CONTROL", "not allowed"),
    (".include /etc/passwd", "not allowed"),
    (".inc other.cir", "not allowed"),
    (".lib 'models.lib' tt", "not allowed"),
    (".exec id", "not allowed"),
    (".csparam x=1", "not allowed"),
    (".save all", "not allowed"),
    (".print tran v(1)", "not allowed"),
    (".measure tran x max v(out)", "not allowed"),
    (".tran 1n 1", "analyses stand in benches"),
    (".if (1)", "not allowed"),
    (".end", "not allowed"),
    ("shell touch /tmp/x", "'shell' is a command"),
    ("WRITE out.raw v(out)", "'write' is a command"),
    ("source other.cir all", "'source' is a command"),
    ("wrdata out.txt v(out)", "'wrdata' is a command"),
    ("a1 in out filesrc", "no element begins with 'a'"),
    ("n1 in out osdi", "no element begins with 'n'"),
    ("An amplifier by me", "no title line"),
    (".model f filesource(file=/etc/passwd)", "type 'filesource' are not allowed"),
    (".model f d(file=x)", "names no files"),
    ("v1 a 0 pwl pwlfile=/etc/passwd", "names no files"),
    ("r1 a b 1k ; shell id", "character ';'"),
    ("r1 a b 1k $ comment", "character '\\$'"),
    ("r1 a b `id`", "character '`'"),
    ('r1 a b "x"', "character '\"'"),
    ("r1 a b 1k\\", "character"),
    ("r1 a b 1\u212a", "character"),
    ("r1 a b 1k\x0b.control", "character"),
    ("r1 a b 1k\r.control", "character"),
    ("r1 a b 1k\x00", "character"),
    ("r1 a b 1k\u2028.control", "character"),
    ("r1 a b 1k\n* comment\n+ tc1=1", "continuation"),
    ("r1 a b 1k\n\n+ tc1=1", "continuation"),
    ("{name} a b 1k", "does not begin with a placeholder"),
    (".{name} a b", "does not begin with a placeholder"),
    ("r1 a", "too short"),
    ("v1 a 0 trnoise(1 1n 0 0)", "'trnoise' is random"),
    (".param x='agauss(1,0.1,3)'", "'agauss' is random"),
    (".options filetype=ascii", "'filetype' is not allowed"),
    (".options savecurrents", "'savecurrents' is not allowed"),
    (".subckt a b c", ".subckt without .ends"),
    (".ends", ".ends without .subckt"),
]


def test_ordinary_netlists_pass():
    check_netlist(HARMLESS)
    check_netlist("vdd vdd 0 dc {supply} ac 1\nvin in 0 pulse(0 1 1n 1p 1p 1 2)")


@pytest.mark.parametrize(("text", "rule"), REFUSED)
def test_what_is_not_known_to_be_harmless_is_refused_with_its_line(text, rule):
    with pytest.raises(InputError, match=rule) as caught:
        check_netlist("r0 x 0 1k\n" + text, file="my.cir")
    assert "my.cir" in str(caught.value)
    if "without" not in rule:
        assert caught.value.line is not None
        assert caught.value.line >= 2
        assert "--unsafe-netlist" in str(caught.value)


def test_nothing_is_continued_before_the_first_line():
    with pytest.raises(InputError, match="a continuation") as caught:
        check_netlist("+ r=1")
    assert caught.value.line == 1


def test_a_continued_line_is_judged_whole():
    with pytest.raises(InputError, match="names no files") as caught:
        check_netlist("r0 x 0 1k\nv1 a 0\n+ pwl\n+ pwlfile = x")
    assert caught.value.line == 2


@pytest.mark.parametrize("name", ["", "1a", "a b", "a\nb", "é", "a" * 65, "a{", "_x", "a-b"])
def test_names_are_plain(name):
    with pytest.raises(InputError, match="a name is a letter"):
        check_name(name, "input")


@pytest.mark.parametrize(
    ("name", "value"),
    [("filetype", 1.0), ("reltol", float("nan")), ("reltol", "1 .control"), ("reltol", True)],
)
def test_options_are_known_and_numbers(name, value):
    with pytest.raises(InputError, match="option"):
        check_options({name: value})


@pytest.mark.parametrize(
    "command",
    [
        "tran 1n 1u\nshell id",
        "ac dec 10 1 1g > file",
        "op; shell id",
        "tran 1n `id`",
        "noise v(out) v1 dec 1 1 10 > x",
        "write x.raw",
        "dc v1 0 1",
        "ac dec 10 1 1g\n",
        "",
    ],
)
def test_an_analysis_is_one_command_of_its_kind(command):
    with pytest.raises(InputError, match="analysis"):
        Analysis(command)


@pytest.mark.parametrize(
    "command",
    [
        "op",
        "dc vin 0 1.2 10m",
        "ac dec 10 1 {top}",
        "tran 1n 300n 0 1n uic",
        "noise v(out,0) v1 dec 5 1 10meg",
    ],
)
def test_analyses_read_as_ngspice_has_them(command):
    assert Analysis(command).kind == command.split()[0]


PIECES = (
    ".control", ".endc", "shell id", "\n", "\r\n", ";", "$", "`id`", "quit", ".include /etc/passwd", "*#",
    "*ng_script", "{r}", "}", "{", "file=", "write x", "1e999", "nan", "inf", "-inf", "1k", "'", '"', "\\",
    "\x00", "\u2028", "é", "+", "a1", "r1 a b", ".model x filesource", ".lib", "source x", "system", "$(id)",
    "$HOME", ".exec", ".csparam", "|", "&", ">", "<", "\t", " ", "%", "..", "=",
)  # fmt: skip
"""What injections are made of."""


def injection(generator):
    """A text that would do harm, or at least no good, in a netlist."""
    parts = [generator.choice(PIECES) for _ in range(generator.randint(1, 6))]
    noise = "".join(generator.choice(string.printable) for _ in range(generator.randint(0, 4)))
    return (
        "".join(parts)
        + generator.choice(("\nshell id\n", " $ ", "; ", "`", "\n.control\nquit\n.endc\n"))
        + noise
    )


@pytest.fixture
def no_ngspice(monkeypatch):
    """Nothing may reach ngspice."""

    def reached(*_arguments):
        raise AssertionError("an injection reached ngspice")

    monkeypatch.setattr(engine.ProgramEngine, "run", reached)
    monkeypatch.setattr(engine.LibraryEngine, "run", reached)


@needs_program
@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_injections_end_as_failures_or_errors(seed, no_ngspice):
    """A hundred a seed: as values, as corners, as names and as netlists."""
    from sciml.surrogates.ngspice.simulator import NgspiceSimulator

    generator = random.Random(seed)
    circuit = rc_circuit()
    simulator = NgspiceSimulator(circuit, mode="program")
    bench = circuit.benches[1]
    for number in range(100):
        text = injection(generator)
        place = number % 10
        if place == 0:
            row = simulator.simulate(Job({**JOB, "r": text}))
            assert row.failure is not None
            assert row.failure.kind is FailureKind.REFUSED
        elif place == 1:
            for parameters in ({"process": text}, {"supply": text}, {text: 1.0}):
                row = simulator.simulate(Job(JOB, Corner(text, parameters)))
                assert row.failure is not None
                assert row.failure.kind is FailureKind.REFUSED
        else:
            with pytest.raises(InputError):
                CompiledCircuit(_infected(circuit, bench, text, place))


def _infected(circuit, bench, text, place):
    """The circuit with the text in one of its places."""
    others = circuit.benches[:1]
    if place == 2:
        return replace(circuit, netlist=circuit.netlist + text)
    if place == 3:
        return replace(circuit, netlist=text + "\n" + circuit.netlist)
    if place == 4:
        return replace(circuit, benches=(*others, replace(bench, lines=bench.lines + text)))
    if place == 5:
        return replace(circuit, benches=(*others, replace(bench, analyses=(Analysis("op" + text),))))
    if place == 6:
        bad = Measurement("gain", "dc_gain", {"signal": "v(out)" + text})
        return replace(circuit, benches=(*others, replace(bench, measurements=(bad,))))
    if place == 7:
        return replace(circuit, constants={text: 1.0})
    if place == 8:
        category = CategoryInput("kind", ("plain", text))
        return replace(circuit, spec=replace(circuit.spec, inputs=(*circuit.spec.inputs, category)))
    spec = replace(circuit.spec, inputs=(*circuit.spec.inputs, FloatInput(text, 0, 1)))
    return replace(circuit, spec=spec)


def test_only_numbers_as_python_prints_them_and_listed_texts_get_into_a_netlist():
    circuit = rc_circuit()
    values = job_values(circuit, Job(JOB, Corner("hot", {"process": "slow", "temperature": 85})))
    assert values.texts["r"] == "1000.0"
    assert values.texts["c"] == "2.2e-12"
    assert values.texts["process"] == "slow"
    assert values.texts["more"] == "2.0"
    assert all(name == "process" or repr(float(text)) == text for name, text in values.texts.items())


def test_the_title_holds_nothing_of_a_name_that_ngspice_could_read():
    spec = replace(rc_circuit().spec, name="x\n.control\nshell id\n.endc *#")
    deck = CompiledCircuit(rc_circuit(spec=spec)).benches[0].deck(job_values(rc_circuit(), Job(JOB)))
    assert deck.netlist[0].startswith("* x_.control_shell id_.endc")
    assert "\n" not in deck.netlist[0]
    assert not any(line.startswith((".control", "*#")) for line in deck.netlist)
