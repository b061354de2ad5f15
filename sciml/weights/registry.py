"""Parameter sets by name: those in the package, and files of the user.

`mini` (structure) ships with the package. Published AlphaFold 2 and OpenFold parameters are files that the
user has; nothing is downloaded.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sciml.errors import MissingRequirementError, SettingsError

BUNDLED = {"mini": "mini.safetensors"}
"""Names of the parameter sets in the package, and their files."""
DEFAULT = "mini"
SEQUENCE_MODELS = {"symbolic": "symbolic.safetensors"}
"""Names of the models of `sciml.symbolic`, and their files in the package."""

_ENDINGS = (".npz", ".pt", ".ckpt", ".safetensors")
_PUBLISHED = (
    "By its name and size a set of the published AlphaFold 2 parameters (Jumper et al. 2021), trained by "
    "DeepMind on the PDB and on self-distilled structures; if so, accuracy as published when given a deep "
    "alignment."
)
_BUNDLED_MEANING = "small bundled model, far less accurate than published parameters (sciml/weights/mini.md)."
_OPENFOLD = "Parameters in OpenFold's format, from a user's file; see their source for training and accuracy."
_NPZ_UNKNOWN = (
    "Parameters in AlphaFold 2's layout, from a file of the user; nothing is known here of their training."
)


@dataclass(frozen=True)
class ParameterFile:
    """A parameter set before it is read.

    Args:
        name: short name for file names and tables.
        path: the file.
        preset: name of the network's preset where the arrays cannot tell; None to read it off the file.
    """

    name: str
    path: Path
    preset: str | None = None


def find_parameters(model: str) -> ParameterFile:
    """The parameter set that `--model` names.

    Args:
        model: name of a bundled set, path of a parameter file, or `PRESET=FILE`.

    Raises:
        SettingsError: neither a known name nor a path of a parameter file.
        MissingRequirementError: a file that is not there, or a published preset without its file.
    """
    if model in BUNDLED:
        path = Path(str(files("sciml.weights").joinpath(BUNDLED[model])))
        if not path.is_file():
            raise MissingRequirementError(f"this installation lacks its bundled parameters {model!r}: {path}")
        return ParameterFile(model, path)
    preset, _, file = model.partition("=") if "=" in model and not Path(model).exists() else ("", "", model)
    path = Path(file)
    if path.suffix in _ENDINGS:
        if not path.is_file():
            raise MissingRequirementError(f"no parameter file at {path}")
        return ParameterFile(path.stem.removeprefix("params_"), path, preset or None)
    if model.startswith("model_"):
        raise MissingRequirementError(
            f"the published parameters {model} do not ship with this package: give their file, "
            f"--model path/to/params_{model}.npz (CC BY 4.0, from DeepMind)"
        )
    raise SettingsError(
        f"no parameter set {model!r}: give {', '.join(BUNDLED)} or a file that ends in {', '.join(_ENDINGS)}"
    )


def bundled_sequence_model(name: str) -> Path | None:
    """The file of a bundled sequence model; None if there is none of that name.

    Raises:
        MissingRequirementError: this installation lacks the file.
    """
    if name not in SEQUENCE_MODELS:
        return None
    path = Path(str(files("sciml.weights").joinpath(SEQUENCE_MODELS[name])))
    if not path.is_file():
        raise MissingRequirementError(f"this installation lacks its bundled model {name!r}: {path}")
    return path


def describe(path: Path, metadata: dict[str, str], is_published_size: bool = True) -> str:
    """A sentence for readers of outputs: who trained these parameters on what, as far as the file tells.

    Args:
        path: the parameter file.
        metadata: what it says of itself.
        is_published_size: whether the network has the sizes of a published one, its number of blocks too.
    """
    if path.name in BUNDLED.values():
        return f"{_BUNDLED_MEANING} {metadata.get('description', '')}".strip()
    if "description" in metadata:
        return metadata["description"]
    if path.suffix in (".pt", ".ckpt"):
        return _OPENFOLD
    is_published = is_published_size and path.name.startswith("params_model_")
    return _PUBLISHED if is_published else _NPZ_UNKNOWN
