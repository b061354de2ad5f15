"""Sizes of the AlphaFold 2 network: one dataclass, the ten published monomer presets and our own small
ones."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from sciml.errors import SettingsError


@dataclass(frozen=True)
class Config:
    """Sizes of one network. The defaults are those of the published models; presets change a few of them."""

    name: str = "model_1"
    """Name of the preset, written into every output."""
    c_m: int = 256
    """Channels of the MSA representation."""
    c_z: int = 128
    """Channels of the pair representation."""
    c_s: int = 384
    """Channels of the single representation."""
    c_e: int = 64
    """Channels of the extra-MSA representation."""
    c_t: int = 64
    """Channels of the template pair representation."""
    evoformer_blocks: int = 48
    """Evoformer blocks."""
    extra_msa_blocks: int = 4
    """Blocks of the extra-MSA stack; 0 leaves the stack out."""
    template_blocks: int = 2
    """Blocks of the template pair stack; 0 for a network without templates."""
    msa_heads: int = 8
    """Heads of the MSA attentions, in both stacks."""
    c_msa_head: int = 32
    """Channels of one head of the MSA attentions."""
    c_extra_head: int = 8
    """Channels of one head of the extra-MSA attentions."""
    pair_heads: int = 4
    """Heads of the triangle attentions and of the template attention."""
    c_pair_head: int = 32
    """Channels of one head of the triangle attentions."""
    c_template_head: int = 16
    """Channels of one head of the template triangle attentions and of the template pointwise attention."""
    c_triangle: int = 128
    """Hidden channels of the triangle multiplication."""
    c_template_triangle: int = 64
    """Hidden channels of the triangle multiplication of templates."""
    c_outer: int = 32
    """Channels of each side of the outer product."""
    transition_factor: int = 4
    """Hidden over outer channels of the transitions."""
    template_transition_factor: int = 2
    """The same in the template stack."""
    structure_layers: int = 8
    """Iterations of the structure module; they share one set of parameters."""
    ipa_heads: int = 12
    """Heads of the invariant point attention."""
    c_ipa_head: int = 16
    """Scalar channels of one head of the invariant point attention."""
    ipa_query_points: int = 4
    """Query (and key) points of one head."""
    ipa_value_points: int = 8
    """Value points of one head."""
    c_angle: int = 128
    """Channels of the torsion-angle network."""
    angle_blocks: int = 2
    """Residual blocks of the torsion-angle network."""
    position_unit_angstrom: float = 10.0
    """Length inside the structure module that stands for one unit, in Å."""
    plddt_bins: int = 50
    """Bins of predicted lDDT between 0 and 1."""
    c_plddt: int = 128
    """Hidden channels of the pLDDT head."""
    distogram_bins: int = 64
    """Bins of the distogram."""
    distogram_first_break_angstrom: float = 2.3125
    """Upper edge of the first distance bin, in Å."""
    distogram_last_break_angstrom: float = 21.6875
    """Lower edge of the last distance bin, in Å."""
    pae_head: bool = False
    """Whether there is a predicted-aligned-error head."""
    pae_bins: int = 64
    """Bins of predicted aligned error."""
    pae_last_break_angstrom: float = 31.0
    """Lower edge of the last error bin, in Å."""
    max_relative_position: int = 32
    """Sequence separations beyond this share one encoding."""
    msa_dropout: float = 0.15
    """Dropout of the MSA row attention, shared by the rows."""
    pair_dropout: float = 0.25
    """Dropout of the pair updates, shared by rows or by columns."""
    structure_dropout: float = 0.1
    """Dropout inside the structure module."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            may_be_zero = field.name in ("extra_msa_blocks", "template_blocks") or field.name.endswith(
                "dropout"
            )
            if not isinstance(value, str | bool) and (value < 0 or (value == 0 and not may_be_zero)):
                raise SettingsError(f"{field.name} must be positive: {value}")

    @property
    def has_templates(self) -> bool:
        """Whether the network reads templates."""
        return self.template_blocks > 0

    @staticmethod
    def preset(name: str) -> "Config":
        """The preset of that name.

        Raises:
            SettingsError: there is none; the message lists those there are.
        """
        if name not in PRESETS:
            raise SettingsError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
        return PRESETS[name]

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "Config":
        """The inverse of `to_dict`.

        Raises:
            SettingsError: a name that is no setting.
        """
        known = {field.name for field in fields(Config)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise SettingsError(f"no such setting of the network: {', '.join(unknown)}")
        return Config(**values)


def _published(number: int, pae: bool) -> Config:
    return Config(
        name=f"model_{number}_ptm" if pae else f"model_{number}",
        template_blocks=2 if number <= 2 else 0,
        pae_head=pae,
    )


_MINI = Config(
    name="mini",
    c_m=48,
    c_z=48,
    c_s=96,
    evoformer_blocks=4,
    extra_msa_blocks=0,
    template_blocks=0,
    msa_heads=3,
    c_msa_head=16,
    pair_heads=3,
    c_pair_head=16,
    c_triangle=48,
    c_outer=8,
    transition_factor=2,
    structure_layers=4,
    ipa_heads=4,
    c_angle=64,
    c_plddt=64,
    pae_head=True,
)
_TINY = Config(
    name="tiny",
    c_m=16,
    c_z=16,
    c_s=32,
    c_e=8,
    c_t=8,
    evoformer_blocks=2,
    extra_msa_blocks=1,
    template_blocks=1,
    msa_heads=2,
    c_msa_head=8,
    c_extra_head=4,
    pair_heads=2,
    c_pair_head=8,
    c_template_head=4,
    c_triangle=16,
    c_template_triangle=8,
    c_outer=8,
    transition_factor=2,
    structure_layers=3,
    ipa_heads=4,
    c_ipa_head=8,
    c_angle=32,
    c_plddt=16,
    pae_head=True,
)

PRESETS: dict[str, Config] = {
    config.name: config
    for config in (
        *(_published(number, pae=False) for number in range(1, 6)),
        *(_published(number, pae=True) for number in range(1, 6)),
        _MINI,
        _TINY,
    )
}
