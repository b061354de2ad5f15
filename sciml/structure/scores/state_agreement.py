"""How well two assignments of secondary structure agree: Q3, Q8 and the overlap of segments.

States are letters of DSSP, one for each residue: eight (H B E G I T S, and `-` or a blank for loop), three
(H E C), or nine with P, which counts as loop. Residues that either side leaves unassigned (X) are not
compared.
"""

from itertools import groupby

from sciml.errors import InputError

EIGHT_STATES = "HBEGITS-"
"""DSSP's letters; P comes with polyproline."""
UNASSIGNED = "X"
"""Stands for a residue whose backbone is not whole."""
THREE_STATES = "HEC"

_THREE_OF_EIGHT = {"H": "H", "G": "H", "I": "H", "E": "E", "B": "E"} | dict.fromkeys("TS-PC", "C")
_LOOPS = {" ": "-", "P": "-", "C": "-"}


def three_states(states: str) -> str:
    """Helix H (from H, G, I), strand E (from E, B), coil C (all else); X stays.

    The reduction of CASP and EVA (Rost & Eyrich, Proteins Suppl. 5:192, 2001).

    Raises:
        InputError: a letter that is no state.
    """
    return "".join(_THREE_OF_EIGHT.get(letter, letter) for letter in eight_states(states))


def eight_states(states: str) -> str:
    """The states with every kind of loop (blank, P, C) written `-`.

    Raises:
        InputError: a letter that is no state.
    """
    plain = "".join(_LOOPS.get(letter, letter) for letter in states)
    allowed = EIGHT_STATES + UNASSIGNED
    unknown = next((place for place, letter in enumerate(plain) if letter not in allowed), None)
    if unknown is not None:
        raise InputError(
            f"{plain[unknown]!r} is no state of secondary structure; they are {EIGHT_STATES}, P, C and X",
            position=unknown + 1,
        )
    return plain


def q8(predicted: str, reference: str) -> float:
    """Share of residues with the same of eight states.

    Args:
        predicted: (res,) letters.
        reference: (res,) letters.

    Returns:
        In 0..1; NaN where no residue is assigned on both sides.

    Raises:
        InputError: the lengths differ, or a letter is no state.
    """
    return _share_of_equal(eight_states(predicted), eight_states(reference))


def q3(predicted: str, reference: str) -> float:
    """Share of residues with the same of three states; as `q8`."""
    return _share_of_equal(three_states(predicted), three_states(reference))


def segment_overlap(predicted: str, reference: str) -> float:
    """SOV of three states: how well segments of the reference are covered, ends being allowed to shift.

    For each pair of overlapping segments of one state, of lengths l (reference) and m, with o residues in
    common and u in either, the l residues earn (o + d) / u, where d = min(u - o, o, l // 2, m // 2); the sum
    is divided by the sum of l over all pairs and over all reference segments without one. Residues that
    either side leaves unassigned end segments and are not counted.

    Args:
        predicted: (res,) letters.
        reference: (res,) letters.

    Returns:
        In 0..1; NaN where no residue is assigned on both sides. Not symmetric.

    Raises:
        InputError: the lengths differ, or a letter is no state.

    Source: Zemla et al., Proteins 34:220 (1999).
    """
    left, right = three_states(predicted), three_states(reference)
    _check_lengths(left, right)
    is_known = [UNASSIGNED not in pair for pair in zip(left, right, strict=True)]
    left, right = (
        "".join(letter if known else UNASSIGNED for letter, known in zip(states, is_known, strict=True))
        for states in (left, right)
    )
    earned = weight = 0.0
    for state in THREE_STATES:
        others = _segments(left, state)
        for start, stop in _segments(right, state):
            overlapping = [(a, b) for a, b in others if a < stop and b > start]
            weight += (stop - start) * max(len(overlapping), 1)
            for a, b in overlapping:
                common, either = min(stop, b) - max(start, a), max(stop, b) - min(start, a)
                slack = min(either - common, common, (stop - start) // 2, (b - a) // 2)
                earned += (stop - start) * (common + slack) / either
    return earned / weight if weight else float("nan")


def _segments(states: str, state: str) -> list[tuple[int, int]]:
    """(first, one past the last) of each run of a state."""
    found, start = [], 0
    for letter, run in groupby(states):
        stop = start + len(list(run))
        if letter == state:
            found.append((start, stop))
        start = stop
    return found


def _share_of_equal(predicted: str, reference: str) -> float:
    _check_lengths(predicted, reference)
    compared = [(a, b) for a, b in zip(predicted, reference, strict=True) if UNASSIGNED not in (a, b)]
    return sum(a == b for a, b in compared) / len(compared) if compared else float("nan")


def _check_lengths(predicted: str, reference: str) -> None:
    if len(predicted) != len(reference):
        raise InputError(
            f"assignments of different lengths cannot be compared: {len(predicted)} and {len(reference)}"
        )
