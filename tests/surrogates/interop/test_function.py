"""A surrogate as a plain function, and what a missing library says."""

import sys

import numpy as np
import pytest

from sciml.errors import InputError, MissingRequirementError
from sciml.surrogates.ensemble import Ensemble
from sciml.surrogates.interop.extras import optional
from sciml.surrogates.interop.function import to_callable
from sciml.surrogates.interop.pymoo import to_pymoo
from sciml.surrogates.stacked_training import StackedSettings
from tests.surrogates.amplifier import GOAL, PROBLEM, SPEC, training_set

QUICK = Ensemble.Config(members=3, width=16, training=StackedSettings(steps=30))


def test_named_values_in_named_outputs_out():
    ensemble = Ensemble.for_problem(PROBLEM, config=QUICK).fit(*training_set(60))
    design = SPEC.random(1, np.random.default_rng(0))
    answer = to_callable(ensemble)(SPEC.to_values(design[0]))
    assert tuple(answer) == SPEC.output_names
    np.testing.assert_array_equal(list(answer.values()), ensemble.predict(design).median()[0, :4])
    with pytest.raises(InputError, match=r"inputs 'm_load', .* are missing"):
        to_callable(ensemble)({"m_in": 3})


def test_a_missing_library_names_the_extra(monkeypatch):
    with pytest.raises(MissingRequirementError, match=r"pip install 'sciml\[design\]'"):
        optional("no_such_library_at_all", "NoSuch")
    monkeypatch.setitem(sys.modules, "pymoo.core.problem", None)
    with pytest.raises(MissingRequirementError, match=r"pymoo is not installed: .*sciml\[design\]"):
        to_pymoo(Ensemble.for_problem(PROBLEM, config=QUICK), GOAL)
