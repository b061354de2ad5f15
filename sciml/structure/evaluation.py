"""How close predicted chains are to their experimental structures, and how much of it is luck of the draw.

lDDT-Cα, TM-score and long-range contact precision of one chain; means over sequence clusters with bootstrap
intervals over a set of chains. Cα and Cβ only: no stereochemistry, no side chains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciml.structure.evaluate.intervals import Summary, cluster_mean
from sciml.structure.scores.gdt import tm_score

Array = NDArray[np.float64]

LDDT_RADIUS_ANGSTROM = 15.0
LDDT_TOLERANCES_ANGSTROM = (0.5, 1.0, 2.0, 4.0)
CONTACT_ANGSTROM = 8.0
LONG_RANGE = 24
CA = 1


def lddt_ca(predicted: Array, target: Array, mask: Array | None = None) -> tuple[float, Array]:
    """Share of the target's Cα-Cα distances below 15 Å that the prediction keeps, averaged over four
    tolerances.

    Args:
        predicted: (res, 3), Å.
        target: (res, 3), Å.
        mask: (res,), 1 where the target is known; all where absent.

    Returns:
        The score of the chain, over all its pairs, and of each residue, over its own pairs: in 0..1, NaN
        where there is no pair.

    Source: Mariani et al., Bioinformatics 29:2722 (2013), without its checks of stereochemistry.
    """
    known = np.ones(len(target), bool) if mask is None else np.asarray(mask) > 0.5
    true, found = _distances(target), _distances(predicted)
    scored = (
        (true < LDDT_RADIUS_ANGSTROM) & known[:, None] & known[None, :] & ~np.eye(len(target), dtype=bool)
    )
    error = np.abs(true - found)
    kept = np.mean([error < tolerance for tolerance in LDDT_TOLERANCES_ANGSTROM], axis=0) * scored
    with np.errstate(invalid="ignore"):
        return float(kept.sum() / scored.sum()) if scored.any() else float("nan"), kept.sum(1) / scored.sum(1)


def contact_scores(logits: Array, edges: Array) -> Array:
    """Probability that two residues are closer than 8 Å, from a distogram.

    Args:
        logits: (res, res, bin).
        edges: (bin - 1,), Å, between the bins.

    Returns:
        (res, res): the sum of the bins that lie below 8 Å as a whole.
    """
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted[..., :-1][..., edges <= CONTACT_ANGSTROM].sum(-1) / shifted.sum(-1)


def long_range_precision(scores: Array, beta: Array, mask: Array, residue_index: NDArray[np.int64]) -> float:
    """Share of true contacts among the L/5 most probable pairs at least 24 residues apart (P@L/5).

    Args:
        scores: (res, res), larger for pairs more likely in contact.
        beta: (res, 3), Cβ of the target in Å, Cα of glycine.
        mask: (res,), 1 where it is known.
        residue_index: (res,), numbers along the chain.

    Returns:
        Precision in 0..1, L being the number of known residues; NaN where no two residues are that far
        apart or where the target has no such contact, so that nothing could be found. Ties are broken
        towards the start of the chain.
    """
    known = np.asarray(mask) > 0.5
    apart = residue_index[None, :] - residue_index[:, None] >= LONG_RANGE
    candidates = apart & known[:, None] & known[None, :]
    contacts = _distances(beta) < CONTACT_ANGSTROM
    if not (candidates & contacts).any():
        return float("nan")
    first, second = np.nonzero(candidates)
    order = np.argsort(-scores[first, second], kind="stable")[: max(1, int(known.sum()) // 5)]
    return float(contacts[first[order], second[order]].mean())


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
            contact_scores(logits, edges), beta, beta_mask, residue_index[index].cpu().numpy()[known]
        ),
        distogram_nll=distogram_nll(logits, edges, beta, beta_mask),
        plddt=float(expected_lddt(plddt_logits).mean()),
        residue_lddt=by_residue,
        residue_plddt_logits=plddt_logits,
    )


def distogram_nll(logits: Array, edges: Array, beta: Array, mask: Array) -> float:
    """Mean negative log probability, in nats, that a distogram gives to the bins of the true distances.

    Args:
        logits: (res, res, bin).
        edges: (bin - 1,), Å.
        beta: (res, 3), Å.
        mask: (res,).
    """
    known = np.asarray(mask) > 0.5
    true = np.digitize(_distances(beta), edges, right=True)
    top = logits.max(-1)
    log_probability = np.take_along_axis(logits, true[..., None], -1)[..., 0] - top
    log_probability -= np.log(np.exp(logits - top[..., None]).sum(-1))
    pairs = known[:, None] & known[None, :] & ~np.eye(len(beta), dtype=bool)
    return float(-log_probability[pairs].mean()) if pairs.any() else float("nan")


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


def _distances(points: Array) -> Array:
    return np.linalg.norm(points[:, None] - points[None, :], axis=-1)
