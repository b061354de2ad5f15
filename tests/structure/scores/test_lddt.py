"""lDDT against cases worked by hand, a plain double loop, biotite, and its laws."""

import numpy as np
import pytest

from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, RESIDUE_NAMES, RESTYPE_INDEX, THREE_TO_ONE
from sciml.errors import InputError
from sciml.structure.scores.lddt import EXCHANGEABLE_ATOMS, lddt, lddt_ca
from tests.structure.scores.ideal_targets import EVERY_RESIDUE, ideal_target, moved, noisy

CA = ATOM_INDEX["CA"]
DISTANCES_ONLY = {"stereochemistry": False, "symmetry": False}


def points_as_ca(points):
    """Positions and mask of residues that have a Cα and nothing else."""
    positions, mask = np.zeros((len(points), 37, 3)), np.zeros((len(points), 37))
    positions[:, CA], mask[:, CA] = points, 1
    return positions, mask


def plain_lddt(positions, mask, target, target_mask, numbers, chains, radius, thresholds, separation):
    """The definition, atom by atom."""
    atoms = [(i, a) for i in range(len(target)) for a in range(36) if target_mask[i, a]]
    kept, total = np.zeros(len(target)), np.zeros(len(target))
    for one, (i, a) in enumerate(atoms):
        for j, b in atoms[one + 1 :]:
            distance = np.linalg.norm(target[i, a] - target[j, b])
            near = chains[i] == chains[j] and abs(numbers[i] - numbers[j]) <= separation
            if i == j or near or distance > radius:
                continue
            total[[i, j]] += len(thresholds)
            if mask[i, a] and mask[j, b]:
                error = abs(np.linalg.norm(positions[i, a] - positions[j, b]) - distance)
                kept[[i, j]] += sum(error <= threshold for threshold in thresholds)
    with np.errstate(invalid="ignore"):
        return kept.sum() / total.sum(), kept / total


# Hand-worked cases


def test_three_residues_by_hand():
    # Distances 5, 5, 10 become 5, 9.5, 14.5: errors 0, 4.5, 4.5.
    target = np.array([[0.0, 0, 0], [5, 0, 0], [10, 0, 0]])
    predicted = np.array([[0.0, 0, 0], [5, 0, 0], [14.5, 0, 0]])
    chain, residues = lddt_ca(predicted, target)
    assert chain == pytest.approx(1 / 3)
    np.testing.assert_allclose(residues, [0.5, 0.5, 0.0])


@pytest.mark.parametrize(
    ("error", "score"), [(0.4, 1.0), (0.5, 1.0), (0.7, 0.75), (1.5, 0.5), (3.0, 0.25), (4.0, 0.25), (5.0, 0)]
)
def test_a_quarter_is_lost_with_each_threshold_and_a_threshold_itself_is_kept(error, score):
    target, predicted = np.array([[0.0, 0, 0], [8, 0, 0]]), np.array([[0.0, 0, 0], [8 + error, 0, 0]])
    assert lddt_ca(predicted, target)[0] == pytest.approx(score)


def test_pairs_beyond_the_radius_and_unknown_residues_do_not_count():
    target = np.array([[0.0, 0, 0], [8, 0, 0], [16, 0, 0], [4, 0, 0]])
    predicted = np.array([[0.0, 0, 0], [8, 0, 0], [16, 9, 0], [400, 0, 0]])
    chain, residues = lddt_ca(predicted, target, np.array([1, 1, 1, 0]))
    # Pairs 0-1 (error 0) and 1-2 (8 becomes 12.04); 0-2 is 16 Å long.
    assert chain == pytest.approx(0.5)
    np.testing.assert_allclose(residues, [1.0, 0.5, 0.0, np.nan])


def test_missing_residue_loses_all_its_distances():
    # Of the three distances between four residues on a line 14 Å apart, the missing second residue has two.
    positions, mask = points_as_ca(np.arange(4.0)[:, None] * [14.0, 0, 0])
    there = mask.copy()
    there[1] = 0
    scores = lddt(positions[None], there[None], positions, mask, np.zeros(4, int), **DISTANCES_ONLY)
    assert scores.model == pytest.approx([1 / 3])
    np.testing.assert_allclose(scores.residue, [[0, 0, 0.5, 1]])


def test_global_score_is_over_distances_not_over_residues():
    positions, mask = points_as_ca(np.array([[0.0, 0, 0], [10, 0, 0], [20, 0, 0]]))
    wrong = positions.copy()
    wrong[2, CA] = [90.0, 0, 0]
    scores = lddt(wrong[None], mask[None], positions, mask, np.zeros(3, int), **DISTANCES_ONLY)
    assert scores.model == pytest.approx([0.5])
    assert np.nanmean(scores.residue) == pytest.approx((1 + 0.5 + 0) / 3)


def test_model_without_atoms_scores_zero_and_target_without_distances_has_no_score():
    positions, mask, aatype = ideal_target()
    assert lddt(positions[None], mask[None] * 0, positions, mask, aatype).model == [0.0]
    far, there = points_as_ca(np.array([[0.0, 0, 0], [16, 0, 0]]))
    scores = lddt(far[None], there[None], far, there, np.zeros(2, int))
    assert np.isnan(scores.model).all()
    assert np.isnan(scores.residue).all()
    assert scores.scored_residues == 0


def test_no_models_and_a_target_without_atoms_have_scores_of_their_shapes():
    positions, mask, aatype = ideal_target("AAA")
    assert lddt(positions[None][:0], mask[None][:0], positions, mask, aatype).model.shape == (0,)
    nothing = lddt(positions[None], mask[None], positions, mask * 0, aatype)
    assert np.isnan(nothing.model).all()
    assert not nothing.scored.any()


# The definition, by brute force


@pytest.mark.parametrize("separation", [0, 3])
def test_agrees_with_a_double_loop_over_atoms(separation):
    target, target_mask, aatype = ideal_target()
    rng = np.random.default_rng(3)
    target_mask *= rng.uniform(size=target_mask.shape) < 0.9
    numbers = np.arange(len(aatype)) * 2 % 23
    chains = (np.arange(len(aatype)) > 12).astype(int)
    models = noisy(target, 0.9, models=3)
    masks = target_mask * (rng.uniform(size=(3, *target_mask.shape)) < 0.8)
    settings = {"radius": 11.0, "thresholds": (0.3, 1.0, 2.5)}
    scores = lddt(
        models, masks, target, target_mask, aatype, residue_index=numbers, chain_index=chains,
        sequence_separation=separation, **settings, **DISTANCES_ONLY,
    )  # fmt: skip
    for model in range(3):
        whole, by_residue = plain_lddt(
            models[model], masks[model], target, target_mask, numbers, chains, *settings.values(), separation
        )
        assert scores.model[model] == pytest.approx(whole, abs=1e-12)
        np.testing.assert_allclose(scores.residue[model], by_residue, atol=1e-12)


def test_agrees_with_biotite():
    structure = pytest.importorskip("biotite.structure", reason="biotite is the reference")
    target, mask, aatype = ideal_target(EVERY_RESIDUE * 2)
    there = mask * (np.random.default_rng(1).uniform(size=mask.shape) < 0.9)
    residue, slot = np.nonzero(mask)
    reference = structure.AtomArray(len(residue))
    reference.coord, reference.res_id = target[residue, slot].astype(np.float32), residue
    reference.atom_name = np.array(ATOM_TYPES)[slot]
    reference.res_name = np.array(RESIDUE_NAMES)[aatype[residue]]
    for deviation in (0.3, 1.0, 3.0):
        model = noisy(target, deviation)
        subject = np.where(there[residue, slot, None] > 0, model[0, residue, slot], np.nan)
        scores = lddt(model, there[None], target, mask, aatype, **DISTANCES_ONLY)
        assert scores.model[0] == pytest.approx(float(structure.lddt(reference, subject)), abs=1e-4)
        np.testing.assert_allclose(
            scores.residue[0], structure.lddt(reference, subject, aggregation="residue"), atol=1e-3
        )


def test_ca_score_is_the_same_function_on_fewer_atoms():
    target, mask, aatype = ideal_target()
    model = noisy(target, 1.5)
    scores = lddt(model, mask[None], target, mask, aatype, atoms="ca", stereochemistry=False)
    chain, residues = lddt_ca(model[0, :, CA], target[:, CA])
    assert scores.model[0] == pytest.approx(chain)
    np.testing.assert_allclose(scores.residue[0], residues)


def test_oxt_is_not_compared():
    target, mask, aatype = ideal_target("AAA")
    mask[2, ATOM_INDEX["OXT"]] = 1
    there = mask.copy()
    there[2, ATOM_INDEX["OXT"]] = 0
    assert lddt(target[None], there[None], target, mask, aatype).model == [1.0]


# Invariances


def test_motion_order_of_models_and_names_of_chains_change_nothing():
    target, mask, aatype = ideal_target()
    models = noisy(target, 0.7, models=3)
    masks = np.repeat(mask[None], 3, 0)
    chains = (np.arange(len(aatype)) > 10).astype(int)
    scores = lddt(models, masks, target, mask, aatype, chain_index=chains, stereochemistry=False)
    assert np.ptp(scores.model) > 0
    other = lddt(
        moved(models)[::-1],
        masks,
        moved(target, 2),
        mask,
        aatype,
        chain_index=7 - chains,
        stereochemistry=False,
    )
    np.testing.assert_allclose(other.model[::-1], scores.model, atol=1e-9)
    np.testing.assert_allclose(other.residue[::-1], scores.residue, atol=1e-9)


def test_order_of_residues_changes_only_the_order_of_their_scores():
    target, mask, aatype = ideal_target()
    model = noisy(target, 0.7)
    order = np.random.default_rng(0).permutation(len(aatype))
    scores = lddt(model, mask[None], target, mask, aatype, stereochemistry=False)
    other = lddt(
        model[:, order], mask[None, order], target[order], mask[order], aatype[order], stereochemistry=False
    )
    np.testing.assert_allclose(other.residue, scores.residue[:, order], atol=1e-12)
    assert other.model == pytest.approx(scores.model, abs=1e-12)


def test_mirror_image_keeps_all_distances_and_fails_the_check_of_hands():
    target, mask, aatype = ideal_target()
    mirror = target[None] * [1.0, 1.0, -1.0]
    assert lddt(mirror, mask[None], target, mask, aatype, stereochemistry=False).model == pytest.approx([1])
    assert lddt(mirror, mask[None], target, mask, aatype, chirality=False).model == pytest.approx([1])
    checked = lddt(mirror, mask[None], target, mask, aatype)
    np.testing.assert_array_equal(checked.backbone_failed[0], aatype != RESTYPE_INDEX["G"])
    assert checked.model[0] < 0.05
    assert lddt(target[None], mask[None], target, mask, aatype).failed_residues == [0]


def test_score_falls_as_noise_grows():
    target, mask, aatype = ideal_target()
    models = np.concatenate([noisy(target, deviation) for deviation in (0, 0.2, 0.5, 1, 2, 4)])
    scores = lddt(models, np.repeat(mask[None], 6, 0), target, mask, aatype, stereochemistry=False)
    assert scores.model[0] == 1
    assert (np.diff(scores.model) < 0).all()


# Exchangeable atoms


@pytest.mark.parametrize("residue", EXCHANGEABLE_ATOMS)
def test_names_of_equivalent_atoms_do_not_matter(residue):
    target, mask, aatype = ideal_target(f"AAAA{THREE_TO_ONE[residue]}AAAA")
    model = target.copy()
    for pair in EXCHANGEABLE_ATOMS[residue].items():
        slots = [ATOM_INDEX[name] for name in pair]
        model[4, slots] = target[4, slots[::-1]]
    arguments = (model[None], mask[None], target, mask, aatype)
    assert lddt(*arguments, stereochemistry=False).model == [1.0]
    assert lddt(*arguments, **DISTANCES_ONLY).model[0] < 1
    other_type = np.where(np.arange(9) == 4, RESTYPE_INDEX["A"], aatype)
    assert lddt(*arguments, stereochemistry=False, model_aatype=other_type).model[0] < 1


def test_one_pair_of_names_of_a_ring_is_not_exchanged_without_the_other():
    target, mask, aatype = ideal_target("AAAAFAAAA")
    model = target.copy()
    slots = [ATOM_INDEX["CD1"], ATOM_INDEX["CD2"]]
    model[4, slots] = target[4, slots[::-1]]
    assert lddt(model[None], mask[None], target, mask, aatype, stereochemistry=False).model[0] < 1


def test_each_model_of_a_batch_has_its_own_names():
    target, mask, aatype = ideal_target("AAAALAAAA")
    models = np.repeat(target[None], 2, 0)
    slots = [ATOM_INDEX["CD1"], ATOM_INDEX["CD2"]]
    models[1, 4, slots] = target[4, slots[::-1]]
    masks = np.repeat(mask[None], 2, 0)
    np.testing.assert_array_equal(lddt(models, masks, target, mask, aatype).model, [1, 1])


# Failed stereochemistry


def test_failed_side_chain_counts_as_missing():
    target, mask, aatype = ideal_target("AAAAKAAAA")
    model = target.copy()
    model[4, ATOM_INDEX["NZ"]] += 3 * (target[4, ATOM_INDEX["NZ"]] - target[4, ATOM_INDEX["CE"]])
    scores = lddt(model[None], mask[None], target, mask, aatype)
    without = mask.copy()
    without[4, [ATOM_INDEX[name] for name in ("CB", "CG", "CD", "CE", "NZ")]] = 0
    np.testing.assert_array_equal(scores.side_chain_failed[0], np.arange(9) == 4)
    assert not scores.backbone_failed.any()
    assert scores.model == lddt(target[None], without[None], target, mask, aatype).model


def test_failed_backbone_loses_the_whole_residue():
    target, mask, aatype = ideal_target("AAAAKAAAA")
    model = target.copy()
    model[4, ATOM_INDEX["O"]] += 0.6 * (target[4, ATOM_INDEX["O"]] - target[4, ATOM_INDEX["C"]])
    scores = lddt(model[None], mask[None], target, mask, aatype)
    without = mask * (np.arange(9) != 4)[:, None]
    assert scores.failed_residues == [1]
    assert scores.model == lddt(target[None], without[None], target, mask, aatype).model
    assert scores.residue[0, 4] == 0


# Refusals


def test_other_shapes_and_settings_are_refused():
    target, mask, aatype = ideal_target("AAA")
    with pytest.raises(InputError, match=r"positions \(model, res, 37, 3\)"):
        lddt(target, mask, target, mask, aatype)
    with pytest.raises(InputError, match="positive radius"):
        lddt(target[None], mask[None], target, mask, aatype, radius=0)
    with pytest.raises(InputError, match="positive radius"):
        lddt(target[None], mask[None], target, mask, aatype, thresholds=())
    broken = target.copy()
    broken[1, CA, 0] = np.nan
    with pytest.raises(InputError, match="atom of the model is not finite"):
        lddt(broken[None], mask[None], target, mask, aatype)
    absent = mask.copy()
    absent[1, CA] = 0
    assert 0 < lddt(broken[None], absent[None], target, mask, aatype).model[0] < 1
