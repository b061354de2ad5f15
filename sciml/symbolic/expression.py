"""Canonical expression trees: what is generated, tokenised, differentiated and verified.

An expression is made only by constructors, which bring it into one canonical form: sums and products are flat
and sorted, with exact rational coefficients, like terms and equal bases collected; the coefficient of a sum
inside a product is taken out; radicals of numbers are split into primes. Equal canonical forms have equal
`prefix`, the string of token ids in prefix order (`vocabulary.py`).

The rules hold for complex values with principal branches, except on branch cuts; `exp(log(u)) = u` is used,
`log(exp(u)) = u` and `sqrt(u**2) = u` are not.

This module names what the others make together: `prefixes.py` (token ids), `nodes.py` (nodes and leaves),
`sums.py`, `products.py` (with `product_nodes.py`, `collected_powers.py`, `number_powers.py`), `functions.py`,
`function_values.py`.
"""

from sciml.symbolic.functions import function
from sciml.symbolic.nodes import (
    ADD,
    CONSTANT,
    EULER,
    FUNCTION,
    HALF,
    IMAGINARY_UNIT,
    MINUS_ONE,
    MULTIPLY,
    NUMBER,
    ONE,
    PI,
    POWER,
    SYMBOL,
    ZERO_EXPR,
    Expr,
    UndefinedExpressionError,
    X,
    as_expr,
    forget_nodes,
    integer,
    number,
    rational,
    symbol,
    symbol_names,
    whole,
)
from sciml.symbolic.number_powers import number_power
from sciml.symbolic.prefixes import (
    FUNCTION_PREFIX,
    LARGEST_BITS,
    ExpressionTooLargeError,
    Number,
    number_prefix,
)
from sciml.symbolic.products import divide, multiply, power, product, sqrt
from sciml.symbolic.sums import add, coefficient_and_term, is_negative, linear, primitive

__all__ = [
    "ADD",
    "CONSTANT",
    "EULER",
    "FUNCTION",
    "FUNCTION_PREFIX",
    "HALF",
    "IMAGINARY_UNIT",
    "LARGEST_BITS",
    "MINUS_ONE",
    "MULTIPLY",
    "NUMBER",
    "ONE",
    "PI",
    "POWER",
    "SYMBOL",
    "ZERO_EXPR",
    "Expr",
    "ExpressionTooLargeError",
    "Number",
    "UndefinedExpressionError",
    "X",
    "add",
    "as_expr",
    "coefficient_and_term",
    "divide",
    "forget_nodes",
    "function",
    "integer",
    "is_negative",
    "linear",
    "multiply",
    "number",
    "number_power",
    "number_prefix",
    "power",
    "primitive",
    "product",
    "rational",
    "sqrt",
    "symbol",
    "symbol_names",
    "whole",
]
