"""What a batch says of its records, in words."""

from collections.abc import Sequence

import torch

from sciml.data.alphabet import UNKNOWN
from sciml.data.sequences import SequenceRecord
from sciml.errors import InputError
from sciml.structure.prediction import Prediction

_SHOWN_POSITIONS = 10  # in a message


def unknown_residues(record: SequenceRecord) -> tuple[str, ...]:
    """The warning that X, which has no atoms in AlphaFold 2, is left out of the structure.

    Raises:
        InputError: there is nothing but X.
    """
    positions = [place for place, letter in enumerate(record.sequence, start=1) if letter == UNKNOWN]
    if len(positions) == len(record.sequence):
        rule = "every residue is X (unknown), which has no atoms: there is no structure to predict"
        raise InputError(rule, file=record.file, record=record.id)
    if not positions:
        return ()
    shown = ", ".join(map(str, positions[:_SHOWN_POSITIONS])) + (
        ", …" if positions[_SHOWN_POSITIONS:] else ""
    )
    return (f"record {record.id!r}: X (unknown) has no atoms and is left out of the structure: {shown}",)


def device_name(device: torch.device) -> str:
    """The device and, of a GPU, its model."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def verdict(predictions: Sequence[Prediction]) -> str:
    """What the best prediction of a record is worth, on one line."""
    best = predictions[0]
    ptm = "" if best.ptm is None else f", pTM {best.ptm:.2f}"
    violations = (best.violations or {}).get("total", 0)
    several = f" (best of {len(predictions)})" if len(predictions) > 1 else ""
    return f"mean pLDDT {best.mean_plddt:.1f}{ptm}, {violations} violations{several}"
