"""Structural alignment of two chains whose residues are not matched, as the TM-align program finds it.

Five first alignments (`tm_align_starts.py`) are each improved in turns: superpose the pairs with the best
TM-score, align the chains anew by closeness. The best alignment, without its pairs beyond d8, is scored.

Source: Zhang & Skolnick, Nucleic Acids Res. 33:2302 (2005).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.structure.scores.dynamic_programming import Partners, align
from sciml.structure.scores.fragment_search import visit_superpositions
from sciml.structure.scores.gdt import search_distance, tm_d0
from sciml.structure.scores.superposition import Array, superposed_rmsd, transformed
from sciml.structure.scores.tm_align_starts import (
    Scales,
    closeness,
    hybrid_start,
    local_start,
    secondary_start,
    secondary_structure,
    stretch_start,
    threading_start,
)

FEWEST_RESIDUES = 6
_GAPS = (-0.6, 0.0)
_ROUNDS, _FEW_ROUNDS = 30, 2
_SETTLED = 1e-6  # change of the TM-score that ends the turns
_COARSE_STEP = 40  # residues between fragments while alignments change
_SOFTER_ANGSTROM = 0.8  # added to d0 while alignments change
_SHORT_D0 = 0.168, 19  # Å, for chains up to that many residues


@dataclass(frozen=True)
class StructuralAlignment:
    """Two chains aligned by their shapes; pairs that lie beyond d8 = 1.5 L^0.3 + 3.5 Å are left out."""

    tm_mobile: float
    """TM-score by the mobile chain's length, 0 to 1."""
    tm_target: float
    """TM-score by the target's length."""
    rmsd: float
    """Å, over the aligned pairs, superposed on all of them."""
    identity: float
    """Share of aligned pairs with the same letter; NaN without sequences."""
    mobile_index: NDArray[np.int64]
    """(pair,), 0-based residues of the mobile chain, rising."""
    target_index: NDArray[np.int64]
    """(pair,), those of the target."""
    rotation: Array
    """(3, 3), of the superposition with the best `tm_target`."""
    translation: Array
    """(3,), Å: `mobile @ rotation.T + translation` lies on the target."""

    @property
    def aligned(self) -> int:
        """Number of aligned pairs."""
        return len(self.mobile_index)

    def rows(self, mobile_sequence: str, target_sequence: str) -> tuple[str, str]:
        """The two sequences with gaps (`-`), equally long; between pairs the mobile's residues come first."""
        rows: tuple[list[str], list[str]] = ([], [])
        i = j = 0
        ends = (len(mobile_sequence), len(target_sequence))
        for m, t in [*zip(self.mobile_index, self.target_index, strict=True), ends]:
            rows[0].append(mobile_sequence[i:m] + "-" * (t - j) + mobile_sequence[m : m + 1])
            rows[1].append("-" * (m - i) + target_sequence[j:t] + target_sequence[t : t + 1])
            i, j = m + 1, t + 1
        return "".join(rows[0]), "".join(rows[1])


def align_structures(
    mobile: Array, target: Array, mobile_sequence: str | None = None, target_sequence: str | None = None
) -> StructuralAlignment:
    """Align two chains by their Cα positions alone.

    First alignments, turns and distances are those of the TM-align program. On related chains its numbers
    are reached (`benchmarks/structure/superposition.py`). Of pairs of unrelated chains a few in a hundred, of
    unrelated fragments about one in ten, end in another alignment, up to a few hundredths better or worse;
    `--unrelated 60` of the benchmark counts them. A sixth start was tried and left out: it mends some
    of the worse, but puts every third unrelated pair above the program, which others could not re-derive.
    Order along the chains is kept; circular permutations and other orders are not searched. The answer may
    differ a little when the two chains change places, as the program's does.

    Args:
        mobile: (res, 3), Å.
        target: (res, 3), Å.
        mobile_sequence: its letters, for the identity only.
        target_sequence: the target's.

    Raises:
        ValueError: a chain has fewer than six residues, a coordinate that is not finite, or as many letters
            as not residues.
    """
    mobile, target = np.asarray(mobile, np.float64), np.asarray(target, np.float64)
    for name, chain, letters in (("mobile", mobile, mobile_sequence), ("target", target, target_sequence)):
        _check(name, chain, letters)
    return _finished(mobile, target, _Search(mobile, target), (mobile_sequence, target_sequence))


def _check(name: str, chain: Array, letters: str | None) -> None:
    if chain.ndim != 2 or chain.shape[1] != 3 or len(chain) < FEWEST_RESIDUES:
        raise ValueError(f"{name}: (res, 3) with at least {FEWEST_RESIDUES} residues, not {chain.shape}")
    if not np.isfinite(chain).all():
        raise ValueError(f"{name}: a coordinate is not finite: leave that residue out")
    if letters is not None and len(letters) != len(chain):
        raise ValueError(f"{name}: {len(letters)} letters for {len(chain)} residues")


class _BestTm:
    """An observer of the fragment search that keeps the motion with the largest TM-score."""

    def __init__(self, d0: float, d8: float | None) -> None:
        self.scale, self.limit = d0**-2, None if d8 is None else d8 * d8
        self.total = -1.0
        self.rotation, self.translation = np.eye(3), np.zeros(3)

    def observe(self, squared: Array, rotation: Array, translation: Array) -> None:
        terms = 1 / (1 + squared * self.scale)
        if self.limit is not None:
            terms *= squared <= self.limit
        totals = terms.sum(1)
        top = totals.argmax()
        if totals[top] > self.total:
            self.total = float(totals[top])
            self.rotation, self.translation = rotation[top].copy(), translation[top].copy()


class _Search:
    """The turns of superposition and alignment from every start; `best` has the largest TM-score met."""

    def __init__(self, mobile: Array, target: Array) -> None:
        self.mobile, self.target = mobile, target
        shorter = min(len(mobile), len(target))
        d0 = _SHORT_D0[0] if shorter <= _SHORT_D0[1] else 1.24 * (shorter - 15) ** (1 / 3) - 1.8
        d0 += _SOFTER_ANGSTROM
        self.scales = Scales(d0=d0, search=search_distance(d0), d8=1.5 * shorter**0.3 + 3.5)
        self.score, self.best = -1.0, np.full(len(target), -1)
        structures = secondary_structure(mobile), secondary_structure(target)
        chains, scales = (mobile, target), self.scales
        promising = 0.1 if shorter <= 40 else 0.4
        self._try(lambda: threading_start(*chains, scales), -1.0, _GAPS, _ROUNDS)
        self._try(lambda: secondary_start(*structures), 0.2, _GAPS, _ROUNDS)
        self._try(lambda: local_start(*chains, scales), promising, _GAPS, _FEW_ROUNDS)
        self._try(lambda: hybrid_start(*chains, structures, self.best, scales), promising, _GAPS, _ROUNDS)
        self._try(lambda: stretch_start(*chains, scales), promising, _GAPS[1:], _FEW_ROUNDS)

    def _try(
        self, start: Callable[[], Partners], promising: float, gaps: tuple[float, ...], rounds: int
    ) -> None:
        """Improve a start unless its score is below that share of the best so far."""
        found = self._superposed(start())
        if found.total <= self.score * promising:
            return
        before = 0.0
        for gap in gaps:
            for turn in range(rounds):
                moved = transformed(self.mobile, found.rotation, found.translation)
                partners = align(closeness(moved, self.target, self.scales.d0)[None], gap)[0]
                found = self._superposed(partners)
                if turn > 0 and abs(found.total - before) < _SETTLED * min(
                    len(self.mobile), len(self.target)
                ):
                    break
                before = found.total

    def _superposed(self, partners: Partners) -> _BestTm:
        """The best superposition of the pairs; they are kept if none scored more."""
        found = _best_superposition(self.mobile, self.target, partners, self.scales, _COARSE_STEP)
        if found.total > self.score:
            self.score, self.best = found.total, partners
        return found


def _best_superposition(
    mobile: Array, target: Array, partners: Partners, scales: Scales, step: int
) -> _BestTm:
    """The motion with the largest TM-score of the pairs within d8; fragments start `step` pairs apart."""
    found = _BestTm(scales.d0, scales.d8)
    paired = partners >= 0
    if paired.any():
        visit_superpositions(
            mobile[partners[paired]], target[paired], scales.search, found.observe, step=step
        )
    return found


def _finished(
    mobile: Array, target: Array, search: _Search, letters: tuple[str | None, str | None]
) -> StructuralAlignment:
    """Leave out pairs beyond d8 and score the others by each chain's length."""
    found = _best_superposition(mobile, target, search.best, search.scales, step=1)
    second = np.flatnonzero(search.best >= 0)
    first = search.best[second]
    moved = transformed(mobile[first], found.rotation, found.translation)
    near = np.linalg.norm(moved - target[second], axis=1) <= search.scales.d8
    first, second = first[near], second[near]
    by_length = {}
    for length in {len(mobile), len(target)}:
        by_length[length] = _BestTm(tm_d0(length), None)
        reach = search_distance(tm_d0(length))
        visit_superpositions(mobile[first], target[second], reach, by_length[length].observe)
    identity = float("nan")
    if letters[0] is not None and letters[1] is not None:
        identity = float(
            np.mean([letters[0][i] == letters[1][j] for i, j in zip(first, second, strict=True)])
        )
    by_target = by_length[len(target)]
    return StructuralAlignment(
        tm_mobile=by_length[len(mobile)].total / len(mobile),
        tm_target=by_target.total / len(target),
        rmsd=float(superposed_rmsd(mobile[first], target[second])),
        identity=identity,
        mobile_index=first,
        target_index=second,
        rotation=by_target.rotation,
        translation=by_target.translation,
    )
