"""Settings of the feature pipeline: how much of an alignment a network sees, and presets of the published
ones.

Source: Jumper et al. 2021, Supplementary Methods 1.2 and Table 5.
"""

from dataclasses import dataclass, replace

from sciml.errors import SettingsError


@dataclass(frozen=True)
class FeatureConfig:
    """What is drawn from an alignment for one pass of the network."""

    max_msa_clusters: int = 512
    """Alignment rows that become cluster centres, the query among them."""
    max_extra_msa: int = 1024
    """Further alignment rows, for the extra-MSA stack."""
    max_templates: int = 0
    """Template chains; the features are padded to this number. 0: the network has no template part."""
    reduce_msa_clusters_by_max_templates: bool = False
    """Give up one cluster centre for each template: MSA and template rows together keep their number."""
    mask_fraction: float = 0.15
    """Share of the positions of cluster centres that is masked, as in BERT."""
    uniform_probability: float = 0.1
    """A masked position becomes one of the 20 amino acids, all equally likely, with this probability."""
    profile_probability: float = 0.1
    """A masked position becomes a letter drawn from its alignment column with this probability."""
    same_probability: float = 0.1
    """A masked position keeps its letter with this probability; the mask token takes what remains."""
    block_deletions: int = 0
    """Blocks of consecutive alignment rows that are left out (training only; 5 in AlphaFold 2)."""
    block_deletion_fraction: float = 0.3
    """Share of the rows in each of these blocks."""
    resample_each_recycle: bool = True
    """Draw rows and masks anew for every recycling pass, or reuse those of the first."""
    pad_rows: bool = False
    """Pad MSA and extra MSA to `msa_clusters` and `max_extra_msa` rows, for batches and fixed shapes."""

    def __post_init__(self) -> None:
        if self.msa_clusters < 1:
            raise SettingsError(
                f"no cluster centre is left for the query: max_msa_clusters is {self.max_msa_clusters}, "
                f"max_templates is {self.max_templates}"
            )
        if self.max_extra_msa < 1 or self.max_templates < 0 or self.block_deletions < 0:
            raise SettingsError(
                "max_extra_msa must be at least 1, max_templates and block_deletions at least 0"
            )
        if not (0 <= self.mask_fraction <= 1 and 0 <= self.block_deletion_fraction <= 1):
            raise SettingsError("mask_fraction and block_deletion_fraction are shares between 0 and 1")
        shares = (self.uniform_probability, self.profile_probability, self.same_probability)
        if min(shares) < 0 or self.mask_token_probability < 0:
            raise SettingsError(
                f"probabilities of a masked position must lie in 0..1 and sum to at most 1: {shares}"
            )

    @property
    def msa_clusters(self) -> int:
        """Cluster centres taken from the alignment, after templates had their share."""
        return self.max_msa_clusters - self.max_templates * self.reduce_msa_clusters_by_max_templates

    @property
    def mask_token_probability(self) -> float:
        """Probability that a masked position shows the mask token (0.7 in AlphaFold 2)."""
        shown = self.uniform_probability + self.profile_probability + self.same_probability
        return max(1 - shown, 0.0) if shown < 1 + 1e-9 else 1 - shown


_WITH_TEMPLATES = FeatureConfig(max_templates=4, reduce_msa_clusters_by_max_templates=True)
_MANY_EXTRA = FeatureConfig(max_extra_msa=5120)

FEATURE_PRESETS: dict[str, FeatureConfig] = {
    "model_1": replace(_WITH_TEMPLATES, max_extra_msa=5120),
    "model_2": _WITH_TEMPLATES,
    "model_3": _MANY_EXTRA,
    "model_4": _MANY_EXTRA,
    "model_5": FeatureConfig(),
    "model_1_ptm": replace(_WITH_TEMPLATES, max_extra_msa=5120),
    "model_2_ptm": _WITH_TEMPLATES,
    "model_3_ptm": _MANY_EXTRA,
    "model_4_ptm": _MANY_EXTRA,
    "model_5_ptm": FeatureConfig(),
    "mini": FeatureConfig(max_msa_clusters=64, max_extra_msa=256),
    "tiny": FeatureConfig(max_msa_clusters=8, max_extra_msa=8, max_templates=4),
}
"""Settings by model name: the ten published monomer models, our bundled one, and one for tests."""


def feature_preset(name: str) -> FeatureConfig:
    """Feature settings of a named model.

    Raises:
        SettingsError: there is no such model; the message lists those there are.
    """
    if name not in FEATURE_PRESETS:
        raise SettingsError(f"no feature settings for model {name!r}; known: {', '.join(FEATURE_PRESETS)}")
    return FEATURE_PRESETS[name]
