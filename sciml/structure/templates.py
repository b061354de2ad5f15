"""Templates: a pair embedding of each, attention over them, and rows for the MSA from their torsion angles.

Source: Jumper et al. 2021, Supplementary Algorithms 2, 16 and 17; feature sizes as in the published
parameters.
"""

import torch
from einops import rearrange, reduce, repeat
from torch import Tensor, nn
from torch.nn import functional

from sciml.attention import attention
from sciml.data.residue_constants import ATOM_INDEX
from sciml.linear import Linear
from sciml.structure.all_atom import atom37_to_torsion_angles, dgram_from_positions
from sciml.structure.config import Config
from sciml.structure.evoformer import TemplatePairStack
from sciml.structure.primitives import LayerNorm

TEMPLATE_CLASSES = 22
TEMPLATE_BINS, TEMPLATE_FIRST_ANGSTROM, TEMPLATE_LAST_ANGSTROM = 39, 3.25, 50.75
PAIR_CHANNELS = TEMPLATE_BINS + 1 + 2 * TEMPLATE_CLASSES + 3 + 1
TORSION_CHANNELS = TEMPLATE_CLASSES + 14 + 14 + 7
Features = dict[str, Tensor]


def template_pair_features(
    aatype: Tensor, beta: Tensor, beta_mask: Tensor, atom_mask: Tensor, dtype: torch.dtype
) -> Tensor:
    """Pair features of one template.

    Args:
        aatype: (b, i), 22 classes.
        beta: (b, i, 3), pseudo-beta positions in Å.
        beta_mask: (b, i).
        atom_mask: (b, i, 37).
        dtype: of the result.

    Returns:
        (b, i, j, 88): distance bins, their mask, residue j, residue i, unit vectors (zeros in the monomer
        networks), backbone mask; everything is zero where the backbone of i or j is incomplete.
    """
    residues = aatype.shape[1]
    mask_2d = torch.einsum("bi,bj->bij", beta_mask, beta_mask)[..., None]
    dgram = dgram_from_positions(beta, TEMPLATE_BINS, TEMPLATE_FIRST_ANGSTROM, TEMPLATE_LAST_ANGSTROM)
    classes = functional.one_hot(aatype.long(), TEMPLATE_CLASSES).to(beta.dtype)
    backbone = atom_mask[..., [ATOM_INDEX[name] for name in ("N", "CA", "C")]].prod(-1)
    backbone_2d = torch.einsum("bi,bj->bij", backbone, backbone)[..., None]
    features = [
        dgram * mask_2d,
        mask_2d,
        repeat(classes, "b j c -> b i j c", i=residues),
        repeat(classes, "b i c -> b i j c", j=residues),
        torch.zeros_like(backbone_2d).expand(-1, -1, -1, 3),
        backbone_2d,
    ]
    return (torch.cat(features, dim=-1) * backbone_2d).to(dtype)


class TemplatePointwiseAttention(nn.Module):
    """Each pair of residues attends over the templates; no gate.

    Args:
        c_z: channels of the query (pair representation) and of the result.
        c_t: channels of a template.
        heads: attention heads.
        c_head: channels of a head.
    """

    def __init__(self, c_z: int, c_t: int, heads: int, c_head: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = Linear(c_z, heads * c_head, bias=False, init="glorot")
        self.key = Linear(c_t, heads * c_head, bias=False, init="glorot")
        self.value = Linear(c_t, heads * c_head, bias=False, init="glorot")
        self.output = Linear(heads * c_head, c_z, init="final")

    def forward(self, pair: Tensor, templates: Tensor, mask: Tensor) -> Tensor:
        """pair (b, i, j, c_z), templates (b, t, i, j, c_t), mask (b, t) -> (b, i, j, c_z)."""
        query = rearrange(self.query(pair), "b i j (h d) -> b (i j) 1 h d", h=self.heads)
        key, value = (
            rearrange(project(templates), "b t i j (h d) -> b (i j) t h d", h=self.heads)
            for project in (self.key, self.value)
        )
        row_mask = repeat(mask, "b t -> b row t", row=query.shape[1])
        mixed = attention(query, key, value, mask=row_mask)
        return self.output(rearrange(mixed, "b (i j) 1 h d -> b i j (h d)", i=pair.shape[1]))


class TemplateEmbedder(nn.Module):
    """All templates of a record.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.embedding2d = Linear(PAIR_CHANNELS, config.c_t, init="relu")
        self.template_pair_stack = TemplatePairStack(config)
        self.output_layer_norm = LayerNorm(config.c_t)
        self.attention = TemplatePointwiseAttention(
            config.c_z, config.c_t, config.pair_heads, config.c_template_head
        )
        self.template_single_embedding = Linear(TORSION_CHANNELS, config.c_m, init="relu")
        self.template_projection = Linear(config.c_m, config.c_m, init="relu")

    def forward(self, features: Features, pair: Tensor, mask_2d: Tensor | None) -> Tensor:
        """The update of the pair representation: (b, i, j, c_z), mask (b, i, j) -> (b, i, j, c_z)."""
        dtype = self.embedding2d.weight.dtype
        embedded = []
        for t in range(features["template_aatype"].shape[1]):
            pair_features = template_pair_features(
                features["template_aatype"][:, t],
                features["template_pseudo_beta"][:, t],
                features["template_pseudo_beta_mask"][:, t],
                features["template_all_atom_masks"][:, t],
                dtype,
            )
            template = self.template_pair_stack(self.embedding2d(pair_features).to(pair.dtype), mask_2d)
            embedded.append(self.output_layer_norm(template))
        mask = features["template_mask"]
        update = self.attention(pair.to(dtype), rearrange(embedded, "t b i j c -> b t i j c").to(dtype), mask)
        any_template = reduce(mask, "b t -> b 1 1 1", "sum") > 0
        return update * any_template.to(update.dtype)

    def torsion_rows(self, features: Features) -> tuple[Tensor, Tensor]:
        """One row of the MSA from each template.

        Returns:
            rows (b, t, i, c_m) and their mask (b, t, i): 1 where psi is defined (torsions are pre-omega, phi,
            psi, chi1-4).
        """
        aatype = features["template_aatype"].long()
        # Undefined angles keep whatever their zero positions give, as upstream: the parameters were trained
        # so.
        torsions = atom37_to_torsion_angles(
            aatype, features["template_all_atom_positions"], features["template_all_atom_masks"]
        )
        parts = [
            functional.one_hot(aatype, TEMPLATE_CLASSES).to(torsions.sin_cos.dtype),
            rearrange(torsions.sin_cos, "b t i torsion sincos -> b t i (torsion sincos)"),
            rearrange(torsions.alternative_sin_cos, "b t i torsion sincos -> b t i (torsion sincos)"),
            torsions.mask,
        ]
        rows = torch.cat(parts, dim=-1).to(self.template_single_embedding.weight.dtype)
        rows = self.template_projection(self.template_single_embedding(rows, activation="relu"))
        return rows, torsions.mask[..., 2]
