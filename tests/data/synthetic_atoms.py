"""Chains with random coordinates of three decimals, for tests of files and of matching."""

import numpy as np

from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.residue_constants import RESTYPE_INDEX, atom37_mask

LETTERS = "ARNDCQEGHILKMFPSTWYV"


def random_sequence(length: int, seed: int = 0) -> str:
    """Letters drawn evenly."""
    return "".join(np.random.default_rng(seed).choice(list(LETTERS), length))


def random_atoms(
    sequence: str,
    chain_ids: str | None = None,
    numbers: np.ndarray | None = None,
    seed: int = 0,
) -> ProteinAtoms:
    """Every heavy atom of the residues, anywhere within 90 Å; B-factors of two decimals, one a residue."""
    random = np.random.default_rng(seed)
    aatype = np.array([RESTYPE_INDEX[letter] for letter in sequence], np.int64)
    residues = len(sequence)
    b_factors = random.uniform(1, 99, (residues, 1)).round(2)
    mask = atom37_mask()[aatype].copy()
    mask[aatype == RESTYPE_INDEX["X"], :5] = 1  # N CA C CB O
    return ProteinAtoms(
        positions=random.uniform(-90, 90, (residues, 37, 3)).round(3).astype(np.float32),
        mask=mask,
        aatype=aatype,
        residue_index=np.arange(1, residues + 1) if numbers is None else np.asarray(numbers, np.int64),
        chain_ids=tuple(chain_ids or "A" * residues),
        b_factors=np.repeat(b_factors, 37, axis=1).astype(np.float32),
    )
