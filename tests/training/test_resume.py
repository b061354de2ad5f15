"""Exact resume: the sampler's laws, the seeds, and runs that were killed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from sciml.training.resume import StepDataset, StepSampler, step_seed
from tests.training.toy import batch, data_module

ROOT = Path(__file__).parents[2]


def run_module(name, *arguments, check=True):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", name, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=check, timeout=240
    )


def test_batches_after_a_restart_are_those_of_the_whole_run():
    whole = list(StepSampler(5, 2, accumulation=3))
    assert list(StepSampler(5, 2, accumulation=3, start=2)) == whole[6:]


def test_length_stays_that_of_the_whole_run_after_a_restart():
    assert len(StepSampler(5, 2, accumulation=3, start=4)) == 15


def test_two_ranks_together_see_what_one_rank_with_twice_the_batch_sees():
    one = list(StepSampler(3, 4, accumulation=2))
    left, right = (StepSampler(3, 2, accumulation=2, rank=rank, ranks=2) for rank in (0, 1))
    together = [(step, slots + more) for (step, slots), (_, more) in zip(left, right, strict=True)]
    assert together == one


def test_every_slot_of_a_step_is_served_once():
    batches = [list(StepSampler(2, 3, accumulation=2, rank=rank, ranks=4)) for rank in range(4)]
    addresses = sorted((step, slot) for rank in batches for step, slots in rank for slot in slots)
    assert addresses == [(step, slot) for step in range(2) for slot in range(24)]


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch_size": 0}, {"rank": 2, "ranks": 2}, {"start": -1}])
def test_sampler_refuses_impossible_places(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        StepSampler(**{"steps": 1, "batch_size": 1, **wrong})


def test_seeds_differ_between_neighbouring_positions():
    seeds = {step_seed(seed, step, rank) for seed in range(3) for step in range(50) for rank in range(4)}
    assert len(seeds) == 600
    assert step_seed(1) != step_seed(1, 0) != step_seed(1, 0, 0)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seed_refuses_a_negative_step():
    with pytest.raises(ValueError, match="count from zero"):
        step_seed(0, -1)


def test_a_batch_depends_on_its_address_only():
    dataset = StepDataset(batch, seed=3)
    torch.manual_seed(1)
    first = dataset[4, (2, 3)]
    torch.manual_seed(2)
    assert torch.equal(dataset[4, (2, 3)][0], first[0])
    assert not torch.equal(dataset[5, (2, 3)][0], first[0])


def test_every_rank_validates_as_many_batches_and_none_is_left_out():
    shares = []
    for rank in range(2):
        module = data_module()
        module.trainer = SimpleNamespace(global_rank=rank, world_size=2, global_step=0)
        shares.append([int(one[0].sum() * 1e6) for one in module.val_dataloader()])
    everything = [int(one[0].sum() * 1e6) for one in data_module().val_dataloader()]
    assert [len(share) for share in shares] == [2, 2]
    assert set(shares[0] + shares[1]) == set(everything)


def test_workers_load_the_same_batches():
    module = data_module(steps=3)
    alone = [one[0] for one in module.train_dataloader()]
    module.workers = 1
    torch.testing.assert_close([one[0] for one in module.train_dataloader()], alone, rtol=0, atol=0)


@pytest.mark.parametrize(("accumulation", "every_steps"), [(1, 3), (2, 5)])
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killed runs are forked")
def test_killed_run_resumes_bit_for_bit(tmp_path, accumulation, every_steps):
    lines = run_module("tests.training.killed_runs", tmp_path, accumulation, every_steps).stdout.splitlines()
    kills = [json.loads(line) for line in lines if line.startswith("{")]
    assert [kill["place"] for kill in kills] == ["start", "backward", "writing"]
    for kill in kills:
        assert kill["killed"] == 9, kill
        assert 0 < kill["resumed_at"] <= kill["step"], kill
        assert kill["resumed_at"] % every_steps == 0, kill
        assert kill["resumed"] == 0, kill
        assert kill["same_result"], kill
        assert kill["same_metrics"], kill


def result(folder):
    return torch.load(folder / "result.pt", weights_only=True)


def assert_same_results(left, right, **tolerance):
    for kind, tensors in left.items():
        for name, tensor in tensors.items():
            torch.testing.assert_close(tensor, right[kind][name], **tolerance)


@pytest.mark.slow
def test_two_ranks_train_like_one_and_resume_bit_for_bit(tmp_path):
    one, two, killed = (tmp_path / name for name in ("one", "two", "killed"))
    for folder in (one, two, killed):
        folder.mkdir()
    run_module("tests.training.two_ranks", one, 1, 4)
    run_module("tests.training.two_ranks", two, 2, 2)
    assert_same_results(result(one), result(two), rtol=1e-5, atol=1e-6)
    assert run_module("tests.training.two_ranks", killed, 2, 2, 8, check=False).returncode != 0
    assert torch.load(killed / "last.ckpt", weights_only=True)["global_step"] == 6
    run_module("tests.training.two_ranks", killed, 2, 2)
    assert_same_results(result(two), result(killed), rtol=0, atol=0)
