"""The training mixture: endless pairs of problem and answer from all generators, with variations.

Every pair is checked in numbers before it leaves; problems that were given lately are not given again. A
stream is a pure function of its seed, its worker number and its settings.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from sciml.errors import SettingsError
from sciml.symbolic.expression import (
    NUMBER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    forget_nodes,
)
from sciml.symbolic.generators import backward, by_parts, first_order, forward, second_order
from sciml.symbolic.generators.simplification import (
    has_longer_number,
    shortest_form,
    without_constant_term,
)
from sciml.symbolic.generators.trees import PAPER, RELEASE, Leaves, RejectedTreeError, TreeSampler
from sciml.symbolic.generators.variations import (
    large_integer,
    small_integer,
    summed,
    varied,
    varied_leaves,
)

KINDS = ("backward", "by_parts", "forward", "first_order", "second_order")
"""The generators; the first three give integrals."""
VERSION = 4
"""Raised whenever the same settings give other pairs; kept pairs of another version are refused."""
MOST_LOOK_UPS = 8
"""Random expressions that are looked up before a draw is given up."""
TASK_OF_KIND = {
    **dict.fromkeys(("backward", "by_parts", "forward"), "integrate"),
    "first_order": "ode1",
    "second_order": "ode2",
}


@dataclass(frozen=True)
class Pair:
    """A problem and its answer as token ids."""

    task: str
    """integrate, ode1 or ode2."""
    source: bytes
    """The integrand, or the left side of equation = 0 in x, y, y', y''."""
    target: bytes
    """The antiderivative, or the solution y with the constants c1, c2."""


@dataclass(frozen=True)
class Settings:
    """Shares and limits of the mixture. The shares of the kinds are of the pairs that are given."""

    backward_share: float = 0.35
    """Share of backward integrals."""
    by_parts_share: float = 0.2
    """Share of integrals by parts."""
    forward_share: float = 0.2
    """Share of forward integrals."""
    first_order_share: float = 0.15
    """Share of first-order equations."""
    second_order_share: float = 0.1
    """Share of second-order equations."""
    large_integer_share: float = 0.15
    """Share of the draws with integers log-uniform up to 10,000."""
    parameter_share: float = 0.2
    """Share of the draws with parameters a, b, c."""
    sum_share: float = 0.1
    """Share of the integrals that are sums of two to four."""
    line_share: float = 0.15
    """Share of the integrals that become k*f(a*x + b)."""
    paper_share: float = 0.1
    """Share of the trees with the paper's alphabet instead of the release's."""
    max_source: int = 512
    """Tokens of the longest problems."""
    max_target: int = 512
    """Tokens of the longest answers."""
    longest_number: int = 12
    """Digits of the longest numbers."""
    window: int = 100_000
    """So many problems are remembered so as not to be given twice."""
    backward_settings: backward.Settings = field(default_factory=backward.Settings)
    by_parts_settings: by_parts.Settings = field(default_factory=by_parts.Settings)
    forward_settings: forward.Settings = field(default_factory=forward.Settings)
    first_order_settings: first_order.Settings = field(default_factory=first_order.Settings)
    second_order_settings: second_order.Settings = field(default_factory=second_order.Settings)

    def __post_init__(self) -> None:
        shares = self.shares()
        if min(shares.values()) < 0 or not sum(shares.values()):
            raise SettingsError(f"shares are not negative and not all zero: {shares}")
        for name in ("large_integer_share", "parameter_share", "sum_share", "line_share", "paper_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f"{name} lies in [0, 1]: {getattr(self, name)}")

    def shares(self) -> dict[str, float]:
        """Share of each kind."""
        return {kind: float(getattr(self, f"{kind}_share")) for kind in KINDS}


def only(kind: str, **changes: object) -> Settings:
    """Settings that give one kind of pairs, without variations unless `changes` asks for them.

    Raises:
        SettingsError: no such kind.
    """
    if kind not in KINDS:
        raise SettingsError(f"{kind!r} is no kind of pairs: {', '.join(KINDS)}")
    none = dict.fromkeys(
        ("large_integer_share", "parameter_share", "sum_share", "line_share", "paper_share"), 0.0
    )
    shares = {f"{one}_share": float(one == kind) for one in KINDS}
    return Settings(**{**none, **shares, **changes})  # type: ignore[arg-type]  # checked by the class


def pairs(seed: int, worker: int, settings: Settings | None = None) -> Iterator[Pair]:
    """Endless pairs for training, the same for the same arguments.

    No seed gives the pairs of an evaluation set: those are drawn from streams of another name
    (`sciml.symbolic.generators.evaluation_sets`).
    """
    for kind, problem, answer in Mixture(f"training {seed} {worker}", settings or Settings()):
        yield Pair(TASK_OF_KIND[kind], problem.prefix, answer.prefix)


PAIRS_PER_CLEARING = 2000
"""Nodes are forgotten after so many pairs of all streams of a process: with their derivatives they take
about a gigabyte per million."""
_given_by_all = count(1)


class Mixture:
    """Endless (kind, problem, answer) as expressions.

    Args:
        stream: name of the stream; equal names and settings give equal pairs.
        settings: shares and limits.
    """

    def __init__(self, stream: str, settings: Settings) -> None:
        self.settings = settings
        self.draw = random.Random(stream)
        self._trees = TreeSampler(RELEASE, self.draw)
        self._paper_trees = TreeSampler(PAPER, self.draw)
        self._by_parts = by_parts.ByPartsIntegrals(self._trees, settings.by_parts_settings)
        self._known = self._by_parts.known
        self._looks_up = settings.by_parts_share + settings.forward_share > 0
        self._waiting: list[tuple[Expr, Expr]] = []  # integrals by parts come in twos
        self._recent: list[tuple[Expr, Expr]] = []  # integrals to be added up
        self._given: set[bytes] = set()
        self._makers: dict[str, Callable[[bool, bool], tuple[Expr, Expr] | None]] = {
            "backward": self._backward,
            "by_parts": self._integral_by_parts,
            "forward": self._forward,
            "first_order": self._first_order,
            "second_order": self._second_order,
        }

    def __iter__(self) -> Iterator[tuple[str, Expr, Expr]]:
        shares = self.settings.shares()
        kinds, weights = tuple(shares), tuple(shares.values())
        while True:
            kind = self.draw.choices(kinds, weights)[0]
            yield (kind, *self.one(kind))

    def one(self, kind: str) -> tuple[Expr, Expr]:
        """(problem, answer) of one kind, checked and not given lately."""
        while True:
            large = self.draw.random() < self.settings.large_integer_share
            parameters = self.draw.random() < self.settings.parameter_share
            try:
                found = self._makers[kind](large, parameters)
                if found is not None and TASK_OF_KIND[kind] == "integrate":
                    found = self._varied(found, large, parameters)
            except (RejectedTreeError, UndefinedExpressionError, ExpressionTooLargeError):
                continue
            if found is not None and self._is_fit(*found):
                if self._looks_up and TASK_OF_KIND[kind] == "integrate":
                    self._known.learn(*found)
                self._remember(found[0])
                return found

    def _leaves(self, trees: TreeSampler, large: bool, parameters: bool) -> Leaves | None:
        return varied_leaves(trees, large=large, parameters=parameters)

    def _alphabet(self) -> TreeSampler:
        return self._paper_trees if self.draw.random() < self.settings.paper_share else self._trees

    def _backward(self, large: bool, parameters: bool) -> tuple[Expr, Expr] | None:
        trees = self._alphabet()
        leaves = self._leaves(trees, large, parameters)
        return backward.draw_backward(trees, self.settings.backward_settings, leaves)

    def _integral_by_parts(self, large: bool, parameters: bool) -> tuple[Expr, Expr] | None:
        if not self._waiting:
            self._waiting = self._by_parts.draw()
        return self._waiting.pop() if self._waiting else None

    def _forward(self, large: bool, parameters: bool) -> tuple[Expr, Expr] | None:
        if not large and self.draw.random() < self.settings.forward_settings.looked_up_share:
            return self._looked_up()
        integers = _mixed_integer if large else small_integer
        return forward.draw_forward(self._trees, self.settings.forward_settings, integers)

    def _looked_up(self) -> tuple[Expr, Expr]:
        """A random expression that the table of known integrals covers, as it does about one in seven."""
        for _ in range(MOST_LOOK_UPS):
            try:
                return forward.draw_looked_up(self._trees, self._known, self.settings.forward_settings)
            except RejectedTreeError:
                continue
        raise RejectedTreeError("none of the expressions was known")

    def _first_order(self, large: bool, parameters: bool) -> tuple[Expr, Expr] | None:
        trees = self._alphabet()
        leaves = self._leaves(trees, large, parameters)
        longest = self.settings.max_source
        return first_order.draw_first_order(trees, self.settings.first_order_settings, leaves, longest)

    def _second_order(self, large: bool, parameters: bool) -> tuple[Expr, Expr] | None:
        trees = self._alphabet()
        leaves = self._leaves(trees, large, parameters)
        longest = self.settings.max_source
        return second_order.draw_second_order(trees, self.settings.second_order_settings, leaves, longest)

    def _varied(self, pair: tuple[Expr, Expr], large: bool, parameters: bool) -> tuple[Expr, Expr] | None:
        """The integral as it is, as k*f(a*x + b), or in a sum; checked in numbers."""
        settings, choice = self.settings, self.draw.random()
        has_parameters = bool(pair[0].mask & ~X.mask)
        if choice < settings.line_share or (parameters and not has_parameters):
            pair = varied(pair, self.draw, large=large, parameters=parameters)
        elif choice < settings.line_share + settings.sum_share:
            self._recent.append(pair)
            if len(self._recent) < self.draw.randint(2, 4):
                return None
            pair, self._recent = summed(self._recent), []
        else:
            return pair if backward.is_integral(*pair) else None
        answer = without_constant_term(pair[1], X)
        if pair[0].kind == NUMBER or not answer.mask & X.mask:
            return None
        if len(answer.prefix) < 100:
            answer = shortest_form(answer)
        return (pair[0], answer) if backward.is_integral(pair[0], answer) else None

    def _is_fit(self, problem: Expr, answer: Expr) -> bool:
        settings = self.settings
        return (
            len(problem.prefix) <= settings.max_source
            and len(answer.prefix) <= settings.max_target
            and problem.prefix not in self._given
            and not has_longer_number(problem.prefix, settings.longest_number)
            and not has_longer_number(answer.prefix, settings.longest_number)
        )

    def _remember(self, problem: Expr) -> None:
        if len(self._given) >= self.settings.window:
            self._given.clear()
        self._given.add(problem.prefix)
        if next(_given_by_all) % PAIRS_PER_CLEARING == 0:
            forget_nodes()


def _mixed_integer(draw: random.Random) -> int:
    return large_integer(draw) if draw.random() < 0.5 else small_integer(draw)
