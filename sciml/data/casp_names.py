"""What the names of CASP's files say: target, format, group and number: `T1049TS427_1`, `T1049_TS427_1-D2`.

Names in small letters count where they begin with a target such as t1049; elsewhere `ts` and digits stand in
other words too (`parts12_3`).
"""

import re
from pathlib import Path

from sciml.data.predicted_file import Kind, PredictedFile

CASP_KINDS: dict[str, Kind] = {"TS": "structure", "RR": "contacts", "QA": "estimates"}
"""Formats, as names and PFRMAT give them."""
_NAME = re.compile(
    r"(?P<target>.+?)[_.-]?(?P<kind>TS|RR|QA)(?P<group>\d{1,4}[A-Za-z]?)"
    r"_(?P<model>\d{1,2})(?P<part>[-_.][A-Za-z0-9]+|o)?",
    re.IGNORECASE,
)
_TARGET = re.compile(r"[a-z]{1,2}\d{3,5}([a-z]\d{1,2})?([-_.].*)?", re.IGNORECASE)
_DOMAIN = re.compile(r"-D\d+", re.IGNORECASE)


def casp_named(path: Path, stem: str) -> PredictedFile | None:
    """What a name says; None if it is not one of CASP's.

    Args:
        path: the file.
        stem: its name without endings.
    """
    match = _NAME.fullmatch(stem)
    if match is None or not (match["kind"].isupper() or _TARGET.fullmatch(match["target"])):
        return None
    part = match["part"] or ""
    target = match["target"] + (part if _DOMAIN.fullmatch(part) else "")
    kind = match["kind"].upper()
    group = f"{kind}{match['group']}"
    return PredictedFile(path, CASP_KINDS[kind], "casp", target, group, int(match["model"]))
