"""Optimisers of other libraries on the same problems: SCBO and TuRBO (BoTorch), TPE (Optuna), GA (pymoo), DE
(SciPy).

Every peer searches the same designs: it proposes points, they are snapped to the problem's grid, simulated
once and counted. A point whose snapped design was simulated before is answered from memory and not counted,
in the peers' favour. A failed simulation costs 1 and violates every specification fully.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.surrogates.problem import Problem
from sciml.surrogates.problem_spec import CategoryInput, IntegerInput
from sciml.surrogates.simulator import Simulator

Array = NDArray[np.float64]


class Finished(Exception):  # noqa: N818 - the end of a search, not an error
    """A feasible design was found, or the cap is reached."""


class Recorder:
    """Simulates what a peer proposes, and stops it.

    Attributes:
        count: designs simulated.
        first_feasible: number of the first feasible design, counted from 1.
    """

    def __init__(self, problem: Problem, simulator: Simulator, cap: int) -> None:
        self.problem, self.simulator, self.cap = problem, simulator, cap
        self.count = 0
        self.first_feasible: int | None = None
        self.asked = 0
        self._known: dict[bytes, tuple[float, Array]] = {}

    def __call__(self, unit: Array) -> tuple[Array, Array]:
        """Costs (point,) and signed violations (point, specification) of points of the unit cube.

        A signed violation is positive where the limit is missed; see :func:`signed_violations`.

        Raises:
            Finished: as the class says.
        """
        pairs = [self._one(design) for design in self.problem.spec.from_unit(np.atleast_2d(unit))]
        return np.array([cost for cost, _ in pairs]), np.stack([signed for _, signed in pairs])

    def _one(self, design: Array) -> tuple[float, Array]:
        self.asked += 1
        if self.asked > 50 * self.cap:  # a peer that proposes the same designs for ever
            raise Finished
        key = design.tobytes()
        if key not in self._known:
            if self.count >= self.cap:
                raise Finished
            result = self.simulator.run(design[None])
            self.count += 1
            goal, spec = self.problem.goal, self.problem.spec
            self._known[key] = (
                float(goal.cost(result.values, spec)[0]),
                signed_violations(self.problem, result.values)[0],
            )
            if result.ok[0] and goal.feasible(result.values, spec)[0]:
                self.first_feasible = self.count
                raise Finished
        return self._known[key]


def signed_violations(problem: Problem, values: Array) -> Array:
    """(design, specification): `(L - x) / |L|` with the sign of the bound, by 1 where L is 0; positive where
    the limit is missed. A failed simulation counts as the worst of the batch, and as 1 at least."""
    columns = []
    for each in problem.goal.specifications:
        x = values[:, problem.spec.output_names.index(each.output)]
        signed = each.sign * (each.limit - x) / (abs(each.limit) or 1.0)
        worst = np.max(signed, initial=1.0, where=np.isfinite(signed))
        columns.append(np.where(np.isfinite(signed), signed, worst))
    return np.stack(columns, axis=1)


def tpe(evaluate: Recorder, seed: int) -> None:
    """Optuna's TPE with constraints; its own 10 random trials first."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    warnings.simplefilter("ignore")
    spec = evaluate.problem.spec

    def objective(trial: "optuna.Trial") -> float:
        row = []
        for each in spec.inputs:
            if isinstance(each, CategoryInput):
                row.append(float(trial.suggest_categorical(each.name, list(range(len(each.choices))))))
            elif isinstance(each, IntegerInput) and each.scale == "linear":
                row.append(float(trial.suggest_int(each.name, each.low, each.high, step=each.step)))
            else:
                is_log = each.scale == "log"
                step = None if is_log else each.step
                row.append(trial.suggest_float(each.name, each.low, each.high, step=step, log=is_log))
        cost, signed = evaluate(spec.to_unit(np.array([row])))
        trial.set_user_attr("constraints", signed[0].tolist())
        return float(cost[0])

    sampler = optuna.samplers.TPESampler(
        seed=seed, constraints_func=lambda trial: trial.user_attrs["constraints"]
    )
    optuna.create_study(sampler=sampler).optimize(objective, n_trials=None)


def genetic(evaluate: Recorder, seed: int) -> None:
    """pymoo's GA with constraints, population 100 (its default), first one random."""
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.core.problem import Problem as PymooProblem
    from pymoo.optimize import minimize

    class Sizing(PymooProblem):
        def __init__(self) -> None:
            inputs = len(evaluate.problem.spec.inputs)
            constraints = len(evaluate.problem.goal.specifications)
            super().__init__(n_var=inputs, n_obj=1, n_ieq_constr=constraints, xl=0.0, xu=1.0)

        def _evaluate(self, x: Array, out: dict[str, Array], *args: object, **kwargs: object) -> None:
            cost, signed = evaluate(x)
            out["F"], out["G"] = cost[:, None], signed

    minimize(Sizing(), GA(), ("n_gen", 10**6), seed=seed, verbose=False)


def evolution_de(evaluate: Recorder, seed: int) -> None:
    """SciPy's differential evolution on the cost with its defaults: 15 designs an input, Latin hypercube
    first."""
    from scipy.optimize import differential_evolution

    bounds = [(0.0, 1.0)] * len(evaluate.problem.spec.inputs)
    differential_evolution(
        lambda unit: float(evaluate(unit)[0][0]), bounds, rng=seed, maxiter=10**6, polish=False, tol=0.0
    )


@dataclass
class TrustRegion:
    """Length of a trust region by the counters of TuRBO and SCBO."""

    inputs: int
    batch: int
    length: float = 0.8
    successes: int = 0
    failures: int = 0

    def update(self, improved: bool) -> None:
        """Double after a run of successes, halve after a run of failures."""
        self.successes, self.failures = (self.successes + 1, 0) if improved else (0, self.failures + 1)
        if self.successes >= max(3, math.ceil(self.inputs / 10)):
            self.length, self.successes = min(2 * self.length, 1.6), 0
        elif self.failures >= math.ceil(max(4.0, self.inputs) / self.batch):
            self.length, self.failures = self.length / 2, 0

    @property
    def is_collapsed(self) -> bool:
        """Whether it is time for a restart."""
        return self.length < 0.5**7


def scbo(evaluate: Recorder, seed: int, batch: int = 1) -> None:
    """SCBO (Eriksson & Poloczek 2021): a GP for each constraint and one for the cost, constrained Thompson
    sampling in a trust region; constraints by bilog, 2 d Sobol designs first and at each restart."""
    _trust_region_search(evaluate, seed, batch, constrained=True)


def turbo(evaluate: Recorder, seed: int, batch: int = 1) -> None:
    """TuRBO-1 (Eriksson et al. 2019) with Thompson sampling on the cost; 2 d Sobol designs first and at each
    restart."""
    _trust_region_search(evaluate, seed, batch, constrained=False)


def _trust_region_search(evaluate: Recorder, seed: int, batch: int, constrained: bool) -> None:
    import torch

    warnings.simplefilter("ignore")
    torch.manual_seed(seed)
    inputs = len(evaluate.problem.spec.inputs)
    restart = 0
    while True:
        start = torch.quasirandom.SobolEngine(inputs, scramble=True, seed=1000 * seed + restart)
        x = start.draw(2 * inputs).double()
        cost, signed = (torch.as_tensor(part) for part in evaluate(x.numpy()))
        region = TrustRegion(inputs, batch)
        while not region.is_collapsed:
            new = _propose(x, cost, signed, region, batch, constrained)
            new_cost, new_signed = (torch.as_tensor(part) for part in evaluate(new.numpy()))
            if constrained:  # nothing is feasible yet: less total violation is a success
                gain = signed.clamp(min=0).sum(1).min() - new_signed.clamp(min=0).sum(1).min()
            else:
                gain = cost.min() - new_cost.min() - 1e-3 * cost.min().abs()
            region.update(bool(gain > 0))
            x, cost = torch.cat([x, new]), torch.cat([cost, new_cost])
            signed = torch.cat([signed, new_signed])
        restart += 1


def _propose(x, cost, signed, region, batch, constrained):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """The next points by (constrained) Thompson sampling over perturbed Sobol candidates in the region.

    Functions are drawn by Matheron's rule (Wilson et al. 2020), in a hundredth of the time of a joint draw at
    all candidates.
    """
    import torch
    from botorch.sampling.pathwise import draw_matheron_paths

    model = _fit(x, -cost[:, None])
    center = x[(signed.clamp(min=0).sum(1) if constrained else cost).argmin()]
    candidates = _candidates(center, region, model, constrained)
    with torch.no_grad():
        value = draw_matheron_paths(model, torch.Size([batch]))(candidates)
        value = value.reshape(batch, -1)  # draw, candidate
    if not constrained:
        return candidates[value.argmax(1)]
    bilog = signed.sign() * signed.abs().log1p()
    limits = _fit(x, bilog)
    with torch.no_grad():
        drawn = draw_matheron_paths(limits, torch.Size([batch]))(candidates)
        violation = drawn.reshape(batch, -1, len(candidates)).clamp(min=0).sum(1)
    feasible = violation == 0
    merit = torch.where(feasible, value, -torch.inf)
    chosen = torch.where(feasible.any(1), merit.argmax(1), violation.argmin(1))
    return candidates[chosen]


def _candidates(center, region, model, constrained):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    import torch

    inputs = len(center)
    weights = torch.ones(inputs).double()
    if not constrained:  # TuRBO stretches its region by the length scales
        weights = model.covar_module.base_kernel.lengthscale.detach().view(-1)
        weights = weights / weights.mean()
        weights = weights / torch.prod(weights.pow(1.0 / inputs))
    low = (center - weights * region.length / 2).clamp(0, 1)
    high = (center + weights * region.length / 2).clamp(0, 1)
    count = min(5000, max(2000, 200 * inputs))
    sobol = torch.quasirandom.SobolEngine(inputs, scramble=True, seed=int(torch.randint(2**31, (1,))))
    perturbed = low + (high - low) * sobol.draw(count).double()
    mask = torch.rand(count, inputs) <= min(20.0 / inputs, 1.0)
    empty = torch.where(mask.sum(1) == 0)[0]
    mask[empty, torch.randint(inputs, (len(empty),))] = True
    return torch.where(mask, perturbed, center)


def _fit(x, y):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """GPs with Matérn-5/2 kernels, a length scale for each input, one for each column of y, as in SCBO."""
    import torch
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.models.transforms.outcome import Standardize
    from gpytorch.constraints import Interval
    from gpytorch.kernels import MaternKernel, ScaleKernel
    from gpytorch.likelihoods import GaussianLikelihood
    from gpytorch.mlls import ExactMarginalLogLikelihood

    columns = y.shape[1]
    shape = torch.Size([columns] if columns > 1 else [])
    kernel = ScaleKernel(
        MaternKernel(
            2.5, ard_num_dims=x.shape[1], lengthscale_constraint=Interval(0.005, 4.0), batch_shape=shape
        ),
        batch_shape=shape,
    )
    likelihood = GaussianLikelihood(noise_constraint=Interval(1e-8, 1e-3), batch_shape=shape)
    model = SingleTaskGP(
        x, y, covar_module=kernel, likelihood=likelihood, outcome_transform=Standardize(columns)
    )
    fit_gpytorch_mll(
        ExactMarginalLogLikelihood(model.likelihood, model), optimizer_kwargs={"options": {"maxiter": 100}}
    )
    return model.eval()


PEERS: dict[str, Callable[[Recorder, int], None]] = {
    "SCBO": scbo,
    "TuRBO": turbo,
    "TPE": tpe,
    "GA": genetic,
    "DE": evolution_de,
}
