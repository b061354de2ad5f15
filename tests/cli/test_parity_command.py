import json

import numpy as np
import pytest

from sciml.cli.app import main
from tests.structure.parity_case import write_case

LOGITS = "distogram/logits"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("case")
    return folder, write_case(folder, recycles=1)


def run(folder, *options, reference="outputs_recycle1.npz"):
    files = (
        "--params",
        folder / "params.npz",
        "--batch",
        folder / "batch.npz",
        "--reference",
        folder / reference,
    )
    return main(["parity", *map(str, files), *options])


@pytest.fixture
def broken(case):
    """The name of a reference with one number of one array off by a hundredth."""
    folder, reference = case
    changed = reference[LOGITS].copy()
    changed[2, 3, 4] += 1e-2
    np.savez(folder / "broken_recycle1.npz", **(reference | {LOGITS: changed}))
    return "broken_recycle1.npz"


def test_outputs_of_the_network_itself_pass(case, capsys):
    folder, reference = case
    assert run(folder) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "preset tiny, 1 recycles, float32"
    assert lines[-1] == f"{len(lines) - 3} arrays compared, 0 over the tolerance, 0 not compared"
    assert {line.split()[0] for line in lines[2:-1]} == set(reference)
    assert all(line.endswith(" ok") for line in lines[2:-1])


def test_a_reference_that_differs_by_a_hundredth_fails_and_is_named(case, broken, capsys):
    assert run(case[0], "--quiet", reference=broken) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4  # preset, header, the array, the verdict
    assert lines[2].split()[0] == LOGITS
    assert lines[2].endswith("OVER")
    assert ", 1 over the tolerance," in lines[3]


def test_a_failure_says_where_rounding_picks_a_recycled_bin(case, broken, capsys, monkeypatch):
    monkeypatch.setattr("sciml.structure.parity.recycling_edge_angstrom", lambda outputs, aatype: 1e-5)
    assert run(case[0], "--quiet", reference=broken) == 1
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note:")]
    assert len(notes) == 1
    assert "after 0 recycles two residues are 1.0e-05 Å from an edge" in notes[0]
    assert run(case[0], "--quiet") == 0
    assert "note:" not in capsys.readouterr().out


def test_json_says_the_same(case, broken, capsys):
    folder, reference = case
    assert run(folder, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["preset"], report["recycles"], report["passes"]) == ("tiny", 1, True)
    assert report["compared"] == len(report["arrays"]) >= len(reference)
    assert run(folder, "--json", reference=broken) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["passes"] is False
    failed = [array for array in report["arrays"] if not array["passes"]]
    assert [array["name"] for array in failed] == [LOGITS]
    assert failed[0]["max_absolute"] == pytest.approx(1e-2, rel=0.05)


def test_json_has_no_numbers_that_are_not_json(case, capsys):
    folder, reference = case
    wrong = {
        LOGITS: reference[LOGITS][:-1],
        "total_loss": np.ones(()),
        "predicted_lddt/logits": np.full((11, 50), np.nan),
    }
    np.savez(folder / "odd_recycle1.npz", **wrong)
    assert run(folder, "--json", reference="odd_recycle1.npz") == 1

    def refuse(constant):
        raise AssertionError(constant)

    report = json.loads(capsys.readouterr().out, parse_constant=refuse)
    by_name = {array["name"]: array for array in report["arrays"]}
    assert by_name[LOGITS]["max_absolute"] is None
    assert by_name["total_loss"] | {"reason": "needs a ground truth (--truth FILE)"} == by_name["total_loss"]


def test_the_number_of_recycles_is_read_off_the_name_or_given(case):
    folder, _ = case
    (folder / "reference.npz").write_bytes((folder / "outputs_recycle1.npz").read_bytes())
    assert run(folder, "--recycle", "1", reference="reference.npz") == 0
    assert run(folder, reference="reference.npz") == 1  # 0 recycles
    assert run(folder, "--recycle", "0") == 1


def test_a_ground_truth_beside_the_batch_is_used(tmp_path, capsys):
    reference = write_case(tmp_path, recycles=0, with_truth=True)
    np.savez(tmp_path / "outputs_recycle0.npz", **(reference | {"distogram/loss": np.array(1e9)}))
    assert run(tmp_path, "--quiet", reference="outputs_recycle0.npz") == 1
    assert "distogram/loss" in capsys.readouterr().out
    (tmp_path / "ground_truth.npz").rename(tmp_path / "truth.npz")
    assert run(tmp_path, reference="outputs_recycle0.npz") == 0
    assert "needs a ground truth (--truth FILE)" in capsys.readouterr().out
    assert run(tmp_path, "--truth", str(tmp_path / "truth.npz"), reference="outputs_recycle0.npz") == 1


@pytest.mark.parametrize("name", ["params.npz", "batch.npz", "reference.npz"])
def test_a_missing_file_is_exit_code_4_and_a_broken_one_2(tmp_path, name, capsys):
    write_case(tmp_path, recycles=0)
    (tmp_path / "outputs_recycle0.npz").rename(tmp_path / "reference.npz")
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    assert run(tmp_path, reference="reference.npz") == 4
    assert capsys.readouterr().err == f"sciml: no file at {tmp_path / name}\n"
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    assert run(tmp_path, reference="reference.npz") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"sciml: {tmp_path / name}: not a readable npz file of plain arrays")
    assert error.count("\n") == 1


def test_a_reference_with_nothing_to_compare_does_not_pass(case):
    folder, _ = case
    np.savez(folder / "empty_recycle1.npz", total_loss=np.ones(()))
    assert run(folder, reference="empty_recycle1.npz") == 1
