"""Does the network compute what AlphaFold 2 computes? One frozen batch, its parameters and the reference's
outputs.

A reference file holds AlphaFold 2's result dictionary, keys joined with `/`, without batch axis. Each of its
arrays that the network also computes is compared; each that it does not is listed with the reason.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.errors import InputError
from sciml.structure.all_atom import pseudo_beta
from sciml.structure.confidence import pae_from_logits, plddt_from_logits, ptm_from_logits
from sciml.structure.embedders import RECYCLING_BINS, RECYCLING_FIRST_ANGSTROM, RECYCLING_LAST_ANGSTROM
from sciml.structure.model import AlphaFold, Features, Outputs
from sciml.structure.reference_losses import reference_losses

Arrays = dict[str, NDArray]
Measure = Literal["absolute", "of rms", "mean"]

_POSITIONS = ("atom_positions", "atom14_positions", "sidechains/atom_pos", "frames/trans", "(translation)")
_UNIT_VECTORS = ("frames/rot", "(quaternion)", "angles_sin_cos")
_NEEDS_TRUTH = re.compile(
    r"loss$|fape$|/true_dist$|/alt_naming_is_better$|/renamed_atom14_gt_|/violations/|/metrics/"
)
_NEEDED = (
    *("aatype", "residue_index", "seq_mask", "target_feat", "atom14_atom_exists", "atom37_atom_exists"),
    *("msa_feat", "msa_mask", "extra_msa", "extra_msa_mask", "extra_has_deletion", "extra_deletion_value"),
)


@dataclass(frozen=True)
class Comparison:
    """One array of the reference beside ours.

    `tolerance` bounds `max_absolute` where `measure` is `absolute`, and `max_relative` (the same over the
    root mean square of the reference) where it is `of rms`; for `mean` it bounds the mean absolute
    difference, of arrays of yes and no. `reason` says why an array was not compared.
    """

    name: str
    max_absolute: float
    max_relative: float
    tolerance: float
    measure: Measure
    passes: bool
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def read_arrays(path: Path) -> Arrays:
    """All arrays of an npz file.

    Raises:
        InputError: not a readable npz file of plain arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # numpy and zipfile raise whatever the broken file makes them raise
        raise InputError(f"not a readable npz file of plain arrays ({error})", file=str(path)) from error


def read_batch(path: Path, passes: int) -> list[Features]:
    """Feature sets for each pass from a frozen batch.

    Args:
        path: npz with a leading axis: 1 (the same features for each pass) or one entry for each pass; entries
            of later passes are left.
        passes: recycles + 1.

    Raises:
        InputError: fewer entries than passes, arrays of different numbers of entries, or a missing array.
    """
    arrays = read_arrays(path)
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        raise InputError(f"the batch has no array {missing[0]!r}", file=str(path))
    length = {array.shape[:1] for array in arrays.values()}
    count = max((axis[0] for axis in length if axis), default=0)
    if length != {(count,)} or (count != 1 and count < passes):
        rule = f"every array has a leading axis of 1, or of one entry for each of the {passes} passes"
        raise InputError(rule, file=str(path))
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return [{name: tensor[i % count][None] for name, tensor in tensors.items()} for i in range(passes)]


def _components(name: str, array: NDArray) -> Arrays:
    """Our array under the reference's names: frames and atom positions are kept there by component."""
    if name.endswith("/frames/rot"):
        axes = "xyz"
        return {f"{name}/{a}{b}": array[..., i, j] for i, a in enumerate(axes) for j, b in enumerate(axes)}
    if name.endswith(("/frames/trans", "/atom_pos")):
        return {f"{name}/{axis}": array[..., i] for i, axis in enumerate("xyz")}
    return {name: array}


def named_outputs(outputs: Outputs) -> Arrays:
    """Outputs of one example under the reference's names, with the confidences that follow from the
    logits."""
    arrays: Arrays = {}
    for name, tensor in outputs.items():
        arrays |= _components(name, tensor[0].detach().float().numpy())
    arrays["confidence/plddt"] = plddt_from_logits(arrays["predicted_lddt/logits"])
    if "predicted_aligned_error/logits" in arrays:
        logits, breaks = (arrays[f"predicted_aligned_error/{name}"] for name in ("logits", "breaks"))
        pae, max_pae = pae_from_logits(logits, breaks)
        arrays["confidence/predicted_aligned_error"] = pae
        arrays["confidence/max_predicted_aligned_error"] = np.asarray(max_pae)
        arrays["confidence/ptm"] = np.asarray(ptm_from_logits(logits, breaks))
    return arrays


def tolerance(name: str, recycles: int) -> tuple[float, Measure]:
    """How far an array may differ after so many recycles.

    Rounding grows with the number of passes: five times for representations and logits, four times for
    positions (Å).
    """
    first = recycles == 0
    if ("violations/" in name and name.endswith(("_mask", "_violations"))) or "metrics/" in name:
        return 3e-2, "mean"  # a distance at a threshold may fall on either side
    if name == "predicted_aligned_error/loss":
        return 2e-2, "of rms"  # a residue's error against itself is 0; upstream's rounding may bin it above 0
    if name.endswith(("_mask", "_exists", "bin_edges", "breaks", "is_better")):
        return 1e-5, "absolute"
    if any(part in name for part in _POSITIONS):
        return (5e-3 if first else 2e-2), "absolute"
    if any(part in name for part in _UNIT_VECTORS):
        return (1e-3 if first else 5e-3), "absolute"
    if name == "confidence/plddt":
        return (5e-3 if first else 2.5e-2), "absolute"
    if "loss" in name or "fape" in name or "violations/" in name:
        return (1e-3 if first else 5e-3), "of rms"
    return (1e-4 if first else 5e-4), "of rms"


def compare_array(name: str, ours: NDArray, reference: NDArray, recycles: int) -> Comparison:
    """One comparison; different shapes and non-finite numbers do not pass."""
    limit, measure = tolerance(name, recycles)
    if ours.shape != reference.shape:
        reason = f"shape {ours.shape}, reference {reference.shape}"
        return Comparison(name, float("inf"), float("inf"), limit, measure, False, reason)
    difference = np.abs(ours.astype(np.float64) - reference.astype(np.float64))
    largest = float(difference.max()) if difference.size else 0.0
    scale = float(np.sqrt(np.mean(np.square(reference, dtype=np.float64)))) if reference.size else 0.0
    relative = largest / scale if scale > 0 else (0.0 if largest == 0 else float("inf"))
    judged = relative if measure == "of rms" and scale > 0 else largest
    if measure == "mean":
        judged = float(difference.mean()) if difference.size else 0.0
    return Comparison(name, largest, relative, limit, measure, bool(judged <= limit))


def _split_affines(arrays: Arrays) -> Arrays:
    """Frames (…, 7) as a quaternion without unit and a translation in Å."""
    split: Arrays = {}
    for name, array in arrays.items():
        if re.search(r"structure_module/(traj|final_affines)$", name) and array.shape[-1:] == (7,):
            split |= {f"{name} (quaternion)": array[..., :4], f"{name} (translation)": array[..., 4:]}
        else:
            split[name] = array
    return split


def compare(ours: Arrays, reference: Arrays, recycles: int, *, has_truth: bool) -> list[Comparison]:
    """Every array of the reference, in its order.

    Args:
        ours: as `named_outputs` gives them, with losses if there was a ground truth.
        reference: arrays of the reference file.
        recycles: passes after the first; they set the tolerance.
        has_truth: whether losses against a ground truth could be computed.
    """
    ours, reference = _split_affines(ours), _split_affines(reference)
    comparisons = []
    for name, array in reference.items():
        if name in ours:
            comparisons.append(compare_array(name, ours[name], array, recycles))
            continue
        limit, measure = tolerance(name, recycles)
        is_excused = not has_truth and _NEEDS_TRUTH.search(name) is not None
        reason = "needs a ground truth (--truth FILE)" if is_excused else "unknown to this network"
        nan = float("nan")
        comparisons.append(Comparison(name, nan, nan, limit, measure, is_excused, reason))
    return comparisons


def recycling_edge_angstrom(outputs: Outputs, aatype: Tensor) -> float:
    """The smallest distance of any pair of residues from an edge of a recycling bin, Å.

    A pass hands the bins of its distances to the next. A distance as near to an edge as positions are exact
    in float32 (some 0.0005 Å) may fall into either bin, and all that follows differs by more than rounding.
    """
    beta = pseudo_beta(aatype.long(), outputs["structure_module/final_atom_positions"])
    edges = torch.linspace(RECYCLING_FIRST_ANGSTROM, RECYCLING_LAST_ANGSTROM, RECYCLING_BINS)
    distances = torch.pdist(beta[0].double())
    return float((distances[:, None] - edges).abs().min()) if len(distances) else float("inf")


def run_parity(
    model: AlphaFold,
    batch: list[Features],
    reference: Arrays,
    truth: dict[str, Tensor] | None,
    on_pass: Callable[[int, Outputs, Tensor | None], None] | None = None,
) -> list[Comparison]:
    """Runs the network on a frozen batch, one feature set a pass, and compares.

    Args:
        model: in evaluation mode, float32.
        batch: features of each pass.
        reference: arrays of the reference file.
        truth: ground truth with a leading axis of 1; None leaves the losses out.
        on_pass: called after each pass, as by the network.
    """
    recycles = len(batch) - 1
    with torch.no_grad():
        outputs = model(batch, recycles=recycles, on_pass=on_pass)
        ours = named_outputs(outputs)
        if truth is not None:
            ours |= reference_losses(outputs, batch[-1], truth, model.config.pae_head)
    return compare(ours, reference, recycles, has_truth=truth is not None)
