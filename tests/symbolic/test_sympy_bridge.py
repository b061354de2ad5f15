import subprocess
import sys

import pytest
import sympy

from sciml.errors import InputError
from sciml.symbolic.expression import X, symbol
from sciml.symbolic.infix import to_infix
from sciml.symbolic.parser import parse
from sciml.symbolic.sympy_bridge import equation_from_sympy, from_sympy, sympy_symbols, to_sympy
from tests.symbolic.random_trees import random_expressions

x, a = sympy.symbols("x a")
y = sympy.Function("y")


def test_random_expressions_have_the_same_value_in_sympy():
    compared = 0
    for expression in random_expressions(seed=41, count=60, largest=7):
        there = to_sympy(expression)
        back = from_sympy(there)
        values = {x: sympy.Rational(3, 7) + sympy.I / 5, a: sympy.Rational(13, 10)}
        numbers = [complex(one.subs(values).evalf(20)) for one in (there, to_sympy(back))]
        if not all(abs(one) < 1e200 for one in numbers):
            continue
        compared += 1
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-10), expression
    assert compared > 40


@pytest.mark.parametrize(
    ("there", "text"),
    [
        (sympy.sec(x) + sympy.csc(x) * sympy.cot(x), "1/cos(x) + 1/(sin(x)*tan(x))"),
        (sympy.sech(x) - sympy.coth(x) + sympy.csch(x), "1/cosh(x) - 1/tanh(x) + 1/sinh(x)"),
        (sympy.asec(x) + sympy.acot(x), "acos(1/x) + atan(1/x)"),
        (sympy.Abs(x) * sympy.sign(x - 1), "abs(x)*sign(x - 1)"),
        (sympy.E**x * sympy.I + sympy.pi, "I*exp(x) + pi"),
        (sympy.Rational(-3, 2) * x ** sympy.Rational(5, 3), "-3*x^(5/3)/2"),
        (sympy.log(x, 10), "log(x)/log(10)"),
        (sympy.sqrt(8), "2*sqrt(2)"),
        (x**a, "x^a"),
    ],
)
def test_functions_of_sympy_are_rewritten_in_those_of_the_engine(there, text):
    assert from_sympy(there) == parse(text)


def test_text_is_read_alike_by_sympy_and_by_our_parser():
    for expression in random_expressions(seed=43, count=100, largest=8):
        read = sympy.sympify(to_infix(expression), locals={"a": a, "x": x})
        difference = (read - to_sympy(expression)).subs({x: sympy.Rational(2, 7), a: sympy.Rational(9, 5)})
        assert abs(difference.evalf(15, maxn=200)) < 1e-8 or not difference.is_finite


def test_a_float_is_its_exact_decimal_and_leaves_a_note():
    notes: list[str] = []
    assert from_sympy(0.1 * x, notes) == X / 10
    assert notes == ["0.100000000000000 is read as the exact number 1/10"]


@pytest.mark.parametrize(
    ("there", "rule"),
    [
        (sympy.Integral(sympy.exp(x**2), x), "Integral"),
        (sympy.erf(x), "erf"),
        (None, "not of type NoneType"),
        (float("nan"), "no number"),
        (sympy.Piecewise((x, x > 0), (0, True)), "Piecewise"),
        (sympy.oo, "no number"),
        (sympy.zoo * x, "no number"),
        (sympy.Symbol("ü"), "another name"),
        (sympy.Function("g")(x, a), "one variable"),
        (sympy.Derivative(y(x), (x, 3)), "second derivative"),
        (y(x) + sympy.Function("z")(x), "two unknown"),
        (sympy.Derivative(sympy.sin(x), x), "doit"),
    ],
)
def test_what_has_no_equal_here_is_refused_by_name(there, rule):
    with pytest.raises(InputError, match=rule):
        from_sympy(there)


def test_symbols_come_back_with_their_assumptions():
    positive = sympy.Symbol("x", positive=True)
    there = positive**2 + 1
    assert to_sympy(from_sympy(there), sympy_symbols(there)) == there
    with pytest.raises(InputError, match="two different symbols"):
        sympy_symbols(positive + x)


def test_differential_equations_go_both_ways():
    there = sympy.Eq(x * y(x).diff(x, 2) + y(x).diff(x), y(x) ** 2)
    given = equation_from_sympy(there)
    assert (to_infix(given.left_side), given.order) == ("x*y'' - y**2 + y'", 2)
    assert to_sympy(given.left_side, function_of=x) == there.lhs - there.rhs
    t = sympy.Symbol("t")
    assert equation_from_sympy(y(t).diff(t) - t).variable == symbol("t")
    with pytest.raises(InputError, match="needs y'"):
        equation_from_sympy(y(x) - 1)
    with pytest.raises(InputError, match="y is the unknown function here"):
        equation_from_sympy(sympy.Eq(sympy.Function("u")(t).diff(t), sympy.Symbol("y") * t))


def test_the_engine_loads_without_sympy_and_torch():
    modules = "expression, derivative, evaluation, tokens, parser, infix, problems, sympy_bridge"
    loaded = "print('sympy' in sys.modules, 'torch' in sys.modules)"
    code = f"import sys; from sciml.symbolic import {modules}; {loaded}"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "False"]
