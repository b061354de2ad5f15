"""The TMscore and TMalign programs on Cα chains: what is read, how they are called, what they answer.

Both are found on the PATH (Debian and Ubuntu: package `tm-align`).
"""

import gzip
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import ONE_TO_THREE, THREE_TO_ONE

Array = NDArray[np.float64]

PROGRAMS = ("TMscore", "TMalign")
SECONDS_ALLOWED = 120
_COORDINATE_DECIMALS = 3  # of a PDB file


@dataclass(frozen=True)
class CaChain:
    """Cα atoms of the first chain of a file."""

    keys: tuple[str, ...]
    """Residue number with its insertion code, as the columns have them."""
    sequence: str
    """One letter for each residue, X for what has none."""
    positions: Array
    """(res, 3), Å."""


def missing_programs() -> list[str]:
    """Those of the two that are not on the PATH."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def plain_bytes(path: Path) -> bytes:
    """What a file holds, unpacked if its name ends in `.gz`."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def read_ca_chain(path: Path) -> CaChain:
    """The first chain of a PDB file, plain or gz, up to TER, the first location of each atom."""
    keys: list[str] = []
    letters, positions = [], []
    for line in plain_bytes(path).decode("ascii", "replace").splitlines():
        if line.startswith(("TER", "ENDMDL")) and keys:
            break
        if line.startswith("ATOM") and line[12:16] == " CA " and line[22:27] not in keys:
            keys.append(line[22:27])
            letters.append(THREE_TO_ONE.get(line[17:20], "X"))
            positions.append([float(line[first : first + 8]) for first in (30, 38, 46)])
    return CaChain(tuple(keys), "".join(letters), np.array(positions))


def rounded(positions: Array) -> Array:
    """Coordinates as a PDB file holds them."""
    return np.round(positions, _COORDINATE_DECIMALS)


def write_ca_chain(path: Path, chain: CaChain) -> None:
    """A PDB file of Cα atoms."""
    lines = [
        f"ATOM  {serial:>5}  CA  {ONE_TO_THREE[letter]} A{key}   {x:>8.3f}{y:>8.3f}{z:>8.3f}  1.00  0.00\n"
        for serial, (key, letter, (x, y, z)) in enumerate(
            zip(chain.keys, chain.sequence, chain.positions.tolist(), strict=True), 1
        )
    ]
    path.write_text("".join([*lines, "TER\n"]))


def run_tmscore(model: Path, native: Path) -> dict[str, float]:
    """`TM`, `MaxSub`, `GDT_TS`, `GDT_HA`, `RMSD`, `matched` as TMscore prints them, matched by number.

    Raises:
        ValueError: the program printed no score; its words are kept.
    """
    printed = _output("TMscore", model, native)
    if "TM-score    =" not in printed:
        raise ValueError(f"TMscore {model} {native}: no score in {printed[-300:]!r}")
    patterns = {
        "TM": r"TM-score    = *([0-9.]+)",
        "MaxSub": r"MaxSub-score= *([0-9.]+)",
        "GDT_TS": r"GDT-TS-score= *([0-9.]+)",
        "GDT_HA": r"GDT-HA-score= *([0-9.]+)",
        "RMSD": r"RMSD of  the common residues= *([0-9.]+)",
        "matched": r"residues in common= *([0-9]+)",
    }
    return {name: _number(pattern, printed) for name, pattern in patterns.items()}


def run_tmalign(mobile: Path, target: Path) -> dict[str, float]:
    """`TM_mobile`, `TM_target` (each by that chain's length), `aligned`, `RMSD`, `identity` of TMalign."""
    printed = _output("TMalign", mobile, target)
    patterns = {
        "TM_mobile": r"TM-score= *([0-9.]+) \(if normalized by length of Chain_1",
        "TM_target": r"TM-score= *([0-9.]+) \(if normalized by length of Chain_2",
        "aligned": r"Aligned length= *([0-9]+)",
        "RMSD": r"RMSD= *([0-9.]+)",
        "identity": r"n_aligned= *([0-9.]+)",
    }
    return {name: _number(pattern, printed) for name, pattern in patterns.items()}


def _output(program: str, *files: Path) -> str:
    arguments = [program, *(str(file) for file in files)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=SECONDS_ALLOWED, check=False)
    return done.stdout


def _number(pattern: str, printed: str) -> float:
    found = re.search(pattern, printed)
    if found is None:
        raise ValueError(f"no {pattern!r} in {printed[-300:]!r}")
    return float(found.group(1))
