"""A picture of an integral: integrand, antiderivative, and how well the slope of one is the other."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciml.errors import SettingsError
from sciml.runs.files import atomic_path
from sciml.symbolic.breakpoints import breakpoints
from sciml.symbolic.derivative import derivative
from sciml.symbolic.evaluation import evaluate
from sciml.symbolic.expression import Expr, symbol_names
from sciml.symbolic.latex import to_latex
from sciml.symbolic.problems import Integral
from sciml.symbolic.sample_points import parameter_values

if TYPE_CHECKING:
    from sciml.symbolic.answer import Answer

_POINTS = 2000
_TITLE_LETTERS = 90
_CUT_SHARE = 0.02
"""Share of the largest and of the smallest values that the axes may leave out (near poles)."""


def plot_integral(answer: "Answer", path: Path) -> Path:
    """Write a PNG with three panels over the variable: integrand, antiderivative, residual |F' - f|.

    Shown are real values from -5 to 5, or between the limits of a definite integral. Parameters have the
    values that the title says.

    Args:
        answer: of an integral, solved.
        path: the file; its ending is `.png`.

    Returns:
        `path`.

    Raises:
        SettingsError: not an integral, not solved, or another ending.
    """
    if not isinstance(answer.problem, Integral) or answer.solution is None:
        raise SettingsError("only a solved integral can be plotted")
    if path.suffix.lower() != ".png":
        raise SettingsError(f"plots are PNG files; {path} has another ending")
    from matplotlib.figure import Figure

    integrand, antiderivative, name = answer.problem.integrand, answer.solution, answer.problem.variable.value
    names = [one for one in symbol_names(integrand, antiderivative) if one != name]
    values = {one: parameter_values(one, 1)[0] for one in names}
    low, high = _range(answer)
    breaks = [float(one) for one in breakpoints([integrand, antiderivative], name, low, high, values)]
    points = np.unique([*np.linspace(low, high, _POINTS), *breaks])
    curves = [_curve(one, name, points, values) for one in (integrand, antiderivative)]
    slope = _curve(derivative(antiderivative, answer.problem.variable), name, points, values)
    figure = Figure(figsize=(7, 8), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    labels = (f"f({name})", f"F({name})", f"|F'({name}) - f({name})|")
    is_break = np.isin(points, breaks)  # a line would join both sides of a pole or jump
    for axis, curve, label, colour in zip(axes, curves, labels, ("tab:blue", "tab:orange"), strict=False):
        axis.plot(points, np.where(is_break, np.nan, curve), color=colour)
        _limit(axis, curve)
        axis.set_ylabel(label)
    with np.errstate(all="ignore"):
        residual = np.where(is_break, np.nan, np.abs(slope - curves[0]))
    _draw_residual(axes[2], points, residual)
    axes[2].set_ylabel(labels[2])
    axes[2].set_xlabel(name)
    said = ", ".join(f"{one} = {values[one].real:.3g}" for one in names)
    axes[0].set_title(_title(integrand, "f") + (f"   ({said})" if said else ""))
    axes[1].set_title(_title(antiderivative, "F"))
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    return path


def _range(answer: "Answer") -> tuple[float, float]:
    """What the axis shows: between finite limits of a definite integral, else -5 to 5."""
    found = answer.definite
    if found is not None and found.ends is not None:
        low, high = sorted(found.ends)
        if np.isfinite(low) and np.isfinite(high) and low < high:
            return low, high
    return -5.0, 5.0


def _curve(node: Expr, name: str, points: NDArray[np.float64], values: dict[str, Any]) -> NDArray[np.float64]:
    """(point,) real values; nan where the expression is not real."""
    parameters = {one: np.full(len(points), value) for one, value in values.items()}
    found = evaluate(node, {**parameters, name: points.astype(np.complex128)})
    found = np.broadcast_to(found, points.shape)
    is_real = np.abs(found.imag) <= 1e-9 * np.abs(found)
    return np.where(is_real & np.isfinite(found), found.real, np.nan)


def _draw_residual(axis: Any, points: NDArray[np.float64], residual: NDArray[np.float64]) -> None:  # noqa: ANN401
    """Points on a logarithmic axis, or in words that there is no difference, or no real value, anywhere."""
    if (residual > 0).any():
        axis.semilogy(points, np.where(residual > 0, residual, np.nan), ".", markersize=2, color="tab:red")
        return
    axis.set_yticks([])
    said = "0 at every point" if np.isfinite(residual).any() else "no real value"
    axis.text(0.5, 0.5, said, ha="center", va="center", transform=axis.transAxes)


def _limit(axis: Any, curve: NDArray[np.float64]) -> None:  # noqa: ANN401  # an axis of matplotlib
    """Leave the values next to a pole out of the picture."""
    finite = curve[np.isfinite(curve)]
    if not len(finite):
        return
    low, high = np.quantile(finite, (_CUT_SHARE, 1 - _CUT_SHARE))
    margin = 0.3 * (high - low) or 0.1 * (abs(high) or 1.0)
    axis.set_ylim(max(finite.min() - margin, low - 2 * margin), min(finite.max() + margin, high + 2 * margin))


def _title(node: Expr, letter: str) -> str:
    text = to_latex(node)
    plain = text.replace(r"\left", "").replace(r"\right", "").replace(r"\operatorname{sgn}", r"\mathrm{sgn}")
    return f"${letter} = {plain}$" if len(plain) <= _TITLE_LETTERS else letter
