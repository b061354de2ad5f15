"""Linear equations of the first order: u' = p(x)*u + q(x).

Source: the integrating factor of Euler; Boyce & DiPrima, Elementary Differential Equations, section 2.1.
"""

from sciml.symbolic.expression import Expr, divide, multiply
from sciml.symbolic.ladder.deadline import Deadline
from sciml.symbolic.ladder.equations.integrals import exponential, integral


def linear_solution(p: Expr, q: Expr, constant: Expr, deadline: Deadline) -> Expr | None:
    """The general solution of u' = p*u + q, or None if an integral is not found."""
    growth = integral(p, deadline)
    if growth is None:
        return None
    scale = exponential(growth)
    particular = integral(divide(q, scale), deadline)
    if particular is None:
        return None
    return multiply(scale, particular + constant)
