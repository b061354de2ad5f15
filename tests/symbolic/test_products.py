import random
from fractions import Fraction

import pytest

from sciml.symbolic.collected_powers import collected_product
from sciml.symbolic.expression import (
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    function,
    linear,
    number,
    product,
    sqrt,
)
from tests.symbolic.random_trees import random_expressions

EXPONENTS = (1, 1, 1, 1, -1, -1, 2, -2, 3, 0, Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), Fraction(2, 3))


def made(constructor, coefficient, powers):
    try:
        return constructor(coefficient, powers).prefix
    except (UndefinedExpressionError, ExpressionTooLargeError) as error:
        return type(error)


@pytest.mark.parametrize("largest", [2, 9])
def test_the_short_way_to_a_product_gives_what_the_long_one_gives(largest):
    draw = random.Random(largest)
    parts = random_expressions(largest, 400, largest)
    for _ in range(2500):
        some = draw.sample(parts, draw.randint(1, 3))
        some += draw.choices(some, k=draw.randint(0, 2))  # equal bases
        powers = [(part, draw.choice(EXPONENTS)) for part in some]
        coefficient = draw.choice((1, 1, -1, 6, 0, Fraction(-2, 3)))
        assert made(product, coefficient, powers) == made(collected_product, coefficient, powers)


def test_exponentials_of_a_product_become_one():
    exp = [function("exp", one) for one in (X, -2 * X, X * X, -X * X + X)]
    assert product(1, [(one, 1) for one in exp]).prefix == number(1).prefix
    assert product(1, ((exp[0], 3), (exp[1], 1))) == exp[0]


def test_a_radical_that_is_squared_gives_its_sign_to_the_coefficient():
    root = sqrt(linear(((-1, X), (1, number(1)))))  # the sum under the root begins with -x
    assert product(1, ((root, 1), (root, 1))) == 1 - X
    assert product(1, ((root, 2), (X - 1, -1))) == number(-1)
    assert product(1, ((root, -1), (root, -1), (X, 1))) == -X / (X - 1)
