"""A YAML file as plain values, each with its line, under rules that leave no surprises.

Scalars follow the core schema of YAML 1.2: `on`, `no` and `y` are texts, `10e6` is a number, `010` is ten and
`1:30` is text, all of which PyYAML's rules of YAML 1.1 read otherwise. Refused: keys that stand twice,
anchors with aliases (a few lines of which can stand for gigabytes), tags, several documents, keys that are no
text, and files too large or nested too deep to be meant.

Source: YAML 1.2.2, section 10.3.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from sciml.errors import InputError

Place = tuple[str | int, ...]
"""Keys and indices from the top of the document to a value."""

LARGEST_BYTES = 1_000_000
_DEEPEST = 20
_MOST_DIGITS = 400

_CORE_SCHEMA = (
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("int", re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")),
    (
        "float",
        re.compile(
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+.0123456789"),
    ),
)
_PATTERNS = {name: pattern for name, pattern, _ in _CORE_SCHEMA}
_TAG = "tag:yaml.org,2002:"


class _CoreLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2, for its tree of nodes only."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML declares it so


class _CoreDumper(yaml.SafeDumper):
    """Quotes a text exactly where `_CoreLoader` would read something else."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  as above


for _name, _pattern, _first in _CORE_SCHEMA:
    _CoreLoader.add_implicit_resolver(_TAG + _name, _pattern, _first)
    _CoreDumper.add_implicit_resolver(_TAG + _name, _pattern, _first)


class YamlDocument:
    """One document.

    Attributes:
        file: its path, for messages.
        value: mappings as `dict`, sequences as `list`, scalars as `str`, `int`, `float`, `bool` or None.
        lines: the 1-based line of every value, by its path; in a mapping that of its key.

    Raises:
        InputError: a rule of the module is broken, or the text is no YAML.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self._seen: set[int] = set()
        try:
            node = yaml.compose(text, Loader=_CoreLoader)
        except RecursionError as error:
            raise InputError("nested too deep", file=file) from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = None if mark is None else mark.line + 1
            raise InputError(f"no YAML: {error.problem or error.context}", file=file, line=line) from error
        except yaml.YAMLError as error:  # a character that YAML does not allow
            raise InputError(f"no YAML: {' '.join(str(error).split())}", file=file) from error
        if node is None:
            raise InputError("the file is empty", file=file)
        self.value = self._convert(node, ())

    def _convert(self, node: yaml.Node, path: Place) -> Any:  # noqa: ANN401  whatever the file holds
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if id(node) in self._seen:
            raise InputError("aliases are not allowed: write the value out", file=self.file, line=line)
        self._seen.add(id(node))
        if len(path) > _DEEPEST:
            raise InputError(f"nested deeper than {_DEEPEST} levels", file=self.file, line=line)
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self._convert(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        raise InputError(f"tags are not allowed ({node.tag})", file=self.file, line=line)

    def _mapping(self, node: yaml.MappingNode, path: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError("a key is a mapping or a list, not a text", file=self.file, line=line)
            key = key_node.value
            if key in found:
                raise InputError(f"the key {key[:80]!r} is given twice", file=self.file, line=line)
            self.lines[(*path, key)] = line
            found[key] = self._convert(value_node, (*path, key))
        return found

    def _scalar(self, node: yaml.ScalarNode) -> str | int | float | bool | None:
        text, kind, line = str(node.value), node.tag.removeprefix(_TAG), node.start_mark.line + 1
        if kind == "str":
            return text
        pattern = _PATTERNS.get(kind)
        if pattern is None or pattern.match(text) is None:  # a tag was written, not found
            raise InputError(f"tags are not allowed ({node.tag})", file=self.file, line=line)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind in ("int", "float") and len(text) > _MOST_DIGITS:
            raise InputError(f"a number of {len(text)} characters", file=self.file, line=line)
        if kind == "int":
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        lower = text.lower()
        return float(lower.replace(".", "") if lower.endswith(("inf", "nan")) else lower)


def read_yaml(path: Path) -> YamlDocument:
    """The document of a file in UTF-8.

    Raises:
        InputError: the file cannot be read, is too large, or breaks a rule of the module.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
    if len(content) > LARGEST_BYTES:
        raise InputError(f"larger than {LARGEST_BYTES // 1_000_000} MB", file=str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError("not a text in UTF-8", file=str(path), line=line) from error
    return YamlDocument(text, str(path))


def yaml_text(value: object) -> str:
    """Plain values as YAML that `read_yaml` reads back."""
    text: str = yaml.dump(value, Dumper=_CoreDumper, sort_keys=False, allow_unicode=True, width=110)
    return text
