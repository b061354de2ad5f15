import numpy as np
import pytest

from sciml.cli.app import main
from sciml.data import structure_files
from sciml.data.pdb import format_pdb, write_pdb
from sciml.data.textfile import read_lines
from sciml.structure.evaluate.loading import load_models
from sciml.structure.evaluate.outputs import missing_table
from sciml.structure.evaluate.plan import plan_evaluation
from tests.structure.evaluate.evaluation_case import chain, kept, run, shaken, write_case


def submission(target, native, author="me", number=1, noise=0.4):
    """The text of one TS file."""
    atoms = [line for line in format_pdb(shaken(native, noise)).splitlines() if line.startswith("ATOM")]
    head = [
        "PFRMAT TS",
        f"TARGET {target}",
        f"AUTHOR {author}",
        "METHOD none",
        f"MODEL {number}",
        "PARENT N/A",
    ]
    return "\n".join([*head, *atoms, "TER", "END", ""])


def natives(folder, *names):
    for seed, name in enumerate(names):
        write_pdb(folder / "natives" / f"{name}.pdb", chain(seed))
    (folder / "models").mkdir()
    return folder / "models", folder / "natives"


def scored(found):
    return {
        (one.unit, one.group, one.model): one.status for result in found.results for one in result.records
    }


def test_each_model_of_a_joined_file_goes_to_its_own_target(tmp_path):
    models, targets = natives(tmp_path, "T1", "T2", "T3")
    text = "".join(
        [
            submission("T1", chain(0)),
            submission("T2", chain(1)),
            submission("T2", chain(1), number=2),
            submission("T1", chain(0), author="you"),
        ]
    )
    (models / "everything.ts").write_text(text)
    found, _ = run(models, targets)
    assert scored(found) == {
        ("T1", "me", 1): "done",
        ("T1", "you", 1): "done",
        ("T2", "me", 1): "done",
        ("T2", "me", 2): "done",
    }
    assert all(one.values["gdt_ts"] > 0.9 for result in found.results for one in result.records)
    assert set(found.plan.missing) == {("T2", "you"), ("T3", "me"), ("T3", "you")}
    assert found.exit_code == 0


def test_a_broken_submission_of_a_joined_file_fails_alone_with_its_line(tmp_path):
    models, targets = natives(tmp_path, "T1", "T2")
    broken = submission("T1", chain(0), number=2).replace("ATOM      1", "ATOM  here it is broken", 1)
    text = submission("T1", chain(0)) + broken + submission("T2", chain(1))
    (models / "everything.ts").write_text(text)
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "broken" in one)
    found, _ = run(models, targets)
    assert scored(found) == {("T1", "me", 1): "done", ("T1", "me", 2): "failed", ("T2", "me", 1): "done"}
    assert f"line {line}" in found.results[0].records[1].reason


def test_a_joined_file_is_read_once_for_all_its_submissions_of_a_target(tmp_path, monkeypatch):
    models, targets = natives(tmp_path, "T1")
    groups = [f"group{number}" for number in range(5)]
    text = "".join(submission("T1", chain(0), group, noise=0.3 * place) for place, group in enumerate(groups))
    (models / "everything.ts").write_text(text)
    for place, group in enumerate(groups):
        (tmp_path / "alone").mkdir(exist_ok=True)
        (tmp_path / "alone" / f"T1_{group}.ts").write_text(
            submission("T1", chain(0), group, noise=0.3 * place)
        )
    plan = plan_evaluation(models, targets)
    opened = []
    monkeypatch.setattr(
        structure_files, "read_lines", lambda path, limits: opened.append(path) or read_lines(path, limits)
    )
    joined = load_models(plan.targets[0].models)
    assert opened == [str(models / "everything.ts")]
    alone = load_models(plan_evaluation(tmp_path / "alone", targets).targets[0].models)
    assert [one.group for one in joined] == [one.group for one in alone] == groups
    for one, other in zip(joined, alone, strict=True):
        np.testing.assert_array_equal(one.atoms.positions, other.atoms.positions)


def test_a_submission_of_a_target_that_is_not_here_is_listed_with_its_lines(tmp_path):
    models, targets = natives(tmp_path, "T1", "T2")
    first, second = submission("T1", chain(0)), submission("T9", chain(1))
    (models / "both.ts").write_text(first + second)
    lines = len(first.splitlines()), len((first + second).splitlines())
    found, said = run(models, targets)
    assert scored(found) == {("T1", "me", 1): "done"}
    assert found.exit_code == 3
    reason = missing_table(found).records()[-1]["reason"]
    assert f"lines {lines[0] + 1} to {lines[1]}, TARGET T9: no target fits" in reason
    assert any("TARGET T9" in line for line in said)


def test_submissions_without_a_target_record_follow_the_name_of_the_file(tmp_path):
    models, targets = natives(tmp_path, "T1", "T2")
    nameless = submission("", chain(1)).replace("TARGET \n", "")
    (models / "T2_server.ts").write_text(submission("T1", chain(0), "one") + nameless)
    plan = plan_evaluation(models, targets)
    groups = {one.target.name: [model.group for model in one.models] for one in plan.targets}
    assert groups == {"T1": ["one"], "T2": ["me"]}
    (note,) = plan.targets[0].models[0].notes
    assert "its file is named after T2, its TARGET record says T1" in note


def test_a_joined_file_scored_before_is_scored_again_when_another_target_is_added(tmp_path):
    models, targets = natives(tmp_path, "T1", "T2")
    (targets / "T2.pdb").rename(tmp_path / "T2.pdb")
    (models / "both.ts").write_text(submission("T1", chain(0)) + submission("T2", chain(1)))
    alone, _ = run(models, targets)
    assert scored(alone) == {("T1", "me", 1): "done"}
    (tmp_path / "T2.pdb").rename(targets / "T2.pdb")
    both, _ = run(models, targets)
    assert scored(both) == {("T1", "me", 1): "done", ("T2", "me", 1): "done"}


def test_an_ambiguous_name_is_listed_with_the_choices_and_the_rest_is_scored(tmp_path):
    for seed, name in enumerate(("1abc_A", "1abc_B")):
        write_pdb(tmp_path / "natives" / f"{name}.pdb", chain(seed))
        write_pdb(tmp_path / "models" / f"{name}.pdb", shaken(chain(seed), 0.3))
    write_pdb(tmp_path / "models" / "1abc.pdb", chain())
    found, said = run(tmp_path / "models", tmp_path / "natives")
    assert sorted(scored(found).values()) == ["done", "done"]
    assert found.exit_code == 3
    (unused,) = found.plan.unused
    assert unused.path.endswith("1abc.pdb")
    assert "fits 2 targets: 1abc_A, 1abc_B" in unused.reason
    assert any(line.startswith("unused:") and "1abc_A, 1abc_B" in line for line in said)


def test_an_ambiguous_name_alone_is_no_input(tmp_path, capsys):
    for seed, name in enumerate(("1abc_A", "1abc_B")):
        write_pdb(tmp_path / "natives" / f"{name}.pdb", chain(seed))
    write_pdb(tmp_path / "models" / "1abc.pdb", chain())
    words = [str(tmp_path / name) for name in ("models", "natives", "out")]
    assert main(["evaluate", *words[:2], "-o", words[2]]) == 2
    assert "fits 2 targets" in capsys.readouterr().err


@pytest.mark.parametrize("hint", ["record", "folder"])
def test_an_ambiguous_name_is_settled_by_the_record_or_folder(tmp_path, hint):
    models, targets = natives(tmp_path, "1abc_A", "1abc_B")
    if hint == "record":
        (models / "1abc.ts").write_text(submission("1abc_B", chain(1)))
    else:
        write_pdb(models / "1abc_B" / "1abc.pdb", chain(1))
    found, _ = run(models, targets)
    assert [key[0] for key in scored(found)] == ["1abc_B"]
    assert found.exit_code == 0


def test_a_target_record_against_the_name_is_said(tmp_path):
    models, targets = natives(tmp_path, "T1", "T2")
    (models / "T1TS099_1").write_text(submission("T2", chain(0)))
    (models / "T2TS099_1").write_text(submission("T7", chain(1)))
    (models / "T1TS098_1").write_text(submission("T1", chain(0)))
    found, _ = run(models, targets)
    notes = {(one.target, one.group): one.notes for result in found.results for one in result.records}
    said = "its TARGET record says T2; it was scored on T1: the name of the file counts"
    assert notes["T1", "TS099"][0] == said
    said = (
        "its TARGET record says T7, which is no target here; it was scored on T2: the name of the file counts"
    )
    assert notes["T2", "TS099"][0] == said
    assert not any("TARGET" in note for note in notes["T1", "TS098"])


def test_the_record_of_another_target_beside_a_single_native_is_said(tmp_path):
    models, targets = natives(tmp_path, "native")
    (models / "m.ts").write_text(submission("T7", chain(0)))
    found, _ = run(models, targets)
    assert (
        "which is no target here; it was scored on native: it is the only one"
        in found.results[0].records[0].notes[0]
    )


def test_domains_of_an_ambiguous_target_are_listed(tmp_path):
    models, targets = write_case(tmp_path, targets=("1abc_A", "1abc_B"))
    (tmp_path / "domains.txt").write_text("1abc-D1: 1-20\n1abc_A-D1: 1-20\n")
    plan = plan_evaluation(models, targets, tmp_path / "domains.txt")
    assert len(plan.targets[0].domains) == 1
    assert "fits 2 targets: 1abc_A, 1abc_B" in plan.unused[0].reason


def domain_natives(folder, *targets):
    """T1-D1 and T1-D2, the two halves of T1, and so on."""
    models, natives_folder = natives(folder)
    natives_folder.mkdir()
    for seed, target in enumerate(targets):
        write_pdb(natives_folder / f"{target}-D1.pdb", kept(chain(seed), range(20)))
        write_pdb(natives_folder / f"{target}-D2.pdb", kept(chain(seed), range(20, 41)))
    return models, natives_folder


def test_where_natives_are_domains_a_model_of_the_target_is_scored_on_each(tmp_path):
    models, targets = domain_natives(tmp_path, "T1", "T2")
    for seed, target in enumerate(("T1", "T2")):
        write_pdb(models / f"{target}TS001_1.pdb", shaken(chain(seed), 0.3))
    write_pdb(models / "T1TS002_1-D1.pdb", shaken(chain(0), 0.3))
    found, _ = run(models, targets)
    units = ("T1-D1", "T1-D2", "T2-D1", "T2-D2")
    assert set(scored(found)) == {("T1-D1", "TS002", 1), *((unit, "TS001", 1) for unit in units)}
    assert set(found.plan.missing) == {(unit, "TS002") for unit in units[1:]}
    assert found.exit_code == 0


def test_a_file_for_the_domain_counts_before_the_one_of_the_whole_target(tmp_path):
    models, targets = domain_natives(tmp_path, "T1")
    write_pdb(models / "T1TS001_1.pdb", shaken(chain(0), 3.0))
    write_pdb(models / "T1TS001_1-D1.pdb", shaken(chain(0), 0.1))
    found, _ = run(models, targets)
    values = {one.target: one.values["gdt_ts"] for result in found.results for one in result.records}
    assert len(scored(found)) == 2
    assert values["T1-D1"] > 0.99
    assert values["T1-D2"] < 0.9


def test_methods_of_domain_natives_are_named_alike_on_all_targets(tmp_path):
    models, targets = domain_natives(tmp_path, "T1", "T2")
    for seed, target in enumerate(("T1", "T2")):
        for method in ("alpha", "beta"):
            write_pdb(models / f"{target}_{method}.pdb", chain(seed))
            write_pdb(models / "gamma" / target / "model.pdb", chain(seed))
    assert plan_evaluation(models, targets).groups == ("alpha", "beta", "gamma")
    assert plan_evaluation(models, targets).missing == ()


def test_a_native_of_the_whole_target_and_one_of_its_domain_both_take_the_model(tmp_path):
    models, targets = domain_natives(tmp_path, "T1")
    write_pdb(targets / "T1.pdb", chain(0))
    write_pdb(models / "T1TS001_1.pdb", chain(0))
    found, _ = run(models, targets)
    assert [key[0] for key in scored(found)] == ["T1", "T1-D1", "T1-D2"]


def test_domains_of_one_target_in_two_spellings_are_joined_and_twice_is_said(tmp_path):
    models, targets = write_case(tmp_path)
    (tmp_path / "domains.txt").write_text("T1-D1: 1-20\nt1-d2: 21-41\nt1_D1: 5-9\n")
    plan = plan_evaluation(models, targets, tmp_path / "domains.txt")
    assert [domain[:2] for domain in plan.targets[0].domains] == [("D1", "1-20"), ("D2", "21-41")]
    assert plan.targets[0].domain_lines == {"D1": 1, "D2": 2}
    assert [one.reason for one in plan.unused] == ["t1-D1: T1 has this domain already"]
