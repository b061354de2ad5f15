from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sciml.data.casp_header import CaspHeader
from sciml.data.casp_rr import ContactPrediction
from sciml.data.pdb import write_pdb
from sciml.data.protein_atoms import ProteinAtoms
from sciml.structure.evaluate.contact_lists import place_contacts
from sciml.structure.evaluate.matching import MatchError
from sciml.structure.evaluate.scoring import LoadedModel, ScoreSettings, score_target
from sciml.structure.scores.contacts import beta_positions
from tests.structure.evaluate.evaluation_case import chain, kept, run

SETTINGS = ScoreSettings(("contacts",))


def true_contacts(native: ProteinAtoms, sequence: str | None, **fields: object) -> ContactPrediction:
    """The contacts of a chain numbered from 1."""
    beta, _ = beta_positions(native.positions, native.mask, native.aatype)
    gap = np.linalg.norm(beta[:, None] - beta[None], axis=-1)
    first, second = np.nonzero(np.triu(gap <= 8, 6))
    pairs = np.stack([first, second], axis=1) + 1
    header = CaspHeader("T1", "1234-5678-9012", ("true",))
    made = ContactPrediction(header, pairs, np.full(len(pairs), 0.9), sequence=sequence)
    return replace(made, **fields)  # type: ignore[arg-type]  # any field


def recall(native: ProteinAtoms, contacts: ContactPrediction) -> tuple[str, float]:
    model = LoadedModel("g", 1, "T1RR001_1", contacts=contacts)
    record = score_target("T1", native, [model], settings=SETTINGS).records[0]
    values = [record.values.get(f"recall_{reach}_l", np.nan) for reach in ("short", "medium", "long")]
    return record.matched_by or record.status, float(np.nanmin(values))


def test_contacts_of_a_renumbered_target_are_placed_by_its_sequence() -> None:
    native = chain()
    contacts = true_contacts(native, native.sequence)
    part = kept(replace(native, residue_index=native.residue_index + 37), [*range(5, 41)])
    assert recall(native, contacts) == ("number", 1.0)
    by, found = recall(part, contacts)
    assert (by, found) == ("alignment", 1.0)
    placed = place_contacts(contacts, part)
    assert any("numbers differ by -37" in note for note in placed.notes)
    beside = set(map(tuple, (contacts.pairs + 37).tolist()))
    assert set(map(tuple, placed.pairs.tolist())) <= beside


def test_contacts_of_another_protein_are_refused() -> None:
    native, other = chain(0), chain(3)
    assert native.sequence != other.sequence
    contacts = true_contacts(other, other.sequence)
    with pytest.raises(MatchError, match="not of this target"):
        place_contacts(contacts, native)


def test_of_several_chains_the_one_of_the_sequence_is_taken() -> None:
    native, other = chain(0), chain(3)
    both = ProteinAtoms(
        np.concatenate([other.positions, native.positions]),
        np.concatenate([other.mask, native.mask]),
        np.concatenate([other.aatype, native.aatype]),
        np.concatenate([other.residue_index, native.residue_index]),
        ("A",) * len(other.aatype) + ("B",) * len(native.aatype),
        np.concatenate([other.b_factors, native.b_factors]),
    )
    placed = place_contacts(true_contacts(native, native.sequence), both)
    assert set(placed.target.chain_ids) == {"B"}
    assert recall(both, true_contacts(native, native.sequence))[1] == 1.0


def test_without_a_sequence_the_numbers_count_and_it_is_said() -> None:
    native = chain()
    contacts = true_contacts(native, None)
    placed = place_contacts(contacts, native)
    assert any("gives no sequence" in note for note in placed.notes)
    far = replace(native, residue_index=native.residue_index + 500)
    with pytest.raises(MatchError, match="no pair of the target's, 501 to 541"):
        place_contacts(contacts, far)


def test_a_bare_list_is_scored_and_its_notes_say_what_it_lacks(tmp_path: Path) -> None:
    native = chain()
    contacts = true_contacts(native, native.sequence)
    write_pdb(tmp_path / "T1.pdb", native)
    lines = [native.sequence, *(f"{i} {j} 0 8 0.9" for i, j in contacts.pairs.tolist()), ""]
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "T1.rr").write_text("\n".join(lines))
    found, _ = run(tmp_path / "models", tmp_path / "T1.pdb", families=("contacts",))
    (record,) = found.results[0].records
    recalls = [record.values[f"recall_{reach}_l"] for reach in ("short", "medium", "long")]
    assert np.nanmin(recalls) == 1.0
    assert record.notes[:2] == (
        "no PFRMAT RR: read as a list of contacts",
        "no END: nothing says whether the list is complete",
    )


def test_another_distance_than_8_is_said() -> None:
    native = chain()
    placed = place_contacts(true_contacts(native, native.sequence, contact_angstrom=12.0), native)
    assert "probabilities are of 12 Å, contacts are within 8 Å" in placed.notes
