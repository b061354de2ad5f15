"""Every model of a PDB file, of an NMR ensemble or of a CASP TS file, told apart by their records.

A new model begins at MODEL, after ENDMDL and END, and at PFRMAT (several CASP files one after the other).
After TER, a chain identifier whose residue numbers begin again is a new chain: it gets the next free letter,
which is how several chains with a blank identifier are read. TARGET and AUTHOR hold until the next PFRMAT;
PARENT belongs to the model that it stands in. A blank chain identifier is read as A.

Source: wwPDB, Atomic Coordinate Entry Format 3.30 (2012); CASP, "TS format" (Prediction Center, CASP14-16).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sciml.data.atom_collector import AtomCollector, is_polymer_record
from sciml.data.pdb_records import add_record, residue_of_record
from sciml.data.protein_atoms import CHAIN_LETTERS
from sciml.data.structure_model import StructureModel
from sciml.errors import InputError

_CASP_NAMES = "PFRMAT TARGET AUTHOR METHOD PARENT REMARK STOICH QSCORE SCORE QMODE"
_PDB_NAMES = (
    "HEADER OBSLTE TITLE SPLIT CAVEAT COMPND SOURCE KEYWDS EXPDTA NUMMDL MDLTYP AUTHOR REVDAT SPRSDE JRNL"
    " REMARK DBREF DBREF1 DBREF2 SEQADV SEQRES MODRES HET HETNAM HETSYN FORMUL HELIX SHEET TURN SSBOND LINK"
    " LINKR CISPEP SITE HYDBND SLTBRG CRYST1 ORIGX1 ORIGX2 ORIGX3 SCALE1 SCALE2 SCALE3 MTRIX1 MTRIX2 MTRIX3"
    " TVECT MODEL ATOM ANISOU SIGATM SIGUIJ HETATM TER ENDMDL CONECT MASTER END USER FTNOTE"
)
CASP_RECORDS = frozenset(_CASP_NAMES.split())
"""First words of the records of CASP files that may come before the coordinates."""
PDB_RECORDS = frozenset(_PDB_NAMES.split())
"""Names of the records of the PDB format, version 3.30 and older ones."""
_KNOWN = CASP_RECORDS | PDB_RECORDS
_MAX_MODELS = 10_000
_WATERS = frozenset(("HOH", "WAT", "DOD", "H2O", "SOL"))


@dataclass
class _Section:
    """The header of one CASP file."""

    is_ts: bool = False
    target: str | None = None
    author: str | None = None
    numbers: set[int] = field(default_factory=set)


@dataclass
class _OpenModel:
    """A model whose end was not seen yet."""

    number: int | None = None
    collector: AtomCollector = field(default_factory=AtomCollector)
    parents: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    has_atoms: bool = False
    first_line: int = 0
    used_chains: set[str] = field(default_factory=set)
    letters: dict[str, str] = field(default_factory=dict)
    after_ter: bool = False
    last_residue: tuple[str, int, str] | None = None


class PdbModels:
    """Reads the lines of a PDB or TS file into models; made for one file.

    Args:
        file: its name, for models and messages.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._section = _Section()
        self._model = _OpenModel()
        self._models = 0
        self._unknown: Counter[str] = Counter()
        self._first_unknown = 0

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[StructureModel]:
        """The models of the numbered lines, each when its end was reached.

        Raises:
            InputError: a record that cannot be read, a CASP file of another format, or no model at all.
        """
        for line_number, line in lines:
            record = line[:6].rstrip()
            if record in ("ATOM", "HETATM"):
                try:
                    self._add_atom(record, line, line_number)
                except ValueError as error:
                    rule = f"not an ATOM record of the PDB format: {error}"
                    raise InputError(rule, file=self.file, line=line_number) from None
            elif record == "TER" or line.startswith("TER "):
                self._model.after_ter = True
            elif record == "ENDMDL":
                yield from self._closed()
            elif record == "END" or record == "MODEL" or record == "PFRMAT":
                yield from self._closed()
                self._begin(record, line, line_number)
            else:
                self._read_header(record, line, line_number)
        yield from self._closed()
        if not self._models:
            raise InputError("no atom of a protein chain", file=self.file)

    def _add_atom(self, record: str, line: str, line_number: int) -> None:
        residue_name, model = line[17:20].strip(), self._model
        if not is_polymer_record(record, residue_name):
            model.counts["waters" if residue_name in _WATERS else "other"] += 1
            return
        raw, number, insertion_code = residue_of_record(line)
        if not model.has_atoms:
            model.has_atoms, model.first_line = True, line_number
        chain = model.letters.get(raw)
        if chain is None or (
            model.after_ter
            and model.last_residue != (chain, number, insertion_code)  # TER inside a residue ends no chain
            and model.collector.has_residue(chain, number, insertion_code)
        ):
            chain = self._new_chain(raw)
        model.after_ter, model.last_residue = False, (chain, number, insertion_code)
        add_record(model.collector, line, chain, number, insertion_code, residue_name)

    def _new_chain(self, raw: str) -> str:
        """The identifier that a chain gets: its own, A if it is blank, or the next letter that is free."""
        used = self._model.used_chains
        chain = raw or "A"
        if chain in used:
            self._model.counts["chains"] += 1
            free = (letter for letter in CHAIN_LETTERS if letter not in used)
            chain = next(free, "")
            if not chain:
                raise ValueError(f"more than {len(CHAIN_LETTERS)} chains with the same identifiers")
        used.add(chain)
        self._model.letters[raw] = chain
        return chain

    def _begin(self, record: str, line: str, line_number: int) -> None:
        """A record that begins a model, or a file among several."""
        if record == "MODEL":
            number = self._model_number(line, line_number)
            if number in self._section.numbers:
                if self._section.is_ts:
                    raise InputError(f"MODEL {number} is there twice", file=self.file, line=line_number)
                self._model.notes.append(f"MODEL {number} is there more than once")
            self._section.numbers.add(number)
            self._model.number = number
        elif record == "END":
            if not self._section.is_ts:  # END closes a model of a TS file, whose header holds for the next
                self._section = _Section()
        else:
            words = line.split()
            kind = words[1] if len(words) > 1 else ""
            if kind != "TS":
                rule = f"PFRMAT {kind or 'without a format'}: coordinates come in files of PFRMAT TS"
                raise InputError(rule, file=self.file, line=line_number)
            self._section = _Section(is_ts=True)

    def _model_number(self, line: str, line_number: int) -> int:
        words = line[5:].split()
        if not words or not (words[0].isascii() and words[0].isdigit() and len(words[0]) < 10):
            raise InputError(
                f"MODEL needs a number: {line[:30].rstrip()!r}", file=self.file, line=line_number
            )
        return int(words[0])

    def _read_header(self, record: str, line: str, line_number: int) -> None:
        """TARGET, AUTHOR and PARENT; other records are known and skipped, or counted as unknown."""
        words = line.split()
        if not words:
            return
        if words[0] == "PARENT":
            if self._model.has_atoms and not self._model.after_ter and self._section.is_ts:
                self._model.notes.append(f"PARENT among the atoms of a chain (line {line_number})")
            self._model.parents += [word for word in words[1:] if word.upper() != "N/A"]
        elif words[0] == "TARGET":
            self._section.target = words[1] if len(words) > 1 else None
        elif words[0] == "AUTHOR" and self._section.is_ts:
            self._section.author = " ".join(words[1:]) or None
        elif words[0] not in _KNOWN and record not in _KNOWN and not self._section.is_ts:
            self._unknown[words[0][:12]] += 1
            self._first_unknown = self._first_unknown or line_number

    def _closed(self) -> Iterator[StructureModel]:
        """The open model, if it has atoms."""
        model, self._model = self._model, _OpenModel()
        if not model.has_atoms:
            self._model.parents = model.parents if model.number is None else []
            return
        self._models += 1
        if self._models > _MAX_MODELS:
            raise InputError(f"more than {_MAX_MODELS:,} models", file=self.file, line=model.first_line)
        try:
            atoms = model.collector.atoms()
        except ValueError as error:
            raise InputError(str(error), file=self.file, line=model.first_line) from None
        yield StructureModel(
            atoms=atoms,
            file=self.file,
            model_number=model.number,
            target=self._section.target,
            author=self._section.author,
            parents=tuple(model.parents),
            notes=(*model.collector.notes(), *model.notes, *self._own_notes(model)),
        )

    def _own_notes(self, model: _OpenModel) -> Iterator[str]:
        if model.counts["chains"]:
            yield f"chains renamed, their identifier was in use: {model.counts['chains']}"
        if model.counts["other"]:
            yield f"HETATM records other than water left out: {model.counts['other']}"
        if self._unknown:
            lines = self._unknown.total()
            yield f"lines that are no record of the format: {lines}, the first is line {self._first_unknown}"
