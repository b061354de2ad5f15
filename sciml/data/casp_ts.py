"""Writer and checker of tertiary structure predictions in CASP's TS format (`structure_files.py` reads them).

    PFRMAT TS · TARGET · AUTHOR · REMARK · METHOD, then for each model
    MODEL 1, for each chain PARENT N/A, its ATOM records and TER, and END.

ATOM records are those of the PDB format. The B-factor column holds pLDDT, 0 to 100 (CASP15 and later; before,
the groups wrote estimated errors in Å there). Only ATOM records are written: no ligands, no STOICH, QSCORE.

Source: Protein Structure Prediction Center, "TS format" of CASP14 to CASP16.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sciml.data.casp_header import (
    WIDTH,
    CaspHeader,
    HeaderReader,
    check_model_number,
    header_lines,
    integer_of,
)
from sciml.data.pdb import format_pdb
from sciml.data.pdb_models import PdbModels
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import RESTYPES_WITH_X, UNKNOWN_INDEX
from sciml.errors import InputError
from sciml.runs.files import atomic_write_text

_PARENT = re.compile(r"[0-9][A-Za-z0-9]{3}(?:_[A-Za-z0-9]{1,4})?")
_NO_PARENT = "N/A"
_IN_MODEL = ("ATOM", "HETATM", "TER", "PARENT")
_BESIDE_MODELS = ("STOICH", "QSCORE", "SCORE")  # records of multimers and servers, taken and not read


@dataclass(frozen=True)
class TsModel:
    """One model to be written."""

    number: int
    """1 to 5; 1 is the group's best."""
    atoms: ProteinAtoms
    """Its chains; B-factors 0-100."""
    parents: tuple[str, ...] = ()
    """Templates as `1abc` or `1abc_A`; none for a prediction without templates."""


def format_ts(header: CaspHeader, models: Sequence[TsModel]) -> str:
    """The text of a TS file.

    Args:
        header: target, author and method.
        models: with numbers from 1 to 5, all different.

    Raises:
        InputError: no model, a number out of range or twice, a B-factor outside 0 to 100, an empty METHOD, or
            a structure that the PDB columns cannot hold.
    """
    if not models:
        raise InputError("a TS file needs a model", record=header.target)
    numbers = [model.number for model in models]
    if len(set(numbers)) != len(numbers):
        raise InputError(f"the models of a target have different numbers: {numbers}", record=header.target)
    lines = header_lines("TS", header)
    for model in models:
        check_model_number(model.number)
        lines += _model_lines(model)
    return "".join(f"{line:<{WIDTH}}\n" for line in lines)


def write_ts(path: str | os.PathLike[str], header: CaspHeader, models: Sequence[TsModel]) -> Path:
    """Write a TS file, as a whole or not at all; errors as `format_ts` and those of the disk.

    Returns:
        `path` as a `Path`.
    """
    return atomic_write_text(path, format_ts(header, models))


def _model_lines(model: TsModel) -> list[str]:
    b_factors = model.atoms.b_factors[model.atoms.mask >= 0.5]
    if ((b_factors < 0) | (b_factors > 100)).any():
        raise InputError(f"the B-factors of a TS model are pLDDT, 0 to 100: MODEL {model.number}")
    refused = [parent for parent in model.parents if not _PARENT.fullmatch(parent)]
    if refused:
        raise InputError(f"PARENT is N/A or PDB entries like 1abc or 1abc_A: {refused[0]!r}")
    parents = _parent_lines(model.parents)
    lines = [f"MODEL  {model.number}", *parents]
    is_open = False
    for line in format_pdb(model.atoms).splitlines():
        if line.startswith("ATOM"):
            if not is_open and len(lines) > 1 + len(parents):
                lines += parents  # of every further chain
            is_open = True
            lines.append(line)
        elif line.startswith("TER"):
            lines.append("TER")
            is_open = False
    return [*lines, "END"]


def _parent_lines(parents: Sequence[str]) -> list[str]:
    if not parents:
        return [f"PARENT {_NO_PARENT}"]
    lines = ["PARENT"]
    for parent in parents:
        if len(lines[-1]) + 1 + len(parent) > WIDTH:
            lines.append("PARENT")
        lines[-1] += f" {parent}"
    return lines


def check_ts(text: str, file: str | None = None, sequence: str | None = None) -> None:
    """Refuse a TS file that CASP's server would not take.

    The rules: PFRMAT TS first, then TARGET, AUTHOR and METHOD, once each; lines of at most 80 columns; MODEL
    1 to 5, no number twice; PARENT before the atoms of a model, N/A or PDB entries; TER after the last atom
    of each chain; END after each model; ATOM records only, in the columns of the PDB format, no atom twice;
    and each residue that of the target's sequence with its number.

    Not checked: PARENT entries exist, geometry, STOICH and QSCORE of multimers.

    Args:
        text: content of the file.
        file: its name, for messages.
        sequence: one-letter codes of the target, residue 1 first; without it residues are not compared.

    Raises:
        InputError: the first rule that is broken, with its line where one line is at fault.
    """
    _RecordOrder(file).check(text.splitlines())
    numbered = enumerate(text.splitlines(), start=1)
    for model in PdbModels(file or "<TS>").read(numbered):
        if sequence is not None:
            _check_residues(model.atoms, sequence, f"MODEL {model.model_number}", file)


class _RecordOrder:
    """Walks over the records of a TS file and keeps their order."""

    def __init__(self, file: str | None) -> None:
        self.file = file
        self.header = HeaderReader("TS", file)
        self.numbers: set[int] = set()
        self.in_model = self.has_parent = self.has_atoms = self.chain_is_open = False
        self.chain = ""

    def check(self, lines: Sequence[str]) -> None:
        """Raises InputError at the first record out of place."""
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            if len(line.rstrip()) > WIDTH:
                self._refuse(f"a line has at most {WIDTH} columns: {len(line.rstrip())}", number)
            self._take(number, line)
        if self.in_model:
            self._refuse("END is missing after the last model", len(lines))
        if not self.numbers:
            self.header.header(len(lines), is_complete=True)
            self._refuse("there is no MODEL", len(lines))

    def _take(self, number: int, line: str) -> None:
        words, record = line.split(), line[:6].rstrip()
        if record == "ATOM" or words[0] in _IN_MODEL:
            self._take_coordinates(number, line, words)
        elif self.header.take(number, words):
            pass
        elif words[0] == "MODEL":
            self._begin(number, words)
        elif words[0] == "END":
            self._end(number)
        elif words[0] not in _BESIDE_MODELS:
            self._refuse(f"{words[0][:12]!r} is no record of the TS format", number)

    def _begin(self, number: int, words: list[str]) -> None:
        self.header.header(number, is_complete=True)
        if self.in_model:
            self._refuse("END is missing before this MODEL", number)
        model = integer_of(words[1] if len(words) > 1 else "", "the number of MODEL", self.file, number)
        check_model_number(model, self.file, number)
        if model in self.numbers:
            self._refuse(f"MODEL {model} is there twice", number)
        self.numbers.add(model)
        self.in_model, self.has_parent, self.has_atoms, self.chain_is_open = True, False, False, False

    def _end(self, number: int) -> None:
        if not self.in_model:
            self._refuse("END without a MODEL", number)
        if not self.has_atoms:
            self._refuse("a model without atoms", number)
        if self.chain_is_open:
            self._refuse("TER is missing after the last atom of a chain", number)
        self.in_model = False

    def _take_coordinates(self, number: int, line: str, words: list[str]) -> None:
        self.header.take(number, words)  # refuses coordinates as the first line
        if not self.in_model:
            self._refuse(f"{words[0][:6]} outside a MODEL", number)
        if words[0] == "PARENT":
            self._check_parents(number, words[1:])
            self.has_parent = True
        elif words[0] == "TER":
            if not self.chain_is_open:
                self._refuse("TER without atoms before it", number)
            self.chain_is_open = False
        elif words[0] == "HETATM":
            self._refuse("HETATM: a TS model has ATOM records only", number)
        else:
            if not self.has_parent:
                self._refuse("PARENT must come before the atoms", number)
            chain = line[21:22]
            if self.chain_is_open and chain != self.chain:
                self._refuse(f"TER is missing between chains {self.chain!r} and {chain!r}", number)
            self.chain, self.chain_is_open, self.has_atoms = chain, True, True

    def _check_parents(self, number: int, parents: list[str]) -> None:
        if self.chain_is_open:
            self._refuse("PARENT among the atoms of a chain", number)
        if parents == [_NO_PARENT]:
            return
        refused = [parent for parent in parents if not _PARENT.fullmatch(parent)]
        if refused or not parents:
            found = refused[0] if refused else ""
            self._refuse(f"PARENT is N/A or PDB entries like 1abc or 1abc_A: {found!r}", number)

    def _refuse(self, rule: str, line: int) -> None:
        raise InputError(rule, file=self.file, line=line)


def _check_residues(atoms: ProteinAtoms, sequence: str, model: str, file: str | None) -> None:
    """Each residue has the letter that the sequence has at its number."""
    outside = np.flatnonzero((atoms.residue_index < 1) | (atoms.residue_index > len(sequence)))
    if len(outside):
        number = atoms.residue_index[outside[0]]
        raise InputError(f"residue {number} of a target of {len(sequence)} residues", file=file, record=model)
    for restype, number in zip(atoms.aatype.tolist(), atoms.residue_index.tolist(), strict=True):
        letter = sequence[number - 1].upper()
        if restype != UNKNOWN_INDEX and RESTYPES_WITH_X[restype] != letter:
            rule = f"residue {number} is {letter} in the target, {RESTYPES_WITH_X[restype]} in the model"
            raise InputError(rule, file=file, record=model)
