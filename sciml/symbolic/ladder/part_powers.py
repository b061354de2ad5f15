"""A part of an expression replaced by a symbol wherever it occurs, its whole powers too.

With u = x**2, x**6 is u**3; with u = x*(x + 1), x**2*(x + 1)**2 is u**2; with u = exp(x), exp(3*x) is u**3;
with u = x + tan(x), 3*x + 3*tan(x) + 5 is 3*u + 5.
"""

from fractions import Fraction

from sciml.symbolic.expression import ADD, FUNCTION, MULTIPLY, NUMBER, POWER, Expr, Number, linear, product
from sciml.symbolic.substitution import rebuilt


def with_symbol(node: Expr, part: Expr, new: Expr) -> Expr:
    """The expression in `new`; what is no whole power of the part stays as it is.

    Args:
        node: the expression.
        part: what is replaced; not a number.
        new: a symbol that is in neither.
    """
    known: dict[bytes, Expr] = {}
    bases = _bases(part)

    def replaced(one: Expr) -> Expr:
        if one == part:
            return new
        if part.mask & ~one.mask:
            return one
        found = known.get(one.prefix)
        if found is None:
            found = known[one.prefix] = changed(one)
        return found

    def changed(one: Expr) -> Expr:
        if one.kind == ADD and part.kind == ADD:
            ratio = _share(one, part)
            if ratio:
                rest = linear(((1, one), (-ratio, part)))
                return linear(((ratio, new), (1, rebuilt_rest(rest))))
        count = _count(one, part, bases)
        if count:
            rest = product(1, ((one, 1), (part, -count)))
            if rest != one and _count(rest, part, bases) == 0:
                return product(1, ((new, count), (rebuilt_rest(rest), 1)))
        return rebuilt(one, replaced)

    def rebuilt_rest(one: Expr) -> Expr:
        return rebuilt(one, replaced) if one != part else new

    return replaced(node)


def _share(node: Expr, part: Expr) -> Number:
    """r, where a sum holds r times all terms of another that has more than one; 0 if there is none."""
    present = {term.prefix: value for term, value in node.args}
    ratios = {Fraction(present.get(term.prefix, 0)) / Fraction(value) for term, value in part.args}
    return ratios.pop() if len(ratios) == 1 and len(part.args) > 1 else 0


def _count(node: Expr, part: Expr, bases: dict[Expr, Number]) -> int:
    """The power of the part in a product, a power or an exponential; 0 if there is none."""
    if node.kind == FUNCTION and node.value == "exp" and part.kind == FUNCTION and part.value == "exp":
        return _multiple(node.args[0], part.args[0])
    if node.kind == MULTIPLY and part.kind == FUNCTION and part.value == "exp":
        counts = [_count(factor, part, bases) for factor in node.args]
        return next((count for count in counts if count), 0)
    if node.kind in (ADD, NUMBER):
        return 0
    present = _bases(node)
    counts = []
    for base, exponent in bases.items():
        ratio = Fraction(present.get(base, 0)) / Fraction(exponent)
        if ratio.denominator != 1 or not ratio:
            return 0
        counts.append(int(ratio))
    return counts[0] if len(set(counts)) == 1 else 0


def _multiple(node: Expr, unit: Expr) -> int:
    """k with node = k*unit, whole and not 0; else 0."""
    if node.kind == ADD and unit.kind == ADD:
        term, coefficient = unit.args[0]
        ratio = next((Fraction(value) / coefficient for one, value in node.args if one == term), Fraction(0))
    else:
        quotient = product(1, ((node, 1), (unit, -1)))
        ratio = Fraction(quotient.value) if not quotient.mask and not quotient.args else Fraction(0)
    if ratio.denominator != 1 or not ratio:
        return 0
    is_exact = linear(((1, node), (-int(ratio), unit))) == linear(())
    return int(ratio) if is_exact else 0


def _bases(node: Expr) -> dict[Expr, Number]:
    """Bases and exponents of a product of powers; of anything else itself to the power 1."""
    found: dict[Expr, Number] = {}
    for factor in node.args if node.kind == MULTIPLY else (node,):
        is_power = factor.kind == POWER and factor.value is not None
        found[factor.args[0] if is_power else factor] = factor.value if is_power else 1
    return found
