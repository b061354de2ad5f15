"""Which tokens may follow, so that every finished hypothesis is a prefix expression of bounded length.

A hypothesis is a number of operands still to come and the state of its newest integer. A token is allowed if
the grammar has it there and if what it opens can still be closed within the length: an operand takes one
token at least, an integer two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sciml.symbolic.vocabulary import (
    AFTER_NINE,
    ARITY,
    BINARY,
    END,
    ID,
    INT_MINUS,
    INT_PLUS,
    LEAVES,
    TOKENS,
    UNARY,
    ZERO,
)

OUTSIDE, AFTER_PLUS, AFTER_MINUS, IN_DIGITS = range(4)
"""States of the newest integer: none, or complete; a sign without digits; digits that may go on."""


@dataclass
class GrammarState:
    """Where each hypothesis stands."""

    pending: Tensor
    """(row,) operands still to come, the integer that has only its sign not among them."""
    integer: Tensor
    """(row,) state of the newest integer."""
    length: int = 0
    """Tokens so far, the same for all."""

    def rows(self, index: Tensor) -> "GrammarState":
        """Those rows, in that order."""
        return GrammarState(self.pending[index], self.integer[index], self.length)


class Grammar:
    """The grammar of answers to some problems.

    Args:
        leaves: for each problem the ids of the symbols that may stand in its answer; `pi` and integers always
            may.
        rows: columns of the tables: at least the number of tokens.
        max_length: tokens of an answer at most, without `<end>`.
        device: where the tables are.

    Raises:
        ValueError: a leaf that is no symbol, a problem without one, or room for no token.
    """

    def __init__(
        self, leaves: Sequence[bytes], rows: int, max_length: int, device: torch.device | None = None
    ) -> None:
        symbols = {ID[name] for name in LEAVES}
        if any(not one or not set(one) <= symbols for one in leaves) or max_length < 1:
            raise ValueError(
                f"each problem needs one of {' '.join(LEAVES)} as a leaf, and an answer one token at least: "
                f"{[list(one) for one in leaves]}, {max_length}"
            )
        self.max_length = max_length
        operands = torch.zeros(len(leaves), rows, dtype=torch.bool)
        operands[:, [*(ID[name] for name in (*UNARY, *BINARY, "pi")), INT_PLUS, INT_MINUS]] = True
        for problem, one in enumerate(leaves):
            operands[problem, list(one)] = True
        needed = torch.tensor([max(arity, 0) for arity in ARITY] + [0] * (rows - len(TOKENS)))
        signs = torch.zeros(rows, dtype=torch.bool)
        signs[[INT_PLUS, INT_MINUS]] = True
        digits = torch.zeros(rows, dtype=torch.bool)
        digits[ZERO:AFTER_NINE] = True
        self.operands = operands.to(device)  # (problem, token)
        self.arity, self.signs, self.digits = needed.to(device), signs.to(device), digits.to(device)

    def start(self, rows: int) -> GrammarState:
        """The state of `rows` empty hypotheses: one operand, the whole expression, is to come."""
        pending = torch.ones(rows, dtype=torch.long, device=self.arity.device)
        return GrammarState(pending, torch.full_like(pending, OUTSIDE))

    def allowed(self, state: GrammarState, problems: Tensor) -> Tensor:
        """Tokens that may come next.

        Args:
            state: of each row.
            problems: (row,) the problem each row belongs to.

        Returns:
            (row, token), True for at least one token of every row that is not finished.
        """
        # Tokens that the next one may need beside those of the operands that are open already.
        room = (self.max_length - state.length - state.pending)[:, None]
        opened = self.arity + self.signs
        may_open = self.operands[problems] & (opened <= room) & (state.pending > 0)[:, None]
        must_digit = ((state.integer == AFTER_PLUS) | (state.integer == AFTER_MINUS))[:, None]
        may_digit = self.digits & ((state.integer == IN_DIGITS)[:, None] & (room > 0))
        allowed = torch.where(must_digit, self.digits, may_open | may_digit)
        allowed[:, ZERO] &= state.integer != AFTER_MINUS
        allowed[:, END] = (state.pending == 0) & (state.integer == IN_DIGITS)
        return allowed

    def advance(self, state: GrammarState, tokens: Tensor) -> GrammarState:
        """The state after allowed tokens (row,); `<end>` changes nothing but the length."""
        is_digit, is_sign = self.digits[tokens], self.signs[tokens]
        is_end = tokens == END
        pending = torch.where(is_digit | is_end, state.pending, state.pending - 1 + self.arity[tokens])
        is_zero = (tokens == ZERO) & (state.integer != IN_DIGITS)
        integer = torch.full_like(state.integer, OUTSIDE)
        integer[is_digit & ~is_zero] = IN_DIGITS
        integer[is_sign] = torch.where(tokens[is_sign] == INT_PLUS, AFTER_PLUS, AFTER_MINUS)
        return GrammarState(pending, integer, state.length + 1)

    def completes(self, state: GrammarState) -> Tensor:
        """(row, token): whether an allowed token ends the expression for good.

        A digit other than a sole zero does not: another one may follow, so such an expression ends with
        `<end>`.
        """
        is_last = (state.pending == 1)[:, None] & (self.arity == 0) & ~self.signs & ~self.digits
        is_last[:, ZERO] = (state.pending == 0) & (state.integer == AFTER_PLUS)
        is_last[:, END] = True
        return is_last
