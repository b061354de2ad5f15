import json

import pytest

from sciml.cli.app import main
from sciml.structure.evaluate.tables import read_csv
from tests.cli.predicting import prepare
from tests.structure.evaluate.evaluation_case import write_case
from tests.structure.folded_chain import write_data

QUICK = ("--scores", "gdt,tm,lddt_ca")


def evaluate(*words):
    """The exit code of `sciml evaluate`."""
    return main(["evaluate", *QUICK, *map(str, words)])


@pytest.fixture
def case(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_case(tmp_path)


def test_scores_ranking_and_page_of_two_groups(case, capsys):
    assert evaluate(*case, "-o", "out") == 0
    printed = capsys.readouterr()
    assert "Ranking by z-scores of GDT_TS" in printed.out
    assert "TS001 against TS002" in printed.out
    assert "results in out" in printed.err
    for name in (
        "scores.csv",
        "scores.json",
        "scores.md",
        "ranking.csv",
        "missing.csv",
        "leaderboard.html",
        "config.json",
    ):
        assert (case[0].parent / "out" / name).stat().st_size
    ranking = read_csv((case[0].parent / "out" / "ranking.csv").read_text()).records()
    assert [row["group"] for row in ranking] == ["TS001", "TS002"]


def test_json_on_standard_output_holds_the_same_numbers(case, capsys):
    assert evaluate(*case, "-o", "out", "--json", "--quiet", "--no-html") == 0
    printed = capsys.readouterr()
    values = json.loads(printed.out)
    assert printed.err == ""
    assert values["scores"] == read_csv((case[0].parent / "out" / "scores.csv").read_text()).records()
    assert values["comparison"][0]["wins"] + values["comparison"][0]["losses"] == 2
    assert not (case[0].parent / "out" / "leaderboard.html").exists()


def test_failed_models_and_models_without_target_give_exit_code_three(case, capsys):
    (case[0] / "T9TS001_1.pdb").write_text("ATOM\n")
    assert evaluate(*case, "-o", "out") == 3
    assert "T9TS001_1.pdb" in capsys.readouterr().err
    (case[0] / "T9TS001_1.pdb").unlink()
    (case[0] / "T1TS001_1.pdb").write_text("")
    assert evaluate(*case, "-o", "out") == 3
    assert "the file is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "natives"], "nowhere: no such file"),
        (["models", "nowhere"], "nowhere: no such file"),
        (["models"], "give MODELS and TARGETS"),
        (["--set", "natives"], "--set DIR goes with --predict-with"),
        (["models", "natives", "--scores", "gdtt"], "no score 'gdtt'"),
        (["models", "natives", "--match", "name"], "is not one of auto, number, alignment, structure"),
        (["models", "natives", "--native-model", "0"], "--native-model is a place"),
        (["models", "natives", "--floor", "low"], "--floor is a number"),
        (["models", "natives", "--floor", "nan"], "--floor is a number"),
        (["models", "natives", "--rank-by", "luck"], "no row has the score 'luck'"),
    ],
)
def test_unusable_settings_and_input_give_exit_code_two(case, capsys, words, message):
    assert evaluate(*words) == 2
    error = " ".join(capsys.readouterr().err.split()).replace("│ ", "").replace(" │", "")
    assert message in error
    assert "Traceback" not in error


def test_wider_thresholds_of_lddt_give_a_higher_score(case):
    assert evaluate(*case, "-o", "published") == 0
    assert evaluate(*case, "-o", "wide", "--lddt-thresholds", "2,4,8", "--lddt-radius", "10") == 0
    published, wide = (
        [
            float(row["lddt_ca"])
            for row in read_csv((case[0].parent / name / "scores.csv").read_text()).records()
        ]
        for name in ("published", "wide")
    )
    assert len(published) == len(wide) == 4
    assert all(high > low for high, low in zip(wide, published, strict=True))


@pytest.mark.parametrize("words", [("--lddt-radius", "-1"), ("--lddt-thresholds", "1,x")])
def test_an_lddt_without_meaning_is_refused(case, capsys, words):
    assert evaluate(*case, *words) == 2
    assert "lddt" in capsys.readouterr().err.lower()


def test_a_baseline_is_compared_score_by_score(case, capsys):
    models, natives = case
    (models.parent / "old").mkdir()
    for path in models.glob("*TS002*"):
        path.rename(models.parent / "old" / path.name.replace("TS002", "TS001"))
    assert evaluate(models, natives, "-o", "out", "--baseline", "old") == 0
    assert "models against old" in capsys.readouterr().out
    rows = {
        row["score"]: row
        for row in read_csv((models.parent / "out" / "comparison.csv").read_text()).records()
    }
    assert rows["gdt_ts"]["wins"] == 2
    assert rows["gdt_ts"]["difference"] > 0


def test_the_scores_are_explained(capsys):
    assert main(["evaluate", "--list-scores"]) == 0
    printed = capsys.readouterr().out
    for name in ("gdt_ts", "lddt", "tm_score", "clashscore", "precision_long_l5"):
        assert name in printed


def test_natives_are_predicted_and_scored_in_one_go(tmp_path, monkeypatch, capsys):
    prepare(tmp_path, monkeypatch)
    _, natives = write_case(tmp_path, targets=("T1",))
    (natives / "targets.fasta").write_text(">T1 the whole\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGD\n")
    words = ("--set", natives, "--predict-with", "net.safetensors", "--recycles", "0", "-o", "out")
    # the FASTA record is another protein than the structure: predicted as asked, refused when it is matched
    assert evaluate(*words) == 3
    assert "not of this target" in capsys.readouterr().err
    (natives / "targets.fasta").unlink()
    assert evaluate(*words) == 0
    row = read_csv((tmp_path / "out" / "scores.csv").read_text()).records()[0]
    assert (row["target"], row["group"], row["status"]) == ("T1", "net", "done")
    assert row["coverage"] == 1


def test_natives_beyond_the_limit_of_a_set_are_no_missing_models(tmp_path, monkeypatch):
    prepare(tmp_path, monkeypatch)
    _, natives = write_case(tmp_path, targets=("T1", "T2"))
    words = ("--set", natives, "--predict-with", "net.safetensors", "--recycles", "0", "--limit", "1")
    assert evaluate(*words, "-o", "out") == 0
    rows = read_csv((tmp_path / "out" / "ranking.csv").read_text()).records()
    assert [(row["group"], row["units"], row["missing"]) for row in rows] == [("net", 1, 0)]


def test_a_set_of_chains_is_predicted_and_scored(tmp_path, monkeypatch, capsys):
    prepare(tmp_path, monkeypatch)
    write_data(tmp_path / "chains")
    words = ("--set", "chains", "--predict-with", "net.safetensors", "--recycles", "0", "-o", "out")
    assert evaluate(*words) == 0
    scores = read_csv((tmp_path / "out" / "scores.csv").read_text()).records()
    assert len(scores) == 1
    assert scores[0]["coverage"] == 1
    capsys.readouterr()
    assert evaluate(*words) == 0
    assert "finished before" in capsys.readouterr().err
