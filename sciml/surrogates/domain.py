"""Where a surrogate may be trusted: how far a design lies from those that it was trained on.

A score of 1 is the border, less is inside. Spaces, as surrogates offer them: `unit` (the unit cube),
`feature` (the network's standardised inputs), `latent` (the hidden representation of the first member) and
`spread` (epistemic deviations of standardised outputs, design by output).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from sciml.errors import InputError
from sciml.surrogates.registry import DOMAINS

Array = NDArray[np.float64]
Spaces = Mapping[str, Array]


@dataclass(frozen=True)
class DomainReport:
    """What a domain says of a batch.

    Attributes:
        inside: (design,).
        score: (design,), at most 1 inside.
        cause: (design,), index into `labels` of the criterion with the largest score.
        labels: the criteria in words.
    """

    inside: NDArray[np.bool_]
    score: Array
    cause: NDArray[np.intp]
    labels: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str | None, ...]:
        """For each design outside why, None for one inside."""
        return tuple(
            None if inside else f"{self.labels[cause]} ({score:.3g} times what training reached)"
            for inside, cause, score in zip(self.inside, self.cause, self.score, strict=True)
        )

    def __len__(self) -> int:
        return len(self.inside)


def everywhere(count: int) -> DomainReport:
    """The report of a surrogate without a domain: nothing is known to be outside, and the label says so."""
    zeros = np.zeros(count)
    return DomainReport(np.ones(count, dtype=bool), zeros, zeros.astype(np.intp), ("no domain was fitted",))


class Domain(Protocol):
    """A region in one or more spaces."""

    def fit(self, spaces: Spaces, names: Sequence[str]) -> "Domain":
        """Learn the region from training designs; `names` are the inputs' names."""
        ...

    def assess(self, spaces: Spaces) -> DomainReport:
        """Where designs stand."""
        ...

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments as JSON values."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """The fitted arrays."""
        ...

    def load_state(self, state: Mapping[str, NDArray[Any]], names: Sequence[str]) -> None:
        """Take over what `state` gave."""
        ...


@DOMAINS.register("box")
class BoxDomain:
    """The ranges that the training designs covered, input by input.

    Score: the largest |x - centre| / (half width), the half width at least `smallest` of the input's range.

    Args:
        margin: share of its width by which the box is widened on each side.
        smallest: least half width on the unit cube.
    """

    def __init__(self, *, margin: float = 0.0, smallest: float = 0.01) -> None:
        self.margin, self.smallest = margin, smallest
        self.low, self.high = np.zeros(0), np.zeros(0)
        self.names: tuple[str, ...] = ()

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments as JSON values."""
        return {"margin": self.margin, "smallest": self.smallest}

    def fit(self, spaces: Spaces, names: Sequence[str]) -> "BoxDomain":
        """Take the ranges of the training designs."""
        unit = spaces["unit"]
        wider = self.margin * (unit.max(axis=0) - unit.min(axis=0))
        self.low, self.high, self.names = unit.min(axis=0) - wider, unit.max(axis=0) + wider, tuple(names)
        return self

    def assess(self, spaces: Spaces) -> DomainReport:
        """Score designs by the input that is farthest out."""
        half = np.maximum((self.high - self.low) / 2, self.smallest)
        scores = np.abs(spaces["unit"] - (self.low + self.high) / 2) / half
        cause = scores.argmax(axis=1)
        score = scores.max(axis=1, initial=0.0)
        labels = tuple(f"input {name} lies outside the range of the training designs" for name in self.names)
        return DomainReport(score <= 1 + 1e-9, score, cause, labels)

    def state(self) -> dict[str, NDArray[Any]]:
        """The corners of the box."""
        return {"low": self.low, "high": self.high}

    def load_state(self, state: Mapping[str, NDArray[Any]], names: Sequence[str]) -> None:
        """Take over what `state` gave."""
        self.low, self.high, self.names = state["low"], state["high"], tuple(names)


@DOMAINS.register("knn")
class KnnDomain:
    """Mean distance to the `neighbours` nearest training designs.

    The border is `factor` times the `quantile` of the same distance among the training designs themselves,
    each left out of its own neighbours.

    Args:
        neighbours: how many are averaged.
        space: `feature` or `latent`.
        factor: what the border is beyond the quantile.
        quantile: of the training designs' distances.
    """

    def __init__(
        self, *, neighbours: int = 5, space: str = "feature", factor: float = 1.5, quantile: float = 0.99
    ) -> None:
        if space not in ("feature", "latent"):
            raise InputError(f"distances are taken in the feature or the latent space, not in {space!r}")
        self.neighbours, self.space, self.factor, self.quantile = neighbours, space, factor, quantile
        self.bank, self.threshold = np.zeros((0, 0)), np.inf

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments as JSON values."""
        names = ("neighbours", "space", "factor", "quantile")
        return {name: getattr(self, name) for name in names}

    def fit(self, spaces: Spaces, names: Sequence[str]) -> "KnnDomain":
        """Keep the training designs and set the border."""
        self.bank = np.asarray(spaces[self.space], dtype=np.float64)
        if len(self.bank) < 2:
            raise InputError("a domain of nearest neighbours needs two designs or more")
        own = self._distances(self.bank, leave_out_self=True)
        self.threshold = max(self.factor * float(np.quantile(own, self.quantile)), 1e-9)
        return self

    def assess(self, spaces: Spaces) -> DomainReport:
        """Score designs by their distance over the border's."""
        score = self._distances(spaces[self.space]) / self.threshold
        label = f"far from every training design ({self.space} space)"
        return DomainReport(score <= 1, score, np.zeros(len(score), dtype=np.intp), (label,))

    def _distances(self, points: Array, *, leave_out_self: bool = False) -> Array:
        if points.shape[1] != self.bank.shape[1]:
            raise InputError(
                f"the domain knows {self.bank.shape[1]} columns, the designs have {points.shape[1]}"
            )
        count = min(self.neighbours, len(self.bank) - leave_out_self)
        distances = np.empty(len(points))
        for start in range(0, len(points), 4096):
            block = points[start : start + 4096]
            square = (block**2).sum(1)[:, None] + (self.bank**2).sum(1) - 2 * block @ self.bank.T
            if leave_out_self:
                np.fill_diagonal(square[:, start:], np.inf)
            nearest = np.partition(square, count - 1, axis=1)[:, :count]
            distances[start : start + 4096] = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
        return distances

    def state(self) -> dict[str, NDArray[Any]]:
        """The training designs and the border."""
        return {"bank": self.bank, "threshold": np.array([self.threshold])}

    def load_state(self, state: Mapping[str, NDArray[Any]], names: Sequence[str]) -> None:
        """Take over what `state` gave."""
        self.bank, self.threshold = state["bank"], float(state["threshold"][0])


@DOMAINS.register("ensemble")
class EnsembleDomain:
    """Where the members of an ensemble agree as they do on training designs.

    Score: the mean over outputs of the members' deviation, over `factor` times the `quantile` that the
    training designs have.
    """

    def __init__(self, *, factor: float = 1.5, quantile: float = 0.99) -> None:
        self.factor, self.quantile, self.threshold = factor, quantile, np.inf

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments as JSON values."""
        return {"factor": self.factor, "quantile": self.quantile}

    def fit(self, spaces: Spaces, names: Sequence[str]) -> "EnsembleDomain":
        """Set the border."""
        own = spaces["spread"].mean(axis=1)
        self.threshold = max(self.factor * float(np.quantile(own, self.quantile)), 1e-9)
        return self

    def assess(self, spaces: Spaces) -> DomainReport:
        """Score designs by the members' disagreement."""
        score = cast(Array, spaces["spread"].mean(axis=1) / self.threshold)
        label = "the members of the ensemble disagree more than on training designs"
        return DomainReport(score <= 1, score, np.zeros(len(score), dtype=np.intp), (label,))

    def state(self) -> dict[str, NDArray[Any]]:
        """The border."""
        return {"threshold": np.array([self.threshold])}

    def load_state(self, state: Mapping[str, NDArray[Any]], names: Sequence[str]) -> None:
        """Take over what `state` gave."""
        self.threshold = float(state["threshold"][0])


@DOMAINS.register("all of")
class AllOf:
    """Inside every one of several domains; the score is the largest of theirs.

    Args:
        parts: domains, or their descriptions as `arguments` gives them.
    """

    def __init__(self, parts: Sequence[Any]) -> None:
        if not parts:
            raise InputError("a domain made of others needs one or more")
        self.parts: list[Domain] = [DOMAINS.build(dict(p)) if isinstance(p, Mapping) else p for p in parts]

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments as JSON values."""
        return {"parts": [DOMAINS.describe(part) for part in self.parts]}

    def fit(self, spaces: Spaces, names: Sequence[str]) -> "AllOf":
        """Fit every part."""
        for part in self.parts:
            part.fit(spaces, names)
        return self

    def assess(self, spaces: Spaces) -> DomainReport:
        """The strictest part decides on each design."""
        reports = [part.assess(spaces) for part in self.parts]
        scores = np.stack([report.score for report in reports])
        strictest = scores.argmax(axis=0)
        offsets = np.cumsum([0] + [len(report.labels) for report in reports[:-1]])
        causes = np.stack([report.cause + offset for report, offset in zip(reports, offsets, strict=True)])
        rows = np.arange(scores.shape[1])
        inside = np.asarray(np.stack([report.inside for report in reports]).all(axis=0))
        labels = tuple(label for report in reports for label in report.labels)
        return DomainReport(inside, scores[strictest, rows], causes[strictest, rows], labels)

    def state(self) -> dict[str, NDArray[Any]]:
        """The arrays of all parts."""
        return {f"{i}.{key}": value for i, p in enumerate(self.parts) for key, value in p.state().items()}

    def load_state(self, state: Mapping[str, NDArray[Any]], names: Sequence[str]) -> None:
        """Take over what `state` gave."""
        for i, part in enumerate(self.parts):
            prefix = f"{i}."
            own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
            part.load_state(own, names)
