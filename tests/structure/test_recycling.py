"""Passes after passes: what is handed on, when it stops, and that nothing handed in is overwritten."""

from itertools import pairwise

import pytest
import torch

from sciml.errors import SettingsError
from sciml.structure.model import Previous, ca_distance_change
from sciml.structure.rigid import Rigid
from tests.structure.networks import (
    RESIDUES,
    assert_differs,
    assert_same,
    features_with_holes,
    random_features,
    random_network,
    run,
    with_holes,
)
from tests.structure.test_invariant_point_attention import frames


@pytest.fixture(scope="module")
def model():
    return random_network()


def test_recycling_n_and_m_passes_is_n_passes_then_m(model):
    features = [features_with_holes(recycle=number) for number in range(4)]
    whole = run(model, features, recycles=3)
    first = run(model, features[:2], recycles=1)
    with torch.no_grad():
        previous = Previous.of(first)
        for number in (2, 3):
            outputs = model.single_pass(features[number], previous)
            previous = Previous.of(outputs)
    for name, array in whole.items():
        assert torch.equal(outputs[name], array), name
    assert_differs(run(model, features[3], recycles=0), whole)


def test_the_first_pass_recycles_zeros(model):
    features = features_with_holes()
    with torch.no_grad():
        zeros = model.single_pass(features, Previous.zeros(features, model.config))
    assert_same(zeros, run(model, features, recycles=0), tolerance=1e-12)


def test_one_set_of_features_serves_every_pass_and_a_wrong_number_is_refused(model):
    features = features_with_holes()
    assert_same(run(model, features, 2), run(model, [features] * 3, 2), tolerance=1e-12)
    with pytest.raises(SettingsError, match="3 passes need as many sets of features: 2 given"):
        model([features] * 2, recycles=2)


def copies(arrays):
    return {name: array.clone() for name, array in arrays.items()}


@pytest.mark.parametrize("templates", [0, 2])
@pytest.mark.parametrize("is_padded", [True, False])
def test_inference_overwrites_neither_features_nor_the_previous_pass(model, templates, is_padded):
    """The stacks update in place; nothing that was handed in may be their working memory."""
    features = features_with_holes(templates=templates, pad_to_res=RESIDUES + 2 if is_padded else None)
    first = run(model, features, recycles=0)
    previous = Previous.of(first)
    features_before, first_before = copies(features), copies(first)
    with torch.no_grad():
        second = model.single_pass(features, previous)
    second_before = copies(second)
    with torch.no_grad():
        model.single_pass(features, Previous.of(second))
    for arrays, before in ((features, features_before), (first, first_before), (second, second_before)):
        for name, array in before.items():
            assert torch.equal(arrays[name], array), name
    assert previous.pair.data_ptr() == first["representations/pair"].data_ptr()


def test_outputs_seen_after_each_pass_stay_as_they_were(model):
    seen = []
    with torch.no_grad():
        model(
            features_with_holes(),
            recycles=2,
            on_pass=lambda number, outputs, change: seen.append((number, outputs, copies(outputs), change)),
        )
    assert [number for number, *_ in seen] == [0, 1, 2]
    for _, outputs, before, _ in seen:
        assert all(torch.equal(outputs[name], array) for name, array in before.items())
    position = "structure_module/final_atom_positions"
    mask = torch.ones(1, RESIDUES)
    assert seen[0][3] is None
    for (_, _, before, _), (_, _, after, change) in pairwise(seen):
        torch.testing.assert_close(change, ca_distance_change(before[position], after[position], mask))


def test_recycling_stops_once_no_example_changes_by_more_than_the_tolerance(model):
    singles = [with_holes(random_features(seed=seed), seed) for seed in range(2)]
    batch = {name: torch.cat([single[name] for single in singles]) for name in singles[0]}
    changes = []
    with torch.no_grad():
        model(batch, recycles=5, on_pass=lambda number, outputs, change: changes.append(change))
    assert len(changes) == 6
    largest = [float(change.max()) for change in changes[1:]]
    smallest = [float(change.min()) for change in changes[1:]]
    tolerance = 1.01 * min(largest[:-1])
    stop = next(number for number, change in enumerate(largest, start=1) if change < tolerance)
    assert smallest[0] < largest[0]
    numbers = []
    with torch.no_grad():
        outputs = model(batch, 5, tolerance, on_pass=lambda number, *rest: numbers.append(number))
    assert numbers == list(range(stop + 1))
    assert_same(outputs, run(model, batch, recycles=stop), tolerance=1e-12)


def test_the_change_of_ca_distances_by_hand():
    before = torch.zeros(1, 3, 37, 3)
    before[0, :, 1, 0] = torch.tensor([0.0, 3.0, 7.0])
    after = before.clone()
    after[0, 2, 1, 0] = 9.0  # two of three distances, each twice in the matrix, change by 2
    change = ca_distance_change(before, after, torch.ones(1, 3))
    assert float(change) == pytest.approx((4 * 4 / 9) ** 0.5)
    assert float(ca_distance_change(before, after, torch.tensor([[1.0, 1, 0]]))) == 0


def test_moving_a_long_chain_does_not_count_as_a_change():
    positions = 15 * torch.randn(1, 80, 37, 3, generator=torch.Generator().manual_seed(0))
    motion = frames(1, 1, 1, seed=3, scale=40.0)
    motion = Rigid(motion.rotation.float(), motion.translation.float())
    assert float(ca_distance_change(positions, motion.apply(positions), torch.ones(1, 80))) < 1e-4
