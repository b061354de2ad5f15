"""From one record with its alignment to ranked structures.

Each parameter set is run with each seed; a pass of the network draws its own rows and masks from the
alignment. One seed gives the same structure every time on one machine.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import overload

import numpy as np
import torch
from torch import Tensor

from sciml.data.alignment import Alignment
from sciml.errors import ScimlError
from sciml.runs.memory import available_memory_bytes
from sciml.structure.confidence import pae_from_logits, plddt_from_logits, ptm_from_logits
from sciml.structure.cost import Shape, activation_bytes
from sciml.structure.features.msa import EncodedMsa, encode_alignment
from sciml.structure.features.pipeline import make_features
from sciml.structure.features.templates import TemplateChain
from sciml.structure.model import Features, Outputs
from sciml.structure.network import Network, PredictSettings
from sciml.structure.prediction import Prediction, rank

Progress = Callable[[str, int, float | None], None]
"""Called after each pass with the name of the network, the number of the pass and the change of Cα distances
in Å."""


class PredictionError(ScimlError):
    """A record whose prediction failed; the batch goes on."""

    exit_code = 3


class _PassFeatures(Sequence[Features]):
    """Features of each pass, made when the network asks for them."""

    def __init__(self, make: Callable[[int], Features], passes: int) -> None:
        self._make, self._passes = make, passes

    def __len__(self) -> int:
        return self._passes

    @overload
    def __getitem__(self, index: int) -> Features: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Features]: ...
    def __getitem__(self, index: int | slice) -> Features | Sequence[Features]:
        if isinstance(index, slice):
            return [self._make(i) for i in range(*index.indices(self._passes))]
        if not 0 <= index < self._passes:
            raise IndexError(index)
        return self._make(index)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Torch's global generators at a seed (dropout draws from them), and afterwards as before."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@dataclass
class _Run:
    """What happened in the passes of one network."""

    passes: int = 0
    converged_at: int | None = None
    feature_seconds: float = 0.0


def _run_network(
    network: Network,
    msa: EncodedMsa,
    seed: int,
    settings: PredictSettings,
    templates: Sequence[TemplateChain],
    on_pass: Progress | None,
) -> tuple[Outputs, _Run]:
    run = _Run()

    def make(index: int) -> Features:
        start = time.perf_counter()
        features = make_features(msa, network.features, seed=seed, recycle=index, templates=templates)
        run.feature_seconds += time.perf_counter() - start
        return {name: array.to(network.device) for name, array in features.items()}

    def after(index: int, outputs: Outputs, change: Tensor | None) -> None:
        run.passes = index + 1
        moved = None if change is None else float(change.max())
        if change is not None and bool((change < settings.tolerance_angstrom).all()):  # as the network stops
            run.converged_at = index
        if on_pass is not None:
            on_pass(network.name, index, moved)

    features = _PassFeatures(make, settings.recycles + 1)
    with torch.inference_mode(), _seeded(seed):
        outputs = network.model(features, settings.recycles, settings.tolerance_angstrom, after)
    return outputs, run


def _as_array(tensor: Tensor) -> np.ndarray:
    return tensor[0].float().cpu().numpy()


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch could not get memory; on a processor it says so in words only."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _refuse_if_too_large(network: Network, msa: EncodedMsa, record_id: str, templates: int) -> None:
    """Stop before a pass on the processor that the system would end by killing the whole run.

    Raises:
        PredictionError: the pass needs more memory than there is.
    """
    available = available_memory_bytes() if network.device.type == "cpu" else None
    if available is None:  # an accelerator refuses by itself, and only this record fails
        return
    rows, residues = msa.letters.shape
    shape = Shape(
        residues=residues,
        msa_rows=min(rows, network.features.max_msa_clusters) + templates,
        extra_rows=min(rows, network.features.max_extra_msa),
    )
    element_bytes = 2 if network.precision == "bfloat16" else 4
    needed = activation_bytes(network.model.config, shape, element_bytes=element_bytes)
    if needed > available:
        sizes = f"{needed / 2**30:.1f} GiB of memory, {available / 2**30:.1f} GiB are free"
        rule = f"{residues} residues need about {sizes}"
        raise PredictionError(
            f"{record_id}: {rule}; give a shorter part of the sequence, or use a larger machine"
        )


def _aligned_error(outputs: Outputs) -> tuple[np.ndarray | None, float | None, float | None]:
    """Aligned errors, the largest that can be expressed, and pTM; None for a network without the head."""
    if "predicted_aligned_error/logits" not in outputs:
        return None, None, None
    logits, breaks = (_as_array(outputs[f"predicted_aligned_error/{key}"]) for key in ("logits", "breaks"))
    return *pae_from_logits(logits, breaks), ptm_from_logits(logits, breaks)


def predict_once(
    network: Network,
    msa: EncodedMsa,
    *,
    record_id: str,
    name: str,
    sequence: str,
    seed: int,
    settings: PredictSettings,
    templates: Sequence[TemplateChain] = (),
    on_pass: Progress | None = None,
) -> Prediction:
    """One structure: one network, one seed.

    Raises:
        PredictionError: the network gave numbers that are not finite, or memory does not suffice.
    """
    _refuse_if_too_large(network, msa, record_id, len(templates))
    start = time.perf_counter()
    try:
        outputs, run = _run_network(network, msa, seed, settings, templates, on_pass)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not _is_out_of_memory(error):
            raise
        raise PredictionError(f"{record_id}: out of memory with {len(sequence)} residues") from error
    network_seconds = time.perf_counter() - start - run.feature_seconds
    start = time.perf_counter()
    positions = _as_array(outputs["structure_module/final_atom_positions"])
    logits = _as_array(outputs["predicted_lddt/logits"])
    if not (np.isfinite(positions).all() and np.isfinite(logits).all()):
        rule = f"{network.name} with seed {seed} gave positions that are not finite numbers"
        raise PredictionError(f"{record_id}: {rule} ({network.precision}; try --precision float32)")
    plddt = plddt_from_logits(logits)
    pae, max_pae, ptm = _aligned_error(outputs)
    confidence_seconds = time.perf_counter() - start
    return Prediction(
        record_id=record_id,
        name=name,
        sequence=sequence,
        model_name=network.name,
        seed=seed,
        parameters=network.source,
        aatype=msa.letters[0].cpu().numpy().astype(np.int64).clip(max=20),
        residue_index=np.arange(1, len(sequence) + 1),
        atom_positions=positions,
        atom_mask=_as_array(outputs["structure_module/final_atom_mask"]),
        plddt=plddt,
        pae=pae,
        max_pae=max_pae,
        ptm=ptm,
        distogram_logits=_as_array(outputs["distogram/logits"]),
        distogram_bin_edges=_as_array(outputs["distogram/bin_edges"]),
        recycles=run.passes - 1,
        converged_at=run.converged_at,
        seconds={
            "features": run.feature_seconds,
            "network": network_seconds,
            "confidence": confidence_seconds,
        },
    )


def predict_record(
    networks: Sequence[Network],
    alignment: Alignment,
    *,
    record_id: str,
    name: str,
    settings: PredictSettings,
    templates: Sequence[TemplateChain] = (),
    on_pass: Progress | None = None,
) -> list[Prediction]:
    """All networks and seeds for one record, best structure first.

    Args:
        networks: parameter sets, each run with each seed.
        alignment: row 0 is the query.
        record_id: identifier as the user wrote it.
        name: start of file names.
        settings: passes, seeds, ranking.
        templates: chains over the query's residues, for networks that read templates.
        on_pass: called after each pass.

    Returns:
        One prediction for each network and seed, ranked.

    Raises:
        PredictionError: a network failed on this record.
        SettingsError: ranking by pTM with a network that has no such head.
    """
    msa = encode_alignment(alignment)
    predictions = [
        predict_once(
            network,
            msa,
            record_id=record_id,
            name=name,
            sequence=alignment.query,
            seed=settings.seed + offset,
            settings=settings,
            templates=templates,
            on_pass=on_pass,
        )
        for network in networks
        for offset in range(settings.seeds)
    ]
    return rank(predictions, "plddt" if settings.rank_by == "auto" else settings.rank_by)
