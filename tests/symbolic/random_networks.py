"""Tiny networks with random parameters, and random problems, for the tests of decoding."""

import random

import torch

from sciml.symbolic.decoding import Problem
from sciml.symbolic.network import ExpressionTransformer
from sciml.symbolic.vocabulary import ARITY, BINARY, ID, INT_MINUS, INT_PLUS, UNARY, ZERO


def random_network(seed: int, scale: float = 1.0) -> ExpressionTransformer:
    """One of about 13,000 parameters; a larger scale makes it surer of what it says."""
    torch.manual_seed(seed)
    network = ExpressionTransformer(ExpressionTransformer.Config("test", 16, 2, 32, 1, 2)).eval()
    with torch.no_grad():
        network.embedding.mul_(scale)
    return network


def random_expression(rng: random.Random, operators: int, leaves: str = "x") -> bytes:
    """A prefix expression with that many operators."""
    if operators == 0:
        if rng.random() < 0.6:
            return bytes([ID[rng.choice(leaves.split())]])
        number = rng.randint(1, 99)
        return bytes([rng.choice((INT_PLUS, INT_MINUS)), *(ZERO + int(digit) for digit in str(number))])
    operator = ID[rng.choice((*UNARY, *BINARY))]
    if ARITY[operator] == 1:
        return bytes([operator]) + random_expression(rng, operators - 1, leaves)
    left = rng.randint(0, operators - 1)
    first, second = (random_expression(rng, n, leaves) for n in (left, operators - 1 - left))
    return bytes([operator]) + first + second


def random_problems(count: int, seed: int = 0) -> list[Problem]:
    """Integrands of different lengths."""
    rng = random.Random(seed)
    return [Problem("integrate", random_expression(rng, rng.randint(0, 6))) for _ in range(count)]
