import math

import mpmath
import numpy as np
import pytest

from sciml.symbolic.evaluation import UnboundSymbolError, evaluate, is_analytic
from sciml.symbolic.expression import X, number, symbol
from sciml.symbolic.parser import parse
from sciml.symbolic.precise import NoPreciseValueError, PreciseValues, agrees
from sciml.symbolic.sample_points import parameter_values, standard_samples, wide_samples
from tests.symbolic.random_trees import random_expressions


def test_doubles_and_many_digits_give_the_same_values():
    table = {"x": np.array([0.37 + 0.21j, -1.43 + 0.35j]), "a": np.array([0.83 + 0.1j, 1.29 - 0.2j])}
    compared = apart = 0
    for expression in random_expressions(seed=71, count=200, largest=8):
        values = np.broadcast_to(evaluate(expression, table), 2)
        for point in (0, 1):
            try:
                precise = complex(
                    PreciseValues({name: complex(one[point]) for name, one in table.items()}).value(
                        expression
                    )
                )
            except (NoPreciseValueError, OverflowError):
                continue
            if 1e-6 < abs(precise) < 1e6 and np.isfinite(values[point]):
                compared += 1
                apart += abs(values[point] - precise) > 1e-6 * abs(precise)
    assert compared > 200
    assert apart <= 0.01 * compared  # constants on branch cuts, where rounding chooses the side


def test_pi_has_as_many_digits_as_asked():
    shown = str(PreciseValues({}, digits=40).value(parse("pi")))
    assert shown.startswith("3.14159265358979323846264338327950288419")
    assert mpmath.mp.dps == 15


def test_values_on_a_branch_cut_are_those_of_its_upper_side():
    points = np.array([complex(2.0, 0.0), complex(2.0, -0.0)])
    np.testing.assert_allclose(evaluate(parse("sqrt(-x)"), {"x": points}), [1j * 2**0.5] * 2)
    np.testing.assert_allclose(evaluate(parse("log(-x)"), {"x": points}), [np.log(2) + 1j * np.pi] * 2)


@pytest.mark.parametrize("name", ["asin", "acos", "atanh", "acosh", "log", "sqrt"])
def test_doubles_follow_mpmath_on_the_real_branch_cuts(name):
    points = np.array([-3.0, -1.5, 1.5, 3.0]) + 0j
    expected = [complex(getattr(mpmath, name)(point.real)) for point in points]
    np.testing.assert_allclose(evaluate(parse(f"{name}(x)"), {"x": points}), expected, atol=1e-12)


def test_absolute_value_and_sign_are_functions_of_the_real_part():
    points = np.array([-2.0 + 0j, 3.0 + 0j])
    np.testing.assert_array_equal(evaluate(parse("abs(x)*sign(x)"), {"x": points}), [-2, 3])
    assert is_analytic(parse("sin(x)"))
    assert not is_analytic(parse("sin(x)"), parse("2*abs(x)"))


def test_large_powers_neither_overflow_nor_lose_zero():
    points = np.array([0j, 1.5 + 0j, -1 + 0j])
    np.testing.assert_allclose(evaluate(X**7, {"x": points}), [0, 1.5**7, -1])
    assert not np.isfinite(evaluate(X**-7, {"x": points})[0])


def test_a_symbol_without_value_is_named():
    with pytest.raises(UnboundSymbolError, match="'b'"):
        evaluate(symbol("b") + X, {"x": np.array([1 + 0j])})


@pytest.mark.parametrize(
    "text", ["1/(x - 1)", "log(x - 1)", "exp(exp(exp(x + 9)))", "exp(exp(9))^(exp(exp(9)))"]
)
def test_points_without_a_precise_value_are_refused(text):
    with pytest.raises(NoPreciseValueError):
        PreciseValues({"x": 1.0}).value(parse(text))


def test_cancellation_shrinks_with_the_digits_and_inequality_does_not():
    values = {"x": 1e-3 + 0j}
    assert agrees(parse("(1 - cos(x))*2/x^2 - 1 + x^2/12"), parse("x^4/360 - x^6/20160"), values)[0] is False
    assert agrees(parse("(x + 10^20)^2 - 10^40 - 2*x*10^20"), X**2, values) == (True, 0.0)
    assert agrees(X, X + number(10) ** -20, values)[0] is False
    assert agrees(X, X + number(10) ** -300, values)[0] is False


def test_functions_that_do_not_grow_fast_have_values_at_any_size():
    huge = PreciseValues({"x": 10.0**300})
    assert float(huge.value(parse("log(x)"))) == pytest.approx(300 * math.log(10))
    assert float(huge.value(parse("atan(x^9)"))) == pytest.approx(math.pi / 2)
    assert float(huge.value(parse("asinh(x)"))) == pytest.approx(300 * math.log(10) + math.log(2))


def test_samples_are_the_same_each_time_and_parameters_positive():
    first, again = standard_samples(["a", "x"], "x"), standard_samples(["x", "a"], "x")
    assert first is again
    assert first.is_real.sum() == 24
    assert len(first.is_real) == 36
    assert (first.values["a"].real > 0.4).all()
    assert (first.values["a"].imag == 0).all()
    assert wide_samples(["x"], "x").is_real.all()
    assert (parameter_values("c1", 50, with_sign=True).real < 0).sum() in range(10, 40)
