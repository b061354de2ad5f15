"""How far does bfloat16 move a structure: in one pass, and after recycling, beside the network's own unrest?

    python -m benchmarks.structure.precision [--params mini] [--sequences FASTA] [--recycles 0 3]

Predicts each sequence in float32 and in bfloat16 with the same seed and prints how far Cα atoms move (root
mean square and largest, Å, after superposition) and how much pLDDT changes. Two baselines stand beside it,
both in float32: every parameter multiplied by 1 + 1e-4 z with z normal (seed 0), and the next seed. Recycled
distances enter the network in bins, so that a network whose distances lie near the edges of bins turns any
change, however small, into another structure; the first baseline shows by how much. Without --sequences: the
example that ships with the repository and five random sequences (seed 0).
"""

import argparse
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from Bio.SVDSuperimposer import SVDSuperimposer
from numpy.typing import NDArray

from sciml.data.alignment import Alignment
from sciml.data.residue_constants import RESTYPES
from sciml.data.sequences import read_sequences
from sciml.structure.network import Network, PredictSettings, load_network
from sciml.structure.predict import predict_record
from sciml.structure.prediction import Prediction

EXAMPLE = Path(__file__).parents[2] / "examples" / "ubiquitin.fasta"
TARGET_ANGSTROM = 0.1
PARAMETER_CHANGE = 1e-4


def ca_deviation(first: Prediction, second: Prediction) -> NDArray[np.float64]:
    """Distance of each Cα after superposition, (res,), Å."""
    target, moving = (one.atom_positions[:, 1].astype(np.float64) for one in (first, second))
    superimposer = SVDSuperimposer()
    superimposer.set(target, moving)
    superimposer.run()
    deviation: NDArray[np.float64] = np.linalg.norm(superimposer.get_transformed() - target, axis=-1)
    return deviation


def root_mean_square(deviation: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(deviation**2)))


def sequences(path: Path | None) -> dict[str, str]:
    """The sequences by identifier."""
    found = {record.id: record.sequence for record in read_sequences(path or EXAMPLE).records}
    if path is None:
        generator = np.random.default_rng(0)
        for length in (40, 60, 80, 100, 120):
            found[f"random_{length}"] = "".join(generator.choice(list(RESTYPES), length))
    return found


def predict(network: Network, sequence: str, settings: PredictSettings) -> Prediction:
    """The structure of one sequence alone."""
    alignment = Alignment.of_query(sequence)
    return predict_record([network], alignment, record_id="query", name="query", settings=settings)[0]


def nudged(network: Network) -> Network:
    """The network with every parameter changed by one part in 10,000 of itself, in place."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.model.parameters():
            change = torch.randn(parameter.shape, generator=generator).to(parameter.device)
            parameter.mul_(1 + PARAMETER_CHANGE * change)
    return network


def table(
    exact: Network, rounded: Network, other: Network, inputs: dict[str, str], settings: PredictSettings
) -> None:
    """Prints a row for each sequence, and their median."""
    print(f"\n{settings.recycles} recycles: Cα root mean square deviation from float32, Å")
    print(
        f"{'sequence':14s} {'res':>4s} {'bf16':>7s} {'largest':>8s} {'pLDDT':>6s} {'nudged':>8s} {'seed':>7s}"
    )
    moved: dict[str, list[float]] = {"bf16": [], "nudged": [], "seed": []}
    for name, sequence in inputs.items():
        reference = predict(exact, sequence, settings)
        low = predict(rounded, sequence, settings)
        deviation = ca_deviation(reference, low)
        moved["bf16"].append(root_mean_square(deviation))
        moved["nudged"].append(root_mean_square(ca_deviation(reference, predict(other, sequence, settings))))
        next_seed = predict(exact, sequence, replace(settings, seed=settings.seed + 1))
        moved["seed"].append(root_mean_square(ca_deviation(reference, next_seed)))
        plddt = float(np.abs(low.plddt - reference.plddt).max())
        row = f"{moved['bf16'][-1]:7.3f} {deviation.max():8.3f} {plddt:6.2f}"
        print(
            f"{name:14.14s} {len(sequence):4d} {row} {moved['nudged'][-1]:8.3f} {moved['seed'][-1]:7.3f}",
            flush=True,
        )
    medians = ", ".join(
        f"{name} {statistics.median(values):.3f} (to {max(values):.3f})" for name, values in moved.items()
    )
    print(f"median (largest): {medians}; target for bf16 {TARGET_ANGSTROM} Å")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--params", default="mini")
    parser.add_argument("--sequences", type=Path, default=None)
    parser.add_argument("--recycles", type=int, nargs="+", default=[0, 3])
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    settings = PredictSettings(device=options.device, precision="float32")
    exact = load_network(options.params, settings)
    rounded = load_network(options.params, replace(settings, precision="bfloat16"))
    other = nudged(load_network(options.params, settings))
    print(f"{exact.name}, sha256 {exact.source.sha256[:12]}, {exact.device}, torch {torch.__version__}")
    for recycles in options.recycles:
        passes = replace(settings, recycles=recycles)
        table(exact, rounded, other, sequences(options.sequences), passes)


if __name__ == "__main__":
    main()
