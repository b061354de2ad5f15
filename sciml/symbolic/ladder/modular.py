"""Expressions evaluated exactly, modulo a prime.

Each transcendental function of an expression gets a random residue at each point, subject to the relations
that are known between functions: exp(u+v) = exp(u)exp(v), sin and cos through exp(iu), log of products,
radicals. An identity between expressions that follows from these relations then holds at every point; one
that is false holds at a point with a probability of about one in 2**31. This turns "is F' = f for some
rational coefficients?" into linear algebra without rounding.

What it is not: a proof. Independent residues for functions that are related in another way only lose
identities; log(uv) = log(u) + log(v) is used although it holds up to a constant. Whatever is found is
verified elsewhere.

Source: random evaluation in a finite field as in Schwartz, J. ACM 27:701 (1980); square roots by Tonelli and
Shanks.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.expression import (
    ADD,
    CONSTANT,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    ONE,
    PI,
    POWER,
    SYMBOL,
    Expr,
    coefficient_and_term,
    number,
    primitive,
)
from sciml.symbolic.ladder.kernels import radicand_key
from sciml.symbolic.ladder.primes import PRIMES, non_cube, non_residue, square_root_of_minus_one

Residues = NDArray[np.int64]


_FINEST = 55440
"""exp(u/_FINEST) is what gets a residue: rational multiples of u with these denominators are consistent."""


class NotModularError(ValueError):
    """An expression that has no residue here: an exponent or multiple with a denominator that is not
    supported."""


class ModularPoints:
    """Random points of a finite field at which expressions are evaluated.

    Args: count: number of points drawn. Square roots exist at half of the points only, so more are drawn than
        needed. prime: one of `PRIMES`. seed: of the residues.

    `usable` says at which points everything that was evaluated so far has a value.
    """

    def __init__(self, count: int, prime: int = PRIMES[0], seed: int = 0) -> None:
        self.prime = prime
        self.usable: NDArray[np.bool_] = np.ones(count, dtype=bool)
        self._random = np.random.default_rng([seed, prime])
        self._known: dict[bytes, Residues] = {}
        self._generators: dict[tuple[str, bytes], Residues] = {}
        self._imaginary = square_root_of_minus_one(prime)

    def evaluate(self, node: Expr) -> Residues:
        """Residues of an expression, (point,), int64; meaningless where `usable` is false afterwards.

        Raises:
            NotModularError: see there.
        """
        found = self._known.get(node.prefix)
        if found is None:
            found = self._known[node.prefix] = self._value(node)
        return found

    def keep(self, node: Expr, values: Residues) -> None:
        """Give `node` these residues from now on (an unknown function, say)."""
        self._known[node.prefix] = values

    def _value(self, node: Expr) -> Residues:
        kind = node.kind
        if kind == NUMBER:
            return self._constant(node.value)
        if kind in (CONSTANT, SYMBOL):
            return self._generator("symbol", node.prefix)
        if kind == ADD:
            total = self._constant(node.value)
            for term, coefficient in node.args:
                total = (total + self.evaluate(term) * self._residue(coefficient)) % self.prime
            return total
        if kind == MULTIPLY:
            total = self._constant(node.value)
            for factor in node.args:
                total = total * self.evaluate(factor) % self.prime
            return total
        if kind == POWER:
            return self._power(node)
        return self._function(node.value, node.args[0])

    # Numbers ------------------------------------------------------------------------------------------------

    def _residue(self, value: int | Fraction) -> int:
        top, bottom = value.numerator % self.prime, value.denominator % self.prime
        if bottom == 0:
            raise NotModularError(f"the denominator of {value} is a multiple of the prime")
        return top * pow(bottom, -1, self.prime) % self.prime

    def _constant(self, value: int | Fraction) -> Residues:
        return np.full(len(self.usable), self._residue(value), dtype=np.int64)

    def _generator(self, family: str, key: bytes) -> Residues:
        found = self._generators.get((family, key))
        if found is None:
            found = self._random.integers(1, self.prime, len(self.usable), dtype=np.int64)
            self._generators[(family, key)] = found
        return found

    def to_power(self, base: Residues, exponent: int) -> Residues:
        """base ** exponent; a point where zero is inverted becomes unusable."""
        if exponent < 0:
            self.usable &= base != 0
        exponent %= self.prime - 1
        result: Residues | None = None
        while exponent:
            if exponent & 1:
                result = base if result is None else result * base % self.prime
            exponent >>= 1
            if exponent:
                base = base * base % self.prime
        return np.ones_like(base) if result is None else result

    # Powers and radicals ------------------------------------------------------------------------------------

    def _power(self, node: Expr) -> Residues:
        base, exponent = node.args
        if node.value is None:
            return self._symbolic_power(base, exponent)
        if type(node.value) is int:
            return self.to_power(self.evaluate(base), node.value)
        return self.to_power(self._root(base, node.value.denominator), node.value.numerator)

    def _root(self, base: Expr, degree: int) -> Residues:
        """The degree-th root of an expression; the sign of square roots is drawn at each point."""
        family = f"root {degree}"
        key = family, radicand_key(base)
        found = self._generators.get(key)
        if found is not None:
            return found
        if base.kind == NUMBER and base.value == -1 and degree == 2:
            return self._constant(1) * self._imaginary
        if base.kind == NUMBER and degree in (2, 3, 4, 6) and self._has_twelfth_root(base):
            return self.to_power(self._root(base, 12), 12 // degree)
        value = self.evaluate(base)
        odd = degree
        while odd % 2 == 0:
            odd //= 2
            value = self._square_root(value)
        while odd % 3 == 0:
            odd //= 3
            value = self._cube_root(value)
        if odd > 1:
            if np.gcd(self.prime - 1, odd) != 1:
                raise NotModularError(f"roots of degree {degree} are not unique modulo the prime")
            value = self.to_power(value, pow(odd, -1, self.prime - 1))
        self._generators[key] = value
        return value

    def _has_twelfth_root(self, base: Expr) -> bool:
        return (
            pow(base.value.numerator, (self.prime - 1) // 12, self.prime) == 1 and base.value.denominator == 1
        )

    def _square_root(self, value: Residues) -> Residues:
        """A square root, its sign drawn at each point; points without one become unusable."""
        prime = self.prime
        odd = (prime - 1) // 8
        root = self.to_power(value, (odd + 1) // 2)
        order = self.to_power(value, odd)  # of order 1, 2 or 4 for squares
        unit = pow(non_residue(prime), odd, prime)  # of order 8
        for turns in (1, 2, 3):
            root = np.where(
                order == pow(unit, 2 * turns, prime), root * pow(unit, 8 - turns, prime) % prime, root
            )
        self.usable &= root * root % prime == value
        signs = self._random.integers(0, 2, len(value), dtype=np.int64)
        return np.where(signs == 1, root, (prime - root) % prime)

    def _cube_root(self, value: Residues) -> Residues:
        """One of the three cube roots, drawn at each point; points without one become unusable."""
        prime = self.prime
        root = self.to_power(value, (2 * prime + 1) // 9 if prime % 9 == 4 else (prime + 2) // 9)
        self.usable &= root * root % prime * root % prime == value
        third = pow(non_cube(prime), (prime - 1) // 3, prime)
        turns = np.array([1, third, third * third % prime], dtype=np.int64)
        return root * turns[self._random.integers(0, 3, len(root))] % prime

    def _symbolic_power(self, base: Expr, exponent: Expr) -> Residues:
        """base ** (r1*u1 + r2*u2 + … + r0): the powers of `base` to each u are free."""
        total = self._constant(1)
        constant, terms = _linear_terms(exponent)
        if constant:
            if constant.denominator != 1:
                total = self.to_power(self._root(base, constant.denominator), constant.numerator)
            else:
                total = self.to_power(self.evaluate(base), int(constant))
        for term, coefficient in terms:
            part = self._generator("power " + base.prefix.hex(), term.prefix)
            total = total * self.to_power(part, _steps(coefficient)) % self.prime
        return total

    # Functions ----------------------------------------------------------------------------------------------

    def _function(self, name: str, argument: Expr) -> Residues:
        prime = self.prime
        if name == "exp":
            return self._exponential(argument, "exp")
        if name in ("sinh", "cosh", "tanh", "sin", "cos", "tan"):
            return self._circular(name, argument)
        if name == "log":
            return self._log(argument)
        if name == "acos":
            half_turn = self._generator("symbol", PI.prefix)
            return (
                half_turn * self._residue(Fraction(1, 2)) - self._generator("asin", argument.prefix)
            ) % prime
        if name in ("abs", "sign"):
            draws = self._generator("sign", argument.prefix) & 1
            sign = np.where(draws == 1, 1, prime - 1).astype(np.int64)
            return sign if name == "sign" else sign * self.evaluate(argument) % prime
        return self._generator(name, argument.prefix)

    def _exponential(self, argument: Expr, family: str) -> Residues:
        """exp(argument) or, in the family "circle", exp(i*argument)."""
        total = self._constant(1)
        constant, terms = _linear_terms(argument)
        for term, coefficient in [*terms, (ONE, constant)]:
            if coefficient:
                part = self._generator(family, term.prefix)
                total = total * self.to_power(part, _steps(coefficient)) % self.prime
        return total

    def _circular(self, name: str, argument: Expr) -> Residues:
        prime = self.prime
        is_circle = name in ("sin", "cos", "tan")
        grow = self._exponential(argument, "circle" if is_circle else "exp")
        shrink = self.to_power(grow, -1)
        half = self._residue(Fraction(1, 2))
        cosine = (grow + shrink) % prime * half % prime
        sine = (grow - shrink) % prime * half % prime
        if is_circle:
            sine = sine * (prime - self._imaginary) % prime
        if name in ("sin", "sinh"):
            return sine
        if name in ("cos", "cosh"):
            return cosine
        return sine * self.to_power(cosine, -1) % prime

    def _log(self, argument: Expr) -> Residues:
        """The sum of the logs of the factors."""
        total = self._constant(0)
        for base, exponent in _factors(argument):
            if base.kind == FUNCTION and base.value == "exp":
                part = self.evaluate(base.args[0])
            else:
                part = self._generator("log", base.prefix)
            total = (total + part * self._residue(exponent)) % self.prime
        return total


def _linear_terms(node: Expr) -> tuple[Fraction, list[tuple[Expr, int | Fraction]]]:
    """Rational constant and (term, coefficient) pairs of a sum."""
    if node.kind == NUMBER:
        return Fraction(node.value), []
    if node.kind == ADD:
        return Fraction(node.value), list(node.args)
    coefficient, term = coefficient_and_term(node)
    return Fraction(0), [(term, coefficient)]


def _steps(coefficient: int | Fraction) -> int:
    if _FINEST % coefficient.denominator:
        raise NotModularError(f"a multiple of {coefficient} is finer than 1/{_FINEST}")
    return coefficient.numerator * (_FINEST // coefficient.denominator)


def _factors(node: Expr) -> list[tuple[Expr, int | Fraction]]:
    """(base, rational exponent) of the factors of an expression, its coefficient among them."""
    if node.kind == NUMBER:
        return [(number(abs(node.value)), 1), *([(number(-1), 1)] if node.value < 0 else [])]
    if node.kind == MULTIPLY:
        parts = [] if node.value == 1 else _factors(number(node.value))
        return parts + [pair for factor in node.args for pair in _factors(factor)]
    if node.kind == POWER and node.value is not None:
        return [(base, exponent * node.value) for base, exponent in _factors(node.args[0])]
    if node.kind == ADD:
        content, part = primitive(node)
        return [(part, 1)] if content == 1 else [*_factors(number(content)), (part, 1)]
    return [(node, 1)]
