import math
from functools import cache
from itertools import product

import pytest
import torch
from random_networks import random_network, random_problems

from sciml.errors import SettingsError
from sciml.symbolic.decoding import Decoding, Problem, beam_search, pad, sample
from sciml.symbolic.vocabulary import BINARY, END, ID, START, UNARY, encode, is_expression

SHORT = 3


@cache
def expressions() -> list[bytes]:
    """Every expression in x of three tokens at most."""
    leaves = [[ID["x"]], [ID["pi"]]]
    digits = range(ID["0"], ID["0"] + 10)
    integers = [
        [sign, digit]
        for sign in (ID["INT+"], ID["INT-"])
        for digit in digits
        if sign == ID["INT+"] or digit > digits[0]
    ]
    two_digits = [[s, d, e] for s in (ID["INT+"], ID["INT-"]) for d in digits[1:] for e in digits]
    unary, binary = [ID[name] for name in UNARY], [ID[name] for name in BINARY]
    second = [[u, *leaf] for u in unary for leaf in leaves] + integers
    third = [[u, *rest] for u in unary for rest in second] + two_digits
    third += [[b, *first, *last] for b in binary for first, last in product(leaves, repeat=2)]
    return [bytes(one) for one in (*leaves, *second, *third)]


def exact_scores(network, problem) -> dict[bytes, float]:
    """Log-probability over length of every expression, the network's among all that can be completed."""
    known = expressions()
    starts = {one[:n] for one in known for n in range(len(one) + 1)}
    target = pad([bytes([START]) + one for one in known])
    scores = network(pad([problem.tokens]).expand(len(known), -1), target)
    found = {}
    for row, one in enumerate(known):
        total = 0.0
        for place in range(len(one) + 1):
            options = [t for t in range(50) if one[:place] + bytes([t]) in starts]
            options += [END] if one[:place] in known else []
            chosen = END if place == len(one) else one[place]
            total += float(scores[row, place, options].log_softmax(0)[options.index(chosen)])
        found[one] = total / len(one)
    return found


@pytest.mark.parametrize("seed", [0, 1])
@torch.no_grad()
def test_a_beam_that_holds_everything_finds_every_expression_in_order(seed):
    network, problem = random_network(seed), random_problems(1, seed)[0]
    exact = exact_scores(network, problem)
    [answers] = beam_search(network, [problem], Decoding(beam=2000, max_length=SHORT))
    assert {one.tokens for one in answers.hypotheses} == set(exact)
    for one in answers.hypotheses:
        assert one.score == pytest.approx(exact[one.tokens], abs=1e-4)
    scores = [one.score for one in answers.hypotheses]
    assert scores == sorted(scores, reverse=True)


@torch.no_grad()
def test_greedy_takes_the_best_token_that_can_be_completed_at_each_step():
    known = expressions()
    starts = {one[:n] for one in known for n in range(len(one) + 1)}
    for seed in range(3):
        network, problem = random_network(seed, scale=3.0), random_problems(1, seed)[0]
        text = b""
        while True:
            scores = network(pad([problem.tokens]), pad([bytes([START]) + text]))[0, -1]
            options = [t for t in range(50) if text + bytes([t]) in starts] + [END] * (text in known)
            best = max(options, key=lambda token: float(scores[token]))
            if best == END or not options:
                break
            text += bytes([best])
        [answers] = beam_search(network, [problem], Decoding(beam=1, max_length=SHORT))
        assert [one.tokens for one in answers.hypotheses] == [text]


def test_a_wider_beam_holds_a_better_or_equal_best_for_most_problems():
    network, problems = random_network(6), random_problems(12, seed=6)
    settings = [Decoding(beam=beam, max_length=10, alpha=0.0) for beam in (1, 20)]
    narrow, wide = (beam_search(network, problems, one) for one in settings)
    gains = [w.hypotheses[0].score - n.hypotheses[0].score for n, w in zip(narrow, wide, strict=True)]
    assert sum(gain >= -1e-5 for gain in gains) >= 11
    assert max(gains) > 0.1


def test_every_answer_of_many_networks_is_an_expression_in_the_leaves_of_its_problem():
    problems = [
        *random_problems(3, seed=1),
        Problem("ode1", encode("add y' mul a x")),
        Problem("ode2", encode("y''")),
    ]
    for seed in range(8):
        network = random_network(seed, scale=6.0)
        found = beam_search(network, problems, Decoding(beam=4, max_length=3 + 4 * seed))
        found += sample(network, problems, 4, seed=seed, settings=Decoding(max_length=3 + 4 * seed))
        for problem, answers in zip(problems * 2, found, strict=True):
            assert answers.hypotheses
            for one in answers.hypotheses:
                assert is_expression(one.tokens)
                assert len(one.tokens) <= 3 + 4 * seed
                symbols = set(one.tokens) & set(range(ID["x"], ID["pi"]))
                assert symbols <= set(problem.allowed_leaves)


def test_leaves_of_an_answer_are_x_the_constants_of_the_task_and_the_parameters_of_the_source():
    assert Problem("integrate", encode("mul b x")).allowed_leaves == encode("x b")
    assert Problem("ode1", encode("add y' c")).allowed_leaves == encode("x c1 c")
    assert Problem("ode2", encode("y''")).allowed_leaves == encode("x c1 c2")
    assert Problem("ode2", encode("y''"), leaves=encode("x")).allowed_leaves == encode("x")


@pytest.mark.parametrize("beam", [1, 5])
def test_problems_together_get_the_answers_of_each_alone(beam):
    network, problems = random_network(7, scale=3.0), random_problems(6, seed=7)
    settings = Decoding(beam=beam, max_length=14)
    together = beam_search(network, problems, settings)
    for problem, answers in zip(problems, together, strict=True):
        [alone] = beam_search(network, [problem], settings)
        assert [one.tokens for one in answers.hypotheses] == [one.tokens for one in alone.hypotheses]
        for one, other in zip(answers.hypotheses, alone.hypotheses, strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-4)


def test_an_accepted_hypothesis_ends_its_problem_and_no_other():
    network, problems = random_network(8), random_problems(3, seed=8)
    settings = Decoding(beam=6, max_length=10)
    free = beam_search(network, problems, settings)
    judged: list[tuple[int, bytes]] = []

    def accepted(number: int, tokens: bytes) -> bool:
        judged.append((number, tokens))
        return number == 1 and sum(n == 1 for n, _ in judged) == 2

    found = beam_search(network, problems, settings, accepted)
    assert found[1].accepted is not None
    assert found[1].accepted.tokens == [tokens for number, tokens in judged if number == 1][-1]
    assert len(found[1].hypotheses) == 2
    for number in (0, 2):
        assert found[number].accepted is None
        assert found[number].hypotheses == free[number].hypotheses
        assert {one.tokens for one in free[number].hypotheses} == {t for n, t in judged if n == number}


def test_samples_follow_the_probabilities_of_the_network():
    network, problem = random_network(9, scale=2.0), random_problems(1, seed=9)[0]
    settings = Decoding(max_length=1)  # x or pi, and nothing else
    drawn = sample(network, [problem] * 1000, 1, seed=0, settings=settings)
    share = sum(one.hypotheses[0].tokens == encode("x") for one in drawn) / 1000
    [answers] = beam_search(network, [problem], Decoding(beam=2, max_length=1))
    exact = {one.tokens: math.exp(one.log_probability) for one in answers.hypotheses}
    assert sum(exact.values()) == pytest.approx(1.0, abs=1e-5)
    assert 0.05 < exact[encode("x")] < 0.95
    assert share == pytest.approx(exact[encode("x")], abs=0.05)  # three deviations


def test_samples_are_repeatable_different_and_colder_ones_are_fewer():
    network, problems = random_network(10), random_problems(2, seed=10)
    hot, again, cold = (
        sample(network, problems, 30, seed=3, temperature=t, settings=Decoding(max_length=12))
        for t in (1.0, 1.0, 0.05)
    )
    for one, other, few in zip(hot, again, cold, strict=True):
        assert one == other
        texts = [hypothesis.tokens for hypothesis in one.hypotheses]
        assert len(set(texts)) == len(texts) > len(few.hypotheses)


def test_impossible_settings_and_problems_are_refused():
    with pytest.raises(SettingsError, match="at least 1"):
        Decoding(beam=0)
    with pytest.raises(SettingsError, match="one of integrate, ode1, ode2"):
        Problem("derive", encode("x"))
    with pytest.raises(SettingsError, match="without tokens"):
        Problem("integrate", b"")
    with pytest.raises(SettingsError, match="must be positive"):
        sample(random_network(0), random_problems(1), 0, seed=0)
    assert beam_search(random_network(0), []) == []
