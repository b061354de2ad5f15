"""OpenFold's names for the same parameters.

OpenFold keeps torch's layout, so only names differ. Its `a` and `b` of the incoming triangle multiplication
are the published `right` and `left`. Early releases used other names for some modules; both are read.
"""

import re
from collections.abc import Mapping

from torch import Tensor

from sciml.errors import SettingsError

_OLDER_NAMES: tuple[tuple[str, str], ...] = (
    (
        r"^(template_angle_embedder|template_pair_embedder|template_pair_stack|template_pointwise_att)\.",
        r"template_embedder.\1.",
    ),
    (r"\.template_single_embedder\.", ".template_angle_embedder."),
    (r"\.extra_msa_stack\.stack\.|^extra_msa_stack\.stack\.", "extra_msa_stack."),
    (r"\.(core|pair_stack|_msa_att)\.", "."),
    (r"\.ipa\.linear_(q|kv)_points\.linear\.", r".ipa.linear_\1_points."),
)
_NAMES: tuple[tuple[str, str], ...] = (
    (r"^input_embedder\.linear_tf_z_i\.", "input_embedder.left_single."),
    (r"^input_embedder\.linear_tf_z_j\.", "input_embedder.right_single."),
    (r"^input_embedder\.linear_tf_m\.", "input_embedder.preprocess_1d."),
    (r"^input_embedder\.linear_msa_m\.", "input_embedder.preprocess_msa."),
    (r"^input_embedder\.linear_relpos\.", "input_embedder.relative_position."),
    (r"^recycling_embedder\.linear\.", "recycling_embedder.prev_pos_linear."),
    (r"^recycling_embedder\.layer_norm_m\.", "recycling_embedder.prev_msa_first_row_norm."),
    (r"^recycling_embedder\.layer_norm_z\.", "recycling_embedder.prev_pair_norm."),
    (
        r"^template_embedder\.template_angle_embedder\.linear_1\.",
        "template_embedder.template_single_embedding.",
    ),
    (r"^template_embedder\.template_angle_embedder\.linear_2\.", "template_embedder.template_projection."),
    (r"^template_embedder\.template_pair_embedder\.linear\.", "template_embedder.embedding2d."),
    (r"^template_embedder\.template_pair_stack\.layer_norm\.", "template_embedder.output_layer_norm."),
    (r"^template_embedder\.template_pointwise_att\.mha\.", "template_embedder.attention."),
    (r"^extra_msa_embedder\.linear\.", "extra_msa_embedder.extra_msa_activations."),
    (r"^extra_msa_stack\.blocks\.", "extra_msa_stack."),
    (r"^evoformer\.blocks\.", "evoformer_iteration."),
    (r"^evoformer\.linear\.", "single_activations."),
    (r"\.msa_att_row\.linear_z\.", ".msa_att_row.feat_2d_weights."),
    (r"\.msa_att_row\.layer_norm_z\.", ".msa_att_row.feat_2d_norm."),
    (r"\.msa_att_(row|col)\.layer_norm_m\.", r".msa_att_\1.query_norm."),
    (r"\.msa_att_row\.", ".msa_row_attention_with_pair_bias."),
    (r"\.msa_att_col\.", ".msa_column_attention."),
    (r"\.(mha|global_attention)\.", ".attention."),
    (r"\.outer_product_mean\.layer_norm\.", ".outer_product_mean.layer_norm_input."),
    (r"\.outer_product_mean\.linear_1\.", ".outer_product_mean.left_projection."),
    (r"\.outer_product_mean\.linear_2\.", ".outer_product_mean.right_projection."),
    (r"\.outer_product_mean\.linear_out\.", ".outer_product_mean.output."),
    (r"\.tri_att_(start|end)\.layer_norm\.", r".tri_att_\1.query_norm."),
    (r"\.tri_att_(start|end)\.linear\.", r".tri_att_\1.feat_2d_weights."),
    (r"\.tri_att_start\.", ".pair_update.triangle_attention_starting_node."),
    (r"\.tri_att_end\.", ".pair_update.triangle_attention_ending_node."),
    (r"\.tri_mul_out\.linear_a_", ".tri_mul_out.left_"),
    (r"\.tri_mul_out\.linear_b_", ".tri_mul_out.right_"),
    (r"\.tri_mul_in\.linear_b_", ".tri_mul_in.left_"),
    (r"\.tri_mul_in\.linear_a_", ".tri_mul_in.right_"),
    (r"\.tri_mul_(in|out)\.(left|right)_p\.", r".tri_mul_\1.\2_projection."),
    (r"\.tri_mul_(in|out)\.(left|right)_g\.", r".tri_mul_\1.\2_gate."),
    (r"\.tri_mul_(in|out)\.layer_norm_in\.", r".tri_mul_\1.layer_norm_input."),
    (r"\.tri_mul_(in|out)\.layer_norm_out\.", r".tri_mul_\1.center_layer_norm."),
    (r"\.tri_mul_(in|out)\.linear_z\.", r".tri_mul_\1.output_projection."),
    (r"\.tri_mul_(in|out)\.linear_g\.", r".tri_mul_\1.gating_linear."),
    (r"\.tri_mul_out\.", ".pair_update.triangle_multiplication_outgoing."),
    (r"\.tri_mul_in\.", ".pair_update.triangle_multiplication_incoming."),
    (r"\.pair_transition\.", ".pair_update.pair_transition."),
    (r"^(template_embedder\.template_pair_stack\.blocks\.\d+)\.pair_update\.", r"\1."),
    (r"\.(msa_transition|pair_transition)\.layer_norm\.", r".\1.input_layer_norm."),
    (r"\.(msa_transition|pair_transition)\.linear_([12])\.", r".\1.transition\2."),
    (r"^structure_module\.layer_norm_s\.", "structure_module.single_layer_norm."),
    (r"^structure_module\.layer_norm_z\.", "structure_module.pair_layer_norm."),
    (r"^structure_module\.linear_in\.", "structure_module.initial_projection."),
    (
        r"^structure_module\.(ipa|layer_norm_ipa|transition|bb_update|angle_resnet)\.",
        r"structure_module.fold_iteration.\1.",
    ),
    (r"\.layer_norm_ipa\.", ".attention_layer_norm."),
    (r"\.transition\.layers\.0\.linear_1\.", ".transition."),
    (r"\.transition\.layers\.0\.linear_2\.", ".transition_1."),
    (r"\.transition\.layers\.0\.linear_3\.", ".transition_2."),
    (r"\.transition\.layer_norm\.", ".transition_layer_norm."),
    (r"\.bb_update\.linear\.", ".affine_update."),
    (r"\.angle_resnet\.linear_in\.", ".rigid_sidechain.input_projection."),
    (r"\.angle_resnet\.linear_initial\.", ".rigid_sidechain.input_projection_1."),
    (r"\.angle_resnet\.linear_out\.", ".rigid_sidechain.unnormalized_angles."),
    (r"\.angle_resnet\.layers\.(\d+)\.linear_([12])\.", r".rigid_sidechain.blocks.\1.resblock\2."),
    (r"\.ipa\.head_weights$", ".invariant_point_attention.trainable_point_weights"),
    (r"\.ipa\.linear_q\.", ".invariant_point_attention.q_scalar."),
    (r"\.ipa\.linear_kv\.", ".invariant_point_attention.kv_scalar."),
    (r"\.ipa\.linear_q_points\.", ".invariant_point_attention.q_point_local."),
    (r"\.ipa\.linear_kv_points\.", ".invariant_point_attention.kv_point_local."),
    (r"\.ipa\.linear_b\.", ".invariant_point_attention.attention_2d."),
    (r"\.ipa\.linear_out\.", ".invariant_point_attention.output_projection."),
    (r"^aux_heads\.plddt\.layer_norm\.", "predicted_lddt_head.input_layer_norm."),
    (r"^aux_heads\.plddt\.linear_1\.", "predicted_lddt_head.act_0."),
    (r"^aux_heads\.plddt\.linear_2\.", "predicted_lddt_head.act_1."),
    (r"^aux_heads\.plddt\.linear_3\.", "predicted_lddt_head.logits."),
    (r"^aux_heads\.distogram\.linear\.", "distogram_head.half_logits."),
    (r"^aux_heads\.tm\.linear\.", "predicted_aligned_error_head.logits."),
    (r"^aux_heads\.(masked_msa|experimentally_resolved)\.linear\.", r"\1_head.logits."),
    (r"\.linear_q\.", ".query."),
    (r"\.linear_k\.", ".key."),
    (r"\.linear_v\.", ".value."),
    (r"\.linear_g\.", ".gating."),
    (r"\.linear_o\.", ".output."),
)


def our_name(name: str) -> str:
    """The name of OpenFold's parameter in `AlphaFold`; a name it does not know comes back changed as little
    as its parts allow."""
    for pattern, replacement in (*_OLDER_NAMES, *_NAMES):
        name = re.sub(pattern, replacement, name)
    return name


def _state(content: object) -> Mapping[str, object]:
    """The flat dictionary of tensors inside of a checkpoint."""
    while isinstance(content, Mapping):
        nested = next(
            (content[key] for key in ("ema", "params", "state_dict", "module") if key in content), None
        )
        if nested is None:
            return content
        content = nested
    raise SettingsError("a checkpoint must hold a dictionary of tensors")


def from_openfold(content: object) -> dict[str, Tensor]:
    """Parameters of a loaded OpenFold checkpoint under the names of `AlphaFold`.

    Args:
        content: a state dict, or a checkpoint that holds one under `ema`, `params`, `state_dict` or `module`.

    Raises:
        SettingsError: not a dictionary of tensors, or two of them for one parameter.
    """
    renamed: dict[str, Tensor] = {}
    for name, value in _state(content).items():
        if not isinstance(value, Tensor):
            raise SettingsError(f"entry {name!r} of the checkpoint is no tensor")
        ours = our_name(re.sub(r"^(module\.|model\.)+", "", name))
        if ours in renamed:
            raise SettingsError(f"entry {name!r} of the checkpoint is a second array for {ours}")
        renamed[ours] = value.float()
    return renamed
