"""Stable ids and plug-ins."""

from importlib.metadata import EntryPoint

import pytest

from sciml.errors import InputError, MissingRequirementError
from sciml.surrogates import registry
from sciml.surrogates.backbones import MLP
from sciml.surrogates.registry import BACKBONES, Registry


def entry(name, value):
    return EntryPoint(name, value, "sciml.surrogates.backbones")


def test_a_part_is_described_and_built_again():
    network = MLP(5, width=7, layers=3, activation="relu", dropout=0.1)
    described = BACKBONES.describe(network)
    assert described["id"] == "mlp"
    again = BACKBONES.build(described, 5)
    assert again.arguments() == network.arguments()
    assert [p.shape for p in again.parameters()] == [p.shape for p in network.parameters()]


def test_a_plug_in_is_found_by_its_entry_point(monkeypatch):
    found = [entry("forest", "collections:OrderedDict")]
    monkeypatch.setattr(registry, "entry_points", lambda group, name: [e for e in found if e.name == name])
    parts = Registry("backbones")
    assert parts.find("forest").__name__ == "OrderedDict"
    with pytest.raises(MissingRequirementError, match=r"'tree' in the group 'sciml\.surrogates\.backbones'"):
        parts.find("tree")
    found += [entry("twice", "collections:OrderedDict"), entry("twice", "collections:Counter")]
    with pytest.raises(InputError, match=r"2 plug-ins give 'twice'.*collections:Counter"):
        parts.find("twice")
