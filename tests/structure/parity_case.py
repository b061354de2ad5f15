"""A parity case of our own: a tiny network, a frozen batch, and its outputs under the reference's names."""

import numpy as np

from sciml.structure.parameters import save_parameters
from tests.structure.networks import features_with_holes, random_labels, random_network, run


def components(name, array, axes):
    """Upstream stores vectors and matrices as one array for each component."""
    if axes == 1:
        return {f"{name}/{x}": array[..., i] for i, x in enumerate("xyz")}
    return {f"{name}/{x}{y}": array[..., i, j] for i, x in enumerate("xyz") for j, y in enumerate("xyz")}


def as_reference(outputs):
    """Outputs of one example by upstream's names."""
    reference = {}
    for name, tensor in outputs.items():
        array = tensor[0].numpy()
        axes = {"structure_module/sidechains/frames/rot": 2, "structure_module/sidechains/frames/trans": 1}
        axes["structure_module/sidechains/atom_pos"] = 1
        reference |= components(name, array, axes[name]) if name in axes else {name: array}
    return reference


def write_case(folder, recycles=1, with_truth=False, features=None):
    """Writes the files of a case, perhaps with a ground truth; returns the reference."""
    model = random_network()
    features = features or features_with_holes()
    save_parameters(model, folder / "params.npz")
    np.savez(folder / "batch.npz", **{name: array.numpy() for name, array in features.items()})
    if with_truth:
        np.savez(folder / "ground_truth.npz", **{n: a.numpy() for n, a in random_labels().items()})
    reference = as_reference(run(model, features, recycles))
    np.savez(folder / f"outputs_recycle{recycles}.npz", **reference)
    return reference
