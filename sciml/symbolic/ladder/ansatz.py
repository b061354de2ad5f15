"""Antiderivatives by an ansatz of candidate terms, whose rational coefficients are found modulo a prime.

1. The integrand is written in several forms, each a sum of terms t.
2. A term of the antiderivative that holds a power of g gives, when g alone is differentiated, terms m*g'/g of
   the integrand. Read backwards: t*g/d, for every base g and every term d of g', is a candidate m. Logarithms
   and inverse functions are guessed from denominators (`special_kernels.py`).
3. Derivatives of candidates outside the field of functions of the integrand are useless and dropped.
4. Values of the derivatives at random points modulo a prime make a linear system for the coefficients
   (`modular.py`, `modular_solve.py`). If it has no solution, terms that the derivatives brought in are
   treated as terms of the integrand too, and the system is solved with the larger set.

The result is a proposal: it is exact up to the identities that the residues assume, and is verified by the
caller.

Source: the ansatz is that of Risch and Norman (Davenport, "The parallel Risch algorithm", EUROCAM 1982;
Bronstein, "Poor man's integrator", 2005) with sparse candidates in the place of all monomials up to a degree.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from time import monotonic

import numpy as np

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    coefficient_and_term,
    function,
    linear,
    primitive,
    product,
)
from sciml.symbolic.ladder.modular import PRIMES, ModularPoints, NotModularError, prime_for
from sciml.symbolic.ladder.modular_solve import rational_from_residue, solve
from sciml.symbolic.ladder.rational_kernels import rational_kernels
from sciml.symbolic.ladder.special_kernels import special_kernels
from sciml.symbolic.ladder.terms import (
    bases_of,
    factors_of,
    hyperbolics_as_exponentials,
    multiplied_out,
    tangents_as_quotients,
    terms_of,
    with_functions,
)

Kernel = tuple[object, ...]

_SIZES = (60, 120, 180, 240, 300, 360)
"""Largest number of candidates in each round.

After a round without success, the terms that its candidates brought in are treated like terms of the
integrand.
"""
_MOST_TARGETS = 300
_LONGEST = 220
"""Tokens of a candidate."""
_SPARE = 12
"""Equations beyond the number of unknowns."""


def antiderivative(integrand: Expr, seconds: float = 5.0, variable: Expr = X) -> Expr | None:
    """A proposed antiderivative, or None.

    Args:
        integrand: elementary, of one variable and any parameters.
        seconds: no new system is begun after this time.
        variable: the symbol to integrate over.
    """
    for proposal in antiderivatives(integrand, seconds, variable):
        return proposal
    return None


def antiderivatives(integrand: Expr, seconds: float = 5.0, variable: Expr = X) -> Iterator[Expr]:
    """Proposals in the order in which they are found, at most one for each way of writing the integrand."""
    end = monotonic() + seconds
    searches = [(_Search(forms, variable).rounds(), forms) for forms in _families(integrand)]
    while searches:
        going_on = []
        for rounds, forms in searches:
            candidates = next(rounds, None)
            if candidates is None:
                continue
            if monotonic() > end:
                return
            found = combination(forms[0], candidates, variable)
            if found is None:
                going_on.append((rounds, forms))
            else:
                yield found
        searches = going_on


class _Search:
    """Terms, bases and field of one integrand, written in one way or two."""

    def __init__(self, forms: list[Expr], variable: Expr) -> None:
        self.variable = variable
        self.targets = _distinct(term for form in forms for _, term in terms_of(form))
        bases: dict[bytes, Expr] = {}
        for form in forms:
            bases_of(form, bases)
        for _ in range(2):
            for base in list(bases.values()):
                if base.mask & variable.mask and len(bases) < 60:
                    bases_of(derivative(base, variable), bases)
        slopes = [derivative(one, variable) for one in bases.values() if one.mask & variable.mask]
        self.field: set[Kernel] = set()
        for one in [*forms, *bases.values(), *slopes]:
            self.field |= kernels(one, variable)
        self.special: dict[bytes, Expr] = {}
        for form in [*forms, *slopes]:
            for key, kernel in special_kernels(form, variable).items():
                if key not in self.special and self.is_inside(kernel):
                    self._add_special(kernel)
        for form in forms:
            for kernel in rational_kernels(form, variable):
                if kernel.mask & variable.mask and self.is_inside(kernel):
                    self._add_special(kernel)
        for key, base in bases.items():
            if base.mask & variable.mask and len(self.special) < _SIZES[0]:
                self.special.setdefault(key, base)
        generators = [one for one in {**bases, **self.special}.values() if one.mask & variable.mask]
        generators.sort(key=lambda one: len(one.prefix))
        self.generators = [(one, _slope_terms(derivative(one, variable))) for one in generators]

    def _add_special(self, kernel: Expr) -> None:
        """Keep a kernel, as it is and divided by the constant factors of its derivative.

        These are radicals of numbers and parameters, which the rational coefficients cannot hold.
        """
        slope = derivative(kernel, self.variable)
        if slope.kind in (MULTIPLY, POWER):
            factors = slope.args if slope.kind == MULTIPLY else (slope,)
            free = [(factor, -1) for factor in factors if not factor.mask & self.variable.mask]
            divided = coefficient_and_term(product(1, [(kernel, 1), *free]))[1]
            self.special.setdefault(divided.prefix, divided)
        self.special.setdefault(kernel.prefix, kernel)

    def is_inside(self, candidate: Expr) -> bool:
        """Whether the derivative holds no function that the integrand lacks."""
        try:
            slope = derivative(candidate, self.variable)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            return False
        return kernels(slope, self.variable) <= self.field

    def rounds(self) -> Iterator[list[Expr]]:
        """Growing sets of candidates, the likelier first."""
        chosen = list(self.special.values())
        known = set(self.special)
        targets, present = self.targets, {term.prefix for term in self.targets}
        for most in _SIZES:
            newest = self._candidates(targets, most - len(chosen), known)
            if not newest and most > _SIZES[0]:
                return
            chosen = [*chosen, *newest]
            known |= {one.prefix for one in newest}
            yield chosen
            targets = self._brought(newest, present)
            if most == _SIZES[0]:
                targets = [*_with_unit_circle(self.targets, present), *targets]

    def _brought(self, candidates: list[Expr], present: set[bytes]) -> list[Expr]:
        """Terms of the candidates' derivatives that were not there yet, the shorter first."""
        found = []
        for candidate in candidates:
            slope = derivative(candidate, self.variable)
            for _, term in terms_of(slope):
                if term.prefix not in present and term.kind != NUMBER:
                    present.add(term.prefix)
                    found.append(term)
        return sorted(found, key=lambda one: len(one.prefix))[:_MOST_TARGETS]

    def _candidates(self, targets: list[Expr], most: int, known: set[bytes]) -> list[Expr]:
        """Up to `most` new candidates; those first that the most terms lead to, then the shorter."""
        votes: dict[bytes, int] = {}
        found: dict[bytes, Expr] = {}
        for target in targets[:_MOST_TARGETS]:
            for generator, slopes in self.generators:
                for slope in slopes:
                    try:
                        one = product(1, ((target, 1), (generator, 1), (slope, -1)))
                    except (UndefinedExpressionError, ExpressionTooLargeError):
                        continue
                    one = coefficient_and_term(one)[1]
                    if (
                        len(one.prefix) <= _LONGEST
                        and one.mask & self.variable.mask
                        and one.prefix not in known
                    ):
                        found[one.prefix] = one
                        votes[one.prefix] = votes.get(one.prefix, 0) + 1
            for base, exponent in factors_of(
                target
            ):  # f**k alone: its derivative may be written in other words
                if base.kind == FUNCTION and base.mask & self.variable.mask and exponent > 0:
                    one = product(1, ((base, exponent + 1),))
                    if one.prefix not in known:
                        found[one.prefix] = one
                        votes[one.prefix] = votes.get(one.prefix, 0) + 1
        order = sorted(found, key=lambda key: (-votes[key], len(key)))
        chosen: list[Expr] = []
        for key in order[: 4 * most]:
            if len(chosen) >= most:
                break
            if self.is_inside(found[key]):
                chosen.append(found[key])
        return chosen


def combination(integrand: Expr, candidates: list[Expr], variable: Expr = X) -> Expr | None:
    """The linear combination of candidates whose derivative is the integrand, or None; of short ones if it
    can be."""
    slopes = []
    for one in sorted(candidates, key=lambda one: len(one.prefix)):
        try:
            slopes.append((one, derivative(one, variable)))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    coefficients = rational_combination(integrand, [slope for _, slope in slopes])
    if coefficients is None:
        return None
    return linear([(value, slopes[index][0]) for index, value in coefficients])


def rational_combination(target: Expr, parts: list[Expr]) -> list[tuple[int, Number]] | None:
    """Rational z with target = sum of z[i]*parts[i], as (index, value) pairs of those that are not zero."""
    prime = prime_for([target, *parts])
    solution = _modular_combination(target, parts, prime)
    if solution is None:
        return None
    found = _rational(solution, prime)
    if found is not None and all(
        max(abs(value.numerator), value.denominator) < _SURE for value in found.values()
    ):
        return list(found.items())
    chosen = sorted(
        solution
    )  # large numbers: once more for these alone, and by the Chinese remainder theorem
    other = next(one for one in PRIMES if one != prime)
    again = _modular_combination(target, [parts[index] for index in chosen], other)
    if again is None:
        return None
    inverse = pow(prime, -1, other)
    joined = {
        index: solution[index] + prime * ((again.get(place, 0) - solution[index]) * inverse % other)
        for place, index in enumerate(chosen)
    }
    found = _rational(joined, prime * other)
    return None if found is None else list(found.items())


_SURE = 1000
"""A fraction of smaller numbers than this is not taken for another one modulo a prime."""


def _rational(residues: dict[int, int], modulus: int) -> dict[int, Number] | None:
    found: dict[int, Number] = {}
    for index, residue in residues.items():
        value = rational_from_residue(residue, modulus)
        if value is None:
            return None
        found[index] = value
    return found


def _modular_combination(target: Expr, parts: list[Expr], prime: int) -> dict[int, int] | None:
    """Coefficients that are not zero modulo a prime, by index, or None without a solution."""
    every = frozenset[Kernel]().union(*[kernels(one, X) for one in (target, *parts)])
    radicals = sum(1 for kind, *_ in every if type(kind) is int)
    points = ModularPoints(min(40_000, int(1.6 * 2**radicals * (len(parts) + _SPARE)) + 64), prime)
    columns, used = [], []
    try:
        right = points.evaluate(target)
    except NotModularError:
        return None
    for index, part in enumerate(parts):
        before = points.usable.copy()
        try:
            column = points.evaluate(part)
        except NotModularError:
            continue
        if points.usable.sum() < before.sum() / 4:  # a radical of its own: not worth its points
            points.usable = before
            continue
        columns.append(column)
        used.append(index)
    rows = np.flatnonzero(points.usable)[: len(used) + _SPARE]
    if len(rows) < len(used) + _SPARE // 2 or not used:
        return None
    solution = solve(np.stack([column[rows] for column in columns], axis=1), right[rows], prime)
    if solution is None:
        return None
    return {index: int(residue) for index, residue in zip(used, solution, strict=True) if residue}


def _families(integrand: Expr) -> list[list[Expr]]:
    """Ways of writing the integrand, each as it is and multiplied out."""
    rewritten = {integrand.prefix: integrand}
    for rule in (tangents_as_quotients, hyperbolics_as_exponentials):
        with suppress(UndefinedExpressionError, ExpressionTooLargeError):
            one = with_functions(integrand, rule)
            rewritten.setdefault(one.prefix, one)
    families = []
    for one in rewritten.values():
        forms = {one.prefix: one}
        with suppress(ExpressionTooLargeError):
            out = multiplied_out(one, 300)
            forms.setdefault(out.prefix, out)
        families.append(list(forms.values()))
    return families


def _slope_terms(slope: Expr) -> list[Expr]:
    """Terms of a derivative, as it is and multiplied out, without coefficients; and the whole of it if it is
    a sum."""
    forms = [slope]
    with suppress(ExpressionTooLargeError):
        forms.append(multiplied_out(slope, 40))
    found = _distinct(term for form in forms for _, term in terms_of(form))
    return [*found, primitive(slope)[1]] if slope.kind == ADD else found


def _with_unit_circle(targets: list[Expr], present: set[bytes]) -> list[Expr]:
    """Terms over powers of sin or cos times sin**2 and cos**2, whose sum is 1; the same for sinh and cosh."""
    found = []
    for term in targets:
        for base, exponent in factors_of(term):
            if base.kind == FUNCTION and base.value in _SQUARES and exponent < 0:
                for name in _SQUARES[base.value]:
                    one = product(1, ((term, 1), (function(name, base.args[0]), 2)))
                    if one.prefix not in present:
                        present.add(one.prefix)
                        found.append(one)
    return found


_SQUARES = {"sin": ("cos",), "cos": ("sin",), "sinh": ("cosh",), "cosh": ("sinh",)}


def _distinct(nodes: Iterable[Expr]) -> list[Expr]:
    return list({node.prefix: node for node in nodes if node.kind != NUMBER or node.value == 1}.values())


def kernels(node: Expr, variable: Expr) -> frozenset[Kernel]:
    """The functions and radicals of an expression as keys: what is rational in it has none.

    Circular functions count as one, so do exponential and hyperbolic ones; a radical is (degree, base).
    """
    if not node.mask & variable.mask:
        return frozenset()
    cache = node.cache
    if cache is None:
        cache = node.cache = {}
    key = (variable.prefix, "kernels")
    known: frozenset[Kernel] | None = cache.get(key)
    if known is None:
        known = cache[key] = frozenset(_kernels(node, variable))
    return known


def _kernels(node: Expr, variable: Expr) -> set[Kernel]:
    found: set[Kernel] = set()
    kind = node.kind
    if kind == ADD:
        for term, _ in node.args:
            found |= kernels(term, variable)
        return found
    if kind == POWER and node.value is None:
        found.add(("power", node.args[0].prefix))
    elif kind == POWER and type(node.value) is not int:
        found.add((node.value.denominator, node.args[0].prefix))
    elif kind == FUNCTION:
        found.add(_function_key(node))
    if kind in (MULTIPLY, POWER, FUNCTION):
        for part in node.args:
            found |= kernels(part, variable)
    return found


def _function_key(node: Expr) -> Kernel:
    if node.value in ("sin", "cos", "tan"):
        return ("circle",)
    if node.value in ("exp", "sinh", "cosh", "tanh"):
        return ("exp",)
    return (node.value, node.args[0].prefix)
