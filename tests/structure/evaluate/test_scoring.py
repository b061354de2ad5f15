from dataclasses import replace

import numpy as np
import pytest

from sciml.errors import InputError
from sciml.structure.evaluate.batch import Evidence
from sciml.structure.evaluate.catalogue import FAMILIES, SCORES
from sciml.structure.evaluate.families import FAMILY_FUNCTIONS
from sciml.structure.evaluate.records import ModelScores, read_result, write_result
from sciml.structure.evaluate.scoring import LoadedModel, ScoreSettings, score_target
from sciml.structure.scores.gdt import superposition_scores
from tests.structure.evaluate.evaluation_case import FAST, chain, kept, shaken
from tests.structure.folded_chain import STRAND

SETTINGS = ScoreSettings(FAST)


def model(atoms, group="g", number=1, **fields):
    return LoadedModel(group, number, f"{group}_{number}.pdb", atoms, **fields)


def values_of(result, index=0):
    return result.records[index].values


def test_every_family_is_computed_and_every_figure_is_explained():
    assert set(FAMILY_FUNCTIONS) == set(FAMILIES)
    evidence = Evidence(plddt=np.full(41, 0.7), pae=np.full((41, 41), 5.0), ptm=0.5)
    native = chain()
    found = score_target(
        "T", native, [model(shaken(native, 0.5), evidence=evidence)], settings=ScoreSettings(FAMILIES)
    )
    figures = values_of(found)
    assert found.records[0].status == "done"
    unexplained = figures.keys() - SCORES.keys()
    assert not unexplained
    computed = {SCORES[name].family for name in figures}
    assert computed >= set(FAMILIES) - {"distogram"}
    fractions = [name for name in figures if not SCORES[name].unit and SCORES[name].missing_is_zero]
    assert all(0 <= figures[name] <= 1 for name in fractions if np.isfinite(figures[name]))


def test_a_perfect_model_moved_and_renumbered_scores_one():
    native = chain()
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    moved = replace(
        native,
        positions=(native.positions @ turn.T + 30).astype(np.float32),
        residue_index=native.residue_index + 100,
    )
    found = values_of(score_target("T", native, [model(moved)], settings=SETTINGS))
    for name in ("gdt_ts", "gdt_ha", "tm_score", "lddt_ca", "coverage"):
        assert found[name] == pytest.approx(1, abs=1e-4)


def test_a_mirror_image_is_no_perfect_model():
    native = chain()
    mirrored = replace(native, positions=native.positions * np.array([-1, 1, 1], np.float32))
    found = values_of(score_target("T", native, [model(mirrored)], settings=SETTINGS))
    assert found["gdt_ts"] < 0.6
    assert found["lddt_ca"] == pytest.approx(1, abs=1e-4)  # distances do not know the hand


def test_residues_that_a_model_lacks_count_as_wrong():
    native = chain()
    half = kept(native, range(20))
    found = values_of(score_target("T", native, [model(half)], settings=SETTINGS))
    assert found["gdt_ts"] == pytest.approx(20 / 41)
    assert found["coverage"] == pytest.approx(20 / 41)
    assert found["lddt_ca"] < 0.6


def test_scores_of_a_batch_are_those_of_each_model_alone_in_any_order():
    native = chain()
    models = [model(shaken(native, 0.4 * k + 0.1, k), "g", k + 1) for k in range(5)]
    together = score_target("T", native, models, settings=SETTINGS)
    backwards = score_target("T", native, models[::-1], settings=SETTINGS)
    for index, one in enumerate(models):
        alone = score_target("T", native, [one], settings=SETTINGS)
        for name, value in values_of(alone).items():
            assert values_of(together, index)[name] == pytest.approx(value, nan_ok=True)
            assert values_of(backwards, 4 - index)[name] == pytest.approx(value, nan_ok=True)
    assert [record.model for record in together.records] == [1, 2, 3, 4, 5]


def test_a_domain_is_scored_by_its_own_superposition():
    native = chain()
    bent = native.positions.copy()
    bent[20:] += np.array([15, 0, 0], np.float32)  # a rigid shift of the second half
    found = score_target(
        "T",
        native,
        [model(replace(native, positions=bent))],
        domains={"D1": range(1, 21), "D2": range(21, 42)},
        ranges={"D1": "1-20", "D2": "21-41"},
        settings=SETTINGS,
    )
    assert [record.unit for record in found.records] == ["T", "T-D1", "T-D2"]
    assert values_of(found, 0)["gdt_ts"] < 0.75
    assert values_of(found, 1)["gdt_ts"] == pytest.approx(1)
    assert values_of(found, 2)["gdt_ts"] == pytest.approx(1)
    assert found.domains == (("D1", "1-20"), ("D2", "21-41"))


def test_failed_models_are_records_with_their_reason_and_stop_nobody():
    native = chain()
    other = chain(seed=7, torsions=[STRAND] * 41)
    found = score_target(
        "T",
        native,
        [
            model(other, "wrong"),
            model(None, "broken", reason="b.pdb: line 3: no atoms"),
            model(native, "good"),
        ],
        domains={"D1": range(1, 21)},
        settings=SETTINGS,
    )
    by_group = {(record.group, record.domain): record for record in found.records}
    assert len(by_group) == 6
    assert by_group["wrong", ""].status == by_group["wrong", "D1"].status == "failed"
    assert "not of this target" in by_group["wrong", ""].reason
    assert by_group["broken", ""].reason == "b.pdb: line 3: no atoms"
    assert by_group["good", "D1"].values["gdt_ts"] == pytest.approx(1)
    assert [one.group for one in found.details] == ["good"]


def test_details_lie_on_the_target_and_show_where_a_model_is_wrong():
    native = chain()
    wrong = native.positions.copy()
    wrong[30:36] += np.array([0, 9, 0], np.float32)
    found = score_target(
        "T", native, [model(kept(replace(native, positions=wrong), range(1, 41)))], settings=SETTINGS
    )
    details = found.details[0]
    off = np.linalg.norm(details.ca - found.ca, axis=-1)
    assert np.isnan(off[0])
    assert off[1:30].max() < 1.5
    assert off[30:36].min() > 5
    assert details.lddt[0] == 0  # the model lacks the residue
    assert 1 + np.nanargmin(details.lddt[1:]) in range(30, 36)
    fit = superposition_scores(
        wrong[None, 1:, 1].astype(float),
        np.ones((1, 40)),
        native.positions[1:, 1].astype(float),
        target_residues=41,
    )
    expected = wrong[1:, 1] @ fit.rotation[0].T + fit.translation[0]
    np.testing.assert_allclose(details.ca[1:], expected, atol=1e-3)


def test_confidence_is_laid_over_the_targets_residues():
    native = chain()
    part = kept(native, range(5, 41))  # the model has residues 6 to 41
    plddt = np.linspace(0.1, 0.9, 36)
    found = score_target("T", native, [model(part, evidence=Evidence(plddt=plddt))], settings=SETTINGS)
    np.testing.assert_allclose(found.details[0].plddt[5:], plddt)
    assert np.isnan(found.details[0].plddt[:5]).all()
    assert values_of(found)["plddt"] == pytest.approx(0.5)


def test_a_target_without_ca_and_a_domain_outside_it_are_refused():
    native = chain()
    empty = replace(native, mask=np.zeros_like(native.mask))
    with pytest.raises(InputError, match="no Cα"):
        score_target("T", empty, [model(native)], settings=SETTINGS)
    with pytest.raises(InputError, match="domain D1 has residues 100 to 120"):
        score_target("T", native, [model(native)], domains={"D1": range(100, 121)}, settings=SETTINGS)


def test_a_result_comes_back_from_its_files(tmp_path):
    native = chain()
    evidence = Evidence(plddt=np.full(41, 0.25))
    found = score_target(
        "T", native, [model(shaken(native, 1.0), evidence=evidence), model(None, "x", reason="why")],
        domains={"D1": range(1, 21)}, ranges={"D1": "1-20"}, settings=SETTINGS,
    )  # fmt: skip
    write_result(found, tmp_path, "T")
    back = read_result(tmp_path, "T")
    assert back.records[1:] == found.records[1:] or [one.to_dict() for one in back.records] == [
        one.to_dict() for one in found.records
    ]
    assert (back.target, back.sequence, back.numbers, back.domains) == (
        "T",
        found.sequence,
        found.numbers,
        found.domains,
    )
    np.testing.assert_allclose(back.details[0].ca, found.details[0].ca, atol=1e-4)
    np.testing.assert_allclose(back.details[0].plddt, 0.25)
    (tmp_path / "T.scores.json").write_text("{}")
    with pytest.raises(InputError, match=r"T\.scores\.json: not the scores of a target"):
        read_result(tmp_path, "T")


def test_a_record_comes_back_from_json_with_what_is_not_finite():
    record = ModelScores(
        "T", "D1", "g", 2, "f", values={"lddt": float("nan"), "gdt_ts": 0.5}, notes=("a", "b")
    )
    back = ModelScores.from_dict(record.to_dict())
    assert np.isnan(back.values["lddt"])
    assert replace(back, values={}, identity=0.0) == replace(record, values={}, identity=0.0)
    assert back.unit == "T-D1"


def test_chains_of_one_shape_and_other_sequences_are_compared_by_shape():
    native, homologue = chain(seed=0), chain(seed=7)  # the same torsions, other residues
    with_gap = kept(homologue, [*range(20), *range(23, 41)])
    renumbered = replace(with_gap, residue_index=np.arange(501, 539), chain_ids=("Q",) * 38)
    unasked = score_target("T", native, [model(renumbered)], settings=SETTINGS).records[0]
    assert (unasked.status, unasked.matched_by) == ("done", "structure")
    assert "not of this target" in unasked.notes[0]
    by_sequence = ScoreSettings(SETTINGS.families, "alignment")
    assert score_target("T", native, [model(renumbered)], settings=by_sequence).records[0].status == "failed"
    half = score_target("T", native, [model(kept(renumbered, range(14)))], settings=SETTINGS).records[0]
    assert half.status == "failed", "a helix fits into many proteins"
    found = score_target(
        "T", native, [model(renumbered)], settings=ScoreSettings(("tm", "tm_align", "lddt_ca"), "structure")
    )
    record = found.records[0]
    assert (record.matched_by, record.model_chain) == ("structure", "Q")
    assert record.values["coverage"] == pytest.approx(38 / 41, abs=0.03)
    assert record.values["tm_score"] == pytest.approx(38 / 41, abs=0.03)
    assert record.values["tm_align"] == pytest.approx(record.values["tm_score"], abs=0.02)
    assert record.identity < 0.3
    assert 0.7 < record.values["lddt_ca"] < 1
    assert "paired by shape" in record.notes[-1]
    fewer = score_target(
        "T", native, [model(kept(native, range(4)))], settings=ScoreSettings(("tm",), "structure")
    )
    assert "no chain of 6 residues" in fewer.records[0].reason


def test_a_model_that_a_score_refuses_fails_alone_with_the_reason():
    native = chain()
    broken = native.positions.copy()
    broken[3, 1] = np.nan
    models = [model(native, "a"), model(replace(native, positions=broken), "b"), model(native, "c")]
    found = score_target("T", native, models, domains={"D1": range(10, 41)}, settings=SETTINGS)
    status = {(record.group, record.domain): record.status for record in found.records}
    assert status["b", ""] == "failed"
    assert [value for key, value in status.items() if key[0] != "b"] == ["done"] * 4
    assert "finite" in next(record.reason for record in found.records if record.group == "b")
    assert [one.group for one in found.details] == ["a", "c"]
    assert found.records[2].values["gdt_ts"] == pytest.approx(1)
