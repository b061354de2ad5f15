"""Checks of the machine: what is there, and whether its kernels compute what they should.

Each check gives one line. Old or badly matched accelerators return wrong numbers without an error, so matrix
products and attention are compared with float64 on the processor.
"""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sciml import __version__
from sciml.errors import ScimlError
from sciml.runs.memory import available_memory_bytes
from sciml.runs.provenance import LIBRARIES, library_versions, usable_processors

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Status = Literal["ok", "note", "fail"]
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "relax": ("openmm", "pdbfixer"),
    "design": ("botorch",),
    "cluster": ("distributed",),
    "atoms": ("ase", "tblite"),
    "molstar": ("ipymolstar",),
}
"""Distributions of each optional extra."""
ERROR_LIMITS: Mapping[str, float] = {"float32": 3e-6, "bfloat16": 2e-2, "float16": 3e-3}
"""Largest error, root mean square over that of the result. A float32 product that is silently done in TF32
(about 3e-4) or bfloat16 (3e-3) is over it."""
_SECONDS_FOR_A_PROGRAM = 10
_DIGESTS = "SHA256SUMS"


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    status: Status
    """`ok`; `note`: something optional is missing; `fail`: results cannot be made or trusted."""
    detail: str

    def to_dict(self) -> dict[str, str]:
        """JSON values."""
        return asdict(self)


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """The outcome of a check; whatever it raises is a failure with the error's words."""
    try:
        return check()
    except Exception as error:  # a broken driver or library may raise anything, and to say so is our task
        return failure(name, error)


def failure(name: str, error: Exception) -> Check:
    """The check that says an error in its own words, on one line."""
    text = str(error) if isinstance(error, ScimlError) else f"{type(error).__name__}: {error}"
    return Check(name, "fail", " ".join(text.split()))


def check_system() -> Check:
    """Versions of sciml and Python, and the kind of machine."""
    detail = f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return Check("sciml", "ok", detail)


def check_libraries() -> Check:
    """The required distributions."""
    versions = library_versions(LIBRARIES)
    missing = [name for name, version in versions.items() if version is None]
    found = ", ".join(f"{name} {version}" for name, version in versions.items() if version is not None)
    if missing:
        return Check("libraries", "fail", f"missing: {', '.join(missing)} (pip install sciml); found {found}")
    return Check("libraries", "ok", found)


def check_device(device: "torch.device", precision: str) -> Check:
    """The device of the networks, its memory and the threads."""
    import torch

    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        size = f"{properties.total_memory / 2**30:.0f} GiB"
        detail = f"{device}: {properties.name}, {size}, CUDA {torch.version.cuda}"
    else:
        memory = available_memory_bytes()
        free = "" if memory is None else f", {memory / 2**30:.1f} GiB of memory free"
        detail = f"{device}: {usable_processors()} processors, {torch.get_num_threads()} threads{free}"
        if torch.get_num_threads() > usable_processors():
            return Check("device", "note", f"{detail}; more threads than processors: set OMP_NUM_THREADS")
    return Check("device", "ok", f"{detail}, networks in {precision}")


def check_products(device: "torch.device", precision: str) -> Check:
    """Matrix products on the device against float64 on the processor."""
    import torch

    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(257, 257, generator=generator, dtype=torch.float64) for _ in range(2))
    expected = left @ right

    def product(dtype: "torch.dtype") -> "Tensor":
        return left.to(device, dtype) @ right.to(device, dtype)

    return _compare("matrix products", expected, product, precision)


def check_attention(device: "torch.device", precision: str) -> Check:
    """Attention with bias and mask, as the networks use it, against the formula in float64."""
    import torch
    from einops import rearrange

    from sciml.attention import attention

    generator = torch.Generator().manual_seed(1)
    shape = (1, 3, 65, 4, 32)  # (b, row, i, h, d)
    query, key, value = (torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(3))
    bias = torch.randn(1, 4, 65, 65, generator=generator, dtype=torch.float64)
    mask = (torch.rand(1, 3, 65, generator=generator) > 0.3).to(torch.float64)
    scores = torch.einsum("brihd,brjhd->brhij", query, key) / shape[-1] ** 0.5 + bias[:, None]
    scores = scores.masked_fill(rearrange(mask, "b r j -> b r 1 1 j") == 0, -torch.inf)
    expected = torch.einsum("brhij,brjhd->brihd", scores.softmax(-1), value)

    def attend(dtype: "torch.dtype") -> "Tensor":
        on_device = [tensor.to(device, dtype) for tensor in (query, key, value, bias, mask)]
        return attention(*on_device)

    return _compare("attention", expected, attend, precision)


def _compare(
    name: str, expected: "Tensor", compute: "Callable[[torch.dtype], Tensor]", precision: str
) -> Check:
    """Error in float32 and in the precision of the networks, relative to the size of the result."""
    import torch

    parts, correct = [], True
    for kind in dict.fromkeys(("float32", precision)):
        found = compute(getattr(torch, kind)).to("cpu", torch.float64)
        error = float(((found - expected).square().mean() / expected.square().mean()).sqrt())
        correct &= error <= ERROR_LIMITS[kind]  # false also when the error is not a number
        parts.append(f"{kind} differs from float64 by {error:.1e} (limit {ERROR_LIMITS[kind]:.0e})")
    return Check(name, "ok" if correct else "fail", ", ".join(parts))


def check_weights(files: Mapping[str, Path]) -> Check:
    """The parameter sets of the package: there, and unchanged since they were packed.

    Args:
        files: the file of each set; `SHA256SUMS` beside it holds its digest.
    """
    parts = []
    for name, path in files.items():
        if not path.is_file():
            return Check("weights", "fail", f"{name}: no file {path}")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        recorded = recorded_digests(path.parent / _DIGESTS).get(path.name)
        if recorded is None:
            return Check("weights", "fail", f"{name}: {path.parent / _DIGESTS} has no digest of {path.name}")
        if digest != recorded:
            return Check(
                "weights", "fail", f"{name}: {path} is damaged (sha256 {digest}, packed as {recorded})"
            )
        parts.append(f"{name}: {path.stat().st_size / 1e6:.1f} MB, sha256 {digest[:12]}…")
    return Check("weights", "ok", "; ".join(parts))


def recorded_digests(path: Path) -> dict[str, str]:
    """File names and digests of a `SHA256SUMS` file; empty if there is none."""
    if not path.is_file():
        return {}
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return {row[1].lstrip("*"): row[0] for row in rows if len(row) == 2}


def check_ngspice(library: str | None = None) -> Check:
    """The circuit simulator, which only the surrogates need.

    Args:
        library: name or path of libngspice, or None.
    """
    program = shutil.which("ngspice")
    hint = "apt install ngspice libngspice0"
    if program is None and library is None:
        return Check("ngspice", "note", f"not installed; only circuit simulation needs it ({hint})")
    if program is None:
        return Check("ngspice", "ok", f"library {library}; no program (waveforms in reports need it: {hint})")
    try:
        answer = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=_SECONDS_FOR_A_PROGRAM,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("ngspice", "note", f"{program} does not answer: {error}")
    lines = [line.strip(" *") for line in answer.stdout.splitlines() if "ngspice" in line]
    found = lines[0].split(" : ")[0] if lines else program
    if library is None:
        return Check("ngspice", "note", f"{found}, the program; the library is 3 times as fast ({hint})")
    return Check("ngspice", "ok", f"{found}, library {library}")


def check_extras() -> Check:
    """The optional extras of the package."""
    parts = []
    for extra, distributions in EXTRAS.items():
        versions = library_versions(distributions)
        missing = [name for name, version in versions.items() if version is None]
        found = " ".join(f"{name} {version}" for name, version in versions.items())
        parts.append(f"{extra}: {'no' if missing else found}")
    complete = not any(part.endswith(": no") for part in parts)
    hint = "" if complete else "; none is needed, add one by pip install 'sciml[NAME]'"
    return Check("extras", "ok" if complete else "note", ", ".join(parts) + hint)


def report(checks: list[Check]) -> dict[str, Any]:
    """JSON values of all checks and the verdict."""
    failed = [check.name for check in checks if check.status == "fail"]
    return {
        "ready": not failed,
        "verdict": "ready" if not failed else f"not ready: {', '.join(failed)}",
        "checks": [check.to_dict() for check in checks],
        "environment": {
            name: os.environ[name]
            for name in ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "SCIML_CACHE")
            if name in os.environ
        },
        "installed_from": _installed_from(),
    }


def _installed_from() -> str:
    """Folder of the installed distribution; empty when it runs from a source tree."""
    try:
        return str(importlib.metadata.distribution("sciml").locate_file(""))
    except importlib.metadata.PackageNotFoundError:
        return ""
