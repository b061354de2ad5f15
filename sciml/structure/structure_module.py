"""From single and pair representations to backbone frames, torsion angles and atoms.

Source: Jumper et al. 2021, Supplementary Algorithms 20 to 25.
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn

from sciml.linear import Linear
from sciml.structure.all_atom import atom14_to_atom37, frames_to_atom14, torsion_angles_to_frames
from sciml.structure.config import Config
from sciml.structure.invariant_point_attention import InvariantPointAttention
from sciml.structure.primitives import LayerNorm
from sciml.structure.rigid import Rigid, precompose_update, quat_to_rot

Features = dict[str, Tensor]
Outputs = dict[str, Tensor]


class AngleResidualBlock(nn.Module):
    """One residual block of the torsion-angle network.

    Args:
        channels: hidden channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.resblock1 = Linear(channels, channels, init="relu")
        self.resblock2 = Linear(channels, channels, init="final")

    def forward(self, x: Tensor) -> Tensor:
        """(b, i, c) -> (b, i, c)."""
        return x + self.resblock2(self.resblock1(x.relu(), activation="relu"))


class TorsionAngles(nn.Module):
    """Seven torsion angles of a residue, as sine and cosine.

    Args:
        config: sizes of the network.

    Source: Algorithm 20, lines 11 to 14.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.input_projection = Linear(config.c_s, config.c_angle)
        self.input_projection_1 = Linear(config.c_s, config.c_angle)
        self.blocks = nn.ModuleList(AngleResidualBlock(config.c_angle) for _ in range(config.angle_blocks))
        self.unnormalized_angles = Linear(config.c_angle, 14)

    def forward(self, single: Tensor, initial: Tensor) -> tuple[Tensor, Tensor]:
        """(b, i, c_s) twice -> unit vectors and raw vectors, (b, i, 7, 2) each: sine, cosine."""
        hidden = self.input_projection(single.relu()) + self.input_projection_1(initial.relu())
        for block in self.blocks:
            hidden = block(hidden)
        raw = rearrange(
            self.unnormalized_angles(hidden.relu()), "b i (torsion sincos) -> b i torsion sincos", sincos=2
        )
        return raw / raw.square().sum(-1, keepdim=True).clamp(min=1e-12).sqrt(), raw


@dataclass
class _Layer:
    """What one iteration found: everything has leading axes (b, i); lengths in Å."""

    affine: Tensor
    angles: Tensor
    raw_angles: Tensor
    frames: Rigid
    atom14: Tensor


class FoldIteration(nn.Module):
    """One iteration; all iterations share these parameters.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.position_unit_angstrom = config.position_unit_angstrom
        self.invariant_point_attention = InvariantPointAttention(config)
        self.attention_layer_norm = LayerNorm(config.c_s)
        self.transition = Linear(config.c_s, config.c_s, init="relu")
        self.transition_1 = Linear(config.c_s, config.c_s, init="relu")
        self.transition_2 = Linear(config.c_s, config.c_s, init="final")
        self.transition_layer_norm = LayerNorm(config.c_s)
        self.affine_update = Linear(config.c_s, 6, init="final")
        self.rigid_sidechain = TorsionAngles(config)
        self.dropout = nn.Dropout(config.structure_dropout)

    def forward(
        self, single: Tensor, pair: Tensor, quaternion: Tensor, translation: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Single (b, i, c_s), quaternion (b, i, 4) and translation (b, i, 3), in position units, each
        updated."""
        frames = Rigid(quat_to_rot(quaternion), translation)
        single = single + self.invariant_point_attention(single, pair, frames, mask)
        single = self.attention_layer_norm(self.dropout(single))
        hidden = self.transition_1(self.transition(single, activation="relu"), activation="relu")
        single = self.transition_layer_norm(self.dropout(single + self.transition_2(hidden)))
        quaternion, translation = precompose_update(quaternion, translation, self.affine_update(single))
        return single, quaternion, translation

    def atoms(
        self, aatype: Tensor, single: Tensor, initial: Tensor, quaternion: Tensor, translation: Tensor
    ) -> _Layer:
        """Frames and atoms of one iteration."""
        angles, raw_angles = self.rigid_sidechain(single, initial)
        translation = translation * self.position_unit_angstrom
        frames = torsion_angles_to_frames(aatype, Rigid(quat_to_rot(quaternion), translation), angles)
        affine = torch.cat([quaternion, translation], dim=-1)
        return _Layer(affine, angles, raw_angles, frames, frames_to_atom14(aatype, frames))


class StructureModule(nn.Module):
    """Iterations from all residues at the origin to a structure.

    Args:
        config: sizes of the network.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layers = config.structure_layers
        self.single_layer_norm = LayerNorm(config.c_s)
        self.initial_projection = Linear(config.c_s, config.c_s)
        self.pair_layer_norm = LayerNorm(config.c_z)
        self.fold_iteration = FoldIteration(config)

    def forward(self, single: Tensor, pair: Tensor, features: Features) -> Outputs:
        """Folds the chain.

        Args:
            single: (b, i, c_s).
            pair: (b, i, j, c_z).
            features: needs `aatype`, `seq_mask` and the atom14 and atom37 maps.

        Returns:
            `representations/structure_module` and the `structure_module/…` arrays; positions in Å.
        """
        mask, aatype = features["seq_mask"], features["aatype"].long()
        initial = self.single_layer_norm(single)
        single, pair = self.initial_projection(initial), self.pair_layer_norm(pair)
        quaternion = torch.zeros(*mask.shape, 4, dtype=single.dtype, device=single.device)
        quaternion[..., 0] = 1
        translation = torch.zeros_like(quaternion[..., :3])
        found = []
        for _ in range(self.layers):
            single, quaternion, translation = self.fold_iteration(single, pair, quaternion, translation, mask)
            found.append(self.fold_iteration.atoms(aatype, single, initial, quaternion, translation))
            quaternion = quaternion.detach()  # no gradient through the rotation from layer to layer
        return {"representations/structure_module": single, **self._outputs(found, features)}

    @staticmethod
    def _outputs(found: list[_Layer], features: Features) -> Outputs:
        def stacked(arrays: list[Tensor]) -> Tensor:
            return rearrange(arrays, "layer b ... -> b layer ...")

        atom14, last = found[-1].atom14, found[-1]
        atom14_mask, atom37_mask = features["atom14_atom_exists"], features["atom37_atom_exists"]
        atom37 = atom14_to_atom37(atom14, features["aatype"].long())
        name = "structure_module/"
        return {
            name + "traj": stacked([layer.affine for layer in found]),
            name + "final_affines": last.affine,
            name + "sidechains/angles_sin_cos": stacked([layer.angles for layer in found]),
            name + "sidechains/unnormalized_angles_sin_cos": stacked([layer.raw_angles for layer in found]),
            name + "sidechains/frames/rot": stacked([layer.frames.rotation for layer in found]),
            name + "sidechains/frames/trans": stacked([layer.frames.translation for layer in found]),
            name + "sidechains/atom_pos": stacked([layer.atom14 for layer in found]),
            name + "final_atom14_positions": atom14,
            name + "final_atom14_mask": atom14_mask,
            name + "final_atom_positions": atom37 * atom37_mask[..., None],
            name + "final_atom_mask": atom37_mask,
        }
