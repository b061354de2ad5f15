"""Optimisers by name."""

from typing import Any

from sciml.errors import SettingsError
from sciml.surrogates.optimise.bagnet import BagNet, BagNetSettings
from sciml.surrogates.optimise.ensemble_search import EnsembleSearch, EnsembleSettings
from sciml.surrogates.optimise.evolution import Evolution
from sciml.surrogates.optimise.evolution_rules import EvolutionSettings
from sciml.surrogates.optimise.feasibility_search import FeasibilitySearch, FeasibilitySettings
from sciml.surrogates.optimise.optimiser import Optimiser
from sciml.surrogates.optimise.random_search import RandomSearch
from sciml.surrogates.problem import Problem

OWN_MODES = ("default", "ensemble")
"""Those with a setting `batch`."""
MODES = (*OWN_MODES, "bagnet", "evolution", "random")


def make_optimiser(mode: str, problem: Problem, seed: int, **settings: object) -> Optimiser:
    """A new optimiser.

    Args:
        mode: one of `MODES`.
        problem: the inputs and the goal.
        seed: of all its choices.
        settings: fields of the mode's settings that differ from their defaults.

    Raises:
        SettingsError: the mode or a setting is unknown, or the mode does not fit the goal.
    """
    fields: dict[str, Any] = dict(settings)
    try:
        if mode == "default":
            return FeasibilitySearch(problem, seed, FeasibilitySettings(**fields))
        if mode == "ensemble":
            return EnsembleSearch(problem, seed, EnsembleSettings(**fields))
        if mode == "evolution":
            return Evolution(problem, seed, EvolutionSettings(**fields))
        if mode == "bagnet":
            return BagNet(problem, seed, BagNetSettings(**fields))
        if mode == "random":
            return RandomSearch(problem, seed, **fields)
    except TypeError as error:
        raise SettingsError(f"mode {mode!r}: {error}") from error
    raise SettingsError(f"mode {mode!r} is none of {', '.join(MODES)}")
