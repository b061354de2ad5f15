"""The sequences to work on: files, folders, standard input to records; a bad record is refused by itself.

What is read: FASTA with any number of records; A3M, whose first row is the query; a folder of such files, by
name; `-` for standard input. The ending says which of the two a file is. Standard input and files of any
other ending are A3M if their rows have one length and hold gaps or insertions, and a warning says so.

| in a record | answer |
|---|---|
| the twenty letters and X, in either case | accepted |
| U, O, B, Z, J | read as C, K, D, E, L, each with a warning |
| `*` at the end | dropped |
| `:` | refused: several chains |
| anything else (`-`, `.`, digits, `*` inside, NUL, …) | refused with its position |
| no residue | refused |
| no identifier | accepted as `record_N`, with a warning |
| an identifier that an earlier record has | refused, naming both |
| an identifier that is no file name, or a long one | accepted; `name` is the file name for it |
| one residue | accepted |
| more than `max_length` residues | refused, naming the limit |
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from sciml.data.a3m import A3M_SUFFIXES, alignment_of_records, looks_like_a3m
from sciml.data.alignment import Alignment
from sciml.data.alphabet import GAP, RESIDUES, SUBSTITUTION_NAMES, SUBSTITUTIONS, UNKNOWN
from sciml.data.fasta import CHAINS_RULE, FastaRecord, iterate_fasta
from sciml.data.names import LONGEST_NAME, file_names
from sciml.data.textfile import DEFAULT_LIMITS, STDIN, ReadLimits, display_name
from sciml.errors import InputError

MAX_LENGTH = 4096
"""Residues of the longest record that is accepted unless told otherwise.

One float32 copy of its pair representation (length² × 128 channels) is 8.6 GB, and the network needs several.
"""
FASTA_SUFFIXES = tuple(
    ending + packed for ending in (".fasta", ".fa", ".faa", ".fas", ".fsa", ".seq") for packed in ("", ".gz")
)
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SUBSTITUTED = str.maketrans("".join(SUBSTITUTIONS), "".join(SUBSTITUTIONS.values()))
_ALLOWED = frozenset(RESIDUES + UNKNOWN)
_NUCLEOTIDES = frozenset("ACGTUN")
_SHORTEST_NUCLEOTIDE_SUSPECT = 30
_TAKEN_FOR_ALIGNMENT = (
    "read as one alignment whose first row is the query, since its rows have one length and hold gaps or "
    "insertions; give separate sequences in a file that ends in .fasta"
)


@dataclass(frozen=True)
class SequenceRecord:
    """One sequence that was understood."""

    id: str
    """Identifier as it stands in the input; for an A3M file, the file's name without its ending."""
    description: str
    """What the header says after the identifier; for an A3M file, its query's whole header."""
    sequence: str
    """Residues: the twenty capitals and X."""
    name: str
    """File name for outputs, without ending; see `sciml.data.names`."""
    file: str
    """Where it came from; `<stdin>` for standard input."""
    warnings: tuple[str, ...] = ()
    """Sentences on what was changed or is odd, with record and position."""
    alignment: Alignment | None = None
    """The alignment whose query this is, if the input was one."""


@dataclass(frozen=True)
class SequenceBatch:
    """Everything that an input holds."""

    records: tuple[SequenceRecord, ...]
    """In the order of the input."""
    refused: tuple[InputError, ...]
    """One error for each record or file that could not be used, in the order of the input."""
    ignored: tuple[str, ...] = ()
    """Files of a folder that are no sequence files by their ending."""


def read_sequences(
    path: str | Path, *, max_length: int = MAX_LENGTH, limits: ReadLimits = DEFAULT_LIMITS
) -> SequenceBatch:
    """Read sequences by the rules of this module; one bad record or file never stops the others.

    Args:
        path: FASTA or A3M file (plain or gzip), a folder of them, or `-` for standard input.
        max_length: residues of the longest record that is accepted.
        limits: sizes beyond which a file is refused.

    Raises:
        InputError: there is nothing at `path`, or a folder without a sequence file.
    """
    collected = _Collected(max_length)
    files, ignored = ([path], []) if str(path) == STDIN else _sequence_files(Path(path))
    for file in files:
        try:
            records, is_alignment = _records(file, limits, collected)
        except InputError as error:
            collected.refused.append(error)
            continue
        if is_alignment:
            named = str(file).lower().endswith(A3M_SUFFIXES)
            collected.add_alignment(records, file, () if named else (_TAKEN_FOR_ALIGNMENT,))
        else:
            for number, record in enumerate(records, start=1):
                collected.add(record, number, display_name(file))
    return collected.batch(ignored)


def _sequence_files(path: Path) -> tuple[list[str | Path], list[str]]:
    """Files to read at a path, sorted by name, and those of a folder that are left out."""
    try:
        if not path.is_dir():
            path.stat()
            return [path], []
        entries = sorted(
            entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith(".")
        )
    except FileNotFoundError:
        raise InputError("no such file or folder", file=str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL inside the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot be opened ({reason})", file=str(path)) from None
    endings = FASTA_SUFFIXES + A3M_SUFFIXES
    files: list[str | Path] = [entry for entry in entries if entry.name.lower().endswith(endings)]
    if not files:
        raise InputError(f"the folder holds no sequence file ({', '.join(endings)})", file=str(path))
    return files, [str(entry) for entry in entries if entry not in files]


def _records(path: str | Path, limits: ReadLimits, collected: "_Collected") -> tuple[list[FastaRecord], bool]:
    """The file's records, and whether they are the rows of an alignment.

    Damage after the first record of a FASTA file is noted as a refusal and what came before it is used.
    """
    is_a3m = str(path).lower().endswith(A3M_SUFFIXES)
    is_fasta = str(path).lower().endswith(FASTA_SUFFIXES)
    records: list[FastaRecord] = []
    try:
        for record in iterate_fasta(path, limits):
            records.append(record)  # one by one: those before an error are kept
    except InputError as error:
        if is_a3m or not records:
            raise
        collected.refused.append(error)
        return records, False
    if not records:
        raise InputError("holds no record (a line that starts with '>')", file=display_name(path))
    return records, is_a3m or (not is_fasta and looks_like_a3m(records))


@dataclass
class _Collected:
    """Records and refusals while an input is read."""

    max_length: int
    records: list[SequenceRecord] = field(default_factory=list)
    refused: list[InputError] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def batch(self, ignored: list[str]) -> SequenceBatch:
        names = file_names(record.id for record in self.records)
        records = [replace(record, name=name) for record, name in zip(self.records, names, strict=True)]
        return SequenceBatch(tuple(records), tuple(self.refused), tuple(ignored))

    def add(self, record: FastaRecord, number: int, file: str) -> None:
        """Take a FASTA record or note why not."""
        identifier, description = record.id, record.description
        warnings = []
        if not identifier:
            identifier = f"record_{number}"
            warnings.append(f"line {record.line}: the record has no identifier and is called {identifier!r}")
        self._take(identifier, description, record, file, warnings, None)

    def add_alignment(
        self, records: list[FastaRecord], path: str | Path, warnings: tuple[str, ...] = ()
    ) -> None:
        """Take the query of an alignment, or note why not."""
        file = display_name(path)
        try:
            alignment = alignment_of_records(records, file)
        except InputError as error:
            self.refused.append(error)
            return
        query = next(record for record in records if record.header == alignment.descriptions[0])
        identifier = query.id or "query"
        if str(path) != STDIN:
            identifier = _without_ending(Path(path).name)
        row = FastaRecord(query.header, alignment.query, query.line)
        self._take(identifier, query.header, row, file, list(warnings), alignment)

    def _take(
        self,
        identifier: str,
        description: str,
        record: FastaRecord,
        file: str,
        warnings: list[str],
        alignment: Alignment | None,
    ) -> None:
        place = f"{file}, line {record.line}"
        try:
            if identifier in self.places:
                rule = f"the identifier is taken by an earlier record ({self.places[identifier]})"
                raise InputError(
                    f"{rule}; rename one of them", file=file, record=_short(identifier), line=record.line
                )
            sequence, changed = checked_sequence(
                record.sequence,
                file=file,
                record=_short(identifier),
                line=record.line,
                max_length=self.max_length,
            )
        except InputError as error:
            self.refused.append(error)
            return
        self.places[identifier] = place
        if alignment is not None and sequence != alignment.query:
            alignment = Alignment.from_rows((sequence, *alignment.a3m_rows()[1:]), alignment.descriptions)
        kept = (*warnings, *changed)
        self.records.append(SequenceRecord(identifier, description, sequence, "", file, kept, alignment))


def checked_sequence(
    letters: str,
    *,
    file: str | None = None,
    record: str | None = None,
    line: int | None = None,
    max_length: int = MAX_LENGTH,
) -> tuple[str, tuple[str, ...]]:
    """The residues of a sequence by the letter rules of this module, and warnings on what was read otherwise.

    Args:
        letters: as they stand in the input, blanks removed.
        file, record, line: for the messages.
        max_length: most residues.

    Raises:
        InputError: a letter that is refused, no residue, too many residues.
    """
    sequence = letters.translate(_UPPER).removesuffix("*")
    if not sequence:
        raise InputError("the record holds no residue", file=file, record=record, line=line)
    if ":" in sequence:
        raise InputError(CHAINS_RULE, file=file, record=record, position=sequence.index(":") + 1, line=line)
    if refused := set(sequence) - _ALLOWED - SUBSTITUTIONS.keys():
        position = min(sequence.index(letter) for letter in refused)
        letters_read = f"{RESIDUES}, X; U, O, B, Z, J are read as C, K, D, E, L"
        rule = f"{sequence[position]!r} is not a residue letter ({letters_read})"
        if sequence[position] == GAP:
            rule += "; an alignment is read from a file that ends in .a3m"
        raise InputError(rule, file=file, record=record, position=position + 1, line=line)
    if len(sequence) > max_length:
        rule = f"{len(sequence):,} residues are more than the limit of {max_length:,}"
        raise InputError(f"{rule}; split the chain or raise the limit", file=file, record=record, line=line)
    warnings = [
        f"record {record!r}, position {position}: {letter} ({SUBSTITUTION_NAMES[letter]}) "
        f"read as {SUBSTITUTIONS[letter]}"
        for position, letter in enumerate(sequence, start=1)
        if letter in SUBSTITUTIONS
    ]
    letters_used = set(sequence)
    if (
        len(sequence) >= _SHORTEST_NUCLEOTIDE_SUSPECT
        and letters_used <= _NUCLEOTIDES
        and len(letters_used) > 2
    ):
        warnings.insert(0, f"record {record!r}: the letters look like a nucleotide sequence, read as protein")
    return sequence.translate(_SUBSTITUTED), tuple(warnings)


def _without_ending(name: str) -> str:
    """A file's name without `.gz` and the ending before it."""
    if name.lower().endswith(".gz"):
        name = name[:-3]
    return Path(name).stem or name


def _short(identifier: str) -> str:
    """An identifier for a message."""
    return identifier if len(identifier) <= LONGEST_NAME else identifier[:LONGEST_NAME] + "…"
