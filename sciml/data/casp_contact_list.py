"""Recognises lists of contacts without PFRMAT by their first lines, for files whose names say nothing.

A list is three lines of pairs, or fewer up to END or the end of the file; before them may stand a sequence
and the records of an RR file. A pair is two rising residue numbers, then as many numbers as RR files have
(`casp_rr.py`), the last of them a probability.
"""

from collections.abc import Iterable

from sciml.data.casp_header import numbered_words
from sciml.data.casp_rr import FIRST_RECORDS, LARGEST_RESIDUE, PAIR_WORDS, SEQUENCE_LETTERS

_TELLING_PAIRS = 3
_MOST_HEAD_LINES = 200  # a sequence may take many


def is_contact_list(lines: Iterable[str]) -> bool:
    """Whether a text begins as a list of contacts, by the rule of the module.

    Args:
        lines: of the file; no more are taken than are needed.
    """
    heads = pairs = 0
    for _, words in numbered_words(lines):
        if _is_pair(words):
            pairs += 1
        elif pairs:
            return words[0] in ("END", "ENDMDL")
        else:
            heads += 1
        if pairs == _TELLING_PAIRS:
            return True
        if not pairs and (heads > _MOST_HEAD_LINES or not _may_come_first(words)):
            return False
    return pairs > 0


def _may_come_first(words: list[str]) -> bool:
    is_sequence = len(words) == 1 and SEQUENCE_LETTERS.issuperset(words[0].upper())
    return is_sequence or words[0] in FIRST_RECORDS


def _is_pair(words: list[str]) -> bool:
    if len(words) not in PAIR_WORDS or not all(word.isascii() and word.isdigit() for word in words[:2]):
        return False
    try:
        probability = [float(word) for word in words[2:]][-1]
    except ValueError:
        return False
    return 1 <= int(words[0]) < int(words[1]) <= LARGEST_RESIDUE and 0 <= probability <= 1
