"""Residue letters: the network's order, HHblits' order, and what is read for the letters outside the twenty.

Two readings of unusual letters exist and both are needed. A *query* is corrected to the nearest of the twenty
with a warning (`SUBSTITUTIONS`). The rows of an *alignment* keep their letters and are encoded as AlphaFold 2
encodes them (`MSA_LETTER_TO_INDEX`), where O and J become X.

Source: Jumper et al. 2021, Supplementary 1.2.9; the HHblits order is that of HH-suite's alignments.
"""

RESIDUES = "ARNDCQEGHILKMFPSTWYV"
"""The twenty residues in the order of the network's one-hot vectors."""
UNKNOWN, GAP, MASK = "X", "-", "#"
"""Any residue; no residue; a residue hidden from the network. `#` stands for the mask in printed rows
only."""
MSA_CLASSES = RESIDUES + UNKNOWN + GAP + MASK
"""The 23 classes of an alignment cell, by index."""
UNKNOWN_INDEX, GAP_INDEX, MASK_INDEX = 20, 21, 22

SUBSTITUTIONS = {"U": "C", "O": "K", "B": "D", "Z": "E", "J": "L"}
"""What a query's letter outside the twenty is read as; every use is a warning."""
SUBSTITUTION_NAMES = {
    "U": "selenocysteine",
    "O": "pyrrolysine",
    "B": "aspartate or asparagine",
    "Z": "glutamate or glutamine",
    "J": "leucine or isoleucine",
}

HHBLITS_RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
"""The twenty residues in alphabetical order of their letters; then X (20) and the gap (21)."""
HHBLITS_LETTER_TO_INDEX = {letter: index for index, letter in enumerate(HHBLITS_RESIDUES + UNKNOWN + GAP)} | {
    "B": HHBLITS_RESIDUES.index("D"),
    "Z": HHBLITS_RESIDUES.index("E"),
    "U": HHBLITS_RESIDUES.index("C"),
    "J": 20,
    "O": 20,
}
"""HHblits' code of every letter that an alignment row may hold."""
HHBLITS_TO_INDEX = tuple(MSA_CLASSES.index(letter) for letter in HHBLITS_RESIDUES + UNKNOWN + GAP)
"""The network's class of each of HHblits' 22 codes."""

RESIDUE_TO_INDEX = {letter: index for index, letter in enumerate(RESIDUES + UNKNOWN)}
"""Index of a query's residue, 0-20."""
MSA_LETTER_TO_INDEX = {letter: HHBLITS_TO_INDEX[code] for letter, code in HHBLITS_LETTER_TO_INDEX.items()}
"""Class of every letter that an alignment row may hold, 0-21."""


def encode_sequence(sequence: str) -> list[int]:
    """Indices 0-20 of a query's residues.

    Args:
        sequence: capitals out of the twenty and X, as `sciml.data.sequences` returns them.

    Raises:
        ValueError: another letter; the message names its 1-based position.
    """
    for position, letter in enumerate(sequence, start=1):
        if letter not in RESIDUE_TO_INDEX:
            raise ValueError(f"position {position}: {letter!r} is not one of {RESIDUES}{UNKNOWN}")
    return [RESIDUE_TO_INDEX[letter] for letter in sequence]


def byte_table(letter_to_index: dict[str, int], otherwise: int) -> bytes:
    """A 256-entry table for `bytes.translate` or NumPy indexing: ASCII code of a letter to its index.

    Args:
        letter_to_index: single ASCII letters and their indices.
        otherwise: index of every other byte.
    """
    table = bytearray([otherwise] * 256)
    for letter, index in letter_to_index.items():
        table[ord(letter)] = index
    return bytes(table)
