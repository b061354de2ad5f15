"""From one record with its alignment to ranked structures.

Each parameter set is run with each seed; a pass of the network draws its own rows and masks from the
alignment. One seed gives the same structure every time on one machine.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, overload

import numpy as np
import torch
from torch import Tensor

from sciml.data.alignment import Alignment
from sciml.errors import MissingRequirementError, ScimlError, SettingsError
from sciml.structure.confidence import pae_from_logits, plddt_from_logits, ptm_from_logits
from sciml.structure.features.config import FeatureConfig, feature_preset
from sciml.structure.features.msa import EncodedMsa, encode_alignment
from sciml.structure.features.pipeline import make_features
from sciml.structure.features.templates import TemplateChain
from sciml.structure.model import AlphaFold, Features, Outputs
from sciml.structure.parameters import load_parameters
from sciml.structure.precision import Precision, choose_precision, set_precision
from sciml.structure.prediction import ParameterSource, Prediction, RankingMeasure, rank
from sciml.structure.primitives import SharedDropout
from sciml.weights.registry import describe, find_parameters

Progress = Callable[[str, int, float | None], None]
"""Called after each pass with the name of the network, the number of the pass and the change of Cα distances
in Å."""


_LARGEST_SEED = 2**63 - 1  # that torch takes
_DEVICES = ("cpu", "cuda", "mps")


class PredictionError(ScimlError):
    """A record whose prediction failed; the batch goes on."""

    exit_code = 3


@dataclass(frozen=True)
class PredictSettings:
    """How structures are predicted."""

    recycles: int = 3
    """Passes after the first."""
    tolerance_angstrom: float = 0.0
    """Stop recycling once the Cα distances change by less, root mean square; 0 never stops early."""
    seed: int = 0
    """First seed."""
    seeds: int = 1
    """Number of seeds, counted up from the first."""
    rank_by: RankingMeasure | Literal["auto"] = "auto"
    """Measure that structures are ranked by: mean pLDDT or pTM; auto is pLDDT."""
    dropout: bool = False
    """Sample structures by keeping dropout on."""
    max_msa_clusters: int | None = None
    """Rows of the alignment that the network sees whole; None takes the preset's number."""
    max_extra_msa: int | None = None
    """Further rows; None takes the preset's number."""
    precision: Precision | Literal["auto"] = "auto"
    """Number format of matrix products."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps, or auto for the best that there is."""

    def __post_init__(self) -> None:
        if self.recycles < 0 or self.seeds < 1:
            raise SettingsError("recycles must be at least 0, seeds at least 1")
        if not 0 <= self.tolerance_angstrom < math.inf:
            raise SettingsError(f"the tolerance is a number of at least 0: {self.tolerance_angstrom}")
        if not 0 <= self.seed <= _LARGEST_SEED - self.seeds:
            raise SettingsError(f"seeds lie between 0 and {_LARGEST_SEED}: {self.seed}")
        if self.rank_by not in ("auto", "plddt", "ptm"):
            raise SettingsError(f"structures are ranked by auto, plddt or ptm, not {self.rank_by!r}")


@dataclass(frozen=True)
class Network:
    """A parameter set ready to run.

    Args:
        name: for file names.
        model: on its device, in its precision, in evaluation mode.
        source: where the parameters come from.
        features: settings of the feature pipeline.
        device: where it runs.
        precision: number format of its matrix products.
    """

    name: str
    model: AlphaFold
    source: ParameterSource
    features: FeatureConfig
    device: torch.device
    precision: Precision


def choose_device(name: str) -> torch.device:
    """The device of that name; `auto` takes CUDA if there is one, else the CPU.

    Raises:
        SettingsError: not the name of a device.
        MissingRequirementError: a device that this machine or this torch lacks.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in _DEVICES or (number and not number.isdecimal()):
        raise SettingsError(f"a device is auto, cpu, cuda, cuda:N or mps, not {name!r}")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise MissingRequirementError(f"no device {name!r} on this machine") from error
    return device


def load_network(model: str, settings: PredictSettings) -> Network:
    """Reads the parameter set that `model` names and makes it ready.

    Raises:
        SettingsError, MissingRequirementError, InputError: as `find_parameters` and `load_parameters`.
    """
    file = find_parameters(model)
    loaded = load_parameters(file.path, preset=file.preset)
    source = ParameterSource(
        name=file.name,
        path=str(file.path),
        sha256=loaded.sha256,
        description=describe(file.path, loaded.metadata),
        trained=loaded.metadata.get("trained", "yes") == "yes",
    )
    config = feature_preset(loaded.model.config.name)
    if settings.max_msa_clusters is not None:
        config = replace(config, max_msa_clusters=settings.max_msa_clusters)
    if settings.max_extra_msa is not None:
        config = replace(config, max_extra_msa=settings.max_extra_msa)
    device = choose_device(settings.device)
    precision = choose_precision(settings.precision, device)
    network = set_precision(loaded.model.to(device), precision).eval()
    for module in network.modules():
        if settings.dropout and isinstance(module, SharedDropout | torch.nn.Dropout):
            module.train()
    return Network(file.name, network, source, config, device, precision)


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
        PredictionError: the network gave numbers that are not finite, or ran out of memory.
    """
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
