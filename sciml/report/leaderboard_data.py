"""What a leaderboard shows: plain records, made by whoever has the scores.

Fractions run from 0 to 1, coordinates are Å and already superposed on the target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class ScoreColumn:
    """A score and how it is shown."""

    name: str
    """Key in the values of models."""
    title: str
    """Head of its column."""
    unit: str
    """`Å`, `%` or empty."""
    factor: float
    """A value is multiplied by it when it is shown."""
    digits: int
    """Decimals that are shown."""
    better: int
    """1 if large values are good, -1 if small ones are, 0 if neither."""
    zero: bool
    """Whether a missing model counts as 0 in means."""
    definition: str
    """What is computed."""
    source: str
    """Who defined it."""


@dataclass(frozen=True)
class Unit:
    """A target, or a domain of it, on which models are compared."""

    name: str
    """Such as `T1024` or `T1024-D1`."""
    target: int
    """Number of its target."""
    ranges: str
    """Residue numbers, such as `1-193`; empty for a whole target."""


@dataclass(frozen=True, eq=False)
class TargetEntry:
    """One target."""

    id: str
    """Its name."""
    sequence: str
    """One letter for each residue."""
    numbers: tuple[int, ...]
    """(res,), residue numbers."""
    ca: Array
    """(res, 3), Å, NaN where there is no Cα."""
    units: tuple[int, ...]
    """Numbers of its units, the whole target first."""
    notes: tuple[str, ...] = ()
    """What the reader should know of its structure."""


@dataclass(frozen=True, eq=False)
class ModelEntry:
    """One model of one target, over the target's residues."""

    target: int
    """Number of the target."""
    group: int
    """Number of the group."""
    model: int
    """Number within the group, from 1."""
    file: str
    """Where it was read from."""
    values: Mapping[int, Mapping[str, float]]
    """For each unit the scores by name."""
    reason: str = ""
    """Why it failed; empty for a model that was scored."""
    matched: str = ""
    """How its residues were matched with the target's."""
    notes: tuple[str, ...] = ()
    """What the reader should know."""
    ca: Array | None = None
    """(res, 3), Å, superposed on the target; NaN where there is no Cα."""
    lddt: Array | None = None
    """(res,), 0-1; NaN where there is none."""
    plddt: Array | None = None
    """(res,), 0-1."""


@dataclass(frozen=True)
class RankedGroup:
    """A group's place in one ranking."""

    group: int
    """Number of the group."""
    rank: int
    """From 1."""
    score: float
    """Sum of z-scores."""
    low: float
    """2.5 % point of it when units are resampled."""
    high: float
    """97.5 % point."""
    top: int
    """Best rank within 95 % of the resamplings."""
    bottom: int
    """Worst."""
    units: int
    """Units with a model."""
    missing: int
    """Units without."""


@dataclass(frozen=True)
class Duel:
    """One group against another on one score."""

    targets: int
    """Units that both have."""
    wins: int
    """Units on which the first is better by more than the tie width."""
    ties: int
    """Units within it."""
    losses: int
    """Units on which the second is better."""
    width: float
    """Largest difference that is a tie."""
    difference: float
    """Mean of first minus second."""
    low: float
    """2.5 % point of it."""
    high: float
    """97.5 % point."""
    p: float
    """Of the signed-rank test; NaN without a difference."""


@dataclass(frozen=True)
class ReliabilityCurve:
    """pLDDT against lDDT in ten equal bins."""

    bins: tuple[tuple[int, float, float], ...]
    """(residues, mean pLDDT, mean lDDT) of each; NaN means in an empty bin."""
    error: float
    """Expected calibration error."""
    bias: float
    """Mean pLDDT minus mean lDDT."""
    correlation: float
    """Pearson's, over residues."""


@dataclass(frozen=True)
class Gap:
    """A model that is not there or could not be scored."""

    target: str
    """Target's name."""
    group: str
    """Group's name."""
    model: int
    """Number within the group; 0 where unknown."""
    file: str
    """Its file; empty for a missing one."""
    reason: str
    """Why there are no scores."""


@dataclass(frozen=True)
class EstimateEntry:
    """How good somebody's estimates of models' accuracy are, on one target or in the mean."""

    target: str
    """Target's name; empty for a mean."""
    group: str
    """Who estimated."""
    number: int
    """First or second set of the group."""
    values: Mapping[str, float]
    """Figures by name."""
    extent: str
    """How many models or targets it is over, in words."""
    notes: tuple[str, ...] = ()
    """What the reader should know, or why it failed."""


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """Everything on the page."""

    title: str
    """Head of the page."""
    subtitle: str
    """One line under it."""
    footer: str
    """What made the page."""
    ranking_note: str
    """How the ranking was made."""
    scores: Sequence[ScoreColumn]
    """Columns, in order."""
    headline: Sequence[str]
    """Names of the few scores that are shown beside every ranking."""
    groups: Sequence[str]
    """Names."""
    targets: Sequence[TargetEntry]
    """In the order of the page."""
    units: Sequence[Unit]
    """All units."""
    ranked_units: Sequence[int]
    """Units that rankings and comparisons count."""
    models: Sequence[ModelEntry]
    """All models, failed ones too."""
    rankings: Mapping[tuple[str, float, str], Sequence[RankedGroup]]
    """By score, floor of z and `first` or `best`; the first entry is shown first."""
    duels: Mapping[str, Mapping[tuple[int, int], Duel]]
    """By score and pair of groups."""
    tie_widths: Mapping[str, float]
    """By score."""
    reliability: Mapping[int | None, ReliabilityCurve] = field(default_factory=dict)
    """By group; None is all groups together."""
    gaps: Sequence[Gap] = ()
    """Missing and failed models."""
    estimate_scores: Sequence[ScoreColumn] = ()
    """Columns of the tables of estimates, in order."""
    estimates: Sequence[EstimateEntry] = ()
    """On each target."""
    estimate_means: Sequence[EstimateEntry] = ()
    """Over targets."""
