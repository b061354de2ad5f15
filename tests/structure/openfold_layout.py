"""A tiny network's parameters under OpenFold's names, written down by hand module by module.

Names: those of the state dicts of aqlaboratory/openfold. The released checkpoints come from code that has
since moved modules, so there are several spellings of some names.
"""

BLOCK_LINEARS = ("query", "linear_q"), ("key", "linear_k"), ("value", "linear_v"), ("gating", "linear_g")
BLOCK_LINEARS = (*BLOCK_LINEARS, ("output", "linear_o"))


def attention(ours, theirs):
    return {f"{ours}.{mine}": f"{theirs}.{other}" for mine, other in BLOCK_LINEARS}


def transition(ours, theirs):
    names = (("input_layer_norm", "layer_norm"), ("transition1", "linear_1"), ("transition2", "linear_2"))
    return {f"{ours}.{mine}": f"{theirs}.{other}" for mine, other in names}


def pair_update(ours, theirs):
    names = transition(f"{ours}.pair_transition", f"{theirs}.pair_transition")
    for way, short, left, right in (("outgoing", "out", "a", "b"), ("incoming", "in", "b", "a")):
        mine, other = f"{ours}.triangle_multiplication_{way}", f"{theirs}.tri_mul_{short}"
        names |= {
            f"{mine}.layer_norm_input": f"{other}.layer_norm_in",
            f"{mine}.left_projection": f"{other}.linear_{left}_p",
            f"{mine}.right_projection": f"{other}.linear_{right}_p",
            f"{mine}.left_gate": f"{other}.linear_{left}_g",
            f"{mine}.right_gate": f"{other}.linear_{right}_g",
            f"{mine}.center_layer_norm": f"{other}.layer_norm_out",
            f"{mine}.output_projection": f"{other}.linear_z",
            f"{mine}.gating_linear": f"{other}.linear_g",
        }
    for way, short in (("starting", "start"), ("ending", "end")):
        mine, other = f"{ours}.triangle_attention_{way}_node", f"{theirs}.tri_att_{short}"
        names |= {f"{mine}.query_norm": f"{other}.layer_norm", f"{mine}.feat_2d_weights": f"{other}.linear"}
        names |= attention(f"{mine}.attention", f"{other}.mha")
    return names


def block(ours, theirs, core, pair, column, is_extra):
    """One block; `core`, `pair` and `column` are what stands between the block and its parts."""
    row, mine_column = f"{ours}.msa_row_attention_with_pair_bias", f"{ours}.msa_column_attention"
    core_of, pair_of = f"{theirs}{core}", f"{theirs}{pair}"
    names = {
        f"{row}.query_norm": f"{theirs}.msa_att_row.layer_norm_m",
        f"{row}.feat_2d_norm": f"{theirs}.msa_att_row.layer_norm_z",
        f"{row}.feat_2d_weights": f"{theirs}.msa_att_row.linear_z",
        **attention(f"{row}.attention", f"{theirs}.msa_att_row.mha"),
        **transition(f"{ours}.msa_transition", f"{core_of}.msa_transition"),
        f"{ours}.outer_product_mean.layer_norm_input": f"{core_of}.outer_product_mean.layer_norm",
        f"{ours}.outer_product_mean.left_projection": f"{core_of}.outer_product_mean.linear_1",
        f"{ours}.outer_product_mean.right_projection": f"{core_of}.outer_product_mean.linear_2",
        f"{ours}.outer_product_mean.output": f"{core_of}.outer_product_mean.linear_out",
        **pair_update(f"{ours}.pair_update", pair_of),
    }
    column_of = f"{theirs}.msa_att_col" + ("" if is_extra else column)
    names[f"{mine_column}.query_norm"] = f"{column_of}.layer_norm_m"
    inner = "global_attention" if is_extra else "mha"
    return names | attention(f"{mine_column}.attention", f"{column_of}.{inner}")


def template_part(config, prefix, single):
    ours = "template_embedder"
    names = {
        f"{ours}.template_single_embedding": f"{prefix}{single}.linear_1",
        f"{ours}.template_projection": f"{prefix}{single}.linear_2",
        f"{ours}.embedding2d": f"{prefix}template_pair_embedder.linear",
        f"{ours}.output_layer_norm": f"{prefix}template_pair_stack.layer_norm",
        **attention(f"{ours}.attention", f"{prefix}template_pointwise_att.mha"),
    }
    for number in range(config.template_blocks):
        mine = f"{ours}.template_pair_stack.blocks.{number}"
        names |= pair_update(mine, f"{prefix}template_pair_stack.blocks.{number}")
    return names


EMBEDDERS = {
    "input_embedder.preprocess_1d": "input_embedder.linear_tf_m",
    "input_embedder.preprocess_msa": "input_embedder.linear_msa_m",
    "input_embedder.left_single": "input_embedder.linear_tf_z_i",
    "input_embedder.right_single": "input_embedder.linear_tf_z_j",
    "input_embedder.relative_position": "input_embedder.linear_relpos",
    "recycling_embedder.prev_pos_linear": "recycling_embedder.linear",
    "recycling_embedder.prev_msa_first_row_norm": "recycling_embedder.layer_norm_m",
    "recycling_embedder.prev_pair_norm": "recycling_embedder.layer_norm_z",
    "extra_msa_embedder.extra_msa_activations": "extra_msa_embedder.linear",
    "single_activations": "evoformer.linear",
}
HEADS = {
    "predicted_lddt_head.input_layer_norm": "aux_heads.plddt.layer_norm",
    "predicted_lddt_head.act_0": "aux_heads.plddt.linear_1",
    "predicted_lddt_head.act_1": "aux_heads.plddt.linear_2",
    "predicted_lddt_head.logits": "aux_heads.plddt.linear_3",
    "distogram_head.half_logits": "aux_heads.distogram.linear",
    "masked_msa_head.logits": "aux_heads.masked_msa.linear",
    "experimentally_resolved_head.logits": "aux_heads.experimentally_resolved.linear",
    "predicted_aligned_error_head.logits": "aux_heads.tm.linear",
}


def structure_module(points):
    """`points` is what stands between a point projection and its affine map."""
    ours, theirs = "structure_module.fold_iteration", "structure_module"
    ipa, angles = f"{ours}.invariant_point_attention", f"{ours}.rigid_sidechain"
    names = {
        "structure_module.single_layer_norm": f"{theirs}.layer_norm_s",
        "structure_module.pair_layer_norm": f"{theirs}.layer_norm_z",
        "structure_module.initial_projection": f"{theirs}.linear_in",
        f"{ipa}.q_scalar": f"{theirs}.ipa.linear_q",
        f"{ipa}.kv_scalar": f"{theirs}.ipa.linear_kv",
        f"{ipa}.q_point_local": f"{theirs}.ipa.linear_q_points{points}",
        f"{ipa}.kv_point_local": f"{theirs}.ipa.linear_kv_points{points}",
        f"{ipa}.attention_2d": f"{theirs}.ipa.linear_b",
        f"{ipa}.output_projection": f"{theirs}.ipa.linear_out",
        f"{ours}.attention_layer_norm": f"{theirs}.layer_norm_ipa",
        f"{ours}.transition": f"{theirs}.transition.layers.0.linear_1",
        f"{ours}.transition_1": f"{theirs}.transition.layers.0.linear_2",
        f"{ours}.transition_2": f"{theirs}.transition.layers.0.linear_3",
        f"{ours}.transition_layer_norm": f"{theirs}.transition.layer_norm",
        f"{ours}.affine_update": f"{theirs}.bb_update.linear",
        f"{angles}.input_projection": f"{theirs}.angle_resnet.linear_in",
        f"{angles}.input_projection_1": f"{theirs}.angle_resnet.linear_initial",
        f"{angles}.unnormalized_angles": f"{theirs}.angle_resnet.linear_out",
    }
    for number in range(2):
        for inner in (1, 2):
            mine = f"{angles}.blocks.{number}.resblock{inner}"
            names[mine] = f"{theirs}.angle_resnet.layers.{number}.linear_{inner}"
    return names


def openfold_state(model, is_current):
    """The state dict that OpenFold would save, with its older or its current module names."""
    core, pair, column = ("", ".pair_stack", "._msa_att") if is_current else (".core", ".core", "")
    extra = "extra_msa_stack.blocks" if is_current else "extra_msa_stack.stack.blocks"
    template = (
        ("template_embedder.", "template_single_embedder") if is_current else ("", "template_angle_embedder")
    )
    names = EMBEDDERS | HEADS | structure_module(".linear" if is_current else "")
    names |= template_part(model.config, *template)
    for number in range(model.config.evoformer_blocks):
        names |= block(
            f"evoformer_iteration.{number}", f"evoformer.blocks.{number}", core, pair, column, is_extra=False
        )
    for number in range(model.config.extra_msa_blocks):
        names |= block(f"extra_msa_stack.{number}", f"{extra}.{number}", core, pair, column, is_extra=True)
    state = {}
    for name, parameter in model.state_dict().items():
        module, _, kind = name.rpartition(".")
        if kind == "trainable_point_weights":
            state["structure_module.ipa.head_weights"] = parameter.clone()
        else:
            state[f"{names[module]}.{kind}"] = parameter.clone()
    assert len(state) == len(model.state_dict())
    return state
