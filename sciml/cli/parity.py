"""`sciml parity`: proof that the network computes what AlphaFold 2 computes."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sciml.errors import MissingRequirementError

if TYPE_CHECKING:
    from sciml.structure.model import Outputs
    from sciml.structure.parity import Comparison

_EDGE_ANGSTROM = 5e-4
"""As much may distances of the reference and ours differ by rounding."""

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
    from sciml.structure.parity import read_arrays, read_batch, recycling_edge_angstrom, run_parity

    found = re.search(r"recycle_?(\d+)", reference.name)
    recycles = recycle if recycle is not None else int(found[1]) if found else 0
    beside = batch.with_name("ground_truth.npz")
    truth_path = truth or (beside if beside.is_file() else None)
    labels = None
    if truth_path is not None:
        labels = {name: torch.from_numpy(array) for name, array in read_arrays(truth_path).items()}
    loaded = load_parameters(params)
    passes = read_batch(batch, recycles + 1)
    edges: list[float] = []

    def note_edge(index: int, outputs: "Outputs", _: "torch.Tensor | None") -> None:
        if index < recycles:
            edges.append(recycling_edge_angstrom(outputs, passes[index]["aatype"]))

    comparisons = run_parity(loaded.model, passes, read_arrays(reference), labels, note_edge)
    outcome = _Outcome(loaded.model.config.name, loaded.sha256, recycles, comparisons, edges)
    if as_json:
        print(json.dumps(outcome.report(), indent=1).replace("NaN", "null").replace("Infinity", "null"))
    else:
        for line in outcome.lines(quiet):
            print(line)
    if not outcome.passes:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Outcome:
    """What a comparison found."""

    preset: str
    sha256: str
    recycles: int
    comparisons: "list[Comparison]"
    edges: list[float]
    """For each pass that was recycled, `recycling_edge_angstrom`."""

    @property
    def failed(self) -> int:
        return sum(not one.passes for one in self.comparisons)

    @property
    def compared(self) -> int:
        return sum(not one.reason for one in self.comparisons)

    @property
    def passes(self) -> bool:
        return not self.failed and self.compared > 0

    def report(self) -> dict[str, object]:
        """JSON values."""
        return {
            "preset": self.preset,
            "parameters_sha256": self.sha256,
            "recycles": self.recycles,
            "passes": self.passes,
            "compared": self.compared,
            "recycling_edge_angstrom": self.edges,
            "arrays": [one.to_dict() for one in self.comparisons],
        }

    def lines(self, quiet: bool) -> Iterator[str]:
        """A line for each array and the verdict; those that pass are left out when quiet."""
        yield f"preset {self.preset}, {self.recycles} recycles, float32"
        yield f"{'array':72s} {'max abs':>10s} {'max/rms':>10s} {'tolerance':>18s}"
        for one in self.comparisons:
            if quiet and one.passes:
                continue
            verdict = one.reason or ("ok" if one.passes else "OVER")
            limit = f"{one.tolerance:.0e} {one.measure}"
            yield f"{one.name:72s} {one.max_absolute:10.2e} {one.max_relative:10.2e} {limit:>18s} {verdict}"
        for number, edge in enumerate(self.edges):
            if self.failed and edge < _EDGE_ANGSTROM:
                yield (
                    f"note: after {number} recycles two residues are {edge:.1e} Å from an edge of the bins "
                    "in which distances are recycled; rounding picks their bin, and that alone can do this"
                )
        skipped = len(self.comparisons) - self.compared
        yield f"{self.compared} arrays compared, {self.failed} over the tolerance, {skipped} not compared"
