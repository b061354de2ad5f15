"""Losses of torsion angles: hand cases on the unit circle."""

import math

import pytest
import torch

from sciml.data.residue_constants import RESTYPE_INDEX
from sciml.structure.losses.torsion import torsion_losses


def _sin_cos(degrees: torch.Tensor) -> torch.Tensor:
    radians = degrees.deg2rad()
    return torch.stack([radians.sin(), radians.cos()], dim=-1)


def _losses(
    letter: str, predicted: list[float], truth: list[float], known: list[float]
) -> tuple[float, float]:
    angles = torch.zeros(1, 1, 1, 7)
    angles[..., 3 : 3 + len(predicted)] = torch.tensor(predicted)
    unit = _sin_cos(angles)
    target = torch.zeros(1, 1, 4)
    target[..., : len(truth)] = torch.tensor(truth).deg2rad()
    mask = torch.zeros(1, 1, 4)
    mask[..., : len(known)] = torch.tensor(known)
    aatype = torch.tensor([[RESTYPE_INDEX[letter]]])
    found = torsion_losses(unit, 3 * unit, aatype, torch.ones(1, 1), target, mask)
    return float(found.chi), float(found.angle_norm)


@pytest.mark.parametrize(("off", "expected"), [(0, 0.0), (60, 1.0), (90, 2.0), (180, 4.0)])
def test_an_angle_off_by_an_amount_costs_the_squared_chord(off: float, expected: float) -> None:
    assert _losses("S", [20.0 + off], [20.0], [1])[0] == pytest.approx(expected, abs=1e-5)


def test_half_turns_are_free_where_the_side_chain_is_symmetric() -> None:
    assert _losses("F", [-60.0, 110.0], [-60.0, -70.0], [1, 1])[0] == pytest.approx(0, abs=1e-5)
    assert _losses("L", [-60.0, 110.0], [-60.0, -70.0], [1, 1])[0] == pytest.approx(2.0, abs=1e-5)
    assert _losses("F", [120.0, -70.0], [-60.0, -70.0], [1, 1])[0] == pytest.approx(2.0, abs=1e-5)


def test_unknown_angles_do_not_count() -> None:
    assert _losses("L", [-60.0, 110.0], [-60.0, -70.0], [1, 0])[0] == pytest.approx(0, abs=1e-5)


def test_angle_norm_is_the_distance_from_unit_length() -> None:
    assert _losses("S", [0.0], [0.0], [1])[1] == pytest.approx(2.0, abs=1e-5)


def test_padding_and_layers_are_averaged_out() -> None:
    generator = torch.Generator().manual_seed(0)
    raw = torch.randn(1, 3, 4, 7, 2, generator=generator)
    unit = torch.nn.functional.normalize(raw, dim=-1)
    aatype, chi = torch.tensor([[1, 2, 3, 4]]), torch.rand(1, 4, 4, generator=generator)
    mask = torch.ones(1, 4, 4)
    residue_mask = torch.tensor([[1.0, 1, 1, 0]])
    mask[:, 3] = 0
    padded = torsion_losses(unit, raw, aatype, residue_mask, chi, mask)
    alone = torsion_losses(
        unit[:, :, :3], raw[:, :, :3], aatype[:, :3], residue_mask[:, :3], chi[:, :3], mask[:, :3]
    )
    torch.testing.assert_close(padded.chi, alone.chi)
    torch.testing.assert_close(padded.angle_norm, alone.angle_norm)
    layers = torch.stack(
        [torsion_losses(unit[:, [k]], raw[:, [k]], aatype, residue_mask, chi, mask).chi for k in range(3)]
    )
    torch.testing.assert_close(padded.chi, layers.mean(0))


def test_gradients_match_finite_differences() -> None:
    generator = torch.Generator().manual_seed(1)
    raw = torch.randn(2, 2, 3, 7, 2, generator=generator, dtype=torch.float64).requires_grad_()
    aatype = torch.tensor([[13, 0, 11], [6, 18, 1]])
    chi = 2 * math.pi * torch.rand(2, 3, 4, generator=generator, dtype=torch.float64)
    mask = torch.ones(2, 3, 4, dtype=torch.float64)

    def both(raw: torch.Tensor) -> torch.Tensor:
        unit = torch.nn.functional.normalize(raw, dim=-1)
        return torch.stack(torsion_losses(unit, raw, aatype, mask[..., 0], chi, mask))

    assert torch.autograd.gradcheck(both, raw)
