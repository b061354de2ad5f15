"""Settings from JSON and from the command line."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from sciml.errors import SettingsError
from sciml.training.settings import as_json, parse_assignments, updated


@dataclass(frozen=True)
class Inner:
    weight: float = 0.5
    name: str | None = None


@dataclass(frozen=True)
class Outer:
    steps: int = 10
    fast: bool = False
    mode: Literal["a", "b"] = "a"
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self):
        if self.steps < 1:
            raise ValueError(f"steps must be positive: {self.steps}")


def test_words_become_settings():
    words = ["steps=3", "fast=true", "mode=b", "inner.weight=2", "inner.name=x=y"]
    assert updated(Outer(), parse_assignments(words)) == Outer(3, True, "b", Inner(2.0, "x=y"))


def test_settings_survive_json():
    settings = Outer(4, True, "b", Inner(0.25, "z"))
    assert updated(Outer(), as_json(settings)) == settings


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("stepz=3", "no such setting: stepz; there are steps, fast"),
        ("inner.wait=3", r"no such setting: inner\.wait"),
        ("steps=1.5", "steps must be int, not 1.5"),
        ("steps=true", "steps must be int"),
        ("fast=1", "fast must be bool"),
        ("mode=c", "mode is one of a, b"),
        ("inner.name=3", "inner.name must be str or NoneType"),
        ("inner=3", "inner must be Inner"),
        ("steps=0", "steps must be positive: 0"),
        ("steps", "name=value"),
    ],
)
def test_wrong_words_are_refused_by_name(word, message):
    with pytest.raises(SettingsError, match=message):
        updated(Outer(), parse_assignments([word]))


def test_name_as_value_and_as_group_is_refused():
    with pytest.raises(SettingsError, match="contradicts"):
        parse_assignments(["inner=1", "inner.weight=2"])
