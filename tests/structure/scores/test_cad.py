"""Contact areas of spheres with known caps, solvent areas of an independent program, and CAD-score's laws."""

import numpy as np
import pytest

from sciml.data.contact_radii import atom37_contact_radius
from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, RESIDUE_NAMES, RESTYPE_INDEX
from sciml.errors import InputError
from sciml.structure.scores.cad import cad_scores, residue_contact_areas
from sciml.structure.scores.contact_areas import WATER_ANGSTROM, contact_areas, fibonacci_sphere
from tests.structure.ideal_chain import STRAND
from tests.structure.scores.ideal_targets import EVERY_RESIDUE, ideal_target, moved, noisy

RAYS = 20000  # for areas to 0.1 %


def cap(reach, other, distance):
    """Area that the radical plane of another sphere cuts off."""
    height = (distance**2 + reach**2 - other**2) / (2 * distance)
    return 2 * np.pi * reach * (reach - height)


def areas_of(points, radii, rays=RAYS):
    """{(first, second): area} and solvent areas."""
    found = contact_areas(np.array(points, float), np.array(radii), rays=rays)
    table = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.area, strict=True))
    return table, found.solvent


# Areas


@pytest.mark.parametrize(("radii", "distance"), [((1.9, 1.9), 4.0), ((1.9, 1.5), 3.0), ((1.5, 1.9), 2.0)])
def test_two_spheres_share_a_cap(radii, distance):
    table, solvent = areas_of([[0, 0, 0], [0.6 * distance, 0, 0.8 * distance]], radii)
    reach = [radius + WATER_ANGSTROM for radius in radii]
    for one, other in ((0, 1), (1, 0)):
        area = cap(reach[one], reach[other], distance)
        assert table[one, other] == pytest.approx(area, rel=4e-3)
        assert solvent[one] == pytest.approx(4 * np.pi * reach[one] ** 2 - area, rel=2e-3)


def test_plane_behind_the_centre_cuts_off_more_than_half():
    # Reach 2.9 and 3.6 at 1.2 Å: the plane is 1.18 Å behind the smaller one's centre.
    table, solvent = areas_of([[0, 0, 0], [1.2, 0, 0]], (1.5, 2.2))
    assert cap(2.9, 3.6, 1.2) > 2 * np.pi * 2.9**2
    assert table[0, 1] == pytest.approx(cap(2.9, 3.6, 1.2), rel=2e-3)
    assert solvent[0] == pytest.approx(4 * np.pi * 2.9**2 - cap(2.9, 3.6, 1.2), rel=5e-3)


def test_spheres_apart_touch_the_solvent_only():
    table, solvent = areas_of([[0, 0, 0], [6.7, 0, 0]], (1.9, 1.9))
    assert table == {}
    assert solvent == pytest.approx([4 * np.pi * 3.3**2] * 2)


def test_caps_on_either_side_do_not_disturb_one_another():
    table, solvent = areas_of([[0, 0, 0], [-4.5, 0, 0], [4.0, 0, 0]], (1.9, 1.9, 1.7))
    assert table[0, 1] == pytest.approx(cap(3.3, 3.3, 4.5), rel=2e-3)
    assert table[0, 2] == pytest.approx(cap(3.3, 3.1, 4.0), rel=2e-3)
    assert (1, 2) not in table
    whole = 4 * np.pi * 3.3**2
    assert solvent[0] == pytest.approx(whole - cap(3.3, 3.3, 4.5) - cap(3.3, 3.1, 4.0), rel=2e-3)


def test_an_atom_in_between_takes_the_area_of_the_one_behind():
    table, _ = areas_of([[0, 0, 0], [2.5, 0, 0], [5.0, 0, 0]], (1.9, 1.9, 1.9))
    assert table[0, 1] == pytest.approx(cap(3.3, 3.3, 2.5), rel=2e-3)
    assert (0, 2) not in table


def test_overlapping_caps_of_a_triangle_are_halved():
    # Two equal neighbours 60 degrees apart: each owns half of the union of two caps, found by quadrature.
    distance, reach = 3.5, 3.3
    directions = np.array([[1.0, 0, 0], [0.5, np.sqrt(0.75), 0]])
    table, solvent = areas_of([[0, 0, 0], *(distance * directions)], (1.9, 1.9, 1.9))
    cosine, step = np.linspace(-1, 1, 2001, retstep=True)
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    sine = np.sqrt(1 - cosine**2)
    # Polar axis along z; a direction is covered if it leans far enough to either neighbour.
    x, y = sine[:, None] * np.cos(angle), sine[:, None] * np.sin(angle)
    limit = distance / (2 * reach)
    covered = (x > limit) | (0.5 * x + np.sqrt(0.75) * y > limit)
    union = covered.mean(1).sum() * 2 * np.pi * step * reach**2
    assert union < 2 * cap(reach, reach, distance) * 0.9
    assert table[0, 1] == pytest.approx(union / 2, rel=3e-3)
    assert table[0, 2] == pytest.approx(union / 2, rel=3e-3)
    assert solvent[0] == pytest.approx(4 * np.pi * reach**2 - union, rel=3e-3)


def test_every_ray_has_one_owner():
    target, mask, _ = ideal_target()
    points = target[mask > 0]
    found = contact_areas(points, np.full(len(points), 1.8), rays=200)
    total = np.bincount(found.first, found.area, minlength=len(points)) + found.solvent
    np.testing.assert_allclose(total, 4 * np.pi * 3.2**2)


def test_solvent_areas_agree_with_biotite():
    structure = pytest.importorskip("biotite.structure", reason="biotite is the reference")
    target, mask, aatype = ideal_target()
    residue, slot = np.nonzero(mask)
    points, radii = target[residue, slot], atom37_contact_radius()[aatype[residue], slot]
    atoms = structure.AtomArray(len(points))
    atoms.coord = points.astype(np.float32)
    atoms.atom_name, atoms.res_name = np.array(ATOM_TYPES)[slot], np.array(RESIDUE_NAMES)[aatype[residue]]
    atoms.element = np.array([name[0] for name in atoms.atom_name])
    reference = structure.sasa(atoms, probe_radius=1.4, point_number=5000, vdw_radii=radii)
    _, solvent = areas_of(points, radii, rays=5000)
    assert solvent.sum() == pytest.approx(reference.sum(), rel=5e-3)
    np.testing.assert_allclose(solvent, reference, atol=0.6)


def test_lattice_of_rays_is_even():
    rays = fibonacci_sphere(1000)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1)
    np.testing.assert_allclose(rays.mean(0), 0, atol=2e-3)
    np.testing.assert_allclose(rays.T @ rays / 1000, np.eye(3) / 3, atol=2e-3)


# Contacts of residues


def test_peptide_bond_is_no_contact_and_other_atoms_of_neighbours_are():
    positions, mask, aatype = ideal_target("GG", STRAND)
    only = np.zeros_like(mask)
    only[0, ATOM_INDEX["C"]] = only[1, ATOM_INDEX["N"]] = 1
    one_chain, two = np.zeros(2, int), np.array([0, 1])
    assert not residue_contact_areas(positions, only, aatype, one_chain)["AA"].any()
    assert residue_contact_areas(positions, only, aatype, two)["AA"][0, 1] > 10
    assert residue_contact_areas(positions, mask, aatype, one_chain)["AA"][0, 1] > 10


def test_kinds_are_nested_and_side_chains_begin_at_cb():
    positions, mask, aatype = ideal_target()
    chain = np.zeros(len(aatype), int)
    areas = residue_contact_areas(positions, mask, aatype, chain)
    assert (areas["SS"] <= areas["AS"]).all()
    assert (areas["AS"] <= areas["AA"]).all()
    assert 0 < areas["SS"].sum() < areas["AS"].sum() < areas["AA"].sum()
    glycine = aatype == RESTYPE_INDEX["G"]
    assert not areas["SS"][glycine].any()
    assert not residue_contact_areas(*ideal_target("GGGGGG"), np.zeros(6, int))["AS"].any()
    np.testing.assert_array_equal(areas["AA"], areas["AA"].T)


# The score


def test_score_of_lost_and_enlarged_contacts_by_hand():
    # Cα alone, at 4 and 5 Å on either side of the first; in the model both are 4.5 Å away.
    def line(left, right):
        positions, mask = np.zeros((3, 37, 3)), np.zeros((3, 37))
        positions[:, ATOM_INDEX["CA"], 0], mask[:, ATOM_INDEX["CA"]] = [0, -left, right], 1
        return positions, mask

    target, mask = line(4.0, 5.0)
    model, _ = line(4.5, 4.5)
    near, far, both = (cap(3.3, 3.3, distance) for distance in (4.0, 5.0, 4.5))
    expected = 1 - (min(near - both, near) + min(both - far, far)) / (near + far)
    scores = cad_scores(model[None], mask[None], target, mask, np.zeros(3, int), rays=RAYS)
    assert scores.model[0] == pytest.approx(expected, abs=2e-3)
    assert scores.residue[0, 1] == pytest.approx(1 - (near - both) / near, abs=3e-3)
    # Without the last residue its contact is lost and the other unchanged.
    there = mask.copy()
    there[2] = 0
    scores = cad_scores(target[None], there[None], target, mask, np.zeros(3, int), rays=RAYS)
    assert scores.model[0] == pytest.approx(near / (near + far), abs=2e-3)
    assert np.isnan(scores.kinds["SS"][0])


def test_contact_twice_as_large_is_lost_but_no_more():
    positions, mask = np.zeros((2, 37, 3)), np.zeros((2, 37))
    positions[1, ATOM_INDEX["CA"], 0], mask[:, ATOM_INDEX["CA"]] = 6.3, 1
    model = positions * 0.5
    scores = cad_scores(model[None], mask[None], positions, mask, np.zeros(2, int))
    assert scores.model[0] == 0


def test_target_itself_scores_one_wherever_it_is():
    positions, mask, aatype = ideal_target()
    scores = cad_scores(
        np.stack([positions, moved(positions), moved(positions, 7)]),
        np.stack([mask] * 3),
        positions,
        mask,
        aatype,
    )
    np.testing.assert_allclose(scores.model, 1, atol=1e-9)
    np.testing.assert_allclose(scores.residue, 1, atol=1e-9)


def test_motion_order_of_residues_and_names_of_chains_change_nothing():
    target, mask, aatype = ideal_target()
    model = noisy(target, 0.5)
    chains = (np.arange(len(aatype)) > 12).astype(int)
    scores = cad_scores(model, mask[None], target, mask, aatype, chain_index=chains)
    assert 0.2 < scores.model[0] < 0.95
    other = cad_scores(moved(model), mask[None], moved(target, 2), mask, aatype, chain_index=5 - chains)
    assert other.model == pytest.approx(scores.model, abs=1e-3)
    order = np.concatenate([np.flatnonzero(chains == 1), np.flatnonzero(chains == 0)])
    turned = cad_scores(
        model[:, order],
        mask[None, order],
        target[order],
        mask[order],
        aatype[order],
        chain_index=chains[order],
    )
    np.testing.assert_allclose(turned.residue, scores.residue[:, order], atol=1e-9)


def test_mirror_image_is_hardly_noticed():
    target, mask, aatype = ideal_target()
    mirror = target[None] * [1.0, 1.0, -1.0]
    assert cad_scores(mirror, mask[None], target, mask, aatype, rays=5000).model[0] > 0.985


def test_score_falls_as_noise_grows():
    target, mask, aatype = ideal_target(EVERY_RESIDUE * 2)
    models = np.concatenate([noisy(target, deviation) for deviation in (0, 0.2, 0.5, 1, 2)])
    scores = cad_scores(models, np.repeat(mask[None], 5, 0), target, mask, aatype)
    for kind in ("AA", "AS", "SS"):
        assert scores.kinds[kind][0] == 1
        assert (np.diff(scores.kinds[kind]) < 0).all()


def test_smallest_separation_leaves_out_neighbours_of_the_chain():
    target, mask, aatype = ideal_target("AAAAAA", STRAND)
    broken = noisy(target, 0.5)
    apart = cad_scores(broken, mask[None], target, mask, aatype, smallest_separation=2)
    near = cad_scores(broken, mask[None], target, mask, aatype)
    assert apart.model[0] != near.model[0]
    assert np.isnan(cad_scores(broken, mask[None], target, mask, aatype, smallest_separation=6).model).all()
    chains = np.arange(6)
    split = cad_scores(broken, mask[None], target, mask, aatype, chain_index=chains, smallest_separation=6)
    assert split.model[0] > 0


def test_radii_of_the_side_chain_are_those_of_the_models_own_residues():
    # CE1 of histidine has 1.74 Å, of phenylalanine 1.82 Å.
    table = atom37_contact_radius()
    assert table[RESTYPE_INDEX["H"], ATOM_INDEX["CE1"]] == 1.74
    assert table[RESTYPE_INDEX["F"], ATOM_INDEX["CE1"]] == 1.82
    target, mask, aatype = ideal_target("AAFAA")
    other = np.where(aatype == RESTYPE_INDEX["F"], RESTYPE_INDEX["H"], aatype)
    arguments = (target[None], mask[None], target, mask, aatype)
    assert cad_scores(*arguments, model_aatype=other).model[0] < 1


def test_no_models_and_a_target_without_atoms_have_scores_of_their_shapes():
    positions, mask, aatype = ideal_target("AAA")
    assert cad_scores(positions[None][:0], mask[None][:0], positions, mask, aatype).model.shape == (0,)
    assert np.isnan(cad_scores(positions[None], mask[None], positions, mask * 0, aatype).model).all()
    assert cad_scores(positions[None], mask[None] * 0, positions, mask, aatype).model == [0.0]


def test_refusals():
    target, mask, aatype = ideal_target("AAA")
    with pytest.raises(InputError, match=r"positions \(model, res, 37, 3\)"):
        cad_scores(target, mask, target, mask, aatype)
    broken = target.copy()
    broken[1, 1, 1] = np.inf
    with pytest.raises(InputError, match="finite"):
        cad_scores(broken[None], mask[None], target, mask, aatype)
