"""GDT, MaxSub and TM-score by hand, by their laws, against a plain search and against the TMscore program."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciml.structure.scores.gdt import superposition_scores, tm_d0, tm_score
from sciml.structure.scores.superposition import superpose, transformed

SCORES = ("tm_score", "gdt_ts", "gdt_ha", "maxsub")


def random_chain(residues, seed=0):
    """A compact chain: steps of 3.8 Å that turn back towards the centre."""
    rng = np.random.default_rng(seed)
    points, at, step = [], np.zeros(3), rng.normal(size=3)
    for _ in range(residues):
        step = 0.6 * step / np.linalg.norm(step) + rng.normal(size=3) * 0.8 - 0.02 * at
        at = at + 3.8 * step / np.linalg.norm(step)
        points.append(at)
    return np.array(points)


def moved(points, seed=1):
    return points @ Rotation.from_quat(np.random.default_rng(seed).normal(size=4)).as_matrix().T + np.array(
        [5.0, -70.0, 31.0]
    )


def scores_of(model, target, mask=None, **settings):
    mask = np.ones(len(target)) if mask is None else mask
    return superposition_scores(model[None], np.asarray(mask)[None], target, **settings)


def test_a_moved_copy_scores_one():
    target = random_chain(80)
    found = scores_of(moved(target), target)
    assert [getattr(found, name)[0] for name in SCORES] == pytest.approx([1] * 4)
    assert found.rmsd_ca[0] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(transformed(moved(target), found.rotation[0], found.translation[0]), target)


def test_one_displaced_residue_by_hand():
    # One of 50 residues is 3 Å off: 49/50 within 0.5, 1 and 2 Å, all within 4 and 8 Å.
    target = random_chain(50)
    model = target.copy()
    model[20] += [0, 3, 0]
    found = scores_of(moved(model), target)
    np.testing.assert_allclose(found.gdt[0], [0.98, 0.98, 0.98, 1, 1])
    assert found.gdt_ts[0] == pytest.approx((0.98 + 0.98 + 1 + 1) / 4)
    assert found.gdt_ha[0] == pytest.approx((0.98 * 3 + 1) / 4)
    # The other 49 on top of each other, and a little better with the whole drawn towards the one.
    assert found.maxsub[0] == pytest.approx((49 + 1 / (1 + (3 / 3.5) ** 2)) / 50, abs=2e-4)
    assert found.tm_score[0] == pytest.approx((49 + 1 / (1 + (3 / tm_d0(50)) ** 2)) / 50, abs=3e-4)
    assert found.rmsd_ca[0] < 3 / np.sqrt(50)


def test_two_domains_far_apart_count_as_the_larger():
    target = random_chain(100)
    model = np.concatenate([target[:60], moved(target[60:]) + 1e4])
    found = scores_of(model, target)
    assert [getattr(found, name)[0] for name in SCORES] == pytest.approx([0.6] * 4, abs=1e-6)


def test_missing_residues_count_as_zero():
    target = random_chain(60)
    mask = np.arange(60) < 45
    model = np.where(mask[:, None], moved(target), np.nan)
    found = scores_of(model, target, mask)
    assert [getattr(found, name)[0] for name in SCORES] == pytest.approx([0.75] * 4)
    assert found.matched[0] == 45
    longer = scores_of(model, target, mask, target_residues=90)
    assert longer.gdt_ts[0] == pytest.approx(0.5)


def test_nothing_matched_is_zero_and_its_deviation_has_no_value():
    target = random_chain(30)
    found = scores_of(np.full_like(target, np.nan), target, np.zeros(30))
    assert [getattr(found, name)[0] for name in SCORES] == [0] * 4
    assert np.isnan(found.rmsd_ca[0])
    assert found.matched[0] == 0


def test_a_batch_is_its_models_one_by_one_whatever_their_motion():
    target, rng = random_chain(70), np.random.default_rng(0)
    models = np.stack([target + rng.normal(scale=scale, size=target.shape) for scale in (0.3, 1.5, 4)])
    masks = rng.random((3, 70)) < 0.9
    together = superposition_scores(models, masks, target)
    for i in range(3):
        alone = scores_of(moved(models[i], i), moved(target, 9), masks[i])
        for name in (*SCORES, "rmsd_ca"):
            assert getattr(alone, name)[0] == pytest.approx(getattr(together, name)[i], abs=1e-9), name
    assert together.gdt_ts[0] > together.gdt_ts[1] > together.gdt_ts[2]


def test_the_mirror_image_scores_less():
    target = random_chain(80)
    found = scores_of(target * [1, 1, -1], target)
    assert found.tm_score[0] < 0.5
    assert found.gdt_ts[0] < 0.5


def test_the_motion_returned_has_the_score_returned():
    target = random_chain(90)
    model = moved(target + np.random.default_rng(2).normal(scale=2, size=target.shape))
    found = scores_of(model, target)
    deviation = transformed(model, found.rotation[0], found.translation[0]) - target
    closeness = 1 / (1 + (deviation**2).sum(1) / tm_d0(90) ** 2)
    assert found.tm_score[0] == pytest.approx(closeness.mean())


def plain_search(model, target):
    """Largest TM-score and GDT_TS over the published search, one fragment after the other."""
    residues, d0 = len(target), tm_d0(len(target))
    reach = np.clip(d0, 4.5, 8)
    best, counts = 0.0, np.zeros(4)

    def shown(chosen):
        nonlocal best, counts
        distance = np.linalg.norm(
            transformed(model, *superpose(model[chosen], target[chosen])) - target, axis=1
        )
        best = max(best, (1 / (1 + (distance / d0) ** 2)).mean())
        counts = np.maximum(counts, [(distance < cutoff).mean() for cutoff in (1, 2, 4, 8)])
        return distance

    def within(distance, cutoff):
        while (distance < cutoff).sum() < 3:
            cutoff += 0.5
        return distance < cutoff

    for length in sorted({residues, residues // 2, residues // 4, residues // 8, 4} - {0, 1, 2, 3}):
        for first in range(residues - length + 1):
            chosen = np.zeros(residues, bool)
            chosen[first : first + length] = True
            chosen = within(shown(chosen), reach - 1)
            for _ in range(20):
                extended = within(shown(chosen), reach + 1)
                if (extended == chosen).all():
                    break
                chosen = extended
    return best, counts.mean()


@pytest.mark.parametrize("seed", range(3))
def test_search_that_joins_equal_sets_finds_what_a_plain_one_finds(seed):
    target, rng = random_chain(40, seed), np.random.default_rng(seed)
    model = moved(target + 3 * rng.normal(size=target.shape).cumsum(0) / np.sqrt(40))
    found = scores_of(model, target)
    tm, gdt = plain_search(model, target)
    assert found.tm_score[0] == pytest.approx(tm, abs=1e-6)
    assert found.gdt_ts[0] == pytest.approx(gdt, abs=1e-9)


def write_ca(path, points, numbers):
    path.write_text(
        "".join(
            f"ATOM  {i:>5}  CA  ALA A{i:>4}    {x:>8.3f}{y:>8.3f}{z:>8.3f}\n"
            for i, (x, y, z) in zip(numbers, points.tolist(), strict=True)
        )
    )
    return path


@pytest.mark.skipif(shutil.which("TMscore") is None, reason="the TMscore program is not on the PATH")
@pytest.mark.parametrize(
    ("residues", "noise", "kept"), [(3, 1, 1.0), (12, 2, 0.8), (60, 1, 1), (90, 6, 0.7), (150, 9, 1)]
)
def test_scores_are_those_of_the_tmscore_program(tmp_path, residues, noise, kept):
    target, rng = random_chain(residues, residues), np.random.default_rng(residues)
    model = moved(target + noise * rng.normal(size=target.shape).cumsum(0) / np.sqrt(residues)).round(3)
    target, mask = target.round(3), rng.random(residues) < kept
    numbers = np.arange(1, residues + 1)
    files = (
        write_ca(tmp_path / "m.pdb", model[mask], numbers[mask]),
        write_ca(tmp_path / "n.pdb", target, numbers),
    )
    printed = subprocess.run(["TMscore", *files], capture_output=True, text=True, check=False).stdout
    found = scores_of(model, target, mask)
    names = {
        "tm_score": "TM-score    ",
        "gdt_ts": "GDT-TS-score",
        "gdt_ha": "GDT-HA-score",
        "maxsub": "MaxSub-score",
    }
    for name, label in names.items():
        expected = float(re.search(rf"{label}= *([0-9.]+)", printed)[1])
        assert getattr(found, name)[0] == pytest.approx(expected, abs=0.0015), name


def test_wrong_input_is_refused():
    target = random_chain(10)
    with pytest.raises(ValueError, match=r"models \(1, 9, 3\)"):
        superposition_scores(target[None, :9], np.ones((1, 9)), target)
    with pytest.raises(ValueError, match="at least the number of matched residues: 9"):
        scores_of(target, target, target_residues=9)
    with pytest.raises(ValueError, match="not finite"):
        scores_of(np.where(np.arange(10)[:, None] == 3, np.nan, target), target)


def test_tm_score_of_one_pair_is_that_of_the_batch():
    target = random_chain(40)
    model = target + np.random.default_rng(0).normal(size=target.shape)
    assert tm_score(model, target, 50) == scores_of(model, target, target_residues=50).tm_score[0]
