"""The tables of a design page as HTML that needs no script, and its netlist with a link to take it away."""

import base64
import math
from collections.abc import Sequence
from html import escape

from sciml.report.design_data import DesignReport, Quantity
from sciml.report.page import classed_table, plain_table
from sciml.report.quantities import with_unit

_DIGITS_OF_A_CHECK = 6


def specification_table(report: DesignReport) -> str:
    """Each specification with the value of the best design and the margin by which it is met or missed."""
    values = {quantity.name: quantity.value for quantity in report.outputs}
    rows = []
    for spec, margin in zip(report.specifications, report.margins, strict=True):
        value = values.get(spec.output)
        is_met = math.isfinite(margin) and margin >= 0
        shown = with_unit(value, spec.unit) if isinstance(value, int | float) else "–"
        limit = f"{'≥' if spec.sign > 0 else '≤'} {with_unit(spec.limit, spec.unit)}"
        share = f"{100 * margin:+.1f} %".replace("-", "\N{MINUS SIGN}") if math.isfinite(margin) else "–"
        rows.append((("t", spec.output), ("", limit), ("met" if is_met else "missed", shown), ("", share)))
    return classed_table((("t", "Output"), ("", "Limit"), ("", "Simulated"), ("", "Margin")), rows)


def quantity_table(title: str, quantities: Sequence[Quantity], note: str) -> str:
    """Named values; a column called `note` says more of them, unless it is empty."""
    heads = [("t", title), ("", "Value"), *([("t", note)] if note else [])]
    rows = [
        [("t", each.name), ("", _shown(each)), *([("wrapping", each.note)] if note else [])]
        for each in quantities
    ]
    return classed_table(heads, rows)


def _shown(quantity: Quantity) -> str:
    if isinstance(quantity.value, str):
        return quantity.value
    return with_unit(quantity.value, quantity.unit)


def other_outputs(report: DesignReport) -> str:
    """Outputs of the best design that no specification limits; nothing where there is none."""
    limited = {each.output for each in report.specifications}
    others = [each for each in report.outputs if each.name not in limited]
    if not others:
        return ""
    table = quantity_table("Output", others, "")
    return f'<h3 class="below">Other outputs</h3><div class="scroll narrow">{table}</div>'


def device_table(report: DesignReport) -> str:
    """Kind, W, L and multiplier of every device of the best netlist."""
    rows = [
        (
            ("t", each.name),
            ("t", each.kind),
            ("", f"{each.width_um:g}" if each.width_um is not None else ""),
            ("", f"{each.length_um:g}" if each.length_um is not None else ""),
            ("", str(each.multiplier) if each.multiplier is not None else ""),
            ("", each.value),
            ("t", each.nodes),
        )
        for each in report.devices
    ]
    heads = (("t", "Device"), ("t", "Kind"), ("", "W (µm)"), ("", "L (µm)"), ("", "m"), ("", "Value"))
    return f'<div class="scroll">{classed_table((*heads, ("t", "Nodes")), rows)}</div>'


def check_table(report: DesignReport) -> str:
    """What the best design gave in the run and when it was simulated again."""
    with_condition = any(each.condition for each in report.check)
    condition = [("t", "Corner")] if with_condition else []
    heads = [("t", "Output"), *condition, ("", "In the run"), ("", "Again"), ("t", "Rule")]
    rows = []
    for each in report.check:
        found = [with_unit(value, each.unit, _DIGITS_OF_A_CHECK) for value in (each.in_the_run, each.again)]
        verdict = "" if not each.rules else "met" if each.is_met else "missed"
        corner = [("t", each.condition)] if with_condition else []
        rows.append(
            [("t", each.output), *corner, ("", found[0]), (verdict, found[1]), ("t", ", ".join(each.rules))]
        )
    return f'<div class="scroll">{classed_table(heads, rows)}</div>'


def failure_table(report: DesignReport) -> str:
    """Kinds of failures, how often each occurred, and the words of one."""
    if not report.failures:
        return "<p>None: every simulation gave all of its outputs.</p>"
    rows = [(each.kind, str(each.count), each.example, each.evidence) for each in report.failures]
    return f'<div class="scroll">{plain_table(("Kind", "Count", "One of them", "Kept at"), rows)}</div>'


def netlist_box(name: str, text: str) -> str:
    """A netlist as text, and a link that saves it as a file: the file stands in the page itself."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    link = (
        f'<a class="take" download="{escape(name)}" href="data:text/plain;charset=utf-8;base64,{data}">'
        f"Download {escape(name)}</a>"
    )
    return f"{link}<pre>{escape(text)}</pre>"
