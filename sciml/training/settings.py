"""Frozen settings from JSON and from `key=value` words, checked field by field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from sciml.errors import SettingsError

Settings = TypeVar("Settings")


def updated(settings: Settings, values: Mapping[str, Any], prefix: str = "") -> Settings:
    """A copy of a frozen dataclass with some fields replaced, nested dataclasses by nested mappings.

    Args:
        settings: the dataclass to start from.
        values: new values by field name.
        prefix: path of `settings` inside the whole, for messages.

    Raises:
        SettingsError: a name that is no field, or a value of another type than the field's.
    """
    instance = cast(Any, settings)
    types = get_type_hints(type(instance))
    known = [field.name for field in fields(instance) if field.init]
    unknown = sorted(set(values) - set(known))
    if unknown:
        names = ", ".join(prefix + name for name in unknown)
        raise SettingsError(
            f"no such setting: {names}; there are {', '.join(prefix + name for name in known)}"
        )
    changes = {}
    for name, value in values.items():
        current = getattr(instance, name)
        if is_dataclass(current) and isinstance(value, Mapping):
            changes[name] = updated(current, value, f"{prefix}{name}.")
        else:
            changes[name] = _checked(value, types[name], prefix + name)
    try:
        return cast(Settings, replace(instance, **changes))
    except SettingsError:
        raise
    except ValueError as error:
        raise SettingsError(str(error)) from error


def parse_assignments(words: Sequence[str]) -> dict[str, Any]:
    """`a.b=1` and the like as nested mappings; a value is JSON, or a string where it is none.

    Raises:
        SettingsError: a word without `=`, or a name that is both a value and a group.
    """
    nested: dict[str, Any] = {}
    for word in words:
        path, separator, text = word.partition("=")
        if not separator or not path:
            raise SettingsError(f"settings are given as name=value, not {word!r}")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        group = nested
        *groups, name = path.split(".")
        for part in groups:
            group = group.setdefault(part, {})
            if not isinstance(group, dict):
                raise SettingsError(f"{word!r} contradicts an earlier setting of {part}")
        group[name] = value
    return nested


def as_json(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass instance
    """A dataclass and those inside it as JSON values."""
    return cast(dict[str, Any], json.loads(json.dumps(asdict(settings))))


def _checked(value: Any, expected: Any, name: str) -> Any:  # noqa: ANN401 - values of JSON, types of typing
    """`value` if it is of the annotated type (a whole number may stand for a float)."""
    origin = get_origin(expected)
    if origin is Literal:
        if value not in get_args(expected):
            raise SettingsError(f"{name} is one of {', '.join(map(str, get_args(expected)))}, not {value!r}")
        return value
    options = get_args(expected) if origin in (Union, UnionType) else (expected,)
    for option in options:
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if option is int and isinstance(value, int) and not isinstance(value, bool):
            return value
        if option in (bool, str) and isinstance(value, option):
            return value
        if option is NoneType and value is None:
            return None
    wanted = " or ".join(getattr(option, "__name__", str(option)) for option in options)
    raise SettingsError(f"{name} must be {wanted}, not {value!r}")
