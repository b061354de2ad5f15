"""`sciml parity`: proof that the network computes what AlphaFold 2 computes."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from sciml.errors import MissingRequirementError

_BATCH = (
    "Frozen features right before the network, with a leading axis of 1 or of one entry for each pass (.npz)."
)
_TRUTH = "Ground truth for the losses (.npz). Default: ground_truth.npz beside the batch, if it is there."


def parity(
    params: Annotated[Path, typer.Option(help="Parameters in AlphaFold 2's layout (.npz).")],
    batch: Annotated[Path, typer.Option(help=_BATCH)],
    reference: Annotated[Path, typer.Option(help="Outputs of AlphaFold 2 for that batch (.npz).")],
    recycle: Annotated[
        int | None,
        typer.Option(
            min=0, help="Passes after the first. Default: the number in the name of the reference file, or 0."
        ),
    ] = None,
    truth: Annotated[Path | None, typer.Option(help=_TRUTH)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print only arrays that differ, and the verdict.")
    ] = False,
) -> None:
    """Run the network on a frozen batch and compare every output that the reference file holds.

    Prints the largest absolute difference, the same relative to the root mean square of the reference, and
    the tolerance that is applied. Exit code 1 if any is over.

    Example: sciml parity --params params.npz --batch batch.npz --reference outputs_recycle0.npz
    """
    for path in (params, batch, reference, *([truth] if truth else [])):
        if not path.is_file():
            raise MissingRequirementError(f"no file at {path}")
    import torch

    from sciml.structure.parameters import load_parameters
    from sciml.structure.parity import read_arrays, read_batch, run_parity

    found = re.search(r"recycle_?(\d+)", reference.name)
    recycles = recycle if recycle is not None else int(found[1]) if found else 0
    beside = batch.with_name("ground_truth.npz")
    truth_path = truth or (beside if beside.is_file() else None)
    labels = None
    if truth_path is not None:
        labels = {name: torch.from_numpy(array) for name, array in read_arrays(truth_path).items()}
    loaded = load_parameters(params)
    comparisons = run_parity(loaded.model, read_batch(batch, recycles + 1), read_arrays(reference), labels)
    failed = [one for one in comparisons if not one.passes]
    compared = [one for one in comparisons if not one.reason]
    if as_json:
        report = {
            "preset": loaded.model.config.name,
            "parameters_sha256": loaded.sha256,
            "recycles": recycles,
            "passes": not failed and bool(compared),
            "compared": len(compared),
            "arrays": [one.to_dict() for one in comparisons],
        }
        print(json.dumps(report, indent=1).replace("NaN", "null").replace("Infinity", "null"))
    else:
        print(f"preset {loaded.model.config.name}, {recycles} recycles, float32")
        print(f"{'array':72s} {'max abs':>10s} {'max/rms':>10s} {'tolerance':>18s}")
        for one in comparisons:
            if quiet and one.passes:
                continue
            verdict = one.reason or ("ok" if one.passes else "OVER")
            limit = f"{one.tolerance:.0e} {one.measure}"
            print(f"{one.name:72s} {one.max_absolute:10.2e} {one.max_relative:10.2e} {limit:>18s} {verdict}")
        skipped = len(comparisons) - len(compared)
        print(f"{len(compared)} arrays compared, {len(failed)} over the tolerance, {skipped} not compared")
    if failed or not compared:
        raise typer.Exit(1)
