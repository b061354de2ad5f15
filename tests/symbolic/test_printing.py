import pytest

from sciml.symbolic.infix import to_infix
from sciml.symbolic.latex import to_latex
from sciml.symbolic.parser import parse
from tests.symbolic.random_trees import random_expressions


@pytest.mark.parametrize(
    "text",
    [
        "x**2/2 + 2*x + log(x + 1) + 9*log(3 - x) - 7",
        "1 - x",
        "-x - 1",
        "x**3 - 2*x**2 + x - 1",
        "1/(x*(x + 1)**2)",
        "-3/(2*x**(3/2))",
        "sqrt(2)*x/2",
        "I*pi*x",
        "2**(-x)",
        "x**(a + 1)/(a + 1)",
        "(-1)**(1/3)*x",
        "c1*exp(-x) + c2",
        "x*y' - y",
        "3*(x + 1)*(x - 1)",
        "sin(x)*(1 - x)",
        "(x*log(x) - x)/log(10)",
        "-(x**2 + x - 1)/(x + 5)",
        "(2 - 3*x)/(5*(x + 1))",
        "-1/(x - 1)",
        "(x**2)**a",
    ],
)
def test_text_is_written_as_a_person_would(text):
    assert to_infix(parse(text)) == text


def test_derivatives_of_y_have_sympys_names_on_request():
    expression = parse("y'' + y'*y")
    assert to_infix(expression, sympy_derivatives=True) == (
        "y(x)*Derivative(y(x), x) + Derivative(y(x), (x, 2))"
    )


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("x**2/2 + 2*x - 7", r"\frac{x^{2}}{2} + 2 x - 7"),
        ("(x + 1)/(x - 1)", r"\frac{x + 1}{x - 1}"),
        ("sin(x)^2*exp(-x/2)", r"\sin^{2}\left(x\right) e^{-\frac{x}{2}}"),
        ("x^(1/3) + sqrt(x + 1)", r"\sqrt[3]{x} + \sqrt{x + 1}"),
        ("asinh(x) - atan(x)", r"\operatorname{arsinh}\left(x\right) - \arctan\left(x\right)"),
        ("abs(x)*I", r"i \left|x\right|"),
        ("c1*alpha + e", r"c_{1} \alpha + e"),
        ("2*(x + 1)*(x - 1)", r"2 \left(x + 1\right) \left(x - 1\right)"),
        ("-(x - 1)/x", r"\frac{1 - x}{x}"),
        ("2*3^x", r"2 \cdot 3^{x}"),
        ("(1/2)^x", r"\left(\frac{1}{2}\right)^{x}"),
        ("exp(x)^a", r"\left(e^{x}\right)^{a}"),
        ("y'' - 3", "y'' - 3"),
        ("-2/3", r"-\frac{2}{3}"),
    ],
)
def test_latex_of_an_expression(text, latex):
    assert to_latex(parse(text)) == latex


def test_latex_of_random_expressions_is_balanced_and_drawn_by_matplotlib():
    from matplotlib.mathtext import MathTextParser

    parser = MathTextParser("agg")
    for expression in random_expressions(seed=51, count=25, largest=8):
        latex = to_latex(expression)
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")
        drawable = latex.replace(r"\left|", "|").replace(r"\right|", "|")
        assert parser.parse(f"${drawable}$").width > 0
