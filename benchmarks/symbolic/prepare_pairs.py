"""How long do the pairs of a training run take to make? Makes its first chapters and prints the rate.

    python -m benchmarks.symbolic.prepare_pairs FOLDER [--chapters 1] [--workers 2] [--set data.lanes=15 ...]

`sciml train symbolic --shards FOLDER` with the same settings reads them and goes on generating where they
end. Chapters that are there already are left as they are, so that it may be stopped and started again.
"""

import argparse
import multiprocessing
import time
from functools import partial
from itertools import chain
from pathlib import Path

from sciml.symbolic.generators.mixture import pairs
from sciml.symbolic.generators.processes import collect_rarely
from sciml.symbolic.pair_shards import PairShards
from sciml.symbolic.training_config import TrainingConfig
from sciml.symbolic.training_data import prepare
from sciml.training.settings import as_json, parse_assignments


def make(worker: int, folder: Path, config: TrainingConfig, chapters: int, workers: int) -> list[str]:
    """One process's share of the chapters; the names of its files."""
    collect_rarely()
    shards = PairShards(folder, as_json(config.mixture))
    stream = partial(pairs, settings=config.mixture)
    made = []
    for path in prepare(stream, config.data, config.seed, chapters, shards, worker, workers):
        made.append(path.name)
        print(f"{path.name}  {path.stat().st_size:,} bytes", flush=True)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chapters", type=int, default=1, help="of each lane")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="a setting of the run")
    arguments = parser.parse_args()
    config = TrainingConfig().updated(parse_assignments(arguments.set))
    PairShards(arguments.folder, as_json(config.mixture))  # refuse a folder of other settings before all else
    share = partial(
        make,
        folder=arguments.folder,
        config=config,
        chapters=arguments.chapters,
        workers=arguments.workers,
    )
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        files = list(chain.from_iterable(pool.map(share, range(arguments.workers))))
    seconds = time.perf_counter() - start
    count = len(files) * config.data.blocks_per_chapter * config.data.block_size
    print(
        f"{count:,} pairs in {len(files)} chapters, {seconds:.0f} s with {arguments.workers} processes, "
        f"{count / seconds:.0f} pairs/s, seed {config.seed}"
    )


if __name__ == "__main__":
    main()
