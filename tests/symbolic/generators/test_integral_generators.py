import cmath
import itertools
import random
import statistics

from sciml.symbolic.expression import ADD, ONE, X, function, integer, product, sqrt
from sciml.symbolic.generators.backward import (
    BackwardIntegrals,
    Settings,
    draw_antiderivative,
    is_integral,
    operators_in,
)
from sciml.symbolic.generators.by_parts import (
    ByPartsIntegrals,
    KnownIntegrals,
    Summands,
    by_parts_integrals,
    fingerprint,
    is_found_integral,
    profile,
    rational_ratio,
)
from sciml.symbolic.generators.by_parts import Settings as ByPartsSettings
from sciml.symbolic.generators.forward import Settings as ForwardSettings
from sciml.symbolic.generators.forward import draw_looked_up, forward_integrals
from sciml.symbolic.generators.points import PARAMETERS
from sciml.symbolic.generators.trees import RELEASE, RejectedTreeError, TreeSampler
from sciml.symbolic.verification import verify_integral

COUNT = 40


def trees(seed):
    return TreeSampler(RELEASE, random.Random(seed))


def test_backward_pairs_pass_the_verifier():
    source = BackwardIntegrals(trees(1), Settings())
    pairs = [next(source) for _ in range(COUNT)]
    assert [verify_integral(*pair).status for pair in pairs] == ["verified"] * COUNT


def test_pairs_by_parts_pass_the_verifier():
    source = by_parts_integrals(trees(2), ByPartsSettings())
    pairs = [next(source) for _ in range(COUNT)]
    assert [verify_integral(*pair).status for pair in pairs] == ["verified"] * COUNT


def test_forward_pairs_pass_the_verifier():
    source = forward_integrals(trees(3), ForwardSettings())
    pairs = [next(source) for _ in range(COUNT)]
    assert [verify_integral(*pair).status for pair in pairs] == ["verified"] * COUNT


def test_answers_have_no_constant_term_and_half_the_operators_that_were_drawn():
    source, settings = trees(4), Settings(least_operators=6, most_operators=6)
    answers = []
    while len(answers) < 100:
        try:
            answers.append(draw_antiderivative(source, settings))
        except RejectedTreeError:
            continue
    assert not any(answer.kind == ADD and answer.value for answer in answers)
    tiny = sum(operators_in(answer) < 3 for answer in answers)
    assert tiny <= 8  # one draw in 40 has at most three operators


def test_half_of_the_derivatives_are_shortened():
    def mean_length(share):
        source = BackwardIntegrals(trees(5), Settings(simplified_share=share))
        return statistics.mean(len(next(source)[0].prefix) for _ in range(150))

    assert mean_length(1.0) < 0.97 * mean_length(0.0)


def test_a_wrong_antiderivative_is_refused():
    assert is_integral(2 * X, X * X)
    assert not is_integral(2 * X, X * X * X)
    assert not is_integral(2 * X, X * X + function("exp", function("exp", function("exp", 9 * X))))


def test_an_integral_found_on_one_branch_of_a_root_is_refused():
    root = sqrt((X + 2) * (X + 2))  # x + 2 to the right of -2, where the points of `is_integral` lie
    assert is_integral(root, X * X / 2 + 2 * X)
    assert not is_found_integral(root, X * X / 2 + 2 * X)
    assert is_found_integral(root, (X + 2) * root / 2)


def test_what_loses_a_part_is_not_learnt():
    known = KnownIntegrals(10)
    inside = X + function("exp", integer(4))
    known.learn(function("tanh", inside), function("log", function("cosh", inside)))
    assert len(known) == 1


def test_a_fingerprint_is_equal_for_multiples_and_only_for_them():
    def of(node):
        return fingerprint(profile(node))

    assert of(X * X) == of(-7 * X * X)
    assert of(X * X) != of(X * X + 1)
    assert all(cmath.isnan(value) for value in profile(integer(0)))


def test_only_rational_ratios_with_small_parts_are_found():
    assert rational_ratio(3.5 + 0j, 2 + 0j) == 7 / 4
    assert rational_ratio(2**0.5 + 0j, 1 + 0j) is None
    assert rational_ratio(1j, 1 + 0j) is None


def test_no_parameter_is_taken_for_a_rational_number():
    values = [PARAMETERS[name] for name in ("a", "b", "c")]
    powers = [
        values[0] ** p * values[1] ** q * values[2] ** r
        for p, q, r in itertools.product(range(-3, 4), repeat=3)
        if p or q or r
    ]
    assert [rational_ratio(power, 1 + 0j) for power in powers] == [None] * len(powers)


def test_a_product_is_integrated_term_by_term_from_the_table():
    known = KnownIntegrals(10)
    known.learn(X, product(1, ((X, 2),)) / 2)
    known.learn(X * X, product(1, ((X, 3),)) / 3)
    # x * (3*x + 4) = 3*x**2 + 4*x
    assert known.find(Summands(X), Summands(3 * X + 4)) == product(1, ((X, 3),)) + 2 * X * X
    assert known.find(Summands(X), Summands(function("sin", X) + 1)) is None
    assert known.find(Summands(ONE), Summands(integer(5))) == 5 * X


def test_a_draw_by_parts_teaches_the_table():
    source = ByPartsIntegrals(trees(6), ByPartsSettings())
    before = len(source.known)
    found = sum(len(source.draw()) for _ in range(1000))
    assert found > 10
    assert len(source.known) > before + 30


def test_forward_answers_are_longer_than_their_integrands_as_published():
    source = forward_integrals(trees(7), ForwardSettings())
    pairs = [next(source) for _ in range(200)]
    integrand, answer = (statistics.mean(len(pair[side].prefix) for pair in pairs) for side in (0, 1))
    assert 14 < integrand < 32  # published: 18.9
    assert 1.6 < answer / integrand < 4  # published: 49.6 / 18.9


def test_random_expressions_are_integrated_once_the_table_knows_their_terms():
    source, known = trees(8), KnownIntegrals(1000)
    settings = ForwardSettings(least_operators=2, most_operators=5)
    learnt = ByPartsIntegrals(source, ByPartsSettings())

    def hits(table):
        found = []
        for _ in range(300):
            try:
                found.append(draw_looked_up(source, table, settings))
            except RejectedTreeError:
                continue
        return found

    assert len(hits(known)) < 15  # only constants are known
    for _ in range(400):
        learnt.draw()
    found = hits(learnt.known)
    assert len(found) > 40
    assert [verify_integral(*pair).status for pair in found[:20]] == ["verified"] * 20
