"""Small networks whose parameters are nowhere zero, and features for them.

AlphaFold 2 starts its output layers at zero, its gates at one and its layer norms at the identity, which
hides most errors of a forward pass; here every parameter, biases and layer norms included, is drawn.
"""

import numpy as np
import torch

from sciml.data.alignment import Alignment
from sciml.data.alphabet import GAP_INDEX
from sciml.structure.all_atom import atom14_to_atom37, frames_to_atom14, torsion_angles_to_frames
from sciml.structure.config import Config
from sciml.structure.features.config import FeatureConfig
from sciml.structure.features.pipeline import make_features
from sciml.structure.features.templates import TemplateChain
from sciml.structure.model import AlphaFold
from sciml.structure.primitives import LayerNorm
from sciml.structure.training_labels import structure_labels
from tests.structure.ideal_helices import helix

TINY = Config.preset("tiny")
LETTERS = "ARNDCQEGHILKMFPSTWYV"
RESIDUES = 11
ROUNDING = 2e-5
PAIR_AND_STRUCTURE = (
    "representations/pair",
    "representations/single",
    "representations/msa_first_row",
    "representations/structure_module",
    "structure_module/traj",
    "structure_module/sidechains/angles_sin_cos",
    "structure_module/final_atom_positions",
    "distogram/logits",
    "predicted_lddt/logits",
    "predicted_aligned_error/logits",
    "experimentally_resolved/logits",
)
ALL = (*PAIR_AND_STRUCTURE, "representations/msa", "masked_msa/logits")
FEATURES = FeatureConfig(max_msa_clusters=6, max_extra_msa=7, max_templates=3)


@torch.no_grad()
def fill(module, seed=0):
    """Draws every parameter of a module so that activations keep their size."""
    generator = torch.Generator().manual_seed(seed)
    norms = {id(layer.weight) for layer in module.modules() if isinstance(layer, LayerNorm)}
    for parameter in module.parameters():
        drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        if id(parameter) in norms:
            drawn = 1 + 0.3 * drawn
        elif parameter.ndim == 2:
            drawn = drawn * parameter.shape[1] ** -0.5
        else:
            drawn = 0.3 * drawn
        parameter.copy_(drawn)
    return module


def random_network(seed=0, config=TINY):
    return fill(AlphaFold(config), seed).eval()


def random_alignment(residues=RESIDUES, rows=16, seed=0):
    rng = np.random.default_rng(seed)
    query = rng.integers(20, size=residues)
    drawn = np.where(rng.random((rows, residues)) < 0.5, rng.integers(20, size=(rows, residues)), query)
    drawn[0] = query
    letters = np.array(list(LETTERS))[drawn]
    letters[1:][rng.random((rows - 1, residues)) < 0.15] = "-"
    deletions = rng.integers(1, 9, size=(rows, residues)) * (rng.random((rows, residues)) < 0.2)
    deletions[0] = 0
    names = tuple(f"row {number}" for number in range(rows))
    return Alignment(tuple("".join(row) for row in letters), deletions.astype(np.int32), names)


def random_templates(residues=RESIDUES, count=2, seed=0):
    """Ideal helices; the last residue of the query has no template and the fourth lacks its oxygen."""
    chains = []
    for number in range(count):
        aatype, _, _, atom14 = helix(residues, seed=seed + 5 * number)
        positions = atom14_to_atom37(atom14, aatype)
        mask = (positions.abs().sum(-1) > 0).float()
        mask[-1], mask[3, 4] = 0, 0
        aatype[-1] = GAP_INDEX
        chains.append(TemplateChain(aatype, positions * mask[..., None], mask))
    return chains


def random_features(residues=RESIDUES, seed=0, templates=2, recycle=0, pad_to_res=None, config=FEATURES):
    """Features of a random alignment with two templates and an empty third place."""
    return make_features(
        random_alignment(residues, seed=seed),
        config,
        seed=seed,
        recycle=recycle,
        templates=random_templates(residues, templates, seed),
        pad_to_res=pad_to_res,
    )


def with_holes(features, seed=0):
    """The same with letters of the alignments masked out here and there, never in the query."""
    generator = torch.Generator().manual_seed(seed)
    holed = dict(features)
    for name in ("msa_mask", "extra_msa_mask"):
        keep = (torch.rand(features[name].shape, generator=generator) > 0.2).to(features[name].dtype)
        keep[:, 0] = 1
        holed[name] = features[name] * keep
    return holed


def random_labels(residues=RESIDUES, seed=0):
    """Ground truth of an ideal helix of the query's sequence."""
    aatype = random_features(residues, seed)["aatype"]
    _, backbone, angles, _ = helix(residues, seed)
    torsions = torch.stack([angles.sin(), angles.cos()], -1)[None]
    atom14 = frames_to_atom14(aatype, torsion_angles_to_frames(aatype, backbone[None], torsions))
    positions = atom14_to_atom37(atom14, aatype)
    return structure_labels(aatype, positions, (positions.abs().sum(-1) > 0).float(), torch.tensor([2.0]))


def as_double(arrays):
    return {name: x.double() if x.is_floating_point() else x for name, x in arrays.items()}


def worst(first, second):
    """Largest difference over the root mean square of the second: a scale-free measure for activations."""
    return float((first - second).abs().max() / second.square().mean().sqrt().clamp(min=1e-30))


def features_with_holes(*args, **kwargs):
    return with_holes(random_features(*args, **kwargs))


@torch.no_grad()
def run(model, features, recycles=1):
    return model(features, recycles=recycles)


def assert_same(found, expected, names=ALL, tolerance=ROUNDING):
    for name in names:
        assert worst(found[name], expected[name]) < tolerance, name


def assert_differs(found, expected, names=PAIR_AND_STRUCTURE):
    for name in names:
        assert worst(found[name], expected[name]) > 1e-3, name
