import random
import time

import pytest

from sciml.errors import InputError
from sciml.symbolic.expression import (
    EULER,
    IMAGINARY_UNIT,
    PI,
    X,
    function,
    number,
    power,
    rational,
    symbol,
)
from sciml.symbolic.infix import to_infix
from sciml.symbolic.parser import parse, parse_noted
from sciml.symbolic.problems import parse_equation, parse_integral
from tests.symbolic.random_trees import random_expressions

Y0, Y1, Y2 = symbol("y"), symbol("y'"), symbol("y''")


def test_text_of_an_expression_reads_back_as_the_same_expression():
    for expression in random_expressions(seed=4, count=1000):
        assert parse(to_infix(expression)) == expression, to_infix(expression)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-x**2", -(X**2)),
        ("(-x)^2", X**2),
        ("-3^2", number(-9)),
        ("2^3^2", number(512)),
        ("2**-x", power(number(2), -X)),
        ("x - 1 - 1", X - 2),
        ("x/2/3", X / 6),
        ("--x", X),
        ("e^x", function("exp", X)),
        ("E", EULER),
        ("I*x", IMAGINARY_UNIT * X),
        ("ln(x)", function("log", X)),
        ("arcsin(x) + arctan(x)", function("asin", X) + function("atan", X)),
        ("log10(x)", function("log", X) / function("log", number(10))),
        ("log(x, 3)", function("log", X) / function("log", number(3))),
        ("sec(x)", 1 / function("cos", X)),
        ("acot(x)", function("atan", 1 / X)),
        ("asech(x)", function("acosh", 1 / X)),
        ("|x - 1|*|x|", function("abs", X - 1) * function("abs", X)),
        ("||x| - 1|", function("abs", function("abs", X) - 1)),
        ("cbrt(x)", power(X, rational(1, 3))),
        ("π·x²", PI * X**2),
        ("[x + 1]·{x − 1}", (X + 1) * (X - 1)),
        ("0.125", rational(1, 8)),
        ("1e-3*x", X / 1000),
        ("2x", 2 * X),
        ("(x+1)(x-1)", (X + 1) * (X - 1)),
        ("2sin(x)cos(x)", 2 * function("sin", X) * function("cos", X)),
        ("sin^2(x)", function("sin", X) ** 2),
        ("x^2 sin(x)", X**2 * function("sin", X)),
        ("λ + c_2", symbol("lambda") + symbol("c_2")),
        ("diff(x**3, x)", 3 * X**2),
    ],
)
def test_text_has_its_usual_meaning(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "rule"),
    [
        ("", None, "empty"),
        ("x +", 4, "an operand is missing; found the end"),
        ("1/2x", 4, "two readings"),
        ("x^2y", 4, "two readings"),
        ("x y", 3, r"write x\*y"),
        ("2 3", 3, r"write 2\*3"),
        ("x(x+1)", 1, r"write x\*\(…\)"),
        ("xsin(x)", 1, r"write x\*sin\(…\)"),
        ("sin x", 1, r"sin\(…\)"),
        ("sin^-1(x)", 4, r"asin\(…\)"),
        ("sin(x", 6, "to close the parenthesis of position 4"),
        ("(x))", 4, "cannot stand here"),
        ("foo", 1, "not known"),
        ("foo(x)", 1, "no known function"),
        ("x!", 2, "factorials"),
        ("x\x00", 2, r"U\+0000"),
        ("__import__('os')", 1, "'_' has no meaning"),
        ("x.__class__", 2, "'.' has no meaning"),
        ("lambda: x", 7, "':' has no meaning"),
        ("1/0", 1, "division by zero"),
        ("1/(x - x)", 1, "division by zero"),
        ("log(0)", 1, "log"),
        ("0**(-1)", 2, "division by zero"),
        ("0^x", 2, "no value"),
        ("9**9**9**9", 5, "exponent beyond"),
        ("(1/3)**(10**9)", 6, "exponent beyond"),
        ("(1/3)**(-1000000)", 6, "bits"),
        ("2**(10**6/3)", 2, "bits"),
        ("(x**1000)**10000", 10, "exponent beyond"),
        ("1e999999", 1, "power of ten"),
        ("1" * 1301, 1, "1301 digits"),
        ("(" * 200, 101, "nested"),
        ("x^" * 200 + "x", 201, "nested"),
        ("sin(" * 101 + "x" + ")" * 101, 401, "nested"),
        ("x" * 20_001, None, "20001 characters"),
        ("+".join("x" * 5000), 8001, "words"),
        ("oo", 1, "no number"),
        ("i", 1, "imaginary unit"),
        ("y'''", 1, "beyond the second"),
        ("Derivative(y(x), (x, 3))", 1, "beyond the second"),
        ("Derivative(y(x)*x, x)", 1, "only y itself"),
        ("dy/dx + dy/dt", 12, "depends on x and on t"),
    ],
)
def test_text_without_one_meaning_is_refused_where_it_breaks_a_rule(text, position, rule):
    with pytest.raises(InputError, match=rule) as refused:
        parse(text)
    assert refused.value.position == position


def test_doubtful_spots_are_read_with_a_note():
    assert parse_noted("0.5x").notes == (
        "0.5 is read as the exact number 1/2",
        "0.5x is read as a product",
    )
    assert parse_noted("x/2 + 1").notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "y' = x*y",
        "y'(x) - x*y(x)",
        "dy/dx = x*y",
        "Eq(Derivative(y(x), x), x*y(x))",
        "diff(y, x) == x*y",
        "f'(x) = x*f(x)",
        "Derivative(f(x), (x, 1)) = x*f(x)",
    ],
)
def test_notations_of_a_first_order_equation_are_the_same_equation(text):
    equation = parse_equation(text)
    assert equation.left_side == Y1 - X * Y0
    assert (equation.order, equation.variable) == (1, X)


@pytest.mark.parametrize("text", ["y''", "d^2y/dx^2", "d2y/dx2", "diff(y, x, 2)", "Derivative(y(x), x, x)"])
def test_notations_of_a_second_derivative_are_the_same(text):
    equation = parse_equation(f"{text} + y = 0")
    assert (equation.left_side, equation.order) == (Y2 + Y0, 2)


@pytest.mark.parametrize(
    ("text", "variable"),
    [("u' = t*u", "x"), ("du/dt = t*u", "t"), ("diff(v(t), t) = t*v(t)", "t"), ("x' = t*x", "t")],
)
def test_whatever_is_differentiated_is_the_unknown_function(text, variable):
    equation = parse_equation(text)
    assert equation.left_side == Y1 - symbol("t") * Y0
    assert equation.variable == symbol(variable)
    assert "is called y" in equation.notes[0]


def test_second_derivatives_of_another_unknown_function_are_read():
    for text in ("d2u/dx2 + u", "d^2u/dx^2 + u = 0", "u'' = -u"):
        assert parse_equation(text).left_side == Y2 + Y0


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("u' = v'", "u and v are differentiated"),
        ("u' = y", "unknown function is u"),
        ("y' = f(x)", "call of a function"),
        ("y' = y, y(0) = 1", "initial values are not read"),
    ],
)
def test_an_equation_with_two_functions_or_initial_values_is_refused(text, rule):
    with pytest.raises(InputError, match=rule):
        parse_equation(text)


def test_an_equation_in_another_variable_keeps_it():
    assert parse_equation("dy/dt = t*y").variable == symbol("t")
    with pytest.raises(InputError, match="depends on t and on x"):
        parse_equation("y'(t) = y(x)")


@pytest.mark.parametrize(
    ("text", "rule"), [("y = 2", "needs y'"), ("y' = y = x", "one sign ="), ("y' =", "empty")]
)
def test_an_equation_without_derivative_or_side_is_refused(text, rule):
    with pytest.raises(InputError, match=rule):
        parse_equation(text)


def test_an_integrand_with_a_derivative_is_refused():
    assert parse_integral("a*t", "t").variable == symbol("t")
    with pytest.raises(InputError, match="dsolve"):
        parse_integral("y' + 1")


WORDS = (
    *(
        "x",
        "y",
        "y'",
        "dy/dx",
        "Derivative(",
        "diff(",
        "sin(",
        "sin",
        "log(",
        "sqrt(",
        "abs(",
        "|",
        "(",
        ")",
        "[",
        "}",
    ),
    *(
        "+",
        "-",
        "*",
        "/",
        "**",
        "^",
        ",",
        "=",
        "==",
        "'",
        "''",
        ".",
        "..",
        "!",
        "e",
        "E",
        "I",
        "i",
        "pi",
        "oo",
        "nan",
    ),
    *(
        "0",
        "1",
        "2",
        "9**9**9**9",
        "10**10**10",
        "1e999999",
        "1e-300",
        "0.1",
        "99999999999999999999",
        "1/0",
        "1/3",
    ),
    *(
        "__import__('os').system('true')",
        "exec(",
        "lambda x: x",
        "open('x')",
        "[0]*9**9",
        "\0",
        "\x1b[2J",
        "é",
        "∞",
    ),
    *(
        "²",
        "π",
        "√",
        "−",
        "𝑥",
        "\u202e",
        "\ud800",
        "\\frac{",
        "#",
        "\n",
        "\t",
        " ",
        ";",
        "_",
        "c1",
        "alpha",
        "foo",
    ),
    *(
        "((((((((",
        "))))))))",
        "--------",
        "****",
        "x^x^x^x^",
        "2^(1/2)^",
        "sin(sin(sin(",
        "1/(1/(1/(",
        "|||||",
        "f(x)",
    ),
    *(
        "Integral(",
        "Eq(",
        "log(0)",
        "x**1000000",
        "(x+1)**999999",
        "exp(exp(exp(exp(9",
        "9999999**(1/7)",
        "asec(0)",
    ),
)


def hostile_strings(seed, count):
    """Sequences of words that hurt, printable noise, and damaged texts of valid expressions."""
    rng = random.Random(seed)
    valid = [to_infix(one) for one in random_expressions(seed, 200)]
    for _ in range(count):
        draw = rng.random()
        if draw < 0.65:
            yield "".join(rng.choice(WORDS) for _ in range(rng.randint(1, 25)))
        elif draw < 0.68:
            yield rng.choice(WORDS) * rng.choice((30, 100, 300, 300, 3000))
        elif draw < 0.85:
            yield "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x2000)))) for _ in range(40))
        else:
            text = list(rng.choice(valid))
            for _ in range(rng.randint(1, 4)):
                place = rng.randrange(len(text) + 1)
                text[place : place + rng.randrange(2)] = rng.choice(WORDS)
            yield "".join(text)


def test_hostile_strings_are_read_or_refused_and_never_hang():
    slowest, slowest_text, refused = 0.0, "", 0
    for text in hostile_strings(seed=7, count=10_000):
        start = time.process_time()
        try:
            parse_equation(text) if "=" in text else parse(text)
        except InputError:
            refused += 1
        seconds = time.process_time() - start
        if seconds > slowest:
            slowest, slowest_text = seconds, text
    assert slowest < 2, slowest_text[:200]
    assert 5_000 < refused < 10_000
