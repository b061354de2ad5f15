"""The AlphaFold 2 monomer network: embedding, Evoformer, structure module, heads, recycling.

Source: Jumper et al. 2021, Supplementary Algorithm 2; sizes and details as in the published parameters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from sciml.errors import SettingsError
from sciml.linear import Linear
from sciml.structure.config import Config
from sciml.structure.embedders import ExtraMsaEmbedder, InputEmbedder, RecyclingEmbedder
from sciml.structure.evoformer import EvoformerBlock, first_row
from sciml.structure.heads import (
    ATOM37,
    MASKED_MSA_CLASSES,
    DistogramHead,
    LogitsHead,
    PredictedAlignedErrorHead,
    PredictedLDDTHead,
)
from sciml.structure.structure_module import StructureModule
from sciml.structure.templates import TemplateEmbedder
from sciml.structure.triangle import pair_mask

Features = dict[str, Tensor]
Outputs = dict[str, Tensor]


@dataclass(frozen=True)
class Previous:
    """What one pass hands to the next.

    positions: (b, i, 37, 3), Å. msa_first_row: (b, i, c_m). pair: (b, i, j, c_z).
    """

    positions: Tensor
    msa_first_row: Tensor
    pair: Tensor

    @staticmethod
    def zeros(features: Features, config: Config) -> "Previous":
        """What the first pass gets."""
        batch, residues = features["aatype"].shape
        mask = features["seq_mask"]
        return Previous(
            mask.new_zeros(batch, residues, ATOM37, 3),
            mask.new_zeros(batch, residues, config.c_m),
            mask.new_zeros(batch, residues, residues, config.c_z),
        )

    @staticmethod
    def of(outputs: Outputs) -> "Previous":
        """What these outputs hand on; no gradient flows back."""
        return Previous(
            outputs["structure_module/final_atom_positions"].detach(),
            outputs["representations/msa_first_row"].detach(),
            outputs["representations/pair"].detach(),
        )


def ca_distance_change(before: Tensor, after: Tensor, mask: Tensor) -> Tensor:
    """Root mean square change of all Cα-Cα distances: the measure by which recycling stops.

    Args:
        before: (b, i, 37, 3), Å.
        after: (b, i, 37, 3), Å.
        mask: (b, i).

    Returns:
        (b,), Å.
    """
    mask_2d = pair_mask(mask)
    before_ca, after_ca = before[..., 1, :], after[..., 1, :]
    # By differences: through a matrix product a chain far from the origin would change by merely moving.
    distances = partial(torch.cdist, compute_mode="donot_use_mm_for_euclid_dist")
    change = distances(before_ca, before_ca) - distances(after_ca, after_ca)
    return ((change.square() * mask_2d).sum((-1, -2)) / mask_2d.sum((-1, -2)).clamp(min=1)).sqrt()


class AlphaFold(nn.Module):
    """The network. Its submodules carry the names of the published parameters.

    Args:
        config: sizes.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.checkpoint_blocks = False
        self.input_embedder = InputEmbedder(config)
        self.recycling_embedder = RecyclingEmbedder(config)
        self.template_embedder = TemplateEmbedder(config) if config.has_templates else None
        if config.extra_msa_blocks:
            self.extra_msa_embedder = ExtraMsaEmbedder(config)
        self.extra_msa_stack = nn.ModuleList(
            EvoformerBlock(config, is_extra=True) for _ in range(config.extra_msa_blocks)
        )
        self.evoformer_iteration = nn.ModuleList(
            EvoformerBlock(config, is_extra=False) for _ in range(config.evoformer_blocks)
        )
        self.single_activations = Linear(config.c_m, config.c_s)
        self.structure_module = StructureModule(config)
        self.distogram_head = DistogramHead(config)
        self.predicted_lddt_head = PredictedLDDTHead(config)
        self.predicted_aligned_error_head = PredictedAlignedErrorHead(config) if config.pae_head else None
        self.masked_msa_head = LogitsHead(config.c_m, MASKED_MSA_CLASSES)
        self.experimentally_resolved_head = LogitsHead(config.c_s, ATOM37)

    def forward(
        self,
        features: Features | Sequence[Features],
        recycles: int = 3,
        tolerance_angstrom: float = 0.0,
        on_pass: Callable[[int, Outputs, Tensor | None], None] | None = None,
    ) -> Outputs:
        """Runs recycles + 1 passes; gradients flow through the last one only.

        Args:
            features: one set for all passes, or one for each pass.
            recycles: passes after the first.
            tolerance_angstrom: stop as soon as no example's Cα distances change by more than this; 0 never
                stops early.
            on_pass: called after each pass with its number, its outputs and the change of the Cα distances
                (b,).

        Returns:
            `Outputs` of the last pass.

        Raises:
            SettingsError: a sequence of features of another length than the number of passes.
        """
        passes = recycles + 1
        if not isinstance(features, dict) and len(features) != passes:
            raise SettingsError(f"{passes} passes need as many sets of features: {len(features)} given")
        previous, outputs = None, {}
        for index in range(passes):
            current = features if isinstance(features, dict) else features[index]
            with torch.set_grad_enabled(torch.is_grad_enabled() and (index == recycles)):
                outputs = self.single_pass(current, previous)
            change = None
            if previous is not None and (tolerance_angstrom > 0 or on_pass is not None):
                positions = outputs["structure_module/final_atom_positions"].detach()
                change = ca_distance_change(previous.positions, positions, current["seq_mask"])
            if on_pass is not None:
                on_pass(index, outputs, change)
            if change is not None and tolerance_angstrom > 0 and bool((change < tolerance_angstrom).all()):
                break
            previous = Previous.of(outputs)
        return outputs

    def single_pass(self, features: Features, previous: Previous | None = None) -> Outputs:
        """One pass.

        Args:
            features: `Features`, leading axis b.
            previous: outcome of the pass before; None for the first pass.

        Returns:
            `Outputs`.
        """
        if previous is None:
            previous = Previous.zeros(features, self.config)
        representations = self._evoformer(features, previous)
        single, pair, msa = (representations[f"representations/{name}"] for name in ("single", "pair", "msa"))
        outputs = {**representations, **self.structure_module(single, pair, features)}
        folded = outputs["representations/structure_module"]
        heads = {
            "distogram": self.distogram_head(pair),
            "predicted_lddt": self.predicted_lddt_head(folded),
            "masked_msa": self.masked_msa_head(msa),
            "experimentally_resolved": self.experimentally_resolved_head(single),
        }
        if self.predicted_aligned_error_head is not None:
            heads["predicted_aligned_error"] = self.predicted_aligned_error_head(pair)
        for head, arrays in heads.items():
            outputs |= {f"{head}/{name}": array for name, array in arrays.items()}
        return outputs

    def _run(self, block: nn.Module, *inputs: Tensor | None) -> tuple[Tensor, Tensor]:
        if self.checkpoint_blocks and torch.is_grad_enabled():
            return checkpoint(block, *inputs, use_reentrant=False)
        return block(*inputs)

    def _evoformer(self, features: Features, previous: Previous) -> Outputs:
        """From features to `representations/…`."""
        seq_mask = features["seq_mask"]
        mask_2d = None if bool(seq_mask.all()) else pair_mask(seq_mask)
        msa, pair = self.input_embedder(
            features["target_feat"], features["msa_feat"], features["residue_index"]
        )
        row_update, pair_update = self.recycling_embedder(
            features["aatype"].long(), previous.positions, previous.msa_first_row, previous.pair
        )
        msa = torch.cat([msa[:, :1] + row_update[:, None], msa[:, 1:]], dim=1)
        pair = pair + pair_update
        msa_mask, rows = features["msa_mask"], msa.shape[1]
        templates = features.get("template_aatype")
        if self.template_embedder is not None and templates is not None and templates.shape[1]:
            pair = pair + self.template_embedder(features, pair, mask_2d)
            template_rows, template_mask = self.template_embedder.torsion_rows(features)
            msa = torch.cat([msa, template_rows], dim=1)
            msa_mask = torch.cat([msa_mask, template_mask.to(msa_mask.dtype)], dim=1)
        pair = self._extra_msa(features, pair, mask_2d)
        masks = (None if bool(msa_mask.all()) else msa_mask, mask_2d)
        for block in self.evoformer_iteration:
            msa, pair = self._run(block, msa, pair, *masks)
        query_row = first_row(msa)
        return {
            "representations/msa": msa[:, :rows],
            "representations/msa_first_row": query_row,
            "representations/pair": pair,
            "representations/single": self.single_activations(query_row),
        }

    def _extra_msa(self, features: Features, pair: Tensor, mask_2d: Tensor | None) -> Tensor:
        """The pair representation after the extra-MSA stack."""
        if not self.extra_msa_stack:
            return pair
        names = ("extra_msa", "extra_has_deletion", "extra_deletion_value")
        extra = self.extra_msa_embedder(*(features[name] for name in names))
        mask = features["extra_msa_mask"]
        masks = (None if bool(mask.all()) else mask, mask_2d)
        for block in self.extra_msa_stack:
            extra, pair = self._run(block, extra, pair, *masks)
        return pair
