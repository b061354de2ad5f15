"""Evaluation modulo a prime: identities hold, false ones do not, and the primes are what they claim to be."""

from fractions import Fraction

import numpy as np
import pytest

from sciml.symbolic.expression import X, function, number, power, sqrt, symbol
from sciml.symbolic.ladder.modular import ModularPoints, NotModularError
from sciml.symbolic.ladder.modular_solve import null_space, rational_from_residue, solve
from sciml.symbolic.ladder.primes import PRIMES, prime_for


def equal_everywhere(left, right, count=200):
    points = ModularPoints(count, prime_for([left, right]))
    difference = points.evaluate(left - right)
    assert points.usable.sum() > count // 40
    return bool(np.all(difference[points.usable] == 0))


def f(name, argument):
    return function(name, argument)


@pytest.mark.parametrize("prime", PRIMES)
def test_the_primes_have_the_roots_that_are_promised(prime):
    assert all(prime % small for small in range(2, int(prime**0.5) + 1))
    assert prime < 2**31
    assert prime % 16 == 9
    assert prime % 9 in (4, 7)
    assert all((prime - 1) % odd for odd in (5, 7, 11, 13))
    assert all(pow(value, (prime - 1) // 12, prime) == 1 for value in (2, 3))
    assert all(pow(value, (prime - 1) // 2, prime) == 1 for value in (5, 7, 11, 13, 17, 19))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sqrt(1 - (X + 1) ** 2), sqrt(-(X**2) - 2 * X)),
        (f("sin", X) ** 2 + f("cos", X) ** 2, number(1)),
        (f("sin", 2 * X), 2 * f("sin", X) * f("cos", X)),
        (f("tan", X / 2) ** 2, (1 - f("cos", X)) / (1 + f("cos", X))),
        (f("sinh", X) + f("cosh", X), f("exp", X)),
        (f("exp", X / 3 + symbol("a")) ** 3, f("exp", X + 3 * symbol("a"))),
        (sqrt(X + 1) ** 3 / sqrt(X + 1), X + 1),
        (power(X, number(Fraction(2, 3))) * power(X, number(Fraction(1, 3))), X),
        (f("log", X**3 * (X + 1)), 3 * f("log", X) + f("log", X + 1)),
        (f("acos", X) + f("asin", X), f("acos", 2 * X) + f("asin", 2 * X)),
        (f("abs", X) * f("sign", X), X),
        (sqrt(number(29)) ** 2, number(29)),
    ],
)
def test_identities_hold_at_every_point(left, right):
    assert equal_everywhere(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (f("sin", X) ** 2 - f("cos", X) ** 2, number(1)),
        (f("exp", X), f("exp", 2 * X)),
        (sqrt(X**2), X),  # only for one of the two signs
        (f("log", X + 1), f("log", X)),
    ],
)
def test_what_is_no_identity_fails(left, right):
    assert not equal_everywhere(left, right)


def test_a_point_where_zero_is_inverted_is_not_usable():
    points = ModularPoints(50)
    points.keep(X, np.arange(50))
    points.evaluate(1 / X)
    assert not points.usable[0]
    assert points.usable[1:].all()


def test_a_multiple_that_is_too_fine_is_refused():
    with pytest.raises(NotModularError, match="finer"):
        ModularPoints(5).evaluate(f("exp", X / 17))


def test_a_system_is_solved_and_a_contradiction_found():
    matrix = np.array([[1, 2], [3, 4], [4, 6]])  # x + 2y = 5, 3x + 4y = 6: x = -4, y = 9/2
    assert solve(matrix, np.array([5, 6, 11]), 101).tolist() == [101 - 4, 9 * pow(2, -1, 101) % 101]
    assert solve(matrix, np.array([5, 6, 12]), 101) is None


def test_vectors_of_the_null_space_are_sent_to_zero():
    matrix = np.array([[1, 2, 3, 4], [2, 4, 6, 9]])
    basis = null_space(matrix, 103)
    assert len(basis) == 2
    assert all(np.all(matrix @ vector % 103 == 0) for vector in basis)


@pytest.mark.parametrize("value", [Fraction(3, 7), Fraction(-125, 128), Fraction(0), Fraction(-9999)])
def test_a_fraction_is_found_again_from_its_residue(value):
    prime = PRIMES[0]
    residue = value.numerator * pow(value.denominator, -1, prime) % prime
    assert rational_from_residue(residue, prime) == value
