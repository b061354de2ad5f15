"""Logarithms and inverse functions that an antiderivative may hold although the integrand does not.

They leave only their denominators behind: log(A) leaves 1/A, asin(u) leaves 1/sqrt(1 - u**2). What is
proposed here is guessed from those denominators; whether it is used is decided by linear algebra.

Source: Liouville's theorem, for which logarithms can be new; derivatives of Abramowitz & Stegun, chapter 4.
"""

from contextlib import suppress
from fractions import Fraction
from itertools import combinations
from itertools import product as choices

from sciml.symbolic.expansion import polynomial_coefficients
from sciml.symbolic.expression import (
    ADD,
    FUNCTION,
    NUMBER,
    ONE,
    POWER,
    Expr,
    ExpressionTooLargeError,
    Number,
    UndefinedExpressionError,
    X,
    coefficient_and_term,
    divide,
    function,
    linear,
    multiply,
    number,
    primitive,
    product,
    sqrt,
)
from sciml.symbolic.ladder.terms import factors_of, multiplied_out, terms_of

_PARTNER = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh"}


def special_kernels(node: Expr, variable: Expr = X) -> dict[bytes, Expr]:
    """New functions by prefix, the likelier first."""
    denominators, radicands = _under_fractions(node, variable)
    found: dict[bytes, Expr] = {variable.prefix: variable}

    def propose(kernel: Expr) -> None:
        if kernel.mask & variable.mask:
            found.setdefault(kernel.prefix, kernel)

    for base in denominators:
        propose(function("log", base))
        if base.kind == FUNCTION and base.value in _PARTNER:
            _of_trigonometric(base, propose)
    for base in [*denominators, *radicands]:
        if base.kind == ADD:
            for kernel in _of_sum(base, radicands, variable):
                propose(kernel)
    for first, second in combinations(radicands, 2):
        for kernel in _of_radicands(first, second, variable):
            propose(kernel)
    return found


def _under_fractions(node: Expr, variable: Expr) -> tuple[list[Expr], list[Expr]]:
    """Bases of negative powers, and bases of fractional powers, that hold the variable."""
    below: dict[bytes, Expr] = {}
    roots: dict[bytes, Expr] = {}

    def walk(part: Expr) -> None:
        if part.kind == POWER and part.value is not None and part.args[0].mask & variable.mask:
            base = part.args[0]
            if part.value < 0:
                below[base.prefix] = base
            if type(part.value) is not int:
                roots[base.prefix] = base
        if part.kind == ADD:
            for term, _ in part.args:
                walk(term)
            return
        for one in part.args:
            if isinstance(one, Expr):
                walk(one)

    walk(node)
    return list(below.values()), list(roots.values())


def _of_trigonometric(base: Expr, propose: object) -> None:
    """1/sin leads to log(cos - 1) and log(cos + 1), and the like."""
    assert callable(propose)
    argument = base.args[0]
    partner = function(_PARTNER[base.value], argument)
    if base.value == "cosh":
        propose(function("atan", partner))
    else:
        propose(function("log", partner + 1))
        propose(function("log", partner - 1))
    propose(divide(partner, base))


def _of_sum(base: Expr, radicands: list[Expr], variable: Expr) -> list[Expr]:
    """Inverse functions of u where the sum is k*(1 + u**2) or k*(1 - u**2), and those of a quadratic."""
    found: list[Expr] = []
    forms = {base.prefix: base}
    with suppress(ExpressionTooLargeError):
        out = multiplied_out(base, 30)
        forms.setdefault(out.prefix, out)
    for form in forms.values():
        if form.kind != ADD:
            continue
        for constant in _splits(form, variable):
            try:
                rest = divide(form - constant, constant)
                found += _inverse_functions(rest, radicands)
            except (UndefinedExpressionError, ExpressionTooLargeError):
                continue
        found += quadratic_kernels(form, variable)
    return found


def _splits(form: Expr, variable: Expr) -> list[Expr]:
    """Parts k of a sum that may be the k of k*(1 ± u**2): what is free of the variable, then single terms."""
    pairs = terms_of(form)
    free = [(c, term) for c, term in pairs if not term.mask & variable.mask]
    parts = [linear(free)] if free else []
    parts += [linear((pair,)) for pair in free[:3]] if len(free) > 1 else []
    if len(pairs) <= 4:
        parts += [linear((pair,)) for pair in pairs if pair[1].mask & variable.mask]
    return parts


def _inverse_functions(square: Expr, radicands: list[Expr]) -> list[Expr]:
    """Kernels of u with u**2 = square or u**2 = -square."""
    found = []
    root = square_root(square, radicands)
    if root is not None:
        found += [function("atan", root), function("asinh", root)]
    root = square_root(-square, radicands)
    if root is not None:
        found += [function("log", root + 1), function("log", root - 1)]
        found += [function(name, root) for name in ("asin", "atanh", "acosh")]
    return found


def quadratic_kernels(form: Expr, variable: Expr) -> list[Expr]:
    """a*x**2 + b*x + c by completing the square; a, b, c may hold parameters."""
    coefficients = polynomial_coefficients(form, variable, 2)
    if coefficients is None or len(coefficients) != 3:
        return []
    c, b, a = coefficients
    discriminant = b * b - 4 * a * c
    slope = 2 * a * variable + b
    found = []
    radical = function("log", 2 * sqrt(a) * sqrt(form) + slope)
    for sign in (1, -1):
        size = sign * discriminant
        if size.kind == NUMBER and size.value <= 0:
            continue
        root = sqrt(size)
        u = divide(slope, root)
        if sign == 1:
            found += [function("log", slope + root), function("log", slope - root)]
            found += [function(name, u) for name in ("atanh", "asin", "acosh")]
        else:
            found += [function("atan", u), function("asinh", u)]
    return [*found, radical]


def _of_radicands(first: Expr, second: Expr, variable: Expr) -> list[Expr]:
    """acosh(u) leaves sqrt(u - 1)*sqrt(u + 1): two radicands whose sum or difference is free of the
    variable."""
    found = []
    for sign in (1, -1):
        difference, total = second - sign * first, second + sign * first
        if difference.mask & variable.mask or (difference.kind == NUMBER and difference.value == 0):
            continue
        try:
            u = divide(total, difference)
            found += [function("acosh", u), function("acosh", -u), function("asin", u)]
        except UndefinedExpressionError:
            continue
    return found


def square_root(node: Expr, radicands: list[Expr] | None = None) -> Expr | None:
    """Some u with u**2 = node; None where only a new radical of a sum would do.

    Args:
        node: the square.
        radicands: sums whose square roots may be used.
    """
    if node.kind == ADD:
        content, part = primitive(node)
        if content < 0:
            content, part = -content, -part
        for one in radicands or []:
            if one == part:
                return multiply(sqrt(number(content)), sqrt(part))
        root = _root_of_sum(part)
        return None if root is None else multiply(sqrt(number(content)), root)
    coefficient, term = coefficient_and_term(node)
    if coefficient <= 0:
        return None
    parts: list[tuple[Expr, Number]] = [(sqrt(number(coefficient)), 1)]
    for base, exponent in factors_of(term):
        if base is ONE:
            continue
        if base.kind == FUNCTION and base.value == "exp":
            parts.append((function("exp", linear(((Fraction(exponent) / 2, base.args[0]),))), 1))
        else:
            parts.append((base, Fraction(exponent) / 2))
    return product(1, [(base, int(e) if e == int(e) else e) for base, e in parts])


def _root_of_sum(node: Expr) -> Expr | None:
    """u = r1 ± r2 … with u**2 = node, from those terms that are squares themselves."""
    wanted = _multiplied(node)
    if wanted is None:
        return None
    roots = []
    for coefficient, term in terms_of(node):
        if coefficient > 0 and all(_is_square(base, exponent) for base, exponent in factors_of(term)):
            root = square_root(linear(((coefficient, term),)))
            if root is not None:
                roots.append(root)
    if not 2 <= len(roots) <= 5:
        return None
    for size in range(2, len(roots) + 1):
        for chosen in combinations(roots, size):
            for signs in choices((1, -1), repeat=size - 1):
                u = linear([(1, chosen[0]), *zip(signs, chosen[1:], strict=True)])
                square = _multiplied(multiply(u, u))
                if square is not None and square.prefix == wanted.prefix:
                    return u
    return None


def _is_square(base: Expr, exponent: Number) -> bool:
    if base is ONE or (base.kind == FUNCTION and base.value == "exp"):
        return True
    return (Fraction(exponent) / 2).denominator == 1 or Fraction(exponent).denominator == 2


def _multiplied(node: Expr) -> Expr | None:
    try:
        return multiplied_out(node, 60)
    except ExpressionTooLargeError:
        return None
