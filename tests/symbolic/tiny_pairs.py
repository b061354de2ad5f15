"""A stream of small pairs for the tests of training: the answer to f is -f."""

import random
from collections.abc import Iterator

from random_networks import random_expression

from sciml.symbolic.pair_shards import KeptPair
from sciml.symbolic.vocabulary import ID


def stream(seed: int, number: int) -> Iterator[KeptPair]:
    """Endless, the same for the same numbers."""
    rng = random.Random(f"{seed} {number}")
    while True:
        task, leaves = rng.choice((("integrate", "x"), ("integrate", "x"), ("ode1", "x c1")))
        source = random_expression(rng, rng.choice((0, 1, 1, 2, 3, 8)), leaves)
        yield KeptPair(task, source, bytes([ID["neg"]]) + source)
