"""How many pairs a second does the sequence model train on, how long does an answer take, does packing pay?

    python -m benchmarks.symbolic.network_speed [--presets tiny small base] [--threads 1] [--repeats 3]
    [--device cuda] [--pairs 2048] [--seed 0]

Training: whole steps (forward, backward, optimiser) on batches of the training mixture, as a run makes them,
with the share of their padding; generation is not in it. Answers: random parameters, no verification; one
decoding step of a greedy search and of a beam of ten, and with it an answer of 26 tokens, the mean of the
mixture. Packing: the encoder, forward and backward, on the same sources padded in their batches and packed
into rows of 512 tokens with a mask between them; a ratio above one says that padding is faster. Rates are per
wall second; those per processor second stand beside them, because other programs lower the former.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sciml.symbolic.batches import Batch, Pair, collate, grouped
from sciml.symbolic.decoding import Decoding, Problem, beam_search
from sciml.symbolic.generators.mixture import Settings, pairs
from sciml.symbolic.network import ExpressionTransformer, preset
from sciml.symbolic.training import ExpressionTraining, batch_contents
from sciml.symbolic.training_config import TrainingConfig
from sciml.symbolic.vocabulary import TASK_ID

ANSWER_TOKENS = 26
ROW_TOKENS = 512
BATCH_PAIRS = 64


class Seconds(NamedTuple):
    """Median of some repetitions."""

    wall: float
    processor: float


def timed(act: Callable[[], object], repeats: int, device: torch.device) -> Seconds:
    """Median times of `act` after one warm-up."""
    walls, processors = [], []
    for _ in range(repeats + 1):
        synchronise(device)
        wall, processor = time.perf_counter(), time.process_time()
        act()
        synchronise(device)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return Seconds(statistics.median(walls[1:]), statistics.median(processors[1:]))


def synchronise(device: torch.device) -> None:
    """Waits for an accelerator."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def training_row(network: ExpressionTransformer, given: Sequence[Pair], repeats: int) -> str:
    """Pairs a second over the batches of one block."""
    device = network.embedding.device
    training = ExpressionTraining(network, TrainingConfig()).to(device)
    optimiser = training.configure_optimizers()["optimizer"]
    groups = grouped(given, max(1, len(given) // BATCH_PAIRS), 0)
    batches = [Batch(*(one.to(device) for one in collate(group))) for group in groups]

    def block() -> None:
        for batch in batches:
            optimiser.zero_grad()
            training.figures(batch)["loss"].backward()
            optimiser.step()

    seconds = timed(block, repeats, device)
    contents = [batch_contents(batch) for batch in batches]
    padded = sum(batch.source.numel() + batch.target.numel() for batch in batches)
    tokens = sum(one["tokens"] for one in contents)
    rates = " ".join(f"{len(given) / one:10.1f}" for one in seconds)
    return f"{rates} {tokens / seconds.wall:12.0f} {1 - tokens / padded:9.0%}"


def answer_row(network: ExpressionTransformer, problems: Sequence[Problem], beam: int, repeats: int) -> str:
    """Milliseconds of a decoding step and of a whole answer, one problem at a time."""
    device, steps = network.embedding.device, 0
    network.eval()
    plain = network.step

    def counted(tokens: Tensor, state: object) -> Tensor:
        nonlocal steps
        steps += 1
        return plain(tokens, state)  # type: ignore[arg-type]  # what decoding gives

    network.step = counted  # type: ignore[method-assign]  # counts the calls
    settings = Decoding(beam=beam, max_length=ANSWER_TOKENS)
    search = timed(lambda: [beam_search(network, [one], settings) for one in problems], repeats, device)
    of_all = steps / (repeats + 1)
    network.step = plain  # type: ignore[method-assign]
    with torch.inference_mode():
        sources = [torch.tensor([list(one.tokens)], device=device) for one in problems]
        start = timed(lambda: [network.begin(one, beam, ANSWER_TOKENS) for one in sources], repeats, device)
    cells = []
    for whole, beginning in zip(search, start, strict=True):
        step = (whole - beginning) / of_all
        cells += [f"{1000 * step:9.2f}", f"{1000 * (beginning / len(problems) + ANSWER_TOKENS * step):10.1f}"]
    return " ".join(cells)


def packing_ratio(network: ExpressionTransformer, given: Sequence[Pair], repeats: int) -> Seconds:
    """Time of the encoder on packed rows over that on padded batches, of the same sources."""
    device = network.embedding.device
    network.train()
    padded = [
        collate(group).source.long().to(device) for group in grouped(given, len(given) // BATCH_PAIRS, 0)
    ]
    rows, masks = packed([bytes([TASK_ID[one.task]]) + one.source for one in given])

    def over_batches() -> None:
        for batch in padded:
            network.encode(batch)[0].square().mean().backward()

    def over_rows() -> None:
        for start in range(0, len(rows), 8):
            x = network._embedded(rows[start : start + 8].to(device))
            mask = (masks[start : start + 8, None, :, None] == masks[start : start + 8, None, None]).to(
                device
            )
            for block in network.encoder:
                x = block(x, network._turns(ROW_TOKENS), mask)
            network.memory_norm(x).square().mean().backward()

    one, other = timed(over_rows, repeats, device), timed(over_batches, repeats, device)
    return Seconds(one.wall / other.wall, one.processor / other.processor)


def packed(sources: Sequence[bytes]) -> tuple[Tensor, Tensor]:
    """Sources in rows of 512 tokens, the longest first into the first row with room; and the number of the
    source of every token, both (row, 512)."""
    rows: list[list[bytes]] = []
    room: list[int] = []
    for source in sorted(sources, key=len, reverse=True):
        place = next((n for n, left in enumerate(room) if left >= len(source)), len(rows))
        if place == len(rows):
            rows.append([])
            room.append(ROW_TOKENS)
        rows[place].append(source)
        room[place] -= len(source)
    tokens = np.zeros((len(rows), ROW_TOKENS), np.int64)
    numbers = np.zeros((len(rows), ROW_TOKENS), np.int64)
    for row, members in enumerate(rows):
        flat = np.frombuffer(b"".join(members), np.uint8)
        tokens[row, : len(flat)] = flat
        numbers[row, : len(flat)] = np.repeat(np.arange(1, len(members) + 1), [len(one) for one in members])
    return torch.from_numpy(tokens), torch.from_numpy(numbers)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", default=["tiny", "small", "base"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=2048)
    parser.add_argument("--problems", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device, repeats = torch.device(arguments.device), arguments.repeats
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu ({platform.machine()})"
    given = list(islice(pairs(arguments.seed, 0, Settings(max_source=256, max_target=128)), arguments.pairs))
    problems = [Problem(one.task, one.source) for one in given[: arguments.problems]]
    print(
        f"{name}, {arguments.threads} threads, torch {torch.__version__}, {len(given)} pairs of seed "
        f"{arguments.seed}, median of {repeats}"
    )
    print("per wall second and per processor second")
    print(
        f"{'preset':8}{'parameters':>12} {'pairs/s':>10} {'per cpu s':>10} {'tokens/s':>12} {'padding':>9} "
        "packed/padded"
    )
    networks = {}
    for preset_name in arguments.presets:
        torch.manual_seed(arguments.seed)
        network = networks[preset_name] = ExpressionTransformer(preset(preset_name)).to(device)
        size = sum(one.numel() for one in network.parameters())
        row = training_row(network, given, repeats)
        ratio = packing_ratio(network, given[:512], repeats)
        print(f"{preset_name:8}{size:12,} {row} {ratio.wall:6.2f} {ratio.processor:6.2f}", flush=True)
    print(f"\n{'preset':8}{'beam':>5} {'ms a step':>9} {'ms answer':>10} {'cpu step':>9} {'cpu answer':>10}")
    for preset_name, network in networks.items():
        for beam in (1, 10):
            print(f"{preset_name:8}{beam:5} {answer_row(network, problems, beam, repeats)}", flush=True)


if __name__ == "__main__":
    main()
