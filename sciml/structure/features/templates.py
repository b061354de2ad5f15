"""Template chains, already aligned to the query, as features.

Source: Jumper et al. 2021, Supplementary Methods 1.2.9 and Table 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sciml.data.alphabet import GAP_INDEX
from sciml.data.residue_constants import ATOM_TYPES
from sciml.errors import InputError
from sciml.structure.all_atom import pseudo_beta, pseudo_beta_mask

_NUM_ATOMS = len(ATOM_TYPES)


@dataclass(frozen=True)
class TemplateChain:
    """One template over the residues of the query."""

    aatype: Tensor
    """(res,) int, residue numbers of the template; 21 (gap) where nothing is aligned."""
    positions: Tensor
    """(res, 37, 3) float32, Å, atom37 layout; 0 where there is no atom."""
    mask: Tensor
    """(res, 37) float32, 1 where the atom is there."""
    sum_probs: float = 0.0
    """Sum of the probabilities of the aligned pairs (HHsearch); the network does not read it."""

    def __post_init__(self) -> None:
        num_res = len(self.aatype)
        shapes = (tuple(self.positions.shape), tuple(self.mask.shape))
        if shapes != ((num_res, _NUM_ATOMS, 3), (num_res, _NUM_ATOMS)):
            raise InputError(f"a template over {num_res} residues has positions and mask of shapes {shapes}")

    @staticmethod
    def aligned(
        aatype: Tensor, positions: Tensor, mask: Tensor, template_residue: Tensor, sum_probs: float = 0.0
    ) -> "TemplateChain":
        """A template over its own residues, brought to those of the query.

        Args:
            aatype: (template_res,), residue numbers.
            positions: (template_res, 37, 3), Å.
            mask: (template_res, 37).
            template_residue: (res,), the template's residue for each residue of the query, -1 where there
                is none.
            sum_probs: see the class.

        Raises:
            InputError: a number beyond the template's last residue, or below -1.
        """
        found = template_residue >= 0
        if len(template_residue) and not -1 <= template_residue.min() <= template_residue.max() < len(aatype):
            raise InputError(
                f"aligned residues must lie in -1..{len(aatype) - 1}, the residues of the template"
            )
        source = template_residue.clamp(min=0)
        known = mask[source] * found[:, None]
        return TemplateChain(
            torch.where(found, aatype[source].long(), GAP_INDEX),
            positions[source] * known[..., None],
            known,
            sum_probs,
        )


def template_features(
    templates: Sequence[TemplateChain], num_res: int, max_templates: int
) -> dict[str, Tensor]:
    """The `template_*` arrays of AlphaFold 2, without a batch axis.

    The first `max_templates` chains are used, in the order given (best first); missing ones are padded with
    zeros and `template_mask` 0.

    Args:
        templates: chains aligned to the query; may be empty.
        num_res: residues of the query.
        max_templates: rows of every array.

    Raises:
        InputError: a template of another length than the query.
    """
    used = templates[:max_templates]
    for number, template in enumerate(used):
        if len(template.aatype) != num_res:
            raise InputError(
                f"template {number} spans {len(template.aatype)} residues, the query has {num_res}"
            )
    aatype = torch.zeros(max_templates, num_res, dtype=torch.long)
    positions = torch.zeros(max_templates, num_res, _NUM_ATOMS, 3)
    mask = torch.zeros(max_templates, num_res, _NUM_ATOMS)
    sum_probs = torch.zeros(max_templates, 1)
    if used:
        count = len(used)
        aatype[:count] = torch.stack([template.aatype for template in used])
        positions[:count] = torch.stack([template.positions for template in used])
        mask[:count] = torch.stack([template.mask for template in used])
        sum_probs[:count, 0] = torch.tensor(np.array([template.sum_probs for template in used], np.float32))
    return {
        "template_aatype": aatype,
        "template_all_atom_positions": positions,
        "template_all_atom_masks": mask,
        "template_pseudo_beta": pseudo_beta(aatype, positions),
        "template_pseudo_beta_mask": pseudo_beta_mask(aatype, mask),
        "template_sum_probs": sum_probs,
        "template_mask": (torch.arange(max_templates) < len(used)).float(),
    }
