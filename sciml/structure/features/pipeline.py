"""From an alignment to the arrays that the network reads, under AlphaFold 2's names and shapes.

Everything random is in `draw`; everything else follows from its result. Letters are masked before rows are
assigned to clusters, and a new draw is made for each recycling pass.
Source: Jumper et al. 2021, Supplementary Methods 1.2.6-1.2.9 and Table 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sciml.data.alignment import Alignment
from sciml.data.residue_constants import (
    atom14_mask,
    atom14_to_atom37,
    atom37_mask,
    atom37_to_atom14,
)
from sciml.errors import InputError
from sciml.structure.all_atom import residue_table
from sciml.structure.features.clusters import nearest_centres, summarise_clusters
from sciml.structure.features.config import FeatureConfig
from sciml.structure.features.masking import draw_mask
from sciml.structure.features.msa import (
    NUM_LETTERS,
    EncodedMsa,
    delete_blocks,
    deletion_value,
    encode_alignment,
    split_rows,
)
from sciml.structure.features.randomness import random_stream
from sciml.structure.features.templates import TemplateChain, template_features

Features = dict[str, Tensor]
"""AlphaFold 2's feature names; every array has a leading batch axis."""

_RES, _SEQ, _EXTRA = "res", "seq", "extra"
_AXES: dict[str, tuple[str, ...]] = {
    "aatype": (_RES,),
    "residue_index": (_RES,),
    "seq_mask": (_RES,),
    "target_feat": (_RES,),
    "atom14_atom_exists": (_RES,),
    "atom37_atom_exists": (_RES,),
    "residx_atom14_to_atom37": (_RES,),
    "residx_atom37_to_atom14": (_RES,),
    "msa_feat": (_SEQ, _RES),
    "msa_mask": (_SEQ, _RES),
    "msa_row_mask": (_SEQ,),
    "bert_mask": (_SEQ, _RES),
    "true_msa": (_SEQ, _RES),
    "extra_msa": (_EXTRA, _RES),
    "extra_msa_mask": (_EXTRA, _RES),
    "extra_msa_row_mask": (_EXTRA,),
    "extra_has_deletion": (_EXTRA, _RES),
    "extra_deletion_value": (_EXTRA, _RES),
    "template_aatype": ("template", _RES),
    "template_all_atom_positions": ("template", _RES),
    "template_all_atom_masks": ("template", _RES),
    "template_pseudo_beta": ("template", _RES),
    "template_pseudo_beta_mask": ("template", _RES),
}
"""Leading axes of each array, without the batch; arrays that are not listed have none that is padded."""


@dataclass(frozen=True)
class MsaDraw:
    """The random choices of one pass."""

    centres: Tensor
    """(centre,) rows of the alignment that are cluster centres; starts with 0."""
    others: Tensor
    """(seq,) the other rows; the first `max_extra_msa` become the extra MSA."""
    masked: Tensor
    """(centre, res) letters of the centres after masking, 0-22."""
    chosen: Tensor
    """(centre, res) bool, the positions chosen for masking."""


def draw(msa: EncodedMsa, config: FeatureConfig, generator: torch.Generator) -> MsaDraw:
    """Choose rows and masked positions for one pass."""
    if config.block_deletions and msa.num_rows > 1:
        kept = delete_blocks(msa.num_rows, config.block_deletions, config.block_deletion_fraction, generator)
    else:
        kept = torch.arange(msa.num_rows)
    centres, others = split_rows(len(kept), config.msa_clusters, generator)
    centres, others = kept[centres], kept[others]
    masked, chosen = draw_mask(msa.letters[centres], msa.profile, config, generator)
    return MsaDraw(centres, others, masked, chosen)


def msa_features(msa: EncodedMsa, choice: MsaDraw, max_extra_msa: int) -> Features:
    """Arrays that follow from an alignment and a draw, without a batch axis.

    Without a row for the extra MSA it holds one row of mask 0, which the network ignores.
    """
    deletions = msa.deletions[choice.centres].float()
    other_letters, other_deletions = msa.letters[choice.others], msa.deletions[choice.others]
    assignment = nearest_centres(choice.masked, other_letters)
    profile, deletion_mean = summarise_clusters(
        choice.masked, deletions, other_letters, other_deletions, assignment
    )
    parts = [functional.one_hot(choice.masked.long(), NUM_LETTERS).float(), deletions.clamp(0, 1)[..., None]]
    parts += [deletion_value(deletions)[..., None], profile, deletion_value(deletion_mean)[..., None]]
    extra = other_letters[:max_extra_msa].long()
    extra_deletions = other_deletions[:max_extra_msa].float()
    features = {
        "msa_feat": torch.cat(parts, dim=-1),
        "msa_mask": torch.ones(choice.masked.shape),
        "msa_row_mask": torch.ones(len(choice.centres)),
        "bert_mask": choice.chosen.float(),
        "true_msa": msa.letters[choice.centres].long(),
        "extra_msa": extra,
        "extra_msa_mask": torch.ones(extra.shape),
        "extra_msa_row_mask": torch.ones(len(extra)),
        "extra_has_deletion": extra_deletions.clamp(0, 1),
        "extra_deletion_value": deletion_value(extra_deletions),
    }
    return features if len(extra) else pad_axis(features, _EXTRA, 1)


def sequence_features(aatype: Tensor, residue_index: Tensor) -> Features:
    """Arrays that follow from the sequence alone, for any leading axes.

    Args:
        aatype: (..., res), residue numbers 0-20.
        residue_index: (..., res), number of each residue along the chain.

    Returns:
        the arrays by name, with the same leading axes; `target_feat` is (..., res, 22): a break flag, which
        is 0 in a single chain, and the residue in one-hot form.
    """
    aatype = aatype.long()
    break_flag = torch.zeros(*aatype.shape, 1)
    return {
        "aatype": aatype,
        "residue_index": residue_index.long(),
        "seq_length": torch.full(aatype.shape[:-1], aatype.shape[-1]),
        "seq_mask": torch.ones(aatype.shape),
        "target_feat": torch.cat([break_flag, functional.one_hot(aatype, 21).float()], dim=-1),
        "atom14_atom_exists": residue_table(atom14_mask, aatype),
        "atom37_atom_exists": residue_table(atom37_mask, aatype),
        "residx_atom14_to_atom37": residue_table(atom14_to_atom37, aatype),
        "residx_atom37_to_atom14": residue_table(atom37_to_atom14, aatype),
    }


def pad_axis(features: Features, axis: str, size: int) -> Features:
    """Pad one axis of every array that has it with zeros at its end.

    Args:
        features: arrays without a batch axis.
        axis: "res", "seq" (rows of the MSA) or "extra" (rows of the extra MSA).
        size: length of that axis afterwards.

    Raises:
        InputError: an array is longer than that already.
    """
    padded = dict(features)
    for name, value in features.items():
        axes = _AXES.get(name, ())
        if axis not in axes:
            continue
        place = axes.index(axis)
        missing = size - value.shape[place]
        if missing < 0:
            raise InputError(f"{name} has {value.shape[place]} entries along {axis!r}, more than {size}")
        padded[name] = functional.pad(value, [0, 0] * (value.ndim - place - 1) + [0, missing])
    return padded


def pass_features(
    msa: EncodedMsa,
    residue_index: Tensor,
    config: FeatureConfig,
    generator: torch.Generator,
    templates: Sequence[TemplateChain] = (),
) -> Features:
    """Features of one pass without a batch axis and without padded residues; see `make_features`."""
    features = sequence_features(msa.letters[0], residue_index)
    features |= msa_features(msa, draw(msa, config, generator), config.max_extra_msa)
    if config.max_templates:
        features |= template_features(templates, msa.num_res, config.max_templates)
    if config.pad_rows:
        features = pad_axis(pad_axis(features, _SEQ, config.msa_clusters), _EXTRA, config.max_extra_msa)
    return features


def make_features(
    alignment: Alignment | EncodedMsa,
    config: FeatureConfig,
    *,
    seed: int,
    recycle: int = 0,
    residue_index: Tensor | None = None,
    templates: Sequence[TemplateChain] = (),
    pad_to_res: int | None = None,
) -> Features:
    """Features of one pass of the network.

    Args:
        alignment: rows over the query's residues, row 0 the query; encode it once (`encode_alignment`) when
            features are made for several passes.
        config: sizes and masking.
        seed: one seed gives the same features every time.
        recycle: number of the recycling pass; each draws its own rows and masks.
        residue_index: (res,), numbers of the residues along the chain; 0, 1, 2, … if not given.
        templates: chains aligned to the query, best first; used if the settings have templates.
        pad_to_res: number of residues after padding; `seq_mask` is 0 at the padding.

    Returns:
        arrays named and shaped as AlphaFold 2's, with a leading batch axis of 1.

    Raises:
        InputError: a residue_index or a template of another length than the query, or more residues than
        `pad_to_res`.
    """
    msa = encode_alignment(alignment) if isinstance(alignment, Alignment) else alignment
    numbering = (
        torch.arange(msa.num_res) if residue_index is None else torch.as_tensor(np.asarray(residue_index))
    )
    if numbering.shape != (msa.num_res,):
        raise InputError(
            f"residue_index has shape {tuple(numbering.shape)}, the query {msa.num_res} residues"
        )
    generator = random_stream(seed, recycle if config.resample_each_recycle else 0)
    features = pass_features(msa, numbering, config, generator, templates)
    if pad_to_res is not None:
        features = pad_axis(features, _RES, pad_to_res)
    return {name: value.unsqueeze(0) for name, value in features.items()}
