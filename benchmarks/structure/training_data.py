"""How fast are training examples made, how are they composed, and how good is the Cβ estimated for CA-only
chains?

python -m benchmarks.structure.training_data --data DIR [--crop 128]
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from sciml.data.chains import OBSERVED, ChainSet, open_chains
from sciml.data.residue_constants import RESTYPE_INDEX
from sciml.structure.training_data import LOSSES_BY_ATOMS, TrainingData
from sciml.structure.training_labels import virtual_beta

CHECKED_CHAINS = 300
BREAKS = torch.linspace(2.3125, 21.6875, 63)
"""Edges of the distogram bins, Å."""


def report_speed(data: TrainingData, examples: int) -> None:
    print(f"{'batch':>6} {'examples per CPU-s':>20}")
    for size in (1, 8, 32):
        data.batch(0, 0, range(size))
        start = time.process_time()
        steps = max(examples // size, 1)
        for step in range(steps):
            data.batch(1, step, range(size))
        print(f"{size:6d} {steps * size / (time.process_time() - start):20.0f}")


def report_composition(data: TrainingData, examples: int) -> None:
    batches = [data.batch(2, step, range(32)) for step in range(examples // 32)]
    print(f"\nof {32 * len(batches)} examples")
    print(f"{'real residues':<28} {np.mean([b['seq_mask'].mean().item() for b in batches]):6.1%}")
    print(
        f"{'residues with a Cβ':<28} {np.mean([b['pseudo_beta_mask'].mean().item() for b in batches]):6.1%}"
    )
    for name in LOSSES_BY_ATOMS:
        share = np.mean([b[f"loss_mask/{name}"].mean().item() for b in batches])
        print(f"{'supervise ' + name:<36} {share:6.1%}")


def report_virtual_beta(chains: ChainSet) -> None:
    """Estimated against observed Cβ, and against Cα in place of Cβ as the baseline."""
    complete = [number for number, record in enumerate(chains.records) if record.atoms == "all"]
    deviations: dict[str, list[torch.Tensor]] = {"estimated from the trace": [], "Cα in its place": []}
    moved: dict[str, list[float]] = {name: [] for name in deviations}
    for number in complete[:: max(len(complete) // CHECKED_CHAINS, 1)]:
        chain = chains.chain(number)
        positions = torch.from_numpy(chain.positions)
        alpha, beta = positions[:, 1], positions[:, 4]
        known = torch.from_numpy((chain.mask == OBSERVED).astype(np.float32))
        estimate, found = virtual_beta(alpha, known[:, 1], torch.from_numpy(chain.residue_index))
        use = (found * known[:, 4] > 0) & torch.from_numpy(chain.aatype != RESTYPE_INDEX["G"])
        truth = torch.bucketize(torch.cdist(beta[use], beta[use]), BREAKS)
        for name, guess in zip(deviations, (estimate, alpha), strict=True):
            deviations[name].append((guess[use] - beta[use]).norm(dim=-1))
            bins = torch.bucketize(torch.cdist(guess[use], guess[use]), BREAKS)
            near = truth < 63
            moved[name].append(((bins - truth).abs() > 1)[near].float().mean().item())
    print(f"\n{'Cβ of CA-only chains':<28} {'rms Å':>8} {'median Å':>9} {'pairs < 22 Å off by > 1 bin':>29}")
    for name, parts in deviations.items():
        off = torch.cat(parts)
        rms = off.square().mean().sqrt()
        print(f"{name:<28} {rms:8.2f} {off.median():9.2f} {np.mean(moved[name]):29.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv.gz and the shards")
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--examples", type=int, default=512)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    start = time.process_time()
    chains = open_chains(arguments.data)
    elapsed = time.process_time() - start
    print(f"{len(chains)} chains of {len(chains.clusters)} clusters read in {elapsed:.1f} CPU-s")
    print(f"data sha256 {chains.sha256}; crop {arguments.crop}, 1 thread\n")
    data = TrainingData(chains, TrainingData.Config(crop=arguments.crop))
    report_speed(data, arguments.examples)
    report_composition(data, arguments.examples)
    report_virtual_beta(chains)


if __name__ == "__main__":
    main()
