"""Does relaxation remove violations, how far does it move a structure, and how long does it take?

    python -m benchmarks.structure.relax --data DIR [--chains 12] [--length 90 110] [--seed 0]

Experimental all-atom chains of the validation split are disturbed residue by residue: each backbone frame
is shifted and turned, each torsion turned, by normal noise. The structure as disturbed is the baseline.
One thread.
"""

import argparse
import statistics
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sciml.data.chains import MISSING, Chain, open_chains
from sciml.structure.all_atom import (
    atom14_to_atom37,
    atom37_to_torsion_angles,
    frames_to_atom14,
    torsion_angles_to_frames,
)
from sciml.structure.relax import RelaxResult, relax
from sciml.structure.rigid import Rigid, precompose_update, quat_to_rot, rot_to_quat
from sciml.structure.training_labels import atom37_from_atom14

NOISES_ANGSTROM = (0.0, 0.1, 0.3, 1.0)
TURN_PER_ANGSTROM = 0.1  # radians of a frame
TORSION_PER_ANGSTROM = 0.5  # radians


def disturbed(
    aatype: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor, noise_angstrom: float, seed: int
) -> NDArray[np.float64]:
    """Atoms (res, 37, 3) with independent noise in every residue."""
    if noise_angstrom == 0:
        return positions.numpy()
    generator = torch.Generator().manual_seed(seed)
    normal = noise_angstrom * torch.randn(len(aatype), 13, generator=generator, dtype=torch.float64)
    backbone = Rigid.from_backbone(*positions[:, :3].unbind(1))
    update = torch.cat([TURN_PER_ANGSTROM * normal[:, :3], normal[:, 3:6]], dim=-1)
    quaternion, translation = precompose_update(rot_to_quat(backbone.rotation), backbone.translation, update)
    torsions = atom37_to_torsion_angles(aatype, positions, mask, placeholder_for_undefined=True)
    angles = torch.atan2(*torsions.sin_cos.unbind(-1)) + TORSION_PER_ANGSTROM * normal[:, 6:]
    sin_cos = torch.stack([angles.sin(), angles.cos()], dim=-1)
    frames = torsion_angles_to_frames(aatype, Rigid(quat_to_rot(quaternion), translation), sin_cos)
    return atom14_to_atom37(frames_to_atom14(aatype, frames), aatype).numpy()


def run(chain: Chain, noise_angstrom: float, seed: int) -> tuple[RelaxResult, float, float]:
    """The result, and Cα distance from the experiment in Å before and after."""
    aatype = torch.from_numpy(chain.aatype)
    known = torch.from_numpy((chain.mask != MISSING).astype(np.float64))
    positions, mask = atom37_from_atom14(aatype, torch.from_numpy(chain.positions).double(), known)
    given = disturbed(aatype, positions, mask, noise_angstrom, seed)
    result = relax(chain.aatype, given, mask.numpy(), chain.residue_index)
    truth, has_ca = positions[:, 1].numpy(), mask[:, 1].numpy() > 0

    def off(atoms: NDArray) -> float:
        return float(np.sqrt(((atoms[has_ca, 1] - truth[has_ca]) ** 2).sum(-1).mean()))

    return result, off(given), off(result.positions)


def median(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):6.2f} ({min(values):.2f}-{max(values):.2f})"


def main() -> None:
    """Print one line for each amount of noise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of chains")
    parser.add_argument("--chains", type=int, default=12, help="number of chains")
    parser.add_argument("--length", type=int, nargs=2, default=(90, 110), help="shortest and longest chain")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chains = open_chains(arguments.data, ["valid"])
    shortest, longest = arguments.length
    chosen = [
        number
        for number, record in enumerate(chains.records)
        if record.atoms == "all" and shortest <= record.length <= longest
    ][: arguments.chains]
    residues = sum(chains.records[number].length for number in chosen)
    print(f"data {chains.sha256[:12]}, {len(chosen)} chains, {residues} residues, seed {arguments.seed}")
    print("violations are per 100 residues, over all chains; Å and s are medians (range) over chains")
    header = f"{'noise, Å':>8} {'before':>7} {'after':>7} {'none left':>9}  {'moved Cα, Å':20}"
    print(f"{header} {'from experiment before':24} {'after':20} {'seconds':20}")
    for noise in NOISES_ANGSTROM:
        runs = [run(chains.chain(number), noise, arguments.seed + number) for number in chosen]
        results = [result for result, _, _ in runs]
        before, after = (
            100 * sum(report.total for report in reports) / residues
            for reports in ([r.before for r in results], [r.after for r in results])
        )
        clean = sum(result.after.total == 0 for result in results)
        moved = median([result.rmsd_ca_angstrom for result in results])
        seconds = median([result.seconds for result in results])
        off = [median([values[k] for values in runs]) for k in (1, 2)]  # type: ignore[misc]  # floats
        line = f"{noise:8.1f} {before:7.1f} {after:7.1f} {clean:4d} of {len(results):2d}  {moved:20}"
        print(f"{line} {off[0]:24} {off[1]:20} {seconds:20}")


if __name__ == "__main__":
    main()
