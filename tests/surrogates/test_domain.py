"""Domains: borders by hand, and shifted designs found."""

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.surrogates.domain import AllOf, BoxDomain, EnsembleDomain, KnnDomain
from sciml.surrogates.registry import DOMAINS

RNG = np.random.default_rng(0)
TRAIN = RNG.random((200, 3)) * 0.5
NAMES = ("a", "b", "c")


def spaces(points):
    return {"unit": points, "feature": points, "latent": 2 * points, "spread": points}


def test_a_box_scores_the_input_that_is_farthest_out():
    corners = np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.0]])
    domain = BoxDomain().fit(spaces(corners), NAMES)
    points = np.array(
        [[0.5, 0.25, 0.0], [1.5, 0.5, 0.0], [0.5, 0.75, 0.0], [0.5, 0.25, 0.03], [1.0, 0.5, 0.0]]
    )
    report = domain.assess(spaces(points))
    np.testing.assert_allclose(report.score, [0, 2, 2, 3, 1])  # the half width of c counts as 0.01
    assert report.inside.tolist() == [True, False, False, False, True]
    assert "input a" in report.reasons[1]
    assert "input c" in report.reasons[3]
    assert report.reasons[0] is None


def test_distances_to_neighbours_agree_with_brute_force():
    domain = KnnDomain(neighbours=3, factor=1.5, quantile=0.9).fit(spaces(TRAIN), NAMES)
    all_pairs = np.linalg.norm(TRAIN[:, None] - TRAIN[None], axis=-1)
    np.fill_diagonal(all_pairs, np.inf)
    own = np.sort(all_pairs, axis=1)[:, :3].mean(axis=1)
    assert domain.threshold == pytest.approx(1.5 * np.quantile(own, 0.9))
    points = RNG.random((5000, 3))
    distances = np.sort(np.linalg.norm(points[:, None] - TRAIN[None], axis=-1), axis=1)[:, :3].mean(axis=1)
    np.testing.assert_allclose(domain.assess(spaces(points)).score, distances / domain.threshold, rtol=1e-6)


@pytest.mark.parametrize("domain", [BoxDomain(), KnnDomain(), KnnDomain(space="latent")])
def test_shifted_designs_are_told_apart(domain):
    domain.fit(spaces(TRAIN), NAMES)
    same, shifted = RNG.random((500, 3)) * 0.5, 0.5 + RNG.random((500, 3)) * 0.5
    scores = domain.assess(spaces(same)).score, domain.assess(spaces(shifted)).score
    assert (scores[1][:, None] > scores[0][None]).mean() > 0.95
    assert domain.assess(spaces(same)).inside.mean() > 0.9


def test_all_of_takes_the_strictest_and_names_it():
    domain = AllOf([BoxDomain(), KnnDomain()]).fit(spaces(TRAIN), NAMES)
    hole = np.array([[0.9, 0.25, 0.25], [0.25, 0.25, 0.25]])
    report = domain.assess(spaces(hole))
    parts = [part.assess(spaces(hole)).score for part in domain.parts]
    np.testing.assert_array_equal(report.score, np.maximum(*parts))
    assert report.inside.tolist() == [False, True]
    line = np.stack([np.linspace(0, 1, 50)] * 3, axis=1)  # a box around a diagonal has empty corners
    corner = AllOf([BoxDomain(), KnnDomain(neighbours=1)]).fit(spaces(line), NAMES)
    found = corner.assess(spaces(np.array([[0.0, 1.0, 0.0]])))
    assert not found.inside[0]
    assert "far from every training design" in found.reasons[0]


def test_members_that_disagree_leave_the_domain():
    domain = EnsembleDomain().fit(spaces(TRAIN), NAMES)
    report = domain.assess(spaces(np.array([[0.1, 0.1, 0.1], [2.0, 2.0, 2.0]])))
    assert report.inside.tolist() == [True, False]


@pytest.mark.parametrize(
    "domain",
    [BoxDomain(margin=0.1), KnnDomain(neighbours=2), EnsembleDomain(), AllOf([BoxDomain(), KnnDomain()])],
)
def test_a_domain_is_made_again_from_its_description_and_arrays(domain):
    domain.fit(spaces(TRAIN), NAMES)
    again = DOMAINS.build(DOMAINS.describe(domain))
    again.load_state(domain.state(), NAMES)
    points = RNG.random((50, 3))
    np.testing.assert_array_equal(again.assess(spaces(points)).score, domain.assess(spaces(points)).score)


def test_unusable_domains_are_refused():
    with pytest.raises(InputError, match="two designs"):
        KnnDomain().fit(spaces(TRAIN[:1]), NAMES)
    with pytest.raises(InputError, match="feature or the latent"):
        KnnDomain(space="output")
    with pytest.raises(InputError, match="knows 3 columns"):
        KnnDomain().fit(spaces(TRAIN), NAMES).assess(spaces(np.zeros((1, 2))))
