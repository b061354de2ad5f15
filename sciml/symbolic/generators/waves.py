"""Integrals of products of polynomials, exponentials, sines and cosines, exact.

Such a product is a sum of P(u) exp((alpha + i beta) u) with complex rational polynomials P. It is kept as a
dictionary (alpha, beta) -> coefficients of P, each a pair (real part, imaginary part).
"""

from fractions import Fraction

from sciml.symbolic.expression import Expr, function, linear, multiply, product, whole

Complex = tuple[Fraction, Fraction]
Waves = dict[tuple[Fraction, Fraction], list[Complex]]
_ZERO = (Fraction(0), Fraction(0))


def wave(name: str, rate: Fraction) -> Waves:
    """exp, sin, cos, sinh or cosh of rate*u as a sum of exponentials.

    Raises:
        KeyError: another function.
    """
    half, none = Fraction(1, 2), Fraction(0)
    return {
        "exp": {(rate, none): [(Fraction(1), none)]},
        "sin": {(none, rate): [(none, -half)], (none, -rate): [(none, half)]},
        "cos": {(none, rate): [(half, none)], (none, -rate): [(half, none)]},
        "sinh": {(rate, none): [(half, none)], (-rate, none): [(-half, none)]},
        "cosh": {(rate, none): [(half, none)], (-rate, none): [(half, none)]},
    }[name]


def polynomial_wave(values: list[Fraction]) -> Waves:
    """A polynomial, constant term first."""
    return {(Fraction(0), Fraction(0)): [(Fraction(value), Fraction(0)) for value in values]}


def wave_product(left: Waves, right: Waves) -> Waves:
    """The product of two sums of exponentials."""
    found: Waves = {}
    for (alpha, beta), p in left.items():
        for (gamma, delta), q in right.items():
            target = found.setdefault((alpha + gamma, beta + delta), [])
            target.extend([_ZERO] * (len(p) + len(q) - 1 - len(target)))
            for i, (a, b) in enumerate(p):
                for j, (c, d) in enumerate(q):
                    real, imaginary = target[i + j]
                    target[i + j] = (real + a * c - b * d, imaginary + a * d + b * c)
    return found


def integral_of_waves(waves: Waves, u: Expr) -> Expr:
    """The real antiderivative with respect to u of a sum of exponentials that is real."""
    terms: list[Expr] = []
    for (alpha, beta), values in sorted(waves.items()):
        if beta < 0:
            continue
        if alpha == 0 and beta == 0:
            integrated = [_ZERO, *[(a / (k + 1), b / (k + 1)) for k, (a, b) in enumerate(values)]]
        else:
            integrated = _integrated(values, alpha, beta)
        scale = 1 if beta == 0 else 2  # the conjugate term gives the other half of the real part
        cosine = [(scale * a, k) for k, (a, _) in enumerate(integrated)]
        sine = [(-scale * b, k) for k, (_, b) in enumerate(integrated)]
        growth = function("exp", linear(((whole(alpha), u),)))
        angle = linear(((whole(beta), u),))
        terms.append(multiply(_polynomial(cosine, u), growth, function("cos", angle)))
        if beta:
            terms.append(multiply(_polynomial(sine, u), growth, function("sin", angle)))
    return linear([(1, term) for term in terms])


def _integrated(values: list[Complex], alpha: Fraction, beta: Fraction) -> list[Complex]:
    """Q with (Q exp(lambda u))' = P exp(lambda u): from the highest coefficient, q_k = (p_k - (k+1) q_{k+1})
    / lambda.
    """
    norm = alpha * alpha + beta * beta
    found = [_ZERO] * (len(values) + 1)
    for k in range(len(values) - 1, -1, -1):
        a = values[k][0] - (k + 1) * found[k + 1][0]
        b = values[k][1] - (k + 1) * found[k + 1][1]
        found[k] = ((a * alpha + b * beta) / norm, (b * alpha - a * beta) / norm)
    return found[:-1]


def _polynomial(values: list[tuple[Fraction, int]], u: Expr) -> Expr:
    return linear([(whole(value), product(1, ((u, power),))) for value, power in values if value])
