"""One HTML page with everything about an evaluation: it needs no network, no server and no other file.

Style and scripts stand in `leaderboard_page/`; the numbers are one JSON block, coordinates and per-residue
figures packed into base64 (two bytes a coordinate, one byte a fraction). The page's own policy forbids it
every request. Ranking, missing models and definitions can be read without scripts.
"""

import base64
import math
import string
from collections.abc import Sequence
from dataclasses import asdict, replace
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciml.report.colours import PLDDT_CLASSES
from sciml.report.leaderboard_data import (
    EstimateEntry,
    Leaderboard,
    ModelEntry,
    ReliabilityCurve,
    ScoreColumn,
    TargetEntry,
)
from sciml.report.page import (
    json_block,
    page_file,
    page_script,
    page_style,
    plain_table,
    short_number,
    tile_row,
)

_FOLDER = "leaderboard_page"
_SHARED_SCRIPTS = ("elements.js", "axes.js", "tables.js", "theme.js")
_SCRIPTS = ("data.js", "tables.js", "plots.js", "structure_view.js", "target_view.js", "main.js")
_NO_ATOM = -32768
_LARGEST = 32767
_STEPS_OF_FRACTION = 250
_NO_FRACTION = 255


def leaderboard_html(data: Leaderboard) -> str:
    """The page as text.

    Raises:
        ValueError: a model whose coordinates or per-residue figures do not fit its target.
    """
    page = string.Template(page_file(_FOLDER, "page.html"))
    return page.substitute(
        title=escape(data.title),
        subtitle=escape(data.subtitle),
        footer=escape(data.footer),
        ranking_note=escape(data.ranking_note),
        style=page_style(_FOLDER),
        tiles=_tiles(data),
        static_ranking=_static_ranking(data),
        static_gaps=_static_gaps(data),
        static_estimates=_static_estimates(data),
        estimates_hidden="" if data.estimates else " hidden",
        definitions=_definitions(data),
        payload=json_block(payload(data)),
        script=page_script(_FOLDER, _SHARED_SCRIPTS, _SCRIPTS),
    )


def payload(data: Leaderboard) -> dict[str, Any]:
    """The JSON values that the scripts of the page read."""
    steps, views, origins = [], [], []
    for target in data.targets:
        origin, view = principal_axes(target.ca)
        reach = [np.abs((target.ca - origin) @ view.T)]
        reach += [
            np.abs((model.ca - origin) @ view.T)
            for model in data.models
            if model.ca is not None and data.targets[model.target] is target
        ]
        largest = max((float(np.nanmax(part)) for part in reach if np.isfinite(part).any()), default=1.0)
        steps.append(max(largest / _LARGEST, 0.01))
        views.append(view)
        origins.append(origin)
    names = [score.name for score in data.scores]
    return {
        "scores": [asdict(score) for score in data.scores],
        "headline": list(data.headline),
        "classes": [
            [edge if math.isfinite(edge) else None, colour, name] for edge, colour, name in PLDDT_CLASSES
        ],
        "groups": list(data.groups),
        "units": [asdict(unit) for unit in data.units],
        "ranked_units": list(data.ranked_units),
        "targets": [
            _target_values(target, origins[i], views[i], steps[i]) for i, target in enumerate(data.targets)
        ],
        "models": [
            _model_values(model, data, names, origins[model.target], views[model.target], steps[model.target])
            for model in data.models
        ],
        "rankings": {
            f"{score}|{floor:g}|{which}": [
                {"g" if key == "group" else key: short_number(value) for key, value in asdict(row).items()}
                for row in rows
            ]
            for (score, floor, which), rows in data.rankings.items()
        },
        "pairs": {
            score: {
                f"{one},{two}": {key: short_number(value) for key, value in asdict(duel).items()}
                for (one, two), duel in duels.items()
            }
            for score, duels in data.duels.items()
        },
        "tie": dict(data.tie_widths),
        "reliability": {
            "all" if group is None else str(group): _curve(curve) for group, curve in data.reliability.items()
        },
        "gaps": [asdict(gap) for gap in data.gaps],
        "estimate_scores": [asdict(score) for score in data.estimate_scores],
        "estimates": [_estimate_values(one, data) for one in data.estimates],
        "estimate_means": [_estimate_values(one, data) for one in data.estimate_means],
    }


def _target_values(
    target: TargetEntry, origin: NDArray[np.float64], view: NDArray[np.float64], step: float
) -> dict[str, Any]:
    if len(target.ca) != len(target.numbers) or len(target.sequence) != len(target.numbers):
        raise ValueError(f"{target.id}: {len(target.numbers)} residues, {len(target.ca)} Cα positions")
    return {
        "id": target.id,
        "sequence": target.sequence,
        "numbers": list(target.numbers),
        "units": list(target.units),
        "notes": list(target.notes),
        "step": step,
        "ca": packed_positions((target.ca - origin) @ view.T, step),
    }


def _model_values(
    model: ModelEntry,
    data: Leaderboard,
    names: Sequence[str],
    origin: NDArray[np.float64],
    view: NDArray[np.float64],
    step: float,
) -> dict[str, Any]:
    residues = len(data.targets[model.target].numbers)
    for array in (model.ca, model.lddt, model.plddt):
        if array is not None and len(array) != residues:
            raise ValueError(f"{model.file}: {len(array)} residues, the target has {residues}")
    return {
        "t": model.target,
        "g": model.group,
        "m": model.model,
        "file": model.file,
        "status": "failed" if model.reason else "done",
        "reason": model.reason,
        "matched": model.matched,
        "notes": list(model.notes),
        "values": {
            str(unit): [short_number(values.get(name, math.nan)) for name in names]
            for unit, values in model.values.items()
        },
        "ca": None if model.ca is None else packed_positions((model.ca - origin) @ view.T, step),
        "lddt": None if model.lddt is None else packed_fractions(model.lddt),
        "plddt": None if model.plddt is None else packed_fractions(model.plddt),
    }


def _estimate_values(one: EstimateEntry, data: Leaderboard) -> dict[str, Any]:
    names = [score.name for score in data.estimate_scores]
    return {
        **asdict(replace(one, values={})),
        "values": [short_number(one.values.get(name, math.nan)) for name in names],
    }


def principal_axes(ca: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where a chain is looked at from: along its shortest axis, its longest axis from left to right.

    Args:
        ca: (res, 3), Å, NaN where there is no Cα.

    Returns:
        Centre (3,) and rotation (3, 3); the rows are the axes right, up and towards the viewer.
    """
    known = np.asarray(ca, np.float64)[np.isfinite(ca).all(axis=-1)]
    if len(known) < 3:
        return (known.mean(axis=0) if len(known) else np.zeros(3)), np.eye(3)
    centre = known.mean(axis=0)
    axes = np.linalg.svd(known - centre, full_matrices=True)[2]
    axes[2] = np.cross(axes[0], axes[1])  # a rotation, never a mirror image
    return centre, axes


def packed_positions(positions: NDArray[np.floating], step: float) -> str:
    """Base64 of little-endian int16 multiples of `step` (Å); -32768 where a coordinate is not finite."""
    known = np.isfinite(positions).all(axis=-1, keepdims=True)
    steps = np.rint(np.where(known, positions, 0.0) / step).clip(-_LARGEST, _LARGEST)
    return base64.b64encode(np.where(known, steps, _NO_ATOM).astype("<i2").tobytes()).decode("ascii")


def packed_fractions(values: NDArray[np.floating]) -> str:
    """Base64 of one byte each: 250ths of values in 0-1, 255 for one that is not finite."""
    known = np.isfinite(values)
    steps = np.rint(np.where(known, values, 0.0).clip(0, 1) * _STEPS_OF_FRACTION)
    return base64.b64encode(np.where(known, steps, _NO_FRACTION).astype(np.uint8).tobytes()).decode("ascii")


def _curve(curve: ReliabilityCurve) -> dict[str, Any]:
    return {
        "bins": [
            {"count": count, "plddt": short_number(plddt), "lddt": short_number(lddt)}
            for count, plddt, lddt in curve.bins
        ],
        "error": short_number(curve.error),
        "bias": short_number(curve.bias),
        "correlation": short_number(curve.correlation),
    }


def _tiles(data: Leaderboard) -> str:
    """The few numbers at the top of the page."""
    first = next(iter(data.rankings.values()), [])
    failed = sum(bool(model.reason) for model in data.models)
    tiles = [
        (str(len(data.targets)), f"targets, {len(data.ranked_units)} evaluation units"),
        (str(len(data.groups)), "groups"),
        (f"{len(data.models) - failed:,}", f"models scored, {failed} failed"),
    ]
    if len(first) > 1:
        leaders = [data.groups[row.group] for row in first if row.rank == 1]
        tiles.append((", ".join(leaders[:2]) + (" …" if len(leaders) > 2 else ""), "ranked first"))
    tiles += [(_mean_text(data, name), f"{_title(data, name)}, mean of all") for name in data.headline[:2]]
    return tile_row(tiles)


def _title(data: Leaderboard, name: str) -> str:
    return next(score.title for score in data.scores if score.name == name)


def _mean_text(data: Leaderboard, name: str) -> str:
    score = next(score for score in data.scores if score.name == name)
    found = [
        model.values.get(unit, {}).get(name, math.nan) for model in data.models for unit in data.ranked_units
    ]
    known = [value for value in found if math.isfinite(value)]
    return f"{np.mean(known) * score.factor:.{score.digits}f}" if known else "–"


def _static_ranking(data: Leaderboard) -> str:
    rows = next(iter(data.rankings.values()), [])
    return plain_table(
        ("Rank", "Group", "Sum of z", "95 % interval", "Units", "Missing"),
        [
            (str(row.rank), data.groups[row.group], f"{row.score:.2f}", f"{row.low:.2f} to {row.high:.2f}",
             str(row.units), str(row.missing))
            for row in rows
        ],
    )  # fmt: skip


def _static_gaps(data: Leaderboard) -> str:
    if not data.gaps:
        return "<p>None: every group has a scored model on every target.</p>"
    rows = [(gap.target, gap.group, str(gap.model or "–"), gap.file, gap.reason) for gap in data.gaps]
    return plain_table(("Target", "Group", "Model", "File", "Reason"), rows)


def _static_estimates(data: Leaderboard) -> str:
    rows = [
        (one.target, f"{one.group}, set {one.number}", one.extent,
         *(_figure_text(score, one.values.get(score.name, math.nan)) for score in data.estimate_scores),
         "; ".join(one.notes))
        for one in data.estimates
    ]  # fmt: skip
    titles = [f"{score.title}{f' ({score.unit})' if score.unit else ''}" for score in data.estimate_scores]
    return plain_table(("Target", "Method", "Models", *titles, "Notes"), rows)


def _figure_text(score: ScoreColumn, value: float) -> str:
    return f"{value * score.factor:.{score.digits}f}" if math.isfinite(value) else "–"


def _definitions(data: Leaderboard) -> str:
    better = {1: "higher", -1: "lower", 0: "neither"}
    rows = [
        (f"{score.title}{f' ({score.unit})' if score.unit else ''}", score.name, better[score.better],
         score.definition, score.source)
        for score in (*data.scores, *data.estimate_scores)
    ]  # fmt: skip
    return plain_table(("Score", "Column", "Better", "Definition", "Source"), rows)
