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
    linear,
    product,
)
from sciml.symbolic.ladder.modular import ModularPoints, NotModularError, prime_for
from sciml.symbolic.ladder.modular_solve import rational_from_residue, solve
from sciml.symbolic.ladder.special_kernels import special_kernels
from sciml.symbolic.ladder.terms import (
    bases_of,
    hyperbolics_as_exponentials,
    multiplied_out,
    tangents_as_quotients,
    terms_of,
    with_functions,
)

_FIRST, _SECOND = 110, 320
"""Candidates of the first and of the largest system."""
_ROUNDS = 6
"""How often the terms that candidates brought in are treated like terms of the integrand."""
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
    """Proposals in the order in which they are found, at most one for each set of candidates."""
    end = monotonic() + seconds
    search = _Search(integrand, variable)
    for candidates in search.rounds():
        if monotonic() > end:
            return
        found = combination(integrand, candidates, variable)
        if found is not None:
            yield found


class _Search:
    """Forms, bases and field of one integrand."""

    def __init__(self, integrand: Expr, variable: Expr) -> None:
        self.variable = variable
        self.forms = _forms(integrand)
        self.targets = _distinct(term for form in self.forms for _, term in terms_of(form))
        bases: dict[bytes, Expr] = {}
        for form in self.forms:
            bases_of(form, bases)
        for _ in range(2):
            for base in list(bases.values()):
                if base.mask & variable.mask and len(bases) < 60:
                    bases_of(derivative(base, variable), bases)
        self.field: set[tuple[object, ...]] = set()
        for one in [*self.forms, *bases.values()]:
            kernels(one, variable, self.field)
        self.special = {}
        for form in self.forms:
            for key, kernel in special_kernels(form, variable).items():
                if self.is_inside(kernel):
                    self.special[key] = kernel
        generators = [one for one in {**bases, **self.special}.values() if one.mask & variable.mask]
        generators.sort(key=lambda one: len(one.prefix))
        self.generators = [(one, _slope_terms(derivative(one, variable))) for one in generators]

    def is_inside(self, candidate: Expr) -> bool:
        """Whether the derivative holds no function that the integrand lacks."""
        try:
            slope = derivative(candidate, self.variable)
        except (UndefinedExpressionError, ExpressionTooLargeError):
            return False
        return kernels(slope, self.variable) <= self.field

    def rounds(self) -> Iterator[list[Expr]]:
        """Growing sets of candidates, the likelier first."""
        first = {**self.special, **self._candidates(self.targets, _FIRST)}
        chosen = sorted(first.values(), key=lambda one: len(one.prefix))[: _FIRST + 40]
        yield chosen
        present = {term.prefix for term in self.targets}
        newest = chosen
        for _ in range(_ROUNDS):
            brought = self._brought(newest, present)
            known = {one.prefix for one in chosen}
            found = self._candidates(brought, 2 * _SECOND)
            newest = sorted(
                (one for key, one in found.items() if key not in known), key=lambda one: len(one.prefix)
            )
            newest = newest[: _SECOND - len(chosen)]
            if not newest:
                return
            chosen = [*chosen, *newest]
            yield chosen

    def _brought(self, candidates: list[Expr], present: set[bytes]) -> list[Expr]:
        """Terms of the candidates' derivatives that were not there yet, the shorter first."""
        found = []
        for candidate in candidates:
            for term in _slope_terms(derivative(candidate, self.variable)):
                if term.prefix not in present:
                    present.add(term.prefix)
                    found.append(term)
        return sorted(found, key=lambda one: len(one.prefix))

    def _candidates(self, targets: list[Expr], most: int) -> dict[bytes, Expr]:
        found: dict[bytes, Expr] = {}
        refused: set[bytes] = set()
        for target in targets:
            for generator, slopes in self.generators:
                for slope in slopes:
                    try:
                        one = product(1, ((target, 1), (generator, 1), (slope, -1)))
                    except (UndefinedExpressionError, ExpressionTooLargeError):
                        continue
                    one = coefficient_and_term(one)[1]
                    if one.prefix in found or one.prefix in refused:
                        continue
                    if len(one.prefix) <= _LONGEST and one.mask & self.variable.mask and self.is_inside(one):
                        found[one.prefix] = one
                        if len(found) >= most:
                            return found
                    else:
                        refused.add(one.prefix)
        return found


def combination(integrand: Expr, candidates: list[Expr], variable: Expr = X) -> Expr | None:
    """The linear combination of candidates whose derivative is the integrand, or None."""
    slopes = []
    for one in candidates:
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
    radicals = sum(1 for kind, *_ in _all_kernels([target, *parts]) if type(kind) is int)
    points = ModularPoints(min(40_000, int(1.6 * 2**radicals * (len(parts) + _SPARE)) + 64), prime)
    columns, used = [], []
    try:
        right = points.evaluate(target)
    except NotModularError:
        return None
    for index, part in enumerate(parts):
        before = points.usable.copy()
        try:
            columns.append(points.evaluate(part))
            used.append(index)
        except NotModularError:
            continue
        if points.usable.sum() < before.sum() / 4:  # a radical of its own: not worth its points
            points.usable = before
            columns.pop(), used.pop()
    rows = np.flatnonzero(points.usable)[: len(used) + _SPARE]
    if len(rows) < len(used) + _SPARE // 2 or not used:
        return None
    solution = solve(np.stack([column[rows] for column in columns], axis=1), right[rows], prime)
    if solution is None:
        return None
    found: list[tuple[int, Number]] = []
    for index, residue in zip(used, solution, strict=True):
        if residue:
            value = rational_from_residue(int(residue), prime)
            if value is None:
                return None
            found.append((index, value))
    return found


def _forms(integrand: Expr) -> list[Expr]:
    """The integrand written in several ways, each once."""
    rewritten = [integrand]
    for rule in (tangents_as_quotients, hyperbolics_as_exponentials):
        try:
            rewritten.append(with_functions(integrand, rule))
        except (UndefinedExpressionError, ExpressionTooLargeError):
            continue
    found: dict[bytes, Expr] = {}
    for one in rewritten:
        found.setdefault(one.prefix, one)
        try:
            out = multiplied_out(one, 300)
            found.setdefault(out.prefix, out)
        except ExpressionTooLargeError:
            continue
    return list(found.values())


def _slope_terms(slope: Expr) -> list[Expr]:
    """Terms of a derivative, as it is and multiplied out, without coefficients."""
    forms = [slope]
    with suppress(ExpressionTooLargeError):
        forms.append(multiplied_out(slope, 40))
    return _distinct(term for form in forms for _, term in terms_of(form))


def _distinct(nodes: Iterable[Expr]) -> list[Expr]:
    return list({node.prefix: node for node in nodes if node.kind != NUMBER or node.value == 1}.values())


def _all_kernels(nodes: list[Expr]) -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for node in nodes:
        kernels(node, X, found)
    return found


def kernels(
    node: Expr, variable: Expr, found: set[tuple[object, ...]] | None = None
) -> set[tuple[object, ...]]:
    """The functions and radicals of an expression as keys: what is rational in it has none.

    Circular functions count as one, so do exponential and hyperbolic ones; a radical is (degree, base).
    """
    found = set() if found is None else found
    kind = node.kind
    if kind == ADD:
        for term, _ in node.args:
            kernels(term, variable, found)
        return found
    if node.mask & variable.mask:
        if kind == POWER and node.value is None:
            found.add(("power", node.args[0].prefix))
        elif kind == POWER and type(node.value) is not int:
            found.add((node.value.denominator, node.args[0].prefix))
        elif kind == FUNCTION:
            found.add(_function_key(node))
    if kind in (MULTIPLY, POWER, FUNCTION):
        for part in node.args:
            kernels(part, variable, found)
    return found


def _function_key(node: Expr) -> tuple[object, ...]:
    if node.value in ("sin", "cos", "tan"):
        return ("circle",)
    if node.value in ("exp", "sinh", "cosh", "tanh"):
        return ("exp",)
    return (node.value, node.args[0].prefix)
