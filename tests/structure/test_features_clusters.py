import numpy as np
import torch

from sciml.structure.features import clusters
from sciml.structure.features.clusters import nearest_centres, summarise_clusters

A, R, N, X, GAP, MASK = 0, 1, 2, 20, 21, 22


def test_gaps_and_mask_tokens_agree_with_nothing_and_unknowns_with_each_other():
    centres = torch.tensor([[GAP, GAP, GAP, A], [MASK, MASK, R, A], [X, N, N, N]])
    others = torch.tensor([[GAP, GAP, GAP, A], [GAP, GAP, R, A], [X, A, A, R], [N, N, N, GAP]])
    # Row 0 agrees with centres 0 and 1 at the last column only: the first wins. Row 2 shares only X with
    # centre 2.
    assert nearest_centres(centres, others).tolist() == [0, 1, 2, 2]


def test_a_row_without_any_agreement_goes_to_the_first_centre():
    assert nearest_centres(torch.tensor([[A, A], [R, R]]), torch.tensor([[N, GAP]])).tolist() == [0]


def test_assignment_equals_counting_letter_by_letter(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    centres = torch.randint(0, 23, (9, 31), generator=generator)
    others = torch.randint(0, 22, (50, 31), generator=generator)
    agreement = [[((c == o) & (c < GAP)).sum().item() for c in centres] for o in others]
    expected = np.argmax(agreement, axis=1).tolist()
    assert nearest_centres(centres, others).tolist() == expected
    monkeypatch.setattr(
        clusters, "_BLOCK_ELEMENTS", 3 * 31 * 21
    )  # three rows a block, the last block shorter
    assert nearest_centres(centres, others).tolist() == expected


def test_cluster_profile_and_deletions_by_hand():
    centres = torch.tensor([[A, MASK], [R, GAP]], dtype=torch.uint8)
    others = torch.tensor([[A, R], [N, R], [R, A]], dtype=torch.uint8)
    deletions = torch.tensor([[0, 4], [2, 0]])
    other_deletions = torch.tensor([[3, 2], [0, 0], [1, 1]])
    profile, mean = summarise_clusters(centres, deletions, others, other_deletions, torch.tensor([0, 0, 1]))
    expected = np.zeros((2, 2, 23))
    expected[0, 0, [A, N]] = 2, 1
    expected[0, 1, [MASK, R]] = 1, 2
    expected[1, 0, R] = 2
    expected[1, 1, [GAP, A]] = 1, 1
    size = np.array([3 + 1e-6, 2 + 1e-6])
    np.testing.assert_allclose(profile.numpy(), expected / size[:, None, None], rtol=1e-6)
    np.testing.assert_allclose(mean.numpy(), np.array([[3, 6], [3, 1]]) / size[:, None], rtol=1e-6)


def test_blocks_do_not_change_the_summary(monkeypatch):
    generator = torch.Generator().manual_seed(1)
    centres = torch.randint(0, 23, (4, 7), generator=generator)
    others = torch.randint(0, 22, (20, 7), generator=generator)
    counts = [torch.randint(0, 5, (n, 7), generator=generator) for n in (4, 20)]
    assignment = torch.randint(0, 4, (20,), generator=generator)
    whole = summarise_clusters(centres, counts[0], others, counts[1], assignment)
    monkeypatch.setattr(clusters, "_BLOCK_ELEMENTS", 3 * 7)
    in_blocks = summarise_clusters(centres, counts[0], others, counts[1], assignment)
    assert torch.equal(whole[0], in_blocks[0])
    assert torch.equal(whole[1], in_blocks[1])


def test_a_cluster_of_its_centre_alone_is_that_row():
    centres = torch.tensor([[A, R]])
    profile, mean = summarise_clusters(
        centres,
        torch.tensor([[5, 0]]),
        torch.zeros(0, 2),
        torch.zeros(0, 2),
        torch.zeros(0, dtype=torch.long),
    )
    # One row over a count of 1 + 1e-6, which float32 tells from 1.
    np.testing.assert_allclose(profile[0, [0, 1], [A, R]].numpy(), 1 / (1 + 1e-6), rtol=1e-7)
    assert profile.sum() < 2
    np.testing.assert_allclose(mean.numpy(), [[5, 0]], atol=1e-5)
