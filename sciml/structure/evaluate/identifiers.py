"""Which target a model belongs to, from names alone.

A name points to a target if it is the target's own (case does not matter), or begins with it and goes on with
a sign that no target name contains there: `T1049TS427_1`, `T1049_model_1`, `T1049-D1`, `1abc_A.rank_1`. The
longest such target counts, so that `T1046s1_…` is not one of `T1046`. A name that several targets begin with,
as `1abc` does for natives `1abc_A` and `1abc_B`, is ambiguous. Natives `T1024-D1` and `T1024-D2` are domains
of `T1024`: a name that points to this points to both.
"""

import re
from collections.abc import Iterable, Sequence

from sciml.errors import InputError

_ENDINGS = re.compile(
    r"(\.(gz|zst|pdb|ent|cif|mmcif|pdb1|pdbx|ts|txt|fasta|fa|npz|json|rr|qa))+$", re.IGNORECASE
)
_CASP_TAIL = re.compile(r"(TS|QA|RR|LG)\d", re.IGNORECASE)
_DOMAIN = re.compile(r"(?P<whole>.+)[-_]D\d{1,3}", re.IGNORECASE)
_SHOWN = 8


def stem(file_name: str) -> str:
    """A file's name without its folders and the endings of structure files."""
    base = re.split(r"[/\\]", file_name)[-1]
    return _ENDINGS.sub("", base) or base


def find_target(names: Iterable[str], targets: Sequence[str], *, file: str | None = None) -> str | None:
    """The target that the first telling name points to.

    Args:
        names: what a model is called, the surest first: its TARGET record, its file's name, its folder's.
        targets: names of all targets.
        file: for the message.

    Returns:
        A target, or None if no name points to any.

    Raises:
        InputError: a name points to several targets, none longer than the others.
    """
    for name in names:
        found = pointed_targets(name, targets)
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(sorted(found)[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
            rule = f"the name {name!r} fits {len(found)} targets: {shown}. Name the file after one of them"
            raise InputError(rule, file=file)
    return None


def target_families(targets: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What a name may point to: each target, and by the name of a whole target it and its domains.

    Args:
        targets: names of all targets.

    Returns:
        `{"T1024-D1": ("T1024-D1",), "T1024": ("T1024-D1",)}` for one domain.
    """
    families = {target: [target] for target in targets}
    folded = {target.casefold(): target for target in targets}
    for target in targets:
        domain = _DOMAIN.fullmatch(target)
        if domain:
            whole = folded.setdefault(domain["whole"].casefold(), domain["whole"])
            families.setdefault(whole, []).append(target)
    return {name: tuple(members) for name, members in families.items()}


def pointed_targets(name: str, targets: Sequence[str]) -> list[str]:
    """Targets that a name points to: the equal one, else the longest beginning, else those it begins."""
    exact = [target for target in targets if target == name]
    folded = name.casefold()
    exact = exact or [target for target in targets if target.casefold() == folded]
    if exact:
        return exact
    beginning = [target for target in targets if target and _begins(folded, target.casefold())]
    if beginning:
        longest = max(map(len, beginning))
        return [target for target in beginning if len(target) == longest]
    return [target for target in targets if folded and _begins(target.casefold(), folded)]


def _begins(name: str, start: str) -> bool:
    """Whether a name is another with something after it that cannot belong to the other."""
    if not name.startswith(start):
        return False
    rest = name[len(start) :]
    return not rest[0].isalnum() if rest and not _CASP_TAIL.match(rest) else bool(rest)
