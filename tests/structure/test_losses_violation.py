"""Violations: hand cases, and agreement with all pairs of atoms compared one by one."""

import pytest
import torch

from sciml.data.residue_constants import ATOM14_NAMES, atom14_mask, atom14_van_der_waals_radius
from sciml.structure.losses.violation import (
    clash_violations,
    structural_violations,
    violation_metrics,
)
from tests.structure.ideal_chain import STRAND, ideal_chain

SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"


def _chain(sequence: str, *torsions: tuple[float, float]) -> tuple[torch.Tensor, ...]:
    aatype, atom14 = ideal_chain(sequence, *torsions)
    exists = torch.tensor(atom14_mask(), dtype=torch.float64)[aatype]
    return atom14[None], exists[None], aatype[None], torch.arange(len(sequence))[None]


def test_ideal_chains_have_no_violations() -> None:
    for torsions in ((), (STRAND,)):
        positions, exists, aatype, index = _chain(SEQUENCE, *torsions)
        found = structural_violations(positions, exists, aatype, index)
        assert float(found.loss(exists)) == 0
        assert not found.residue_violation.any()


def test_proline_has_its_own_peptide_bond_and_a_ring_within_bounds() -> None:
    positions, exists, aatype, index = _chain("AGPGAPA", STRAND)
    assert float(structural_violations(positions, exists, aatype, index).loss(exists)) == 0


def test_a_stretched_peptide_bond_costs_what_exceeds_twelve_deviations() -> None:
    positions, exists, aatype, index = _chain("AAAA", STRAND)
    bond = positions[0, 2, 0] - positions[0, 1, 2]
    positions[:, 2:] += bond / bond.norm() * (2.0 - bond.norm())  # the bond C1-N2 is now 2 Å; angles stay
    bonds = structural_violations(positions, exists, aatype, index).bonds
    excess = ((2.0 - 1.329) ** 2 + 1e-6) ** 0.5 - 12 * 0.014
    assert float(bonds.c_n_loss) == pytest.approx(excess / 3, rel=1e-4)
    assert float(bonds.ca_c_n_loss) == float(bonds.c_n_ca_loss) == 0
    assert bonds.residue_loss[0].tolist() == pytest.approx([0, excess / 2, excess / 2, 0], rel=1e-4)
    assert bonds.residue_violation.tolist() == [[0, 1, 1, 0]]


def test_a_gap_in_the_numbering_is_not_a_bond() -> None:
    positions, exists, aatype, index = _chain("AAAA", STRAND)
    positions[:, 2:] += 30
    broken = structural_violations(positions, exists, aatype, index)
    assert broken.bonds.residue_violation.any()
    index[:, 2:] += 1
    assert float(structural_violations(positions, exists, aatype, index).loss(exists)) == 0


def _all_pairs(
    positions: torch.Tensor, exists: torch.Tensor, radius: torch.Tensor, index: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Clash loss per atom, clash mask per atom and mean of one chain, pair by pair as the text says."""
    residues = len(index)
    loss, clash = (
        torch.zeros(residues, 14, dtype=torch.float64),
        torch.zeros(residues, 14, dtype=torch.float64),
    )
    total, pairs = 0.0, 0
    for i in range(residues):
        for j in range(residues):
            if index[i] >= index[j]:
                continue
            for a in range(14):
                for b in range(14):
                    bonded = index[i] + 1 == index[j] and a == 2 and b == 0
                    if not exists[i, a] or not exists[j, b] or bonded or (a == 5 and b == 5):
                        continue
                    pairs += 1
                    closest = float(radius[i, a] + radius[j, b]) - 1.5
                    distance = float((positions[i, a] - positions[j, b]).norm())
                    if distance < closest:
                        clash[i, a] = clash[j, b] = 1
                        total += closest - distance
                        loss[i, a] += closest - distance
                        loss[j, b] += closest - distance
    return loss, clash, torch.tensor(total / pairs, dtype=torch.float64)


def test_clashes_equal_those_of_all_pairs_of_atoms() -> None:
    sequence = "ACDEFGHIKLCR"
    positions, exists, aatype, index = _chain(sequence)
    noise = torch.randn(positions.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    positions = (0.25 * positions + 1.5 * noise) * exists[..., None]  # squeezed: many clashes
    index[:, 6:] += 4
    radius = exists * torch.tensor(atom14_van_der_waals_radius(), dtype=torch.float64)[aatype]
    atoms, mean = clash_violations(positions, exists, radius, index)
    loss, clash, expected = _all_pairs(positions[0], exists[0], radius[0], index[0])
    assert clash.sum() > 30
    torch.testing.assert_close(atoms.loss[0], loss)
    torch.testing.assert_close(atoms.violation[0], clash)
    torch.testing.assert_close(mean[0], expected, rtol=1e-6, atol=0)


def test_disulfides_may_touch() -> None:
    positions, exists, aatype, index = _chain("CC", STRAND)
    index[:, 1] = 50
    sulfur = ATOM14_NAMES["CYS"].index("SG")
    positions[:, 1] += positions[:, 0, sulfur] - positions[:, 1, sulfur] + torch.tensor([2.04, 0, 0])
    found = structural_violations(positions, exists, aatype, index)
    assert found.clashes.violation[0, :, sulfur].tolist() == [0, 0]


def test_a_broken_side_chain_is_a_violation_of_its_residue_alone() -> None:
    positions, exists, aatype, index = _chain("AKA", STRAND)
    positions[0, 1, ATOM14_NAMES["LYS"].index("NZ")] += 3
    found = structural_violations(positions, exists, aatype, index)
    assert found.within.violation[0].amax(-1).tolist() == [0, 1, 0]
    metrics = violation_metrics(found, positions, exists, index, torch.ones(1, 3, dtype=torch.float64))
    assert float(metrics["violations_within_residue"]) == pytest.approx(1 / 3)
    assert float(metrics["violations_per_residue"]) == pytest.approx(1 / 3)
    assert float(metrics["violations_extreme_ca_ca_distance"]) == 0


def test_stretched_ca_pairs_are_counted_beyond_a_tolerance_of_one_and_a_half() -> None:
    positions, exists, aatype, index = _chain("AAA", STRAND)
    step = positions[0, 2, 1] - positions[0, 1, 1]
    positions[:, 2] += step / step.norm() * 1.6
    found = structural_violations(positions, exists, aatype, index)
    metrics = violation_metrics(found, positions, exists, index, torch.ones(1, 3, dtype=torch.float64))
    assert float(metrics["violations_extreme_ca_ca_distance"]) == pytest.approx(1 / 2)


def test_examples_of_a_batch_do_not_see_each_other() -> None:
    first = _chain("ACDEFGHIK")
    second = [part.clone() for part in first]
    second[0] = second[0] * 0.5
    together = structural_violations(*(torch.cat(pair) for pair in zip(first, second, strict=True)))
    alone = structural_violations(*second)
    exists = torch.cat([first[1], second[1]])
    torch.testing.assert_close(together.loss(exists)[1], alone.loss(second[1])[0])
    assert float(together.loss(exists)[0]) == 0
    assert float(alone.loss(second[1])) > 0


def test_gradients_match_finite_differences() -> None:
    positions, exists, aatype, index = _chain("AFPC")
    noise = torch.randn(positions.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    positions = ((0.5 * positions + noise) * exists[..., None]).requires_grad_()

    def loss(atoms: torch.Tensor) -> torch.Tensor:
        return structural_violations(atoms, exists, aatype, index).loss(exists)

    assert float(loss(positions.detach())) > 1
    assert torch.autograd.gradcheck(loss, positions)
