"""Reader of the first model of an mmCIF file, experimental or computed (the writer is `modelcif.py`)."""

import os
from collections.abc import Sequence

from sciml.data.mmcif_models import CifModels
from sciml.data.protein_atoms import ProteinAtoms
from sciml.data.textfile import read_lines
from sciml.errors import InputError


def read_mmcif(path: str | os.PathLike[str], chains: Sequence[str] | None = None) -> ProteinAtoms:
    """Read the first model of an mmCIF file, plain or gzip; what is kept of it is said in `AtomCollector`.

    Chains and residues bear the author's names and numbers, those of the article and of the PDB format.

    Args:
        path: the file.
        chains: chain identifiers to keep; all when None.

    Raises:
        InputError: the file cannot be read, has no `_atom_site`, holds a number that cannot be read (with the
            position of the atom), or no residue.
    """
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from None
    lines = enumerate(read_lines(os.fspath(path)), start=1)
    return next(CifModels(os.fspath(path), chains).read(lines)).atoms
