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

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    MULTIPLY,
    NUMBER,
    POWER,
    Expr,
    ExpressionTooLargeError,
    UndefinedExpressionError,
    X,
    coefficient_and_term,
    function,
    primitive,
    product,
)
from sciml.symbolic.ladder.combination import combination
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.factored_sums import with_factored_sums
from sciml.symbolic.ladder.kernels import Kernel, kernels
from sciml.symbolic.ladder.one_angle import by_one_angle
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

_SIZES = (60, 120, 180, 240, 300, 360)
"""Largest number of candidates in each round.

After a round without success, the terms that its candidates brought in are treated like terms of the
integrand.
"""
_MOST_TARGETS = 300
_LONGEST = 220
"""Tokens of a candidate."""


def antiderivative(integrand: Expr, seconds: float = 5.0, variable: Expr = X) -> Expr | None:
    """A proposed antiderivative, or None.

    Args:
        integrand: elementary, of one variable and any parameters.
        seconds: of processor time, after which no new system is begun.
        variable: the symbol to integrate over.
    """
    for proposal in antiderivatives(integrand, seconds, variable):
        return proposal
    return None


def antiderivatives(integrand: Expr, seconds: float = 5.0, variable: Expr = X) -> Iterator[Expr]:
    """Proposals in the order in which they are found, at most one for each way of writing the integrand."""
    return Proposals(integrand, variable).until(float("inf"), Deadline.of_work(seconds))


class Proposals:
    """The proposals for one integrand, in rounds of growing sets of candidates; a later call goes on.

    Args:
        integrand: elementary, of one variable and any parameters.
        variable: the symbol to integrate over.
    """

    def __init__(self, integrand: Expr, variable: Expr = X) -> None:
        self.variable = variable
        self._largest = 0
        self._searches = [(_rounds(forms, variable), forms) for forms in _families(integrand, variable)]

    def until(self, size: float, deadline: Deadline) -> Iterator[Expr]:
        """What the rounds propose until one has so many candidates; those of an earlier call not again.

        Args:
            size: number of candidates.
            deadline: no new system is begun after it.
        """
        while self._searches and self._largest < size:
            searches, self._searches = self._searches, []
            for place, (rounds, forms) in enumerate(searches):
                candidates = next(rounds, None)
                if candidates is None:
                    continue
                if deadline.has_passed:
                    self._searches += searches[place:]
                    return
                self._largest = max(self._largest, len(candidates))
                found = combination(forms[0], candidates, self.variable)
                if found is None:
                    self._searches.append((rounds, forms))
                else:
                    yield found


def _rounds(forms: list[Expr], variable: Expr) -> Iterator[list[Expr]]:
    """The rounds of one family; nothing is prepared before the first of them is asked for."""
    yield from _Search(forms, variable).rounds()


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


def _families(integrand: Expr, variable: Expr) -> list[list[Expr]]:
    """Ways of writing the integrand, each as it is and multiplied out."""
    with suppress(UndefinedExpressionError, ExpressionTooLargeError):
        integrand = with_factored_sums(integrand)
    rewritten = {integrand.prefix: integrand}
    rules: tuple[Callable[[Expr], Expr], ...] = (
        lambda node: with_functions(node, tangents_as_quotients),
        lambda node: with_functions(node, hyperbolics_as_exponentials),
        lambda node: by_one_angle(node, variable),
    )
    for rule in rules:
        with suppress(UndefinedExpressionError, ExpressionTooLargeError):
            one = rule(integrand)
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
