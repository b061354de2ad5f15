"""Do our superposition scores reach those of the TMscore and TMalign programs?

    python -m benchmarks.structure.superposition --casp DIR [--perturbations 200] [--unrelated 60] [--seed 0]

`DIR` holds `casp14/af2_models`, `casp14/natives` and `homstrad_pairs`. Models and natives are matched by
residue number, as TMscore does; homologous pairs are scored both ways, by the numbers that they share and by
structural alignment; natives are then distorted in ways from slight noise to another fold
(`perturbed_chains.py`). Prints both values for every pair, the largest differences and a verdict. Exits with
1 where a TM-score differs by more than 0.002 or a GDT by more than 0.003, and with 4 where a program is not
on the PATH. `--unrelated` aligns chains of different families too; how often the programs part there is
printed and not judged.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.structure.perturbed_chains import KINDS, perturbed
from benchmarks.structure.tm_programs import (
    Array,
    CaChain,
    missing_programs,
    plain_bytes,
    read_ca_chain,
    rounded,
    run_tmalign,
    run_tmscore,
    write_ca_chain,
)
from sciml.structure.scores.gdt import superposition_scores
from sciml.structure.scores.tm_align import align_structures

TOLERANCES = {
    "TM": 0.002,
    "GDT_TS": 0.003,
    "GDT_HA": 0.003,
    "MaxSub": 0.003,
    "TM_mobile": 0.002,
    "TM_target": 0.002,
}
MISSING_REQUIREMENT = 4


@dataclass
class Comparison:
    """Differences (ours less the program's) of one set of pairs."""

    name: str
    differences: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    """Processor time of ours."""

    def add(self, pair: str, ours: dict[str, float], theirs: dict[str, float]) -> None:
        """Print one pair and keep its differences; only the scores with a tolerance."""
        columns = []
        for score in (score for score in TOLERANCES if score in theirs):
            difference = ours[score] - theirs[score]
            self.differences.setdefault(score, []).append(difference)
            over = " !" if abs(difference) > TOLERANCES[score] else ""
            columns.append(f"{score} {ours[score]:.4f} ({theirs[score]:.4f}){over}")
        print(f"{pair:<28} " + "  ".join(columns))

    def report(self) -> bool:
        """Print the largest differences; whether all are within their tolerances."""
        fine = bool(self.differences)
        pairs = max((len(values) for values in self.differences.values()), default=0)
        print(f"\n{self.name}: {pairs} pairs, {self.seconds / max(pairs, 1) * 1e3:.0f} ms a pair (ours)")
        for score, values in self.differences.items():
            below = sum(value < -TOLERANCES[score] for value in values)
            above = sum(value > TOLERANCES[score] for value in values)
            fine = fine and not below + above
            print(
                f"  {score:<10} lowest {min(values):+.5f}  highest {max(values):+.5f}"
                f"  allowed ±{TOLERANCES[score]}  below {below}  above {above}"
            )
        print(flush=True)
        return fine


def by_number(model: CaChain, native: CaChain) -> tuple[Array, NDArray[np.bool_]]:
    """The model's positions (res, 3) over the native's residues, and which it has (res,)."""
    place = {key: row for row, key in enumerate(model.keys)}
    rows = np.array([place.get(key, -1) for key in native.keys])
    return model.positions[rows], rows >= 0


def numbered_scores(model: CaChain, native: CaChain) -> dict[str, float]:
    """Ours, under TMscore's names."""
    positions, mask = by_number(model, native)
    found = superposition_scores(positions[None], mask[None], native.positions)
    return {
        "TM": float(found.tm_score[0]),
        "GDT_TS": float(found.gdt_ts[0]),
        "GDT_HA": float(found.gdt_ha[0]),
        "MaxSub": float(found.maxsub[0]),
    }


def aligned_scores(mobile: CaChain, target: CaChain) -> dict[str, float]:
    """Ours, under TMalign's names."""
    found = align_structures(mobile.positions, target.positions, mobile.sequence, target.sequence)
    return {"TM_mobile": found.tm_mobile, "TM_target": found.tm_target}


def plain_copy(path: Path, folder: Path, name: str) -> Path:
    """The unpacked file, for programs that do not read gz."""
    copy = folder / name
    copy.write_bytes(plain_bytes(path))
    return copy


def file_pairs(casp: Path) -> Iterator[tuple[str, str, Path, Path]]:
    """(set, name, model or first chain, native or second chain)."""
    for native in sorted((casp / "casp14" / "natives").glob("*.pdb.gz")):
        target = native.name.split(".")[0]
        for model in sorted((casp / "casp14" / "af2_models").glob(f"{target}[-_]*.pdb.gz")):
            yield "casp14", model.name.removesuffix(".pdb.gz"), model, native
    for family in sorted(path for path in (casp / "homstrad_pairs").iterdir() if path.is_dir()):
        first, second = sorted(family.glob("*.pdb.gz"))
        yield "homstrad", family.name, first, second


def compare_files(casp: Path, folder: Path) -> list[Comparison]:
    """Pairs of files, the programs reading the files themselves."""
    numbered = {name: Comparison(f"{name}, by residue number, TMscore") for name in ("casp14", "homstrad")}
    aligned = {
        name: Comparison(f"{name}, by structural alignment, TMalign") for name in ("casp14", "homstrad")
    }
    for group, name, first, second in file_pairs(casp):
        chains = read_ca_chain(first), read_ca_chain(second)
        files = plain_copy(first, folder, "first.pdb"), plain_copy(second, folder, "second.pdb")
        if by_number(*chains)[1].any():
            start = time.process_time()
            ours = numbered_scores(*chains)
            numbered[group].seconds += time.process_time() - start
            numbered[group].add(name, ours, run_tmscore(*files))
        else:
            print(f"{name:<28} no residue number in common: by alignment only")
        start = time.process_time()
        ours = aligned_scores(*chains)
        aligned[group].seconds += time.process_time() - start
        aligned[group].add(name, ours, run_tmalign(*files))
    return [*numbered.values(), *aligned.values()]


def compare_perturbed(casp: Path, folder: Path, count: int, seed: int) -> Comparison:
    """Distorted natives, written to files as the programs read them."""
    natives = [read_ca_chain(path) for path in sorted((casp / "casp14" / "natives").glob("*.pdb.gz"))]
    comparison = Comparison("distorted natives, by residue number, TMscore")
    kinds = list(KINDS)
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        native, kind = natives[index % len(natives)], kinds[index % len(kinds)]
        positions, kept = perturbed(native.positions, kind, rng)
        rows = np.flatnonzero(kept)
        keys, letters = ([sequence[row] for row in rows] for sequence in (native.keys, native.sequence))
        model = CaChain(tuple(keys), "".join(letters), rounded(positions[rows]))
        write_ca_chain(folder / "model.pdb", model)
        write_ca_chain(folder / "native.pdb", native)
        start = time.process_time()
        ours = numbered_scores(model, native)
        comparison.seconds += time.process_time() - start
        comparison.add(f"{index} {kind}", ours, run_tmscore(folder / "model.pdb", folder / "native.pdb"))
    return comparison


def compare_unrelated(casp: Path, folder: Path, count: int, seed: int) -> Comparison:
    """Random pairs of natives and of homologues' chains, never two of one family."""
    natives = sorted((casp / "casp14" / "natives").glob("*.pdb.gz"))
    homologues = sorted((casp / "homstrad_pairs").glob("*/*.pdb.gz"))
    paths = [*natives, *homologues]
    family = [path.name for path in natives] + [path.parent.name for path in homologues]
    comparison = Comparison("unrelated chains, by structural alignment, TMalign")
    rng = np.random.default_rng(seed)
    for _ in range(count):
        first, second = rng.choice(len(paths), 2, replace=False)
        while family[first] == family[second]:
            first, second = rng.choice(len(paths), 2, replace=False)
        chains = read_ca_chain(paths[first]), read_ca_chain(paths[second])
        files = plain_copy(paths[first], folder, "first.pdb"), plain_copy(paths[second], folder, "second.pdb")
        start = time.process_time()
        ours = aligned_scores(*chains)
        comparison.seconds += time.process_time() - start
        names = (paths[one].name.removesuffix(".pdb.gz") for one in (first, second))
        comparison.add(" ".join(names), ours, run_tmalign(*files))
    return comparison


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--casp", type=Path, required=True, help="folder with casp14 and homstrad_pairs")
    parser.add_argument("--perturbations", type=int, default=200)
    parser.add_argument("--unrelated", type=int, default=0, help="pairs of different families")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if missing := missing_programs():
        print(f"{' and '.join(missing)} not on the PATH: install the package tm-align (Debian, Ubuntu)")
        sys.exit(MISSING_REQUIREMENT)
    print("ours (the program's), ! where they differ by more than is allowed\n")
    with tempfile.TemporaryDirectory() as folder:
        comparisons = compare_files(arguments.casp, Path(folder))
        comparisons.append(
            compare_perturbed(arguments.casp, Path(folder), arguments.perturbations, arguments.seed)
        )
        unrelated = compare_unrelated(arguments.casp, Path(folder), arguments.unrelated, arguments.seed)
    fine = [comparison.report() for comparison in comparisons]
    if arguments.unrelated:
        unrelated.report()
    print("within tolerance" if all(fine) else "OVER TOLERANCE")
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
