"""Losses of the heads that predict distributions: distances, masked letters, confidence, resolved atoms.

Each returns one value per example. Cross entropies are in nats.

Source: Jumper et al. 2021, Supplementary sections 1.9.6 to 1.9.10.
"""

import torch
from torch import Tensor
from torch.nn import functional

from sciml.data.residue_constants import ATOM_INDEX
from sciml.structure.losses.lddt import lddt_ca
from sciml.structure.rigid import Rigid

_PAIR_EPSILON = 1e-6
_EPSILON = 1e-8


def distogram_loss(logits: Tensor, bin_edges: Tensor, beta: Tensor, beta_mask: Tensor) -> Tensor:
    """Cross entropy of the binned distances between pseudo-beta atoms.

    Args:
        logits: (b, res, res, bin).
        bin_edges: (bin - 1,), Å.
        beta: (b, res, 3), true positions, Å.
        beta_mask: (b, res).

    Returns:
        (b,), mean over pairs of known residues.
    """
    true_bins = torch.bucketize(_squared_distances(beta, beta), bin_edges.to(beta.dtype).square())
    mask = beta_mask.unsqueeze(-1) * beta_mask.unsqueeze(-2)
    return _mean(_cross_entropy(logits, true_bins), mask, _PAIR_EPSILON)


def masked_msa_loss(logits: Tensor, true_msa: Tensor, masked: Tensor) -> Tensor:
    """Cross entropy of the letters of the MSA that were hidden.

    Args:
        logits: (b, seq, res, class).
        true_msa: (b, seq, res), integers.
        masked: (b, seq, res), 1 where a letter was hidden (`bert_mask`).

    Returns:
        (b,), mean over hidden letters.
    """
    return _mean(_cross_entropy(logits, true_msa.long()), masked, _EPSILON)


def plddt_loss(logits: Tensor, predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Cross entropy of the binned lDDT-Cα of each residue.

    Args:
        logits: (b, res, bin); bins divide 0..1 evenly.
        predicted: (b, res, 37, 3), the prediction that the head judges, Å; it gets no gradient.
        target: (b, res, 37, 3), Å.
        mask: (b, res, 37), 1 for atoms known in the target.

    Returns:
        (b,), mean over residues with a known Cα.
    """
    bins = logits.shape[-1]
    score = lddt_ca(predicted.detach(), target, mask, per_residue=True)
    true_bins = (score * bins).floor().long().clamp(max=bins - 1)
    return _mean(_cross_entropy(logits, true_bins), mask[..., ATOM_INDEX["CA"]], _EPSILON)


def aligned_error_loss(
    logits: Tensor, breaks: Tensor, predicted: Tensor, target: Tensor, mask: Tensor
) -> Tensor:
    """Cross entropy of the binned error of residue j seen from the backbone frame of residue i.

    Args:
        logits: (b, res i, res j, bin).
        breaks: (bin - 1,), Å.
        predicted: (b, res, 7), final backbone frames, quaternion and Å; they get no gradient.
        target: (b, res, 7), the same of the truth.
        mask: (b, res), 1 where the true backbone is known.

    Returns:
        (b,), mean over pairs of known residues.
    """
    local = []
    for tensor7 in (predicted.detach(), target):
        frames = Rigid.from_tensor7(tensor7)
        local.append(frames[..., None].invert_apply(frames.translation.unsqueeze(-3)))
    squared = (local[0] - local[1]).square().sum(-1)
    true_bins = torch.bucketize(squared, breaks.to(squared.dtype).square())
    return _mean(_cross_entropy(logits, true_bins), mask.unsqueeze(-1) * mask.unsqueeze(-2), _EPSILON)


def experimentally_resolved_loss(logits: Tensor, resolved: Tensor, exists: Tensor) -> Tensor:
    """Binary cross entropy of whether an atom is seen in the experiment.

    Args:
        logits: (b, res, 37).
        resolved: (b, res, 37), 1 for atoms known in the target.
        exists: (b, res, 37), 1 for atoms that the residue types have.

    Returns:
        (b,), mean over the atoms that exist.
    """
    error = functional.binary_cross_entropy_with_logits(logits, resolved, reduction="none")
    return _mean(error, exists, _EPSILON)


def resolution_is_trusted(resolution: Tensor, min_angstrom: float = 0.1, max_angstrom: float = 3.0) -> Tensor:
    """(b,), 1 where the experiment is precise enough (resolution in Å) to supervise confidence."""
    return ((resolution >= min_angstrom) & (resolution <= max_angstrom)).to(resolution.dtype)


def _cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    log_probability = functional.log_softmax(logits, dim=-1)
    return -log_probability.gather(-1, classes.unsqueeze(-1)).squeeze(-1)


def _mean(values: Tensor, mask: Tensor, epsilon: float) -> Tensor:
    mask = mask.to(values.dtype)
    return (values * mask).flatten(1).sum(-1) / (mask.flatten(1).sum(-1) + epsilon)


def _squared_distances(first: Tensor, second: Tensor) -> Tensor:
    return (first.unsqueeze(-2) - second.unsqueeze(-3)).square().sum(-1)
