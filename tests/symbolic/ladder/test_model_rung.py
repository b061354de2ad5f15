import pytest

from sciml.errors import MissingRequirementError
from sciml.symbolic import integrate, parse
from sciml.symbolic.ladder import model_rung
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.model_rung import Search, ask, searches
from sciml.symbolic.problems import parse_equation, parse_integral
from sciml.symbolic.verification import verify
from sciml.weights.registry import SEQUENCE_MODELS
from tests.symbolic.random_networks import random_network


def test_searches_grow_and_end_with_samples():
    assert [one.name for one in searches(10)] == [
        *("model greedy", "model beam 10", "model beam 50", "model 50 samples"),
    ]
    assert [one.name for one in searches(1)] == ["model greedy", "model beam 50", "model 50 samples"]
    assert [one.name for one in searches(80)] == ["model greedy", "model beam 80", "model 50 samples"]


def test_the_first_hypothesis_that_the_judge_accepts_ends_the_search():
    judged = []

    def third(answer):
        judged.append(answer)
        return len(judged) == 3

    network = random_network(5)
    found = ask(parse_integral("x*sin(x)"), Search(beam=5), third, Deadline.after(60), network=network)
    assert found == judged[2]
    assert len(judged) == 3


def test_large_numbers_are_hidden_from_the_model_and_come_back():
    judged = []
    problem = parse_integral("2000*x")
    ask(problem, Search(samples=8), lambda one: judged.append(one), Deadline.after(60), 3, random_network(5))
    assert judged
    assert not any(one.mask & parse("a").mask for one in judged)


def test_a_problem_with_names_that_the_model_lacks_is_not_asked():
    problem = parse_equation("y' = omega*y")
    assert (
        ask(problem, Search(beam=1), lambda one: True, Deadline.after(60), network=random_network(5)) is None
    )


@pytest.fixture
def without_model(monkeypatch):
    monkeypatch.setitem(SEQUENCE_MODELS, "symbolic", "absent.safetensors")
    model_rung._installed_network.cache_clear()
    yield
    model_rung._installed_network.cache_clear()


@pytest.mark.usefixtures("without_model")
def test_without_a_model_the_rung_says_what_is_missing():
    with pytest.raises(MissingRequirementError, match="lacks its bundled model"):
        ask(parse_integral("x"), Search(beam=1), lambda one: True, Deadline.after(5))
    assert model_rung.SKIPPED in integrate("exp(x^2)", timeout=2).notes


@pytest.mark.parametrize("text", ["3*x^2*cos(x^3)", "1/(x*log(x))", "x*cos(x) + sin(x)"])
def test_the_bundled_model_finds_simple_antiderivatives_by_itself(text):
    problem = parse_integral(text)
    found = ask(problem, Search(beam=10), lambda one: verify(problem, one).is_verified, Deadline.after(60))
    assert found is not None
    assert verify(problem, found).is_verified
