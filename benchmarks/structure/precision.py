"""How far does bfloat16 move a structure, beside what another seed does?

    python -m benchmarks.structure.precision [--params mini] [--sequences FASTA] [--recycles 3]

Predicts each sequence in float32 and in bfloat16 with the same seed, and in float32 with the next seed, and
prints how far Cα atoms move (root mean square and largest, Å, after superposition) and how much pLDDT
changes. Without --sequences: the example that ships with the repository and five random sequences (seed 0).
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


def ca_deviation(first: Prediction, second: Prediction) -> NDArray[np.float64]:
    """Distance of each Cα after superposition, (res,), Å."""
    target, moving = (one.atom_positions[:, 1].astype(np.float64) for one in (first, second))
    superimposer = SVDSuperimposer()
    superimposer.set(target, moving)
    superimposer.run()
    deviation: NDArray[np.float64] = np.linalg.norm(superimposer.get_transformed() - target, axis=-1)
    return deviation


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


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--params", default="mini")
    parser.add_argument("--sequences", type=Path, default=None)
    parser.add_argument("--recycles", type=int, default=3)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    settings = PredictSettings(recycles=options.recycles, device=options.device, precision="float32")
    exact = load_network(options.params, settings)
    rounded = load_network(options.params, replace(settings, precision="bfloat16"))
    print(f"{exact.name}, sha256 {exact.source.sha256[:12]}, {exact.device}, torch {torch.__version__}")
    print(f"{'sequence':14s} {'res':>4s} {'bf16 rms Å':>11s} {'max Å':>7s} {'pLDDT':>6s} {'seed rms Å':>11s}")
    moved = []
    for name, sequence in sequences(options.sequences).items():
        reference = predict(exact, sequence, settings)
        deviation = ca_deviation(reference, predict(rounded, sequence, settings))
        other_seed = ca_deviation(reference, predict(exact, sequence, replace(settings, seed=1)))
        plddt = np.abs(predict(rounded, sequence, settings).plddt - reference.plddt).max()
        moved.append(float(np.sqrt(np.mean(deviation**2))))
        seed_rms = float(np.sqrt(np.mean(other_seed**2)))
        row = f"{moved[-1]:11.4f} {deviation.max():7.3f} {plddt:6.2f} {seed_rms:11.4f}"
        print(f"{name:14.14s} {len(sequence):4d} {row}", flush=True)
    print(f"median {statistics.median(moved):.4f} Å, largest {max(moved):.4f} Å (target 0.1 Å)")


if __name__ == "__main__":
    main()
