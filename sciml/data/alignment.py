"""A multiple sequence alignment over the columns of its query, and what is counted on it.

Source of the merging rules and of the deletion counts: Jumper et al. 2021, Supplementary 1.2.1-1.2.3, and the
data pipeline published with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sciml.data.alphabet import GAP, GAP_INDEX, HHBLITS_LETTER_TO_INDEX, MSA_LETTER_TO_INDEX, byte_table
from sciml.data.redundancy import effective_count

_WITHOUT_LOWER = str.maketrans("", "", "abcdefghijklmnopqrstuvwxyz")
_INSERTION = re.compile("[a-z]+")
_CLASS_OF_BYTE = np.frombuffer(byte_table(MSA_LETTER_TO_INDEX, 255), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Alignment:
    """Rows over the query's columns; row 0 is the query.

    Raises:
        ValueError: no row, a row of another length, a letter that is neither a capital of the alphabet nor
            `-`, a gap in the query, or counts that do not fit; the message names the row.
    """

    sequences: tuple[str, ...]
    """Aligned rows, capitals and `-`, each as long as the query."""
    deletions: NDArray[np.int32]
    """(seq, res): residues of the row that were deleted just before the column (they face no column)."""
    descriptions: tuple[str, ...]
    """Name of each row and what is known of it."""
    insertions: tuple[str, ...] | None = field(default=None, repr=False)
    """The rows in A3M form, with the deleted residues in lower case; None where only their numbers are
    known."""

    def __post_init__(self) -> None:
        if not self.sequences:
            raise ValueError("an alignment has at least its query's row")
        rows, columns = len(self.sequences), len(self.sequences[0])
        for number, sequence in enumerate(self.sequences, start=1):
            if len(sequence) != columns:
                raise ValueError(f"row {number} has {len(sequence)} columns, the query has {columns}")
        self._check_letters()
        if self.deletions.shape != (rows, columns) or self.deletions.dtype != np.int32:
            found = f"{self.deletions.dtype} {self.deletions.shape}"
            raise ValueError(f"deletions are int32 ({rows}, {columns}), one count a cell; got {found}")
        if len(self.descriptions) != rows or (self.insertions is not None and len(self.insertions) != rows):
            raise ValueError(f"an alignment of {rows} rows has {rows} descriptions (and insertions, if any)")

    def _check_letters(self) -> None:
        if GAP in self.sequences[0]:
            raise ValueError(f"the query's row has a gap at position {self.sequences[0].index(GAP) + 1}")
        if set("".join(self.sequences)) <= HHBLITS_LETTER_TO_INDEX.keys():
            return
        for number, sequence in enumerate(self.sequences, start=1):
            extra = set(sequence) - HHBLITS_LETTER_TO_INDEX.keys()
            if extra:
                position = min(sequence.index(letter) for letter in extra)
                raise ValueError(
                    f"row {number}, position {position + 1}: {sequence[position]!r} is no residue or gap"
                )

    @classmethod
    def from_rows(cls, rows: Sequence[str], descriptions: Sequence[str]) -> Alignment:
        """An alignment from A3M rows: capitals and `-` are columns, lower case is deleted residues.

        Args:
            rows: A3M rows; the first is the query.
            descriptions: one a row.

        Raises:
            ValueError: as the class, for instance rows with different numbers of columns.
        """
        sequences = tuple(row.translate(_WITHOUT_LOWER) for row in rows)
        deletions = np.zeros((len(sequences), len(sequences[0]) if sequences else 0), dtype=np.int32)
        for index, (row, sequence) in enumerate(zip(rows, sequences, strict=True)):
            if len(row) != len(sequence) and len(sequence) == deletions.shape[1]:
                deletions[index] = deletion_counts(row)
        return cls(sequences, deletions, tuple(descriptions), tuple(rows))

    @classmethod
    def of_query(cls, sequence: str, description: str = "query") -> Alignment:
        """The alignment of a sequence with nothing but itself."""
        return cls.from_rows([sequence], [description])

    @property
    def query(self) -> str:
        """Row 0."""
        return self.sequences[0]

    def __len__(self) -> int:
        return len(self.sequences)

    def a3m_rows(self) -> tuple[str, ...]:
        """The rows in A3M form; deleted residues whose letters are not known stand as `x`."""
        if self.insertions is not None:
            return self.insertions
        rows = []
        for sequence, counts in zip(self.sequences, self.deletions.tolist(), strict=True):
            rows.append("".join("x" * count + letter for letter, count in zip(sequence, counts, strict=True)))
        return tuple(rows)

    def encode(self) -> NDArray[np.int32]:
        """(seq, res): class 0-21 of every cell in the network's order (20 X, 21 gap).

        B is read as D, Z as E, U as C; J and O as X, as AlphaFold 2 reads them.
        """
        return _CLASS_OF_BYTE[_as_bytes(self.sequences)].astype(np.int32)

    def coverage(self) -> NDArray[np.float64]:
        """(res,): share of the rows, the query's included, that have a residue in the column."""
        gap_free = _as_bytes(self.sequences) != ord(GAP)
        return gap_free.mean(axis=0, dtype=np.float64)

    def neff(self, identity: float = 0.8) -> float:
        """Effective number of sequences: every row counts as 1 / (rows at least as alike, itself included).


        Alike means an identity of at least `identity`. The identity of two rows is the number of columns in
        which both have the same residue over the number of residues of the row that has fewer (CD-HIT's
        convention); X agrees with nothing. A copy of a row, or of a part of it, therefore adds nothing. The
        value is not divided by the length or its root.

        Args:
            identity: in (0, 1].
        """
        classes = self.encode()
        return effective_count(np.where(classes < GAP_INDEX - 1, classes, -1), identity)

    def deduplicated(self) -> Alignment:
        """The alignment without rows whose aligned residues stood in an earlier row; the first is kept."""
        return Alignment.merged([self])

    def first(self, rows: int) -> Alignment:
        """The alignment of the first `rows` rows, at least the query's."""
        return self.select(range(min(max(rows, 1), len(self))))

    def select(self, indices: Sequence[int]) -> Alignment:
        """The alignment of the rows with these indices, in this order; the first becomes the query."""
        return Alignment(
            tuple(self.sequences[index] for index in indices),
            self.deletions[list(indices)],
            tuple(self.descriptions[index] for index in indices),
            None if self.insertions is None else tuple(self.insertions[index] for index in indices),
        )

    @classmethod
    def merged(cls, alignments: Sequence[Alignment], caps: Sequence[int | None] | None = None) -> Alignment:
        """One alignment of several of the same query, as AlphaFold 2 joins its databases.

        Each alignment is cut to its cap, then all are read in order, and a row whose aligned residues
        (capitals and gaps; deleted residues do not count) were seen before is dropped.

        Args:
            alignments: in the order of the databases.
            caps: most rows of each alignment, its query's row included; None for all rows.

        Raises:
            ValueError: no alignment, different queries, or not one cap an alignment.
        """
        if not alignments:
            raise ValueError("there is no alignment to merge")
        caps = [None] * len(alignments) if caps is None else caps
        if len(caps) != len(alignments):
            raise ValueError(f"{len(alignments)} alignments have {len(caps)} caps; give one for each")
        seen: set[str] = set()
        kept: list[list[int]] = []
        for number, (alignment, cap) in enumerate(zip(alignments, caps, strict=True), start=1):
            if alignment.query != alignments[0].query:
                raise ValueError(f"alignment {number} has another query than the first")
            kept.append([])
            for index, sequence in enumerate(alignment.sequences[:cap]):
                if sequence not in seen:
                    seen.add(sequence)
                    kept[-1].append(index)
        return _gathered(alignments, kept)


def deletion_counts(row: str) -> list[int]:
    """Lower-case letters before each column of an A3M row; those after the last column are not counted."""
    runs = [(found.start(), len(found[0])) for found in _INSERTION.finditer(row)]
    counts = [0] * (len(row) - sum(length for _, length in runs))
    removed = 0
    for start, length in runs:
        if start - removed < len(counts):
            counts[start - removed] = length
        removed += length
    return counts


def on_query_columns(rows: Sequence[str]) -> list[str]:
    """A3M rows: columns where the first row has a gap become lower case, or nothing where the row has a gap.

    Args:
        rows: equally long, capitals and `-`.
    """
    cells = _as_bytes(rows).copy()
    inserted = cells[0] == ord(GAP)
    gaps = cells == ord(GAP)
    cells[:, inserted] |= 0x20  # to lower case; a gap, 0x2d, has this bit already
    keep = ~(gaps & inserted)
    return [row[kept].tobytes().decode("ascii") for row, kept in zip(cells, keep, strict=True)]


def _as_bytes(sequences: Sequence[str]) -> NDArray[np.uint8]:
    """(seq, res) ASCII codes."""
    joined = "".join(sequences).encode("ascii")
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(sequences), len(sequences[0]))


def _gathered(alignments: Sequence[Alignment], kept: Sequence[list[int]]) -> Alignment:
    """The kept rows of all alignments; their A3M forms too if any alignment knows them."""
    chosen = [(alignment, index) for alignment, rows in zip(alignments, kept, strict=True) for index in rows]
    a3m_rows = {id(alignment): alignment.a3m_rows() for alignment in alignments}
    known = any(alignment.insertions is not None for alignment in alignments)
    return Alignment(
        tuple(alignment.sequences[index] for alignment, index in chosen),
        np.concatenate([alignment.deletions[rows] for alignment, rows in zip(alignments, kept, strict=True)]),
        tuple(alignment.descriptions[index] for alignment, index in chosen),
        tuple(a3m_rows[id(alignment)][index] for alignment, index in chosen) if known else None,
    )
