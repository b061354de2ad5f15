"""A parameter set made ready to predict with: read, on its device, in its precision, with its settings."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from sciml.errors import MissingRequirementError, SettingsError
from sciml.structure.config import PRESETS, Config
from sciml.structure.features.config import FeatureConfig, feature_preset
from sciml.structure.model import AlphaFold
from sciml.structure.parameters import empty_model, load_parameters
from sciml.structure.precision import Precision, choose_precision, set_precision
from sciml.structure.prediction import ParameterSource, RankingMeasure
from sciml.structure.primitives import SharedDropout
from sciml.weights.registry import describe, find_parameters

_LARGEST_SEED = 2**63 - 1  # that torch takes
_DEVICES = ("cpu", "cuda", "mps")


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
    """Sample structures by keeping dropout on, at AlphaFold 2's rates in a network trained without."""
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
    built = loaded.model.config
    is_published_size = built.name.startswith("model_") and built == PRESETS.get(built.name)
    source = ParameterSource(
        name=file.name,
        path=str(file.path),
        sha256=loaded.sha256,
        description=describe(file.path, loaded.metadata, is_published_size),
        trained=loaded.metadata.get("trained", "yes") == "yes",
    )
    config = feature_preset(built.name)
    if settings.max_msa_clusters is not None:
        config = replace(config, max_msa_clusters=settings.max_msa_clusters)
    if settings.max_extra_msa is not None:
        config = replace(config, max_extra_msa=settings.max_extra_msa)
    device = choose_device(settings.device)
    precision = choose_precision(settings.precision, device)
    chosen = _dropping(loaded.model) if settings.dropout else loaded.model
    network = set_precision(chosen.to(device), precision).eval()
    for module in network.modules():
        if settings.dropout and isinstance(module, SharedDropout | torch.nn.Dropout):
            module.train()
    return Network(file.name, network, source, config, device, precision)


def load_networks(models: Sequence[str], settings: PredictSettings) -> list[Network]:
    """Reads several parameter sets; those whose files are called alike are told apart by their digests.

    Raises:
        SettingsError: one set is named twice; and as `load_network`.
        MissingRequirementError, InputError: as `load_network`.
    """
    networks = [load_network(model, settings) for model in models]
    names = Counter(network.name for network in networks)
    told_apart = [
        replace(network, name=f"{network.name}-{network.source.sha256[:8]}")
        if names[network.name] > 1
        else network
        for network in networks
    ]
    for name, count in Counter(network.name for network in told_apart).items():
        if count > 1:
            raise SettingsError(f"the parameters {name} are given {count} times: name each set once")
    return told_apart


def _dropping(model: AlphaFold) -> AlphaFold:
    """The network, with AlphaFold 2's dropout rates if all of its own are zero."""
    config = model.config
    if config.msa_dropout or config.pair_dropout or config.structure_dropout:
        return model
    rates = {name: getattr(Config, name) for name in ("msa_dropout", "pair_dropout", "structure_dropout")}
    dropping = empty_model(replace(config, **rates))
    dropping.load_state_dict(model.state_dict(), assign=True)
    return dropping
