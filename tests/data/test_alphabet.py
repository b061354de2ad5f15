"""Letters: the two readings of unusual ones, and the way from HHblits' order to the network's."""

import pytest

from sciml.data.alphabet import (
    GAP_INDEX,
    HHBLITS_LETTER_TO_INDEX,
    HHBLITS_RESIDUES,
    HHBLITS_TO_INDEX,
    MASK_INDEX,
    MSA_CLASSES,
    MSA_LETTER_TO_INDEX,
    RESIDUES,
    SUBSTITUTIONS,
    UNKNOWN_INDEX,
    encode_sequence,
)


def test_classes_are_the_twenty_then_x_gap_and_mask() -> None:
    expected = "ARNDCQEGHILKMFPSTWYVX-#"
    assert expected == MSA_CLASSES
    assert (UNKNOWN_INDEX, GAP_INDEX, MASK_INDEX) == (20, 21, 22)


def test_hhblits_codes_lead_to_the_class_of_the_same_letter() -> None:
    assert list(HHBLITS_RESIDUES) == sorted(RESIDUES)
    for code, letter in enumerate(HHBLITS_RESIDUES + "X-"):
        assert MSA_CLASSES[HHBLITS_TO_INDEX[code]] == letter
    assert sorted(HHBLITS_TO_INDEX) == list(range(22))


@pytest.mark.parametrize(("letter", "read_as"), [("B", "D"), ("Z", "E"), ("U", "C"), ("J", "X"), ("O", "X")])
def test_alignment_rows_read_unusual_letters_as_the_reference_does(letter: str, read_as: str) -> None:
    assert MSA_LETTER_TO_INDEX[letter] == MSA_CLASSES.index(read_as)


def test_every_capital_has_one_reading() -> None:
    capitals = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert HHBLITS_LETTER_TO_INDEX.keys() == capitals | {"-"}
    assert set(RESIDUES) | set(SUBSTITUTIONS) | {"X"} == capitals


def test_encode_sequence_by_hand_and_its_refusal() -> None:
    assert encode_sequence("ARVX") == [0, 1, 19, 20]
    with pytest.raises(ValueError, match="position 3: 'u'"):
        encode_sequence("AAu")
