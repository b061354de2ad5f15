import io
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

from sciml.data.alignment import Alignment
from sciml.report.colours import plddt_colour, plddt_rgb
from sciml.report.figures import coverage_figure, pae_figure, plddt_figure, structure_picture


def pixels(png: bytes) -> np.ndarray:
    """(height, width, 3), 0-255."""
    image = matplotlib.image.imread(io.BytesIO(png), format="png")
    return np.rint(image[..., :3] * 255).astype(int)


def share_of(image: np.ndarray, colour: tuple[int, int, int], tolerance: int = 6) -> float:
    return float((np.abs(image - np.array(colour)).max(axis=-1) <= tolerance).mean())


@pytest.mark.parametrize(
    ("plddt", "colour"),
    [
        (100, "#0053D6"), (90.01, "#0053D6"), (90, "#65CBF3"), (70.01, "#65CBF3"), (70, "#FFDB13"),
        (50.01, "#FFDB13"), (50, "#FF7D45"), (0, "#FF7D45"),
    ],
)  # fmt: skip
def test_colours_and_edges_are_those_of_the_alphafold_database(plddt, colour):
    assert plddt_colour(plddt) == colour
    expected = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    np.testing.assert_allclose(plddt_rgb(plddt), expected, atol=1e-6)


def test_zero_error_is_dark_green_and_the_largest_error_is_white():
    dark = pixels(pae_figure([np.zeros((40, 40))], ["a"], 31.75, "t", "n"))
    light = pixels(pae_figure([np.full((40, 40), 31.75)], ["a"], 31.75, "t", "n"))
    assert share_of(dark, (0x0B, 0x5D, 0x1E)) > 0.3
    assert share_of(light, (0x0B, 0x5D, 0x1E)) < 0.02


def test_rows_of_the_error_matrix_are_the_residues_superposed_on():
    pae = np.full((10, 10), 31.75)
    pae[0, :] = 0  # superposed on the first residue everything is well placed: the uppermost row is dark
    image = pixels(pae_figure([pae], ["a"], 31.75, "t", "n"))
    dark = (np.abs(image - np.array([0x0B, 0x5D, 0x1E])).max(axis=-1) <= 6)[:, : image.shape[1] * 3 // 4]
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert np.ptp(columns) > 5 * np.ptp(rows)
    assert rows.mean() < image.shape[0] / 2


def test_many_models_fit_into_one_figure():
    one = pixels(pae_figure([np.zeros((5, 5))], ["a"], 30.0, "t", "n"))
    many = pixels(pae_figure([np.zeros((5, 5))] * 9, ["a"] * 9, 30.0, "t", "n"))
    assert one.shape[1] < many.shape[1] <= 6 * one.shape[1]


def test_the_bands_of_plddt_lie_at_their_heights():
    image = pixels(plddt_figure([np.full(50, 95.0)], ["a"], "t", "n"))
    column = image[:, image.shape[1] // 2]
    blue = np.flatnonzero((column == column[np.argmax(column[:, 2] - column[:, 0])]).all(-1))
    orange = np.flatnonzero(column[:, 0] - column[:, 2] > 20)
    assert blue.max() < orange.min()
    assert 3.5 < (np.ptp(orange) + 1) / (np.ptp(blue) + 1) < 12  # 0-50 and 50-70 against 90-100


def test_gaps_of_an_alignment_stay_white():
    query = "ACDEFGHIKL" * 5
    full = Alignment.from_rows([query] * 20, ["a"] * 20)
    gappy = Alignment.from_rows([query] + ["-" * 25 + query[25:]] * 19, ["a"] * 20)
    identical = (68, 1, 84)  # the darkest colour of viridis: identity 1
    share = [share_of(pixels(coverage_figure(a, "t", "n")), identical) for a in (full, gappy)]
    assert share[0] > 0.4
    assert 0.4 < share[1] / share[0] < 0.65


def test_an_alignment_of_the_query_alone_and_one_residue_can_be_drawn():
    assert pixels(coverage_figure(Alignment.of_query("A"), "t", "n")).ndim == 3
    assert pixels(plddt_figure([np.array([50.0])], ["a"], "t", "n")).ndim == 3
    assert pixels(pae_figure([np.zeros((1, 1))], ["a"], 30.0, "t", "n")).ndim == 3


def test_titles_are_text_and_not_formulas():
    for title in ("$x^$", "a_b\\frac", "x" * 500, "tab\tnew\nline"):
        assert plddt_figure([np.full(9, 80.0)], ["a"], title, title).startswith(b"\x89PNG")


@pytest.mark.filterwarnings("error")
def test_a_title_in_letters_that_the_font_lacks_is_drawn_in_silence():
    assert plddt_figure([np.full(9, 80.0)], ["a"], "蛋白", "蛋白").startswith(b"\x89PNG")


def test_the_structure_is_drawn_with_the_legend_of_all_classes():
    angle = np.deg2rad(100) * np.arange(30)
    ca = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(30)], axis=-1)
    image = pixels(structure_picture(ca, np.full(30, 95.0), "t", "n"))
    for colour in ((0x00, 0x53, 0xD6), (0x65, 0xCB, 0xF3), (0xFF, 0xDB, 0x13), (0xFF, 0x7D, 0x45)):
        assert share_of(image, colour) > 1e-4


def test_figures_need_no_display_and_leave_pyplot_alone():
    code = (
        "import sys, numpy as np\n"
        "from sciml.report.figures import plddt_figure\n"
        "plddt_figure([np.full(9, 80.0)], ['a'], 't', 'n')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=60, env={"PATH": "", "MPLBACKEND": "TkAgg"}
    )
