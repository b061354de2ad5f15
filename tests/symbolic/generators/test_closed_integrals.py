import random
from fractions import Fraction

import pytest

from sciml.symbolic.expression import ONE, X, divide, function, linear, multiply, product, rational, sqrt
from sciml.symbolic.generators.backward import is_integral
from sciml.symbolic.generators.families import FAMILIES, Draw
from sciml.symbolic.generators.polynomials import (
    Factor,
    divided,
    integral_of_fraction,
    partial_fractions,
    plus,
    polynomial_expression,
    times,
)
from sciml.symbolic.generators.radicals import linear_root_integral, root_integral
from sciml.symbolic.generators.reductions import (
    ELEMENTARY,
    cosecant_power,
    log_power,
    reciprocal_of_shifted_wave,
    secant_power,
    tangent_power,
)
from sciml.symbolic.generators.waves import integral_of_waves, polynomial_wave, wave, wave_product


def fractions(*values):
    return [Fraction(value) for value in values]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_integrates_what_it_draws(name):
    draw = Draw(random.Random(11))
    made = [found for _ in range(60) if (found := FAMILIES[name][0](draw, X)) is not None]
    assert len(made) > 20
    assert [is_integral(*one) for one in made if one[0].mask] == [True] * sum(
        bool(one[0].mask) for one in made
    )


@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_have_their_antiderivative(name):
    assert is_integral(function(name, X), ELEMENTARY[name](X))


@pytest.mark.parametrize("power", range(1, 7))
def test_reduction_formulas_hold(power):
    for name in ("tan", "tanh"):
        assert is_integral(product(1, ((function(name, X), power),)), tangent_power(name, power, X))
    for rule, names in ((secant_power, ("cos", "cosh")), (cosecant_power, ("sin", "sinh"))):
        for name in names:
            assert is_integral(product(1, ((function(name, X), -power),)), rule(name, power, X))


def test_integral_of_sqrt_x_cubed_log_cubed_by_parts():
    integrand = product(1, ((X, Fraction(3, 2)), (function("log", X), 3)))
    assert is_integral(integrand, log_power(Fraction(3, 2), 3, X))


def test_integral_of_one_over_two_plus_cosine_is_an_arc_tangent_of_the_half_angle():
    half = function("tan", X / 2)
    wanted = divide(2 * function("atan", divide(half, sqrt(rational(3, 1)))), sqrt(rational(3, 1)))
    assert reciprocal_of_shifted_wave("cos", 2, 1, X) == wanted
    assert reciprocal_of_shifted_wave("sin", 2, 2, X) is None


def test_x_exp_2x_sin_3x_is_integrated_by_complex_exponentials():
    waves = wave_product(polynomial_wave(fractions(0, 1)), wave("exp", Fraction(2)))
    waves = wave_product(waves, wave("sin", Fraction(3)))
    answer = integral_of_waves(waves, X)
    assert is_integral(X * function("exp", 2 * X) * function("sin", 3 * X), answer)


def test_cos_squared_becomes_half_x_and_a_quarter_sine_of_2x():
    cosine = wave("cos", Fraction(1))
    wanted = linear(((Fraction(1, 2), X), (Fraction(1, 4), function("sin", 2 * X))))
    assert integral_of_waves(wave_product(cosine, cosine), X) == wanted


def test_division_of_polynomials_leaves_quotient_and_remainder():
    quotient, rest = divided(fractions(5, 0, 2, 7), fractions(1, 3))
    assert plus(times(quotient, fractions(1, 3)), rest) == fractions(5, 0, 2, 7)
    assert len(rest) < 2


def test_partial_fractions_of_one_over_x_squared_minus_one():
    factors = [Factor((Fraction(-1), Fraction(1)), 1), Factor((Fraction(1), Fraction(1)), 1)]
    parts = partial_fractions(fractions(1), factors)
    assert [values for _, _, values in parts] == [[Fraction(1, 2)], [Fraction(-1, 2)]]


def test_repeated_and_quadratic_factors_are_integrated():
    factors = [
        Factor((Fraction(1), Fraction(1)), 3),
        Factor((Fraction(-2), Fraction(3)), 1),
        Factor((Fraction(1), Fraction(1), Fraction(1)), 2),
    ]
    numerator = fractions(1, 2, 0, 4, 1, 1, 1, 1, 2, 5)
    below = product(1, [(polynomial_expression(factor.base, X), factor.power) for factor in factors])
    answer = integral_of_fraction(numerator, factors, X)
    assert is_integral(divide(polynomial_expression(numerator, X), below), answer)


@pytest.mark.parametrize("quadratic", [(1, 2, 3), (1, 3, 1), (5, 1, -2), (0, 0, 1)])
def test_polynomials_over_roots_of_quadratics(quadratic):
    answer = root_integral((1, 2, 3, 4), quadratic, X)
    if quadratic == (0, 0, 1):  # sqrt(x**2): no formula is given
        assert answer is None
        return
    below = sqrt(polynomial_expression(quadratic, X))
    assert is_integral(divide(polynomial_expression((1, 2, 3, 4), X), below), answer)


def test_a_root_that_is_never_real_is_not_integrated():
    assert root_integral((1,), (-1, 0, -1), X) is None


def test_polynomial_times_a_third_root_of_a_line():
    base = linear(((2, X), (1, ONE)))
    answer = linear_root_integral((1, 2, 3), (1, 2), Fraction(-2, 3), X)
    integrand = multiply(polynomial_expression((1, 2, 3), X), product(1, ((base, Fraction(-2, 3)),)))
    assert is_integral(integrand, answer)
