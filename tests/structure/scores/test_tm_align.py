"""Structural alignment by its laws, by construction and against the TMalign program."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sciml.structure.scores.gdt import tm_score
from sciml.structure.scores.superposition import transformed
from sciml.structure.scores.tm_align import align_structures
from sciml.structure.scores.tm_align_starts import COIL, HELIX, STRAND, secondary_structure


def helix(residues):
    angle = np.deg2rad(100) * np.arange(residues)
    return np.column_stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(residues)])


def strand(residues):
    step = np.arange(residues)
    return np.column_stack([0.9 * (step % 2), np.zeros(residues), 3.3 * step])


def turned(points, seed):
    return points @ Rotation.from_quat(np.random.default_rng(seed).normal(size=4)).as_matrix().T


def fold(seed, elements=8):
    """Helices and strands of 7 to 16 residues side by side, joined by loops of a few residues."""
    rng = np.random.default_rng(seed)
    parts, side = [], 0
    for index in range(elements):
        element = (helix if rng.random() < 0.5 else strand)(int(rng.integers(7, 17)))
        element = element * [1, 1, 1.0] if index % 2 else element @ np.diag([1.0, -1, -1])
        element = (
            element - element.mean(0) + [10.0 * (index // 2), 9.5 * side, 0] + rng.normal(scale=0.7, size=3)
        )
        side = 1 - side if index % 2 else side
        if parts:
            first, last = parts[-1][-1], element[0]
            count = max(1, int(np.linalg.norm(last - first) // 3.6))
            along = np.linspace(0, 1, count + 2)[1:-1, None]
            bulge = 2.5 * np.sin(np.pi * along) * rng.normal(size=3)
            parts.append(first + along * (last - first) + bulge)
        parts.append(element)
    return np.concatenate(parts)


def relative(chain, seed, noise=0.8):
    """A distant cousin: noise, a stretch lost, a stretch repeated elsewhere, moved."""
    rng = np.random.default_rng(seed)
    cut = int(rng.integers(10, len(chain) - 20))
    kept = np.delete(np.arange(len(chain)), np.arange(cut, cut + int(rng.integers(3, 9))))
    drift = rng.normal(size=(len(kept), 3)).cumsum(0) * noise / np.sqrt(len(kept)) * 3
    grown = np.concatenate([chain[kept] + drift, chain[-1] + 3.5 * np.arange(1, 6)[:, None] * [0.6, 0.8, 0]])
    return turned(grown + rng.normal(scale=noise / 2, size=grown.shape), seed) + 30


def test_secondary_structure_of_ideal_elements():
    np.testing.assert_array_equal(secondary_structure(helix(10)), [COIL] * 2 + [HELIX] * 6 + [COIL] * 2)
    np.testing.assert_array_equal(secondary_structure(strand(9)), [COIL] * 2 + [STRAND] * 5 + [COIL] * 2)
    np.testing.assert_array_equal(secondary_structure(helix(4)), [COIL] * 4)


def test_a_moved_copy_is_aligned_as_a_whole():
    chain = fold(0)
    found = align_structures(turned(chain, 3) + 50, chain, "A" * len(chain), "A" * len(chain))
    assert found.tm_mobile == pytest.approx(1)
    assert found.tm_target == pytest.approx(1)
    assert found.rmsd == pytest.approx(0, abs=1e-6)
    assert found.identity == 1
    np.testing.assert_array_equal(found.mobile_index, found.target_index)
    laid = transformed(turned(chain, 3) + 50, found.rotation, found.translation)
    np.testing.assert_allclose(laid, chain, atol=1e-6)


def test_lost_residues_are_gaps_and_each_length_its_own_score():
    chain = fold(1)
    kept = np.delete(np.arange(len(chain)), np.arange(30, 41))
    found = align_structures(turned(chain[kept], 1), chain)
    np.testing.assert_array_equal(found.target_index, kept)
    np.testing.assert_array_equal(found.mobile_index, np.arange(len(kept)))
    assert found.tm_mobile == pytest.approx(1)
    assert found.tm_target == pytest.approx(len(kept) / len(chain))
    assert np.isnan(found.identity)


def test_scores_are_those_of_the_aligned_pairs():
    chain = fold(2)
    other = relative(chain, 5)
    found = align_structures(other, chain)
    pairs = other[found.mobile_index], chain[found.target_index]
    assert found.tm_target == pytest.approx(tm_score(*pairs, len(chain)), abs=1e-9)
    assert found.tm_mobile == pytest.approx(tm_score(*pairs, len(other)), abs=1e-9)
    assert np.all(np.diff(found.mobile_index) > 0)
    assert np.all(np.diff(found.target_index) > 0)


def test_motion_changes_nothing_and_the_mirror_image_does():
    chain = fold(3)
    other = relative(chain, 6)
    found, after = align_structures(other, chain), align_structures(turned(other, 8) - 90, turned(chain, 9))
    assert after.tm_target == pytest.approx(found.tm_target, abs=1e-6)
    np.testing.assert_array_equal(after.mobile_index, found.mobile_index)
    assert align_structures(other * [1, 1, -1], chain).tm_target < found.tm_target - 0.1


def test_identity_and_rows_by_hand():
    chain = fold(4)
    mobile, target = "A" * 15 + "C" * (len(chain) - 15), "A" * 10 + "D" * 5 + "C" * (len(chain) - 15)
    found = align_structures(chain[:-2], chain, mobile[:-2], target)
    assert found.identity == pytest.approx(1 - 5 / (len(chain) - 2))
    rows = found.rows(mobile[:-2], target)
    assert rows == (mobile[:-2] + "--", target)


def test_rows_hold_both_sequences_whole():
    chain = fold(5)
    other = relative(chain, 7)
    letters = np.random.default_rng(0).choice(list("ACDEFGHIKLMNPQRSTVWY"), 400)
    mobile, target = "".join(letters[: len(other)]), "".join(letters[-len(chain) :])
    found = align_structures(other, chain, mobile, target)
    first, second = found.rows(mobile, target)
    assert len(first) == len(second)
    assert (first.replace("-", ""), second.replace("-", "")) == (mobile, target)
    both = [i for i, pair in enumerate(zip(first, second, strict=True)) if "-" not in pair]
    assert len(both) == found.aligned
    assert found.identity == pytest.approx(np.mean([first[i] == second[i] for i in both]))


def test_wrong_input_is_refused():
    chain = fold(0)
    with pytest.raises(ValueError, match=r"mobile: .*at least"):
        align_structures(chain[:5], chain)
    with pytest.raises(ValueError, match="target: 3 letters for"):
        align_structures(chain, chain, None, "AAA")
    with pytest.raises(ValueError, match="target: a coordinate is not finite"):
        align_structures(chain, np.where(np.arange(len(chain))[:, None] == 4, np.nan, chain))


def write_ca(path, points):
    path.write_text(
        "".join(
            f"ATOM  {i:>5}  CA  ALA A{i:>4}    {x:>8.3f}{y:>8.3f}{z:>8.3f}\n"
            for i, (x, y, z) in enumerate(points.tolist(), 1)
        )
    )
    return path


@pytest.mark.skipif(shutil.which("TMalign") is None, reason="the TMalign program is not on the PATH")
@pytest.mark.parametrize(("seed", "other"), [(0, 0), (1, 1), (2, 2), (3, 4), (5, 6)])
def test_scores_are_those_of_the_tmalign_program(tmp_path, seed, other):
    """Three distant cousins, two pairs of unrelated folds."""
    target = fold(seed).round(3)
    mobile = (relative(target, seed, 2.0) if seed == other else fold(other)).round(3)
    files = write_ca(tmp_path / "m.pdb", mobile), write_ca(tmp_path / "t.pdb", target)
    printed = subprocess.run(["TMalign", *files], capture_output=True, text=True, check=False).stdout
    expected = [float(value) for value in re.findall(r"TM-score= *([0-9.]+) \(if normalized by", printed)]
    found = align_structures(mobile, target)
    assert [found.tm_mobile, found.tm_target] == pytest.approx(expected[:2], abs=0.002)
    assert abs(found.aligned - int(re.search(r"Aligned length= *(\d+)", printed)[1])) <= 2
