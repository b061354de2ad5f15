"""Restrained minimisation: takes clashes and bad bonds out of a prediction and moves it as little as it can.

Residues move as the rigid groups of Algorithm 24: a backbone frame and torsion angles, so bond lengths,
angles, planes and hands inside a residue are ideal at every step, also where the input's were not. What
remains to be minimised is what joins residues (peptide bonds, clashes, the closing bond of proline) and the
distance from the prediction. The minimiser is L-BFGS; there is no solvent and no electrostatics.

The prediction is never lost: the result is the input, with the reason, unless it has fewer violations.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.data.residue_constants import UNKNOWN_INDEX, atom14_mask, atom14_to_atom37
from sciml.structure.all_atom import (
    atom37_to_atom14,
    atom37_to_torsion_angles,
    frames_to_atom14,
    torsion_angles_to_frames,
)
from sciml.structure.relax_energy import Energy
from sciml.structure.rigid import Rigid, precompose_update, quat_to_rot, rot_to_quat
from sciml.structure.violations import ViolationReport, count_violations

_ITERATIONS_A_ROUND = 10
_FIRST_ROTATABLE = 2  # psi; omega and phi carry no atoms


@dataclass(frozen=True)
class RelaxConfig:
    """Limits of one relaxation."""

    max_iterations: int = 500
    """Steps of the minimiser."""
    max_seconds: float = 60.0
    """Wall-clock time after which no further round of ten steps begins."""
    restraint_angstrom: float = 0.5
    """Standard deviation of the restraint of each atom to the prediction; smaller holds it closer."""

    def __post_init__(self) -> None:
        if self.max_iterations < 1 or self.max_seconds <= 0 or self.restraint_angstrom <= 0:
            raise ValueError(f"limits of a relaxation are positive: {self}")


@dataclass(frozen=True)
class RelaxResult:
    """A relaxed structure, or the input and the reason why there is none better."""

    positions: NDArray[np.float32]
    """(res, 37, 3), Å."""
    is_improved: bool
    """Whether the positions differ from the input; they have fewer violations then."""
    reason: str
    """Why the minimiser stopped, or why its result was not used."""
    before: ViolationReport
    after: ViolationReport
    """Of `positions`."""
    rmsd_ca_angstrom: float
    """Root mean square displacement of Cα atoms, without superposition."""
    rmsd_angstrom: float
    """The same of all atoms."""
    iterations: int
    """Steps taken."""
    seconds: float
    """Wall-clock time taken."""

    def to_dict(self) -> dict[str, Any]:
        """Everything but the positions, ready for JSON."""
        summary = asdict(self)
        del summary["positions"]
        return summary


def relax(
    aatype: NDArray,
    positions: NDArray,
    mask: NDArray,
    residue_index: NDArray,
    config: RelaxConfig | None = None,
) -> RelaxResult:
    """Minimise the violations of one chain.

    Residues without N, CA and C, and residues of unknown type, stay where they are. A peptide bond that is
    cis within 30 degrees stays cis; others are drawn to trans.

    Args:
        aatype: (res,), residue types.
        positions: (res, 37, 3), Å.
        mask: (res, 37), 1 for atoms that are there.
        residue_index: (res,), residue numbers; numbers that differ by one are bonded.
        config: limits.

    Returns:
        The structure with the fewest violations that was met on the way, if fewer than before.

    Raises:
        InputError: shapes disagree, or the position of an atom is not finite.
    """
    config = config or RelaxConfig()
    started = time.monotonic()
    given = np.array(positions, np.float32)
    before = count_violations(aatype, positions, mask, residue_index)
    if before.total == 0:
        best, reason, iterations = None, "there is nothing to improve", 0
    else:
        chain = _Chain(aatype, given, mask, residue_index, config.restraint_angstrom)
        best, reason, iterations = _minimise(chain, before.total, config, started)
        if best is None:
            reason = f"the input is returned because nothing with fewer violations was found; {reason}"
    result = given if best is None else best
    known = np.asarray(mask) >= 0.5
    moved = np.linalg.norm(result - given, axis=-1)
    return RelaxResult(
        positions=result,
        is_improved=best is not None,
        reason=reason,
        before=before,
        after=before if best is None else count_violations(aatype, result, mask, residue_index),
        rmsd_ca_angstrom=_root_mean_square(moved[:, 1][known[:, 1]]),
        rmsd_angstrom=_root_mean_square(moved[known]),
        iterations=iterations,
        seconds=time.monotonic() - started,
    )


def _minimise(
    chain: "_Chain", violations: int, config: RelaxConfig, started: float
) -> tuple[NDArray[np.float32] | None, str, int]:
    """Best positions met, None if none has fewer violations; why it ended; steps taken."""
    best, iterations = None, 0
    while True:
        iterations += chain.step(min(_ITERATIONS_A_ROUND, config.max_iterations - iterations))
        candidate = chain.atom37()
        if not np.isfinite(candidate[chain.known]).all():
            return best, "the minimisation gave numbers that are not finite", iterations
        total = chain.count(candidate)
        if total < violations:
            best, violations = candidate, total
        if violations == 0:
            return best, "no violation is left", iterations
        if chain.has_converged:
            return best, "the minimisation converged", iterations
        if iterations >= config.max_iterations:
            return best, f"the limit of {config.max_iterations} steps was reached", iterations
        if time.monotonic() - started > config.max_seconds:
            return best, f"the limit of {config.max_seconds:g} s was reached", iterations


class _Chain:
    """The variables of one chain and their minimiser.

    Args:
        aatype: (res,).
        positions: (res, 37, 3), Å.
        mask: (res, 37).
        residue_index: (res,).
        restraint_angstrom: standard deviation of the restraint.
    """

    def __init__(
        self,
        aatype: NDArray,
        positions: NDArray,
        mask: NDArray,
        residue_index: NDArray,
        restraint_angstrom: float,
    ) -> None:
        self.aatype = torch.as_tensor(np.minimum(np.asarray(aatype, np.int64), UNKNOWN_INDEX))
        self.given, self.known, self.residue_index = positions, np.asarray(mask) >= 0.5, residue_index
        known = torch.as_tensor(self.known).double()
        atom37 = torch.where(known[..., None] > 0, torch.as_tensor(positions).double(), 0.0)
        self.start = atom37_to_atom14(atom37, self.aatype)
        exists = atom37_to_atom14(known[..., None], self.aatype)[..., 0]
        movable = exists[:, :3].prod(-1)  # N, CA and C are there
        self.moves = (exists * movable[:, None])[..., None] > 0
        self.backbone = Rigid.from_backbone(*self.start[:, :3].unbind(1))
        # Frames of residues that do not move may be degenerate; the identity keeps gradients finite.
        self.backbone = Rigid(
            torch.where(movable[:, None, None] > 0, self.backbone.rotation, torch.eye(3).double()),
            self.backbone.translation,
        )
        torsions = atom37_to_torsion_angles(self.aatype, atom37, known, placeholder_for_undefined=True)
        angles = torch.atan2(*torsions.sin_cos.unbind(-1))[:, _FIRST_ROTATABLE:]
        self.frame_update = torch.zeros(len(aatype), 6, dtype=torch.float64, requires_grad=True)
        self.angles = angles.clone().requires_grad_()
        self.energy = Energy(
            self.aatype, self.start, exists, torch.as_tensor(np.asarray(residue_index)), restraint_angstrom
        )
        self.minimiser = self._new_minimiser()
        self.has_converged = False

    def _new_minimiser(self) -> torch.optim.LBFGS:
        return torch.optim.LBFGS(
            [self.frame_update, self.angles],
            history_size=30,
            tolerance_grad=1e-4,
            tolerance_change=1e-9,
            line_search_fn="strong_wolfe",
        )

    def atoms(self) -> Tensor:
        """(res, 14, 3), Å, of the present variables."""
        quaternion, translation = precompose_update(
            rot_to_quat(self.backbone.rotation), self.backbone.translation, self.frame_update
        )
        still = torch.zeros_like(self.angles[:, :_FIRST_ROTATABLE])
        angles = torch.cat([still, self.angles], dim=-1)
        sin_cos = torch.stack([angles.sin(), angles.cos()], dim=-1)
        frames = torsion_angles_to_frames(self.aatype, Rigid(quat_to_rot(quaternion), translation), sin_cos)
        return torch.where(self.moves, frames_to_atom14(self.aatype, frames), self.start)

    def step(self, iterations: int) -> int:
        """Minimise by so many steps; the number taken."""
        with torch.no_grad():
            self.energy.find_neighbours(self.atoms())
        minimiser, state = self.minimiser, self.minimiser.state[self.frame_update]
        minimiser.param_groups[0]["max_iter"] = iterations
        before = state.get("n_iter", 0)

        def closure() -> Tensor:
            minimiser.zero_grad()
            energy = self.energy(self.atoms())
            energy.backward()
            return energy

        minimiser.step(closure)
        taken = state["n_iter"] - before
        if taken < iterations:
            # The line search found no way down: start afresh without the history; a second time is the end.
            self.has_converged = before == 0
            self.minimiser = self._new_minimiser()
        return max(taken, 1)

    def atom37(self) -> NDArray[np.float32]:
        """(res, 37, 3), Å; atoms that do not move are exactly those of the input."""
        atoms, moves = self.atoms().detach().numpy(), self.moves[..., 0].numpy()
        result = self.given.copy()
        residue, slot = np.nonzero(moves & (atom14_mask()[self.aatype] > 0))
        result[residue, atom14_to_atom37()[self.aatype][residue, slot]] = atoms[residue, slot]
        return result

    def count(self, positions: NDArray[np.float32]) -> int:
        """Violations of positions (res, 37, 3)."""
        return count_violations(self.aatype.numpy(), positions, self.known, self.residue_index).total


def _root_mean_square(values: NDArray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64)))) if values.size else 0.0
