"""Coordinates of protein chains in the atom37 layout: what structure files are read into and written from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciml.data.residue_constants import ATOM_TYPES, RESTYPES_WITH_X

CHAIN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
"""Chain identifiers of one character, in the order in which chains receive them."""


@dataclass(frozen=True)
class ProteinAtoms:
    """One model of one or more chains; atoms in the order of `ATOM_TYPES`, chains one after the other."""

    positions: NDArray[np.float32]
    """(res, 37, 3), Å; anything where the mask is 0."""
    mask: NDArray[np.float32]
    """(res, 37), 1 where there is an atom."""
    aatype: NDArray[np.int64]
    """(res,), index into `RESTYPES_WITH_X`."""
    residue_index: NDArray[np.int64]
    """(res,), residue numbers as they stand in a file."""
    chain_ids: tuple[str, ...]
    """(res,), chain identifier of each residue."""
    b_factors: NDArray[np.float32]
    """(res, 37), Å² of an experiment; pLDDT 0-100 of a prediction."""
    insertion_codes: tuple[str, ...] = ()
    """(res,), letter that tells residues of one number apart (`52`, `52A`); blank where there is none, and
    blank for all residues when left out."""

    def __post_init__(self) -> None:
        residues, atoms = len(self.aatype), len(ATOM_TYPES)
        expected = {
            "positions": (residues, atoms, 3),
            "mask": (residues, atoms),
            "residue_index": (residues,),
            "b_factors": (residues, atoms),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}: {getattr(self, name).shape}")
        if len(self.chain_ids) != residues:
            raise ValueError(f"one chain identifier for each of {residues} residues: {len(self.chain_ids)}")
        if not self.insertion_codes:
            object.__setattr__(self, "insertion_codes", ("",) * residues)
        if len(self.insertion_codes) != residues:
            raise ValueError(
                f"one insertion code for each of {residues} residues: {len(self.insertion_codes)}"
            )
        if residues and not 0 <= self.aatype.min() <= self.aatype.max() < len(RESTYPES_WITH_X):
            raise ValueError(f"aatype must lie in 0..20: {self.aatype.min()}..{self.aatype.max()}")

    @staticmethod
    def of_one_chain(
        positions: NDArray[np.float32],
        mask: NDArray[np.float32],
        aatype: NDArray[np.int64],
        plddt: NDArray[np.float32],
        residue_index: NDArray[np.int64] | None = None,
        chain_id: str = "A",
    ) -> "ProteinAtoms":
        """One predicted chain, the B-factor of every atom being its residue's pLDDT.

        Args:
            positions: (res, 37, 3), Å.
            mask: (res, 37).
            aatype: (res,).
            plddt: (res,), 0-100.
            residue_index: (res,), residue numbers; 1, 2, … when None.
            chain_id: identifier of the chain.
        """
        residues = len(aatype)
        numbers = np.arange(1, residues + 1) if residue_index is None else residue_index
        b_factors = np.repeat(np.asarray(plddt, np.float32)[:, None], len(ATOM_TYPES), axis=1)
        return ProteinAtoms(
            positions=np.asarray(positions, np.float32),
            mask=np.asarray(mask, np.float32),
            aatype=np.asarray(aatype, np.int64),
            residue_index=np.asarray(numbers, np.int64),
            chain_ids=(chain_id,) * residues,
            b_factors=b_factors,
        )

    def select(self, residues: NDArray[np.int64]) -> "ProteinAtoms":
        """The residues with these indices (from 0), in their order."""
        return ProteinAtoms(
            positions=self.positions[residues],
            mask=self.mask[residues],
            aatype=self.aatype[residues],
            residue_index=self.residue_index[residues],
            chain_ids=tuple(self.chain_ids[residue] for residue in residues),
            b_factors=self.b_factors[residues],
            insertion_codes=tuple(self.insertion_codes[residue] for residue in residues),
        )

    @property
    def sequence(self) -> str:
        """One letter for each residue, chains joined without a sign between them."""
        return "".join(RESTYPES_WITH_X[restype] for restype in self.aatype)

    def chain_spans(self) -> list[tuple[str, int, int]]:
        """(identifier, first residue, one past the last residue) of each run of one chain identifier."""
        spans: list[tuple[str, int, int]] = []
        for index, chain in enumerate(self.chain_ids):
            if spans and spans[-1][0] == chain:
                spans[-1] = (chain, spans[-1][1], index + 1)
            else:
                spans.append((chain, index, index + 1))
        return spans
