"""The box around the best design in which most proposals lie."""

from dataclasses import dataclass

LARGEST, FIRST, SMALLEST = 1.6, 0.8, 0.5**6


@dataclass
class TrustRegion:
    """Its side, in units of the cube, by the counters of TuRBO and SCBO.

    It doubles after two designs in a row that are the best so far, and halves after as many that are not as
    the problem has inputs, four at least.

    Source: Eriksson & Poloczek, AISTATS 2021; they double after three.
    """

    inputs: int
    side: float = FIRST
    successes: int = 0
    failures: int = 0

    def update(self, is_best: bool) -> None:
        """Count one design."""
        self.successes, self.failures = (self.successes + 1, 0) if is_best else (0, self.failures + 1)
        if self.successes == 2:
            self.side, self.successes = min(2 * self.side, LARGEST), 0
        elif self.failures == max(4, self.inputs):
            self.side, self.failures = self.side / 2, 0

    @property
    def is_collapsed(self) -> bool:
        """Whether it is so small that the search starts anew."""
        return self.side < SMALLEST
