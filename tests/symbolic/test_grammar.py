from itertools import product

import pytest
import torch

from sciml.symbolic.grammar import Grammar
from sciml.symbolic.network import ROWS
from sciml.symbolic.vocabulary import END, ID, INT_MINUS, TOKENS, encode, is_expression

X = encode("x")


def draw(grammar: Grammar, rows: int, seed: int, sharpness: float = 3.0) -> list[bytes]:
    """Hypotheses drawn from random scores, one for each row, under the grammar of the first problem."""
    generator = torch.Generator().manual_seed(seed)
    state, problems = grammar.start(rows), torch.zeros(rows, dtype=torch.long)
    texts: list[list[int]] = [[] for _ in range(rows)]
    open_rows = set(range(rows))
    while open_rows:
        allowed = grammar.allowed(state, problems)
        assert allowed[sorted(open_rows)].any(1).all()
        scores = torch.randn(rows, ROWS, generator=generator) * sharpness
        tokens = scores.masked_fill(~allowed, -torch.inf).argmax(1)
        complete = grammar.completes(state).gather(1, tokens[:, None])[:, 0]
        for row in sorted(open_rows):
            if tokens[row] != END:
                texts[row].append(int(tokens[row]))
            if complete[row]:
                open_rows.remove(row)
        state = grammar.advance(state, tokens)
    return [bytes(text) for text in texts]


def test_a_thousand_random_hypotheses_are_expressions_within_the_length():
    for max_length in (1, 2, 3, 5, 8, 13, 40):
        texts = draw(Grammar([X], ROWS, max_length), 150, seed=max_length)
        assert all(is_expression(text) for text in texts)
        assert max(map(len, texts)) <= max_length
        if max_length == 40:
            assert max(map(len, texts)) == 40  # it is the limit that closes some of them
            assert any(INT_MINUS in text for text in texts)


def test_only_the_leaves_of_the_problem_stand_in_its_answers():
    texts = draw(Grammar([encode("x c1 a")], ROWS, 30), 200, seed=1)
    used = set(b"".join(texts))
    assert {ID["c1"], ID["a"], ID["x"]} <= used
    assert not used & {ID["y"], ID["y'"], ID["y''"], ID["c2"], ID["b"], ID["c"]}


def test_every_expression_of_two_tokens_and_nothing_else_is_reachable():
    grammar = Grammar([X], ROWS, 2)
    texts = list(product(range(len(TOKENS)), repeat=2))
    problems = torch.zeros(len(texts), dtype=torch.long)
    state, is_allowed = grammar.start(len(texts)), torch.ones(len(texts), dtype=torch.bool)
    for column in torch.tensor(texts).T:
        is_allowed &= grammar.allowed(state, problems).gather(1, column[:, None])[:, 0]
        ends = grammar.completes(state).gather(1, column[:, None])[:, 0]
        state = grammar.advance(state, column)
    ends |= grammar.allowed(state, problems)[:, END]
    reached = {bytes(texts[row]) for row in (is_allowed & ends).nonzero()[:, 0].tolist()}
    unknown = set(encode("y y' y'' c1 c2 a b c"))
    expected = {text for text in map(bytes, texts) if is_expression(text) and not set(text) & unknown}
    assert reached == expected
    assert len(reached) == 18 * 2 + 10 + 9


def test_a_problem_without_a_symbol_or_room_is_refused():
    with pytest.raises(ValueError, match="needs one of"):
        Grammar([b""], ROWS, 10)
    with pytest.raises(ValueError, match="needs one of"):
        Grammar([encode("sin")], ROWS, 10)
    with pytest.raises(ValueError, match="one token at least"):
        Grammar([X], ROWS, 0)
