"""`sciml evaluate`: CASP-style scores, tables, ranking and an HTML leaderboard."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from sciml.cli.understood import printable
from sciml.errors import SettingsError

if TYPE_CHECKING:
    from sciml.structure.evaluate.intervals import Comparison
    from sciml.structure.evaluate.run import Evaluation, RunSettings, Say

Choice = TypeVar("Choice", bound=str)
_SCORES = (
    "all, fast (no CAD-score, no TM-align), or names with commas, such as gdt,tm,lddt; "
    "`--list-scores` shows them."
)
_SET = "Folder of native structures, or of chains with index.csv.gz: predict each and score it, in one go."
_NATIVE = (
    "Which model of a native file is the reference, from 1 (NMR), or best: the one each prediction fits best."
)
_B_FACTORS = "Whether models' B-factors are pLDDT: auto (by the program that wrote them), plddt or other."
_MATCH = "auto (by number where the sequences agree, else by alignment), number, alignment or structure."
_CLUSTER = (
    "Score on a Dask cluster, such as tcp://host:8786; its workers must see the files at the same paths."
)


def evaluate(
    models: Annotated[
        Path | None,
        typer.Argument(metavar="MODELS", help="Prediction or folder of predictions of any program."),
    ] = None,
    targets: Annotated[
        Path | None, typer.Argument(metavar="TARGETS", help="Native structure, or a folder of them.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder for the results.")
    ] = Path("evaluation"),
    domains: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Domain definitions, such as T1024-D1: 1-193.")
    ] = None,
    scores: Annotated[str, typer.Option(help=_SCORES)] = "all",
    match: Annotated[str, typer.Option(help=_MATCH)] = "auto",
    lddt_radius: Annotated[float, typer.Option(metavar="Å", help="Inclusion radius of lDDT.")] = 15.0,
    lddt_thresholds: Annotated[
        str, typer.Option(metavar="Å,Å,…", help="Deviations at which lDDT counts a distance as kept.")
    ] = "0.5,1,2,4",
    native_model: Annotated[str, typer.Option("--native-model", metavar="N|best", help=_NATIVE)] = "1",
    b_factors: Annotated[str, typer.Option("--b-factors", help=_B_FACTORS)] = "auto",
    baseline: Annotated[
        Path | None, typer.Option(metavar="MODELS2", help="Compare with these models of the same targets.")
    ] = None,
    rank_by: Annotated[
        str | None, typer.Option("--rank-by", metavar="SCORE", help="Score of the ranking.")
    ] = None,
    floor: Annotated[str, typer.Option(help="z-scores below it become it: -2 or 0.")] = "-2",
    best_models: Annotated[
        bool, typer.Option("--best-models", help="Rank each group by its best model, not by its first.")
    ] = False,
    data_set: Annotated[Path | None, typer.Option("--set", metavar="DIR", help=_SET)] = None,
    predict_with: Annotated[
        list[str] | None,
        typer.Option("--predict-with", metavar="NAME|FILE", help="Parameters for --set; several compete."),
    ] = None,
    recycles: Annotated[int, typer.Option(min=0, help="Passes of --predict-with after the first.")] = 3,
    split: Annotated[
        str, typer.Option(help="Of a set of chains: valid, or test for the final figures.")
    ] = "valid",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first chains of --set.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default as many as the work is worth.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = 1,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help=_CLUSTER)] = None,
    html: Annotated[bool, typer.Option(help="Write leaderboard.html.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling, and of predictions.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Score finished targets again.")] = False,
    list_scores: Annotated[bool, typer.Option("--list-scores", help="Explain every score and stop.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print scores, ranking and comparison as JSON.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print failures and the result only.")] = False,
) -> None:
    """Score predicted structures against native ones as CASP does, and rank who made them.

    Writes scores, ranking and what is missing as CSV, JSON and Markdown, and leaderboard.html, which needs no
    network. Finished targets are not scored again.

    Example: sciml evaluate models natives -o evaluation
    """
    from sciml.cli.evaluation_text import (
        json_text,
        open_console,
        print_comparison,
        print_evaluation,
        print_scores,
    )

    console = open_console()
    if list_scores:
        print_scores(console)
        return
    from sciml.structure.evaluate.batch import LddtSettings
    from sciml.structure.evaluate.catalogue import chosen_families
    from sciml.structure.evaluate.run import RunSettings
    from sciml.structure.evaluate.scoring import ScoreSettings

    def say(line: str) -> None:
        is_bad = any(word in line for word in ("failed", "unused:", "refused", "warning:"))
        if is_bad or not quiet:
            print(printable(line), file=sys.stderr)

    settings = RunSettings(
        score=ScoreSettings(
            chosen_families(scores.split(",")),
            _one_of("--match", match, "auto", "number", "alignment", "structure"),
            LddtSettings(lddt_radius, _numbers("--lddt-thresholds", lddt_thresholds)),
        ),
        native_model=_native_model(native_model),
        b_factors=_one_of("--b-factors", b_factors, "auto", "plddt", "other"),
        rank_by=rank_by,
        floor=_floor(floor),
        rank_models="best" if best_models else "first",
        workers=workers,
        threads=threads,
        scheduler=scheduler,
        force=force,
    )
    clusters: dict[str, str] = {}
    if data_set is not None or predict_with:
        if models is not None or data_set is None or not predict_with:
            raise SettingsError("--set DIR goes with --predict-with NAME, and without MODELS and TARGETS")
        models, targets, clusters = _predict(
            data_set,
            predict_with,
            output,
            settings,
            say,
            split=split,
            limit=limit,
            recycles=recycles,
            seed=seed,
        )
    if models is None or targets is None:
        raise SettingsError("give MODELS and TARGETS, or --set DIR --predict-with NAME; see --help")
    found, comparisons = _evaluate(
        models,
        targets,
        output,
        settings,
        say,
        domains=domains,
        baseline=baseline,
        clusters=clusters,
        html=html,
        seed=seed,
    )
    if as_json:
        print(json_text(found, comparisons))
    else:
        print_evaluation(found, console)
        if comparisons:
            print_comparison(comparisons, *_names_of(found, models, baseline), console)
        say(f"results in {output}")
    raise typer.Exit(found.exit_code)


def _predict(
    data_set: Path,
    models: list[str],
    output: Path,
    settings: "RunSettings",
    say: "Say",
    *,
    split: str,
    limit: int | None,
    recycles: int,
    seed: int,
) -> tuple[Path, Path, dict[str, str]]:
    """Predicts a set.

    Returns:
        Folder of predictions, folder of natives, and the cluster of each target.
    """
    from sciml.structure.evaluate.prediction_set import predict_set, prepare_set
    from sciml.structure.network import PredictSettings

    prepared = prepare_set(data_set, output, split=split, limit=limit)
    predictions = predict_set(
        prepared.members,
        models,
        output,
        PredictSettings(recycles=recycles, seed=seed),
        say,
        workers=settings.workers or 1,
        threads=settings.threads,
        scheduler=settings.scheduler,
        force=settings.force,
    )
    return predictions, prepared.natives, {member.name: member.cluster for member in prepared.members}


def _evaluate(
    models: Path,
    targets: Path,
    output: Path,
    settings: "RunSettings",
    say: "Say",
    *,
    domains: Path | None,
    baseline: Path | None,
    clusters: dict[str, str],
    html: bool,
    seed: int,
) -> tuple["Evaluation", list["Comparison"]]:
    """Scores, writes the files, and compares with the baseline or, of two groups, one with the other."""
    from dataclasses import replace

    from sciml.runs.folder import RunFolder
    from sciml.structure.evaluate.outputs import run_values, write_outputs
    from sciml.structure.evaluate.plan import plan_evaluation
    from sciml.structure.evaluate.run import evaluate as score
    from sciml.structure.evaluate.summary import HEADLINE, compare_groups, compare_sets

    folder = RunFolder(output)
    folder.write_config(run_values(models, targets, domains, baseline, settings))
    only = set(clusters) or None  # of a set the members that were predicted
    plan = plan_evaluation(models, targets, domains, only=only)
    found = replace(score(plan, settings, folder, say), clusters=clusters)
    comparisons: list[Comparison] = []
    if baseline is not None:
        against = score(
            plan_evaluation(baseline, targets, domains, only=only),
            settings,
            RunFolder(output / "baseline"),
            say,
        )
        comparisons = compare_sets(found.results, against.results, HEADLINE, clusters, seed=seed)
    elif len(plan.groups) == 2:
        comparisons = compare_groups(found.results, *plan.groups, HEADLINE, clusters, seed=seed)
    write_outputs(
        found, output, title=f"Evaluation of {models.resolve().name}", comparisons=comparisons, html=html
    )
    folder.close()
    return found, comparisons


def _names_of(found: "Evaluation", models: Path, baseline: Path | None) -> tuple[str, str]:
    if baseline is None:
        return found.plan.groups[0], found.plan.groups[1]
    return str(models), str(baseline)


def _native_model(text: str) -> str:
    if text != "best" and not (text.isdecimal() and int(text) > 0):
        raise SettingsError(f"--native-model is a place from 1, or best: {text!r}")
    return text


def _floor(text: str) -> float:
    try:
        floor = float(text)
    except ValueError:
        floor = math.nan
    if not math.isfinite(floor):
        raise SettingsError(f"--floor is a number such as -2 or 0: {text!r}")
    return floor


def _numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise SettingsError(f"{option} is numbers with commas between them: {text!r}") from None


def _one_of(option: str, value: str, *allowed: Choice) -> Choice:
    """The value, if it is one of those allowed.

    Raises:
        typer.BadParameter: it is not.
    """
    for choice in allowed:
        if value == choice:
            return choice
    raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}", param_hint=option)
