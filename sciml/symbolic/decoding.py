"""From a network's scores to answers: beam search and sampling, both inside the grammar.

Every hypothesis that is returned is a prefix expression. Several problems are decoded at once, each with
the same number of rows. A caller may judge hypotheses as they are finished (`accepted`); the first one that
is accepted ends its problem.

Probabilities are those of the network among the tokens that the grammar allows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from sciml.errors import SettingsError
from sciml.symbolic.grammar import Grammar, GrammarState
from sciml.symbolic.network import ROWS, ExpressionTransformer
from sciml.symbolic.vocabulary import END, ID, PAD, START, TASK_ID

Accepted = Callable[[int, bytes], bool]
"""(number of the problem, token ids) -> whether that is an answer."""

_CONSTANTS = {"integrate": (), "ode1": ("c1",), "ode2": ("c1", "c2")}
_PARAMETERS = bytes(ID[name] for name in ("a", "b", "c"))


@dataclass(frozen=True)
class Problem:
    """What the network is asked."""

    task: str
    """integrate, ode1 or ode2."""
    source: bytes
    """Token ids of the integrand, or of the equation's left side."""
    leaves: bytes = b""
    """Ids of the symbols that may stand in the answer; empty for x, the constants of integration of the task
    and the parameters that are in the source."""

    def __post_init__(self) -> None:
        if self.task not in TASK_ID:
            raise SettingsError(f"the task is one of {', '.join(TASK_ID)}, not {self.task!r}")
        if not self.source:
            raise SettingsError("a problem without tokens")

    @property
    def allowed_leaves(self) -> bytes:
        """The symbols of the answer, whether given or by default."""
        if self.leaves:
            return self.leaves
        constants = bytes(ID[name] for name in ("x", *_CONSTANTS[self.task]))
        return constants + bytes(one for one in _PARAMETERS if one in self.source)

    @property
    def tokens(self) -> bytes:
        """The source as the network reads it, its task first."""
        return bytes([TASK_ID[self.task]]) + self.source


@dataclass(frozen=True)
class Hypothesis:
    """One complete answer."""

    tokens: bytes
    """A prefix expression, without `<start>` and `<end>`."""
    log_probability: float
    """Natural logarithm of its probability."""
    score: float
    """The same over (number of tokens)^alpha; larger is better."""


@dataclass
class Answers:
    """What came out for one problem."""

    hypotheses: list[Hypothesis] = field(default_factory=list)
    """Finished hypotheses, best score first."""
    accepted: Hypothesis | None = None
    """The one that the caller accepted."""

    def add(self, hypothesis: Hypothesis, is_accepted: bool) -> None:
        """Take in one more."""
        self.hypotheses.append(hypothesis)
        self.hypotheses.sort(key=lambda one: (-one.score, one.tokens))
        if is_accepted:
            self.accepted = hypothesis


@dataclass(frozen=True)
class Decoding:
    """How to search."""

    beam: int = 10
    """Hypotheses of a problem that are followed at the same time; 1 is greedy."""
    max_length: int = 192
    """Tokens of an answer at most."""
    alpha: float = 1.0
    """Exponent of the length that a log-probability is divided by."""

    def __post_init__(self) -> None:
        if self.beam < 1 or self.max_length < 1:
            raise SettingsError(f"beam and max_length are at least 1: {self.beam}, {self.max_length}")


class _Rows:
    """Rows that are decoded together: equally many for each problem that is still open."""

    def __init__(
        self, network: ExpressionTransformer, problems: Sequence[Problem], rows: int, settings: Decoding
    ) -> None:
        device = network.embedding.device
        self.network, self.width, self.settings = network, rows, settings
        self.grammar = Grammar([one.allowed_leaves for one in problems], ROWS, settings.max_length, device)
        self.open = torch.arange(len(problems), device=device)  # (problem,): their numbers
        self.state = network.begin(
            pad([one.tokens for one in problems], device), rows, settings.max_length + 1
        )
        self.syntax: GrammarState = self.grammar.start(len(problems) * rows)
        self.newest = torch.full((len(problems) * rows,), START, device=device)
        self.history = self.newest.new_empty(len(problems) * rows, 0)  # (row, t)

    def next_scores(self) -> Tensor:
        """(row, token) log-probability of each next token, -inf where it is not allowed."""
        logits = self.network.step(self.newest, self.state).float()
        allowed = self.grammar.allowed(self.syntax, self.open.repeat_interleave(self.width))
        scores = logits.masked_fill(~allowed, -torch.inf).log_softmax(-1)
        return scores.masked_fill(~allowed, -torch.inf)  # of a row where nothing is allowed: not a number

    def completing(self) -> Tensor:
        """(row, token): whether that token ends its expression."""
        return self.grammar.completes(self.syntax)

    def tokens(self, row: int, last: int) -> bytes:
        """The expression of a row that ends with the token `last`."""
        return bytes(self.history[row].tolist()) + (b"" if last == END else bytes([last]))

    def go_on(self, rows: Tensor, tokens: Tensor) -> None:
        """Row i becomes what row `rows[i]` was, with `tokens[i]` behind it."""
        if not torch.equal(rows, torch.arange(len(rows), device=rows.device)):
            self.state.take_rows(rows)
            self.history = self.history[rows]
        self.syntax = self.grammar.advance(self.syntax.rows(rows), tokens)
        self.history = torch.cat((self.history, tokens[:, None]), dim=1)
        self.newest = tokens

    def keep_problems(self, kept: Tensor) -> None:
        """Go on with the open problems at those places only."""
        rows = (kept[:, None] * self.width + torch.arange(self.width, device=kept.device)).flatten()
        self.open, self.syntax = self.open[kept], self.syntax.rows(rows)
        self.history, self.newest = self.history[rows], self.newest[rows]
        self.state.take_problems(kept, rows)


@torch.inference_mode()
def beam_search(
    network: ExpressionTransformer,
    problems: Sequence[Problem],
    settings: Decoding | None = None,
    accepted: Accepted | None = None,
) -> list[Answers]:
    """The most probable answers to each problem.

    At each step the `beam` best continuations of a problem's hypotheses are considered: those that are
    complete are finished, and the `beam` best of the others go on. A problem ends when one hypothesis was
    accepted, when `beam` are finished, or when none is left.

    Args:
        network: in evaluation mode.
        problems: any number; memory grows with their number times the beam.
        settings: width of the beam and longest answer.
        accepted: called with each finished hypothesis in the order of their ends.

    Returns:
        For each problem its finished hypotheses, best first.
    """
    settings = settings or Decoding()
    answers = [Answers() for _ in problems]
    if not problems:
        return answers
    beam = settings.beam
    rows = _Rows(network, problems, beam, settings)
    totals = torch.full((len(problems), beam), -torch.inf, device=network.embedding.device)
    totals[:, 0] = 0.0  # one empty hypothesis each
    for _ in range(settings.max_length + 1):
        scores = totals[:, :, None] + rows.next_scores().view(-1, beam, ROWS)
        is_complete = rows.completing().view(scores.shape).flatten(1)
        scores = scores.flatten(1)  # (problem, beam * token)
        _finish(rows, scores, is_complete, answers, accepted)
        totals, best = scores.masked_fill(is_complete, -torch.inf).topk(beam, dim=1)
        parents = torch.arange(len(totals), device=best.device)[:, None] * beam + best // ROWS
        # A row without a hypothesis takes any token; its score stays -inf, and its state is its problem's.
        rows.go_on(parents.flatten(), (best % ROWS).flatten())
        has_more = totals[:, 0].isfinite().tolist()
        kept = [
            place
            for place, number in enumerate(rows.open.tolist())
            if has_more[place] and len(answers[number].hypotheses) < beam and answers[number].accepted is None
        ]
        if not kept:
            break
        if len(kept) < len(totals):
            index = torch.tensor(kept, device=best.device)
            rows.keep_problems(index)
            totals = totals[index]
    return answers


def _finish(
    rows: _Rows,
    scores: Tensor,
    is_complete: Tensor,
    answers: list[Answers],
    accepted: Accepted | None,
) -> None:
    """Take the complete ones among the best continuations of each problem."""
    beam = rows.width
    best, places = scores.topk(beam, dim=1)
    found = (is_complete.gather(1, places) & best.isfinite()).nonzero().tolist()
    numbers = rows.open.tolist()
    for problem, rank in found:
        answer = answers[numbers[problem]]
        if answer.accepted is not None or len(answer.hypotheses) >= beam:
            continue
        row, token = divmod(int(places[problem, rank]), ROWS)
        _judge(rows, problem * beam + row, token, float(best[problem, rank]), answers, accepted)


def _judge(
    rows: _Rows,
    row: int,
    token: int,
    log_probability: float,
    answers: list[Answers],
    accepted: Accepted | None,
) -> None:
    number = int(rows.open[row // rows.width])
    tokens = rows.tokens(row, token)
    hypothesis = Hypothesis(tokens, log_probability, log_probability / len(tokens) ** rows.settings.alpha)
    answers[number].add(hypothesis, accepted is not None and accepted(number, tokens))


@torch.inference_mode()
def sample(
    network: ExpressionTransformer,
    problems: Sequence[Problem],
    samples: int,
    *,
    seed: int,
    temperature: float = 1.0,
    settings: Decoding | None = None,
    accepted: Accepted | None = None,
) -> list[Answers]:
    """Answers drawn at random, each different one once.

    Args:
        network: in evaluation mode.
        problems: any number.
        samples: draws for each problem.
        seed: of the draws.
        temperature: above 1 for more variety, below 1 for less.
        settings: the longest answer, and the exponent of its length; the beam is not used.
        accepted: called with each different finished answer.

    Returns:
        For each problem its answers, the best by the network's own score first.

    Raises:
        SettingsError: no samples, or a temperature that is not positive.
    """
    settings = settings or Decoding()
    if samples < 1 or temperature <= 0:
        raise SettingsError(f"samples and temperature must be positive: {samples}, {temperature}")
    answers = [Answers() for _ in problems]
    if not problems:
        return answers
    generator = torch.Generator(network.embedding.device).manual_seed(seed)
    rows = _Rows(network, problems, samples, settings)
    totals = torch.zeros(len(problems) * samples, device=network.embedding.device)
    seen: list[set[bytes]] = [set() for _ in problems]
    for _ in range(settings.max_length + 1):
        scores = rows.next_scores()
        # A finished row draws on among nothing: give it any token, it is not looked at again.
        weights = (scores / temperature).softmax(-1).nan_to_num(1.0)
        tokens = torch.multinomial(weights, 1, generator=generator)
        is_complete = rows.completing().gather(1, tokens)[:, 0] & totals.isfinite()
        totals = totals + scores.gather(1, tokens)[:, 0]
        for row in is_complete.nonzero()[:, 0].tolist():
            number, text = int(rows.open[row // samples]), rows.tokens(row, int(tokens[row]))
            if text not in seen[number] and answers[number].accepted is None:
                seen[number].add(text)
                _judge(rows, row, int(tokens[row]), float(totals[row]), answers, accepted)
        totals = totals.masked_fill(is_complete, -torch.inf)
        rows.go_on(torch.arange(len(totals), device=totals.device), tokens[:, 0])
        has_more = totals.view(-1, samples).isfinite().any(1).tolist()
        numbers = rows.open.tolist()
        kept = [n for n, number in enumerate(numbers) if has_more[n] and answers[number].accepted is None]
        if not kept:
            break
        if len(kept) < len(numbers):
            index = torch.tensor(kept, device=totals.device)
            rows.keep_problems(index)
            totals = totals.view(-1, samples)[index].flatten()
    return answers


def pad(sequences: Sequence[bytes], device: torch.device | None = None) -> Tensor:
    """Token ids of several sequences as one array, (sequence, longest) of int64, padded behind."""
    longest = max(map(len, sequences))
    flat = b"".join(one.ljust(longest, bytes([PAD])) for one in sequences)
    return torch.frombuffer(bytearray(flat), dtype=torch.uint8).view(-1, longest).long().to(device)
