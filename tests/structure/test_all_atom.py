"""Atoms from torsions and back: round trips, hand geometry, equivariance."""

import math

import numpy as np
import pytest
import torch

from sciml.data.residue_constants import (
    ATOM14_NAMES,
    ATOM_INDEX,
    RESIDUE_NAMES,
    RESTYPES,
    atom37_mask,
    chi_mask,
    chi_pi_periodic,
)
from sciml.data.stereochemistry import residue_geometry
from sciml.structure.all_atom import (
    atom14_to_atom37,
    atom37_to_atom14,
    atom37_to_frames,
    atom37_to_torsion_angles,
    dgram_from_positions,
    dihedral_sin_cos,
    frames_to_atom14,
    pseudo_beta,
    pseudo_beta_mask,
    torsion_angles_to_frames,
)
from sciml.structure.rigid import Rigid, quat_to_rot
from tests.structure.ideal_chain import ideal_chain

AATYPE = torch.arange(20)


def _random_backbone(*shape: int, seed: int = 0) -> Rigid:
    generator = torch.Generator().manual_seed(seed)
    quaternion = torch.randn(*shape, 4, generator=generator, dtype=torch.float64)
    quaternion = quaternion / quaternion.norm(dim=-1, keepdim=True)
    return Rigid(
        quat_to_rot(quaternion), 20 * torch.randn(*shape, 3, generator=generator, dtype=torch.float64)
    )


def _random_torsions(*shape: int, seed: int = 1) -> torch.Tensor:
    angle = (
        2
        * math.pi
        * torch.rand(*shape, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    )
    return torch.stack([angle.sin(), angle.cos()], dim=-1)


def _atoms(aatype: torch.Tensor, backbone: Rigid, torsions: torch.Tensor) -> torch.Tensor:
    return frames_to_atom14(aatype, torsion_angles_to_frames(aatype, backbone, torsions))


def _masks(aatype: torch.Tensor) -> torch.Tensor:
    return torch.tensor(atom37_mask(), dtype=torch.float64)[aatype]


def test_dihedral_of_a_right_handed_quarter_turn_is_plus_ninety_degrees() -> None:
    # Looking along the axis (z), the far bond is clockwise from the near one: positive by IUPAC.
    atoms = torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1]])
    torch.testing.assert_close(dihedral_sin_cos(atoms), torch.tensor([1.0, 0.0]), atol=1e-6, rtol=0)


def test_ideal_residues_built_from_torsions_give_these_torsions_back() -> None:
    torsions = _random_torsions(20)
    atom37 = atom14_to_atom37(_atoms(AATYPE, _random_backbone(20), torsions), AATYPE)
    back = atom37_to_torsion_angles(AATYPE, atom37, _masks(AATYPE))
    chi_exists = torch.tensor(chi_mask()[:20])
    torch.testing.assert_close(back.mask[:, 3:], chi_exists.double())
    # Every residue has psi; omega and phi depend on the residue before, which these do not have in a
    # chain. The ideal positions (three decimals) leave an atom of some groups 0.002 Å out of plane.
    wanted = torch.cat([torch.ones(20, 1), chi_exists], dim=1)[..., None]
    torch.testing.assert_close(back.sin_cos[:, 2:] * wanted, torsions[:, 2:] * wanted, atol=5e-3, rtol=0)


def test_backbone_torsions_of_a_chain_are_those_it_was_built_with() -> None:
    turns = [(-60.0, -45.0), (-120.0, 130.0), (60.0, 40.0), (-75.0, 150.0), (-90.0, 0.0)]
    aatype, atom14 = ideal_chain("AAAAA", turns)
    torsions = atom37_to_torsion_angles(aatype, atom14_to_atom37(atom14, aatype), _masks(aatype))
    omega, phi, psi = torch.atan2(*torsions.sin_cos[:, :3].unbind(-1)).rad2deg().unbind(-1)
    assert omega[1:].abs().tolist() == pytest.approx([180] * 4, abs=0.5)
    assert phi[1:].tolist() == pytest.approx([turn[0] for turn in turns[1:]], abs=0.5)
    assert psi.tolist() == pytest.approx([turn[1] for turn in turns], abs=0.5)
    assert torsions.mask[0].tolist() == [0, 0, 1, 0, 0, 0, 0]  # nothing before the first residue


def test_bond_lengths_hold_for_any_torsions() -> None:
    atoms = _atoms(AATYPE, _random_backbone(20), _random_torsions(20))
    worst = 0.0
    for restype, name in enumerate(RESIDUE_NAMES[:20]):
        for (a, b), (length, _) in residue_geometry()[name].bonds.items():
            if (name, a, b) == ("PRO", "N", "CD"):
                continue  # the ring of proline closes only at its own chi angles
            first, second = (atoms[restype, ATOM14_NAMES[name].index(atom)] for atom in (a, b))
            worst = max(worst, abs(float((first - second).norm()) - length))
    assert worst < 0.06  # Å


def test_ca_is_chiral_like_an_l_amino_acid() -> None:
    atoms = _atoms(AATYPE, _random_backbone(20), _random_torsions(20))
    n, ca, c, _, cb = atoms[RESTYPES.index("G") != AATYPE, :5].unbind(1)
    volume = (torch.linalg.cross(n - ca, c - ca) * (cb - ca)).sum(-1)
    assert (volume > 2.0).all()  # Å³; about 2.6 for L, -2.6 for D


def test_atoms_move_with_the_backbone() -> None:
    backbone, torsions, motion = _random_backbone(20), _random_torsions(20), _random_backbone(1, seed=9)
    moved = _atoms(AATYPE, motion.compose(backbone), torsions)
    exists = moved.abs().sum(-1, keepdim=True) > 0
    expected = motion[:, None].apply(_atoms(AATYPE, backbone, torsions)) * exists
    torch.testing.assert_close(moved, expected)


def test_leading_dimensions_do_not_change_a_residue() -> None:
    aatype, backbone, torsions = (
        AATYPE.expand(2, 3, 20),
        _random_backbone(2, 3, 20),
        _random_torsions(2, 3, 20),
    )
    together = atom14_to_atom37(_atoms(aatype, backbone, torsions), aatype)
    alone = atom14_to_atom37(_atoms(AATYPE, backbone[1, 2], torsions[1, 2]), AATYPE)
    torch.testing.assert_close(together[1, 2], alone)
    torsion_batch = atom37_to_torsion_angles(aatype, together, _masks(aatype))
    torch.testing.assert_close(
        torsion_batch.sin_cos[1, 2], atom37_to_torsion_angles(AATYPE, alone, _masks(AATYPE)).sin_cos
    )
    frames = atom37_to_frames(aatype, together, _masks(aatype))["rigidgroups_gt_frames"]
    torch.testing.assert_close(
        frames[1, 2], atom37_to_frames(AATYPE, alone, _masks(AATYPE))["rigidgroups_gt_frames"]
    )


def test_atom14_and_atom37_layouts_round_trip() -> None:
    atoms = _atoms(AATYPE, _random_backbone(20), _random_torsions(20))
    torch.testing.assert_close(atom37_to_atom14(atom14_to_atom37(atoms, AATYPE), AATYPE), atoms)


def test_unknown_residues_have_no_atoms() -> None:
    unknown = torch.tensor([20])
    assert not _atoms(unknown, _random_backbone(1), _random_torsions(1)).any()


def test_frames_of_built_atoms_are_the_frames_that_built_them() -> None:
    backbone, torsions = _random_backbone(20), _random_torsions(20)
    frames = torsion_angles_to_frames(AATYPE, backbone, torsions)
    atom37 = atom14_to_atom37(frames_to_atom14(AATYPE, frames), AATYPE)
    truth = atom37_to_frames(AATYPE, atom37, _masks(AATYPE))
    exists = truth["rigidgroups_gt_exists"].bool()
    assert exists[:, 0].all()
    assert exists[:, 3].all()
    assert not exists[:, 1:3].any()
    again = Rigid.from_tensor12(truth["rigidgroups_gt_frames"])
    torch.testing.assert_close(again.translation[exists], frames.translation[exists], atol=2e-3, rtol=0)
    torch.testing.assert_close(again.rotation[exists], frames.rotation[exists], atol=5e-3, rtol=0)


def test_alternative_frames_are_those_of_the_renamed_residue() -> None:
    phenylalanine = torch.tensor([RESTYPES.index("F")])
    atoms = atom14_to_atom37(_atoms(phenylalanine, _random_backbone(1), _random_torsions(1)), phenylalanine)
    renamed = atoms.clone()
    for first, second in (("CD1", "CD2"), ("CE1", "CE2")):
        renamed[:, ATOM_INDEX[first]], renamed[:, ATOM_INDEX[second]] = (
            atoms[:, ATOM_INDEX[second]],
            atoms[:, ATOM_INDEX[first]],
        )
    truth = atom37_to_frames(phenylalanine, atoms, _masks(phenylalanine))
    other = atom37_to_frames(phenylalanine, renamed, _masks(phenylalanine))
    assert truth["rigidgroups_group_is_ambiguous"].tolist() == [[0, 0, 0, 0, 0, 1, 0, 0]]
    torch.testing.assert_close(
        truth["rigidgroups_alt_gt_frames"], other["rigidgroups_gt_frames"], atol=5e-3, rtol=0
    )
    torsions = atom37_to_torsion_angles(phenylalanine, atoms, _masks(phenylalanine))
    torch.testing.assert_close(
        torsions.alternative_sin_cos[:, 4],
        atom37_to_torsion_angles(phenylalanine, renamed, _masks(phenylalanine)).sin_cos[:, 4],
        atol=5e-3,
        rtol=0,
    )
    assert chi_pi_periodic()[RESTYPES.index("F"), 1] == 1


def test_missing_atoms_mask_exactly_the_torsions_that_use_them() -> None:
    aatype = torch.tensor([RESTYPES.index("K")] * 3)
    atoms = atom14_to_atom37(_atoms(aatype, _random_backbone(3), _random_torsions(3)), aatype)
    mask = _masks(aatype)
    mask[1, ATOM_INDEX["CG"]] = 0  # chi1, chi2, chi3 use it; chi4 uses it as its first atom
    mask[0, ATOM_INDEX["C"]] = 0  # phi, omega of the next residue and psi, phi of its own
    torsions = atom37_to_torsion_angles(aatype, atoms, mask, placeholder_for_undefined=True)
    assert torsions.mask[1].tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert torsions.mask[0].tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert torsions.mask[2].tolist() == [1] * 7
    assert torsions.sin_cos[1, 3].tolist() == [1, 0]


def test_pseudo_beta_is_ca_for_glycine_alone() -> None:
    atoms = torch.arange(20 * 37 * 3, dtype=torch.float32).reshape(20, 37, 3)
    mask = torch.zeros(20, 37)
    mask[:, ATOM_INDEX["CA"]] = 1
    slot = [ATOM_INDEX["CA"] if letter == "G" else ATOM_INDEX["CB"] for letter in RESTYPES]
    assert torch.equal(pseudo_beta(AATYPE, atoms), atoms[AATYPE, slot])
    assert pseudo_beta_mask(AATYPE, mask).tolist() == [float(letter == "G") for letter in RESTYPES]


@pytest.mark.parametrize(
    ("distance", "bin_index"), [(3.0, None), (3.3, 0), (4.6, 1), (20.7, 13), (20.8, 14), (200.0, 14)]
)
def test_distances_fall_in_the_bins_of_recycling(distance: float, bin_index: int | None) -> None:
    points = torch.tensor([[0.0, 0, 0], [distance, 0, 0]])
    dgram = dgram_from_positions(points, 15, 3.25, 20.75)
    expected = np.eye(15)[bin_index] if bin_index is not None else np.zeros(15)
    assert dgram[0, 1].tolist() == expected.tolist()
    assert not dgram[0, 0].any()


def test_tables_first_used_in_inference_mode_serve_training() -> None:
    aatype = AATYPE.clone()
    with torch.inference_mode():
        _atoms(
            aatype,
            Rigid(torch.eye(3).half().expand(20, 3, 3), torch.zeros(20, 3).half()),
            torch.ones(20, 7, 2).half(),
        )
    torsions = torch.ones(20, 7, 2).half().requires_grad_()
    frames = Rigid(torch.eye(3).half().expand(20, 3, 3), torch.zeros(20, 3).half())
    _atoms(aatype, frames, torsions).float().square().sum().backward()
    assert torsions.grad is not None
    assert torsions.grad.abs().sum() > 0


def test_gradients_match_finite_differences() -> None:
    aatype = torch.tensor([RESTYPES.index("R"), RESTYPES.index("W")])
    backbone, torsions = _random_backbone(2), _random_torsions(2).requires_grad_()
    translation = backbone.translation.clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda t, x: _atoms(aatype, Rigid(backbone.rotation, x), t), (torsions, translation)
    )
    atoms = atom14_to_atom37(_atoms(aatype, backbone, torsions.detach()), aatype)
    noise = torch.randn(atoms.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    atoms = (atoms + 0.1 * noise).requires_grad_()
    mask = _masks(aatype)
    assert torch.autograd.gradcheck(
        lambda a: (lambda t: t.sin_cos * t.mask[..., None])(atom37_to_torsion_angles(aatype, a, mask)), atoms
    )
