"""Logarithms of polynomials, one for each residue: for denominators whose roots are not known by radicals.

The residues of a/d are the roots of the resultant of a - t*d' and d. Where it has factors of a degree up to 2
only, few logarithms and arctangents make up the integral although d has many roots.

Source: Rothstein and Trager, after Bronstein, Symbolic Integration I, 2.4 and 2.8; the subresultants and real
forms are SymPy's.
"""

from sciml.errors import InputError
from sciml.symbolic.expression import Expr
from sciml.symbolic.ladder.rational_functions import Polynomial
from sciml.symbolic.sympy_bridge import from_sympy

_LARGEST_DEGREE = 14


def residue_logarithms(top: Polynomial, bottom: Polynomial) -> Expr | None:
    """The integral of top/bottom, both over the rationals; None if its residues are of a higher degree.

    Args:
        top: of a degree below that of the bottom.
        bottom: irreducible.
    """
    from sympy import Dummy
    from sympy.integrals.rationaltools import log_to_real, ratint_logpart

    if bottom.degree() > _LARGEST_DEGREE:
        return None
    x, residue = bottom.gen, Dummy("t")
    parts = ratint_logpart(top.as_expr(), bottom.as_expr(), x, residue)
    if any(resultant.degree() > 2 for _, resultant in parts):
        return None
    total = 0
    for argument, resultant in parts:
        found = log_to_real(argument.primitive()[1], resultant, x, residue)
        if found is None:
            return None
        total += found
    try:
        return from_sympy(total)
    except InputError:  # a form that the engine cannot say
        return None
