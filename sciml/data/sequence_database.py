"""A FASTA file (or several that together are one database) as blocks of digital sequences for pyhmmer.

Sequences are named by their running number, so that names are unique and hits of equal score come in the
order of the file; the header travels as the description. What decides a search is the digest: the SHA-256 of
the decompressed content. It is computed once for each path, size and time of change, and kept in the cache
folder, never beside the database.

A database that fits is read once and stays in memory (about 0.7 kB a sequence plus a byte a residue); a
larger one is read again for each pass, a block at a time.
"""

import glob
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from pyhmmer.easel import DigitalSequence, DigitalSequenceBlock

from sciml.data.digital_fasta import ALPHABET, DigitalFasta, FileSummary
from sciml.data.sequences import FASTA_SUFFIXES
from sciml.errors import InputError
from sciml.runs.cache import Cache, content_key

BLOCK_RESIDUES = 2_000_000
"""Residues of a block, the unit of work of one thread."""
MEMORY_LIMIT_BYTES = 1_000_000_000
"""Estimated size up to which a database stays in memory."""
_BYTES_PER_SEQUENCE = 700  # measured overhead of a digital sequence and its Python object


class SequenceDatabase:
    """One database to search.

    Args:
        files: FASTA files, plain or gzip, read in this order as one database.
        name: what it is called in results; the first file's name if None.
        cache: where digests are kept.
        memory_limit_bytes: estimated size up to which the sequences stay in memory.
    """

    def __init__(
        self,
        files: Sequence[str | Path],
        *,
        name: str | None = None,
        cache: Cache | None = None,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    ) -> None:
        if not files:
            raise InputError("a database has at least one file")
        self.files = tuple(Path(file).absolute() for file in files)
        self.name = name or self.files[0].name
        self._cache = cache or Cache("digests")
        self._memory_limit_bytes = memory_limit_bytes
        self._summaries: tuple[FileSummary, ...] | None = None
        self._kept: DigitalSequenceBlock | None = None

    @property
    def summaries(self) -> tuple[FileSummary, ...]:
        """One summary a file, from the cache or by reading the database (then kept in memory if it fits).

        Raises:
            InputError: a file that is missing, damaged or no FASTA, or no sequence in all files.
        """
        if self._summaries is None:
            remembered = [self._remembered(file) for file in self.files]
            known = tuple(summary for summary in remembered if summary is not None)
            self._summaries = known if len(known) == len(self.files) else self._read_all()
            if not self.sequences:
                raise InputError("the database holds no sequence", file=str(self.files[0]))
        return self._summaries

    @property
    def sha256(self) -> str:
        """Digest of the content of all files in their order."""
        digests = [summary.sha256 for summary in self.summaries]
        return digests[0] if len(digests) == 1 else content_key({"files": digests})

    @property
    def sequences(self) -> int:
        """Number of sequences that are searched: HMMER's Z."""
        return sum(summary.sequences for summary in self.summaries)

    @property
    def residues(self) -> int:
        """Number of residues that are searched."""
        return sum(summary.residues for summary in self.summaries)

    def blocks(self, shards: int | None = None) -> Iterator[DigitalSequenceBlock]:
        """All sequences in order, in blocks of about `BLOCK_RESIDUES` or in `shards` blocks of equal numbers.

        Raises:
            InputError: as `summaries`, or the files changed since they were summed up.
        """
        total = self.sequences
        by_size = max(1, round(total * BLOCK_RESIDUES / max(self.residues, 1)))
        step = -(-total // max(1, min(shards, total))) if shards is not None else by_size
        if self._kept is None and self._fits(self.sequences, self.residues):
            self._read_all()
        if self._kept is not None:
            for start in range(0, total, step):
                yield self._kept[start : start + step]
            return
        block = DigitalSequenceBlock(ALPHABET)
        read = 0
        for record in self._records():
            block.append(record)
            read += 1
            if len(block) == step:
                yield block
                block = DigitalSequenceBlock(ALPHABET)
        if len(block):
            yield block
        if read != total:
            raise InputError("the database changed while it was searched", file=str(self.files[0]))

    def _fits(self, sequences: int, residues: int) -> bool:
        return residues + sequences * _BYTES_PER_SEQUENCE <= self._memory_limit_bytes

    def _records(self) -> Iterator[DigitalSequence]:
        number = 0
        for file in self.files:
            for sequence in DigitalFasta(file, number):
                number += 1
                yield sequence

    def _read_all(self) -> tuple[FileSummary, ...]:
        """Read every file once: summaries for the cache, sequences for the memory as long as they fit."""
        kept: DigitalSequenceBlock | None = DigitalSequenceBlock(ALPHABET)
        summaries: list[FileSummary] = []
        sequences = residues = 0
        for file in self.files:
            stamp = _stamp(file)
            reader = DigitalFasta(file, sequences)
            for sequence in reader:
                sequences, residues = sequences + 1, residues + len(sequence)
                if kept is not None:
                    kept.append(sequence)
                    if not self._fits(sequences, residues):
                        kept = None
            summaries.append(reader.summary())
            if _stamp(file) == stamp:
                content = json.dumps(asdict(summaries[-1])).encode()
                self._cache.put(content_key({"digest": stamp}), content)
        if self._summaries is not None and tuple(summaries) != self._summaries:
            raise InputError("the database changed while it was searched", file=str(self.files[0]))
        self._kept = kept
        return tuple(summaries)

    def _remembered(self, file: Path) -> FileSummary | None:
        """The summary of an unchanged file, if it was made before."""
        content = self._cache.get(content_key({"digest": _stamp(file)}))
        return None if content is None else FileSummary(**json.loads(content))


def open_database(argument: str | Path, **options: Cache | int | None) -> SequenceDatabase:
    """The database that a command-line argument names.

    A file is itself a database; a pattern with `*`, `?` or `[` and a folder are one database of all files
    that match (a folder: all FASTA files), in the order of their names.

    Args:
        argument: file, pattern or folder.
        options: further arguments of `SequenceDatabase`.

    Raises:
        InputError: no file matches.
    """
    path = Path(argument)
    if path.is_dir():
        files = [
            str(entry) for entry in sorted(path.iterdir()) if entry.name.lower().endswith(FASTA_SUFFIXES)
        ]
    elif path.exists() or not glob.has_magic(str(argument)):
        files = [str(argument)]
    else:
        files = sorted(glob.glob(str(argument)))
    if not files:
        raise InputError(
            "no FASTA file matches; --db names a FASTA file, a folder or a pattern", file=str(argument)
        )
    for file in files:
        if not Path(file).is_file():
            raise InputError("no such file; --db names a FASTA file, a folder or a pattern", file=file)
    return SequenceDatabase(files, name=path.name, **options)  # type: ignore[arg-type]  # named options only


def _stamp(file: Path) -> list[str | int]:
    """What changes when a file changes."""
    try:
        status = file.stat()
    except OSError as error:
        raise InputError(f"the database cannot be read ({error.strerror})", file=str(file)) from None
    return [str(file.resolve()), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
