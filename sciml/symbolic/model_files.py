"""Files of the sequence model: parameters in half precision with sizes, vocabulary and history."""

import json
from pathlib import Path
from typing import NamedTuple

import torch

from sciml.errors import InputError, MissingRequirementError, SettingsError
from sciml.symbolic.network import ExpressionTransformer
from sciml.symbolic.vocabulary import TOKENS
from sciml.weights.registry import bundled_sequence_model
from sciml.weights.tensor_file import read_tensors, sha256_of, write_tensors

FORMAT = "sciml-symbolic-1"
_LARGEST_HALF = 65_504.0


class Loaded(NamedTuple):
    """A network with its parameters, and what is known about them."""

    network: ExpressionTransformer
    path: Path
    sha256: str
    metadata: dict[str, str]
    """What the file says of itself: description, settings, figures."""


def load_model(model: str | Path = "symbolic") -> Loaded:
    """The network of a file, in float32 on the CPU and in evaluation mode.

    Args:
        model: name of a bundled model, or path of a `.safetensors` file.

    Raises:
        MissingRequirementError: no such file.
        SettingsError: neither a known name nor such a path.
        InputError: a damaged file, one of another format or vocabulary, arrays that do not fit.
    """
    path = bundled_sequence_model(str(model)) or Path(model)
    if path.suffix != ".safetensors":
        raise SettingsError(f"no model {str(model)!r}: give symbolic or a .safetensors file")
    if not path.is_file():
        raise MissingRequirementError(f"no model at {path}: train one with `sciml train symbolic`")
    state, sizes, metadata = read_tensors(path, FORMAT)
    if json.loads(metadata.pop("tokens", "[]")) != list(TOKENS):
        raise InputError("made with another vocabulary: this version cannot read it", file=str(path))
    try:
        with torch.device("meta"):
            network = ExpressionTransformer(ExpressionTransformer.Config.from_dict(json.loads(sizes)))
        network.load_state_dict({name: one.float() for name, one in state.items()}, assign=True)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"its arrays do not fit the network: {error}", file=str(path)) from error
    return Loaded(network.eval(), path, sha256_of(path), metadata)


def save_model(
    network: ExpressionTransformer, path: str | Path, metadata: dict[str, str] | None = None
) -> None:
    """Write the parameters in float16, atomically.

    Raises:
        SettingsError: another ending than `.safetensors`, or a parameter beyond the range of float16.
    """
    state = {name: one.detach().cpu() for name, one in network.state_dict().items()}
    for name, one in state.items():
        if not float(one.abs().max()) < _LARGEST_HALF:
            raise SettingsError(f"{name} does not fit into half precision: training has diverged")
    half = {name: one.half().contiguous() for name, one in state.items()}
    facts = {**(metadata or {}), "tokens": json.dumps(TOKENS)}
    write_tensors(Path(path), half, FORMAT, json.dumps(network.config.to_dict()), facts)
