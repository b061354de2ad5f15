"""Scores of the models of one target: matched, batched, on the whole target and on each of its domains.

A model that cannot be matched becomes a failed record with its reason; the others are scored. Models that are
laid over the same chains of the target are one batch, whatever their order in the input.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sciml.data.casp_rr import ContactPrediction
from sciml.data.protein_atoms import ProteinAtoms
from sciml.errors import InputError
from sciml.structure.evaluate.batch import CA, Batch, Evidence, LddtSettings
from sciml.structure.evaluate.catalogue import FAMILIES
from sciml.structure.evaluate.contact_lists import PlacedContacts, place_contacts
from sciml.structure.evaluate.details import model_details, residue_rows
from sciml.structure.evaluate.families import compute
from sciml.structure.evaluate.matching import Matched, MatchError
from sciml.structure.evaluate.matching_ways import MatchBy, match_model
from sciml.structure.evaluate.records import ModelDetails, ModelScores, TargetResult

_MOST_ATOMS_AT_ONCE = 400_000  # of one batch: models times residues times 37


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model that was read, or the reason why it could not be."""

    group: str
    """Who predicted."""
    model: int
    """Number within the group, from 1."""
    file: str
    """Where it was read from."""
    atoms: ProteinAtoms | None = None
    """Its chains; None for a list of contacts and for what could not be read."""
    contacts: ContactPrediction | None = None
    """Pairs by residue number of an RR file; scored by contacts alone."""
    reason: str = ""
    """Why it could not be read."""
    notes: tuple[str, ...] = ()
    """What reading it left out."""
    evidence: Evidence = field(default_factory=Evidence)
    """What it says of itself, over the model's residues."""


@dataclass(frozen=True)
class ScoreSettings:
    """What is computed and how residues are matched."""

    families: tuple[str, ...] = FAMILIES
    """Families of `catalogue.py`."""
    match: MatchBy = "auto"
    """`number`, `alignment` or `structure` (the residues that TM-align pairs, whatever the sequences) to
    allow one way only; `auto` for numbers where the sequences agree, else alignment, else structure if that
    shows one fold."""
    lddt: LddtSettings = field(default_factory=LddtSettings)
    """Inclusion radius and thresholds of both lDDT scores."""


def score_target(
    name: str,
    target: ProteinAtoms,
    models: Sequence[LoadedModel],
    *,
    domains: Mapping[str, Collection[int]] | None = None,
    ranges: Mapping[str, str] | None = None,
    settings: ScoreSettings | None = None,
) -> TargetResult:
    """Score all models of one target.

    Args:
        name: of the target.
        target: its chains.
        models: read models, or the reasons why they could not be read.
        domains: residue numbers of each domain; scores of the whole target come first in any case.
        ranges: how each domain is printed, as `1-193`.
        settings: scores and matching.

    Returns:
        A record for each model on the whole target and on each domain, in the order of the models; a model
        that cannot be matched has one failed record for each.

    Raises:
        InputError: the target has no Cα, or a domain no residue of it.
    """
    settings = settings or ScoreSettings()
    domains = domains or {}
    _check(name, target, domains)
    records: dict[tuple[int, str], ModelScores] = {}
    matched: dict[int, Matched] = {}
    for index, model in enumerate(models):
        try:
            if model.contacts is not None:
                by = "auto" if settings.match == "structure" else settings.match
                placed = place_contacts(model.contacts, target, by)
                for unit, numbers in (("", None), *domains.items()):
                    records[index, unit] = _contact_record(name, unit, model, placed, numbers)
            else:
                if model.atoms is None:
                    raise MatchError(model.reason or "it could not be read")
                matched[index] = match_model(model.atoms, target, settings.match)
        except InputError as error:
            for unit in ("", *domains):
                records[index, unit] = _failed(name, unit, model, error.rule)
    details: dict[int, ModelDetails] = {}
    rows = residue_rows(target)
    for unit, residues in (("", None), *domains.items()):
        for whole, everybody in _batches(matched, models, residues, settings.lddt):
            for indices, batch, figures in _scored(whole, everybody, settings.families):
                if isinstance(figures, ValueError):
                    records[indices[0], unit] = _failed(name, unit, models[indices[0]], str(figures))
                    continue
                for index, values in zip(indices, figures, strict=True):
                    records[index, unit] = _record(name, unit, models[index], matched[index], values)
                if unit == "":
                    arrays = model_details(
                        batch,
                        [models[i] for i in indices],
                        [matched[i] for i in indices],
                        rows,
                        all_atoms="lddt" in settings.families,
                    )
                    details |= dict(zip(indices, arrays, strict=True))
        for index in matched.keys() - {index for index, done in records if done == unit}:
            reason = f"the chain that the model was laid over has no residue of {unit}"
            records[index, unit] = _failed(name, unit, models[index], reason)
    return TargetResult(
        target=name,
        sequence=target.sequence,
        numbers=tuple(int(number) for number in target.residue_index),
        ca=np.where(target.mask[:, CA, None] >= 0.5, target.positions[:, CA].astype(np.float64), np.nan),
        domains=tuple((domain, (ranges or {}).get(domain, "")) for domain in domains),
        records=tuple(records[index, unit] for unit in ("", *domains) for index in range(len(models))),
        details=tuple(details[index] for index in sorted(details)),
    )


def _scored(
    indices: list[int], batch: Batch, families: Sequence[str]
) -> Iterator[tuple[list[int], Batch, list[dict[str, float]] | ValueError]]:
    """The figures of a batch; where a score refuses a model, each alone, and that one with the reason."""
    figures: list[dict[str, float]] | ValueError
    try:
        figures = compute(batch, families)
        _ = batch.superposed_ca, batch.lddt_ca  # for pictures; they may refuse a model too
    except ValueError as error:
        figures = error
    if isinstance(figures, ValueError) and len(indices) > 1:
        for place, index in enumerate(indices):
            yield from _scored([index], batch.only(place), families)
    else:
        yield indices, batch, figures


def _check(name: str, target: ProteinAtoms, domains: Mapping[str, Collection[int]]) -> None:
    known = set(target.residue_index[target.mask[:, CA] >= 0.5].tolist())
    if not known:
        raise InputError("the target has no Cα atom to compare with", record=name)
    for domain, residues in domains.items():
        if not known & set(residues):
            ends = f"{min(residues)} to {max(residues)}" if residues else "none"
            rule = f"domain {domain} has residues {ends}, of which the target has none"
            raise InputError(rule, record=name)


def _batches(
    matched: Mapping[int, Matched],
    models: Sequence[LoadedModel],
    residues: Collection[int] | None,
    lddt_settings: LddtSettings,
) -> Iterator[tuple[list[int], Batch]]:
    """Models over the same chains of the target together, cut to a domain."""
    together: dict[str, list[int]] = {}
    for index, one in sorted(matched.items()):
        together.setdefault(",".join(sorted(set(one.target.chain_ids))), []).append(index)
    for indices in together.values():
        target = matched[indices[0]].target
        chosen = np.arange(len(target.aatype))
        if residues is not None:
            chosen = np.flatnonzero(np.isin(target.residue_index, list(residues)))
        if not (target.mask[chosen, CA] >= 0.5).any():
            continue
        step = max(1, _MOST_ATOMS_AT_ONCE // (len(chosen) * target.mask.shape[1]))
        for start in range(0, len(indices), step):
            part = indices[start : start + step]
            yield (
                part,
                Batch.of(
                    [_cut(matched[index], chosen) for index in part],
                    [_laid(models[index].evidence, matched[index].model_index[chosen]) for index in part],
                    [_own_chains(models[index], matched[index]) for index in part],
                    lddt_settings,
                ),
            )


def _own_chains(model: LoadedModel, one: Matched) -> ProteinAtoms:
    """The chains of a model that were laid over the target, whole."""
    assert model.atoms is not None
    names = set(one.model_chain.split(","))
    rows = [row for row, chain in enumerate(model.atoms.chain_ids) if chain in names]
    return model.atoms.select(np.array(rows, np.int64)) if rows else model.atoms


def _cut(one: Matched, chosen: NDArray[np.int64]) -> Matched:
    """The chosen residues of a match."""
    return replace(
        one,
        target=one.target.select(chosen),
        positions=one.positions[chosen],
        mask=one.mask[chosen],
        aatype=one.aatype[chosen],
        b_factors=one.b_factors[chosen],
        model_index=one.model_index[chosen],
    )


def _laid(evidence: Evidence, model_index: NDArray[np.int64]) -> Evidence:
    """Evidence over the model's residues as evidence over the target's; NaN where the model has none."""
    absent = model_index < 0

    def lay(array: NDArray | None, axes: int) -> NDArray[np.float64] | None:
        if array is None:
            return None
        laid = np.asarray(array, np.float64)
        for axis in range(axes):
            laid = np.take(laid, model_index, axis=axis)
        laid[absent] = np.nan
        if axes == 2:
            laid[:, absent] = np.nan
        return laid

    return replace(
        evidence,
        plddt=lay(evidence.plddt, 1),
        pae=lay(evidence.pae, 2),
        distogram=lay(evidence.distogram, 2),
    )


def _record(
    name: str, unit: str, model: LoadedModel, one: Matched, values: Mapping[str, float]
) -> ModelScores:
    return ModelScores(
        target=name,
        domain=unit,
        group=model.group,
        model=model.model,
        file=model.file,
        values=values,
        matched_by=one.matched_by,
        model_chain=one.model_chain,
        identity=one.identity,
        notes=(*model.notes, *one.notes),
    )


def _contact_record(
    name: str, unit: str, model: LoadedModel, placed: PlacedContacts, residues: Collection[int] | None
) -> ModelScores:
    """A list of contacts against the target or a domain."""
    return ModelScores(
        name,
        unit,
        model.group,
        model.model,
        model.file,
        values=placed.scores(residues),
        matched_by=placed.matched_by,
        identity=placed.identity,
        notes=(*model.notes, *placed.notes),
    )


def _failed(name: str, unit: str, model: LoadedModel, reason: str) -> ModelScores:
    return ModelScores(
        name, unit, model.group, model.model, model.file, "failed", reason, notes=tuple(model.notes)
    )
