"""Stable names of the parts that surrogates are made of, and where plug-ins add theirs.

A saved surrogate names its parts by these ids, never by the path of a class, so that code can move. A
distribution adds a part by an entry point in the group `sciml.surrogates.<kind>` whose name is the id and
whose object is the class.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Protocol, TypeVar

from sciml.errors import InputError, MissingRequirementError

Part = TypeVar("Part", bound=type)


class Described(Protocol):
    """A part that can say how it was made."""

    def arguments(self) -> dict[str, Any]:
        """Constructor arguments as JSON values."""
        ...


class Registry:
    """The parts of one kind, by id.

    Args:
        kind: plural name, which is also the end of the entry point group.
    """

    def __init__(self, kind: str) -> None:
        self.kind, self.group = kind, f"sciml.surrogates.{kind}"
        self._classes: dict[str, type] = {}

    def register(self, identifier: str) -> Callable[[Part], Part]:
        """Class decorator: register the class under `identifier`.

        Raises:
            ValueError: another class has that id.
        """

        def keep(part: Part) -> Part:
            known = self._classes.get(identifier)
            if known is not None and known.__qualname__ != part.__qualname__:
                raise ValueError(f"{self.kind}: {identifier!r} is the id of {known.__qualname__} already")
            self._classes[identifier] = part
            return part

        return keep

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The ids that are registered in this process, plug-ins that were not asked for left out."""
        return tuple(sorted(self._classes))

    def has(self, identifier: str) -> bool:
        """Whether a class of that id is registered or a plug-in gives one."""
        return identifier in self._classes or bool(entry_points(group=self.group, name=identifier))

    def find(self, identifier: str) -> type:
        """The class of that id, from this package or from a plug-in.

        Raises:
            MissingRequirementError: nothing of that id is installed.
            InputError: two plug-ins claim the id.
        """
        if identifier in self._classes:
            return self._classes[identifier]
        found = list(entry_points(group=self.group, name=identifier))
        if len(found) > 1:
            claims = ", ".join(sorted(each.value for each in found))
            raise InputError(f"{len(found)} plug-ins give {identifier!r} in {self.group}: {claims}")
        if not found:
            raise MissingRequirementError(
                f"no part of id {identifier!r} among the {self.kind} of surrogates "
                f"({', '.join(sorted(self._classes))}): install the plug-in that provides the entry point "
                f"{identifier!r} in the group {self.group!r}"
            )
        self._classes[identifier] = found[0].load()
        return self._classes[identifier]

    def identifier_of(self, part: object) -> str:
        """The id under which the class of `part` is registered.

        Raises:
            InputError: it is not.
        """
        for identifier, known in self._classes.items():
            if type(part) is known:
                return identifier
        raise InputError(
            f"{type(part).__name__} is not registered among the {self.kind} and cannot be saved: "
            f"register it under an id of its own"
        )

    def describe(self, part: Described) -> dict[str, Any]:
        """`{"id": …, "arguments": …}`, of which :meth:`build` makes an equal part."""
        return {"id": self.identifier_of(part), "arguments": part.arguments()}

    def build(self, description: dict[str, Any], *positional: object) -> Any:  # noqa: ANN401 - any part
        """Make the part of a description, `positional` arguments first."""
        return self.find(description["id"])(*positional, **description["arguments"])


CODECS = Registry("codecs")
BACKBONES = Registry("backbones")
HEADS = Registry("heads")
SIMULATORS = Registry("simulators")
DOMAINS = Registry("domains")
CALIBRATIONS = Registry("calibrations")
