"""Reader of domain definitions in the forms that CASP's pages and files use.

    T1024-D1: 1-193                              one domain a line; several ranges with commas
    T1024-D2<tab>194-204,210-390
    D1 1-193                                     of the target named before, or of `target`
    T1024 408 residues, D1: 1-193, D2: 200-408   a line of the table on the web
    1abc_A-D1: 5-60                              a target of any name, which has a letter

Text after `#` is a comment. D0, the whole chain by custom, may overlap the others; other domains may not.

Source: Protein Structure Prediction Center, "Domain definition" pages of CASP12 to CASP16.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from sciml.data.textfile import ReadLimits, display_name, read_lines
from sciml.errors import InputError

Domains = Mapping[str, Mapping[str, "Domain"]]
"""Target → name of the domain (D1, D2, …) → domain, in the order of the file."""

LARGEST_NUMBER = 100_000
"""Of a residue in a definition."""
_LIMITS = ReadLimits(max_bytes=50_000_000)
_MAX_LINE = 20_000
_WHOLE_CHAIN = "D0"
_RANGE = r"-?\d+(?:\s*[-–]\s*-?\d+)?"
_ITEM = re.compile(
    rf"(?:(?P<target>\b(?=\d*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}?)[-_:]|\b)(?P<domain>[Dd]\d{{1,3}})\s*(?:[:=\s])\s*"
    rf"(?P<ranges>{_RANGE}(?:\s*[,;+&]\s*{_RANGE})*)"
)
_EDGES = re.compile(r"\s*(-?\d+)(?:\s*[-–]\s*(-?\d+))?\s*")
_HEAD = re.compile(
    r"\s*(?P<target>(?=\d*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._]{0,63})?\s*[:,]?\s*(?:(?P<length>\d{1,6})\s*(?:residues|res\.?|aa)?)?[\s,;:]*"
)


@dataclass(frozen=True)
class Domain:
    """Residue numbers of a target that are scored together."""

    target: str
    """Identifier of the target."""
    name: str
    """D1, D2, …"""
    ranges: tuple[tuple[int, int], ...]
    """First and last residue number of each stretch, rising."""
    line: int | None = field(default=None, compare=False)
    """Of the file that it was read from, from 1."""

    @property
    def residues(self) -> frozenset[int]:
        """All residue numbers."""
        return frozenset(number for first, last in self.ranges for number in range(first, last + 1))

    def __str__(self) -> str:
        spans = ",".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ranges)
        return f"{self.target}-{self.name}: {spans}"


def read_domains(path: str | os.PathLike[str], target: str | None = None) -> Domains:
    """Domain definitions of a text file, plain or gzip; see `parse_domains`.

    Raises:
        InputError: the file cannot be read, or `parse_domains` refuses it.
    """
    name = os.fspath(path)
    return parse_domains(read_lines(name, _LIMITS), display_name(name), target)


def parse_domains(lines: Iterable[str], file: str | None = None, target: str | None = None) -> Domains:
    """Domain definitions, one or more a line, in any form that the module names.

    Args:
        lines: of the file.
        file: its name, for messages.
        target: the target of lines that name none.

    Raises:
        InputError: a line is in no such form, a range is empty or runs backwards, lies outside the length
            that the line gives, a domain is there twice or overlaps another of its target (with the line), or
            there is no domain.
    """
    found: dict[str, dict[str, Domain]] = {}
    for number, line in enumerate(lines, start=1):
        if len(line) > _MAX_LINE:
            raise InputError(f"a line of more than {_MAX_LINE:,} letters", file=file, line=number)
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        try:
            target, domains = _parse_line(text, target)
            for domain in domains:
                _add(found.setdefault(domain.target, {}), replace(domain, line=number))
        except ValueError as error:
            raise InputError(str(error), file=file, line=number) from None
    if not found:
        raise InputError("no domain definition, such as T1024-D1: 1-193", file=file)
    return found


def _parse_line(text: str, target: str | None) -> tuple[str | None, list[Domain]]:
    """The domains of a line, and the target that lines after it belong to."""
    items = list(_ITEM.finditer(text))
    start = items[0].start() if items else len(text)
    head = _HEAD.fullmatch(text[:start])
    if head is None or not (items or head["target"]):
        raise ValueError(f"no domain definition, such as T1024-D1: 1-193: {text[:60]!r}")
    target = head["target"] or target
    domains, place = [], start
    for item in items:
        if text[place : item.start()].strip(" \t,;|"):
            raise ValueError(f"text that belongs to no domain: {text[place : item.start()].strip()[:40]!r}")
        place = item.end()
        target = item["target"] or target
        if target is None:
            raise ValueError(f"{item['domain']} of which target? Write it as T1024-{item['domain']}")
        domains.append(Domain(target, item["domain"].upper(), _ranges(item["ranges"])))
    if text[place:].strip(" \t,;|."):
        raise ValueError(f"text that belongs to no domain: {text[place:].strip()[:40]!r}")
    if head["length"] is not None:
        _check_length(domains, int(head["length"]))
    return target, domains


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    ranges = []
    for part in re.split(r"[,;+&]", text):
        edges = _EDGES.fullmatch(part)
        if edges is None or len(part) > 40:
            raise ValueError(f"not a range of residues: {part[:40]!r}")
        first = int(edges[1])
        last = first if edges[2] is None else int(edges[2])
        if not -LARGEST_NUMBER <= first <= last <= LARGEST_NUMBER:
            raise ValueError(f"a range runs from its first residue to its last: {part.strip()!r}")
        ranges.append((first, last))
    ranges.sort()
    for (_, last), (first, _) in pairwise(ranges):
        if first <= last:
            raise ValueError(f"two ranges of a domain hold residue {first}")
    return tuple(ranges)


def _check_length(domains: list[Domain], length: int) -> None:
    for domain in domains:
        if domain.ranges[0][0] < 1 or domain.ranges[-1][1] > length:
            raise ValueError(f"{domain} lies outside the {length} residues of the target")


def _add(domains: dict[str, Domain], domain: Domain) -> None:
    """Put a domain beside the others of its target."""
    if domain.name in domains:
        raise ValueError(f"{domain.target}-{domain.name} is defined twice")
    if domain.name != _WHOLE_CHAIN:
        for other in domains.values():
            shared = domain.residues & other.residues
            if other.name != _WHOLE_CHAIN and shared:
                raise ValueError(
                    f"{domain.target}: {other.name} and {domain.name} both hold residue {min(shared)}"
                )
    domains[domain.name] = domain
