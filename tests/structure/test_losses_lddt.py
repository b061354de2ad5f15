"""lDDT by hand and by its invariances."""

import pytest
import torch

from sciml.structure.losses.lddt import lddt, lddt_ca


def _line(*x: float) -> torch.Tensor:
    return torch.tensor([[value, 0.0, 0.0] for value in x])


@pytest.mark.parametrize(("shift", "score"), [(0.4, 1.0), (0.7, 0.75), (1.5, 0.5), (3.0, 0.25), (5.0, 0.0)])
def test_one_distance_off_by_a_shift_passes_the_larger_tolerances(shift: float, score: float) -> None:
    assert float(lddt(_line(0, 6 + shift), _line(0, 6), torch.ones(2))) == pytest.approx(score, abs=1e-6)


def test_distances_beyond_the_cutoff_do_not_count() -> None:
    target, predicted = _line(0, 5, 14, 16), _line(0, 5, 14, 26)
    mask = torch.ones(4)
    # Of the pairs within 15 Å, 01 02 12 are kept; 13 and 23 (11 and 2 Å) are lost; 03 (16 Å) is not scored.
    assert float(lddt(predicted, target, mask)) == pytest.approx(3 / 5, abs=1e-6)
    assert lddt(predicted, target, mask, per_residue=True).tolist() == pytest.approx(
        [1, 2 / 3, 2 / 3, 0], abs=1e-6
    )
    assert float(lddt(predicted, target, mask, cutoff_angstrom=6.0)) == pytest.approx(1 / 2, abs=1e-6)


def test_masked_points_change_nothing() -> None:
    mask = torch.tensor([1.0, 1, 1, 0])
    target, predicted = _line(0, 5, 9, 12), _line(0, 5.7, 9, 40)
    alone = lddt(predicted[:3], target[:3], mask[:3])
    torch.testing.assert_close(lddt(predicted, target, mask), alone)


def test_mirror_image_scores_one_because_only_distances_count() -> None:
    target = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)) * 5
    mirrored = target * torch.tensor([-1.0, 1, 1]) + 7
    assert float(lddt(mirrored, target, torch.ones(20))) == pytest.approx(1.0)


def test_lddt_ca_reads_slot_one_of_atom37() -> None:
    target = torch.zeros(1, 2, 37, 3)
    target[0, 1, 1, 0] = 6
    predicted = target.clone()
    predicted[0, 1, 1, 0] = 7.5
    predicted[0, 1, 0, 0] = 100  # an N, which does not count
    assert lddt_ca(predicted, target, torch.ones(1, 2, 37)).tolist() == pytest.approx([0.5])
