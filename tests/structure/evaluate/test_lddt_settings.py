"""Radius and thresholds of lDDT as settings of an evaluation, and lDDT of residues in its details."""

import numpy as np
import pytest

from sciml.errors import SettingsError
from sciml.structure.evaluate.batch import Evidence, LddtSettings
from sciml.structure.evaluate.records import read_result, write_result
from sciml.structure.evaluate.scoring import LoadedModel, ScoreSettings, score_target
from sciml.structure.scores.lddt import lddt, lddt_ca
from tests.structure.evaluate.evaluation_case import chain, shaken

FAMILIES = ("lddt", "lddt_ca", "confidence")
NATIVE = chain()
MODEL = shaken(NATIVE, 0.5)


def scored(settings, families=FAMILIES):
    evidence = Evidence(plddt=np.linspace(0.2, 0.9, len(NATIVE.aatype)))
    one = LoadedModel("g", 1, "g_1.pdb", MODEL, evidence=evidence)
    return score_target("T", NATIVE, [one], settings=ScoreSettings(families, lddt=settings))


def by_definition(radius, thresholds):
    """lDDT-Cα from two matrices of distances."""
    true, own = (
        np.linalg.norm(ca[:, None] - ca, axis=-1)
        for ca in (np.asarray(atoms.positions, np.float64)[:, 1] for atoms in (NATIVE, MODEL))
    )
    counts = (true <= radius) & ~np.eye(len(true), dtype=bool)
    return np.mean([(np.abs(true - own) <= limit)[counts].mean() for limit in thresholds])


def test_radius_and_thresholds_reach_both_scores():
    found = scored(LddtSettings(8.0, (0.25, 1.0))).records[0].values
    assert found["lddt_ca"] == pytest.approx(by_definition(8.0, (0.25, 1.0)), abs=1e-9)
    direct = lddt(
        MODEL.positions[None],
        MODEL.mask[None],
        NATIVE.positions,
        NATIVE.mask,
        NATIVE.aatype,
        radius=8.0,
        thresholds=(0.25, 1.0),
    )
    assert found["lddt"] == pytest.approx(direct.model[0], abs=1e-12)
    default = scored(LddtSettings()).records[0].values
    assert default["lddt_ca"] == pytest.approx(by_definition(15.0, (0.5, 1.0, 2.0, 4.0)), abs=1e-9)
    assert abs(default["lddt_ca"] - found["lddt_ca"]) > 0.01


def test_plddt_is_compared_with_the_published_lddt_whatever_the_settings():
    names = ("plddt_pearson", "plddt_spearman", "plddt_error")
    one, two = (
        scored(settings).records[0].values for settings in (LddtSettings(), LddtSettings(6.0, (0.1,)))
    )
    assert [one[name] for name in names] == [two[name] for name in names]


def test_details_hold_lddt_of_residues_of_both_kinds(tmp_path):
    found = scored(LddtSettings())
    details = found.details[0]
    ca = [np.asarray(atoms.positions, np.float64)[:, 1] for atoms in (MODEL, NATIVE)]
    np.testing.assert_allclose(details.lddt, lddt_ca(*ca)[1], atol=1e-12)
    direct = lddt(MODEL.positions[None], MODEL.mask[None], NATIVE.positions, NATIVE.mask, NATIVE.aatype)
    np.testing.assert_allclose(details.lddt_all, direct.residue[0], atol=1e-12)
    write_result(found, tmp_path, "T")
    kept = read_result(tmp_path, "T").details[0]
    np.testing.assert_allclose(kept.lddt_all, details.lddt_all, atol=1e-6)
    assert scored(LddtSettings(), ("lddt_ca",)).details[0].lddt_all is None


@pytest.mark.parametrize(
    ("radius", "thresholds"), [(0.0, (1.0,)), (float("nan"), (1.0,)), (15.0, ()), (15.0, (-1.0, 2.0))]
)
def test_settings_without_a_meaning_are_refused(radius, thresholds):
    with pytest.raises(SettingsError, match="radius and thresholds above 0"):
        LddtSettings(radius, thresholds)
