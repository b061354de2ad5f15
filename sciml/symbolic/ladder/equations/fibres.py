"""Points modulo a prime in groups that share x and differ in y and y'.

On such a group it is seen by values alone whether an expression in x, y, y' depends on x only, or is a linear
combination of others with coefficients that depend on x only: no simplification is needed.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from sciml.symbolic.expression import ADD, NUMBER, POWER, Expr
from sciml.symbolic.ladder.modular import ModularPoints, NotModularError, Residues
from sciml.symbolic.ladder.modular_solve import rational_from_residue
from sciml.symbolic.ladder.primes import prime_for
from sciml.symbolic.unknown_function import Y

_MOST_POINTS = 24_000
_FEWEST_GROUPS, _MOST_TESTED = 3, 24
_LARGEST_NUMBER = 10_000


class Fibres(ModularPoints):
    """Groups of points at which everything that is free of the moving symbols has the same residue.

    Args:
        nodes: what will be evaluated; their radicals set the number of points and the prime.
        copies: points in a group.
        moving: symbols that differ within a group.
    """

    def __init__(self, nodes: Sequence[Expr], copies: int = 3, moving: Sequence[Expr] = Y) -> None:
        self.copies = copies
        self._mask = 0
        for one in moving:
            self._mask |= one.mask
        self._tokens = frozenset(token for one in moving for token in one.prefix)
        wanted = 32 * self._drawn_for_radicals(nodes) + 16
        self.groups = min(_MOST_POINTS // copies, wanted)
        super().__init__(self.groups * copies, prime_for(nodes))

    def _drawn_for_radicals(self, nodes: Sequence[Expr]) -> int:
        """How many groups must be drawn so that about one has all its roots."""
        found: dict[tuple[bytes, int], int] = {}

        def walk(node: Expr) -> None:
            if node.kind == POWER and node.value is not None and type(node.value) is not int:
                base, degree = node.args[0], node.value.denominator
                if base.kind != NUMBER and (degree % 2 == 0 or degree % 3 == 0):
                    times = self.copies if base.mask & self._mask else 1
                    found[(base.prefix, degree)] = degree**times
            for part in node.args:
                walk(part[0] if node.kind == ADD else part)

        for node in nodes:
            walk(node)
        return prod(found.values())

    def _shared(self, values: Residues) -> Residues:
        return np.tile(values[: self.groups], self.copies)

    def _generator(self, family: str, key: bytes) -> Residues:
        is_new = (family, key) not in self._generators
        values = super()._generator(family, key)
        if is_new and not self._moves(key) and not self._moves_in_base(family):
            values = self._generators[(family, key)] = self._shared(values)
        return values

    def _moves(self, key: bytes) -> bool:
        return not self._tokens.isdisjoint(key)

    def _moves_in_base(self, family: str) -> bool:
        name, _, base = family.partition(" ")
        return name == "power" and self._moves(bytes.fromhex(base))

    def _root(self, base: Expr, degree: int) -> Residues:
        is_new = (f"root {degree}", base.prefix) not in self._generators
        values = super()._root(base, degree)
        if is_new and not base.mask & self._mask:  # one sign for the whole group
            values = self._shared(values)
            self._generators[(f"root {degree}", base.prefix)] = values
        return values

    # Tests --------------------------------------------------------------------------------------------------

    def usable_groups(self) -> NDArray[np.intp]:
        """Groups all of whose points have values."""
        return np.flatnonzero(self.usable.reshape(self.copies, self.groups).all(axis=0))

    def depends_on_shared_only(self, values: Residues) -> bool:
        """Whether residues are the same within each group."""
        groups = self.usable_groups()
        rows = values.reshape(self.copies, self.groups)[:, groups]
        return len(groups) >= _FEWEST_GROUPS and bool((rows == rows[0]).all())

    def common_ratio(self, wanted: Residues, part: Residues) -> Fraction | None:
        """The number k if `wanted` is s*(k + `part`) with some s that depends on the group."""
        if not self.is_combination(wanted, [part]):
            return None
        groups, prime = self.usable_groups(), self.prime
        w, v = (one.reshape(self.copies, self.groups)[:2, groups] for one in (wanted, part))
        groups_differ = (w[0] - w[1]) % prime != 0
        w, v = w[:, groups_differ], v[:, groups_differ]
        if w.shape[1] < _FEWEST_GROUPS:
            return None
        # w = s*(k + v) at two points: k = (w1*v0 - w0*v1)/(w0 - w1)
        above = (w[1] * v[0] % prime - w[0] * v[1] % prime) % prime
        ratio = above * _inverses((w[0] - w[1]) % prime, prime) % prime
        if (ratio != ratio[0]).any():
            return None
        found = rational_from_residue(int(ratio[0]), prime)
        is_simple = found is not None and max(abs(found.numerator), found.denominator) <= _LARGEST_NUMBER
        return found if is_simple else None

    def is_combination(self, wanted: Residues, parts: Sequence[Residues]) -> bool:
        """Whether `wanted` is a combination of `parts` and 1 with coefficients that depend on the group.

        There must be one point more in a group than there are unknown coefficients.
        """
        few = self.few(*parts, wanted)
        return few is not None and self.are_dependent(few)

    def few(self, *values: Residues) -> Residues | None:
        """Residues at the points of some usable groups, (value, copy, group); None if there are too few."""
        groups = self.usable_groups()[:_MOST_TESTED]
        if len(groups) < _FEWEST_GROUPS:
            return None
        return np.stack([one.reshape(self.copies, self.groups)[:, groups] for one in values])

    def are_dependent(self, table: Residues) -> bool:
        """Whether the rows of a (value, copy, group) table and 1 are linearly dependent in each group."""
        differences = (table[:, 1:] - table[:, :1]) % self.prime
        return bool((_determinants(differences, self.prime) == 0).all())


def are_equal(one: Expr, other: Expr) -> bool:
    """Whether two expressions have the same residues, and have any."""
    points = Fibres([one, other], copies=1, moving=())
    try:
        difference = (points.evaluate(one) - points.evaluate(other)) % points.prime
    except NotModularError:
        return False
    return len(points.usable_groups()) >= _FEWEST_GROUPS and not difference[points.usable].any()


def _inverses(values: Residues, prime: int) -> Residues:
    return np.array([pow(int(one), -1, prime) for one in values], dtype=np.int64)


def _determinants(table: NDArray[np.int64], prime: int) -> NDArray[np.int64]:
    """Determinants modulo a prime of (row, column, group) matrices of two or three rows, (group,)."""
    if len(table) == 1:
        only: NDArray[np.int64] = table[0, 0]
        return only
    total = np.zeros(table.shape[2], dtype=np.int64)
    for column in range(table.shape[1]):
        others = [one for one in range(table.shape[1]) if one != column]
        minor = table[0, column] * _determinants(table[1:, others], prime) % prime
        total = (total - minor if column % 2 else total + minor) % prime
    return total
