"""Whether two expressions are the same function, or the same up to a constant."""

from dataclasses import replace

from sciml.symbolic.derivative import derivative
from sciml.symbolic.expression import Expr, ExpressionTooLargeError, UndefinedExpressionError, X
from sciml.symbolic.given import GivenExpression, as_expression
from sciml.symbolic.judgement import Verification, undecided
from sciml.symbolic.sympy_proof import proves_zero
from sciml.symbolic.verification import compare


def equivalent(
    left: GivenExpression,
    right: GivenExpression,
    *,
    up_to_constant: bool = False,
    variable: Expr = X,
    proof_seconds: float = 0.0,
) -> Verification:
    """Whether two expressions have the same value wherever either has one.

    Args:
        left: an expression: text, of SymPy, or of the engine.
        right: another.
        up_to_constant: compare the derivatives instead: antiderivatives of one function are equivalent.
        variable: what varies over the real axis; other symbols are given positive values.
        proof_seconds: if above 0, SymPy is asked in a process of its own, for at most that long, to simplify
            the difference to zero; the method then reads `SymPy` where it could.

    Returns:
        The judgement: `verified`, or `partial` for functions that agree on a part of the axis only.

    Raises:
        InputError: a text that cannot be read, or parts that are not supported.
    """
    left, right = as_expression(left), as_expression(right)
    if up_to_constant:
        try:
            left, right = derivative(left, variable), derivative(right, variable)
        except (UndefinedExpressionError, ExpressionTooLargeError) as error:
            return undecided(f"a derivative cannot be taken: {error}")
    judged = compare(left, right, variable)
    if judged.status == "verified":
        other_way = compare(right, left, variable)
        if other_way.status != "verified":
            judged = replace(other_way, domain=judged.domain)
    if judged.status == "verified" and proof_seconds > 0 and proves_zero(left - right, proof_seconds):
        return replace(judged, method="SymPy")
    return judged
