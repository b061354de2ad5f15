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
    first, stop = (1, None) if lines is None else (lines.start, lines.stop - 1)
    chosen = enumerate(islice(read_lines(os.fspath(path), LIMITS), first - 1, stop), start=first)
    return _models(_checked(chosen, file), file, all_models=all_models)


def read_parts(
    path: str | os.PathLike[str], parts: Iterable[range]
) -> Iterator[tuple[StructureModel, ...] | InputError]:
    """`read_structures` of several parts of a file that is read once; a part that fails takes no other along.

    Args:
        path: the file.
        parts: numbers of lines, from 1; the parts follow one another and do not overlap.

    Yields:
        For each part its models, or the error that `read_structures` would raise.
    """
    file = display_name(os.fspath(path))
    numbered = enumerate(read_lines(os.fspath(path), LIMITS), start=1)
    for part in parts:
        try:
            found = _models(_checked(_within(numbered, part), file), file)
        except InputError as error:
            yield error
        else:
            yield found


def _within(numbered: Iterator[_NumberedLine], part: range) -> Iterator[_NumberedLine]:
    """The lines of a part; those before it are passed, those after it stay."""
    for number, line in numbered:
        if number >= part.start:
            yield number, line
        if number >= part.stop - 1:
            return


def _models(
    chosen: Iterator[_NumberedLine], file: str, *, all_models: bool = True
) -> tuple[StructureModel, ...]:
    head: list[_NumberedLine] = []
    is_cif = _is_cif(chosen, head, file)
    reader = CifModels(file) if is_cif else PdbModels(file)
    models: list[StructureModel] = []
    for model in reader.read(_joined(head, chosen)):
        models.append(model)
        if not all_models:
            break
    return tuple(models)


def _checked(lines: Iterable[_NumberedLine], file: str) -> Iterator[_NumberedLine]:
    for number, line in lines:
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
