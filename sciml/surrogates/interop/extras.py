"""Optional libraries, imported when they are used."""

from importlib import import_module
from types import ModuleType

from sciml.errors import MissingRequirementError


def optional(module: str, library: str, extra: str = "design") -> ModuleType:
    """Import a module of an optional library.

    Raises:
        MissingRequirementError: the library is not installed; the message names the extra.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingRequirementError(
            f"{library} is not installed: pip install 'sciml[{extra}]' ({error})"
        ) from error
