"""The figures of a model card: a parameter file on a split of the data, beside answers that need no
network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sciml.data.chains import MISSING, Chain, ChainSet
from sciml.data.residue_constants import RESTYPE_INDEX
from sciml.structure.baselines import SeparationDistogram, ideal_helix
from sciml.structure.calibration import reliability
from sciml.structure.evaluate.intervals import Summary, cluster_mean
from sciml.structure.evaluation import CA, ChainScores, score_chain, summarise
from sciml.structure.features.config import feature_preset
from sciml.structure.model import AlphaFold
from sciml.structure.scores.confidence import Reliability
from sciml.structure.scores.contacts import long_range_precision
from sciml.structure.scores.distogram import contact_probabilities, distogram_nll, probabilities_from_logits
from sciml.structure.scores.gdt import tm_score
from sciml.structure.scores.lddt import lddt_ca
from sciml.structure.training import features_only
from sciml.structure.training_data import TrainingData

Array = NDArray[np.float64]

HELIX = "ideal helix"
SEPARATION = "mean distogram by separation"
_CB = 4  # atom14 slot
_ECHO_EVERY = 10


@dataclass(frozen=True)
class ModelCard:
    """Figures of one network on one split."""

    figures: Mapping[str, Mapping[str, Summary]]
    """For the network (by its name) and each baseline: figure by name."""
    reliability: Reliability
    """Predicted against true lDDT-Cα of single residues."""

    def to_dict(self) -> dict[str, Any]:
        """JSON values; figures that do not exist are null."""
        figures = {
            row: {name: _finite(asdict(summary)) for name, summary in columns.items()}
            for row, columns in self.figures.items()
        }
        return {"figures": figures, "plddt": _finite(asdict(self.reliability))}

    def to_markdown(self) -> str:
        """A table: mean over clusters and its 95 % interval, baselines below the network."""
        titles = {
            "lddt_ca": "lDDT-Cα",
            "tm_score": "TM-score",
            "precision_l5": "long-range P@L/5",
            "distogram_nll": "distogram, nats",
        }
        lines = ["| | " + " | ".join(titles.values()) + " |", "|---" * (len(titles) + 1) + "|"]
        for row, columns in self.figures.items():
            cells = [_cell(columns[name]) if name in columns else "" for name in titles]
            lines.append(f"| {row} | " + " | ".join(cells) + " |")
        found = self.reliability
        lines += [
            "",
            f"pLDDT of single residues: expected calibration error {found.expected_error:.3f}, "
            f"bias {found.bias:+.3f}, correlation with lDDT-Cα {found.correlation:.2f}.",
        ]
        return "\n".join(lines)


def predict_chains(
    network: AlphaFold,
    chains: ChainSet,
    *,
    recycles: int = 3,
    numbers: Sequence[int] | None = None,
    seed: int = 0,
    echo: Callable[[str], None] = print,
) -> list[ChainScores]:
    """Predict whole chains from their sequence alone and score them.

    Args:
        network: on its device, in evaluation mode.
        chains: the split.
        recycles: passes after the first.
        numbers: which chains; all where absent.
        seed: of the features.
        echo: told of the progress.
    """
    settings = TrainingData.Config(features=feature_preset(network.config.name))
    data, device = TrainingData(chains, settings), next(network.parameters()).device
    numbers = range(len(chains)) if numbers is None else numbers
    scores = []
    for place, number in enumerate(numbers):
        arrays = data.whole_chain(number, seed)
        on_device = {name: array.to(device) for name, array in features_only(arrays).items()}
        with torch.no_grad():
            outputs = network(on_device, recycles=recycles)
        record = chains.records[number]
        scores.append(score_chain(outputs, arrays, arrays["residue_index"], 0, record.id, record.cluster30))
        if (place + 1) % _ECHO_EVERY == 0:
            mean = np.mean([one.lddt_ca for one in scores])
            echo(f"{place + 1} of {len(numbers)} chains, mean lDDT-Cα {mean:.3f}")
    return scores


def baseline_figures(
    chains: ChainSet, numbers: Sequence[int], separation: SeparationDistogram, *, seed: int = 0
) -> dict[str, dict[str, Summary]]:
    """The helix and the mean distogram on the same chains."""
    found: dict[str, dict[str, list[float]]] = {
        HELIX: {"lddt_ca": [], "tm_score": []},
        SEPARATION: {"precision_l5": [], "distogram_nll": []},
    }
    for number in numbers:
        chain = chains.chain(number)
        known = chain.mask[:, CA] != MISSING
        index, target = chain.residue_index[known], chain.positions[known, CA].astype(np.float64)
        helix = ideal_helix(index)
        found[HELIX]["lddt_ca"].append(lddt_ca(helix, target)[0])
        found[HELIX]["tm_score"].append(tm_score(helix, target))
        beta, mask = chain_beta(chain)
        logits = separation.logits(chain.residue_index)
        contacts = contact_probabilities(probabilities_from_logits(logits), separation.edges)
        found[SEPARATION]["precision_l5"].append(
            long_range_precision(contacts, beta, mask, chain.residue_index)
        )
        found[SEPARATION]["distogram_nll"].append(distogram_nll(logits, separation.edges, beta, mask))
    clusters = [chains.records[number].cluster30 for number in numbers]
    return {
        row: {name: cluster_mean(values, clusters, seed=seed) for name, values in columns.items()}
        for row, columns in found.items()
    }


def fit_separation(chains: ChainSet, edges: Array) -> SeparationDistogram:
    """The mean distogram of a split, CA-only chains left out."""

    def betas() -> Iterator[tuple[Array, Array, NDArray[np.int64]]]:
        for number, record in enumerate(chains.records):
            if record.atoms != "ca":
                chain = chains.chain(number)
                yield (*chain_beta(chain), chain.residue_index)

    return SeparationDistogram(edges).fit(betas())


def chain_beta(chain: Chain) -> tuple[Array, Array]:
    """Cβ of a chain (Cα of glycine), (res, 3) in Å, and where it is known, (res,)."""
    slot = np.where(chain.aatype == RESTYPE_INDEX["G"], CA, _CB)
    residue = np.arange(len(slot))
    return chain.positions[residue, slot].astype(np.float64), (chain.mask[residue, slot] != MISSING).astype(
        np.float64
    )


def model_card(
    name: str, scores: Sequence[ChainScores], baselines: Mapping[str, Mapping[str, Summary]], *, seed: int = 0
) -> ModelCard:
    """Put a network's scores beside the baselines."""
    lddt = np.concatenate([one.residue_lddt for one in scores])
    logits = np.concatenate([one.residue_plddt_logits for one in scores])
    usable = np.isfinite(lddt)
    return ModelCard(
        {name: summarise(scores, seed=seed), **baselines}, reliability(logits[usable], lddt[usable])
    )


def _cell(summary: Summary) -> str:
    if not np.isfinite(summary.mean):
        return "none"
    return f"{summary.mean:.3f} ({summary.low:.3f}-{summary.high:.3f}, n={summary.clusters})"


def _finite(values: Any) -> Any:  # noqa: ANN401 - JSON values
    """The same with null in place of NaN, which is no JSON."""
    if isinstance(values, dict):
        return {name: _finite(value) for name, value in values.items()}
    if isinstance(values, list):
        return [_finite(value) for value in values]
    return None if isinstance(values, float) and not np.isfinite(values) else values
