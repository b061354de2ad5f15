"""Training examples from experimental chains: a crop, its features, its ground truth and which losses apply.

Example (seed, step, slot) is always the same one, whatever was asked for before, so a killed run resumes with
the batches that it would have seen. Each example draws a 30 % cluster, a chain of it and a stretch of the
chain, each with equal probability. What a chain's file carried decides what it may teach:

- all heavy atoms: every loss;
- backbone (N, CA, C; the file's Cβ is rebuilt from ideal geometry and serves `pseudo_beta` only): not the
  losses of side chains, torsions and resolved atoms;
- CA only: the distogram, on Cβ estimated from the trace (`virtual_beta`), and masked MSA.

Source: Jumper et al. 2021, Supplementary sections 1.2.5, 1.2.8, 1.9 and 1.11.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sciml.data.a3m import read_a3m
from sciml.data.chains import OBSERVED, REBUILT, Chain, ChainSet
from sciml.data.residue_constants import RESTYPE_INDEX
from sciml.errors import InputError, SettingsError
from sciml.structure.all_atom import pseudo_beta, pseudo_beta_mask
from sciml.structure.features.config import FeatureConfig
from sciml.structure.features.msa import EncodedMsa, encode_alignment, encoded_msa
from sciml.structure.features.pipeline import Features, pad_axis, pass_features
from sciml.structure.features.randomness import random_stream
from sciml.structure.training_labels import atom37_from_atom14, structure_labels, virtual_beta

LOSSES_BY_ATOMS: dict[str, tuple[str, ...]] = {
    "backbone_fape": ("all", "backbone"),
    "sidechain_fape": ("all",),
    "torsion": ("all",),
    "angle_norm": ("all", "backbone"),
    "violation": ("all", "backbone"),
    "plddt": ("all", "backbone"),
    "pae": ("all", "backbone"),
    "experimentally_resolved": ("all",),
    "distogram": ("all", "backbone", "ca"),
    "masked_msa": ("all", "backbone", "ca"),
}
"""For each loss the kinds of chains that supervise it; `loss_mask/<name>` of an example says so."""

Alignments = Callable[[str], EncodedMsa | None]
"""From a chain's id to its alignment, or None if there is none; row 0 is the chain's sequence."""

_ATOM_KINDS = ("all", "backbone", "ca")
_CA, _CB = 1, 4  # atom14 slots
_CACHED_ALIGNMENTS = 256


@dataclass(frozen=True)
class _Crop:
    """A stretch of a chain and how its backbone FAPE is taken."""

    number: int
    start: int
    length: int
    clamped: bool


class TrainingData:
    """Examples drawn from a set of chains.

    Args:
        chains: where examples come from.
        config: crop, sampling and features.
        alignments: alignments of chains; without one a chain is its own alignment.

    Raises:
        SettingsError: a share of the examples is for a kind of chain that is missing.
    """

    @dataclass(frozen=True)
    class Config:
        """How examples are cut and drawn."""

        crop: int = 128
        """Residues of an example; shorter chains are padded."""
        ca_only_share: float | None = None
        """Share of examples from CA-only chains; None draws all clusters alike, whatever chains they hold."""
        complete_share: float | None = None
        """Share of the other examples that show all heavy atoms, not the backbone only; None draws their
        clusters alike. Needs `ca_only_share`."""
        clamped_share: float = 0.9
        """Share of examples whose backbone FAPE is clamped at 10 Å (`use_clamped_fape` is 1)."""
        unknown_resolution_angstrom: float = 2.5
        """Stands for a resolution that the file has lost; within 0.1-3 Å, where confidence is supervised."""
        features: FeatureConfig = field(default_factory=FeatureConfig)
        """Rows and masking of the alignment; rows are padded as soon as there are alignments."""

        def __post_init__(self) -> None:
            if self.crop < 4:
                raise SettingsError(f"a crop needs at least 4 residues, not {self.crop}")
            for share in (self.ca_only_share or 0, self.complete_share or 0, self.clamped_share):
                if not 0 <= share <= 1:
                    raise SettingsError(f"shares lie between 0 and 1, not {share}")
            if self.complete_share is not None and self.ca_only_share is None:
                raise SettingsError(
                    "complete_share divides what ca_only_share leaves; set that too, for instance to 0"
                )

        @property
        def shares(self) -> dict[tuple[str, ...], float]:
            """Share of examples by the kinds of chains that they are drawn from; the clusters of one entry
            are equal."""
            if self.ca_only_share is None:
                return {_ATOM_KINDS: 1.0}
            rest = 1 - self.ca_only_share
            if self.complete_share is None:
                return {("ca",): self.ca_only_share, ("all", "backbone"): rest}
            complete = rest * self.complete_share
            return {("ca",): self.ca_only_share, ("all",): complete, ("backbone",): rest - complete}

    def __init__(self, chains: ChainSet, config: Config, alignments: Alignments | None = None) -> None:
        self.chains = chains
        self.config = config
        self._alignments = alignments
        self._features = replace(config.features, pad_rows=alignments is not None or config.features.pad_rows)
        self._shares = tuple(config.shares.values())
        self._pools = [self._clusters(kinds) for kinds in config.shares]
        for kinds, share, pool in zip(config.shares, self._shares, self._pools, strict=True):
            if share > 0 and not pool:
                raise SettingsError(
                    f"a share of {share:g} is for {' or '.join(kinds)} chains, and there are none"
                )

    def _clusters(self, kinds: tuple[str, ...]) -> list[list[int]]:
        """Chains of each cluster, of some kinds only."""
        records, clusters = self.chains.records, self.chains.clusters.values()
        chosen = [[number for number in members if records[number].atoms in kinds] for members in clusters]
        return [members for members in chosen if members]

    def example(self, seed: int, step: int, slot: int, recycle: int = 0) -> Features:
        """One example without a batch axis; see `batch`."""
        return {name: value[0] for name, value in self.batch(seed, step, [slot], recycle).items()}

    def batch(self, seed: int, step: int, slots: Sequence[int], recycle: int = 0) -> Features:
        """Examples of one step.

        Args:
            seed: seed of the run.
            step: number of the optimiser step.
            slots: places of the examples in the step's batch, over all devices.
            recycle: recycling pass; changes only the draw of alignment rows and masks.

        Returns:
            Features and ground truth by AlphaFold 2's names, `use_clamped_fape` (b,) and `loss_mask/<name>`
            (b,), float32 0 or 1; all with a leading batch axis.
        """
        crops = [self._draw(seed, step, slot) for slot in slots]
        streams = [random_stream(seed, step, slot, recycle) for slot in slots]
        return self._assemble(crops, self.config.crop, streams)

    def whole_chain(self, number: int, seed: int = 0, recycle: int = 0) -> Features:
        """Chain `number` from end to end as a batch of one, for validation; its backbone FAPE is clamped."""
        crop = _Crop(number, 0, self.chains.records[number].length, clamped=True)
        return self._assemble([crop], crop.length, [random_stream(seed, recycle)])

    def _draw(self, seed: int, step: int, slot: int) -> _Crop:
        rng = np.random.default_rng([seed, step, slot])
        pool = self._pools[int(rng.choice(len(self._pools), p=self._shares))]
        members = pool[rng.integers(len(pool))]
        number = members[rng.integers(len(members))]
        length = min(self.chains.records[number].length, self.config.crop)
        start = int(rng.integers(self.chains.records[number].length - length + 1))
        return _Crop(number, start, length, clamped=bool(rng.random() < self.config.clamped_share))

    def _assemble(self, crops: Sequence[_Crop], size: int, streams: Sequence[torch.Generator]) -> Features:
        chains = [self.chains.chain(crop.number, crop.start, crop.start + crop.length) for crop in crops]
        features = []
        for crop, chain, stream in zip(crops, chains, streams, strict=True):
            msa, numbering = self._alignment(crop, chain), torch.from_numpy(chain.residue_index)
            features.append(pad_axis(pass_features(msa, numbering, self._features, stream), "res", size))
        batch = collate(features)
        batch |= chain_labels(
            chains, batch["aatype"], batch["residue_index"], self.config.unknown_resolution_angstrom
        )
        batch["use_clamped_fape"] = torch.tensor([float(crop.clamped) for crop in crops])
        for name, applies in LOSSES_BY_ATOMS.items():
            batch[f"loss_mask/{name}"] = torch.tensor(
                [float(chain.record.atoms in applies) for chain in chains]
            )
        return batch

    def _alignment(self, crop: _Crop, chain: Chain) -> EncodedMsa:
        aatype = torch.from_numpy(chain.aatype)
        full = self._alignments(chain.record.id) if self._alignments is not None else None
        if full is None:
            return encoded_msa(aatype[None], torch.zeros(1, len(aatype)))
        msa = full.columns(crop.start, crop.start + crop.length)
        if full.num_res != chain.record.length or not torch.equal(msa.letters[0].long(), aatype):
            raise InputError(
                "row 0 of the alignment is not the sequence of the chain", record=chain.record.id
            )
        return msa


class TrainingBatches(Dataset[Features]):
    """Batches of consecutive steps; give it to a DataLoader with `batch_size=None` and without shuffling.

    Args:
        data: source of the examples.
        seed: seed of the run.
        first_step: step of the first batch; a resumed run starts where it stopped.
        num_steps: number of batches.
        slots: places in each step's batch that this process fills.
    """

    def __init__(
        self, data: TrainingData, seed: int, first_step: int, num_steps: int, slots: Sequence[int]
    ) -> None:
        self.data, self.seed, self.slots = data, seed, tuple(slots)
        self.first_step, self.num_steps = first_step, num_steps

    def __len__(self) -> int:
        return self.num_steps

    def __getitem__(self, index: int) -> Features:
        if not 0 <= index < self.num_steps:
            raise IndexError(f"batch {index} of {self.num_steps}")
        return self.data.batch(self.seed, self.first_step + index, self.slots)


def collate(examples: Sequence[Features]) -> Features:
    """Join examples of equal shapes along a new leading batch axis."""
    return {name: torch.stack([example[name] for example in examples]) for name in examples[0]}


def chain_labels(
    chains: Sequence[Chain], aatype: Tensor, residue_index: Tensor, unknown_resolution_angstrom: float
) -> Features:
    """Ground truth of a padded batch of chains.

    `all_atom_mask` and all that follows from it hold observed atoms only; `pseudo_beta` also uses rebuilt
    and estimated Cβ (see the top of this file).

    Args:
        chains: one stretch of chain for each row of the batch.
        aatype: (b, res), padded.
        residue_index: (b, res), padded.
        unknown_resolution_angstrom: stands for resolutions that are not known, Å.

    Returns:
        The arrays named in LABEL_NAMES, each (b, ...).
    """
    shape = (*aatype.shape, 14)
    atom14, state = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
    for row, chain in enumerate(chains):
        atom14[row, : len(chain.aatype)], state[row, : len(chain.aatype)] = chain.positions, chain.mask
    positions, known = torch.from_numpy(atom14), torch.from_numpy(state)
    is_ca_only = torch.tensor([chain.record.atoms == "ca" for chain in chains])
    if is_ca_only.any():
        _place_virtual_beta(positions, known, aatype, residue_index, is_ca_only)
    positions, known = atom37_from_atom14(aatype, positions, known)
    observed = (known == OBSERVED).float()
    resolution = [chain.record.resolution_angstrom or unknown_resolution_angstrom for chain in chains]
    labels = structure_labels(aatype, positions * observed[..., None], observed, torch.tensor(resolution))
    labels["pseudo_beta"] = pseudo_beta(aatype, positions)
    labels["pseudo_beta_mask"] = pseudo_beta_mask(aatype, (known > 0).float())
    return labels


def _place_virtual_beta(
    positions: Tensor, known: Tensor, aatype: Tensor, residue_index: Tensor, chosen: Tensor
) -> None:
    """Write estimated Cβ, marked as rebuilt, into chosen rows of (b, res, 14, 3) and (b, res, 14)."""
    beta, found = virtual_beta(positions[chosen, :, _CA], known[chosen, :, _CA], residue_index[chosen])
    found = found * (aatype[chosen] != RESTYPE_INDEX["G"])
    positions[chosen, :, _CB] = beta * found[..., None]
    known[chosen, :, _CB] = found * REBUILT


def alignment_folder(directory: Path) -> Alignments:
    """Alignments of a folder that holds `<chain id>.a3m`; chains without a file have none.

    Raises:
        InputError: there is no such folder; later, a file that is no A3M alignment.
    """
    if not directory.is_dir():
        raise InputError("no such folder of alignments", file=str(directory))

    @lru_cache(maxsize=_CACHED_ALIGNMENTS)
    def find(chain_id: str) -> EncodedMsa | None:
        path = directory / f"{chain_id}.a3m"
        return encode_alignment(read_a3m(path)) if path.is_file() else None

    return find
