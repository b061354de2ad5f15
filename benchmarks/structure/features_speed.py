"""How long do the features of one recycling pass take for a deep alignment, and how much memory?

Makes a random alignment (60 % identity to its query), encodes it and draws the features of a published
model. The baseline is the floor of the costliest step: the letters compared (rows outside × centres ×
residues × 21) over the matrix-product rate measured in the same run.

    python -m benchmarks.structure.features_speed [--rows 10000] [--residues 500] [--model model_1]
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from sciml.data.alignment import Alignment
from sciml.data.alphabet import MSA_CLASSES
from sciml.structure.features.config import feature_preset
from sciml.structure.features.msa import encode_alignment
from sciml.structure.features.pipeline import make_features

REPEATS = 5


def random_alignment(num_rows: int, num_res: int) -> Alignment:
    rng = np.random.default_rng(0)
    query = rng.integers(0, 20, num_res)
    keeps = rng.random((num_rows, num_res)) < 0.6
    letters = np.where(keeps, query, rng.choice([*range(20), 21], (num_rows, num_res)))
    letters[0] = query
    rows = tuple("".join(MSA_CLASSES[number] for number in row) for row in letters)
    deletions = (rng.random((num_rows, num_res)) < 0.02).astype(np.int32)
    return Alignment(rows, deletions, tuple(str(number) for number in range(num_rows)))


def seconds(work: Callable[[int], object]) -> tuple[float, float]:
    """Median and spread (largest minus smallest) of the CPU time of calls after a warm-up."""
    times = []
    for repeat in range(REPEATS + 1):
        start = time.process_time()
        work(repeat)
        times.append(time.process_time() - start)
    return statistics.median(times[1:]), max(times[1:]) - min(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--residues", type=int, default=500)
    parser.add_argument("--model", default="model_1", help="whose numbers of clusters and extra rows")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = feature_preset(arguments.model)
    alignment = random_alignment(arguments.rows, arguments.residues)
    msa = encode_alignment(alignment)
    side = torch.rand(1024, 1024)
    product, _ = seconds(lambda repeat: side @ side)
    letters = (
        max(msa.num_rows - config.msa_clusters, 0) * min(config.msa_clusters, msa.num_rows) * msa.num_res * 21
    )
    rows = {
        "encode": seconds(lambda repeat: encode_alignment(alignment)),
        "one pass": seconds(lambda repeat: make_features(msa, config, seed=0, recycle=repeat)),
        "floor: the comparisons": (2 * letters / (2 * 1024**3 / product), 0.0),
    }
    print(
        f"{msa.num_rows} rows, {msa.num_res} residues, {arguments.model}, seed 0, 1 thread, {REPEATS} repeats"
    )
    print(f"{'step':<24} {'median CPU-s':>12} {'spread':>8}")
    for name, (median, spread) in rows.items():
        print(f"{name:<24} {median:12.2f} {spread:8.2f}")
    print(
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB with interpreter"
    )


if __name__ == "__main__":
    main()
