"""Products of polynomials, exponentials and powers of sin, cos, sinh, cosh, with parameters.

Arguments are linear in x. Products of waves become sums of waves, term by term in the rules of
`oscillations.py`. Beside circular waves and exponentials, hyperbolic ones are written with exp.

Source: product-to-sum identities, Abramowitz & Stegun 4.3.31 to 4.3.36.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expansion import expand
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    ONE,
    POWER,
    ZERO_EXPR,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    coefficient_and_term,
    function,
    linear,
    multiply,
    number,
    product,
)
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.normalise import slope_and_shift
from sciml.symbolic.ladder.oscillations import oscillation
from sciml.symbolic.ladder.partial_fractions import rational_integral
from sciml.symbolic.ladder.rung import Candidate
from sciml.symbolic.ladder.steps import Step
from sciml.symbolic.ladder.terms import terms_of
from sciml.symbolic.problems import Integral
from sciml.symbolic.substitution import substitute

_CIRCULAR, _HYPERBOLIC = ("sin", "cos"), ("sinh", "cosh")
_MOST_FACTORS = 40
_MOST_TERMS = 200
_LONGEST = 600
"""Tokens of an integrand."""


@dataclass(frozen=True)
class _Wave:
    """exp(growth) times sine or cosine (or sinh, cosh) of an angle."""

    growth: Expr = ZERO_EXPR
    is_sine: bool = False
    angle: Expr = ZERO_EXPR


def propose(problem: Integral, deadline: Deadline) -> Iterator[Candidate]:
    """The antiderivative, by product-to-sum identities. See `rung.Rung`."""
    found = wave_integral(problem.integrand)
    if found is not None:
        summed, antiderivative = found
        yield Candidate(antiderivative, (Step("products of waves as a sum: {}", (summed,)),))


def wave_integral(integrand: Expr) -> tuple[Expr, Expr] | None:
    """(integrand as a sum of waves, antiderivative); None if it is not of this kind."""
    if len(integrand.prefix) > _LONGEST:
        return None
    try:
        parts = terms_of(expand(integrand, max_terms=_MOST_TERMS))
        spread = [_spread(coefficient, term) for coefficient, term in parts]
        summed = [pair for one in spread if one is not None for pair in one]
        if None in spread or len(summed) > _MOST_TERMS:
            return None
        found = [(coefficient, _integral(one)) for coefficient, one in summed]
    except (UndefinedExpressionError, ExpressionTooLargeError):
        return None
    solved = [(coefficient, one) for coefficient, one in found if one is not None]
    return (linear(summed), linear(solved)) if len(solved) == len(found) else None


def _integral(term: Expr) -> Expr | None:
    found = oscillation(term)
    return rational_integral(term) if found is None else found


def _spread(coefficient: Number, term: Expr) -> list[tuple[Number, Expr]] | None:
    """A product as a sum of terms with one wave each; None if it holds anything else."""
    factors = _factors(term)
    if factors is None:
        return None
    rest, waves = factors
    names = {one.value for one in waves}
    is_circular = bool(names & set(_CIRCULAR))
    with_exp = bool(names & set(_HYPERBOLIC)) and (is_circular or "exp" in names)
    sign = 1 if is_circular or with_exp else -1
    total: dict[_Wave, Number] = {_Wave(): coefficient}
    for one in waves:
        grown: dict[_Wave, Number] = {}
        for wave, value in total.items():
            for new, times in _times(wave, one, sign, with_exp):
                grown[new] = grown.get(new, 0) + value * times
        total = {wave: value for wave, value in grown.items() if value}
        if len(total) > _MOST_TERMS:
            raise ExpressionTooLargeError("a product of too many waves")
    sine, cosine = _CIRCULAR if sign == 1 else _HYPERBOLIC
    return [
        (
            value,
            multiply(
                rest,
                function("exp", _with_one_slope(wave.growth)),
                function(sine if wave.is_sine else cosine, _with_one_slope(wave.angle)),
            ),
        )
        for wave, value in total.items()
    ]


def _with_one_slope(line: Expr) -> Expr:
    """a*x + b*x as (a + b)*x."""
    return multiply(derivative(line), X) + substitute(line, {X: ZERO_EXPR})


def _factors(term: Expr) -> tuple[Expr, list[Expr]] | None:
    """(polynomial, waves and exponentials, each as often as it occurs)."""
    rest, waves = [], []
    for factor in term.args if term.kind == MULTIPLY else (term,):
        base, exponent = (factor.args[0], factor.value) if factor.kind == POWER else (factor, 1)
        is_wave = base.kind == FUNCTION and base.value in (*_CIRCULAR, *_HYPERBOLIC, "exp")
        if is_wave and type(exponent) is int and exponent > 0 and slope_and_shift(base.args[0]) is not None:
            waves += [base] * exponent
        elif _is_power_of_x(factor) or not factor.mask & X.mask:
            rest.append(factor)
        else:
            return None
    return (multiply(*rest), waves) if len(waves) <= _MOST_FACTORS else None


def _is_power_of_x(factor: Expr) -> bool:
    if factor.kind == ADD:
        return False
    return factor == X or (factor.kind == POWER and factor.args[0] == X and type(factor.value) is int)


def _times(wave: _Wave, factor: Expr, sign: int, with_exp: bool) -> Iterator[tuple[_Wave, Number]]:
    """A wave times a function as a sum of waves; sign is 1 for circular ones, -1 for hyperbolic ones."""
    angle = factor.args[0]
    half = Fraction(1, 2)
    if factor.value == "exp":
        yield _Wave(wave.growth + angle, wave.is_sine, wave.angle), 1
        return
    if with_exp and factor.value in _HYPERBOLIC:
        yield _Wave(wave.growth + angle, wave.is_sine, wave.angle), half
        yield _Wave(wave.growth - angle, wave.is_sine, wave.angle), half if factor.value == "cosh" else -half
        return
    is_sine = factor.value in ("sin", "sinh")
    above, below = wave.angle + angle, wave.angle - angle
    of_above, of_below = half, half
    if wave.is_sine and is_sine:
        of_above, of_below = -sign * half, sign * half
    elif is_sine:
        of_below = -half
    is_odd = wave.is_sine != is_sine
    for one, value in ((above, of_above), (below, of_below)):
        name = ("sin" if sign == 1 else "sinh") if is_odd else ("cos" if sign == 1 else "cosh")
        times, plain = coefficient_and_term(function(name, one))  # the sign of the angle leaves
        if plain in (ONE, ZERO_EXPR) or plain.kind != FUNCTION or times not in (1, -1):
            yield from _constant(plain, times * value, wave.growth)
        else:
            yield _Wave(wave.growth, is_odd, plain.args[0]), times * value


def _constant(plain: Expr, value: Number, growth: Expr) -> Iterator[tuple[_Wave, Number]]:
    """A wave of the angle 0."""
    if plain == number(1):
        yield _Wave(growth), value
    elif plain != ZERO_EXPR and value:
        raise ExpressionTooLargeError(f"a wave of a constant angle: {product(value, ((plain, 1),))}")
