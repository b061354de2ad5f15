"""Surrogates as files: one safetensors file whose header holds all that is no tensor, as JSON.

The header's `surrogate` is JSON: format version, class and parts by their registry ids with constructor
arguments, the spec with units, the goal, fitted state, and what is known of the training. The same text can
be written beside the file as `surrogate.json` for people to read. The same surrogate gives the same bytes.
Nothing in a file is ever run. A backbone of a plug-in is built from the number of features and its arguments
and tells its `width`; a head from that width, the number of outputs and its arguments.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from sciml.errors import InputError
from sciml.runs.files import atomic_write_bytes, atomic_write_text
from sciml.surrogates.calibration import SplitConformal, StdScaling
from sciml.surrogates.ensemble import Ensemble, load_stacked
from sciml.surrogates.neural import NeuralSurrogate, TableSurrogate
from sciml.surrogates.registry import BACKBONES, CODECS, DOMAINS, HEADS
from sciml.surrogates.spec_json import goal_from_json, goal_to_json, spec_from_json, spec_to_json
from sciml.surrogates.stacking import Stack
from sciml.training.settings import as_json, updated

FORMAT = "sciml-surrogate"
VERSION = 1
_LONGEST_HEADER = 100_000_000  # bytes, safetensors' own limit

UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""For each old version what turns its description into the next version's."""


def save_surrogate(surrogate: TableSurrogate, path: Path, *, readable: bool = False) -> Path:
    """Write a surrogate to one file.

    Args:
        surrogate: fitted; `facts` are written too and have to be JSON values.
        path: the file, `.safetensors`.
        readable: write the description beside it, as `<name>.surrogate.json`.

    Raises:
        InputError: it was not fitted, or a part of it has no registry id.
    """
    description, tensors = describe(surrogate)
    return write_file(FORMAT, description, tensors, path, readable=readable)


def write_file(
    form: str, description: dict[str, Any], tensors: dict[str, Tensor], path: Path, *, readable: bool
) -> Path:
    """Write a description and tensors to one file of the format `form`; equal ones give equal bytes."""
    text = json.dumps(description, sort_keys=True, allow_nan=True)
    metadata = {"format": form, "surrogate": text}
    data = safetensors.torch.save({name: tensors[name] for name in sorted(tensors)}, metadata)
    atomic_write_bytes(path, _with_sorted_header(data))
    if readable:
        pretty = json.dumps(description, sort_keys=True, indent=2) + "\n"
        atomic_write_text(path.with_suffix(".surrogate.json"), pretty)
    return path


def load_surrogate(path: Path) -> TableSurrogate:
    """Read a surrogate; its answers are bit for bit those of the one that was saved.

    Raises:
        InputError: no such file, damaged, no surrogate, or written by a later version.
        MissingRequirementError: it is made of a part that no installed package provides.
    """
    description, tensors = read_file(path)
    try:
        surrogate = build(description, tensors)
    except (KeyError, TypeError, IndexError, AttributeError, RuntimeError) as error:
        rule = f"the description of the surrogate is damaged ({type(error).__name__}: {error})"
        raise InputError(rule, file=str(path)) from error
    return surrogate.eval()


def describe(surrogate: TableSurrogate) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A surrogate as JSON values and tensors."""
    from sciml.runs.provenance import library_versions

    network = surrogate.template if isinstance(surrogate, Ensemble) else cast(Any, surrogate).network
    codec = surrogate.codec
    tensors = dict(surrogate.stacked) if isinstance(surrogate, Ensemble) else dict(network.state_dict())
    tensors = {f"network.{name}": value.detach().contiguous() for name, value in tensors.items()}
    description: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "class": "ensemble" if isinstance(surrogate, Ensemble) else "neural",
        "members": surrogate.member_count,
        "spec": spec_to_json(codec.spec),
        "goal": None if codec.goal is None else goal_to_json(codec.goal),
        "codec": CODECS.describe(codec) | {"state": codec.state()},
        "backbone": BACKBONES.describe(cast(Any, network.backbone)) | {"inputs": len(codec.feature_names)},
        "head": HEADS.describe(cast(Any, network.head)),
        "scaling": None if surrogate.scaling is None else surrogate.scaling.state(),
        "conformal": None,
        "domain": None,
        "training": None,
        "facts": surrogate.facts,
        "libraries": library_versions(("torch", "numpy", "safetensors")),
    }
    if isinstance(surrogate, Ensemble):
        description["training"] = {"seed": surrogate.seed, "config": as_json(surrogate.config)}
    if surrogate.conformal is not None:
        description["conformal"] = surrogate.conformal.state()
        tensors["conformal.scores"] = torch.from_numpy(np.ascontiguousarray(surrogate.conformal.scores))
    if surrogate.stack is not None:
        description["stack"], arrays = surrogate.stack.state()
        for name, value in arrays.items():
            tensors[f"stack.{name}"] = torch.from_numpy(np.ascontiguousarray(value))
    if surrogate.domain is not None:
        description["domain"] = DOMAINS.describe(cast(Any, surrogate.domain))
        for name, value in surrogate.domain.state().items():
            tensors[f"domain.{name}"] = torch.from_numpy(np.ascontiguousarray(value))
    return description, tensors


def build(description: dict[str, Any], tensors: dict[str, Tensor]) -> TableSurrogate:
    """The surrogate of a description and its tensors."""
    spec = spec_from_json(description["spec"])
    goal = None if description["goal"] is None else goal_from_json(description["goal"])
    codec = CODECS.build(description["codec"], spec, goal)
    codec.load_state(description["codec"]["state"])
    backbone = BACKBONES.build(description["backbone"], description["backbone"]["inputs"])
    head = HEADS.build(description["head"], backbone.width, len(codec.outputs))
    own = {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
    surrogate: TableSurrogate
    if description["class"] == "ensemble":
        ensemble = Ensemble(codec, backbone, head, description["members"])
        if own.keys() != ensemble.stacked.keys():
            raise KeyError(f"parameters {sorted(own.keys() ^ ensemble.stacked.keys())[:3]} do not match")
        load_stacked(ensemble, own)
        ensemble.seed = description["training"]["seed"]
        ensemble.config = updated(ensemble.config, description["training"]["config"])
        surrogate = ensemble
    elif description["class"] == "neural":
        surrogate = NeuralSurrogate(codec, backbone, head)
        surrogate.network.load_state_dict(own)
    else:
        raise KeyError(f"class {description['class']!r}")
    surrogate.facts = description["facts"]
    if description["scaling"] is not None:
        surrogate.scaling = StdScaling.from_state(description["scaling"])
    if description["conformal"] is not None:
        surrogate.conformal = SplitConformal(tensors["conformal.scores"].numpy(), **description["conformal"])
    if description.get("stack") is not None:
        outputs = codec.fitted.take(list(range(len(spec.outputs))))
        surrogate.stack = Stack.from_state(description["stack"], _arrays(tensors, "stack."), outputs)
    if description["domain"] is not None:
        surrogate.domain = DOMAINS.build(description["domain"])
        cast(Any, surrogate.domain).load_state(_arrays(tensors, "domain."), spec.input_names)
    return surrogate


def _arrays(tensors: dict[str, Tensor], prefix: str) -> dict[str, Any]:
    """The arrays whose names begin with a prefix, without it."""
    return {k.removeprefix(prefix): v.numpy() for k, v in tensors.items() if k.startswith(prefix)}


def read_file(
    path: Path, form: str = FORMAT, newest: int = VERSION
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Description and tensors of a file of the format `form`, brought to the version `newest`.

    Raises:
        InputError: as for :func:`load_surrogate`.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise InputError("no such file", file=str(path)) from error
    except IsADirectoryError as error:
        raise InputError("this is a folder, not a file", file=str(path)) from error
    try:
        tensors = safetensors.torch.load(data)
        metadata = json.loads(_header(data)).get("__metadata__") or {}
    except (SafetensorError, ValueError, KeyError, struct.error) as error:
        raise InputError(f"damaged, or no safetensors file: {error}", file=str(path)) from error
    kind = form.removeprefix("sciml-")
    if metadata.get("format") != form:
        raise InputError(f"no {kind}: the file's format is {metadata.get('format')!r}", file=str(path))
    try:
        description = json.loads(metadata["surrogate"])
        version = int(description["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"the description of the {kind} is damaged: {error}", file=str(path)) from error
    if version > newest:
        rule = f"written in version {version} of the format, this sciml reads up to {newest}: update sciml"
        raise InputError(rule, file=str(path))
    while version < newest:
        if version not in UPGRADES or form != FORMAT:
            raise InputError(f"version {version} of the format cannot be read any more", file=str(path))
        description = UPGRADES[version](description)
        version += 1
    return description, tensors


def _header(data: bytes) -> bytes:
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(len(data) - 8, _LONGEST_HEADER):
        raise ValueError("the header is longer than the file")
    return data[8 : 8 + length]


def _with_sorted_header(data: bytes) -> bytes:
    """The same file with the keys of its header in order: safetensors writes its metadata in random order."""
    old = _header(data)
    header = json.loads(old)
    tensors = sorted((k for k in header if k != "__metadata__"), key=lambda k: header[k]["data_offsets"])
    ordered = {"__metadata__": dict(sorted(header["__metadata__"].items()))} | {k: header[k] for k in tensors}
    text = json.dumps(ordered, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data[8 + len(old) :]
