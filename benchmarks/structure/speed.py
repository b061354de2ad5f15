"""How fast is one pass of the 48-block network, beside the floor that its matrix products set and beside
peers?

    python -m benchmarks.structure.speed [--residues 64 128 256] [--precision float32 bfloat16] [--repeats 5]
    [--device cuda]

Random parameters, random features, 128 MSA and 256 extra rows, one pass without recycling. The floor is the
number of operations counted from the shapes over the best rate of matrix products measured in the same
process. A size runs in a process of its own, so that the peak memory is its own; beside it stands what the
memory model (`sciml/structure/cost.py`) expects. `alphafold-colabfold` (JAX) is timed on the same sizes where
it is installed.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MSA_ROWS, EXTRA_ROWS = 128, 256
PEER = Path(__file__).with_name("speed_jax.py")


def peak_bytes() -> int:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def matmul_rates(precision: str, device: str, seconds: float = 2.0) -> tuple[float, float]:
    """Best operations per second of square and of tall products: torch's own, and any that the package
    calls."""
    import torch

    from sciml.linear import linear

    dtype = getattr(torch, precision)
    best = [0.0, 0.0]
    scale = 1 if device == "cpu" else 8
    with torch.inference_mode():
        for rows, c_in, c_out in ((2048, 2048, 2048), (16384, 128, 512), (8192, 256, 1024)):
            x = torch.randn(rows * scale, c_in, device=device).to(dtype)
            weight = torch.randn(c_out, c_in, device=device).to(dtype)
            products = (lambda x=x, w=weight: x @ w.t(), lambda x=x, w=weight: linear(x, w))
            for index, product in enumerate(products):
                product()
                synchronise(device)
                start, count = time.perf_counter(), 0
                while time.perf_counter() - start < seconds / 6:
                    product()
                    count += 1
                synchronise(device)
                rate = 2 * rows * scale * c_in * c_out * count / (time.perf_counter() - start)
                best[index] = max(best[index], rate)
    return best[0], max(best)


def synchronise(device: str) -> None:
    """Waits for an accelerator."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)


def random_features(residues: int, seed: int) -> dict[str, Any]:
    """Features of random letters, in the shapes of one pass."""
    import torch

    from sciml.structure.features.pipeline import sequence_features

    generator = torch.Generator().manual_seed(seed)

    def letters(rows: int) -> torch.Tensor:
        return torch.randint(0, 20, (1, rows, residues), generator=generator)

    extra = (1, EXTRA_ROWS, residues)
    return {
        **sequence_features(letters(1)[:, 0], torch.arange(residues)[None]),
        "msa_feat": torch.randn(1, MSA_ROWS, residues, 49, generator=generator),
        "msa_mask": torch.ones(1, MSA_ROWS, residues),
        "extra_msa": letters(EXTRA_ROWS),
        "extra_has_deletion": torch.zeros(extra),
        "extra_deletion_value": torch.zeros(extra),
        "extra_msa_mask": torch.ones(extra),
    }


def measure(residues: int, precision: str, repeats: int, threads: int, device: str) -> dict[str, Any]:
    """Times of one pass of `model_3_ptm` in this process."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    import torch

    from sciml.structure.config import Config
    from sciml.structure.cost import Shape, activation_bytes, operations
    from sciml.structure.model import AlphaFold
    from sciml.structure.precision import set_precision

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = Config.preset("model_3_ptm")
    with torch.device("meta"):
        model = AlphaFold(config)
    model = model.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.02)
    loaded = peak_bytes()
    model = set_precision(model.eval().to(device), precision)  # type: ignore[arg-type] # checked by argparse
    on_cuda = device.startswith("cuda")
    if on_cuda:
        loaded = torch.cuda.memory_allocated(device)
    features = {name: array.to(device) for name, array in random_features(residues, seed=0).items()}
    wall, processor = [], []
    with torch.inference_mode():
        for index in range(repeats + 1):
            start, cpu_start = time.perf_counter(), time.process_time()
            model.single_pass(features)
            synchronise(device)
            if index:  # the first warms up
                wall.append(time.perf_counter() - start)
                processor.append(time.process_time() - cpu_start)
    peak = torch.cuda.max_memory_allocated(device) if on_cuda else peak_bytes()
    plain_rate, rate = matmul_rates(precision, device)
    shape = Shape(residues, MSA_ROWS, EXTRA_ROWS)
    count = operations(config, shape)
    return {
        "residues": residues,
        "precision": precision,
        "wall_s": wall,
        "cpu_s": processor,
        "operations": count,
        "rate": rate,
        "plain_rate": plain_rate,
        "peak_bytes": peak,
        "loaded_bytes": loaded,
        "predicted_bytes": activation_bytes(
            config, shape, element_bytes=4 if precision == "float32" else 2, on_cpu=not on_cuda
        ),
    }


def in_own_process(
    arguments: list[str], file: Path = Path(__file__), python: str = sys.executable
) -> dict[str, Any]:
    """The JSON that a file prints when it is run with these arguments."""
    command = [python, str(file.resolve()), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


COLUMNS = [
    *("residues", "precision", "wall s", "min", "max", "CPU s", "TFLOP"),
    *("GFLOP/s", "/floor", "best", "/floor", "peak GB", "model GB"),
]


def print_row(result: dict[str, Any]) -> None:
    """One line of the table."""
    wall, count = sorted(result["wall_s"]), result["operations"]
    median = statistics.median(wall)
    times = [median, wall[0], wall[-1], statistics.median(result["cpu_s"])]
    cells = [str(result["residues"]), result["precision"], *(f"{value:.2f}" for value in times)]
    cells.append(f"{count / 1e12:.2f}")
    for rate in (result["plain_rate"], result["rate"]):
        cells += [f"{rate / 1e9:.0f}", f"{median * rate / count:.2f}"]
    modelled = result["predicted_bytes"] + result["loaded_bytes"]
    cells += [f"{memory / 1e9:.2f}" for memory in (result["peak_bytes"], modelled)]
    print(" ".join(f"{cell:>9s}" for cell in cells), flush=True)


def print_peer(residues: int, options: argparse.Namespace) -> None:
    """The row of AlphaFold 2 in JAX, where an interpreter has it."""
    python = options.peer_python or (sys.executable if find_spec("alphafold") else None)
    if python is None:
        print("          alphafold-colabfold is not installed: no peer was timed")
        return
    arguments = ["--residues", str(residues), "--repeats", str(min(options.repeats, 2))]
    peer = in_own_process([*arguments, "--threads", str(options.threads)], PEER, python)
    wall = sorted(peer["wall_s"])
    times = [statistics.median(wall), wall[0], wall[-1], statistics.median(peer["cpu_s"])]
    cells = [str(residues), "JAX f32", *(f"{value:.2f}" for value in times), *[""] * 5]
    print(" ".join(f"{cell:>9s}" for cell in [*cells, f"{peer['peak_bytes'] / 1e9:.2f}"]), flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--residues", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--precision", nargs="+", default=["float32"], choices=["float32", "bfloat16"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peer-python", help="interpreter whose environment has alphafold-colabfold")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one = measure(
            options.residues[0], options.precision[0], options.repeats, options.threads, options.device
        )
        print(json.dumps(one))
        return
    print(
        f"{platform.machine()}, {options.device}, {options.threads} threads, seed 0, {options.repeats} runs"
    )
    print(f"one pass, 48 + 4 blocks, {MSA_ROWS} MSA + {EXTRA_ROWS} extra rows, random parameters")
    print(" ".join(f"{name:>9s}" for name in COLUMNS))
    for residues in options.residues:
        for precision in options.precision:
            arguments = ["--one", "--residues", str(residues), "--precision", precision]
            arguments += ["--repeats", str(options.repeats), "--threads", str(options.threads)]
            print_row(in_own_process([*arguments, "--device", options.device]))
        print_peer(residues, options)


if __name__ == "__main__":
    main()
