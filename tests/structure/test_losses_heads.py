"""Losses of the heads: cross entropies whose value is known."""

import math

import pytest
import torch

from sciml.structure.losses.heads import (
    aligned_error_loss,
    distogram_loss,
    experimentally_resolved_loss,
    masked_msa_loss,
    plddt_loss,
    resolution_is_trusted,
)
from sciml.structure.rigid import Rigid, quat_to_rot

EDGES = torch.linspace(2.3125, 21.6875, 63)
BREAKS = torch.linspace(0, 31, 63)


def _certain(classes: torch.Tensor, count: int) -> torch.Tensor:
    return 50.0 * torch.nn.functional.one_hot(classes, count).float()


def _line(*x: float) -> torch.Tensor:
    return torch.tensor([[[value, 0.0, 0.0] for value in x]])


def test_uniform_logits_cost_the_logarithm_of_the_number_of_bins() -> None:
    beta = _line(0, 4, 9)
    mask = torch.ones(1, 3)
    assert float(distogram_loss(torch.zeros(1, 3, 3, 64), EDGES, beta, mask)) == pytest.approx(math.log(64))
    msa = torch.zeros(1, 2, 3, dtype=torch.int64)
    assert float(masked_msa_loss(torch.zeros(1, 2, 3, 23), msa, torch.ones(1, 2, 3))) == pytest.approx(
        math.log(23)
    )


@pytest.mark.parametrize(
    ("distance", "bin_index"), [(2.0, 0), (2.4, 1), (2.7, 2), (21.6, 62), (21.7, 63), (90.0, 63)]
)
def test_distances_fall_between_their_edges(distance: float, bin_index: int) -> None:
    classes = torch.tensor([[[0, bin_index], [bin_index, 0]]])
    loss = distogram_loss(_certain(classes, 64), EDGES, _line(0, distance), torch.ones(1, 2))
    assert float(loss) == pytest.approx(0, abs=1e-6)


def test_only_pairs_of_known_residues_count() -> None:
    logits = torch.zeros(1, 3, 3, 64)
    logits[:, 2] = logits[:, :, 2] = torch.randn(64, generator=torch.Generator().manual_seed(0))
    loss = distogram_loss(logits, EDGES, _line(0, 4, 9), torch.tensor([[1.0, 1, 0]]))
    assert float(loss) == pytest.approx(math.log(64))


def test_only_hidden_letters_count() -> None:
    msa = torch.tensor([[[3, 5], [7, 22]]])
    hidden = torch.tensor([[[0.0, 1], [0, 0]]])
    wrong_elsewhere = _certain(torch.tensor([[[0, 5], [0, 0]]]), 23)
    assert float(masked_msa_loss(wrong_elsewhere, msa, hidden)) == pytest.approx(0, abs=1e-6)
    assert float(masked_msa_loss(wrong_elsewhere, msa, torch.zeros_like(hidden))) == 0


def test_plddt_bins_the_score_of_each_residue() -> None:
    target = torch.zeros(1, 3, 37, 3)
    target[0, :, 1, 0] = torch.tensor([0.0, 6, 12])
    predicted = target.clone()
    predicted[0, 2, 1, 0] = 12.7  # both distances of residue 2 pass three of four tolerances
    scores = torch.tensor([[0.875, 0.875, 0.75]])
    mask = torch.ones(1, 3, 37)
    right = _certain((scores * 50).floor().long(), 50)
    assert float(plddt_loss(right, predicted, target, mask)) == pytest.approx(0, abs=1e-6)
    perfect = _certain(torch.full((1, 3), 49), 50)
    assert float(plddt_loss(perfect, target, target, mask)) == pytest.approx(0, abs=1e-6)
    assert float(plddt_loss(perfect, predicted, target, mask)) == pytest.approx(50, rel=1e-3)


def test_plddt_loss_sends_no_gradient_into_the_structure() -> None:
    predicted = torch.randn(1, 4, 37, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    logits = torch.zeros(1, 4, 50, requires_grad=True)
    plddt_loss(logits, predicted, torch.zeros(1, 4, 37, 3), torch.ones(1, 4, 37)).sum().backward()
    assert predicted.grad is None
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0


def _frames(count: int) -> Rigid:
    generator = torch.Generator().manual_seed(3)
    quaternion = torch.nn.functional.normalize(torch.randn(1, count, 4, generator=generator), dim=-1)
    return Rigid(quat_to_rot(quaternion), 10 * torch.randn(1, count, 3, generator=generator))


def test_aligned_error_of_a_moved_copy_is_in_the_first_bins() -> None:
    truth = _frames(5)
    motion = _frames(1)
    moved = motion.compose(truth).to_tensor7()
    low = _certain(torch.zeros(1, 5, 5, dtype=torch.int64), 64)
    low[..., 1] = 50  # rounding may leave an error above 0, which is bin 1
    loss = aligned_error_loss(low, BREAKS, moved, truth.to_tensor7(), torch.ones(1, 5))
    assert float(loss) == pytest.approx(math.log(2), abs=1e-4)


def test_aligned_error_row_is_the_frame_and_column_the_displaced_residue() -> None:
    truth = _frames(3).to_tensor7()
    predicted = truth.clone()
    predicted[0, 2, 4:] += torch.tensor(
        [0.0, 3.2, 0.0]
    )  # residue 2 is off by 3.2 Å, its frame keeps its turn
    classes = torch.full((1, 3, 3), 1)
    classes[0, :2, 2] = classes[0, 2, :2] = int(3.2 / 0.5) + 1
    allowed = _certain(classes, 64)
    allowed[..., 0] = torch.where(classes == 1, 50.0, 0.0)
    loss = aligned_error_loss(allowed, BREAKS, predicted, truth, torch.ones(1, 3))
    assert float(loss) == pytest.approx(math.log(2) * 5 / 9, abs=1e-4)
    turned = truth.clone()
    quarter = torch.tensor([math.cos(math.pi / 4), 0, 0, math.sin(math.pi / 4)])
    turned[0, 0, :4] = quarter
    reference = truth.clone()
    reference[0, 0, :4] = torch.tensor([1.0, 0, 0, 0])
    # Turning the frame of residue 0 spoils row 0 alone: column 0 holds only its unmoved origin.
    column_blind = torch.zeros(1, 3, 3, 64)
    column_blind[0, 1:, :, :2] = 50
    loss = aligned_error_loss(column_blind, BREAKS, turned, reference, torch.ones(1, 3))
    assert float(loss) == pytest.approx((6 * math.log(2) + 3 * math.log(64)) / 9, abs=1e-4)


def test_experimentally_resolved_is_a_binary_cross_entropy() -> None:
    logits = torch.tensor([[[math.log(3.0), 0.0, -5.0]]])  # probabilities 3/4, 1/2, ~0
    resolved, exists = torch.tensor([[[1.0, 0, 1]]]), torch.tensor([[[1.0, 1, 0]]])
    expected = (-math.log(0.75) - math.log(0.5)) / 2
    assert float(experimentally_resolved_loss(logits, resolved, exists)) == pytest.approx(expected, rel=1e-6)


def test_resolution_filter_keeps_a_tenth_to_three_angstrom() -> None:
    assert resolution_is_trusted(torch.tensor([0.0, 0.1, 1.5, 3.0, 3.1])).tolist() == [0, 1, 1, 1, 0]


def test_gradients_match_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 3, 3, 64, generator=generator, dtype=torch.float64).requires_grad_()
    beta = 8 * torch.randn(1, 3, 3, generator=generator, dtype=torch.float64)
    mask = torch.tensor([[1.0, 1, 0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: distogram_loss(x, EDGES, beta, mask), logits)
    resolved = torch.randn(1, 3, 37, generator=generator, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: experimentally_resolved_loss(x, (x.detach() > 0).double(), torch.ones_like(x)), resolved
    )
