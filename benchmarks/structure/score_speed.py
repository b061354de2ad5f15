"""How many model-target pairs a minute do lDDT, GDT and TM-score take, beside other programs?

    python -m benchmarks.structure.score_speed --casp DIR [--models 40] [--seed 0]

The target is the first 250 residues of the largest chain of `DIR/casp14/natives`, its models that chain with
seeded noise and drift, all of one batch. Ours gives all-atom lDDT with its checks of stereochemistry, and
GDT_TS, GDT_HA, MaxSub, TM-score and RMSD; TMscore gives all but the first; biotite and peppr give lDDT and a
TM-score after one superposition. Times are processor seconds of one process, so pairs a minute on two cores
are 120 over them, checked against the target of 1000. Then time and peak memory of the lDDT of one pair of
2000 residues, copies of the chain side by side, in a process of its own.
"""

import argparse
import importlib.util
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.structure.tm_programs import run_tmscore
from sciml.data.pdb import write_pdb
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX
from sciml.data.structure_files import read_structures
from sciml.structure.scores.gdt import superposition_scores
from sciml.structure.scores.lddt import lddt

RESIDUES, LARGE = 250, 2000
TARGET_PAIRS_A_MINUTE, CORES = 1000, 2
LARGE_SECONDS, LARGE_GIGABYTES = 5.0, 2.0
_APART_ANGSTROM = 60.0  # between copies of the chain: no more than at the surfaces of a complex
CA = ATOM_INDEX["CA"]


def target_chain(casp: Path, residues: int) -> ProteinAtoms:
    """The first residues of the largest native; copies of it side by side for more than it has."""
    natives = [
        read_structures(path)[0].atoms for path in sorted((casp / "casp14" / "natives").glob("*.pdb.gz"))
    ]
    chain = max(natives, key=lambda atoms: len(atoms.aatype))
    rows = np.arange(residues) % len(chain.aatype)
    copy = np.arange(residues) // len(chain.aatype)
    shift = _APART_ANGSTROM * np.stack([copy % 2, copy // 2 % 2, copy // 4], axis=1)
    return ProteinAtoms.of_one_chain(
        positions=chain.positions[rows] + shift[:, None].astype(np.float32),
        mask=chain.mask[rows],
        aatype=chain.aatype[rows],
        plddt=np.zeros(residues, np.float32),
        residue_index=np.arange(1, residues + 1) + 200 * copy,
    )


def models_of(target: ProteinAtoms, count: int, seed: int) -> NDArray[np.float64]:
    """(model, res, 37, 3): drift of the chain and a little noise of the atoms, more in each model."""
    rng = np.random.default_rng(seed)
    residues = len(target.aatype)
    scale = np.linspace(0.1, 6, count)[:, None, None, None]
    drift = rng.normal(size=(count, residues, 1, 3)).cumsum(1) / np.sqrt(residues)
    noise = rng.normal(scale=0.03, size=(count, *target.positions.shape))
    return target.positions + scale * drift + noise


def ours(target: ProteinAtoms, models: NDArray[np.float64]) -> None:
    """Every model of the batch."""
    masks = np.broadcast_to(target.mask.astype(np.float64), models.shape[:-1])
    native = target.positions.astype(np.float64)
    superposition_scores(models[:, :, CA], masks[:, :, CA], native[:, CA])
    lddt(models, masks, native, target.mask, target.aatype, residue_index=target.residue_index)


def rate(name: str, run: Callable[[], Any], pairs: int, repeats: int = 3) -> float:
    """Print processor and wall time a pair after a warm-up; pairs a minute on two cores."""
    run()
    cpu, wall = [], []
    for _ in range(repeats):
        before, start = processor_seconds(), time.perf_counter()
        run()
        wall.append((time.perf_counter() - start) / pairs)
        cpu.append((processor_seconds() - before) / pairs)
    middle = statistics.median(cpu)
    spread = f"{min(cpu) * 1e3:.1f}-{max(cpu) * 1e3:.1f}"
    print(
        f"{name:<44} {middle * 1e3:8.1f} ({spread}) {statistics.median(wall) * 1e3:8.1f} "
        f"{60 * CORES / middle:10.0f}",
        flush=True,
    )
    return 60 * CORES / middle


def processor_seconds() -> float:
    """Of this process, its threads and the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peers(files: list[Path], native: Path) -> dict[str, Callable[[], Any]]:
    """What else is installed, each scoring all the files; what is not is said."""
    found: dict[str, Callable[[], Any]] = {}
    if shutil.which("TMscore"):
        found["TMscore (no lDDT)"] = lambda: [run_tmscore(file, native) for file in files]
    else:
        print("TMscore is not on the PATH: install the package tm-align (Debian, Ubuntu)")
    if importlib.util.find_spec("biotite") is None:
        print("biotite and peppr are not installed: pip install biotite peppr")
        return found
    import biotite.structure as structure
    from biotite.structure.io.pdb import PDBFile

    def read(file: Path) -> structure.AtomArray:
        return PDBFile.read(file).get_structure(model=1, extra_fields=["b_factor"])

    target, models = read(native), [read(file) for file in files]
    ca = np.flatnonzero(target.atom_name == "CA")

    def biotite_scores() -> None:
        for model in models:
            structure.lddt(target, model)
            laid, _ = structure.superimpose(target[ca], model[ca])
            rows = np.arange(len(ca))
            structure.tm_score(target[ca], laid, rows, rows)

    found["biotite (one superposition, no GDT)"] = biotite_scores
    if importlib.util.find_spec("peppr") is None:
        print("peppr is not installed: pip install peppr")
        return found
    import peppr

    metrics = (peppr.MonomerLDDTScore(), peppr.MonomerTMScore())
    for atoms in (target, *models):
        atoms.set_annotation("hetero", np.zeros(len(atoms), bool))
        atoms.bonds = structure.connect_via_residue_names(atoms)
    found["peppr (one superposition, no GDT)"] = lambda: [
        metric.evaluate(target, model) for model in models for metric in metrics
    ]
    return found


def score_large(casp: Path, seed: int) -> None:
    """In a process of its own: seconds, and peak gigabytes before and with the score."""
    target = target_chain(casp, LARGE)
    models = models_of(target, 1, seed)
    native = target.positions.astype(np.float64)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    start = time.perf_counter()
    lddt(models, target.mask[None], native, target.mask, target.aatype, residue_index=target.residue_index)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    fine = seconds < LARGE_SECONDS and peak < LARGE_GIGABYTES
    print(
        f"all-atom lDDT of {LARGE} residues: {seconds:.2f} s, peak {peak:.2f} GB ({before:.2f} GB before it)"
    )
    print(f"allowed {LARGE_SECONDS} s, {LARGE_GIGABYTES} GB: {'within' if fine else 'OVER'}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--casp", type=Path, required=True, help="folder with casp14/natives")
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--large", action="store_true", help="only the pair of 2000 residues")
    arguments = parser.parse_args()
    if arguments.large:
        score_large(arguments.casp, arguments.seed)
        return
    target = target_chain(arguments.casp, RESIDUES)
    models = models_of(target, arguments.models, arguments.seed)
    print(f"{arguments.models} models of {RESIDUES} residues, seed {arguments.seed}\n")
    print(f"{'':<44} {'CPU ms a pair (min-max)':>20} {'wall ms':>8} {'pairs/min on 2 cores':>10}")
    reached = rate("ours (lDDT, GDT, TM, MaxSub, RMSD)", lambda: ours(target, models), len(models))
    with tempfile.TemporaryDirectory() as folder:
        native = write_pdb(Path(folder) / "native.pdb", target)
        files = []
        for number, model in enumerate(models):
            atoms = ProteinAtoms.of_one_chain(
                model.astype(np.float32), target.mask, target.aatype, np.zeros(RESIDUES, np.float32)
            )
            files.append(write_pdb(Path(folder) / f"{number}.pdb", atoms))
        for name, run in peers(files, native).items():
            rate(name, run, len(files), repeats=1)
    verdict = "reached" if reached >= TARGET_PAIRS_A_MINUTE else "NOT REACHED"
    print(f"\n{TARGET_PAIRS_A_MINUTE} pairs a minute: {verdict}\n", flush=True)
    command = [
        sys.executable,
        "-m",
        "benchmarks.structure.score_speed",
        "--casp",
        str(arguments.casp),
        "--large",
    ]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
