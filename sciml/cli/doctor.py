"""`sciml doctor`: what this machine has, and whether it computes what it should."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sciml.runs.doctor import Check

_DEVICE = "Device to check: auto, cpu, cuda, cuda:1, mps."
_EXIT_NOT_READY = 4


def doctor(
    device: Annotated[str, typer.Option(help=_DEVICE)] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print failures and the verdict only.")
    ] = False,
) -> None:
    """Check this machine: device, kernels, libraries, weights, optional programs.

    Matrix products and attention are run on the device in the precision that the networks would use, and
    compared with float64. Exit code 4 if something that is needed is missing or computes wrongly.

    Example: sciml doctor --json
    """
    from sciml.runs import doctor as checks

    found = [checks.check_system(), checks.check_libraries()]
    found += _check_device(device)
    found += [
        checks.guarded("weights", _check_weights),
        checks.guarded("ngspice", _check_ngspice),
        checks.check_extras(),
    ]
    report = checks.report(found)
    if as_json:
        print(json.dumps(report, indent=1))
    else:
        for check in found:
            if not quiet or check.status == "fail":
                print(f"{check.status:5s} {check.name:16s} {check.detail}")
        print(report["verdict"])
    if not report["ready"]:
        raise typer.Exit(_EXIT_NOT_READY)


def _check_ngspice() -> "Check":
    from sciml.runs import doctor as checks
    from sciml.surrogates.ngspice.installation import library_path

    return checks.check_ngspice(library_path())


def _check_device(name: str) -> "list[Check]":
    """The device and its kernels, in the precision that the networks would take."""
    from sciml.runs import doctor as checks

    try:
        from sciml.structure.network import choose_device
        from sciml.structure.precision import choose_precision

        device = choose_device(name)
        precision = choose_precision("auto", device)
    except Exception as error:  # a broken torch may raise anything on its way in
        return [checks.failure("device", error)]
    return [
        checks.guarded("device", lambda: checks.check_device(device, precision)),
        checks.guarded("matrix products", lambda: checks.check_products(device, precision)),
        checks.guarded("attention", lambda: checks.check_attention(device, precision)),
    ]


def _check_weights() -> "Check":
    from sciml.runs import doctor as checks
    from sciml.weights.registry import BUNDLED

    folder = Path(str(files("sciml.weights")))
    return checks.check_weights({name: folder / file for name, file in BUNDLED.items()})
