"""1,000 seeded mutations of each evaluated format end in data or in an InputError that names the file.

More than not crashing: what is read of a mutated structure must stand in the file so, and what is matched to
the target must be a residue of that type, in the order of the chain or at its own number.
"""

import random
import re
import time
from pathlib import Path

import numpy as np
import pytest

from sciml.data.casp_header import CaspHeader
from sciml.data.casp_rr import BIN_EDGES_ANGSTROM, ContactPrediction, format_rr, read_rr
from sciml.data.casp_ts import TsModel, format_ts
from sciml.data.modelcif import ModelRecord, format_modelcif
from sciml.data.pdb import format_pdb
from sciml.data.residue_constants import ATOM_TYPES, RESIDUE_NAMES
from sciml.data.structure_files import read_structures
from sciml.errors import InputError
from sciml.structure.evaluate.matching import match_residues
from tests.data.synthetic_atoms import random_atoms, random_sequence

MUTATIONS = 1000
SEQUENCE = random_sequence(40, seed=5)
ATOMS = random_atoms(SEQUENCE, seed=6)
TARGET = random_atoms(SEQUENCE, seed=7).select(np.array([*range(3, 18), *range(22, 40)]))
HEADER = CaspHeader("T1049", "1234-5678-9012", ("a method",))
SLOWEST_SECONDS = 5.0

PDB = format_pdb(ATOMS).encode()
CIF = format_modelcif(
    ATOMS, ModelRecord("x", "t", "d", np.full(40, 50.0, np.float32), None, "0", (), False)
).encode()
TS = format_ts(HEADER, [TsModel(number, random_atoms(SEQUENCE, seed=number)) for number in (1, 2)]).encode()


def contacts():
    first, second = np.triu_indices(20, 6)
    bins = np.random.default_rng(0).dirichlet(np.ones(10), len(first))
    pairs = np.stack([first, second], axis=1) + 1
    edges = np.array(BIN_EDGES_ANGSTROM)
    return ContactPrediction(HEADER, pairs, bins[:, :3].sum(1), 8.0, bins, edges, "G" * 20)


RR = format_rr(contacts()).encode()


def flip_bytes(rng, data):
    changed = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def change_lines(rng, data):
    """Deletes, repeats, swaps or moves lines, or cuts one short."""
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 4)):
        at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
        what = rng.randrange(5)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(to, lines[at])
        elif what == 2:
            lines[at], lines[to] = lines[to], lines[at]
        elif what == 3:
            lines.insert(to, lines.pop(at))
        else:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
        if not lines:
            lines = [b""]
    return b"\n".join(lines)


def truncate(rng, data):
    return data[: rng.randrange(len(data))]


def swap_columns(rng, data):
    """Exchanges two stretches of columns, or two words, in one line or in all."""
    lines = data.split(b"\n")
    chosen = range(len(lines)) if rng.random() < 0.3 else [rng.randrange(len(lines))]
    one, two, width = rng.randrange(60), rng.randrange(60), rng.randint(1, 8)
    for at in chosen:
        line = bytearray(lines[at].ljust(80))
        if rng.random() < 0.5:
            line[one : one + width], line[two : two + width] = (
                line[two : two + width],
                line[one : one + width],
            )
            lines[at] = bytes(line)
        else:
            words = lines[at].split(b" ")
            i, j = rng.randrange(len(words)), rng.randrange(len(words))
            words[i], words[j] = words[j], words[i]
            lines[at] = b" ".join(words)
    return b"\n".join(lines)


def change_numbers(rng, data):
    """Replaces numbers, residue numbers among them, by others of the same or of another width."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?", data))
    odd = [b"nan", b"inf", b"1e999", b"9" * 30, b"-1", b"0", b"1_0", b"0x1f", b"", b"--1", b"1.2.3", b"1e5"]
    for match in rng.sample(found, min(len(found), rng.randint(1, 4))):
        old = match.group()
        new = rng.choice([*odd, b"%*d" % (len(old), rng.randrange(100)), rng.choice(found).group()])
        data = (
            data[: match.start()] + new + data[match.end() :]
            if rng.random() < 0.7
            else data.replace(old, new, 1)
        )
    return data


def insert_bytes(rng, data):
    at = rng.randrange(len(data))
    strange = [
        b"\0",
        b"\xff\xfe",
        b"\xe2\x80\xa8",
        "٣".encode(),
        b"\r",
        b"\x0c",
        b"\x1f\x8b",
        b"\xef\xbb\xbf",
        b"'",
        b"\n;",
    ]
    return data[:at] + rng.choice(strange) * rng.choice([1, 1, 50]) + data[at:]


def change_line_ends(rng, data):
    return flip_bytes(rng, data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n"])))


def interleave(rng, data):
    """The lines of the file and of itself from another place on, in turns."""
    lines = data.split(b"\n")
    start = rng.randrange(len(lines))
    woven = [line for pair in zip(lines, lines[start:] + lines[:start], strict=True) for line in pair]
    return b"\n".join(woven[: rng.randrange(1, len(woven))])


WAYS = (
    flip_bytes, change_lines, truncate, swap_columns, change_numbers, change_numbers, insert_bytes,
    change_line_ends, interleave,
)  # fmt: skip


def outcomes(path, data, read):
    """Reads `MUTATIONS` mutated files; yields the way, the bytes and what came out: data, or the error."""
    rng = random.Random(path.name)
    for _ in range(MUTATIONS):
        way = rng.choice(WAYS)
        changed = way(rng, data)
        path.unlink(missing_ok=True)
        path.write_bytes(changed)
        start = time.perf_counter()
        try:
            result = read(path)
        except InputError as error:
            result = error
        is_named = not isinstance(result, InputError) or str(path) in str(result)
        assert is_named, f"{way.__name__}: {result}"
        assert time.perf_counter() - start < SLOWEST_SECONDS
        yield way.__name__, changed, result


def assert_atoms_stand_in_a_row(atoms, data):
    """Every ninth atom: a row of the file has its residue, the number, its name and its x, y, z."""
    lines = [decoded(re.sub(rb"['\"]", b"", line)).split() for line in re.split(rb"[\r\n]+", data)]
    rows = {}
    for words, following in zip(lines, [*lines[1:], []], strict=True):
        row = words if len(words) > 15 else words + following  # a line end inside a row
        for word in set(row):
            rows.setdefault(word, []).append(row)
    for residue, slot in np.argwhere(atoms.mask > 0)[::9]:
        name = RESIDUE_NAMES[atoms.aatype[residue]]
        named = [row for row in rows.get(ATOM_TYPES[slot], []) if name in row or name == "UNK"]
        wanted = [*atoms.positions[residue, slot].tolist(), float(atoms.residue_index[residue])]
        found = [[value for value in map(value_of, row) if value is not None] for row in named]
        close = [all(any(abs(one - value) < 1e-3 for value in own) for one in wanted) for own in found]
        assert any(close), (atoms.residue_index[residue], name, ATOM_TYPES[slot])


def value_of(word):
    try:
        return float(word)
    except ValueError:
        return None


def pdb_atoms(data):
    """(chain, number, insertion code, residue, atom) → coordinates, by a reading of our own."""
    found = {}
    for line in re.split(rb"[\r\n]", data):
        if line[:6] in (b"ATOM  ", b"HETATM"):
            number = re.sub(rb"^([+-]?)0+(?=\d)", rb"\1", line[22:27].strip()).lstrip(b"+")
            residue = (line[21:22].strip() or b"A", number, line[17:20].strip())
            fields = tuple(line[start : start + 8].strip() for start in (30, 38, 46))
            found.setdefault((*residue, line[12:16].strip()), set()).add(fields)
    return found


def assert_atoms_stand_in_the_file(model, data):
    """Each atom has the coordinates of a record of its chain, number, residue and atom name."""
    atoms, lines = model.atoms, pdb_atoms(data)
    is_renamed = any("chains renamed" in note for note in model.notes)
    for residue, slot in np.argwhere(atoms.mask > 0):
        number = f"{atoms.residue_index[residue]}{atoms.insertion_codes[residue]}".encode()
        name = RESIDUE_NAMES[atoms.aatype[residue]].encode()
        if name == b"UNK":
            continue  # X: any name that is none of the 20
        chain = atoms.chain_ids[residue].encode()
        key = (b"A" if is_renamed and chain == b"B" else chain, number, name, ATOM_TYPES[slot].encode())
        places = [tuple(map(float, fields)) for fields in lines.get(key, set())]
        assert any(np.allclose(place, atoms.positions[residue, slot], atol=1e-3) for place in places), key


def assert_matched_soundly(model):
    """No residue is laid over another: equal numbers, or one rising order with most letters equal."""
    try:
        matched = match_residues(model, TARGET)
    except InputError:
        return
    there = matched.model_index >= 0
    own = matched.model_index[there]
    assert np.array_equal(matched.aatype[there], model.aatype[own])
    np.testing.assert_array_equal(
        matched.positions[there], model.positions[own] * matched.mask[there][..., None].astype(np.float32)
    )
    if matched.matched_by == "number":
        np.testing.assert_array_equal(model.residue_index[own], matched.target.residue_index[there])
    else:
        assert (np.diff(own) > 0).all(), "a residue out of order is not laid over another"
    same = model.aatype[own] == matched.target.aatype[there]
    known = model.aatype[own] != 20
    assert same[known].mean() >= 0.7
    assert not (matched.mask[there][~same][:, 5:]).any(), "no side chain of another residue"


@pytest.mark.parametrize(
    ("name", "data"), [("a.pdb", PDB), ("a.cif", CIF), ("T1049TS000", TS)], ids=["pdb", "mmcif", "ts"]
)
def test_mutated_structures_are_read_as_they_stand_or_refused(tmp_path: Path, name: str, data: bytes) -> None:
    read = refused = with_line = 0
    for _, changed, result in outcomes(tmp_path / name, data, read_structures):
        if isinstance(result, InputError):
            refused += 1
            with_line += result.line is not None
            continue
        read += 1
        for model in result:
            assert np.isfinite(model.atoms.positions).all()
            assert np.isfinite(model.atoms.b_factors).all()
            if name == "a.cif":
                assert_atoms_stand_in_a_row(model.atoms, changed)
            elif b"\xff\xfe" not in changed[:2]:
                assert_atoms_stand_in_the_file(model, changed)
            assert_matched_soundly(model.atoms)
    assert read > 200, "the mutations are not all fatal"
    assert refused > 200, "the mutations are not all harmless"
    assert with_line > 0.7 * refused, "most errors name a line"


def test_mutated_contacts_are_read_as_they_stand_or_refused(tmp_path: Path) -> None:
    read = refused = with_line = 0
    for _, changed, result in outcomes(tmp_path / "a.rr", RR, lambda path: read_rr(path, 20)):
        if isinstance(result, InputError):
            refused += 1
            with_line += result.line is not None
            continue
        read += 1
        assert (result.pairs[:, 0] < result.pairs[:, 1]).all()
        assert result.pairs.min() >= 1
        assert result.pairs.max() <= 20
        assert len(set(map(tuple, result.pairs.tolist()))) == len(result.pairs)
        assert ((result.probabilities >= 0) & (result.probabilities <= 1)).all()
        rows = {tuple(decoded(row).split()[:3]) for row in re.split(rb"[\r\n]", changed)}
        texts = {(float(i), float(j), float(p)) for i, j, p in filter(is_row, rows)}
        for pair, probability in zip(result.pairs.tolist(), result.probabilities, strict=True):
            assert (*pair, probability) in texts
    assert read > 50
    assert refused > 200
    assert with_line > 0.6 * refused


def decoded(line):
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def is_row(words):
    try:
        return len([float(word) for word in words]) == 3
    except ValueError:
        return False


def test_every_residue_number_moved_by_one_is_matched_by_alignment_to_itself() -> None:
    """The mutation that a reader cannot see: the numbers of a whole chain are off by one to nine."""
    for offset in range(1, 10):
        moved = type(ATOMS)(**{**vars(ATOMS), "residue_index": ATOMS.residue_index + offset})
        matched = match_residues(moved, TARGET)
        assert matched.matched_by == "alignment"
        assert matched.model_index.tolist() == (TARGET.residue_index - 1).tolist()
