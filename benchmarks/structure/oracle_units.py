"""Do the parts of the structure network compute what the AlphaFold 2 reference computes?

    python -m benchmarks.structure.oracle_units --oracle DIR [--only rigid]

DIR holds one .npz per part, itself or in `units/`, with the reference's inputs (`in/...`) and outputs
(`out/...`); beside `units/` it may hold folders with `batch.npz`, `ground_truth.npz` and
`outputs_recycle<k>.npz`, whose losses are compared too. For every output that this package computes the
command prints the largest difference and its tolerance; the exit status is 1 if any is over, 2 if there is
nothing to compare.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.structure.oracle_differences import Arrays, Check, Difference
from benchmarks.structure.oracle_geometry import (
    check_atom37_to_torsions_frames,
    check_residue_constants,
    check_rigid,
    check_torsion_to_atoms,
)
from benchmarks.structure.oracle_losses import (
    check_fape,
    check_head_losses,
    check_lddt,
    check_model_losses,
    check_structure_losses,
)

CHECKS: dict[str, Check] = {
    "residue_constants": check_residue_constants,
    "rigid": check_rigid,
    "torsion_to_atoms": check_torsion_to_atoms,
    "atom37_to_torsions_frames": check_atom37_to_torsions_frames,
    "fape": check_fape,
    "lddt": check_lddt,
    "structure_losses": check_structure_losses,
    "head_losses": check_head_losses,
}
"""File name without suffix -> the check of that file."""


def load(file: Path) -> Arrays:
    """All arrays of an .npz file; no pickle."""
    with np.load(file, allow_pickle=False) as archive:
        return dict(archive)


def differences(oracle: Path, only: str | None) -> Iterator[tuple[str, Difference]]:
    """(part, difference) of every file that is there."""
    units = oracle / "units" if (oracle / "units").is_dir() else oracle
    for name, check in CHECKS.items():
        file = units / f"{name}.npz"
        if only in (None, name) and file.exists():
            for difference in check(load(file)):
                yield name, difference
    for truth in sorted(oracle.glob("*/ground_truth.npz")) if only in (None, "model_losses") else []:
        for outputs in sorted(truth.parent.glob("outputs_recycle*.npz")):
            arrays = (load(outputs), load(truth.parent / "batch.npz"), load(truth))
            for difference in check_model_losses(*arrays):
                yield f"{truth.parent.name} {outputs.stem[-1]}", difference


def main() -> int:
    """Compare everything and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--oracle", type=Path, required=True, metavar="DIR", help="folder with the .npz files"
    )
    parser.add_argument("--only", choices=[*CHECKS, "model_losses"], help="one part instead of all")
    arguments = parser.parse_args()
    compared = over = 0
    for part, difference in differences(arguments.oracle, arguments.only):
        compared, over = compared + 1, over + difference.is_over
        numbers = f"{difference.largest:9.2e} {difference.tolerance:8.1e}"
        print(f"{part:26} {difference.name:52} {numbers} {'OVER' if difference.is_over else 'ok'}")
    print(f"{compared} outputs compared, {over} over their tolerance")
    return 1 if over else 0 if compared else 2


if __name__ == "__main__":
    sys.exit(main())
