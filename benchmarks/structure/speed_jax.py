"""Times one pass of AlphaFold 2 in JAX (`alphafold-colabfold`), for `speed.py`; prints JSON.

    python benchmarks/structure/speed_jax.py --residues 64 --repeats 3

Needs `alphafold-colabfold`, jax and dm-haiku in the environment of the interpreter, and nothing else of this
project: `speed.py` calls it with any interpreter (`--peer-python`). The network is `model_3_ptm` with random
parameters, 128 MSA and 256 extra rows, no recycling, compiled with XLA's cheapest settings (its full
optimiser takes longer than any of the runs on a processor).
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from typing import Any

MSA_ROWS, EXTRA_ROWS = 128, 256


def random_batch(residues: int) -> dict[str, Any]:
    """Features of random letters under the reference's names."""
    import numpy as np

    generator = np.random.default_rng(0)
    n, rows, extra = residues, MSA_ROWS, EXTRA_ROWS
    shapes: dict[str, tuple[int, ...]] = {
        **{"seq_mask": (n,), "msa_mask": (rows, n), "msa_row_mask": (rows,), "bert_mask": (rows, n)},
        **{"extra_msa_mask": (extra, n), "extra_msa_row_mask": (extra,)},
        **{"atom14_atom_exists": (n, 14), "atom37_atom_exists": (n, 37)},
    }
    batch: dict[str, Any] = {name: np.ones((1, *shape), np.float32) for name, shape in shapes.items()}
    for name in ("extra_has_deletion", "extra_deletion_value"):
        batch[name] = np.zeros((1, extra, n), np.float32)
    for name, shape in {"aatype": (n,), "true_msa": (rows, n), "extra_msa": (extra, n)}.items():
        batch[name] = generator.integers(0, 20, (1, *shape)).astype(np.int32)
    for name, shape in {"residx_atom14_to_atom37": (n, 14), "residx_atom37_to_atom14": (n, 37)}.items():
        batch[name] = np.zeros((1, *shape), np.int32)
    batch["residue_index"] = np.arange(n, dtype=np.int32)[None]
    batch["seq_length"] = np.array([n], np.int32)
    batch["target_feat"] = generator.normal(size=(1, n, 22)).astype(np.float32)
    batch["msa_feat"] = generator.normal(size=(1, rows, n, 49)).astype(np.float32)
    return batch


def compiled_network(batch: dict[str, Any]) -> tuple[Callable[[], Any], float]:
    """One pass as a function without arguments, and the seconds that its compilation took."""
    import haiku as hk
    import jax
    import numpy as np
    from alphafold.model import config as presets
    from alphafold.model import modules

    config = presets.model_config("model_3_ptm")
    config.model.num_recycle = 0
    config.model.resample_msa_in_recycling = False
    config.model.global_config.subbatch_size = None
    config.model.global_config.bfloat16 = False

    def forward(features: Any) -> Any:  # noqa: ANN401 - a tree of arrays
        network = modules.AlphaFold(config.model)
        return network(features, is_training=False, return_representations=True)

    transformed = hk.transform(forward)
    key = jax.random.PRNGKey(0)
    generator = np.random.default_rng(0)
    parameters = jax.tree_util.tree_map(
        lambda leaf: generator.normal(scale=0.02, size=leaf.shape).astype(np.float32),
        jax.eval_shape(transformed.init, key, batch),
    )
    start = time.perf_counter()
    cheap = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
    compiled = jax.jit(transformed.apply).lower(parameters, key, batch).compile(compiler_options=cheap)
    seconds = time.perf_counter() - start
    return lambda: jax.block_until_ready(compiled(parameters, key, batch)), seconds


def main() -> None:
    """Prints wall and processor seconds of each run, of compilation, and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residues", type=int, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    os.environ["JAX_PLATFORMS"] = "cpu"
    run, compile_seconds = compiled_network(random_batch(options.residues))
    wall, processor = [], []
    for index in range(options.repeats + 1):
        start, cpu_start = time.perf_counter(), time.process_time()
        run()
        if index:  # the first warms up
            wall.append(time.perf_counter() - start)
            processor.append(time.process_time() - cpu_start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        json.dumps(
            {
                "residues": options.residues,
                "wall_s": wall,
                "cpu_s": processor,
                "compile_s": compile_seconds,
                "peak_bytes": peak,
            }
        )
    )


if __name__ == "__main__":
    main()
