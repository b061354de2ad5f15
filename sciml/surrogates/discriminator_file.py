"""Discriminators as files, in the form of :mod:`sciml.surrogates.persistence`.

The header names the parts by their registry ids and holds the problem's inputs, outputs and goal, the way
ties were taken, sizes, training and the fitted state of the codec; the tensors are the members' parameters
and the state of the generator that draws dropout where that stays on.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sciml.errors import InputError
from sciml.surrogates.discriminator import PairwiseDiscriminator
from sciml.surrogates.persistence import read_file, write_file
from sciml.surrogates.problem import Problem
from sciml.surrogates.registry import BACKBONES, CODECS, HEADS
from sciml.surrogates.spec_json import goal_from_json, goal_to_json, spec_from_json, spec_to_json
from sciml.training.settings import as_json, updated

FORMAT = "sciml-discriminator"
VERSION = 1
_PARTS = ("codec", "backbone", "head")


def save_discriminator(discriminator: PairwiseDiscriminator, path: Path, *, readable: bool = False) -> Path:
    """Write a discriminator to one file.

    Args:
        discriminator: fitted.
        path: the file, `.safetensors`.
        readable: write the description beside it, as `<name>.surrogate.json`.

    Raises:
        InputError: it was not fitted.
    """
    problem, parameters = discriminator.problem, discriminator.parameters
    if not parameters:
        raise InputError("the discriminator was not fitted yet", record=problem.spec.name)
    tensors = {f"network.{name}": value.detach().contiguous() for name, value in parameters.items()}
    tensors["queries"] = discriminator.queries.get_state()
    description = {
        "version": VERSION,
        "spec": spec_to_json(problem.spec),
        "goal": goal_to_json(problem.goal),
        "ties": discriminator.ties,
        "seed": discriminator.seed,
        "config": as_json(discriminator.config),
        **_parts(discriminator),
        "state": discriminator.codec.state(),
    }
    return write_file(FORMAT, description, tensors, path, readable=readable)


def load_discriminator(path: Path) -> PairwiseDiscriminator:
    """Read a discriminator; its answers are bit for bit those of the one that was saved.

    Raises:
        InputError: no such file, damaged, no discriminator, or written by a later version.
        MissingRequirementError: it is made of a part that no installed package provides.
    """
    description, tensors = read_file(path, FORMAT, VERSION)
    try:
        for kind, registry in zip(_PARTS, (CODECS, BACKBONES, HEADS), strict=True):
            registry.find(description[kind]["id"])
        return _built(description, tensors)
    except (KeyError, TypeError, IndexError, AttributeError, RuntimeError) as error:
        rule = f"the description of the discriminator is damaged ({type(error).__name__}: {error})"
        raise InputError(rule, file=str(path)) from error


def _parts(discriminator: PairwiseDiscriminator) -> dict[str, Any]:
    trunk = discriminator.trunk
    return {
        "codec": CODECS.describe(discriminator.codec),
        "backbone": BACKBONES.describe(trunk.backbone),
        "head": HEADS.describe(trunk.head),
    }


def _built(description: dict[str, Any], tensors: dict[str, Tensor]) -> PairwiseDiscriminator:
    """The discriminator of a description and its tensors."""
    problem = Problem(spec_from_json(description["spec"]), goal_from_json(description["goal"]))
    config = updated(PairwiseDiscriminator.Config(), description["config"])
    found = PairwiseDiscriminator(problem, ties=description["ties"], seed=description["seed"], config=config)
    if _parts(found) != {kind: description[kind] for kind in _PARTS}:
        raise KeyError("parts and settings do not match")
    own = {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
    found.codec.load_state(description["state"])
    found.load_parameters(own)
    queries = torch.Generator()
    queries.set_state(tensors["queries"])
    found.queries = queries
    return found
