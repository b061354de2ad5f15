"""Where ngspice is on this machine: its program, its library and its version."""

import ctypes.util
import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sciml.errors import MissingRequirementError

HOW_TO_INSTALL = (
    "apt install ngspice libngspice0 (Debian, Ubuntu), brew install ngspice libngspice (macOS), "
    "or conda install -c conda-forge ngspice ngspice-lib"
)
_SECONDS_TO_ANSWER = 10
_LIBRARY_NAMES = ("libngspice.so.0", "libngspice.so", "libngspice.0.dylib", "libngspice.dylib")


def program_path() -> str | None:
    """The program `ngspice`, or None."""
    return shutil.which("ngspice")


@functools.cache
def library_path() -> str | None:
    """A name or path that loads libngspice, or None; nothing is loaded yet.

    `SCIML_NGSPICE_LIBRARY` names another one, for instance one that was built with other options; set and
    empty, it says that none is to be used.
    """
    chosen = os.environ.get("SCIML_NGSPICE_LIBRARY")
    if chosen is not None:
        return chosen or None
    folders = (Path(sys.prefix, "lib"), Path("/opt/homebrew/lib"), Path("/usr/local/lib"))
    beside_python = (folder / name for folder in folders[:1] for name in _LIBRARY_NAMES)
    for path in beside_python:  # conda's, which no loader's configuration knows
        if path.is_file():
            return str(path)
    found = ctypes.util.find_library("ngspice")
    if found is not None:
        return found
    return next((str(f / name) for f in folders for name in _LIBRARY_NAMES if (f / name).is_file()), None)


def version(*, of_library: bool) -> str:
    """The version of ngspice's library or program: `39`.

    Raises:
        MissingRequirementError: it is not on this machine, or does not run.
    """
    path = library_path() if of_library else program_path()
    kind = "library" if of_library else "program"
    if path is None:
        raise MissingRequirementError(f"circuits need ngspice, whose {kind} is not here: {HOW_TO_INSTALL}")
    found = _version(path, of_library=of_library)
    if found is None:
        raise MissingRequirementError(f"ngspice's {kind} {path} does not run: {HOW_TO_INSTALL}")
    return found


@functools.cache
def _version(path: str, *, of_library: bool) -> str | None:
    script = str(Path(__file__).with_name("library_version.py"))
    words = [sys.executable, script, path] if of_library else [path, "--version"]
    with TemporaryDirectory(prefix="sciml-ngspice-") as folder:
        try:
            answer = subprocess.run(
                words, capture_output=True, text=True, timeout=_SECONDS_TO_ANSWER, check=False, cwd=folder,
                env=plain_environment(folder), stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
    match = re.search(r"ngspice-(\d\S*)", answer.stdout)
    return match[1] if match else None


def plain_environment(folder: str) -> dict[str, str]:
    """The environment of an ngspice without a user's settings.

    ngspice takes the first `.spiceinit` it finds, in `SPICE_USERINIT_DIR` first: an empty one there keeps it
    from those of the present folder and of the home.

    Args:
        folder: where an empty `.spiceinit` is put.
    """
    Path(folder, ".spiceinit").touch()
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("SPICE_", "NGSPICE_"))}
    return {**kept, "SPICE_USERINIT_DIR": folder, "OMP_NUM_THREADS": "1"}


@contextmanager
def plain_settings() -> Iterator[None]:
    """This process without a user's settings of ngspice, as :func:`plain_environment`, for a moment.

    The library of version 39 does not look at `SPICE_USERINIT_DIR` but at the present folder, so this process
    is elsewhere meanwhile.
    """
    before = dict(os.environ)
    try:
        here = os.getcwd()
    except OSError:  # a folder that was deleted
        here = "/"
    with TemporaryDirectory(prefix="sciml-ngspice-") as folder:
        try:
            os.environ.clear()
            os.environ.update(plain_environment(folder))
            os.chdir(folder)
            yield
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)
