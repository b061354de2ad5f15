"""Figures of the network's outputs on one chain, and their means over sequence clusters.

lDDT-Cα, TM-score, long-range contact precision and the distogram's likelihood, as `sciml.structure.scores`
defines them. Cα and Cβ only: no stereochemistry, no side chains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.structure.evaluate.intervals import Summary, cluster_mean
from sciml.structure.scores.contacts import long_range_precision
from sciml.structure.scores.distogram import contact_probabilities, distogram_nll, probabilities_from_logits
from sciml.structure.scores.gdt import tm_score
from sciml.structure.scores.lddt import lddt_ca

Array = NDArray[np.float64]

CA = 1


@dataclass(frozen=True)
class ChainScores:
    """One chain's figures; NaN where a figure has no meaning for it."""

    id: str
    """Name of the chain."""
    cluster: str
    """Chains of one cluster count as one."""
    residues: int
    """Residues with a known Cα."""
    lddt_ca: float
    """0..1."""
    tm_score: float
    """0..1."""
    precision_l5: float
    """Long-range contact precision P@L/5, 0..1."""
    distogram_nll: float
    """Mean negative log probability of the true distance bins, in nats."""
    plddt: float
    """Mean predicted lDDT, 0..1."""
    residue_lddt: Array
    """(res,), true lDDT-Cα of each residue."""
    residue_plddt_logits: Array
    """(res, bin), what the network said of it."""


FIGURES = ("lddt_ca", "tm_score", "precision_l5", "distogram_nll", "plddt")


def score_chain(
    outputs: Mapping[str, Tensor],
    labels: Mapping[str, Tensor],
    residue_index: Tensor,
    index: int,
    id: str,
    cluster: str,
) -> ChainScores:
    """Compare one example of a batch with its target.

    Args:
        outputs: the network's.
        labels: AlphaFold 2's ground truth; padded residues have no known atom.
        residue_index: (b, res).
        index: which example.
        id: name of the chain.
        cluster: its cluster.
    """

    def array(values: Tensor) -> Array:
        return values[index].detach().to("cpu", torch.float64).numpy()

    known = array(labels["all_atom_mask"])[:, CA] > 0.5
    target = array(labels["all_atom_positions"])[known, CA]
    predicted = array(outputs["structure_module/final_atom_positions"])[known, CA]
    lddt, by_residue = lddt_ca(predicted, target)
    logits = array(outputs["distogram/logits"])[known][:, known]
    edges = array(outputs["distogram/bin_edges"])
    beta, beta_mask = array(labels["pseudo_beta"])[known], array(labels["pseudo_beta_mask"])[known]
    plddt_logits = array(outputs["predicted_lddt/logits"])[known]
    return ChainScores(
        id=id,
        cluster=cluster,
        residues=int(known.sum()),
        lddt_ca=lddt,
        tm_score=tm_score(predicted, target) if known.sum() >= 3 else float("nan"),
        precision_l5=long_range_precision(
            contact_probabilities(probabilities_from_logits(logits), edges),
            beta,
            beta_mask,
            residue_index[index].cpu().numpy()[known],
        ),
        distogram_nll=distogram_nll(logits, edges, beta, beta_mask),
        plddt=float(expected_lddt(plddt_logits).mean()),
        residue_lddt=by_residue,
        residue_plddt_logits=plddt_logits,
    )


def lddt_bin_centres(bins: int) -> Array:
    """Centres of equal bins over 0..1."""
    return (np.arange(bins) + 0.5) / bins


def expected_lddt(logits: Array) -> Array:
    """Predicted lDDT in 0..1: the mean of the distribution over equal bins. (..., bin) -> (...)."""
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights @ lddt_bin_centres(logits.shape[-1]) / weights.sum(-1)


def summarise(scores: Sequence[ChainScores], *, seed: int = 0) -> dict[str, Summary]:
    """`cluster_mean` of every figure."""
    clusters = [one.cluster for one in scores]
    return {
        name: cluster_mean([getattr(one, name) for one in scores], clusters, seed=seed) for name in FIGURES
    }
