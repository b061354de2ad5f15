import random
import time

import pytest

from sciml.errors import InputError
from sciml.symbolic import parse
from sciml.symbolic.latex import to_latex
from sciml.symbolic.problems import parse_equation, parse_integral
from tests.symbolic.random_trees import random_expressions


def test_what_is_printed_in_latex_is_read_back():
    for expression in random_expressions(5, 400):
        assert parse(to_latex(expression)) == expression, to_latex(expression)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"\frac{x}{2} e^{-x}", "x/2*exp(-x)"),
        (r"\frac12 xy", "x*y/2"),
        (r"\sin 2x \cos x", "sin(2*x)*cos(x)"),
        (r"\sin^2 x + \tan^{-1} x", "sin(x)^2 + atan(x)"),
        (r"\sin(x)^2", "sin(x)^2"),
        (r"\tan x^2", "tan(x^2)"),
        (r"\sqrt[3]{1 - x^{10}}", "(1 - x^10)^(1/3)"),
        (r"\left|x\right| \ln|x|", "abs(x)*log(abs(x))"),
        (r"\alpha x^\beta \cdot \pi", "alpha*x^beta*pi"),
        (r"\operatorname{arsinh} x", "asinh(x)"),
        (r"\{x + 1\}[x - 1]\,(x + 2)", "(x + 1)*(x - 1)*(x + 2)"),
        (r"c_1 \cos x + c_{12}", "c1*cos(x) + c12"),
    ],
)
def test_latex_means_what_it_shows(text, plain):
    assert parse(text) == parse(plain)


@pytest.mark.parametrize("text", [r"\int x^2 \sin x \, dx", r"\int x^2 \sin x \mathrm{d}x"])
def test_an_integral_sign_and_its_variable_are_left_aside(text):
    assert parse_integral(text).integrand == parse("x^2*sin(x)")


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{dy}{dx} = x y \sin x",
        r"y'(x) = x y(x) \sin x",
        r"\frac{du}{dx} - x u \sin x = 0",
    ],
)
def test_derivatives_in_latex_are_those_of_an_equation(text):
    assert parse_equation(text).left_side == parse_equation("y' - x*y*sin(x)").left_side


def test_second_derivatives_in_latex_keep_their_variable():
    equation = parse_equation(r"\frac{d^2 x}{dt^2} + \omega^2 x = 0")
    assert (equation.order, equation.variable.value) == (2, "t")
    assert equation.left_side == parse_equation("y'' + omega^2*y").left_side


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (r"x + \foo", r"position 5: '\\\\foo' is not read"),
        (r"\frac{x}{2", "position 11: '}' is missing to close '{' of position 9"),
        (r"\sqrt", "needs its argument in braces"),
        (r"\sin", "needs its argument"),
        (r"\int_0^1 x dx", "--definite"),
        (r"\int x", "ends with dx"),
        (r"\sin^x x", "exponent of a function's name is a number"),
        (r"x_n \cdot 2", "a subscript is a number"),
        (r"\left(" * 200, "nested over"),
        (r"x \# 2", "has no meaning in LaTeX"),
    ],
)
def test_latex_that_cannot_be_read_names_place_and_rule(text, rule):
    with pytest.raises(InputError, match=rule):
        parse_integral(text)


HOSTILE = (
    *(r"\frac", r"\frac{dy}{dx}", r"\sqrt[", r"\sin", r"\cos^", r"\log_", r"\int", r"\left|", r"\right)"),
    *(r"\operatorname{", r"\mathrm{d}x", r"\pi", r"\cdot", r"\,", r"\input{/etc/passwd}", r"\def\x{", "\\"),
    *("{", "}", "(", ")", "[", "]", "|", "^", "_", "x", "y'", "i", "12", "e", "+", "-", "=", "9^9^9", "\0"),
)


def test_hostile_latex_is_read_or_refused_and_never_hangs():
    generator, slowest, refused = random.Random(3), 0.0, 0
    for _ in range(1_500):
        repeats = generator.choice((1, 1, 1, 1, 300))
        pieces = [generator.choice(HOSTILE) for _ in range(generator.randint(1, 12))]
        text = "".join(pieces) * repeats
        start = time.process_time()
        try:
            parse_equation(text) if "=" in text else parse(text)
        except InputError:
            refused += 1
        slowest = max(slowest, time.process_time() - start)
    assert slowest < 2
    assert 700 < refused < 1_500
