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

    def forward(self, a: Tensor, b: Tensor, dropout: float = 0.0) -> Tensor:
        """Log-odds that a is better than b.

        Args:
            a: (…, pair, width).
            b: (…, pair, width), or one row for all pairs.
            dropout: share of the hidden units of g that are dropped, each pair by its own draw; then the
                answer turns round in distribution only.

        Returns:
            (…, pair, output).
        """
        if self.form == "utility":
            difference: Tensor = self.utility(a) - self.utility(b)
            return difference
        ab = (self.own(a) + self.other(b)).relu()
        ba = (self.own(b) + self.other(a)).relu()
        ab, ba = functional.dropout(ab, dropout, dropout > 0), functional.dropout(ba, dropout, dropout > 0)
        terms = ((ab - ba) * self.weight).unflatten(-1, (self.outputs, self.hidden))
        return terms.sum(dim=-1)


def pairwise_loss(log_odds: Tensor, better: Tensor, weight: Tensor) -> Tensor:
    """Mean cross-entropy over pairs and specifications that count, (…,).

    Args:
        log_odds: (…, pair, output).
        better: (pair, output), the probability that the first is better, 0, 1 or 0.5.
        weight: (…, pair, output), what each comparison counts.
    """
    losses = functional.softplus(log_odds) - better * log_odds
    return (losses * weight).sum(dim=(-2, -1)) / weight.sum(dim=(-2, -1)).clamp(min=1)
