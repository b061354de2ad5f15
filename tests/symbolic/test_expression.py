import pickle
import random

import numpy as np
import pytest

from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import FUNCTION_VALUES, evaluate
from sciml.symbolic.expression import (
    EULER,
    IMAGINARY_UNIT,
    LARGEST_BITS,
    ONE,
    PI,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    add,
    divide,
    forget_nodes,
    function,
    linear,
    multiply,
    number,
    power,
    primitive,
    product,
    rational,
    sqrt,
    symbol,
    symbol_names,
)
from sciml.symbolic.parser import parse
from sciml.symbolic.tokens import from_prefix
from sciml.symbolic.vocabulary import PrefixError, decode, encode, is_expression
from tests.symbolic.random_trees import Tree, built, random_expressions, random_tree

A = symbol("a")
POINTS = np.array([0.37 + 0.21j, 1.43 - 0.35j, -0.71 + 0.53j, 2.19 + 0.11j])
VALUES = {"x": POINTS, "a": np.array([0.83, 1.29, 1.71, 0.47]) + 0.09j}


def naive_values(tree: Tree) -> np.ndarray:
    """Values of a raw tree, operator by operator, without any rule."""
    kind = tree[0]
    if kind == "symbol":
        return VALUES[tree[1]]
    if kind == "number":
        return np.full(4, tree[1] / tree[2] + 0j)
    if kind == "pi":
        return np.full(4, np.pi + 0j)
    first = naive_values(tree[1]) + 0.0  # no negative zeros on branch cuts
    if len(tree) == 3:
        second = naive_values(tree[2])
        rules = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power}
        return rules[kind](first, second)
    rules = {"sqrt": np.sqrt, "square": np.square, "neg": np.negative, "inverse": np.reciprocal}
    return rules[kind](first) if kind in rules else FUNCTION_VALUES[kind](first)


def is_constant(tree: Tree) -> bool:
    return tree[0] != "symbol" and all(is_constant(one) for one in tree[1:] if isinstance(one, tuple))


def may_lie_on_a_branch_cut(tree: Tree) -> bool:
    """Whether an inverse function has a constant argument, such as asin(-3): parity fails on cuts."""
    if tree[0] in ("asin", "acos", "atan", "asinh", "acosh", "atanh") and is_constant(tree[1]):
        return True
    return any(may_lie_on_a_branch_cut(one) for one in tree[1:] if isinstance(one, tuple))


def test_canonical_form_has_the_value_of_the_raw_tree():
    rng = random.Random(61)
    compared = 0
    for _ in range(1500):
        tree = random_tree(rng, rng.randint(1, 9))
        if may_lie_on_a_branch_cut(tree):
            continue
        try:
            expression = built(tree)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
        with np.errstate(all="ignore"):
            expected, found = naive_values(tree), np.broadcast_to(evaluate(expression, VALUES), 4)
            size = np.abs(expected)
            moderate = np.isfinite(expected) & np.isfinite(found) & (size > 1e-6) & (size < 1e6)
        # Rounding puts a value on the other side of a branch cut at single points; a wrong rule fails at all.
        close = np.abs(found[moderate] - expected[moderate]) <= 1e-6 * size[moderate]
        compared += int(moderate.sum() >= 2)
        assert moderate.sum() < 2 or close.mean() >= 0.5, tree
    assert compared > 900


def test_prefix_says_the_expression():
    for expression in random_expressions(seed=62, count=1000):
        assert is_expression(expression.prefix)
        assert from_prefix(expression.prefix) is expression or from_prefix(expression.prefix) == expression


def test_derivative_is_the_slope_of_the_values():
    step = 1e-5
    compared = 0
    for expression in random_expressions(seed=63, count=400, largest=8):
        values = [evaluate(expression, {**VALUES, "x": POINTS + one}) for one in (step, -step)]
        with np.errstate(all="ignore"):
            slope = np.broadcast_to((values[0] - values[1]) / (2 * step), 4)
            found = np.broadcast_to(evaluate(derivative(expression), VALUES), 4)
            smooth = np.isfinite(slope) & np.isfinite(found) & (np.abs(slope) > 1e-3) & (np.abs(slope) < 1e3)
        close = np.abs(found[smooth] - slope[smooth]) <= 1e-3 * np.abs(slope[smooth])
        compared += int(smooth.sum() >= 2)
        assert smooth.sum() < 2 or close.mean() >= 0.5, expression
    assert compared > 150


@pytest.mark.parametrize("operator", [add, multiply])
def test_sums_and_products_do_not_depend_on_order_or_grouping(operator):
    expressions = random_expressions(seed=64, count=90, largest=5)
    for u, v, w in zip(expressions[::3], expressions[1::3], expressions[2::3], strict=True):
        try:
            grouped = operator(u, operator(v, w))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
        assert operator(u, v) == operator(v, u)
        assert operator(operator(u, v), w) == grouped == operator(w, u, v)


def test_an_expression_built_twice_is_one_object_until_the_table_is_emptied():
    first = sqrt(X + 17)
    assert sqrt(17 + X) is first
    forget_nodes()
    again = sqrt(X + 17)
    assert again is not first
    assert again == first
    assert hash(again) == hash(first)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("2*x + 1", "add mul INT+ 2 x INT+ 1"),
        ("x/2", "div x INT+ 2"),
        ("-x", "neg x"),
        ("-3*x/4", "div mul INT- 3 x INT+ 4"),
        ("1/x^2", "div INT+ 1 pow x INT+ 2"),
        ("x^(3/2)", "pow x div INT+ 3 INT+ 2"),
        ("sqrt(x)", "sqrt x"),
        ("e", "exp INT+ 1"),
        ("I", "sqrt INT- 1"),
        ("-12", "INT- 1 2"),
        ("a*x/(pi*sin(x))", "div mul x a mul pi sin x"),
    ],
)
def test_canonical_surface_in_tokens(text, prefix):
    assert decode(parse(text).prefix) == prefix
    assert from_prefix(encode(prefix)) == parse(text)


@pytest.mark.parametrize(
    ("text", "simpler"),
    [
        ("x - x", "0"),
        ("x*x^2/x", "x^2"),
        ("sqrt(x)*sqrt(x)", "x"),
        ("sqrt(8)", "2*sqrt(2)"),
        ("sqrt(12)*sqrt(3)", "6"),
        ("2/sqrt(2)", "sqrt(2)"),
        ("I*I", "-1"),
        ("(2*x + 4)^2", "4*(x + 2)^2"),
        ("exp(2*log(x))", "x^2"),
        ("exp(x)*exp(-x)", "1"),
        ("exp(x)^2", "exp(2*x)"),
        ("log(1/3)", "-log(3)"),
        ("sin(-x)", "-sin(x)"),
        ("cos(-x)", "cos(x)"),
        ("sin(pi/3)", "sqrt(3)/2"),
        ("cos(5*pi/4)", "-sqrt(2)/2"),
        ("tan(pi/6)", "1/sqrt(3)"),
        ("atan(1)", "pi/4"),
        ("sin(acos(x))", "sqrt(1 - x^2)"),
        ("2^x*2^a", "2^(x + a)"),
        ("(sqrt(1 - x))^2", "-(x - 1)"),
    ],
)
def test_rules_that_hold_for_complex_values_are_used(text, simpler):
    assert parse(text) == parse(simpler)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sqrt(x^2)", "x"),
        ("log(exp(x))", "x"),
        ("sqrt(x)*sqrt(a)", "sqrt(a*x)"),
        ("asin(sin(x))", "x"),
        ("(x^a)^2*0 + (x^2)^a", "x^(2*a)"),
        ("log(x) + log(a)", "log(a*x)"),
    ],
)
def test_rules_that_hold_on_a_part_of_the_plane_only_are_not_used(left, right):
    assert parse(left) != parse(right)


def test_contents_are_coprime_and_the_first_coefficient_is_positive():
    content, part = primitive(linear([(rational(-2, 3).value, X), (rational(4, 9).value, A)]))
    assert content * part.args[0][1] in (rational(-2, 3).value, rational(4, 9).value)
    assert sorted(abs(coefficient) for _, coefficient in part.args) == [2, 3]
    assert part.args[0][1] > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: number(2) ** (LARGEST_BITS + 1),
        lambda: number(1 << LARGEST_BITS),
        lambda: rational(1, 3) ** -10_000,
        lambda: power(number(2), rational(10**9, 3)),
        lambda: (3 * X) ** 100_000,
        lambda: function("exp", 10**6 * function("log", number(7))),
    ],
)
def test_huge_numbers_are_refused(make):
    with pytest.raises(ExpressionTooLargeError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ONE / 0,
        lambda: divide(X, X - X),
        lambda: rational(1, 0),
        lambda: power(ZERO_EXPR, X),
        lambda: product(1, ((ZERO_EXPR, rational(-1, 2).value),)),
        lambda: function("log", ZERO_EXPR),
        lambda: function("atanh", ONE),
        lambda: function("tan", PI / 2),
    ],
)
def test_what_has_no_value_is_refused(make):
    with pytest.raises(UndefinedExpressionError):
        make()


def test_operators_of_python_take_numbers_on_both_sides():
    assert 1 + X - 1 == X
    assert number(2) == (2 - X) + X
    assert 6 / (3 * X) == 2 / X
    assert -(1 - X) == X - 1
    with pytest.raises(TypeError, match="exact number"):
        X + 0.5  # type: ignore[operator]


def test_pickled_expressions_come_back_equal():
    for expression in (*random_expressions(seed=65, count=50), EULER, IMAGINARY_UNIT):
        assert pickle.loads(pickle.dumps(expression)) == expression


def test_symbols_inside_are_named():
    assert set(symbol_names(parse("a*sin(x) + 3"), symbol("zeta"))) == {"a", "x", "zeta"}
    assert symbol_names(PI) == []
    with pytest.raises(ValueError, match="cannot name a symbol"):
        symbol("sin")


@pytest.mark.parametrize("text", ["add x", "x x", "INT+", "INT+ 3 4 x", "3", "<pad>", "sin"])
def test_ids_that_are_no_expression_are_refused(text):
    with pytest.raises(PrefixError):
        from_prefix(encode(text))


def test_any_prefix_is_brought_into_canonical_form():
    assert from_prefix(encode("add INT+ 1 mul x INT+ 2")) == 2 * X + 1
    assert from_prefix(encode("pow mul x x div INT+ 1 INT+ 2")) == sqrt(X**2)


def test_nodes_are_of_the_documented_kinds():
    def check(node: Expr) -> None:
        for part in node.args:
            inner = part[0] if isinstance(part, tuple) else part
            assert inner.mask & ~node.mask == 0
            check(inner)

    for expression in random_expressions(seed=66, count=200):
        check(expression)
