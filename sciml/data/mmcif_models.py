"""Every model of an mmCIF file, experimental or computed, in one pass over its lines.

Only `_atom_site` is kept, as a loop or as pairs; all other categories are skipped, text fields and quotes
observed. Chains and residues bear the author's names and numbers where the file gives them, those of the
article and of the PDB format, otherwise the dictionary's (`label_…`). Stricter than CIF 1.1: a row of
`_atom_site` ends where a line ends, as every program writes it, so that a lost value cannot shift the rows.

Source: Hall, Allen & Brown, Acta Cryst. A47:655 (1991), CIF 1.1 syntax; PDBx/mmCIF dictionary 5, `atom_site`.
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from sciml.data.atom_collector import AtomCollector, is_polymer_record
from sciml.data.structure_model import StructureModel
from sciml.data.textfile import read_lines
from sciml.errors import InputError

_TOKEN = re.compile(r"""'(.*?)'(?=\s|$)|"(.*?)"(?=\s|$)|(\#.*)|(\S+)""")
_CATEGORY = "_atom_site."
_KEYWORDS = ("_", "data_", "loop_", "save_", "stop_", "global_")
_MAX_LINE = 20_000  # of a line with quotes; CIF 1.1 allows 2,048
_MAX_MODELS = 10_000
_WATERS = frozenset(("HOH", "DOD", "WAT"))

# What is needed of an atom: the items that give it, the first present is taken; None: it must be there.
_ITEMS: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("group_PDB",), "ATOM"),
    (("auth_asym_id", "label_asym_id"), None),
    (("auth_seq_id", "label_seq_id"), None),
    (("pdbx_PDB_ins_code",), "?"),
    (("label_comp_id", "auth_comp_id"), None),
    (("label_atom_id", "auth_atom_id"), None),
    (("label_alt_id",), "."),
    (("Cartn_x",), None),
    (("Cartn_y",), None),
    (("Cartn_z",), None),
    (("occupancy",), "1"),
    (("B_iso_or_equiv",), "0"),
    (("pdbx_PDB_model_num",), "1"),
)


class _Quoted(str):
    """A value that was quoted or a text field: never a keyword or the name of an item."""

    __slots__ = ()


class CifModels:
    """Reads the lines of an mmCIF file into models; made for one file.

    Args:
        file: its name, for models and messages.
        chains: chain identifiers to keep; all when None.
    """

    def __init__(self, file: str, chains: Collection[str] | None = None) -> None:
        self.file, self.chains = file, chains
        self._collectors: dict[tuple[int, int], AtomCollector] = {}
        self._left_out: Counter[str] = Counter()
        self._atoms = 0
        self._block = 0
        self._columns: list[int | str] = []

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[StructureModel]:
        """The models, in the order of their first atoms.

        Raises:
            InputError: the syntax is broken, there is no `_atom_site`, an item is missing, a number cannot be
                read (with its line), or no model has an atom of a protein chain.
        """
        self._read_blocks(_token_lines(lines, self.file))
        if not self._columns:
            raise InputError("not an mmCIF file with coordinates: it has no _atom_site", file=self.file)
        if not self._collectors:
            which = "" if self.chains is None else f" in chain {', '.join(self.chains)}"
            raise InputError(f"no atom of a protein chain{which}", file=self.file)
        left_out = self._left_out["other"]
        notes = (f"HETATM records other than water left out: {left_out}",) if left_out else ()
        for (_, number), collector in self._collectors.items():
            try:
                atoms = collector.atoms()
            except ValueError as error:
                raise InputError(f"model {number}: {error}", file=self.file) from None
            yield StructureModel(atoms, self.file, model_number=number, notes=(*collector.notes(), *notes))

    def _read_blocks(self, lines: Iterator[tuple[int, list[str]]]) -> None:
        """Walks over the categories; `lines` is handed to whichever loop or pair is being read."""
        held = next(lines, None)
        while held is not None:
            number, tokens = held
            first = "" if isinstance(tokens[0], _Quoted) else tokens[0].lower()
            if first == "loop_":
                held = self._read_loop(number, tokens[1:], lines)
            elif first.startswith(_CATEGORY):
                held = self._read_pairs(number, tokens, lines)
            else:
                self._block += first.startswith("data_")
                held = next(lines, None)

    def _read_loop(
        self, number: int, tokens: list[str], lines: Iterator[tuple[int, list[str]]]
    ) -> tuple[int, list[str]] | None:
        """A loop: its items, then its rows; returns the first line that is none of it."""
        names: list[str] = []
        held: tuple[int, list[str]] | None = (number, tokens)
        while held is not None and all(_is_name(token) for token in held[1]):
            names += held[1]
            held = next(lines, None)
        is_wanted = any(name.lower().startswith(_CATEGORY) for name in names)
        if is_wanted:
            self._set_columns(names, number)
        row: list[str] = []
        while held is not None and not _is_keyword(held[1][0]):
            if is_wanted:
                row = row + held[1] if row else held[1]
                if len(row) > len(names):
                    rule = f"_atom_site has {len(names)} items, this row {len(row)} values"
                    raise InputError(rule, file=self.file, line=held[0])
                if len(row) == len(names):
                    self._add(row, held[0])
                    row = []
            number = held[0]
            held = next(lines, None)
        if row:
            rule = f"_atom_site is cut short: its last row has {len(row)} of {len(names)} values"
            raise InputError(rule, file=self.file, line=number)
        return held

    def _read_pairs(
        self, number: int, tokens: list[str], lines: Iterator[tuple[int, list[str]]]
    ) -> tuple[int, list[str]] | None:
        """The single atom of a category that is not written as a loop."""
        names, values = [], []
        held: tuple[int, list[str]] | None = (number, tokens)
        while held is not None and _is_name(held[1][0]) and held[1][0].lower().startswith(_CATEGORY):
            name, *value = held[1]
            following = next(lines, None)
            if not value and following is not None and not _is_keyword(following[1][0]):
                value, following = following[1], next(lines, None)
            if len(value) != 1:
                raise InputError(f"{name} needs one value: {len(value)}", file=self.file, line=held[0])
            names.append(name)
            values.append(value[0])
            held = following
        self._set_columns(names, number)
        self._add(values, number)
        return held

    def _set_columns(self, names: Sequence[str], line: int) -> None:
        """Where in a row each of `_ITEMS` stands; its default where the file does not give it."""
        places = {name.removeprefix(_CATEGORY): place for place, name in enumerate(names)}
        if len(places) != len(names):
            raise InputError("_atom_site names an item twice", file=self.file, line=line)
        self._columns = []
        missing = []
        for choices, default in _ITEMS:
            found = [places[name] for name in choices if name in places]
            if not found and default is None:
                missing.append(choices[0])
            self._columns.append(found[0] if found else default or "")
        if missing:
            raise InputError(f"_atom_site has no {', '.join(missing)}", file=self.file, line=line)

    def _add(self, row: list[str], line: int) -> None:
        """One atom."""
        values = [row[place] if isinstance(place, int) else place for place in self._columns]
        group, chain, number, insertion_code, residue_name, atom, alternative = values[:7]
        self._atoms += 1
        if not is_polymer_record(group, residue_name):
            self._left_out["waters" if residue_name in _WATERS else "other"] += 1
            return
        if self.chains is not None and chain not in self.chains:
            return
        x, y, z, occupancy, b_factor, model = values[7:]
        try:
            numbers = f"{number}{x}{y}{z}{occupancy}{b_factor}{model}"
            if "_" in numbers or not numbers.isascii():
                raise ValueError("a number has letters that no number can have")
            self._collector(int(model)).add(
                chain,
                int(number),
                "" if insertion_code in (".", "?") else insertion_code,
                residue_name,
                atom,
                (float(x), float(y), float(z)),
                1.0 if occupancy in (".", "?") else float(occupancy),
                0.0 if b_factor in (".", "?") else float(b_factor),
                "" if alternative in (".", "?") else alternative,
            )
        except ValueError as error:
            rule = f"atom {self._atoms} of _atom_site: {error}"
            raise InputError(rule, file=self.file, line=line) from None

    def _collector(self, model: int) -> AtomCollector:
        collector = self._collectors.get((self._block, model))
        if collector is None:
            if len(self._collectors) == _MAX_MODELS:
                raise ValueError(f"more than {_MAX_MODELS:,} models")
            collector = self._collectors[self._block, model] = AtomCollector()
        return collector


class AtomName(NamedTuple):
    """What an atom of an mmCIF file is called."""

    group: str
    """ATOM or HETATM."""
    chain: str
    """Chain identifier."""
    number: int
    """Residue number; 0 where the file gives none."""
    residue_name: str
    """Three letters for a residue."""
    atom: str
    """As `CA`."""


def read_atom_names(path: str | os.PathLike[str]) -> list[AtomName]:
    """Every atom of an mmCIF file, in its order, ligands, waters and hydrogens too.

    Raises:
        InputError: the syntax is broken, or there is no `_atom_site`.
    """
    reader = _NameReader(os.fspath(path))
    reader.read_names(enumerate(read_lines(os.fspath(path)), start=1))
    return reader.names


class _NameReader(CifModels):
    """Keeps the names of atoms and nothing else."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.names: list[AtomName] = []

    def read_names(self, lines: Iterable[tuple[int, str]]) -> None:
        self._read_blocks(_token_lines(lines, self.file))
        if not self._columns:
            raise InputError("not an mmCIF file with coordinates: it has no _atom_site", file=self.file)

    def _add(self, row: list[str], line: int) -> None:
        group, chain, number, _, residue_name, atom = (
            row[place] if isinstance(place, int) else place for place in self._columns[:6]
        )
        is_number = number.isascii() and number.removeprefix("-").isdigit() and len(number) < 10
        self.names.append(AtomName(group, chain, int(number) if is_number else 0, residue_name, atom))


def _is_name(token: str) -> bool:
    return token.startswith("_") and not isinstance(token, _Quoted)


def _is_keyword(token: str) -> bool:
    return token[:1] in "_dDlLsSgG" and token.lower().startswith(_KEYWORDS) and not isinstance(token, _Quoted)


def _token_lines(lines: Iterable[tuple[int, str]], file: str) -> Iterator[tuple[int, list[str]]]:
    """The tokens of each line that has any; a text field is a token of the line where it begins."""
    source = iter(lines)
    for number, line in source:
        if line.startswith(";"):
            text = _text_field(number, line, source, file)
            yield number, [_Quoted(text)]
        elif "'" in line or '"' in line or "#" in line:
            if len(line) > _MAX_LINE:
                raise InputError(f"a line of more than {_MAX_LINE:,} letters", file=file, line=number)
            tokens = []
            for match in _TOKEN.finditer(line):
                single, double, comment, plain = match.groups()
                if comment is None:
                    tokens.append(plain if plain is not None else _Quoted(single or double or ""))
            if tokens:
                yield number, tokens
        else:
            tokens = line.split()
            if tokens:
                yield number, tokens


def _text_field(number: int, line: str, source: Iterator[tuple[int, str]], file: str) -> str:
    """The text between two lines that begin with a semicolon."""
    parts = [line[1:]]
    for _, following in source:
        if following.startswith(";"):
            return "\n".join(parts)
        parts.append(following)
    raise InputError("cut short: the text field that begins here has no end", file=file, line=number)
