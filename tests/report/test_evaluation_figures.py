"""What the figures of confidence show: gaps, counts, unknown pairs."""

import io

import matplotlib.image
import numpy as np

from sciml.report.evaluation_figures import aligned_error_figure, reliability_figure

GAP, POINT, DARK, GREY = (0x65, 0xCB, 0xF3), (0x00, 0x53, 0xD6), (0x0B, 0x5D, 0x1E), (0xE5, 0xE7, 0xEB)


def pixels(png):
    """(height, width, 3), 0-255."""
    image = matplotlib.image.imread(io.BytesIO(png), format="png")
    return np.rint(image[..., :3] * 255).astype(int)


def of_colour(image, colour):
    """(height, width), where the picture has it."""
    return np.abs(image - np.array(colour)).max(axis=-1) <= 6


def groups(offset, sizes=(10, 10, 10, 10)):
    return [
        {
            "low": low,
            "high": low + 0.25,
            "residues": size,
            "predicted": low + 0.125,
            "true": low + 0.125 + offset,
        }
        for low, size in zip((0, 0.25, 0.5, 0.75), sizes, strict=True)
    ]


def test_gap_from_the_diagonal_is_drawn_as_long_as_it_is():
    lengths = []
    for offset in (0.0, 0.05, 0.1, 0.15):
        diagram = pixels(reliability_figure(groups(offset), "t", "n"))[: 870 * 62 // 100]
        lengths.append(of_colour(diagram, GAP).sum())
    # The points cover an end of each gap, so that only the differences are in proportion.
    assert lengths[0] == 0 < lengths[1]
    np.testing.assert_allclose(lengths[3] - lengths[2], lengths[2] - lengths[1], rtol=0.1)


def test_points_above_the_diagonal_stand_higher():
    def mean_height(offset):
        return np.flatnonzero(
            of_colour(pixels(reliability_figure(groups(offset), "t", "n")), POINT).any(1)
        ).mean()

    assert mean_height(0.1) < mean_height(0.0) < mean_height(-0.1)  # rows count from above


def test_bars_are_as_high_as_their_groups_are_large():
    image = pixels(reliability_figure(groups(0.0, (1, 2, 4, 8)), "t", "n"))
    below = of_colour(image, GAP)[len(image) * 66 // 100 :]
    columns = np.flatnonzero(below.any(0))
    left, width = columns.min(), np.ptp(columns)
    heights = [below[:, left + int(width * share) - 2].sum() for share in (0.12, 0.37, 0.62, 0.87)]
    np.testing.assert_allclose(np.array(heights) / heights[3], [1 / 8, 1 / 4, 1 / 2, 1], atol=0.05)


def test_no_groups_give_an_empty_diagram():
    assert not of_colour(pixels(reliability_figure([], "t", "n")), POINT).any()


def test_perfect_prediction_is_dark_in_both_panels_and_unknown_pairs_are_grey():
    zero = np.zeros((30, 30))
    known = pixels(aligned_error_figure(zero, zero, "t", "n", largest=31.75))
    unknown = pixels(aligned_error_figure(zero, np.full((30, 30), np.nan), "t", "n", largest=31.75))
    assert of_colour(unknown, DARK).sum() < 0.55 * of_colour(known, DARK).sum()
    assert of_colour(unknown, GREY).mean() > 0.1 > of_colour(known, GREY).mean()


def test_spread_of_the_true_error_is_drawn_where_there_is_one():
    rng = np.random.default_rng(0)
    pae = rng.uniform(0, 31, size=(60, 60))
    sharp = pixels(aligned_error_figure(pae, pae, "t", "n", largest=31.75))
    wide = pixels(
        aligned_error_figure(pae, pae * rng.uniform(0.5, 1, size=(60, 60)), "t", "n", largest=31.75)
    )
    curve = sharp.shape[1] * 7 // 10
    band = [np.ptp(image[:, curve:], axis=-1)[150:550].astype(bool).mean() for image in (sharp, wide)]
    assert band[1] > band[0] + 0.05
