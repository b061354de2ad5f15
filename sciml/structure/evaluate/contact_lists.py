"""Places a list of contacts (CASP's RR) on the residues of a target.

- A file that gives the sequence is matched as a model is: by number where the sequences agree, else by
  alignment; the list of another protein is refused. Of several chains of the target it takes the one that
  fits best.
- Without a sequence the numbers are taken at the file's word, which the notes say; a list with no residue of
  the target is refused.
- Probabilities of another distance than 8 Å are scored as they are, which the notes say.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.data.casp_rr import CONTACT_ANGSTROM, ContactPrediction
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import ATOM_TYPES, RESTYPES_WITH_X
from sciml.structure.evaluate.chain_pairs import By
from sciml.structure.evaluate.coordinate_families import listed_contacts
from sciml.structure.evaluate.matching import MatchError, match_residues

_Integers = NDArray[np.int64]
_Array = NDArray[np.float64]
_NOTE = "a list of contacts: nothing else is scored"


@dataclass(frozen=True, eq=False)
class PlacedContacts:
    """A list of contacts by the residue numbers of a target."""

    target: ProteinAtoms
    """The chain that it is about."""
    pairs: _Integers
    """(pair, 2), residue numbers of the target."""
    probabilities: _Array
    """(pair,), 0-1."""
    matched_by: str
    """`number` or `alignment`."""
    identity: float = float("nan")
    """Share of equal residue types; NaN where the file gives no sequence."""
    notes: tuple[str, ...] = ()
    """What was found on the way, a sentence each."""

    def scores(self, residues: Collection[int] | None = None) -> dict[str, float]:
        """Contact scores of the target, or of a domain given by its residue numbers."""
        target = self.target
        if residues is not None:
            target = target.select(np.flatnonzero(np.isin(target.residue_index, list(residues))))
        return listed_contacts(target, self.pairs, self.probabilities)


def place_contacts(contacts: ContactPrediction, target: ProteinAtoms, by: By = "auto") -> PlacedContacts:
    """Lay a list of contacts over a target, by the rules of the module.

    Args:
        contacts: pairs of residues of the predicted sequence.
        target: one or more chains.
        by: as in `match_residues`.

    Raises:
        MatchError: the list is of another protein.
    """
    notes = [_NOTE]
    if contacts.contact_angstrom != CONTACT_ANGSTROM:
        notes.append(f"probabilities are of {contacts.contact_angstrom:g} Å, contacts are within 8 Å")
    if contacts.sequence is None:
        return _by_word(contacts, target, notes)
    matched = match_residues(_chain_of(contacts.sequence), target, by=by)
    own = matched.target
    number_of = np.full(max(len(contacts.sequence), int(contacts.pairs.max())) + 1, -1, np.int64)
    there = matched.model_index >= 0
    is_placed = np.zeros(len(number_of), bool)
    number_of[matched.model_index[there] + 1] = own.residue_index[there]
    is_placed[matched.model_index[there] + 1] = True
    kept = is_placed[contacts.pairs].all(axis=1)
    if not kept.any():
        raise MatchError("no pair of the list lies in the target")
    return PlacedContacts(
        own,
        number_of[contacts.pairs[kept]],
        contacts.probabilities[kept],
        matched.matched_by,
        matched.identity,
        (*notes, *matched.notes),
    )


def _by_word(contacts: ContactPrediction, target: ProteinAtoms, notes: list[str]) -> PlacedContacts:
    """Without a sequence to compare."""
    known = np.isin(contacts.pairs, target.residue_index).all(axis=1)
    if not known.any():
        own = target.residue_index
        first, last = contacts.pairs.min(), contacts.pairs.max()
        span = f"{own.min()} to {own.max()}"
        raise MatchError(f"the list, of residues {first} to {last}, has no pair of the target's, {span}")
    whose = "" if contacts.header is None else f", of TARGET {contacts.header.target},"
    said = f"the file{whose} gives no sequence: numbers are taken at its word"
    return PlacedContacts(target, contacts.pairs, contacts.probabilities, "number", notes=(*notes, said))


def _chain_of(sequence: str) -> ProteinAtoms:
    """Residues without atoms, numbered from 1."""
    residues, atoms = len(sequence), len(ATOM_TYPES)
    return ProteinAtoms.of_one_chain(
        np.zeros((residues, atoms, 3), np.float32),
        np.zeros((residues, atoms), np.float32),
        np.array([RESTYPES_WITH_X.index(letter) for letter in sequence], np.int64),
        np.zeros(residues, np.float32),
    )
