"""One mapping of a problem file: its fields by type, its faults with file, line and record."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sciml.errors import InputError
from sciml.surrogates.outputs import shortened
from sciml.surrogates.problem_spec import Value
from sciml.surrogates.yaml_document import Place, YamlDocument

Built = TypeVar("Built")

_LONGEST_NAME = 200


@dataclass(frozen=True)
class Record:
    """A mapping, where it stands, and what it is called in messages.

    Every method raises `InputError` for what breaks its rule; a field without a default is required.
    """

    document: YamlDocument
    content: Mapping[str, Any]
    place: Place
    called: str | None

    @classmethod
    def of(cls, document: YamlDocument, value: object, place: Place, called: str | None) -> "Record":
        """The record of a value, which must be a mapping."""
        if isinstance(value, dict):
            return cls(document, value, place, called)
        rule = f"{shortened(value)} is not a mapping (key: value)"
        raise InputError(rule, file=document.file, record=called, line=document.lines.get(place))

    def error(self, rule: str, *where: str | int | None) -> InputError:
        """The error of a rule broken by a field, or by the record where `where` is None."""
        place = self.place + tuple(part for part in where if part is not None)
        line = self.document.lines.get(place, self.document.lines.get(self.place))
        return InputError(rule, file=self.document.file, record=self.called, line=line)

    def building(self, build: Callable[[], Built]) -> Built:
        """What `build` makes; an `InputError` of it gets this record's file and line."""
        try:
            return build()
        except InputError as error:
            raise self.error(error.rule) from error

    def allow(self, *known: str) -> None:
        """Refuse fields with other names."""
        for key in self.content:
            if key not in known:
                near = difflib.get_close_matches(key[:80], known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise self.error(f"unknown key {shortened(key)} ({hint})", key)

    def has(self, key: str) -> bool:
        """Whether a field is there; an empty one is not."""
        return self.content.get(key) is not None

    def name(self) -> str:
        """The field `name`: printable, not empty, without spaces around it."""
        name = self.text("name")
        if not name or name != name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            rule = f"{shortened(name)} is no name: printable characters, none of them a space at an end"
            raise self.error(rule, "name")
        return name

    def text(self, key: str, default: str | None = None) -> str:
        """A text."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.error(f"{key} is a text, not {shortened(value)} (quote it)", key)
        return value

    def label(self, key: str, default: str) -> str:
        """A text, or a number written as text."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.error(f"{key} is a text, not {shortened(value)}", key)
        return str(value)

    def labels(self, key: str) -> list[str]:
        """A list of texts, none of them twice."""
        found: dict[str, None] = {}
        for index, value in enumerate(self._list(key)):
            if not isinstance(value, str) or not value:
                rule = f"{key} lists texts, and {shortened(value)} is none (quote it)"
                raise self.error(rule, key, index)
            if value in found:
                raise self.error(f"{shortened(value)} is listed twice", key, index)
            found[value] = None
        if not found:
            raise self.error(f"{key} is empty", key)
        return list(found)

    def truth(self, key: str, *, default: bool) -> bool:
        """`true` or `false`."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.error(f"{key} is true or false, not {shortened(value)}", key)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{key} is a number, not {shortened(value)}", key)
        number = float(value) if abs(value) < 1e308 else math.inf
        if not math.isfinite(number):
            raise self.error(f"{key} is not finite ({shortened(value)})", key)
        return number

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number; 3.0 is one. At most 2^53, beyond which a float does not hold them all."""
        number = self.number(key, default)
        if number != round(number) or abs(number) > 2**53:
            raise self.error(f"{key} is a whole number of at most 2^53, not {number:g}", key)
        return round(number)

    def lists_numbers(self, key: str, *, whole: bool = False) -> bool:
        """Whether a field is a list of numbers alone, with `whole` of integers alone; of at least one."""
        value = self.content.get(key)
        kind = int if whole else int | float
        return (
            isinstance(value, list)
            and len(value) > 0
            and all(isinstance(item, kind) and not isinstance(item, bool) for item in value)
        )

    def numbers(self, key: str, *, whole: bool) -> list[float]:
        """A list of finite numbers, none of them twice, all of them whole where that is asked."""
        inner = Record(
            self.document,
            {f"value {index} of {key}": value for index, value in enumerate(self._list(key), 1)},
            (*self.place, key),
            self.called,
        )
        found = [inner.whole(place) if whole else inner.number(place) for place in inner.content]
        if not found or len(set(found)) < len(found):
            raise self.error(f"{key} lists one or more numbers, none of them twice", key)
        return found

    def scalars(self, key: str) -> dict[str, Value]:
        """A mapping of names to finite numbers and texts; an absent one is empty."""
        if not self.has(key):
            return {}
        inner = self.record(key)
        found: dict[str, Value] = {}
        for name, value in inner.content.items():
            if isinstance(value, str):
                found[name] = value
            else:
                number = inner.number(name)
                found[name] = value if isinstance(value, int) else number
        return found

    def record(self, key: str) -> "Record":
        """A mapping inside this one."""
        value = self._value(key, None)
        called = key if self.called is None else f"{self.called} {key}"
        return Record.of(self.document, value, (*self.place, key), called)

    def records(self, key: str, *, named: bool = False) -> list["Record"]:
        """A list of mappings; with `named` also of texts, which stand for `{name: text}`."""
        found = []
        for index, value in enumerate(self._list(key)):
            place = (*self.place, key, index)
            if named and isinstance(value, str):
                value = {"name": value}
            own = value.get("name", value.get("output")) if isinstance(value, dict) else None
            called = f"{_SINGULAR[key]} {own if isinstance(own, str) else index + 1}"[:_LONGEST_NAME]
            found.append(Record.of(self.document, value, place, called))
        return found

    def _list(self, key: str) -> list[Any]:
        value = self._value(key, None)
        if not isinstance(value, list):
            raise self.error(f"{key} is a list, not {shortened(value)}", key)
        return value

    def _value(self, key: str, default: object) -> object:
        value = self.content.get(key)
        if value is not None:
            return value
        if default is None:
            raise self.error(f"{key!r} is missing", key)
        return default


_SINGULAR = {
    **{"inputs": "input", "outputs": "output", "auxiliary": "auxiliary output"},
    **{"specifications": "specification", "objectives": "objective", "corners": "corner"},
    **{"benches": "bench", "measurements": "measurement", "conditions": "condition", "devices": "device"},
}
