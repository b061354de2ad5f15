"""How many bits of a value a smaller part of it is away from being seen.

In 1 + exp(-1000) the second term begins 1,443 bits behind the first: arithmetic of fewer bits loses it, and
an answer that is wrong by as much looks right. Functions hide parts of the same kind: for large arguments
tanh(u) = 1 - 2*exp(-2*u) + ..., for small ones cos(u) = 1 - u**2/2 + ....

Source: leading two terms of the series of Abramowitz & Stegun, chapter 4.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import mpmath

PreciseNumber: TypeAlias = Any
"""A number of Python or of an mpmath context (mpf, mpc), which has no types of its own."""

_BITS_OF_TWO_E_FOLDS = 2.885390081777927  # 2/log(2): exp(-2*u) beside 1
_ALONG_REAL, _ALONG_IMAGINARY = ("sinh", "cosh", "tanh"), ("sin", "cos", "tan")
"""Functions that a large real, or imaginary, part of the argument makes an exponential or a constant."""
_WITH_FAR_SERIES = ("atan", "asinh", "acosh", "atanh")
_WITH_LINEAR_TERM = ("exp", "acos", "acosh")
"""Functions with a value other than 0 and a slope other than 0 at 0."""
_ARITHMETIC = ("log", "abs", "sign")


def bits_between(context: mpmath.MPContext, terms: Sequence[PreciseNumber]) -> int:
    """Bits between the largest and the smallest term of a sum; terms that are 0 do not count."""
    sizes = [context.mag(term) for term in terms if term]
    return int(max(sizes) - min(sizes)) if sizes else 0


def bits_hidden_by(context: mpmath.MPContext, name: str, argument: PreciseNumber) -> int:
    """Bits between the value of a function and the second term of its series, near 0 or far from it.

    For sin and the like also those that a large argument loses before its fraction of a period.
    """
    if name in _ARITHMETIC or not argument:
        return 0
    size = int(context.mag(argument))
    if size < 0:
        return -size if name in _WITH_LINEAR_TERM else -2 * size
    if name in _WITH_FAR_SERIES:
        return 2 * size
    if name in _ALONG_REAL:
        return size + int(_BITS_OF_TWO_E_FOLDS * abs(context.re(argument)))
    if name in _ALONG_IMAGINARY:
        return size + int(_BITS_OF_TWO_E_FOLDS * abs(context.im(argument)))
    return size if name == "exp" else 0
