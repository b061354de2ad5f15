import json
import random
from collections import Counter
from itertools import islice

import pytest

from sciml.errors import SettingsError
from sciml.symbolic.expression import X, function, integer, symbol
from sciml.symbolic.generators.backward import is_integral
from sciml.symbolic.generators.evaluation_sets import (
    DEVELOPMENT_SEED,
    evaluation_problems,
    write_evaluation_sets,
)
from sciml.symbolic.generators.mixture import KINDS, TASK_OF_KIND, Mixture, Settings, only, pairs
from sciml.symbolic.generators.simplification import longest_number
from sciml.symbolic.generators.variations import (
    large_integer,
    replaced,
    scaled,
    shifted,
    summed,
    varied,
)
from sciml.symbolic.ode_verification import verify_equation
from sciml.symbolic.problems import equation, parse_equation, parse_integral
from sciml.symbolic.tokens import from_prefix
from sciml.symbolic.verification import verify_integral
from sciml.symbolic.vocabulary import ID, is_expression

A, B = symbol("a"), symbol("b")


def take(count, seed=1, worker=0, settings=None):
    return list(islice(pairs(seed, worker, settings), count))


def judgement(kind, problem, answer):
    if TASK_OF_KIND[kind] == "integrate":
        return verify_integral(problem, answer)
    return verify_equation(equation(problem), answer)


def status(kind, problem, answer):
    return judgement(kind, problem, answer).status


def test_a_stream_is_a_function_of_seed_and_worker():
    first = take(15)
    assert take(15) == first
    assert take(15, seed=2) != first
    assert take(15, worker=1) != first


def test_a_stream_does_not_depend_on_what_was_generated_before():
    first = take(12, seed=3)
    take(20, seed=4)
    assert take(12, seed=3) == first


def test_pairs_are_prefix_expressions_without_special_tokens():
    for pair in take(25):
        assert is_expression(pair.source)
        assert is_expression(pair.target)
        assert from_prefix(pair.source).prefix == pair.source


def test_kinds_come_in_their_shares():
    shares = Settings(
        backward_share=0.5, by_parts_share=0, forward_share=0.3, first_order_share=0.2, second_order_share=0
    )
    counts = Counter(pair.task for pair in take(150, settings=shares))
    assert set(counts) == {"integrate", "ode1"}
    assert abs(counts["ode1"] - 30) < 20  # four standard deviations


@pytest.mark.parametrize("kind", KINDS)
def test_varied_pairs_pass_the_verifier(kind):
    mixture = Mixture("test varied", Settings())
    found = [mixture.one(kind) for _ in range(20)]
    assert [status(kind, *one) for one in found] == ["verified"] * 20


@pytest.mark.slow  # minutes: 2,000 pairs of each kind
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_of_two_thousand_pairs_all_pass_the_verifier(kind):
    mixture = Mixture("test 2000", Settings())
    found = [mixture.one(kind) for _ in range(2000)]
    others = [one for one in found if not judgement(kind, *one).is_verified]
    assert others == []


def test_problems_are_not_given_twice():
    found = [pair.source for pair in take(100, settings=only("by_parts"))]
    assert len(set(found)) == 100


def test_limits_hold():
    settings = Settings(max_source=40, max_target=25, longest_number=2)
    for pair in take(50, settings=settings):
        assert len(pair.source) <= 40
        assert len(pair.target) <= 25
        assert max(longest_number(pair.source), longest_number(pair.target)) <= 2


def test_parameters_and_large_integers_come_in_about_their_shares():
    found = take(200, seed=5, settings=only("backward", parameter_share=0.2, large_integer_share=0.15))
    tokens = {ID[name] for name in ("a", "b", "c")}
    with_parameters = sum(bool(tokens.intersection(pair.source)) for pair in found)
    with_large = sum(longest_number(pair.source) >= 3 for pair in found)
    assert 20 < with_parameters < 60
    assert 10 < with_large < 60
    plain = take(50, seed=5, settings=only("backward"))
    assert not any(tokens.intersection(pair.source) for pair in plain)


def test_large_integers_are_log_uniform_to_ten_thousand():
    draw = random.Random(6)
    sizes = [abs(large_integer(draw)) for _ in range(4000)]
    assert max(sizes) <= 10_000
    assert min(sizes) == 1
    for low, high in ((10, 100), (100, 1000), (1000, 10_000)):
        assert abs(sum(low <= size < high for size in sizes) - 1000) < 120  # a quarter in each decade


def test_shifted_scaled_and_summed_pairs_stay_integrals():
    pair = (function("tan", X), -function("log", function("cos", X)))
    found = shifted(*pair, integer(3), integer(2))
    assert found[0] == function("tan", 3 * X + 2)
    assert is_integral(*found)
    assert is_integral(*shifted(*pair, A, B))
    assert scaled(*pair, A)[0] == A * function("tan", X)
    assert summed([pair, (X, X * X / 2)])[0] == X + function("tan", X)
    draw = random.Random(7)
    assert all(is_integral(*varied(pair, draw, large=False, parameters=True)) for _ in range(20))


def test_a_symbol_is_replaced_everywhere():
    node = X * function("sin", X) + A**X + 7
    assert replaced(node, X, B + 1) == (B + 1) * function("sin", B + 1) + A ** (B + 1) + 7


def test_settings_that_contradict_are_refused():
    with pytest.raises(SettingsError, match="not all zero"):
        only("backward", backward_share=0.0)
    with pytest.raises(SettingsError, match=r"lies in \[0, 1\]"):
        Settings(parameter_share=1.5)
    with pytest.raises(SettingsError, match="no kind of pairs"):
        only("sideways")


def test_evaluation_sets_refuse_seeds_of_training_and_unknown_names():
    with pytest.raises(SettingsError, match="from 1000000000 on"):
        evaluation_problems("bwd", 7, 1)
    with pytest.raises(SettingsError, match="no evaluation set"):
        evaluation_problems("cwd", DEVELOPMENT_SEED, 1)


def test_an_evaluation_set_is_no_training_stream_of_the_same_seed():
    problems = [one.problem.prefix for one in evaluation_problems("bwd", 10**9, 20)]
    assert len(set(problems)) == 20
    trained = {pair.source for pair in take(20, seed=10**9, settings=only("backward"))}
    assert len(trained.intersection(problems)) <= 1


def test_evaluation_sets_are_written_as_text_that_reads_back(tmp_path):
    write_evaluation_sets(tmp_path, 10**9 + 1, 4)
    assert sorted(one.stem for one in tmp_path.iterdir()) == ["brittle", "bwd", "fwd", "ibp", "ode1", "ode2"]
    for path in tmp_path.iterdir():
        for line in path.read_text().splitlines():
            record = json.loads(line)
            wanted = from_prefix(bytes.fromhex(record["problem_prefix"]))
            if record["task"] == "integrate":
                assert parse_integral(record["problem"]).integrand == wanted
            else:
                assert parse_equation(record["problem"]).left_side in (wanted, -wanted)


def test_perturbed_problems_reach_numbers_beyond_ten_thousand():
    found = evaluation_problems("brittle", 10**9, 60)
    assert max(longest_number(one.problem.prefix) for one in found) == 5
    assert [verify_integral(one.problem, one.solution).status for one in found[:20]].count("verified") >= 19
