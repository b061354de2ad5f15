"""The sequence model as a rung: greedy, a beam, a wide beam, then samples; the first answer ends the search.

There is nothing to ask where no trained model is installed (`is_installed`); PyTorch is imported only to ask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeVar

from sciml.symbolic.expression import Expr, ExpressionTooLargeError, UndefinedExpressionError
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit
from sciml.symbolic.ladder.normalise import abstracted
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.problems import Equation, Integral
from sciml.symbolic.tokens import from_prefix
from sciml.symbolic.vocabulary import ESCAPE
from sciml.weights.registry import SEQUENCE_MODELS

Accepted = TypeVar("Accepted")

if TYPE_CHECKING:
    from sciml.symbolic.network import ExpressionTransformer

SKIPPED = "no sequence model is installed: its rungs were skipped"
"""What to say where there is none."""
TOO_LATE = "the sequence model was skipped: there was no time left to load it"
"""What to say where PyTorch could not be imported before the time is up."""
_LOADING_S = 2.0
"""Of work, that importing PyTorch and reading the model takes; an import is not interrupted."""
_WIDE = 50
_LONGEST_SOURCE = 510
_SECONDS_AFTER_PARTIAL = 1.5

Back = Callable[[Expr], Expr]


@dataclass(frozen=True)
class Search:
    """One way of asking the model."""

    beam: int = 0
    """Width of the beam; 1 is greedy, 0 draws samples."""
    samples: int = 0

    @property
    def name(self) -> str:
        """For people."""
        if self.samples:
            return f"model {self.samples} samples"
        return "model greedy" if self.beam == 1 else f"model beam {self.beam}"


def searches(beam: int) -> list[Search]:
    """Greedy, `beam`, a wide beam, samples; those that are different."""
    widths = sorted({1, beam, max(beam, _WIDE)})
    return [*[Search(beam=width) for width in widths], Search(samples=_WIDE)]


def is_installed() -> bool:
    """Whether the model's file is in the package."""
    return files("sciml.weights").joinpath(SEQUENCE_MODELS["symbolic"]).is_file()


def reason_to_skip(deadline: Deadline) -> str | None:
    """Why the model is not asked, for people; None where it can be."""
    if not is_installed():
        return SKIPPED
    is_loaded = _installed_network.cache_info().currsize > 0
    return None if is_loaded or deadline.leaves_time_for(_LOADING_S) else TOO_LATE


def ask(
    problem: Integral | Equation,
    search: Search,
    is_answer: Callable[[Expr], bool],
    deadline: Deadline,
    seed: int = 0,
    network: "ExpressionTransformer | None" = None,
) -> Expr | None:
    """The first hypothesis of a search that is an answer.

    Args:
        problem: in x with the parameters a, b, c; the model cannot read others, and the result is None.
        search: how to ask.
        is_answer: the judge.
        deadline: looked at whenever a hypothesis is judged; the caller limits the whole.
        seed: of the samples.
        network: asked instead of the installed one.
    """
    from sciml.symbolic import decoding

    network = network or _installed_network()
    task = "integrate" if isinstance(problem, Integral) else f"ode{problem.order}"
    for source, back in _sources(problem):
        if ESCAPE in source or len(source) > _LONGEST_SOURCE or deadline.has_passed:
            continue
        judge = _Judge(back, is_answer, deadline)
        asked = [decoding.Problem(task, source)]
        if search.samples:
            decoding.sample(network, asked, search.samples, seed=seed, accepted=judge)
        else:
            decoding.beam_search(network, asked, decoding.Decoding(beam=search.beam), judge)
        if judge.answer is not None:
            return judge.answer
    return None


class _Judge:
    """Judges hypotheses as they are finished, and keeps the one that holds."""

    def __init__(self, back: Back, is_answer: Callable[[Expr], bool], deadline: Deadline) -> None:
        self.back, self.is_answer, self.deadline = back, is_answer, deadline
        self.answer: Expr | None = None

    def __call__(self, number: int, tokens: bytes) -> bool:
        """Whether these tokens are an answer."""
        if self.deadline.has_passed:
            return False
        try:
            answer = self.back(from_prefix(tokens))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            return False
        if self.is_answer(answer):
            self.answer = answer
        return self.answer is not None


def _sources(problem: Integral | Equation) -> list[tuple[bytes, Back]]:
    """Texts for the model, each with the way back: with large numbers as parameters, and as it is."""
    if not isinstance(problem, Integral):
        return [(problem.left_side.prefix, lambda answer: answer)]
    plain: tuple[bytes, Back] = (problem.integrand.prefix, lambda answer: answer)
    general = abstracted(problem.integrand)
    return [plain] if general is None else [(general.integrand.prefix, general.back), plain]


@lru_cache(maxsize=1)
def _installed_network() -> "ExpressionTransformer":
    from sciml.symbolic.model_files import load_model

    return load_model().network


def first_accepted(
    problem: Integral | Equation,
    beam: int,
    judged: Callable[[Candidate, str], Accepted | None],
    deadline: Deadline,
    seed: int,
    *,
    has_partial: bool = False,
) -> Accepted | None:
    """What the judge made of the first hypothesis that it accepted, over all searches; None without one.

    Args:
        problem: what is asked.
        beam: width of the second search.
        judged: a candidate and the name of the search to the accepted answer, or None.
        deadline: of the whole question; the model takes half of what is left at most, once it is loaded.
        seed: of the samples.
        has_partial: whether there is an answer that holds in part; the model then takes little time.

    Raises:
        OutOfTimeError: the deadline has passed.
    """
    _installed_network()
    seconds = deadline.left / 2
    own = deadline.within(min(seconds, _SECONDS_AFTER_PARTIAL) if has_partial else seconds)
    try:
        with hard_limit(own):
            return _searched(problem, beam, judged, own, seed)
    except OutOfTimeError:
        if deadline.has_passed:
            raise
        return None


def _searched(
    problem: Integral | Equation,
    beam: int,
    judged: Callable[[Candidate, str], Accepted | None],
    deadline: Deadline,
    seed: int,
) -> Accepted | None:
    for search in searches(beam):
        kept: list[Accepted] = []

        def is_answer(answer: Expr, name: str = search.name, kept: list[Accepted] = kept) -> bool:
            found = judged(Candidate(answer), name)
            kept.extend([] if found is None else [found])
            return found is not None

        ask(problem, search, is_answer, deadline, seed)
        if kept:
            return kept[0]
    return None
