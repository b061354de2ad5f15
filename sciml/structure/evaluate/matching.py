"""Lays the atoms of a model over the residues of its target.

What is done, and said in the notes of the result:

- One chain of the model and one of the target: by residue number if the sequences agree, else by alignment
  (`chain_pairs.py`).
- Several chains: pairs of chains are taken from the most identical residues downwards, each chain once; of
  equals the pair with the same identifier, then the earliest. Equal chains of a homo-oligomer are therefore
  told apart by identifier, not by place in space. A model of one chain is laid over the target's chain that
  fits best and that chain is the target; if the model has several chains, those of the target without a
  partner are missing.
- A residue of another type than the target's keeps N, CA, C, O and CB only; so does one of unknown type (X).
- A domain is a set of the target's residue numbers; the residues are matched before it is cut out.
- Nothing is superposed, and atoms of symmetric side chains keep their names: the scores deal with both.
- Of an NMR ensemble the caller chooses the model; the first is the reference unless somebody says otherwise.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_INDEX, ATOM_TYPES, UNKNOWN_INDEX, atom37_mask
from sciml.errors import InputError
from sciml.structure.evaluate.chain_pairs import (
    MIN_ASKED_IDENTITY,
    MIN_IDENTITY,
    MIN_NUMBER_IDENTITY,
    MIN_SHARE,
    By,
    ChainPair,
    differing,
    pair_chains,
)

Integers = NDArray[np.int64]
Array = NDArray[np.float64]

_SHARED_ATOMS = [ATOM_INDEX[name] for name in ("N", "CA", "C", "O", "CB")]
_CA = ATOM_INDEX["CA"]
_SHOWN = 5  # differing residues that a note names


class MatchError(InputError):
    """A model whose residues are not those of the target: another protein, chain or domain."""


@dataclass(frozen=True, eq=False)
class Matched:
    """A model's atoms over the residues of its target."""

    target: ProteinAtoms
    """The chains, cut to the domain, that the model is compared with."""
    positions: Array
    """(res, 37, 3), Å, of the model; 0 where the mask is 0."""
    mask: Array
    """(res, 37), 1 where the model has the atom and it may be compared."""
    aatype: Integers
    """(res,), the model's residue types; X (20) where it has no residue."""
    b_factors: Array
    """(res,), of the model's Cα (of its first atom where there is none); NaN where it has no residue."""
    model_index: Integers
    """(res,), index of the model's residue, from 0 over all its chains; -1 where it has none."""
    matched_by: str
    """`number` or `alignment`; alignment if any pair of chains was matched so."""
    model_chain: str
    """Identifiers of the model's chains, in the order of the target's, joined with commas."""
    target_chain: str
    """Identifiers of the target's chains, likewise; a chain without a partner is left out."""
    identity: float
    """Share of equal types among the matched residues of known type, before the domain is cut out; NaN if
    there is none."""
    coverage: float
    """Share of the residues of `target` that the model has."""
    notes: tuple[str, ...] = ()
    """What was chosen or found on the way, a sentence each."""


@dataclass(frozen=True, eq=False)
class _Chain:
    name: str
    residues: Integers
    atoms: ProteinAtoms


def match_residues(
    model: ProteinAtoms,
    target: ProteinAtoms,
    *,
    residues: Collection[int] | None = None,
    by: By = "auto",
) -> Matched:
    """Match the residues of a model with those of its target; the module says how.

    Args:
        model: one or more chains.
        target: one or more chains.
        residues: residue numbers of the target, a domain; all when None.
        by: `number` or `alignment` to allow one way only (`number` for other sequences too, unless they are
            shifted); `auto` for numbers where the sequences agree.

    Raises:
        MatchError: no pair of chains has enough in common (with what the best has), or the target has no
            residue of the domain.
    """
    ours, theirs = _chains(model), _chains(target)
    if not ours or not theirs:
        raise MatchError(f"the {'target' if ours else 'model'} has no residue")
    pairs = _choose(ours, theirs, by)
    kept = theirs if len(ours) > 1 else [theirs[place] for _, place in pairs]
    rows = np.concatenate([chain.residues for chain in kept])
    place_of = np.full(len(target.aatype), -1, np.int64)
    place_of[rows] = np.arange(len(rows))
    model_index = np.full(len(rows), -1, np.int64)
    for (left, right), pair in pairs.items():
        model_index[place_of[theirs[right].residues[pair.target]]] = ours[left].residues[pair.model]
    chosen = np.arange(len(rows)) if residues is None else _domain(target, rows, residues)
    return _matched(
        model,
        target.select(rows[chosen]),
        model_index[chosen],
        pairs,
        (ours, theirs),
        _notes(ours, theirs, kept, pairs),
    )


def _chains(atoms: ProteinAtoms) -> list[_Chain]:
    """The chains in the order of their first residues; runs of one identifier are one chain."""
    rows: dict[str, list[int]] = {}
    for chain, start, stop in atoms.chain_spans():
        rows.setdefault(chain, []).extend(range(start, stop))
    arrays = {chain: np.array(own, np.int64) for chain, own in rows.items()}
    return [_Chain(chain, own, atoms.select(own)) for chain, own in arrays.items()]


def _choose(ours: list[_Chain], theirs: list[_Chain], by: By) -> dict[tuple[int, int], ChainPair]:
    """Pairs of chains, the most identical first, each chain once; in the order of the target's chains."""
    found: dict[tuple[int, int], ChainPair] = {}
    known: dict[tuple[bytes, ...], ChainPair] = {}
    is_complex = len(ours) > 1 and len(theirs) > 1
    for left, ours_one in enumerate(ours):
        for right, theirs_one in enumerate(theirs):
            key = _content(ours_one), _content(theirs_one)
            if key not in known:
                known[key] = pair_chains(ours_one.atoms, theirs_one.atoms, by, skip_unlike=is_complex)
            found[left, right] = known[key]
    believed = [place for place, pair in found.items() if pair.is_believed(by)]
    if not believed:
        _refuse(ours, theirs, found, by)
    believed.sort(
        key=lambda at: (
            -found[at].identical,
            -len(found[at].model),
            ours[at[0]].name != theirs[at[1]].name,
            at,
        )
    )
    taken: dict[tuple[int, int], ChainPair] = {}
    for left, right in believed:
        if all(left != other[0] and right != other[1] for other in taken):
            taken[left, right] = found[left, right]
    return dict(sorted(taken.items(), key=lambda item: item[0][1]))


def _content(chain: _Chain) -> bytes:
    """Equal for chains of equal residues, which are paired once."""
    codes = ",".join(chain.atoms.insertion_codes).encode()
    return chain.atoms.aatype.tobytes() + chain.atoms.residue_index.tobytes() + codes


def _refuse(
    ours: list[_Chain], theirs: list[_Chain], found: dict[tuple[int, int], ChainPair], by: By
) -> None:
    """Says why no pair of chains is believed, by the numbers of the best."""
    (left, right), best = max(found.items(), key=lambda item: (item[1].identical, len(item[1].model)))
    needed = {
        "number": "residues of the same numbers",
        "alignment": f"{MIN_ASKED_IDENTITY:.0%} identity over {MIN_SHARE:.0%} of the shorter chain",
        "auto": f"{MIN_NUMBER_IDENTITY:.0%} identity by number, or {MIN_IDENTITY:.0%} by alignment "
        f"over {MIN_SHARE:.0%} of the shorter chain",
    }[by]
    sizes = f"{len(ours[left].residues)} and {len(theirs[right].residues)} residues"
    raise MatchError(
        f"the model is not of this target: chain {ours[left].name} of the model and {theirs[right].name} of "
        f"the target ({sizes}) share {best.numbers()}; needed: {needed}"
    )


def _domain(target: ProteinAtoms, rows: Integers, residues: Collection[int]) -> Integers:
    """Places among `rows` of the residues of a domain."""
    wanted = np.array(sorted(residues), np.int64)
    chosen = np.flatnonzero(np.isin(target.residue_index[rows], wanted))
    if not len(chosen):
        ends = "no residue" if not len(wanted) else f"residues from {wanted[0]} to {wanted[-1]}"
        own = target.residue_index[rows]
        raise MatchError(f"the domain has {ends}, of which the target ({own.min()} to {own.max()}) has none")
    return chosen


def _matched(
    model: ProteinAtoms,
    target: ProteinAtoms,
    model_index: Integers,
    pairs: dict[tuple[int, int], ChainPair],
    chains: tuple[list[_Chain], list[_Chain]],
    notes: list[str],
) -> Matched:
    """The model's arrays in the order of the target's residues."""
    is_there = model_index >= 0
    own = model_index[is_there]
    residues = len(model_index)
    positions, mask = np.zeros((residues, len(ATOM_TYPES), 3)), np.zeros((residues, len(ATOM_TYPES)))
    aatype, b_factors = np.full(residues, UNKNOWN_INDEX, np.int64), np.full(residues, np.nan)
    aatype[is_there] = model.aatype[own]
    mask[is_there] = (model.mask[own] >= 0.5) & _comparable(model.aatype[own], target.aatype[is_there])
    positions[is_there] = model.positions[own] * mask[is_there][..., None]
    b_factors[is_there] = _residue_b_factors(model, own)
    known = sum(pair.identical / pair.identity for pair in pairs.values() if pair.identical)
    same = sum(pair.identical for pair in pairs.values())
    is_aligned = any(pair.by == "alignment" for pair in pairs.values())
    if not is_there.any():
        notes.append("the model has none of these residues")
    return Matched(
        target=target,
        positions=positions,
        mask=mask,
        aatype=aatype,
        b_factors=b_factors,
        model_index=model_index,
        matched_by="alignment" if is_aligned else "number",
        model_chain=",".join(chains[0][left].name for left, _ in pairs),
        target_chain=",".join(chains[1][right].name for _, right in pairs),
        identity=same / known if known else float("nan"),
        coverage=float(is_there.mean()),
        notes=tuple(notes),
    )


def _comparable(model_types: Integers, target_types: Integers) -> NDArray[np.bool_]:
    """(res, 37), atoms that may be compared: all of the residue, or those that all residues share."""
    atoms = atom37_mask()[target_types] > 0.5
    atoms[:, ATOM_INDEX["OXT"]] = True
    shared = np.zeros(len(ATOM_TYPES), bool)
    shared[_SHARED_ATOMS] = True
    is_same = (model_types == target_types) & (model_types != UNKNOWN_INDEX)
    return np.where(is_same[:, None], atoms, shared)


def _residue_b_factors(model: ProteinAtoms, rows: Integers) -> Array:
    mask = model.mask[rows] >= 0.5
    slot = np.where(mask[:, _CA], _CA, mask.argmax(axis=1))
    return model.b_factors[rows, slot].astype(np.float64)


def _notes(
    ours: list[_Chain],
    theirs: list[_Chain],
    kept: list[_Chain],
    pairs: dict[tuple[int, int], ChainPair],
) -> list[str]:
    notes = []
    if len(ours) > 1 or len(theirs) > 1:
        names = ", ".join(f"{ours[left].name} with {theirs[right].name}" for left, right in pairs)
        notes.append(f"chains of the model ({len(ours)}) and of the target ({len(theirs)}) matched: {names}")
    for (left, right), pair in pairs.items():
        where = f"chain {ours[left].name}: " if len(ours) > 1 else ""
        if pair.by == "alignment":
            offset = f"; numbers differ by {pair.offset:+d}" if pair.offset else ""
            notes.append(f"{where}matched by alignment of the sequences: {pair.numbers()}{offset}")
        elif np.isnan(pair.identity):
            notes.append(f"{where}matched by number alone: no residue has a known type in both")
        elif pair.identity < MIN_NUMBER_IDENTITY:
            notes.append(f"{where}matched by number as asked, though the sequences differ: {pair.numbers()}")
        others = differing(ours[left].atoms, theirs[right].atoms, pair)
        if others:
            more = ", …" if len(others) > _SHOWN else ""
            shown = ", ".join(others[:_SHOWN])
            notes.append(
                f"{where}{len(others)} residues of another type, side chains left out: {shown}{more}"
            )
        if pair.doubtful:
            notes.append(f"{where}{pair.doubtful} residues left out: their place contradicts their number")
        extra = len(ours[left].residues) - len(pair.model)
        if extra:
            notes.append(f"{where}{extra} residues of the model are not in the target")
    unmatched = [
        chain.name for place, chain in enumerate(theirs) if all(place != right for _, right in pairs)
    ]
    if len(kept) > len(pairs):
        notes.append(f"chains of the target without a partner: {', '.join(unmatched)}")
    return notes
