"""Finds predicted structures in files and folders, and what their programs say about them.

| written by | names | what else is read |
|---|---|---|
| CASP groups | `T1049TS427_1`, `T1049_TS427_1.pdb.gz`, `T1049TS427_1-D1`, also in `T1049/`; `T1049RR427_1`, `T1049QA427_1` | |
| ColabFold, `sciml predict` | `ID_(un)relaxed_rank_001_MODEL_seed_000.pdb` | `ID_scores_rank_….json`, `ID_distogram_rank_….npz` |
| ColabFold before 1.4 | `ID_(un)relaxed_rank_1_model_3.pdb`, `…_model_3_rank_1.pdb` | `ID_unrelaxed_rank_1_model_3_scores.json`, `ID_predicted_aligned_error_v1.json` |
| AlphaFold 3, its server | `NAME_model.cif`, `fold_NAME_model_0.cif` | see `alphafold3_files.py` |
| AlphaFold 2 | `ranked_0.pdb` in a folder named after the target | `ranking_debug.json`, `pae_MODEL.json`, `confidence_MODEL.json` |
| AlphaFold database | `AF-P12345-F1-model_v4.pdb` or `.cif` | `AF-P12345-F1-predicted_aligned_error_v4.json`, `…-confidence_v4.json` |
| anybody | `NAME.pdb`, `.ent`, `.cif`, `.mmcif`, `.ts`, `.rr`, `.qa`; PFRMAT TS, RR or QA, or a list of contacts without it, in any file without ending or in `.txt` | |

All may be gzip. Of one prediction in several forms one is taken: relaxed before unrelaxed, PDB before mmCIF.
What zstd compressed is found too where nothing else is, so that its reader can say that it must be unpacked.
Result pickles of AlphaFold are never opened. Folders of templates and alignments are passed by.
"""  # noqa: E501  # a table

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sciml.data.alphafold3_files import describe_alphafold3, is_sample_folder, rank_samples
from sciml.data.casp_contact_list import is_contact_list
from sciml.data.casp_names import CASP_KINDS, casp_named
from sciml.data.predicted_file import Kind, PredictedFile, file_beside
from sciml.data.prediction_evidence import read_json
from sciml.data.textfile import read_lines
from sciml.errors import InputError

_STRUCTURE_ENDINGS = (".pdb", ".ent", ".cif", ".mmcif", ".pdb1", ".ts")
_LIST_ENDINGS: dict[str, Kind] = {".rr": "contacts", ".qa": "estimates"}
_NAMED_ENDINGS = (*_STRUCTURE_ENDINGS, *_LIST_ENDINGS)
_ARCHIVES = (".zip", ".tar", ".tgz", ".7z")
_MAX_FILES = 500_000
_SKIPPED_FOLDERS = re.compile(r"\..*|msas|templates.*|.*_env|__MACOSX")
_NUMBER = re.compile(r"(\d+)")

_RANKED = re.compile(
    r"(?P<id>.+)_(?P<state>unrelaxed|relaxed)_(?P<tag>rank_(?P<rank>\d{1,6})_(?P<model>.+?)(?:_seed_(?P<seed>\d+))?)"
)
_RANKED_LAST = re.compile(
    r"(?P<id>.+)_(?P<state>unrelaxed|relaxed)_(?P<tag>(?P<model>model_\d.*)_rank_(?P<rank>\d{1,6}))"
)
_RANKED_PLAIN = re.compile(r"(?P<id>.+)_(?P<tag>rank_(?P<rank>\d{1,6})_(?P<model>(?:model_|alphafold2).+))")
_STATES = ("unrelaxed_", "relaxed_", "")
_RECYCLE = re.compile(r".+_(?:model_\d.*|seed_\d+)\.r\d+")  # ColabFold's --save-recycles
_ALPHAFOLD = re.compile(r"ranked_(?P<rank>\d{1,4})")
_ALPHAFOLD_MODEL = re.compile(r"(?P<state>relaxed|unrelaxed)_(?P<model>model_\d.*)")
_OWN_CASP = re.compile(r".+(TS_models|RR_contacts|QA_estimates)\.txt")  # of `sciml predict --casp`
_DATABASE = re.compile(r"AF-(?P<id>[A-Za-z0-9]+(?:-\d+)?)-F(?P<fragment>\d+)-model_(?P<version>v\d+)")


def find_predictions(path: str | os.PathLike[str]) -> tuple[PredictedFile, ...]:
    """The predictions in a file or a folder and its sub-folders, by the table of the module.

    Args:
        path: a file, which is taken whatever its name, or a folder.

    Returns:
        In the order of names, numbers in names by their value.

    Raises:
        InputError: there is nothing at the path, it cannot be read, or the folder holds no prediction.
    """
    root = Path(path)
    if root.is_file() and root.suffix.lower() in _ARCHIVES:
        raise InputError("an archive: unpack it and give the folder", file=str(root))
    if root.is_file():
        beside = frozenset(entry.name for entry in root.parent.iterdir())
        one = _described(root, root.parent, beside)
        return (one or PredictedFile(root, target_id=_stem(root.name)),)
    if not root.is_dir():
        raise InputError("no such file or folder of predictions", file=str(root))
    predictions: list[PredictedFile] = []
    for folder, names in _folders(root):
        predictions += _in_folder(folder, names, root)
    predictions = rank_samples(predictions)
    if not predictions:
        endings = ", ".join(_NAMED_ENDINGS)
        raise InputError(f"no prediction in this folder: no {endings}, no CASP name", file=str(root))
    return tuple(predictions)


def _folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders with the names of their files; links to folders are not followed."""

    def fail(error: OSError) -> None:
        raise InputError(f"cannot be read: {error.strerror}", file=error.filename)

    count = 0
    for folder, below, names in os.walk(root, onerror=fail):
        below[:] = sorted((name for name in below if not _SKIPPED_FOLDERS.fullmatch(name)), key=_natural)
        count += len(names)
        if count > _MAX_FILES:
            raise InputError(f"more than {_MAX_FILES:,} files", file=str(root))
        yield Path(folder), sorted((name for name in names if not name.startswith(".")), key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts numbers inside names by their value."""
    return [
        (int(part), "") if part.isdecimal() and len(part) < 19 else (-1, part) for part in _NUMBER.split(name)
    ]


def _in_folder(folder: Path, names: Sequence[str], root: Path) -> list[PredictedFile]:
    """The predictions of one folder, each once."""
    present = frozenset(names)
    has_provenance = any(name.endswith("_provenance.json") for name in names)
    has_ranked = any(_ALPHAFOLD.fullmatch(_stem(name)) for name in names)
    best: dict[tuple[str | None, ...], tuple[int, PredictedFile]] = {}
    dropped: dict[tuple[str | None, ...], list[str]] = {}
    for name in names:
        if has_ranked and _ALPHAFOLD_MODEL.fullmatch(_stem(name)):
            continue
        if has_provenance and _OWN_CASP.fullmatch(name):
            continue  # the same predictions once more
        unpacked = name.removesuffix(".zst")
        if unpacked != name and (unpacked in present or _ending(unpacked) not in _NAMED_ENDINGS):
            continue
        one = _described(folder / unpacked, root, present)
        if one is None:
            continue
        one = replace(one, path=folder / name)
        key = one.kind, _without_state(_stem(unpacked))
        preference = _preference(name)
        if key not in best:
            best[key] = preference, one
            continue
        loser = name
        if preference < best[key][0]:
            loser, best[key] = best[key][1].path.name, (preference, one)
        dropped.setdefault(key, []).append(loser)
    return [
        replace(one, notes=(*one.notes, f"taken for {', '.join(dropped[key])} too"))
        if key in dropped
        else one
        for key, (_, one) in best.items()
    ]


def _without_state(stem: str) -> str:
    ranked = _RANKED.fullmatch(stem) or _RANKED_LAST.fullmatch(stem)
    return f"{ranked['id']}_{ranked['tag']}" if ranked else stem


def _preference(name: str) -> int:
    """Smaller is taken: what can be read, relaxed before unrelaxed, PDB before mmCIF, plain before gzip."""
    lower = name.lower()
    is_mmcif = ".cif" in lower or ".mmcif" in lower
    return 8 * lower.endswith(".zst") + 4 * ("_unrelaxed_" in lower) + 2 * is_mmcif + lower.endswith(".gz")


def _described(path: Path, root: Path, present: frozenset[str]) -> PredictedFile | None:
    """What the name of a file says; None if it is no prediction."""
    stem, ending = _stem(path.name), _ending(path.name)
    folders = path.parent.relative_to(root).parts
    casp = casp_named(path, stem)
    if casp and (ending in ("", *_NAMED_ENDINGS, ".txt") or ending[1:].isdigit()):
        return casp
    if ending in _LIST_ENDINGS:
        group = _method(folders, stem)
        return PredictedFile(path, _LIST_ENDINGS[ending], target_id=stem, group=group)
    if ending in ("", ".txt"):
        kind = _casp_kind(path)
        return None if kind is None else PredictedFile(path, kind, "casp", stem, _method(folders, stem))
    if ending not in _STRUCTURE_ENDINGS or _RECYCLE.fullmatch(stem):
        return None
    for pattern, describe in (
        (_RANKED, _ranked_file),
        (_RANKED_LAST, _ranked_file),
        (_RANKED_PLAIN, _ranked_file),
        (_ALPHAFOLD, _alphafold_file),
        (_ALPHAFOLD_MODEL, _alphafold_file),
        (_DATABASE, _database_file),
    ):
        match = pattern.fullmatch(stem)
        if match:
            one = describe(path, match, present)
            return replace(one, group=_method(folders, one.target_id or ""))
    third = describe_alphafold3(path, stem, present) if ending == ".cif" else None
    if third is not None:
        own = folders[:-1] if is_sample_folder(path.parent.name) else folders
        return replace(third, group=_method(own, third.target_id or ""))
    return PredictedFile(path, target_id=stem, group=_method(folders, stem))


def _method(folders: Sequence[str], target: str) -> str | None:
    """Folders between the one that was searched and the file, without those named after the target."""
    name = target.casefold()
    own = [
        folder
        for folder in folders
        if not (name.startswith(folder.casefold()) and not name[len(folder) :][:1].isalnum())
    ]
    return "/".join(own) or None


def _casp_kind(path: Path) -> Kind | None:
    """What the first lines of a file without a telling name say; None if it is no CASP file."""
    try:
        first = next((line.split() for line in read_lines(path) if line.strip()), [])
        if first[:1] != ["PFRMAT"]:
            return "contacts" if is_contact_list(read_lines(path)) else None
    except InputError:
        return None
    return CASP_KINDS.get(first[1]) if len(first) > 1 else None


def _ranked_file(path: Path, match: re.Match[str], present: frozenset[str]) -> PredictedFile:
    record, tag = match["id"], match["tag"]
    names = (f"{record}_scores_{tag}.json", *(f"{record}_{state}{tag}_scores.json" for state in _STATES))
    scores = file_beside(path, present, *names)
    first = file_beside(path, present, f"{record}_predicted_aligned_error_v1.json")  # of rank 1 only
    is_own = f"{record}_provenance.json" in present
    return PredictedFile(
        path,
        source="sciml" if is_own else "colabfold",
        target_id=record,
        rank=int(match["rank"]),
        model_name=match["model"].partition("_seed_")[0],
        scores_path=scores,
        pae_path=first if int(match["rank"]) == 1 else None,
        distogram_path=file_beside(path, present, f"{record}_distogram_{tag}.npz"),
        notes=() if scores else (f"{names[0]} is not there: no pTM or aligned errors of its own",),
    )


def _alphafold_file(path: Path, match: re.Match[str], present: frozenset[str]) -> PredictedFile:
    """`ranked_N.pdb`: its network stands at place N of the order in `ranking_debug.json`."""
    order: list[str] = []
    notes: list[str] = []
    if "ranking_debug.json" in present:
        values = read_json(path.with_name("ranking_debug.json")).get("order")
        order = [str(name) for name in values] if isinstance(values, list) else []
    rank: int | None
    if "rank" in match.groupdict():
        rank = int(match["rank"])
        model = order[rank] if rank < len(order) else None
    else:
        model = match["model"]
        rank = order.index(model) if model in order else None
    if any(name.startswith("result_") and name.endswith(".pkl") for name in present):
        notes.append("result pickles are not opened: pTM and distogram are not read")
    scores = file_beside(path, present, f"confidence_{model}.json")
    pae = file_beside(path, present, f"pae_{model}.json")
    if pae is None:
        name = "ranking_debug.json" if model is None else f"pae_{model}.json"
        notes.append(f"{name} is not there: no aligned errors")
    return PredictedFile(
        path,
        source="alphafold",
        target_id=path.resolve().parent.name or None,
        rank=None if rank is None else rank + 1,
        model_name=model,
        scores_path=scores,
        pae_path=pae,
        notes=tuple(notes),
    )


def _database_file(path: Path, match: re.Match[str], present: frozenset[str]) -> PredictedFile:
    start, version = f"AF-{match['id']}-F{match['fragment']}", match["version"]
    fragment = "" if match["fragment"] == "1" else f"-F{match['fragment']}"
    name = f"{start}-predicted_aligned_error_{version}.json"
    pae = file_beside(path, present, name)
    return PredictedFile(
        path,
        source="afdb",
        target_id=match["id"] + fragment,
        scores_path=file_beside(path, present, f"{start}-confidence_{version}.json"),
        pae_path=pae,
        notes=() if pae else (f"{name} is not there: no aligned errors",),
    )


def _ending(name: str) -> str:
    """Last ending below .gz, in small letters."""
    return Path(name.lower().removesuffix(".gz")).suffix


def _stem(name: str) -> str:
    """The name without .gz and without an ending that is known."""
    plain = name[:-3] if name.lower().endswith(".gz") else name
    ending = _ending(name)
    is_known = ending in (*_NAMED_ENDINGS, ".txt")
    return plain[: -len(ending)] if is_known and ending else plain
