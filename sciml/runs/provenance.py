"""What a result was made with: versions, machine, device. Nothing heavy is imported to find out."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LIBRARIES = (
    *("torch", "pytorch-lightning", "numpy", "scipy", "einops", "biopython", "pyhmmer", "safetensors"),
    *("typer", "rich", "matplotlib"),
)
"""Distributions that the package requires."""


def library_versions(libraries: tuple[str, ...] = LIBRARIES) -> dict[str, str | None]:
    """Version of each distribution, None for one that is not installed."""
    versions: dict[str, str | None] = {}
    for library in libraries:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            versions[library] = None
    return versions


def usable_processors() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gather_provenance(
    device: str, precision: str = "float32", settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Everything about the run that is not in the input.

    Args:
        device: where the network ran, such as `cpu` or `cuda:0 (NVIDIA H200)`.
        precision: type of the numbers in the network's products.
        settings: the settings of the run, as JSON values.

    Returns:
        JSON values: versions, Python, machine, processors, device, precision, time, settings.
    """
    from sciml import __version__

    return {
        "sciml": __version__,
        "libraries": library_versions(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "processors": usable_processors(),
        "device": device,
        "precision": precision,
        "command": [os.path.basename(sys.argv[0]), *sys.argv[1:]] if sys.argv else [],
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": dict(settings or {}),
    }
