import numpy as np
import pytest

from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import UndefinedExpressionError, X, function, number, symbol
from sciml.symbolic.parser import parse
from sciml.symbolic.substitution import contains, rename, substitute
from tests.symbolic.random_trees import random_expressions

A, Y = symbol("a"), symbol("y")


def test_symbols_are_replaced_all_at_once():
    assert substitute(parse("x - a/x"), {X: A, A: X}) == parse("a - x/a")
    assert rename(parse("x*a"), {"x": "a", "a": "b"}) == parse("a*b")


def test_whole_nodes_are_replaced():
    assert substitute(parse("sin(x)^2 + sin(x)"), {function("sin", X): Y}) == parse("y^2 + y")
    assert substitute(parse("(x + 1)^2 + x"), {X + 1: Y}) == parse("y^2 + x")


def test_what_loses_its_value_is_refused():
    with pytest.raises(UndefinedExpressionError):
        substitute(1 / X, {X: number(0)})


def test_substitution_commutes_with_evaluation():
    points = np.array([0.31 + 0.2j, 1.7 - 0.4j])
    inner = parse("x/3 + 1/7")
    moved = evaluate(inner, {"x": points})
    for expression in random_expressions(seed=31, count=100, largest=8):
        values = {"x": moved, "a": np.full(2, 1.3 + 0j)}
        before = evaluate(expression, values)
        after = evaluate(substitute(expression, {X: inner}), {"x": points, "a": values["a"]})
        finite = np.isfinite(before) & np.isfinite(after) & (np.abs(before) < 1e8) & (np.abs(before) > 1e-8)
        np.testing.assert_allclose(
            np.broadcast_to(after, 2)[finite], np.broadcast_to(before, 2)[finite], rtol=1e-6
        )


def test_parts_are_found_wherever_they_stand():
    expression = parse("a + exp(sin(x + 1))/2")
    for part in ("x", "x + 1", "sin(x + 1)", "a"):
        assert contains(expression, parse(part))
    for part in ("b", "x + 2", "cos(x + 1)"):
        assert not contains(expression, parse(part))
