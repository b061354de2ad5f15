import json
import re

import pytest

from sciml.cli.app import main
from sciml.data.casp_header import CaspHeader
from sciml.data.casp_qa import QualityEstimate, write_qa
from sciml.structure.evaluate.estimate_tables import estimate_means, estimate_table, readable_estimate
from sciml.structure.evaluate.outputs import missing_table, write_outputs
from sciml.structure.evaluate.tables import read_csv, read_json
from tests.structure.evaluate.evaluation_case import chain, run, write_case

GROUPS = (("TS001", 0.3), ("TS002", 2.0), ("TS003", 1.0))


@pytest.fixture
def case(tmp_path):
    """Two targets; method QA011 estimates both and names a model that is not there, QA012 only the first."""
    models, natives = write_case(tmp_path, groups=GROUPS)
    for target, method in (("T1", "QA011"), ("T2", "QA011"), ("T1", "QA012")):
        errors = (1.5,) * len(chain().aatype) if method == "QA011" else ()
        estimates = [
            QualityEstimate(f"{target}{group}_1", 0.9 - 0.2 * place, errors)
            for place, group in enumerate(("TS001", "TS002", "TS003", "TS999"))
        ]
        if method == "QA012":
            estimates.pop()
        write_qa(models / f"{target}{method}_1", CaspHeader(target, "me", ("none",)), estimates)
    return models, natives


def test_every_file_of_results_has_the_estimates(case, tmp_path):
    found, _ = run(*case)
    write_outputs(found, tmp_path / "out", title="test")
    one, two, three = (estimate for result in found.results for estimate in result.estimates)
    table = read_csv((tmp_path / "out" / "estimates.csv").read_text())
    assert table == read_json((tmp_path / "out" / "estimates.json").read_text())
    assert table == estimate_table([one, two, three])
    rows = table.records()
    assert [(row["target"], row["group"], row["mode"]) for row in rows] == [
        ("T1", "QA011", 2), ("T1", "QA012", 1), ("T2", "QA011", 2),
    ]  # fmt: skip
    for row, exact in zip(rows, (one, two, three), strict=True):
        assert row["pearson_gdt_ts"] == exact.values["pearson_gdt_ts"]
    assert rows[1]["ase"] is None
    markdown = (tmp_path / "out" / "estimates.md").read_text()
    assert f"| {100 * one.values['ase']:.2f} |" in markdown
    models = read_csv((tmp_path / "out" / "estimate_models.csv").read_text()).records()
    assert len(models) == 4 + 3 + 4
    assert [row["status"] for row in models if row["name"].endswith("TS999_1")] == ["missing", "missing"]
    assert models[0]["estimate"] == 0.9
    means = read_csv((tmp_path / "out" / "estimate_means.csv").read_text()).records()
    assert [(row["group"], row["targets"]) for row in means] == [("QA011", 2), ("QA012", 1)]
    both = (one.values["loss_gdt_ts"] + three.values["loss_gdt_ts"]) / 2
    assert means[0]["loss_gdt_ts"] == pytest.approx(both)
    assert estimate_means([one, two, three])[0]["ase"] == pytest.approx(means[0]["ase"])


def test_what_is_missing_is_listed(case):
    rows = missing_table(run(*case)[0]).records()
    said = {(row["target"], row["group"], row["reason"]) for row in rows}
    assert ("T2", "QA012", "no estimates") in said
    assert ("T1", "QA011", "estimates T1TS999_1: there is no model of this name") in said
    assert len(rows) == 3


def test_the_page_has_the_estimates_in_its_text_and_in_its_data(case, tmp_path):
    found, _ = run(*case)
    write_outputs(found, tmp_path / "out", title="test")
    page = (tmp_path / "out" / "leaderboard.html").read_text()
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
    names = [score["name"] for score in data["estimate_scores"]]
    exact = found.results[0].estimates[0]
    assert data["estimates"][0]["values"][names.index("ase")] == pytest.approx(exact.values["ase"], rel=1e-5)
    assert [row["group"] for row in data["estimate_means"]] == ["QA011", "QA012"]
    assert '<section id="estimates"><h2>' in page
    assert f'<td class="wrapping">{100 * exact.values["ase"]:.2f}</td>' in page
    assert "S(estimated error)" in page  # its definition
    assert any(gap["reason"] == "no estimates" for gap in data["gaps"])


def test_without_estimates_there_is_no_table_and_no_section(tmp_path):
    found, _ = run(*write_case(tmp_path))
    files = write_outputs(found, tmp_path / "out", title="test")
    assert not [path for path in files if path.name.startswith("estimate")]
    assert '<section id="estimates" hidden>' in (tmp_path / "out" / "leaderboard.html").read_text()


def test_the_command_prints_them(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *map(str, case), "-o", "out", "--scores", "gdt,tm"]) == 0
    printed = capsys.readouterr()
    assert "Estimates of model accuracy" in printed.out
    assert "1 of the 4 models are not there" in printed.err
    words = ["evaluate", *map(str, case), "-o", "out", "--scores", "gdt,tm", "--json", "--quiet"]
    assert main(words) == 0
    values = json.loads(capsys.readouterr().out)
    assert [row["group"] for row in values["estimates"]] == ["QA011", "QA012", "QA011"]
    assert len(values["estimate_models"]) == 11
    main(["evaluate", "--list-scores"])
    assert "auc_residues" in capsys.readouterr().out


def test_cells_are_printed_in_the_unit_of_their_score():
    assert readable_estimate("loss_gdt_ts", 0.1234) == "12.34"
    assert readable_estimate("pearson_gdt_ts", 0.1234) == "0.123"
    assert readable_estimate("ase", None) == "–"
    assert readable_estimate("missing", 3) == "3"
    assert readable_estimate("group", "QA011") == "QA011"
