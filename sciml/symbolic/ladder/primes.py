"""Primes modulo which the roots of small numbers exist."""

from collections.abc import Iterable
from functools import cache

from sciml.symbolic.expression import ADD, NUMBER, POWER, Expr

PRIMES = (2141141209, 2119889209, 2111660329)
"""Primes p below 2**31 with p = 9 (mod 16) and p = 4 or 7 (mod 9), so that square and cube roots are short,
modulo which 2 and 3 are twelfth powers and 5 to 19 are squares, and with p - 1 free of 5, 7, 11, 13, so that
those roots are unique. Checked by a test."""


def prime_for(nodes: Iterable[Expr]) -> int:
    """A prime modulo which the square roots of numbers that occur in `nodes` exist."""
    radicands: set[int] = set()
    for node in nodes:
        _numeric_radicands(node, radicands)
    return _prime_with_roots(frozenset(radicands))


def _numeric_radicands(node: Expr, found: set[int]) -> None:
    if node.kind == POWER and node.args[0].kind == NUMBER and type(node.value) is not int:
        if node.value is not None and node.args[0].value > 19:
            found.add(node.args[0].value)
        return
    for part in node.args:
        _numeric_radicands(part[0] if node.kind == ADD else part, found)


@cache
def _prime_with_roots(radicands: frozenset[int]) -> int:
    for prime in PRIMES:
        if all(_is_square(value, prime) for value in radicands):
            return prime
    candidate = PRIMES[-1]
    for _ in range(200_000):
        candidate -= 144  # keeps the residues modulo 16 and 9
        if (
            all((candidate - 1) % small for small in (5, 7, 11, 13))
            and all(_is_square(value, candidate) for value in (*radicands, 2, 3, 5, 7))
            and _is_prime(candidate)
        ):
            return candidate
    return PRIMES[0]


def _is_square(value: int, prime: int) -> bool:
    return pow(value, (prime - 1) // 2, prime) == 1


def _is_prime(value: int) -> bool:
    """Miller and Rabin's test with the bases that decide below 3,215,031,751 (Pomerance et al. 1980)."""
    odd, twos = value - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7):
        power = pow(base, odd, value)
        if power in (1, value - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % value
            if power == value - 1:
                break
        else:
            return False
    return True


@cache
def non_residue(prime: int) -> int:
    """The smallest number that is no square modulo a prime."""
    return next(value for value in range(2, 1000) if pow(value, (prime - 1) // 2, prime) != 1)


@cache
def non_cube(prime: int) -> int:
    """The smallest number that is no cube modulo a prime that is 1 (mod 3)."""
    return next(value for value in range(2, 1000) if pow(value, (prime - 1) // 3, prime) != 1)


def square_root_of_minus_one(prime: int) -> int:
    """A square root of -1 modulo a prime that is 1 (mod 4)."""
    return pow(non_residue(prime), (prime - 1) // 4, prime)
