"""Reads every model of a structure file: PDB, mmCIF or CASP TS, plain or gzip.

The format is told from the content, never from the name: the first line that only one format has decides.
What is read and what is left out: `AtomCollector` (atoms, alternative locations, selenomethionine),
`PdbModels` (models and chains of PDB and TS files), `CifModels` (of mmCIF).
"""

import os
from collections.abc import Iterable, Iterator
from itertools import islice

from sciml.data.mmcif_models import CifModels
from sciml.data.pdb_models import CASP_RECORDS, PDB_RECORDS, PdbModels
from sciml.data.structure_model import StructureModel
from sciml.data.textfile import ReadLimits, display_name, read_lines
from sciml.errors import InputError

LIMITS = ReadLimits(max_bytes=500_000_000, max_ratio=100)
"""The largest assemblies of the PDB fit; coordinates are compressed to a fifth, never to a hundredth."""

_PDB_WORDS = (PDB_RECORDS | CASP_RECORDS) - {"ATOM", "HETATM"}
_NumberedLine = tuple[int, str]


def read_structures(
    path: str | os.PathLike[str], *, all_models: bool = True, lines: range | None = None
) -> tuple[StructureModel, ...]:
    """Every model of a PDB, mmCIF or CASP TS file, plain or gzip.

    Args:
        path: the file, or `-` for standard input.
        all_models: False to stop after the first, which stands for an NMR ensemble unless it is asked for
            another.
        lines: numbers, from 1, of the lines to read, as if the file had no others; all when None.

    Returns:
        At least one model, in the order of the file.

    Raises:
        InputError: the file cannot be read, is damaged, is no structure file, or breaks a rule of its format
            (with the line); nothing else.
    """
    file = display_name(os.fspath(path))
    chosen = _checked_lines(os.fspath(path), file, lines)
    head: list[_NumberedLine] = []
    is_cif = _is_cif(chosen, head, file)
    reader = CifModels(file) if is_cif else PdbModels(file)
    models: list[StructureModel] = []
    for model in reader.read(_joined(head, chosen)):
        models.append(model)
        if not all_models:
            break
    return tuple(models)


def _checked_lines(path: str, file: str, lines: range | None) -> Iterator[_NumberedLine]:
    first, stop = (1, None) if lines is None else (lines.start, lines.stop - 1)
    for number, line in enumerate(islice(read_lines(path, LIMITS), first - 1, stop), start=first):
        if "\0" in line:
            raise InputError("a NUL byte: this is no text file", file=file, line=number)
        yield number, line


def _joined(head: list[_NumberedLine], rest: Iterable[_NumberedLine]) -> Iterator[_NumberedLine]:
    yield from head
    yield from rest


def _is_cif(lines: Iterator[_NumberedLine], head: list[_NumberedLine], file: str) -> bool:
    """Whether the file is mmCIF rather than PDB; the lines that were looked at are put into `head`.

    Raises:
        InputError: it is neither.
    """
    for number, line in lines:
        head.append((number, line))
        words = line.split(None, 2)
        if not words:
            continue
        first = words[0].lower()
        if first.startswith(("data_", "_")) or first == "loop_":
            return True
        if line[:6].rstrip() in ("ATOM", "HETATM"):
            return False
        if words[0] in _PDB_WORDS:
            return False
    if not any(line.strip() for _, line in head):
        raise InputError("the file is empty", file=file)
    raise InputError("neither PDB, mmCIF nor CASP TS: no line of any of them", file=file)
