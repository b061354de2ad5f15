from dataclasses import replace

import numpy as np
import pytest

from sciml.data.pdb import write_pdb
from sciml.data.residue_constants import RESIDUE_NAMES, UNKNOWN_INDEX
from sciml.structure.evaluate.matching import MatchError
from sciml.structure.evaluate.matching_ways import WARNING, match_model
from tests.structure.evaluate.evaluation_case import chain, run, shaken

NATIVE = chain()


def of_type(atoms, restype, shift=0):
    """The chain with one residue type throughout and shifted numbers; backbone and Cβ only."""
    mask = atoms.mask.copy()
    mask[:, 5:] = 0
    types = np.full_like(atoms.aatype, restype)
    return replace(atoms, aatype=types, mask=mask, residue_index=atoms.residue_index + shift)


def warnings(matched):
    return [note for note in matched.notes if note.startswith(WARNING)]


def test_numbers_without_a_sequence_count_with_a_warning():
    matched = match_model(of_type(shaken(NATIVE, 0.2), UNKNOWN_INDEX), NATIVE)
    assert matched.matched_by == "number"
    assert matched.model_index.tolist() == list(range(41))
    (warning,) = warnings(matched)
    assert "0 of 41 matched residues have a known type" in warning
    assert "shapes" not in warning


def test_shifted_numbers_without_a_sequence_are_scored_by_number_and_the_shift_is_named():
    matched = match_model(of_type(NATIVE, UNKNOWN_INDEX, 12), NATIVE)
    assert matched.matched_by == "number"
    assert matched.model_index[12:].tolist() == list(range(29))
    (warning,) = warnings(matched)
    assert "numbers differ by +12" in warning
    assert "TM 1.000 so" in warning
    assert match_model(of_type(NATIVE, UNKNOWN_INDEX, 12), NATIVE, "structure").model_index.tolist() == [
        *range(41)
    ]


@pytest.mark.parametrize("name", ["GLY", "ALA"])
def test_a_backbone_of_one_type_is_taken_as_without_sequence(name):
    matched = match_model(of_type(NATIVE, RESIDUE_NAMES.index(name)), NATIVE)
    assert matched.matched_by == "number"
    assert len(warnings(matched)) == 1
    assert f"all residues are {name}, taken as of unknown type" in matched.notes
    far = of_type(chain(3), RESIDUE_NAMES.index(name), 500)
    with pytest.raises(MatchError, match="not of this target"):
        match_model(
            replace(far, positions=np.random.default_rng(0).normal(0, 30, far.positions.shape)), NATIVE
        )


def test_a_few_known_residues_of_the_right_type_are_support_enough():
    known = of_type(NATIVE, UNKNOWN_INDEX)
    types = known.aatype.copy()
    types[:5] = NATIVE.aatype[:5]
    assert warnings(match_model(replace(known, aatype=types), NATIVE)) == []
    assert warnings(match_model(NATIVE, NATIVE)) == []
    types[2:5] = UNKNOWN_INDEX
    assert len(warnings(match_model(replace(known, aatype=types), NATIVE))) == 1


def test_the_warning_is_told_and_stands_in_the_record(tmp_path):
    write_pdb(tmp_path / "T1.pdb", NATIVE)
    write_pdb(tmp_path / "m.pdb", of_type(NATIVE, UNKNOWN_INDEX, 12))
    found, said = run(tmp_path / "m.pdb", tmp_path / "T1.pdb", families=("tm",))
    (record,) = found.results[0].records
    assert record.notes[0].startswith(WARNING) or record.notes[1].startswith(WARNING)
    assert any("m.pdb: warning:" in line and "numbers differ by +12" in line for line in said)
    assert record.values["tm_score"] < 0.5
    assert found.exit_code == 0
