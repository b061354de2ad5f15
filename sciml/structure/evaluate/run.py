"""Score every target of a plan, in one process or many, and keep what is finished.

A target that is finished under the digest of the same files and settings is not scored again
(`runs/folder.py`). One target that cannot be used, or one process that dies, takes no other target with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from dataclasses import dataclass, field, replace

from sciml.data.names import file_names
from sciml.errors import InputError, ScimlError
from sciml.runs.folder import RecordOutcome, RunFolder
from sciml.runs.provenance import usable_processors
from sciml.structure.evaluate.estimate_records import EstimateScores
from sciml.structure.evaluate.matching_ways import WARNING
from sciml.structure.evaluate.model_evidence import BFactors
from sciml.structure.evaluate.plan import EvaluationPlan, TargetPlan
from sciml.structure.evaluate.pool import InlineExecutor, open_executor
from sciml.structure.evaluate.ranking import Chosen
from sciml.structure.evaluate.records import TargetResult, read_result, write_result
from sciml.structure.evaluate.scoring import ScoreSettings
from sciml.structure.evaluate.summary import (
    Standing,
    failed_records,
    rank_by_default,
    refused_domains,
    standing,
)
from sciml.structure.evaluate.task import TargetTask, failed_result, run_task

Say = Callable[[str], None]
"""Takes a line for the user."""
MODELS_PER_PROCESS = 60
"""Fewer models are scored before another process has started."""
_SHOWN = 5  # files of a message
_DIED = "the process that scored it died (was there enough memory?)"


@dataclass(frozen=True)
class RunSettings:
    """Everything about a run but its files."""

    score: ScoreSettings = field(default_factory=ScoreSettings)
    """What is computed."""
    native_model: str = "1"
    """Which model of a native file is the reference, from 1, or `best`."""
    b_factors: BFactors = "auto"
    """Whether B-factors of models are pLDDT; `auto` decides by the program that wrote them."""
    rank_by: str | None = None
    """Score of the ranking; GDT_TS where it is computed when None."""
    floor: float = -2.0
    """Smallest z-score, -2 or 0 in CASP."""
    rank_models: Chosen = "first"
    """Which model of a group competes."""
    workers: int | None = None
    """Processes; None for as many as pay: one for each `MODELS_PER_PROCESS` models, on what there is."""
    threads: int = 1
    """Of each process."""
    scheduler: str | None = None
    """Address of a Dask scheduler."""
    force: bool = False
    """Score finished targets again."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a run found."""

    plan: EvaluationPlan
    """Who was to be scored on what."""
    results: tuple[TargetResult, ...]
    """Of all targets, in the order of the plan."""
    standing: Standing | None
    """The ranking; None where nothing was scored."""
    clusters: Mapping[str, str] = field(default_factory=dict)
    """Cluster of each target for intervals of means; each target is its own where it is not named."""

    @property
    def exit_code(self) -> int:
        """0, or 3 if a model, estimate, target or domain failed or a file belongs to no target."""
        failed = failed_records(self.results) or self.failed_estimates
        return 3 if self.plan.unused or failed or refused_domains(self.results) or self.failed_targets else 0

    @property
    def failed_estimates(self) -> tuple[EstimateScores, ...]:
        """Files of estimates that cannot be read or name no model that is there."""
        return tuple(one for result in self.results for one in result.estimates if one.status == "failed")

    @property
    def failed_targets(self) -> tuple[tuple[str, str, str], ...]:
        """(target, file, reason) of targets that could not be used."""
        return tuple(
            (result.target, plan.target.path, result.reason)
            for plan, result in zip(self.plan.targets, self.results, strict=True)
            if result.reason
        )


def evaluate(plan: EvaluationPlan, settings: RunSettings, folder: RunFolder | None, say: Say) -> Evaluation:
    """Score every target of a plan and rank the groups.

    Args:
        plan: targets and models.
        settings: of the run.
        folder: where finished targets are kept; None keeps nothing.
        say: takes a line for each event.

    Raises:
        InputError: there is no model of any target.
        SettingsError: a ranking by a score that was not computed.
        MissingRequirementError: the scheduler does not answer.
    """
    if not any(one.models for one in plan.targets):
        reason = plan.unused[0].reason if plan.unused else "no file with a prediction was found"
        raise InputError(f"there is no model of any target: {reason}")
    _tell_unused(plan, say)
    tasks = [
        TargetTask(
            one.target.name,
            one.target.path,
            one.models,
            one.domains,
            settings.native_model,
            settings.b_factors,
            settings.score,
            one.estimates,
            one.target.notes,
        )
        for one in plan.targets
    ]
    results = _TargetRunner(tasks, settings, folder, say).run()
    results = [
        _with_places(result, one, plan.domain_file) for result, one in zip(results, plan.targets, strict=True)
    ]
    for _, reason in refused_domains(results):
        say(f"domain failed: {reason}")
    found = None
    if (best := rank_by_default(results)) is not None:
        found = standing(
            results,
            settings.rank_by or best,
            floor=settings.floor,
            models=settings.rank_models,
            groups=plan.groups,
        )
    return Evaluation(plan, tuple(results), found)


def _with_places(result: TargetResult, plan: TargetPlan, file: str | None) -> TargetResult:
    """The result, whose refused domains say where they are defined."""
    errors = (
        InputError(rule, file=file, record=f"{result.target}-{name}", line=plan.domain_lines.get(name))
        for name, rule in result.refused
    )
    refused = tuple((name, str(error)) for (name, _), error in zip(result.refused, errors, strict=True))
    return replace(result, refused=refused)


class _TargetRunner:
    """Scores tasks; the results stand in the order of the tasks whatever the order of their ends."""

    def __init__(
        self, tasks: Sequence[TargetTask], settings: RunSettings, folder: RunFolder | None, say: Say
    ) -> None:
        self.tasks, self.settings, self.folder, self.say = tasks, settings, folder, say
        self.names = file_names(task.name for task in tasks)
        self.digests: dict[int, str] = {}
        self.results: dict[int, TargetResult] = {}

    def run(self) -> list[TargetResult]:
        """All results."""
        for number in range(len(self.tasks)):
            try:
                self._recall(number)
            except InputError as error:  # a file that cannot be read
                self._failed(number, error)
        waiting = [number for number in range(len(self.tasks)) if number not in self.results]
        if waiting:
            for number in self._score(waiting, self._workers(waiting)):
                # A process died and took others along: each gets a process of its own.
                for again in self._score([number], 2):
                    self._failed(again, ScimlError(_DIED))
        return [self.results[number] for number in range(len(self.tasks))]

    def _workers(self, waiting: Sequence[int]) -> int:
        """Processes for these tasks."""
        wanted = self.settings.workers
        if wanted is None:
            models = sum(len(self.tasks[number].models) for number in waiting)
            wanted = min(usable_processors(), max(1, models // MODELS_PER_PROCESS))
        return min(wanted, len(waiting))

    def _recall(self, number: int) -> None:
        """Take up a finished target."""
        task, name = self.tasks[number], self.names[number]
        self.digests[number] = task.digest()
        if self.folder is None or self.settings.force:
            return
        before = self.folder.finished(name, self.digests[number])
        if before is None:
            return
        try:
            self.results[number] = read_result(self.folder.path, name)
        except InputError:  # damaged since: score it again
            return
        self.folder.record(before)
        self.say(f"{self._title(number)}: finished before, nothing to do")

    def _score(self, waiting: Sequence[int], workers: int) -> list[int]:
        """Score some tasks.

        Returns:
            Those that were lost because a process died.
        """
        lost = []
        with open_executor(workers, self.settings.threads, self.settings.scheduler) as executor:
            for number, outcome in _outcomes(executor, self.tasks, waiting):
                if isinstance(outcome, BrokenExecutor):
                    lost.append(number)
                elif isinstance(outcome, ScimlError):
                    self._failed(number, outcome)
                else:
                    self._done(number, outcome)
        return lost

    def _done(self, number: int, result: TargetResult) -> None:
        self.results[number] = result
        failed = failed_records([result])
        models = len({(record.group, record.model, record.file) for record in result.records})
        for record in failed:
            self.say(f"{self._title(number)}: failed: {_with_file(record.file, record.reason)}")
        for one in result.estimates:
            if one.status == "failed":
                self.say(f"{self._title(number)}: failed: {_with_file(one.file, one.reason)}")
            elif one.absent:
                self.say(f"{self._title(number)}: {one.file}: {one.notes[0]}")
        for record in result.records:
            warnings = [] if record.domain else [one for one in record.notes if one.startswith(WARNING)]
            for warning in warnings:
                self.say(f"{self._title(number)}: {record.file}: {warning}")
        counts = f"{models - len(failed)} of {models} models scored" if models else "there is no model of it"
        self.say(f"{self._title(number)}: {counts}")
        if self.folder is not None:
            name = self.names[number]
            files = write_result(result, self.folder.path, name)
            values = {"residues": len(result.numbers), "models": models, "failed": len(failed)}
            outcome = RecordOutcome(self.tasks[number].name, name, "done", results=values)
            self.folder.finish(outcome, self.digests[number], files)

    def _failed(self, number: int, error: ScimlError) -> None:
        task = self.tasks[number]
        self.results[number] = failed_result(task, error)
        self.say(f"{self._title(number)}: failed: {error}")
        if self.folder is not None:
            self.folder.record(RecordOutcome(task.name, self.names[number], "failed", str(error)))

    def _title(self, number: int) -> str:
        return f"[{number + 1}/{len(self.tasks)}] {self.tasks[number].name}"


def _outcomes(
    executor: Executor, tasks: Sequence[TargetTask], waiting: Sequence[int]
) -> Iterator[tuple[int, TargetResult | ScimlError | BrokenExecutor]]:
    """(number, result or why there is none) as the tasks end."""
    if isinstance(executor, InlineExecutor):  # each is told before the next begins
        for number in waiting:
            yield number, _outcome(executor.submit(run_task, tasks[number]))
        return
    futures = {executor.submit(run_task, tasks[number]): number for number in waiting}
    for future in as_completed(futures):
        yield futures[future], _outcome(future)


def _outcome(future: Future[TargetResult]) -> TargetResult | ScimlError | BrokenExecutor:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, ScimlError | BrokenExecutor):
        return error
    raise error


def _tell_unused(plan: EvaluationPlan, say: Say) -> None:
    """One line for each reason, with the first files."""
    by_reason: dict[str, list[str]] = {}
    for unused in plan.unused:
        by_reason.setdefault(unused.reason, []).append(unused.path)
    for reason, paths in by_reason.items():
        more = f" and {len(paths) - _SHOWN} more (missing.csv has all)" if len(paths) > _SHOWN else ""
        say(f"unused: {reason}: {', '.join(paths[:_SHOWN])}{more}")


def _with_file(file: str, reason: str) -> str:
    return reason if file and file in reason else f"{file}: {reason}"
