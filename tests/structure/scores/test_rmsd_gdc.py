"""RMSD and GDC_SC by hand and by their laws, on chains of ideal geometry."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciml.data.residue_constants import ATOM_INDEX
from sciml.structure.scores.gdc import CHARACTERISTIC_ATOMS, gdc_sc
from sciml.structure.scores.rmsd import rmsd_scores
from tests.structure.scores.ideal_models import ALPHA, HAIRPIN, mirrored, model, rigidly_moved

EVERY = "ARNDCQEGHILKMFPSTWYV"
CA = ATOM_INDEX["CA"]


@pytest.fixture(scope="module")
def chain():
    """Positions (20, 37, 3) with NaN where there is no atom, mask, types: one residue of each type."""
    positions, mask, aatype = model(EVERY, [ALPHA] * 10 + (HAIRPIN * 2)[:10])
    return np.where(mask[..., None] > 0.5, positions, np.nan).astype(float), mask, aatype


def swapped(positions, letter, pairs):
    """The same atoms under exchanged names."""
    other, row = positions.copy(), EVERY.index(letter)
    for first, second in pairs:
        slots = [ATOM_INDEX[first], ATOM_INDEX[second]]
        other[row, slots] = other[row, slots[::-1]]
    return other


def rmsd_of(candidate, chain, mask=None):
    positions, known, aatype = chain
    return rmsd_scores(candidate[None], (known if mask is None else mask)[None], positions, known, aatype)


def gdc_of(candidate, chain, mask=None):
    positions, known, aatype = chain
    return gdc_sc(candidate[None], (known if mask is None else mask)[None], positions, known, aatype)[0]


def test_a_moved_copy_deviates_by_nothing(chain):
    found = rmsd_of(rigidly_moved(chain[0]), chain)
    assert [found.ca[0], found.backbone[0], found.all_atom[0]] == pytest.approx([0] * 3, abs=1e-6)
    assert gdc_of(rigidly_moved(chain[0]), chain) == pytest.approx(1)


def test_each_kind_has_its_own_atoms_and_superposition(chain):
    positions, mask, _ = chain
    candidate = positions + np.random.default_rng(0).normal(size=positions.shape)
    found = rmsd_of(rigidly_moved(candidate), chain)
    for value, slots in (
        (found.ca, [CA]),
        (found.backbone, [ATOM_INDEX[atom] for atom in ("N", "CA", "C", "O")]),
    ):
        mobile, target = candidate[:, slots].reshape(-1, 3), positions[:, slots].reshape(-1, 3)
        _, total = Rotation.align_vectors(target - target.mean(0), mobile - mobile.mean(0))
        assert value[0] == pytest.approx(total / np.sqrt(len(target)))
    both = mask > 0.5
    mobile, target = candidate[both], positions[both]
    _, total = Rotation.align_vectors(target - target.mean(0), mobile - mobile.mean(0))
    assert 0.9 * total / np.sqrt(both.sum()) < found.all_atom[0] <= total / np.sqrt(both.sum()) + 1e-9


@pytest.mark.parametrize(
    ("letter", "pairs"),
    [
        ("D", [("OD1", "OD2")]),
        ("E", [("OE1", "OE2")]),
        ("F", [("CD1", "CD2"), ("CE1", "CE2")]),
        ("Y", [("CD1", "CD2"), ("CE1", "CE2")]),
        ("R", [("NH1", "NH2")]),
    ],
)
def test_exchanged_names_of_a_symmetric_side_chain_change_nothing(chain, letter, pairs):
    other = swapped(chain[0], letter, pairs)
    assert np.nanmax(np.abs(other - chain[0])) > 1
    assert rmsd_of(rigidly_moved(other), chain).all_atom[0] == pytest.approx(0, abs=1e-6)
    assert gdc_of(rigidly_moved(other), chain) == pytest.approx(1)


@pytest.mark.parametrize(("letter", "pair"), [("V", ("CG1", "CG2")), ("L", ("CD1", "CD2"))])
def test_other_exchanged_names_count(chain, letter, pair):
    other = swapped(chain[0], letter, [pair])
    distance = np.linalg.norm(np.subtract(*other[EVERY.index(letter), [ATOM_INDEX[atom] for atom in pair]]))
    found = rmsd_of(rigidly_moved(other), chain).all_atom[0]
    expected = distance * np.sqrt(2 / (chain[1] > 0.5).sum())  # superposed on the rest, which is nearly all
    assert 0.9 * expected < found <= expected


def test_half_a_ring_renamed_is_not_allowed(chain):
    assert rmsd_of(swapped(chain[0], "F", [("CD1", "CD2")]), chain).all_atom[0] > 0.1


def test_the_mirror_image_deviates(chain):
    found = rmsd_of(mirrored(chain[0]), chain)
    assert min(found.ca[0], found.backbone[0], found.all_atom[0]) > 1
    assert gdc_of(mirrored(chain[0]), chain) < 0.7


def test_a_batch_is_its_models_one_by_one(chain):
    rng = np.random.default_rng(1)
    models = np.stack([chain[0] + rng.normal(scale=scale, size=chain[0].shape) for scale in (0.2, 1, 3)])
    masks = chain[1] * (rng.random((3, *chain[1].shape)) < 0.9)
    together = rmsd_scores(models, masks, chain[0], chain[1], chain[2])
    gdc = gdc_sc(models, masks, chain[0], chain[1], chain[2])
    for i in range(3):
        alone = rmsd_of(rigidly_moved(models[i], i), chain, masks[i])
        for name in ("ca", "backbone", "all_atom"):
            assert getattr(alone, name)[0] == pytest.approx(getattr(together, name)[i], abs=1e-6)
        assert gdc_of(rigidly_moved(models[i], i), chain, masks[i]) == pytest.approx(gdc[i], abs=1e-9)
    assert gdc[0] > gdc[1] > gdc[2]


def test_too_few_atoms_have_no_deviation_and_side_chains_missing_are_misses(chain):
    mask = np.zeros_like(chain[1])
    mask[:2, CA] = 1
    found = rmsd_of(chain[0], chain, mask)
    assert np.isnan([found.ca[0], found.backbone[0], found.all_atom[0]]).all()
    only_ca = np.zeros_like(chain[1])
    only_ca[:, CA] = 1
    assert rmsd_of(chain[0], chain, only_ca).ca[0] == pytest.approx(0, abs=1e-6)
    assert gdc_of(chain[0], chain, only_ca) == 0
    assert gdc_of(chain[0], chain, np.zeros_like(mask)) == 0


def test_gdc_of_a_side_chain_moved_by_hand(chain):
    # One of 18 side chains ends 1.2 Å off: it misses the cut-offs 0.5 and 1 Å, of weights 10 and 9 in 55.
    other = chain[0].copy()
    other[EVERY.index("K"), ATOM_INDEX["NZ"]] += [0, 1.2, 0]
    assert len(CHARACTERISTIC_ATOMS) == 18
    assert gdc_of(other, chain) == pytest.approx(1 - (10 + 9) / 55 / 18)
    other[EVERY.index("K"), ATOM_INDEX["NZ"]] += [0, 50, 0]
    assert gdc_of(other, chain) == pytest.approx(17 / 18)


def test_gdc_leaves_out_glycine_and_alanine(chain):
    positions, mask, aatype = (part[[0, 7, 0, 7]] for part in chain)
    assert np.isnan(gdc_sc(positions[None], mask[None], positions, mask, aatype)[0])
    missing = chain[1].copy()
    missing[EVERY.index("A"), ATOM_INDEX["CB"]] = 0
    assert gdc_of(chain[0], chain, missing) == pytest.approx(1)


def test_wrong_shapes_are_refused(chain):
    positions, mask, aatype = chain
    with pytest.raises(ValueError, match="target_mask must have shape"):
        rmsd_scores(positions[None], mask[None], positions, mask[:5], aatype)
    with pytest.raises(ValueError, match="positions must have shape"):
        gdc_sc(positions[None, :4], mask[None], positions, mask, aatype)
