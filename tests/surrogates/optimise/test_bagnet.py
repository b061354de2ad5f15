import numpy as np
import pytest
import torch

from sciml.surrogates.optimise.bagnet import BagNet, BagNetSettings
from sciml.surrogates.optimise.bagnet_network import Discriminator, NetworkSettings, TrainedDiscriminator
from sciml.surrogates.optimise.loop import run_design
from tests.surrogates.optimise.opamp_problem import PROBLEM, FunctionSimulator

QUICK = NetworkSettings(steps=60)


def trained(ties: str = "bagnet", steps: int = 400) -> tuple[TrainedDiscriminator, np.ndarray, np.ndarray]:
    """Two specifications on 40 designs of three inputs: the first penalises a small input 0, the second only
    the designs with a large input 1."""
    generator = np.random.default_rng(0)
    positions = generator.integers(0, 99, size=(40, 3)).astype(float)
    penalties = np.stack([1 - positions[:, 0] / 99, np.maximum(positions[:, 1] - 80, 0) / 20], axis=1)
    network = TrainedDiscriminator(3, 2, NetworkSettings(steps=steps, ties=ties), seed=1)
    network.train(positions, penalties, torch.Generator().manual_seed(0))
    return network, positions, penalties


def test_swapping_the_designs_swaps_the_answer_exactly() -> None:
    torch.manual_seed(0)
    network = Discriminator(5, 3, NetworkSettings()).double()
    with torch.no_grad():
        for bias in (network.bias_hidden, network.bias_out):
            bias.copy_(torch.randn_like(bias))
    a, b = torch.randn(50, 5).double(), torch.randn(50, 5).double()
    torch.testing.assert_close(network(a, b, None), -network(b, a, None), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(network(a, a, None), torch.zeros(50, 3).double(), rtol=0, atol=1e-12)


def test_the_network_has_the_released_sizes() -> None:
    network = Discriminator(7, 8, NetworkSettings())
    shapes = {name: tuple(each.shape) for name, each in network.named_parameters()}
    assert shapes["layers.0.weight"] == (20, 7)
    assert shapes["layers.1.weight"] == (20, 20)
    # Half of each tied matrix is stored: 40 -> 20 -> 2 for each of eight heads.
    assert shapes["weight_hidden"] == (8, 20, 20)
    assert shapes["weight_out"] == (8, 10, 2)


def test_the_discriminator_learns_an_order() -> None:
    network, _, _ = trained()
    fresh = np.random.default_rng(5).integers(0, 99, size=(300, 3)).astype(float)
    probability = network.prob_better(fresh, np.array([50.0, 10.0, 50.0]), None)[:, 0]
    clear = np.abs(fresh[:, 0] - 50) > 10
    assert ((probability > 0.5) == (fresh[:, 0] > 50))[clear].mean() > 0.9


def test_dropout_stays_on_in_queries() -> None:
    network, positions, _ = trained(steps=50)
    same = np.repeat(positions[:1], 200, axis=0)
    drawn = network.prob_better(same, positions[1], torch.Generator().manual_seed(0))
    assert drawn[:, 0].std() > 0.01
    still = network.prob_better(same, positions[1], None)
    assert still[:, 0].std() == 0


def test_equal_penalties_are_labelled_by_age_or_by_one_half() -> None:
    penalty = torch.tensor([[0.0], [0.0], [0.4]], dtype=torch.float64)
    first, second = torch.tensor([0, 0, 1]), torch.tensor([1, 2, 2])
    released = TrainedDiscriminator(2, 1, NetworkSettings(), 0)._labels(penalty, first, second)
    cured = TrainedDiscriminator(2, 1, NetworkSettings(ties="half"), 0)._labels(penalty, first, second)
    assert released[:, 0].tolist() == [1.0, 1.0, 1.0]
    assert cured[:, 0].tolist() == [0.5, 1.0, 1.0]


def test_training_goes_on_from_the_weights_and_moments_of_the_round_before() -> None:
    network, positions, penalties = trained(steps=100)
    before = network.network.weight_hidden.detach().clone()
    moments = network._adam.state[network.network.weight_hidden]["step"].item()
    network.train(positions, penalties, torch.Generator().manual_seed(1))
    after = network._adam.state[network.network.weight_hidden]["step"].item()
    assert (moments, after) == (100, 200)
    moved = (network.network.weight_hidden - before).abs().max()
    assert 0 < moved < 0.2  # 100 steps of at most 1e-3 from where it was


def test_inputs_are_standardised_by_the_training_designs() -> None:
    network, positions, _ = trained(steps=5)
    torch.testing.assert_close(
        network.network.mean.double(), torch.as_tensor(positions).mean(0), rtol=0, atol=2.0
    )
    torch.testing.assert_close(
        network.network.std.double(), torch.as_tensor(positions).std(0, correction=0), rtol=0.05, atol=0
    )


def test_a_child_is_accepted_if_the_draw_of_every_critical_specification_succeeds() -> None:
    bagnet = BagNet(PROBLEM, 0)
    probabilities = np.array([0.5, 0.8, 0.0])

    def fixed(positions: np.ndarray, reference: np.ndarray, noise: object) -> np.ndarray:
        return np.tile(probabilities, (len(positions), 1))

    bagnet.discriminator.prob_better = fixed  # type: ignore[method-assign]
    children = PROBLEM.spec.random(20_000, np.random.default_rng(0))
    noise = torch.Generator()
    for critical, share in (([0], 0.5), ([0, 1], 0.4), ([0, 2], 0.0)):
        bagnet.critical = critical
        accepted = bagnet.accepts(children, np.zeros(5), np.random.default_rng(1), noise)
        assert accepted.mean() == pytest.approx(share, abs=0.015)


def test_five_rounds_follow_the_rules() -> None:
    settings = BagNetSettings(network=QUICK)
    bagnet = BagNet(PROBLEM, 4, settings)
    simulator = FunctionSimulator()
    first = bagnet.ask(1000)
    assert len(np.unique(first, axis=0)) == 100
    bagnet.tell(first, simulator.run(first))
    critical: list[int] = []
    for number in range(1, 6):
        designs = bagnet.ask(1000)
        assert bagnet.round == number
        assert len(designs) in (5, 6)  # a pair may bring a sixth
        assert not bagnet.history.has(designs).any()
        assert bagnet.critical[: len(critical)] == critical
        assert len(bagnet.critical) <= number
        assert bagnet.queried >= 5 * number
        # 60 gradient steps a round, never started anew
        steps = bagnet.discriminator._adam.state[bagnet.discriminator.network.bias_out]["step"].item()
        assert steps == 60 * number
        critical = list(bagnet.critical)
        bagnet.tell(designs, simulator.run(designs))
    assert len(bagnet.history) == pytest.approx(127.5, abs=2.5)


def test_accepted_children_are_better_than_the_bred_ones() -> None:
    def costs(is_filtered: bool) -> float:
        bagnet = BagNet(PROBLEM, 1, BagNetSettings(network=NetworkSettings(steps=300), children=40))
        if not is_filtered:
            bagnet.discriminator.prob_better = lambda positions, reference, noise: np.ones(
                (len(positions), 3)
            )
        run = run_design(PROBLEM, FunctionSimulator(), bagnet, budget=180, stop_at_first=False)
        return float(PROBLEM.goal.cost(run.result.values[100:], PROBLEM.spec).mean())

    assert costs(True) < 0.9 * costs(False)


def test_the_defaults_are_the_released_numbers() -> None:
    ours = BagNetSettings()
    assert (ours.initial, ours.children, ours.reference, ours.pool) == (100, 5, 20, 100)
    assert (ours.crossover, ours.blend, ours.alpha, ours.gene, ours.queries) == (0.6, 0.5, 0.5, 0.5, 20_000)
    network = ours.network
    assert (network.features, network.hidden, network.keep, network.ties) == ((20, 20), 20, 0.8, "bagnet")
    assert (network.learning_rate, network.batch, network.steps, network.held_out) == (1e-3, 64, 1000, 0.2)


def test_so_many_rounds_take_five_simulations_each_or_six() -> None:
    settings = BagNetSettings(rounds=4, network=NetworkSettings(steps=2))
    bagnet = BagNet(PROBLEM, 0, settings)
    bagnet.discriminator.prob_better = lambda positions, reference, noise: np.ones((len(positions), 3))
    run = run_design(PROBLEM, FunctionSimulator(), bagnet, budget=1000, stop_at_first=False)
    assert 100 + 4 * 5 <= len(run.designs) <= 100 + 4 * 6
    assert run.stopped == "exhausted"


def test_the_search_ends_when_too_few_children_are_accepted() -> None:
    bagnet = BagNet(PROBLEM, 0, BagNetSettings(network=QUICK, queries=300))
    bagnet.discriminator.prob_better = lambda positions, reference, noise: np.zeros((len(positions), 3))
    run = run_design(PROBLEM, FunctionSimulator(), bagnet, budget=500, stop_at_first=False)
    assert run.stopped == "exhausted"
    assert len(run.designs) == 100
    assert bagnet.queried == pytest.approx(300, abs=1)


def test_the_same_seed_gives_the_same_run_however_it_is_asked() -> None:
    def designs(batch: int | None) -> np.ndarray:
        bagnet = BagNet(PROBLEM, 2, BagNetSettings(network=QUICK))
        return run_design(
            PROBLEM, FunctionSimulator(), bagnet, budget=125, batch=batch, stop_at_first=False
        ).designs

    np.testing.assert_array_equal(designs(None), designs(3))
