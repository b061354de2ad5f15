"""The rungs that answer an integral at once or not at all, in the order in which they are asked."""

from sciml.symbolic.ladder import (
    partial_fractions,
    product_rule,
    square_root_integrals,
    table,
    waves,
)
from sciml.symbolic.ladder.rung import Rung
from sciml.symbolic.problems import Integral

DIRECT: tuple[tuple[str, Rung[Integral]], ...] = (
    ("rules", table.propose),
    ("partial fractions", partial_fractions.propose),
    ("square roots", square_root_integrals.propose),
    ("waves", waves.propose),
    ("product rule", product_rule.propose),
)
"""(name for people, rung); they cost next to nothing where they do not apply."""
