"""One design through ngspice: values, corners, cutoffs, identity, and what is refused."""

import math
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from sciml.errors import InputError, MissingRequirementError, SettingsError
from sciml.surrogates.ngspice import engine, installation
from sciml.surrogates.ngspice import simulator as simulator_module
from sciml.surrogates.ngspice.circuit import Measurement
from sciml.surrogates.ngspice.kept import MOST_KEPT, KeptDecks
from sciml.surrogates.ngspice.raw_file import read_raw
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.problem_spec import Output
from sciml.surrogates.result import FailureKind
from sciml.surrogates.simulator import NOMINAL, Corner, Cutoff, Job, RowSimulator
from tests.surrogates.ngspice.rc_circuit import JOB, one_bench, rc_circuit, spec
from tests.surrogates.ngspice.requirement import needs_library, needs_program

BOLTZMANN = 1.380649e-23
FORMS = ["auto", "program"]


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


@pytest.fixture(scope="module")
def rc_simulators():
    made = {form: NgspiceSimulator(rc_circuit(), mode=form) for form in FORMS}
    yield made
    for each in made.values():
        each.close()


@needs_program
@needs_library
def test_the_library_and_the_program_give_the_same_bits(rc_simulators):
    for job in (Job(JOB), Job({"r": 47.1, "c": 0.3}), Job(JOB, Corner("hot", {"temperature": 125.0}))):
        rows = [each.simulate(job) for each in rc_simulators.values()]
        assert rows[0].failure is None
        assert rows[0].outputs == rows[1].outputs
        assert rows[0].auxiliary == rows[1].auxiliary


@needs_program
@needs_library
def test_an_rc_filter_has_its_formulas(rc_simulators, form):
    row = rc_simulators[form].simulate(Job(JOB))
    tau = 1e3 * 2.2e-12
    assert row.outputs["bandwidth"] == pytest.approx(1e-6 / (2 * math.pi * tau), rel=3e-4)
    assert row.outputs["settling"] == pytest.approx(1e9 * tau * math.log(100), rel=2e-3)
    assert row.outputs["noise"] == pytest.approx(1e6 * math.sqrt(BOLTZMANN * 300.15 / 2.2e-12), rel=1e-3)
    assert row.auxiliary == {"gain": pytest.approx(1.0), "level": pytest.approx(1.0)}
    assert row.failure is None
    assert row.is_complete
    assert 0 < row.cost_s < 2


@needs_program
def test_corners_set_supply_temperature_and_the_entries_of_a_table():
    simulator = NgspiceSimulator(rc_circuit(), mode="program")
    plain = simulator.simulate(Job(JOB)).outputs
    corner = Corner("slow_hot", {"process": "slow", "temperature": 127.0, "supply": 2.0})
    row = simulator.simulate(Job(JOB, corner))
    assert row.outputs["bandwidth"] == pytest.approx(plain["bandwidth"] / 2, rel=1e-3)
    noise = math.sqrt(BOLTZMANN * 400.15 / 4.4e-12)
    assert row.outputs["noise"] == pytest.approx(1e6 * noise, rel=1e-3)
    assert row.auxiliary["level"] == pytest.approx(2.0)


@needs_program
@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"humidity": 3.0}, "no condition 'humidity'"),
        ({"supply": 99.0}, "not an allowed value"),
        ({"process": "typical"}, "one of slow, fast"),
    ],
)
def test_a_corner_that_the_circuit_does_not_know_is_refused(parameters, rule):
    row = NgspiceSimulator(rc_circuit(), mode="program").simulate(Job(JOB, Corner("x", parameters)))
    assert row.failure.kind is FailureKind.REFUSED
    assert rule in row.failure.message


@needs_program
def test_a_cutoff_stops_after_the_tier_that_decides():
    simulator = NgspiceSimulator(rc_circuit(), mode="program")
    row = simulator.simulate(Job(JOB, cutoff=Cutoff(minimum={"bandwidth": 73.0})))
    assert not row.is_complete
    assert row.failure is None
    assert set(row.outputs) == {"bandwidth"}
    assert simulator.simulate(Job(JOB, cutoff=Cutoff(minimum={"bandwidth": 72.0}))).is_complete
    assert simulator.simulate(Job(JOB, cutoff=Cutoff(maximum={"settling": 1.0}))).is_complete


@needs_program
def test_a_pickled_copy_answers_the_same():
    simulator = NgspiceSimulator(rc_circuit(), mode="program")
    first = simulator.simulate(Job(JOB)).outputs
    copy = pickle.loads(pickle.dumps(simulator))
    assert isinstance(copy, RowSimulator)
    assert copy.simulate(Job(JOB)).outputs == first
    assert (copy.identity, copy.timeout_s) == (simulator.identity, simulator.timeout_s)


def more_capacitance(numbers):
    """An annotation: a parasitic in proportion to the capacitance."""
    return {"parasitic": 0.1 * numbers["c"]}


@needs_program
def test_an_annotation_adds_placeholders_and_changes_the_identity():
    schematic = NgspiceSimulator(rc_circuit(), mode="program")
    circuit = rc_circuit(
        netlist="r1 in out {r}\nc1 out 0 {c} m={more}\nc2 out 0 {parasitic}\n",
        annotate=more_capacitance,
        fidelity="layout",
    )
    layout = NgspiceSimulator(circuit, mode="program")
    ratio = layout.simulate(Job(JOB)).outputs["bandwidth"] / schematic.simulate(Job(JOB)).outputs["bandwidth"]
    assert ratio == pytest.approx(1 / 1.1, rel=1e-4)
    assert layout.identity != schematic.identity
    assert "layout" in layout.identity


@needs_program
def test_the_identity_follows_everything_that_results_depend_on():
    plain = rc_circuit()
    changed = [
        rc_circuit(netlist=plain.netlist + "c9 out 0 1f\n"),
        rc_circuit(options={"reltol": 1e-4}),
        rc_circuit(constants={"unused": 1.0}),
        rc_circuit(fidelity="other"),
        rc_circuit(benches=tuple(replace(bench, lines=bench.lines + "\n") for bench in plain.benches)),
    ]
    identities = [NgspiceSimulator(each, mode="program").identity for each in (plain, *changed)]
    assert len(set(identities)) == len(identities)
    assert NgspiceSimulator(rc_circuit(), mode="program").identity == identities[0]
    assert identities[0].startswith(f"ngspice-{installation.version(of_library=False)} rc 1 schematic ")


def test_without_ngspice_the_error_says_how_to_install_it(monkeypatch):
    for module in (installation, engine):
        monkeypatch.setattr(module, "program_path", lambda: None)
        monkeypatch.setattr(module, "library_path", lambda: None)
    missing = pytest.raises(MissingRequirementError, match=r"apt install ngspice libngspice0.*brew.*conda")
    with missing as caught:
        NgspiceSimulator(rc_circuit())
    assert caught.value.exit_code == 4


@needs_program
def test_without_the_library_the_program_does_it(monkeypatch):
    monkeypatch.setattr(engine, "library_path", lambda: None)
    monkeypatch.setattr(simulator_module, "library_path", lambda: None)
    assert NgspiceSimulator(rc_circuit()).simulate(Job(JOB)).failure is None
    with pytest.raises(MissingRequirementError):
        NgspiceSimulator(rc_circuit(), mode="library")


@needs_program
@needs_library
def test_the_library_tells_its_version_as_the_program_does():
    assert installation.version(of_library=True) == installation.version(of_library=False)
    assert installation.version(of_library=True)[0].isdigit()


@needs_program
def test_settings_that_do_not_exist_are_refused():
    with pytest.raises(SettingsError, match="mode 'fast'"):
        NgspiceSimulator(rc_circuit(), mode="fast")
    with pytest.raises(SettingsError, match="time limit"):
        NgspiceSimulator(rc_circuit(), timeout_s=0)


@needs_program
def test_a_users_own_settings_of_ngspice_change_nothing(tmp_path, monkeypatch):
    expected = NgspiceSimulator(rc_circuit(), mode="program").simulate(Job(JOB)).outputs
    (tmp_path / ".spiceinit").write_text("set filetype=ascii\noption reltol=0.5\nset temp=125\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for form in FORMS:
        simulator = NgspiceSimulator(rc_circuit(), mode=form)
        assert simulator.simulate(Job(JOB)).outputs == expected
        simulator.close()


@needs_program
def test_a_design_that_succeeds_leaves_no_netlist(tmp_path):
    NgspiceSimulator(rc_circuit(), mode="program", keep_failed=tmp_path).simulate(Job(JOB))
    assert list(tmp_path.iterdir()) == []


@needs_program
def test_the_folder_of_kept_netlists_does_not_grow_for_ever(tmp_path):
    simulator = NgspiceSimulator(rc_circuit(), mode="program")
    kept = KeptDecks(tmp_path)
    for number in range(MOST_KEPT + 20):
        kept.keep(replace(simulator.decks(Job(JOB))[0], title=f"number {number}"))
    assert len(list(tmp_path.iterdir())) == MOST_KEPT


@needs_program
def test_decks_are_netlists_that_run_by_themselves(tmp_path):
    simulator = NgspiceSimulator(rc_circuit(), mode="program")
    deck = simulator.decks(Job(JOB, NOMINAL))[0]
    (tmp_path / "deck.cir").write_text(deck.text)
    answer = subprocess.run(
        ["ngspice", "-n", "-b", "-r", "out.raw", "deck.cir"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "No. of Data Rows : 111" in answer.stdout
    names = [plot.name for plot in read_raw((tmp_path / "out.raw").read_bytes())]
    assert sorted(names) == ["AC Analysis", "Operating Point"]


@needs_program
def test_a_circuit_that_measures_nothing_of_what_it_should_is_refused():
    for changes, rule in [
        ({"spec": spec(Output("unheard"))}, "no bench measures the output 'unheard'"),
        ({"netlist": "r1 in out {r}\nc1 out 0 1p m={more}\n"}, "the input 'c' changes nothing"),
        ({"netlist": "r1 in out {r}\nc1 out 0 {c}\n"}, "the condition 'process' changes nothing"),
        ({"netlist": "r1 in out {r}\nc1 out 0 {c} m={mor}\n"}, "nothing sets {mor}"),
        ({"netlist": "r1 in out {r*2}\nc1 out 0 {c} m={more}\n"}, "braces hold the name"),
        ({"constants": {"r": 1.0}}, "'r' is the name of two things"),
        ({"benches": ()}, "at least one bench"),
    ]:
        with pytest.raises(InputError) as caught:
            NgspiceSimulator(rc_circuit(**changes), mode="program")
        assert rule in str(caught.value)


@needs_program
@pytest.mark.parametrize(
    ("measurement", "rule"),
    [
        (Measurement("y", "loudness", {"signal": "v(out)"}), "no kind of measurement"),
        (Measurement("y", "value", {}), "lacks 'signal'"),
        (Measurement("y", "value", {"signal": "v(out)", "at": 1.0}), "no argument 'at'"),
        (Measurement("y", "value", {"signal": "out"}), "not a signal"),
        (Measurement("y", "value", {"signal": "v(0)"}), "the ground alone"),
        (Measurement("y", "value", {"signal": 3.0}), "not a signal"),
        (Measurement("y", "dc_gain", {"signal": "v(out)"}), "needs the analysis 'ac'"),
        (Measurement("y", "ratio", {"numerator": "z", "denominator": 1.0}), "no number known"),
        (Measurement("y", "number", {"of": math.inf}), "not a finite number"),
        (Measurement("y", "value", {"signal": "onoise_total"}), "not a signal of the analysis op"),
    ],
)
def test_a_measurement_that_cannot_be_is_refused_before_anything_runs(measurement, rule):
    circuit = one_bench("r1 in out {r}")
    bench = replace(circuit.benches[0], measurements=(measurement,))
    with pytest.raises(InputError, match=rule):
        NgspiceSimulator(replace(circuit, benches=(bench,)), mode="program")


@needs_library
@pytest.mark.slow
def test_memory_stays_flat_over_400_designs():
    script = """
import resource
from tests.surrogates.ngspice.rc_circuit import JOB, rc_circuit
from sciml.surrogates.ngspice.raw_file import read_raw
from sciml.surrogates.ngspice.simulator import NgspiceSimulator
from sciml.surrogates.simulator import Job
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20
simulator = NgspiceSimulator(rc_circuit(), mode="library")
for number in range(60):
    simulator.simulate(Job({"r": 1.0 + number / 10, "c": 2.2}))
before = resident()
for number in range(400):
    assert simulator.simulate(Job({"r": 1.0 + number / 10, "c": 2.2})).failure is None
print(resident() - before)
"""
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, timeout=200, capture_output=True, text=True
    )
    assert float(answer.stdout) < 4.0
