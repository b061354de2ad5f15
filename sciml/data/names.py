"""File names from identifiers: never outside the folder, never two identifiers with one name.

An identifier of at most 64 safe characters (ASCII letters, digits, `.`, `_`, `-`; a letter or digit first, no
dot last) that no operating system reserves is its own name. Any other gets a readable form and the start of
its SHA-256: `sp|P0CG48|UBC` becomes `sp_P0CG48_UBC-xxxxxxxx`. A safe identifier that itself ends like a
hashed name is hashed too, so that the two kinds of names cannot meet. Within one batch, names that differ in
case only (one file on macOS and Windows) are told apart by hashing the later one.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST_NAME = 64
"""Characters of an identifier that is its own file name; a hashed name is at most 9 longer."""
_HASH_DIGITS = 8
_SAFE = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9._-]{{0,{LONGEST_NAME - 2}}}[A-Za-z0-9_-])?")
_LIKE_A_HASHED_NAME = re.compile(r"-[0-9a-f]{8,64}$", re.IGNORECASE)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def file_name(identifier: str) -> str:
    """The file name (without an ending) of an identifier, by the rule of this module."""
    is_safe = _SAFE.fullmatch(identifier) and not _RESERVED.fullmatch(identifier)
    if is_safe and not _LIKE_A_HASHED_NAME.search(identifier):
        return identifier
    return _hashed_name(identifier, _HASH_DIGITS)


def file_names(identifiers: Iterable[str]) -> list[str]:
    """File names of a batch's different identifiers, all different even where the file system ignores case.

    A name depends on its own identifier and on those before it only, so that adding records at the end of a
    file renames nothing.

    Raises:
        ValueError: an identifier that occurs twice.
    """
    names: list[str] = []
    taken: set[str] = set()
    seen: set[str] = set()
    for identifier in identifiers:
        if identifier in seen:
            raise ValueError(f"identifier {identifier!r} occurs twice; equal identifiers have equal names")
        seen.add(identifier)
        name, digits = file_name(identifier), _HASH_DIGITS
        while name.casefold() in taken:
            name, digits = _hashed_name(identifier, digits), digits + 4
        taken.add(name.casefold())
        names.append(name)
    return names


def _hashed_name(identifier: str, digits: int) -> str:
    """Readable form, a dash, and `digits` hexadecimal digits of the identifier's SHA-256."""
    ascii_form = (
        unicodedata.normalize("NFKD", identifier[: 4 * LONGEST_NAME]).encode("ascii", "ignore").decode()
    )
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", ascii_form)
    readable = re.sub(r"\.{2,}", ".", readable).strip("._-")[:LONGEST_NAME].rstrip("._-") or "record"
    if _RESERVED.fullmatch(readable):
        readable = "record"
    return f"{readable}-{hashlib.sha256(identifier.encode('utf-8', 'surrogatepass')).hexdigest()[:digits]}"


def stockholm_names(descriptions: Sequence[str]) -> tuple[list[str], list[str]]:
    """Row names of a Stockholm file (unique, one word each) and the rest of each description."""
    names: list[str] = []
    rest: list[str] = []
    seen: set[str] = set()
    for number, description in enumerate(descriptions, start=1):
        words = description.split(None, 1)
        name = words[0] if words else f"row_{number}"
        name = f"_{name}" if name.startswith(("#", "//")) else name
        if name in seen:
            name = f"{name}_row_{number}"
        while name in seen:
            name += "_"
        seen.add(name)
        names.append(name)
        rest.append(words[1].strip() if len(words) == 2 else "")
    return names, rest
