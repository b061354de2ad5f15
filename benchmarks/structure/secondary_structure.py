"""How well does our secondary structure agree with DSSP's, state by state, and how fast is it?

python -m benchmarks.structure.secondary_structure --data CHAINS --labels DIR [--program-chains 20]

Two references: the labels in DIR (DSSP files, `1abcA.dssp.gz` for the chain `1abc_A`) and, where it is
installed, the program mkdssp on the same chains, whose time stands beside ours. Labels of programs before
version 4 let an α-helix keep the residues of a π-helix, and know no P. The baseline says loop for every
residue.
"""

import argparse
import gzip
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sciml.data.chains import Chain, ChainSet, open_chains, open_test_chains
from sciml.data.pdb import format_pdb
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import atom14_mask, atom14_to_atom37
from sciml.errors import InputError
from sciml.structure.scores.secondary_structure import SecondaryStructure, assign_secondary_structure
from sciml.structure.scores.state_agreement import EIGHT_STATES, eight_states, q3, q8, segment_overlap

_FIRST_COLUMNS = "  #  RESIDUE"  # of the line before the residues
_HEAD = (
    f"{'HEADER    CHAIN':<50}01-JAN-00   1ABC\n"
    "CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1\n"
)  # without these mkdssp does not take a file for PDB
_TIMED_RUNS = 5


class Compared(NamedTuple):
    """Letters of the residues of one chain that the reference has."""

    id: str
    ours: str
    reference: str


def atom37(chain: Chain) -> tuple[NDArray, NDArray]:
    """Positions (res, 37, 3) in Å and mask (res, 37) of a chain."""
    residues = len(chain.aatype)
    positions, mask = np.zeros((residues, 37, 3)), np.zeros((residues, 37))
    row, slot = np.nonzero((chain.mask > 0) & (atom14_mask()[chain.aatype] > 0))
    where = row, atom14_to_atom37()[chain.aatype[row], slot]
    positions[where], mask[where] = chain.positions[row, slot], 1.0
    return positions, mask


def assign(chain: Chain, polyproline: bool = False) -> SecondaryStructure:
    """Our assignment."""
    return assign_secondary_structure(*atom37(chain), aatype=chain.aatype, polyproline=polyproline)


def read_dssp(lines: Iterable[str]) -> tuple[str, str]:
    """Sequence and letters of a DSSP file, `-` for a blank, chain breaks left out."""
    sequence, states, is_table = [], [], False
    for line in lines:
        if is_table and len(line) > 16 and line[13] != "!":
            sequence.append("C" if line[13].islower() else line[13])  # small letters pair disulphides
            states.append(line[16].replace(" ", "-"))
        is_table |= line.startswith(_FIRST_COLUMNS)
    return "".join(sequence), "".join(states)


def compare_with_labels(chains: ChainSet, labels: Path) -> Iterator[Compared]:
    """The chains that have a label file."""
    for number, record in enumerate(chains.records):
        path = labels / f"{record.id.replace('_', '')}.dssp.gz"
        if not path.is_file():
            continue
        with gzip.open(path, "rt") as file:
            sequence, states = read_dssp(file)
        chain = chains.chain(number)
        ours = assign(chain).eight
        whole = [place for place, letter in enumerate(ours) if letter != "X"]
        if sequence != "".join(chain.sequence[place] for place in whole):
            raise InputError("the labels are of other residues than the chain", file=str(path))
        yield Compared(record.id, "".join(ours[place] for place in whole), states)


def compare_with_program(chains: ChainSet, numbers: Iterable[int]) -> Iterator[tuple[Compared, float, float]]:
    """Chains beside mkdssp's letters on them, and the seconds that we and the program took."""
    with tempfile.TemporaryDirectory() as folder:
        pdb, dssp = Path(folder) / "chain.pdb", Path(folder) / "chain.dssp"
        for number in numbers:
            chain = chains.chain(number)
            positions, mask = atom37(chain)
            atoms = ProteinAtoms.of_one_chain(
                positions.astype(np.float32), mask.astype(np.float32), chain.aatype,
                np.zeros(len(mask), np.float32), chain.residue_index + 1,
            )  # fmt: skip
            pdb.write_text(_HEAD + format_pdb(atoms))
            start = time.perf_counter()
            subprocess.run(
                ["mkdssp", "--quiet", "--output-format", "dssp", str(pdb), str(dssp)],
                check=True,
                capture_output=True,
            )
            theirs_s = time.perf_counter() - start
            assign(chain)
            start = time.perf_counter()
            for _ in range(_TIMED_RUNS):
                structure = assign(chain, polyproline=True)
            ours_s = (time.perf_counter() - start) / _TIMED_RUNS
            _, states = read_dssp(dssp.read_text().splitlines())
            yield Compared(chain.record.id, structure.eight.replace("X", ""), states), ours_s, theirs_s


def report(name: str, compared: list[Compared]) -> None:
    """Agreement over all residues, the worst chains, and the confusion of states."""
    ours, reference = ("".join(side) for side in zip(*((c.ours, c.reference) for c in compared), strict=True))
    overlap = statistics.mean(segment_overlap(c.ours, c.reference) for c in compared)
    loop = "-" * len(reference)
    same = sum(a == b for a, b in zip(ours, reference, strict=True)) / len(reference)
    print(f"\n{name}: {len(compared)} chains, {len(reference)} residues")
    print(f"{'':<14}{'same letter':>12}{'Q8':>9}{'Q3':>9}{'mean SOV':>10}")
    print(f"{'ours':<14}{same:>12.3%}{q8(ours, reference):>9.3%}{q3(ours, reference):>9.3%}{overlap:>10.3%}")
    print(f"{'all loop':<14}{'':>12}{q8(loop, reference):>9.3%}{q3(loop, reference):>9.3%}")
    worst = sorted(compared, key=lambda chain: q8(chain.ours, chain.reference))[:5]
    print("worst chains (Q8): " + ", ".join(f"{c.id} {q8(c.ours, c.reference):.3f}" for c in worst))
    pairs = Counter(zip(eight_states(ours), eight_states(reference), strict=True))
    print(f"{'reference':<10}{'residues':>9}{'agree':>9}   ours " + "".join(f"{s:>6}" for s in EIGHT_STATES))
    for state in EIGHT_STATES:
        row = [pairs[mine, state] for mine in EIGHT_STATES]
        agree = f"{pairs[state, state] / sum(row):.2%}" if any(row) else "none"
        print(f"{state:<10}{sum(row):>9}{agree:>9}        " + "".join(f"{count:>6}" for count in row))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv.gz and the shards")
    parser.add_argument("--labels", type=Path, help="folder of .dssp.gz files")
    parser.add_argument("--split", choices=("test", "valid"), default="test")
    parser.add_argument("--program-chains", type=int, default=0, help="chains for mkdssp; 0 for all")
    arguments = parser.parse_args()
    if arguments.split == "test":
        chains = open_test_chains(arguments.data)
    else:
        chains = open_chains(arguments.data, ("valid",))
    print(f"data {chains.sha256[:12]}, split {arguments.split}")
    if arguments.labels is not None:
        labelled = list(compare_with_labels(chains, arguments.labels))
        if not labelled:
            raise InputError("no label file belongs to a chain of this split", file=str(arguments.labels))
        report("labels", labelled)
    if shutil.which("mkdssp") is None:
        print("\nmkdssp is not installed: no comparison with the program")
        return
    command = ["mkdssp", "--version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    numbers = range(len(chains))[: arguments.program_chains or None]
    compared, *seconds = zip(*compare_with_program(chains, numbers), strict=True)
    report(f"{version} (with P)", list(compared))
    residues = statistics.median(len(chain.ours) for chain in compared)
    ours_ms, theirs_ms = (1000 * statistics.median(times) for times in seconds)
    print(
        f"\nmedian: {residues:.0f} residues, ours {ours_ms:.1f} ms, mkdssp {theirs_ms:.1f} ms with its files"
    )


if __name__ == "__main__":
    main()
