"""Which of two designs is better: heads whose answer turns round when the designs are swapped.

P(a better than b) = sigmoid(l(a, b)) with l(b, a) = -l(a, b) by construction, so the two ways round add up to
one and a design against itself gives one half, whatever was learned.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sciml.errors import SettingsError
from sciml.surrogates.backbones import Affine
from sciml.surrogates.registry import HEADS

Form = Literal["utility", "comparison"]


@HEADS.register("pairwise")
class PairwiseHead(nn.Module):
    """Log-odds that one design is better than another, for each specification.

    - `utility`: l = u(a) - u(b) with a learned scalar u (Bradley and Terry): answers are transitive, and n
      designs are compared in all pairs for the price of n.
    - `comparison`: l = g(a, b) - g(b, a), g a perceptron with one hidden layer for each specification.
      BagNet's head with tied weights is this one: its 20 hidden units are 10 of g(a, b) and the same 10 of
      g(b, a).

    Source: Bradley & Terry, Biometrika 39:324 (1952); Hakhamaneshi et al., ICCAD 2019, section III.

    Args:
        width: channels of the hidden representation.
        outputs: specifications.
        form: `utility` or `comparison`.
        hidden: hidden units of g.
    """

    def __init__(self, width: int, outputs: int, *, form: Form = "utility", hidden: int = 10) -> None:
        super().__init__()
        if form not in ("utility", "comparison"):
            raise SettingsError(f"a pairwise head is of the form utility or comparison, not {form!r}")
        self.outputs, self.form, self.hidden = outputs, form, hidden
        if form == "utility":
            self.utility = Affine(width, outputs)
        else:
            self.own = Affine(width, outputs * hidden)
            self.other = Affine(width, outputs * hidden)
            self.weight = nn.Parameter(torch.full((1, outputs * hidden), hidden**-0.5))

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments besides the sizes, as JSON values."""
        return {"form": self.form, "hidden": self.hidden}

    def project(self, hidden: Tensor) -> tuple[Tensor, ...]:
        """What of each design enters comparisons, (…, design, channel) each; computed once, used often."""
        if self.form == "utility":
            return (self.utility(hidden),)
        return self.own(hidden), self.other(hidden)

    def compare(self, a: tuple[Tensor, ...], b: tuple[Tensor, ...], dropout: float = 0.0) -> Tensor:
        """Log-odds that a is better than b.

        Args:
            a: projected designs, (…, pair, channel) each.
            b: projected designs, as many, or one for all pairs.
            dropout: share of the hidden units of g that are dropped, each pair by its own draw; then the
                answer turns round in distribution only.

        Returns:
            (…, pair, output).
        """
        if self.form == "utility":
            return a[0] - b[0]
        ab, ba = (a[0] + b[1]).relu(), (b[0] + a[1]).relu()
        if dropout > 0:
            ab, ba = functional.dropout(ab, dropout), functional.dropout(ba, dropout)
        terms = ((ab - ba) * self.weight).unflatten(-1, (self.outputs, self.hidden))
        return terms.sum(dim=-1)

    def forward(self, a: Tensor, b: Tensor, dropout: float = 0.0) -> Tensor:
        """Log-odds that a is better than b; both are hidden representations (…, pair, width)."""
        return self.compare(self.project(a), self.project(b), dropout)


def pairwise_loss(log_odds: Tensor, better: Tensor, weight: Tensor) -> Tensor:
    """Mean cross-entropy over pairs and specifications that count, (…,).

    Args:
        log_odds: (…, pair, output).
        better: (pair, output), the probability that the first is better, 0, 1 or 0.5.
        weight: (…, pair, output), what each comparison counts.
    """
    losses = functional.softplus(log_odds) - better * log_odds
    return (losses * weight).sum(dim=(-2, -1)) / weight.sum(dim=(-2, -1)).clamp(min=1)
