"""The default: where do all limits hold at once, by what is learned of each of them?

After a few spread designs every specification has a model of its margin, and so has the failure of
simulations. The next design is the one most likely to meet every limit, among thousands that an evolution of
the best designs proposes; once a design is feasible, the one with the largest expected improvement of the
objectives that is likely to be.

1. A Sobol set, in turn on the cube of `features.py` and on the scales that the problem declares: where an
   optimum lies, the one or the other may be the better guess.
2. Gaussian processes of the margins of `margins.py` and of success, with deviations stretched to the errors
   that they make on designs left out; auxiliary outputs are predicted first and serve as features.
3. Proposals in a trust region around the best design: its children, with few or all genes moved, and
   crossings of good designs; those that the models hold best breed again.
4. ln P(feasible) = sum over specifications of ln Phi(mean / deviation). Of a batch the first design is the
   most likely one; the others follow functions drawn from the models (Thompson sampling).
5. The trust region grows with successes and shrinks with failures; when it has collapsed, some spread designs
   are simulated and the search starts around the best of them.

Source: trust region and Thompson sampling after Eriksson & Poloczek, AISTATS 2021.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import qmc

from sciml.errors import SettingsError
from sciml.surrogates.optimise.auxiliary_features import AuxiliaryFeatures, telling_columns
from sciml.surrogates.optimise.candidate_pool import Box, PoolSettings, box_around, first_pool, next_pool
from sciml.surrogates.optimise.features import Cube
from sciml.surrogates.optimise.gaussian_process import GaussianProcesses, Hyperparameters
from sciml.surrogates.optimise.grid import ENUMERABLE, Grid
from sciml.surrogates.optimise.history import History, rows_of
from sciml.surrogates.optimise.margin_models import Judge, MarginModels
from sciml.surrogates.optimise.margins import shortfall, signed_margins
from sciml.surrogates.optimise.trust_region import LARGEST, TrustRegion
from sciml.surrogates.optimise.two_tier import shortfall_cutoff
from sciml.surrogates.problem import Problem
from sciml.surrogates.result import Result
from sciml.surrogates.simulator import Cutoff

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FeasibilitySettings:
    """What can be changed of the default search; nothing is meant to be tuned to a problem."""

    initial: int | None = None
    """Spread designs first; None for three more than the problem has inputs."""
    batch: int = 1
    """Designs a round; as many as are simulated at the same time."""
    rows: int = 200
    """Designs that the models are conditioned on at most: the best and those nearest to them."""
    fit_rows: int = 120
    """Designs that length scales are fitted on at most."""
    growth: float = 1.08
    """Length scales are fitted anew when there are this many times as many designs."""
    pool: PoolSettings = field(default_factory=PoolSettings)
    """Sizes of the pool of proposals."""
    rank: int | None = 25
    """A design that after its cheap benches can no longer become one of the `rank` best is not simulated to
    its end; None to simulate everything. Simulators without tiers take no notice."""

    def __post_init__(self) -> None:
        if self.batch < 1 or (self.initial is not None and self.initial < 2):
            raise SettingsError(f"a batch is 1 at least, initial 2: not {self.batch} and {self.initial}")


@dataclass(frozen=True)
class _Found:
    """Length scales, and the auxiliary outputs that count."""

    key: tuple[int, int, int]
    """The first design, how many, and the targets that they were found on."""
    auxiliary: NDArray[np.intp]
    of_auxiliary: Hyperparameters | None
    of_targets: Hyperparameters


class FeasibilitySearch:
    """See the module. What it asks depends on the seed and on what it was told, in its order."""

    def __init__(self, problem: Problem, seed: int, settings: FeasibilitySettings | None = None) -> None:
        self.settings = settings or FeasibilitySettings()
        self.history = History(problem.spec, problem.goal)
        self.region = TrustRegion(len(problem.spec.inputs))
        self.restarts = 0
        self._goal, self._spec, self._seed = problem.goal, problem.spec, seed
        self._grid, self._cube = Grid(problem.spec), Cube(problem.spec)
        self._first_row = 0  # of the present start
        self._fitted: _Found | None = None
        self._initial = self.settings.initial or len(problem.spec.inputs) + 3
        self._queue = self._spread(self._initial)

    @property
    def cutoff(self) -> Cutoff | None:
        """Spread designs are simulated to their end, later ones while they may become one of the best."""
        if len(self._queue) or self.settings.rank is None:
            return None
        rows = np.arange(self._first_row, len(self.history))
        return shortfall_cutoff(self.history, rows, self.settings.rank)

    def ask(self, n: int) -> Array:
        """The spread designs that were not told yet, at most `n`; then one batch."""
        if len(self._queue):
            return self._queue[:n]
        count = min(n, self.settings.batch)
        if len(self.history) - self._first_row < 2:
            return self._grid.random_unseen(count, self.history, self._generator())
        pool, score, judge = self._judged_pool()
        if len(pool) == 0:
            return pool
        return pool[self._choose(pool, score, judge, count)]

    def tell(self, designs: Array, result: Result) -> None:
        """Remember what was simulated, and move the trust region.

        Each design counts as if it had been told alone: who is told a whole history again comes to where the
        search was.
        """
        for row in range(len(designs)):
            one = slice(row, row + 1)
            self.history.add(designs[one], rows_of(result, np.array([row])))
            if len(self._queue):
                self._queue = self.history.unseen(self._queue)
            else:
                self._move_region()

    def _move_region(self) -> None:
        """Count the newest design; a collapsed region begins a new start, which knows nothing of earlier
        ones but what was simulated."""
        merit = self._merit()[self._first_row :]
        best = merit[:-1].min(initial=np.inf)
        self.region.update(bool(merit[-1] < best - 1e-3 * abs(best)) if len(merit) > 1 else True)
        if self.region.is_collapsed:
            self.restarts += 1
            self.region = TrustRegion(self.region.inputs)
            self._first_row = len(self.history)
            self._queue = self._spread(self._initial)

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng([self._seed, len(self.history)])

    def _spread(self, count: int) -> Array:
        """Designs of a Sobol sequence that were not simulated, (design, input): the first on the cube, the
        next on the declared scales, and so on."""
        power = max(2 * count, 4).bit_length()
        sobol = qmc.Sobol(self.region.inputs, scramble=True, rng=self._generator()).random(2**power)
        is_even = np.arange(len(sobol))[:, None] % 2 == 0
        spread = np.where(is_even, self._cube.designs(sobol), self._spec.from_unit(sobol))
        found = self.history.unseen(spread)[:count]
        if len(found) < count:
            more = self._grid.random_unseen(count, self.history, self._generator())
            found = self.history.unseen(np.concatenate([found, more]))[:count]
        return found

    def _merit(self) -> Array:
        """Small is good: the shortfall; the objective less a large number once designs are feasible."""
        merit = shortfall(signed_margins(self.history.result.values, self._goal, self._spec))
        merit = merit + np.where(self.history.result.ok, 0.0, 1e-3)
        objective = self._objective()
        if objective is not None:
            merit = np.where(self.history.feasible, objective - 1e6, merit)
        return merit

    def _objective(self) -> Array | None:
        """The objectives as one standardised number, small is good, NaN for failures; None where they do not
        count yet.

        Several are joined by the largest weighted one, with weights drawn anew for every round, so that the
        search spreads along the front (Knowles, ParEGO, 2006).
        """
        objectives, ok = self._goal.objectives, self.history.result.ok
        if not objectives or not self.history.feasible.any():
            return None
        columns = []
        for each in objectives:
            values = self.history.result.values[:, self._spec.output_names.index(each.output)]
            known = values[ok]
            shaped = np.log(np.maximum(values, 1e-300)) if (known > 0).all() else values
            spread = float(np.std(shaped[ok])) or 1.0
            sign = 1.0 if each.direction == "minimise" else -1.0
            columns.append(sign * (shaped - np.mean(shaped[ok])) / spread)
        table = np.where(ok[:, None], np.stack(columns, axis=1), np.nan)
        if len(columns) == 1:
            return np.asarray(table[:, 0])
        weights = np.random.default_rng([self._seed, len(self.history), 1]).dirichlet(np.ones(len(columns)))
        shifted = table - np.nanmin(table, axis=0)
        return np.asarray((weights * shifted).max(axis=1) + 0.05 * (weights * shifted).sum(axis=1))

    def _judged_pool(self) -> tuple[Array, Array, Judge]:
        """Proposals (item, input), how promising each is (item,), and what says so."""
        generator = self._generator()
        merit = self._merit()
        points = self._cube.points(self.history.designs)
        center = self._first_row + int(np.argmin(merit[self._first_row :]))
        judge = self._judge(self._rows(points, merit, center), center)
        if self._grid.size is not None and self._grid.size <= ENUMERABLE:
            pool = self.history.unseen(self._grid.all())
            return pool, judge.score(pool), judge
        settings, best = self.settings.pool, self.history.designs[center]
        order = self._first_row + np.argsort(merit[self._first_row :], kind="stable")
        good = points[order[: max(4, min(settings.parents, len(order) // 3))]]
        side = self.region.side
        pool = self.history.designs[:0]
        while len(pool) == 0 and side <= 4 * LARGEST:  # all designs of a small region may be known
            region = self._box(best, side)
            first = first_pool(points[center], good, region, settings, generator)
            pool, side = self.history.unseen(self._cube.designs(first)), 2 * side
        if len(pool) == 0:
            pool = self._grid.random_unseen(settings.breeding, self.history, generator)
            return pool, judge.score(pool), judge
        score = judge.score(pool)
        for _ in range(settings.rounds):
            top = self._cube.points(pool[np.argsort(-score, kind="stable")[:48]])
            more = self._cube.designs(region.clip(next_pool(top, settings.breeding, generator)))
            rows = self.history.unseen_rows(np.concatenate([pool, more]))[len(pool) :]  # the first are unseen
            more = more[rows - len(pool)]
            if len(more):
                pool = np.concatenate([pool, more])
                score = np.concatenate([score, judge.score(more)])
        return pool, score, judge

    def _box(self, best: Array, side: float) -> Box:
        """The trust region of a side around a design (input,)."""
        position, step = self._grid.positions(best[None]), np.where(self._grid.is_free, 0.0, 1.0)
        point, below, above = (
            self._cube.points(self._grid.designs(position + move * step))[0] for move in (0, -1, 1)
        )
        is_category = self._grid.is_category
        return box_around(point, np.where(is_category, 0.0, below), np.where(is_category, 1.0, above), side)

    def _rows(self, points: Array, merit: Array, center: int) -> NDArray[np.intp]:
        """The designs that are learned from: all of the present start, or the best and those nearest to
        them."""
        start = self._first_row
        if len(merit) - start <= self.settings.rows:
            return np.arange(start, len(merit))
        near = start + np.argsort(np.abs(points[start:] - points[center]).max(axis=1), kind="stable")
        best = start + np.argsort(merit[start:], kind="stable")[: self.settings.rows // 4]
        return np.unique(np.concatenate([best, near])[: self.settings.rows])

    def _judge(self, rows: NDArray[np.intp], center: int) -> Judge:
        """What is learned from designs (row,); `center` is the best of them."""
        targets = self._targets(len(self.history))
        found = self._found(targets.shape[1])
        features = self._cube.features(self.history.designs[rows])
        auxiliary = self.history.result.auxiliary[rows][:, found.auxiliary]
        widen = AuxiliaryFeatures(features, auxiliary, found.of_auxiliary)
        processes = GaussianProcesses(widen(features), targets[rows], found.of_targets)
        objective = self._objective()
        best_objective = None if objective is None else float(objective[self.history.feasible].min())
        count = len(self._goal.specifications)
        return MarginModels(self._cube, processes, widen, count, best_objective)

    def _targets(self, count: int) -> Array:
        """Margins, success and objective of the first `count` designs, (design, target)."""
        values = self.history.result.values[:count]
        failed = np.array([each is not None for each in self.history.result.failures[:count]])
        success = np.where(self.history.result.is_complete[:count], 1.0, np.nan)  # a stopped one may yet fail
        columns = [
            signed_margins(values, self._goal, self._spec),
            np.where(failed, -1.0, success)[:, None],
        ]
        objective = self._objective()
        if objective is not None:
            columns.append(objective[:count, None])
        return np.concatenate(columns, axis=1)

    def _found(self, targets: int) -> _Found:
        """Length scales fitted on the designs that there were at the last of a rising row of numbers, so that
        they follow from the history alone."""
        start, count = self._first_row, 2
        while int(count * self.settings.growth) + 1 <= len(self.history) - start:
            count = int(count * self.settings.growth) + 1
        key = (start, count, targets)
        if self._fitted is None or self._fitted.key != key:
            table = self._targets(start + count)
            short = shortfall(table[start:, : len(self._goal.specifications)])
            rows = start + np.sort(np.argsort(short, kind="stable")[: self.settings.fit_rows])
            features = self._cube.features(self.history.designs[rows])
            auxiliary = self.history.result.auxiliary[rows]
            columns = telling_columns(auxiliary)
            widen = AuxiliaryFeatures(features, auxiliary[:, columns])
            of_targets = GaussianProcesses(widen(features), table[rows]).hyperparameters
            self._fitted = _Found(key, columns, widen.hyperparameters, of_targets)
        return self._fitted

    def _choose(self, pool: Array, score: Array, judge: Judge, count: int) -> list[int]:
        order = np.argsort(-score, kind="stable")
        chosen = [int(order[0])]
        if count > 1:
            top = order[:256]
            noise = torch.Generator().manual_seed(int(self._generator().integers(2**62)))
            drawn = judge.draw(pool[top], count - 1, noise)
            for row in [*top[drawn], *order]:  # where two draws agree, the next by score
                if len(chosen) < count and int(row) not in chosen:
                    chosen.append(int(row))
        return chosen
