"""How good is a parameter file on chains that it was not trained on, and how far can its pLDDT be believed?

Predicts whole chains from their sequence alone (no alignment, no template) and prints lDDT-Cα, TM-score,
long-range P@L/5 and the cost of the distogram, as means over 30 % clusters with 95 % bootstrap intervals,
beside two answers that need no network: an ideal helix, and the mean distogram by sequence separation
fitted on the training split.

    python benchmarks/structure/model_card.py --data DIR --params FILE --split valid --json card.json
    python benchmarks/structure/model_card.py --data DIR --params FILE --split valid --calibrate NEW_FILE

The test split is read when it is asked for by name, and nothing can be fitted on it.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from sciml.data.chains import ChainSet, open_chains, open_test_chains
from sciml.runs.files import atomic_write_text
from sciml.structure.calibration import calibrate_on, fold_into
from sciml.structure.evaluation import ChainScores
from sciml.structure.model_card import baseline_figures, fit_separation, model_card, predict_chains
from sciml.structure.parameters import Loaded, load_parameters, save_parameters


def main() -> None:
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    loaded = load_parameters(arguments.params)
    device = torch.device(arguments.device)
    splits = ("test",) if arguments.split == "test" else (arguments.split,)
    chains = (
        open_test_chains(arguments.data) if arguments.split == "test" else open_chains(arguments.data, splits)
    )
    numbers = chosen_numbers(chains, arguments.limit, arguments.max_residues)
    started = time.perf_counter()
    network = loaded.model.to(device)
    scores = predict_chains(
        network, chains, recycles=arguments.recycles, numbers=numbers, seed=arguments.seed, echo=to_stderr
    )
    seconds = time.perf_counter() - started
    edges = np.linspace(
        network.config.distogram_first_break_angstrom,
        network.config.distogram_last_break_angstrom,
        network.config.distogram_bins - 1,
    )
    separation = fit_separation(open_chains(arguments.data, ("train",)), edges)
    card = model_card(
        network.config.name,
        scores,
        baseline_figures(chains, numbers, separation, seed=arguments.seed),
        seed=arguments.seed,
    )
    facts = {
        "parameters": str(loaded.path.name),
        "parameters_sha256": loaded.sha256,
        "split": arguments.split,
        "data_sha256": chains.sha256,
        "chains": f"{len(numbers)} of {len(chains)}",
        "max_residues": arguments.max_residues,
        "recycles": arguments.recycles,
        "seed": arguments.seed,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "seconds": round(seconds, 1),
        "commit": commit(),
    }
    print("\n".join(f"{name}: {value}" for name, value in facts.items()))
    print()
    print(card.to_markdown())
    if arguments.json:
        atomic_write_text(arguments.json, json.dumps(facts | card.to_dict(), indent=2) + "\n")
    if arguments.calibrate:
        write_calibrated(loaded, scores, arguments.calibrate)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of chains")
    parser.add_argument("--params", type=Path, required=True, help="parameter file")
    parser.add_argument("--split", choices=("valid", "test"), default="valid")
    parser.add_argument("--recycles", type=int, default=3)
    parser.add_argument("--max-residues", type=int, default=700, help="leave longer chains out")
    parser.add_argument("--limit", type=int, help="only so many chains, spread evenly over the split")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument(
        "--calibrate", type=Path, help="write parameters with pLDDT calibrated on this split (valid only)"
    )
    arguments = parser.parse_args()
    if arguments.calibrate and arguments.split != "valid":
        parser.error("pLDDT is calibrated on the valid split, never on test")
    return arguments


def chosen_numbers(chains: ChainSet, limit: int | None, max_residues: int) -> list[int]:
    """Chains short enough, and evenly spaced ones of them where a limit is set."""
    usable = [number for number, record in enumerate(chains.records) if record.length <= max_residues]
    if limit is None or limit >= len(usable):
        return usable
    return [usable[place * len(usable) // limit] for place in range(limit)]


def write_calibrated(loaded: Loaded, scores: list[ChainScores], path: Path) -> None:
    """Fold the correction of pLDDT into a copy of the parameters."""
    calibration = calibrate_on(scores)
    network = loaded.model.cpu()
    fold_into(network.predicted_lddt_head.logits, calibration)
    note = {"split": "valid", "chains": len(scores), "after": loaded.metadata.get("calibration", "none")}
    save_parameters(network, path, loaded.metadata | {"calibration": json.dumps(asdict(calibration) | note)})
    print(f"\nwrote {path}: {calibration}")


def commit() -> str:
    """The commit of the repository that this file lies in, or unknown."""
    answer = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "unknown"


def to_stderr(line: str) -> None:
    """Progress, which is no result."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
