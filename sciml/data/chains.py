"""Experimental protein chains in ragged shards: the training, validation and test sets of the structure
network.

A data folder holds `index.csv.gz`, one row per chain, and shards `*.npz` in which chain i owns rows
`offsets[i]:offsets[i+1]` of every per-residue array. Coordinates are int16 in hundredths of an Å.
"""

import csv
import gzip
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import RESTYPES
from sciml.errors import InputError

INDEX_NAME = "index.csv.gz"
DEVELOPMENT_SPLITS = ("train", "train_ca", "valid")
"""Splits that choices may be made with; the test split has a function of its own."""

MISSING, OBSERVED, REBUILT = 0, 1, 2
"""Values of an atom's mask; rebuilt atoms (O and CB only) were placed by ideal geometry."""

_ANGSTROM_PER_UNIT = 0.01
_NOT_EXPERIMENTAL = "THEORETICAL MODEL"
_ARRAYS = ("aatype", "residue_index", "coords", "mask")
_COLUMNS = ("id", "split", "shard", "row", "length", "cluster30", "atoms", "resolution", "method")


@dataclass(frozen=True)
class ChainRecord:
    """What the index says about one chain."""

    id: str
    """Unique name, usually PDB entry and chain."""
    split: str
    """train, train_ca, valid or test."""
    length: int
    """Observed residues."""
    cluster30: str
    """Cluster at 30 % sequence identity; similar chains share it."""
    atoms: str
    """What the file carried: all (heavy atoms), backbone (N, CA, C) or ca."""
    resolution_angstrom: float | None
    """Resolution, or None where the file had lost its header."""
    method: str
    """Experimental method, empty where unknown."""
    shard: str
    """File that holds the chain."""
    row: int
    """Place of the chain in its shard."""


@dataclass(frozen=True)
class Chain:
    """One chain, or a stretch of it."""

    record: ChainRecord
    """Its entry in the index."""
    aatype: NDArray[np.int64]
    """(res,), index into ARNDCQEGHILKMFPSTWYV."""
    residue_index: NDArray[np.int64]
    """(res,), from 0 at the start of the whole chain; a step above 1 is a chain break."""
    positions: NDArray[np.float32]
    """(res, 14, 3), Å, atom14 layout; 0 where the atom is missing."""
    mask: NDArray[np.uint8]
    """(res, 14): MISSING, OBSERVED or REBUILT."""

    @property
    def sequence(self) -> str:
        """One-letter codes of the observed residues."""
        return "".join(RESTYPES[number] for number in self.aatype)


class ChainSet:
    """Chains in memory, in index order; coordinates stay int16 until they are asked for.

    Args:
        records: the index entries, in the order of the arrays.
        offsets: (chain + 1,), first row of each chain in the arrays.
        arrays: `aatype`, `residue_index`, `coords` and `mask`, rows of all chains one after the other.
        sha256: digest of the files that these chains were read from.
    """

    def __init__(
        self,
        records: Sequence[ChainRecord],
        offsets: NDArray[np.int64],
        arrays: dict[str, NDArray],
        sha256: str,
    ) -> None:
        self.records = tuple(records)
        self.sha256 = sha256
        self._offsets = offsets
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def clusters(self) -> dict[str, tuple[int, ...]]:
        """Numbers of the chains of each 30 % cluster, clusters in order of first appearance."""
        members: dict[str, list[int]] = {}
        for number, record in enumerate(self.records):
            members.setdefault(record.cluster30, []).append(number)
        return {cluster: tuple(numbers) for cluster, numbers in members.items()}

    def chain(self, number: int, start: int = 0, stop: int | None = None) -> Chain:
        """Chain `number`, or its residues start..stop-1."""
        length = self.records[number].length
        first = int(self._offsets[number])
        rows = slice(first + start, first + (length if stop is None else min(stop, length)))
        return Chain(
            self.records[number],
            self._arrays["aatype"][rows].astype(np.int64),
            self._arrays["residue_index"][rows].astype(np.int64),
            self._arrays["coords"][rows].astype(np.float32) * np.float32(_ANGSTROM_PER_UNIT),
            self._arrays["mask"][rows],
        )


def open_chains(directory: Path, splits: Iterable[str] = ("train", "train_ca")) -> ChainSet:
    """Read the chains of some development splits.

    Chains whose own header says that they are theoretical models are left out.

    Args:
        directory: folder with `index.csv.gz` and the shards.
        splits: any of train, train_ca, valid.

    Raises:
        InputError: the test split, an unknown split, a missing file or column, or shards that contradict
        the index.
    """
    wanted = tuple(splits)
    refused = [split for split in wanted if split not in DEVELOPMENT_SPLITS]
    if refused or not wanted:
        raise InputError(
            f"splits must be among {', '.join(DEVELOPMENT_SPLITS)}, "
            f"not {', '.join(map(repr, refused)) or 'none'}; "
            "the test split is opened by open_test_chains, for the final evaluation only"
        )
    return _read_splits(Path(directory), wanted)


def open_test_chains(directory: Path) -> ChainSet:
    """Read the test split. For the final evaluation; nothing may be chosen by what it shows.

    Raises:
        InputError: see `open_chains`.
    """
    return _read_splits(Path(directory), ("test",))


def _read_splits(directory: Path, splits: tuple[str, ...]) -> ChainSet:
    index_path = directory / INDEX_NAME
    records = [record for record in read_index(index_path) if record.split in splits]
    if not records:
        raise InputError(f"no chain of the splits {', '.join(splits)}", file=str(index_path))
    digest = hashlib.sha256(index_path.read_bytes())
    pieces: dict[str, list[NDArray]] = {name: [] for name in _ARRAYS}
    kept: list[ChainRecord] = []
    for shard in dict.fromkeys(record.shard for record in records):
        path = directory / shard
        arrays, offsets, ids = _read_shard(path)
        digest.update(shard.encode() + hashlib.sha256(path.read_bytes()).digest())
        for record in (record for record in records if record.shard == shard):
            if not 0 <= record.row < len(ids) or ids[record.row] != record.id:
                raise InputError(
                    f"row {record.row} is another chain than the index says", file=str(path), record=record.id
                )
            rows = slice(offsets[record.row], offsets[record.row + 1])
            if rows.stop - rows.start != record.length:
                raise InputError(
                    f"the shard has {rows.stop - rows.start} residues, the index {record.length}",
                    file=str(path),
                    record=record.id,
                )
            kept.append(record)
            for name in _ARRAYS:
                pieces[name].append(arrays[name][rows])
    lengths = np.array([record.length for record in kept], dtype=np.int64)
    joined = {name: np.concatenate(parts) for name, parts in pieces.items()}
    return ChainSet(kept, np.concatenate([[0], np.cumsum(lengths)]), joined, digest.hexdigest())


def read_index(path: Path) -> list[ChainRecord]:
    """Read `index.csv.gz`, without the chains whose header says that they are theoretical models.

    Raises:
        InputError: the file or one of its columns is missing, or a number cannot be read.
    """
    if not path.is_file():
        raise InputError(
            "no such file; --data takes the folder with index.csv.gz and the shards", file=str(path)
        )
    with gzip.open(path, "rt", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"the index lacks the columns {', '.join(missing)}", file=str(path))
        rows = [(reader.line_num, row) for row in reader if row["method"] != _NOT_EXPERIMENTAL]
    return [_record(row, str(path), line) for line, row in rows]


def _record(row: dict[str, str], file: str, line: int) -> ChainRecord:
    try:
        return ChainRecord(
            id=row["id"],
            split=row["split"],
            length=int(row["length"]),
            cluster30=row["cluster30"],
            atoms=row["atoms"],
            resolution_angstrom=float(row["resolution"]) if row["resolution"] else None,
            method=row["method"],
            shard=row["shard"],
            row=int(row["row"]),
        )
    except ValueError as error:
        raise InputError(f"not a number: {error}", file=file, record=row["id"], line=line) from error


def _read_shard(path: Path) -> tuple[dict[str, NDArray], list[int], list[str]]:
    if not path.is_file():
        raise InputError("no such file, though the index names it", file=str(path))
    with np.load(path, allow_pickle=False) as data:
        missing = [name for name in ("ids", "offsets", *_ARRAYS) if name not in data.files]
        if missing:
            raise InputError(f"the shard lacks the arrays {', '.join(missing)}", file=str(path))
        arrays = {name: data[name] for name in _ARRAYS}
        return arrays, data["offsets"].tolist(), data["ids"].tolist()
