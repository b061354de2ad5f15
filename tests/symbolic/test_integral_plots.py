import matplotlib.figure
import numpy as np
import pytest

from sciml.errors import SettingsError
from sciml.symbolic import parse
from sciml.symbolic.answer import Answer
from sciml.symbolic.plot import plot_integral
from sciml.symbolic.problems import parse_integral


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """(integrand, antiderivative) -> the axes of the picture."""
    figures = []
    save = matplotlib.figure.Figure.savefig

    def kept(figure, *arguments, **settings):
        figures.append(figure)
        save(figure, *arguments, **settings)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", kept)

    def draw(integrand, antiderivative):
        answer = Answer(parse_integral(integrand), parse(antiderivative), "by hand", 0.0, None)
        path = plot_integral(answer, tmp_path / "integral.png")
        assert path.read_bytes().startswith(b"\x89PNG")
        return figures[-1].axes

    return draw


def test_no_line_joins_both_sides_of_a_pole_or_of_a_jump(drawn):
    axes = drawn("1/(x^2 - 1)", "log(|(x - 1)/(x + 1)|)/2")
    x, y = axes[0].lines[0].get_data()
    sides = (y[:-1] * y[1:] < 0) & np.isfinite(y[:-1]) & np.isfinite(y[1:])
    assert not sides.any()
    assert set(x[np.isnan(y)]) == {-1.0, 1.0}
    _, jumping = drawn("1", "x + atan(1/x) + atan(x)")[1].lines[0].get_data()
    assert np.nanmax(np.abs(np.diff(jumping))) < 0.01


def test_the_residual_of_a_wrong_answer_is_its_error(drawn):
    _, residual = drawn("x", "x^2/2 + x/1000")[2].lines[0].get_data()
    assert residual[np.isfinite(residual)] == pytest.approx(1e-3)


def test_what_the_last_panel_cannot_draw_it_says(drawn):
    assert drawn("5", "5*x")[2].texts[0].get_text() == "0 at every point"
    assert drawn("sqrt(-1 - x^2)", "x")[2].texts[0].get_text() == "no real value"
    low, high = drawn("5", "5*x")[0].get_ylim()
    assert (low, high) == pytest.approx((4.5, 5.5), abs=0.6)


def test_other_endings_than_png_are_refused(tmp_path):
    with pytest.raises(SettingsError, match="PNG"):
        plot_integral(Answer(parse_integral("x"), parse("x"), "", 0.0, None), tmp_path / "x.pdf")
