"""Targets of ideal geometry in the atom37 layout, and models made from them."""

import numpy as np
from scipy.spatial.transform import Rotation

from sciml.data.residue_constants import RESTYPES, atom37_mask
from sciml.structure.all_atom import atom14_to_atom37
from tests.structure.ideal_chain import HELIX, ideal_chain

EVERY_RESIDUE = "".join(letter for letter in RESTYPES if letter != "P") + "LVKGEFA"


def ideal_target(sequence=EVERY_RESIDUE, torsions=HELIX):
    """positions (res, 37, 3) in Å, mask (res, 37) and aatype (res,)."""
    aatype, atom14 = ideal_chain(sequence, torsions)
    positions = atom14_to_atom37(atom14, aatype).numpy().astype(np.float64)
    return positions, atom37_mask()[aatype.numpy()].astype(np.float64), aatype.numpy()


def moved(positions, seed=1):
    """The same structure elsewhere."""
    return positions @ Rotation.random(random_state=seed).as_matrix().T + np.array([5.0, -70.0, 31.0])


def noisy(positions, deviation, seed=0, models=1):
    """(model, res, 37, 3): every atom moved by that much in each direction, on average."""
    rng = np.random.default_rng(seed)
    return positions + deviation * rng.normal(size=(models, *positions.shape))
