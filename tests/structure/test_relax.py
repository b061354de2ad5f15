"""Relaxation: fewer violations, small moves, hands kept, nothing lost."""

import json

import numpy as np
import pytest
import torch

from sciml.data.residue_constants import ATOM14_NAMES, ATOM_INDEX, atom14_mask, atom37_mask
from sciml.errors import InputError
from sciml.structure.all_atom import (
    atom14_to_atom37,
    atom37_to_torsion_angles,
    frames_to_atom14,
    torsion_angles_to_frames,
)
from sciml.structure.relax import RelaxConfig, RelaxResult, relax
from sciml.structure.relax_energy import Energy
from sciml.structure.rigid import Rigid, quat_to_rot
from tests.structure.ideal_chain import HELIX, STRAND, ideal_chain

SEQUENCE = "MKTAYIAKQRPISFVKSHFSRQLEERLGLIEV"
Chain = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _chain(sequence: str = SEQUENCE, torsions: tuple[float, float] = HELIX) -> Chain:
    aatype, atom14 = ideal_chain(sequence, torsions)
    positions = atom14_to_atom37(atom14, aatype).numpy()
    return aatype.numpy(), positions, atom37_mask()[aatype.numpy()].copy(), np.arange(1, len(aatype) + 1)


def _distorted(chain: Chain, shift: float = 0.3, turn: float = 0.5, seed: int = 0) -> Chain:
    """Each residue moved by itself and its side chain turned: what a network's noise looks like."""
    generator = torch.Generator().manual_seed(seed)
    aatype, positions, mask, index = chain
    types, atoms = torch.tensor(aatype), torch.tensor(positions)
    frames = Rigid.from_backbone(*(atoms[:, slot] for slot in range(3)))
    torsions = atom37_to_torsion_angles(
        types, atoms, torch.tensor(mask).double(), placeholder_for_undefined=True
    )
    noise = torch.randn(len(aatype), 13, generator=generator, dtype=torch.float64)
    angles = torch.atan2(*torsions.sin_cos.unbind(-1)) + turn * noise[:, 6:]
    quaternion = torch.cat(
        [torch.ones(len(aatype), 1, dtype=torch.float64), 0.1 * shift * noise[:, :3]], dim=-1
    )
    small = Rigid(quat_to_rot(torch.nn.functional.normalize(quaternion, dim=-1)), shift * noise[:, 3:6])
    sin_cos = torch.stack([angles.sin(), angles.cos()], dim=-1)
    moved = torsion_angles_to_frames(types, frames.compose(small), sin_cos)
    return aatype, atom14_to_atom37(frames_to_atom14(types, moved), types).numpy(), mask, index


def test_a_distorted_helix_loses_its_violations_and_keeps_its_fold() -> None:
    ideal = _chain()
    chain = _distorted(ideal)
    result = relax(*chain)
    assert result.before.total > 50
    assert result.after.total <= 2
    assert result.is_improved
    assert result.after.chirality_errors == result.after.cis_peptides == 0
    assert result.rmsd_ca_angstrom < 0.6  # the distortion was 0.5 Å

    def off(positions: np.ndarray) -> float:
        return float(np.sqrt(((positions[:, 1] - ideal[1][:, 1]) ** 2).sum(-1).mean()))

    assert off(result.positions) < off(chain[1])


def test_a_good_structure_hardly_moves() -> None:
    aatype, positions, mask, index = _chain()
    lysine = 7  # its chi angles are turned until the end touches the helix
    types = torch.tensor(aatype)
    frames = Rigid.from_backbone(*(torch.tensor(positions)[:, slot] for slot in range(3)))
    torsions = atom37_to_torsion_angles(
        types, torch.tensor(positions), torch.tensor(mask).double(), placeholder_for_undefined=True
    ).sin_cos
    clashing = None
    for chi2 in np.arange(0, 2 * np.pi, 0.2):
        turned = torsions.clone()
        turned[lysine, 3] = torch.tensor([np.sin(1.0), np.cos(1.0)])
        turned[lysine, 4] = torch.tensor([np.sin(chi2), np.cos(chi2)])
        atoms = frames_to_atom14(types, torsion_angles_to_frames(types, frames, turned))
        candidate = atom14_to_atom37(atoms, types).numpy()
        if relax(aatype, candidate, mask, index, RelaxConfig(max_iterations=1)).before.clashes:
            clashing = candidate
            break
    assert clashing is not None
    result = relax(aatype, clashing, mask, index)
    assert result.after.total == 0
    assert 0 < result.rmsd_ca_angstrom < 0.3
    assert result.reason == "no violation is left"


def test_a_structure_without_violations_is_returned_as_it_is() -> None:
    chain = _chain(torsions=STRAND)
    result = relax(*chain)
    assert not result.is_improved
    assert result.reason == "there is nothing to improve"
    assert np.array_equal(result.positions, chain[1].astype(np.float32))
    assert result.rmsd_ca_angstrom == result.iterations == 0


def test_wrong_hands_become_right() -> None:
    aatype, positions, mask, index = _chain("AGVASA", STRAND)
    slots = [ATOM_INDEX[name] for name in ("CB", "OG")]
    n, ca, c = positions[4, 0], positions[4, 1], positions[4, 2]
    normal = np.cross(n - ca, c - ca)
    normal /= np.linalg.norm(normal)
    positions[4, slots] -= 2 * ((positions[4, slots] - ca) @ normal)[:, None] * normal  # D-serine
    result = relax(aatype, positions, mask, index)
    assert result.before.chirality_errors == 1
    assert result.after.total == 0


def test_the_ring_of_proline_is_closed() -> None:
    chain = _distorted(_chain("AAPAPA", STRAND), shift=0.05, turn=0.3)
    assert relax(*chain).before.bond_outliers > 0
    positions = relax(*chain).positions
    for residue in (2, 4):
        closing = np.linalg.norm(positions[residue, 0] - positions[residue, ATOM_INDEX["CD"]])
        assert closing == pytest.approx(1.474, abs=5 * 0.014)


def test_atoms_that_are_absent_and_residues_without_backbone_stay() -> None:
    aatype, positions, mask, index = _distorted(_chain())
    mask[3, 0] = 0  # no N
    mask[9, 5:] = 0
    positions[9, 5:] = np.nan
    result = relax(aatype, positions, mask, index)
    given = positions.astype(np.float32)
    assert result.is_improved
    assert np.array_equal(result.positions[3], given[3])
    assert np.isnan(result.positions[9, 5:]).all()
    assert np.isfinite(result.positions[mask > 0]).all()
    assert not np.array_equal(result.positions[10], given[10])


def test_what_cannot_be_improved_is_returned_with_the_reason() -> None:
    chain = _distorted(_chain("AAAA", STRAND), shift=4.0)
    result = relax(*chain, RelaxConfig(max_iterations=1, restraint_angstrom=0.01))
    assert not result.is_improved
    assert result.reason.startswith("the input is returned because nothing with fewer violations was found")
    assert np.array_equal(result.positions, chain[1].astype(np.float32))
    assert result.after == result.before


def test_time_limit_stops_after_the_round_in_progress() -> None:
    result = relax(*_distorted(_chain(), shift=1.0), RelaxConfig(max_seconds=1e-6))
    assert result.iterations <= 10
    assert "s was reached" in result.reason


def test_numbers_that_are_not_finite_on_the_way_give_the_input_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Energy, "__call__", lambda self, atoms: atoms.sum() * float("nan"))
    chain = _distorted(_chain("AAAAA"))
    result = relax(*chain)
    assert not result.is_improved
    assert "not finite" in result.reason
    assert np.array_equal(result.positions, chain[1].astype(np.float32))


def test_positions_that_are_not_finite_are_refused() -> None:
    chain = _chain()
    chain[1][5, 2] = np.nan
    with pytest.raises(InputError, match="residue 6 are not finite"):
        relax(*chain)


def test_the_same_input_gives_the_same_result() -> None:
    first, second = (relax(*_distorted(_chain())) for _ in range(2))
    assert np.array_equal(first.positions, second.positions)


def test_summary_is_ready_for_json() -> None:
    result = relax(*_distorted(_chain("AAAAAA")))
    summary = json.loads(json.dumps(result.to_dict()))
    assert summary["before"]["total"] >= summary["after"]["total"]
    assert isinstance(result, RelaxResult)
    assert "positions" not in summary


def _energy(sequence: str, torsions: tuple[float, float]) -> tuple[Energy, torch.Tensor, torch.Tensor]:
    aatype, atoms = ideal_chain(sequence, torsions)
    exists = torch.tensor(atom14_mask(), dtype=torch.float64)[aatype]
    return Energy(aatype, atoms, exists, torch.arange(len(aatype)), 0.5), atoms, exists


def test_ideal_strands_have_almost_no_energy() -> None:
    energy, atoms, _ = _energy("AAAAAAAA", STRAND)
    energy.find_neighbours(atoms)
    assert float(energy(atoms)) < 0.2


def test_energy_of_a_stretched_bond_is_half_its_squared_deviations() -> None:
    energy, atoms, _ = _energy("AA", STRAND)
    energy.find_neighbours(atoms)
    energy.restraint_angstrom = 1e6
    bond = atoms[1, 0] - atoms[0, 2]
    stretched = atoms.clone()
    stretched[1] += 0.1 * bond / bond.norm()  # the angles stay
    off = float(bond.norm()) - 1.329
    expected = ((off + 0.1) ** 2 - off**2) / 0.014**2 / 2
    assert float(energy(stretched) - energy(atoms)) == pytest.approx(expected, rel=1e-5)


def test_energy_gradient_matches_finite_differences() -> None:
    energy, atoms, exists = _energy("APFC", HELIX)
    noise = torch.randn(atoms.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    squeezed = (0.7 * atoms + 0.3 * noise) * exists[..., None]
    energy.find_neighbours(squeezed)
    assert float(energy(squeezed)) > 1000
    assert torch.autograd.gradcheck(energy, squeezed.requires_grad_(), rtol=1e-3)


def test_neighbours_leave_out_what_is_bonded() -> None:
    c, n, gamma = 2, 0, ATOM14_NAMES["CYS"].index("SG")
    found = {}
    for sequence in ("PCAC", "PSAS"):
        energy, atoms, _ = _energy(sequence, STRAND)
        atoms[3, gamma] = atoms[1, gamma] + 1.2  # 2.1 Å, as in a disulfide
        energy.find_neighbours(atoms)
        found[sequence] = {tuple(pair) for pair in energy.pairs.T.tolist()}
    assert (14 + gamma, 42 + gamma) not in found["PCAC"]
    assert (14 + gamma, 42 + gamma) in found["PSAS"]
    for pairs in found.values():
        assert (c, 14 + n) not in pairs  # a peptide bond
        assert (n, ATOM14_NAMES["PRO"].index("CD")) not in pairs  # the ring
        assert (1, 14 + 1) in pairs  # CA and CA of neighbours
