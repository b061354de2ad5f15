"""Do our scores and rankings equal CASP's on the same models, and which of two parameter sets is better?

(a) Scores the first models of AlphaFold 2 in CASP14 against the natives and prints them beside the TM-score
    and TM-align programs' numbers. T1049 was published with GDT_TS 93.28.
(b) Rebuilds group rankings of CASP12 and CASP15 from the official scores of single models; for CASP15 the
    official z-scores are in the rows and are compared with ours.
(c) Predicts the chains of a data set with one or two parameter sets and compares them with intervals.

    python -m benchmarks.structure.casp --casp DIR
    python -m benchmarks.structure.casp --predict DIR --model mini --model FILE --split test --limit 50

DIR of --casp holds `casp14/natives`, `casp14/af2_models`, `casp14/reference_scores_tmscore.csv`,
`casp12/official_scores.csv.gz` and `casp15/official_scores_17_targets.csv.gz`.
"""

import argparse
import csv
import gzip
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sciml.data.structure_files import read_structures
from sciml.structure.evaluate.catalogue import shown
from sciml.structure.evaluate.plan import plan_evaluation
from sciml.structure.evaluate.prediction_set import predict_set, prepare_set
from sciml.structure.evaluate.ranking import RankSettings, ScoreRow, rank_groups, rank_intervals, z_scores
from sciml.structure.evaluate.run import RunSettings, evaluate
from sciml.structure.evaluate.scoring import LoadedModel, ScoreSettings, score_target
from sciml.structure.evaluate.summary import compare_groups, group_table
from sciml.structure.network import PredictSettings

PUBLISHED = {"T1049": 0.9328}  # GDT_TS, CASP14 results page
COLUMNS = (
    ("n_common", "coverage"),
    ("rmsd_common", "rmsd_ca"),
    ("TM", "tm_score"),
    ("MaxSub", "maxsub"),
    ("GDT_TS", "gdt_ts"),
    ("GDT_HA", "gdt_ha"),
    ("TMalign_norm_chain2", "tm_align"),
)
"""Columns of the reference file and our names; the second TM-align number is by the native's length."""
FAMILIES = ("gdt", "tm", "maxsub", "rmsd", "tm_align", "lddt", "lddt_ca")
CASP12_MODEL = re.compile(r"(?P<target>T\d+(?:s\d)?)TS(?P<group>\d{3}s?)_(?P<model>\d)(?:_\d)?-D\d+")


def main() -> None:
    arguments = parse_arguments()
    print(
        f"commit {commit()}, Python {sys.version.split()[0]}, numpy {np.__version__}, seed {arguments.seed}"
    )
    if arguments.casp is not None:
        score_casp14(arguments.casp / "casp14")
        rank_casp12(arguments.casp / "casp12" / "official_scores.csv.gz", arguments.seed)
        rank_casp15(arguments.casp / "casp15" / "official_scores_17_targets.csv.gz", arguments.seed)
    if arguments.predict is not None:
        compare_parameters(arguments)
    if arguments.casp is None and arguments.predict is None:
        raise SystemExit("give --casp DIR or --predict DIR; see --help")


def score_casp14(folder: Path) -> None:
    """Our numbers beside those of the programs."""
    print("\n(a) CASP14, AlphaFold 2's first models: ours / TM-score and TM-align programs")
    with open(folder / "reference_scores_tmscore.csv", encoding="utf-8") as file:
        references = list(csv.DictReader(file))
    worst = dict.fromkeys((name for name, _ in COLUMNS), 0.0)
    for row in references:
        target = row["target"].split("-")[0]
        native = read_structures(folder / "natives" / f"{target}.pdb.gz", all_models=False)[0].atoms
        (path,) = folder.glob(f"af2_models/{row['target']}_TS427_1.pdb.gz")
        model = LoadedModel("TS427", 1, path.name, read_structures(path)[0].atoms)
        record = score_target(target, native, [model], settings=ScoreSettings(FAMILIES)).records[0]
        values = dict(record.values) | {"coverage": round(record.values["coverage"] * len(native.aatype))}
        cells = []
        for theirs, ours in COLUMNS:
            if theirs in row:
                worst[theirs] = max(worst[theirs], abs(values[ours] - float(row[theirs])))
                cells.append(f"{theirs} {values[ours]:.4g}/{float(row[theirs]):.4g}")
        print(f"{row['target']:14}" + ", ".join(cells))
        print(f"{'':14}lDDT {record.values['lddt']:.3f}, lDDT-CA {record.values['lddt_ca']:.3f}, "
              f"matched by {record.matched_by}")  # fmt: skip
        if target in PUBLISHED:
            print(f"{'':14}GDT_TS published {100 * PUBLISHED[target]:.2f}, ours {100 * values['gdt_ts']:.2f}")
    print("largest difference: " + ", ".join(f"{name} {value:.4f}" for name, value in worst.items()))


def official_rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rank_casp12(path: Path, seed: int) -> None:
    """Regular targets' domains; refinement targets and starting models are left out."""
    rows = []
    for row in official_rows(path):
        match = CASP12_MODEL.fullmatch(row["Model"])
        if match and row["GDT_TS"]:
            values = {name: float(row[name]) for name in ("GDT_TS", "GDT_HA", "LDDT", "RMS_CA")}
            rows.append(
                (
                    row["Target_classification"],
                    row["target"],
                    match["group"],
                    int(match["model"]),
                    values,
                    row,
                )
            )
    seen: dict[tuple[str, str, int], ScoreRow] = {}
    twice = 0
    kinds: dict[str, set[str]] = {}
    for kind, target, group, number, values, _ in rows:
        key = target, group, number
        twice += key in seen  # a model in pieces has several rows; the one with the highest GDT_TS counts
        if key not in seen or values["GDT_TS"] > seen[key].values["GDT_TS"]:
            seen[key] = ScoreRow(target, group, number, values)
        kinds.setdefault(kind, set()).add(target)
    print(f"\n(b) CASP12: {len(seen)} models of {len({row.target for row in seen.values()})} domains, "
          f"{twice} further pieces of models left out")  # fmt: skip
    for kind, targets in sorted(kinds.items()):
        chosen = [row for row in seen.values() if row.target in targets]
        for floor in (-2.0, 0.0):
            print_ranking(f"CASP12 {kind}, {len(targets)} domains", chosen, "GDT_TS", floor, seed)


def rank_casp15(path: Path, seed: int) -> None:
    """Groups of the 17 targets, and our z-scores beside the official ones."""
    official = official_rows(path)
    by_target: dict[str, list[dict[str, str]]] = {}
    for row in official:
        by_target.setdefault(row["Target"], []).append(row)
    first, all_models = 0.0, 0.0
    for models in by_target.values():
        gdt = np.array([float(row["GDT_TS"]) for row in models])
        z = (gdt - gdt.mean()) / gdt.std()
        first = max(first, float(np.abs(z - [float(row["Z-M1-GDT"]) for row in models]).max()))
        assert np.allclose(
            z_scores(gdt, outlier=-np.inf, floor=-np.inf), z
        )  # ours without its two thresholds
        theirs = np.array([float(row["Z-MA-GDT"]) for row in models])
        line = np.polyfit(gdt, theirs, 1)  # mean and deviation of models that are not in the file
        all_models = max(all_models, float(np.abs(np.polyval(line, gdt) - theirs).max()))
    print(f"\n(b) CASP15: {len(official)} first models of {len(by_target)} targets")
    print(f"plain z of first models: largest difference from the official Z-M1-GDT {first:.4f} "
          "(they are printed with two decimals)")  # fmt: skip
    print("official Z-MA-GDT, over all five models, which the file lacks: "
          f"a line of GDT_TS to {all_models:.4f}")  # fmt: skip
    rows = [
        ScoreRow(row["Target"], row["GROUP_NAME"], 1, {"GDT_TS": float(row["GDT_TS"])}) for row in official
    ]
    for floor in (-2.0, 0.0):
        print_ranking(f"CASP15, {len(by_target)} targets", rows, "GDT_TS", floor, seed)


def print_ranking(title: str, rows: Sequence[ScoreRow], score: str, floor: float, seed: int) -> None:
    """The first ten groups."""
    ranking = rank_groups(rows, RankSettings({score: 1.0}, floor=floor))
    intervals = rank_intervals(ranking, seed=seed)
    print(f"{title}: sum of z of {score} > {floor:g}, first models, {len(ranking.groups)} groups")
    for one in ranking.groups[:10]:
        low, high, top, bottom = intervals[one.group]
        print(f"  {one.rank:3} {one.group:20} {one.score:8.3f}  95 % {low:7.2f} to {high:7.2f}, "
              f"rank {top}-{bottom}, {one.units} units, {one.missing} missing")  # fmt: skip


def compare_parameters(arguments: argparse.Namespace) -> None:
    """Chains of a split, predicted from their sequence alone by each parameter set."""
    models = arguments.model or ["mini"]
    with tempfile.TemporaryDirectory() as scratch:
        output = arguments.output or Path(scratch)
        prepared = prepare_set(arguments.predict, output, split=arguments.split, limit=arguments.limit)
        print(f"\n(c) {len(prepared.members)} chains of {arguments.split}, {len(models)} parameter sets, "
              f"{arguments.recycles} recycles, one sequence each")  # fmt: skip
        settings = PredictSettings(recycles=arguments.recycles, seed=arguments.seed)
        folder = predict_set(prepared.members, models, output, settings, to_stderr, workers=arguments.workers)
        plan = plan_evaluation(folder, prepared.natives, only={member.name for member in prepared.members})
        run = RunSettings(
            score=ScoreSettings(("gdt", "tm", "lddt_ca", "contacts")), workers=arguments.workers
        )
        found = evaluate(plan, run, None, to_stderr)
        clusters = {member.name: member.cluster for member in prepared.members}
        scores = ("gdt_ts", "tm_score", "lddt_ca", "precision_long_l5")
        assert found.standing is not None
        for row in group_table(found.results, found.standing, scores, clusters):
            cells = [
                f"{name} {shown(name, row[name])} ({shown(name, row[f'{name}_low'])} to "
                f"{shown(name, row[f'{name}_high'])})"
                for name in scores
                if name in row
            ]
            print(f"  {row['group']:12} " + ", ".join(cells))
        if len(plan.groups) == 2:
            for one in compare_groups(found.results, *plan.groups, scores, clusters, seed=arguments.seed):
                print(f"  {plan.groups[0]} - {plan.groups[1]}, {one.score}: "
                      f"{shown(one.score, one.difference.mean)} ({shown(one.score, one.difference.low)} to "
                      f"{shown(one.score, one.difference.high)}), {one.wins} won, {one.ties} tied, "
                      f"{one.losses} lost, Wilcoxon p {one.wilcoxon_p:.2g}, "
                      f"{one.difference.clusters} clusters")  # fmt: skip


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--casp", type=Path, help="folder of CASP models and official scores")
    parser.add_argument("--predict", type=Path, help="folder of chains with index.csv.gz, or of natives")
    parser.add_argument("--model", action="append", help="parameter set; may be given twice")
    parser.add_argument("--split", default="test", choices=("valid", "test"))
    parser.add_argument("--limit", type=int, help="only the first chains")
    parser.add_argument("--recycles", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="keep predictions here; a second run takes them up")
    return parser.parse_args()


if __name__ == "__main__":
    main()
