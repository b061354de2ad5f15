import numpy as np
import pytest

from sciml.data.prediction_folders import find_predictions
from sciml.data.structure_files import read_structures
from sciml.errors import InputError
from tests.data.alphafold3_case import write_model
from tests.data.synthetic_atoms import random_atoms, random_sequence

ATOMS = random_atoms(random_sequence(12, seed=1), seed=2)
PLDDT = np.linspace(40, 95, 12)
PAE = np.add.outer(np.arange(12), 2 * np.arange(12)) * 0.25
SERVER = (
    "fold_my_job_model_{}.cif",
    "fold_my_job_full_data_{}.json",
    "fold_my_job_summary_confidences_{}.json",
)
CODE = ("{}model.cif", "{}confidences.json", "{}summary_confidences.json")


def write(folder, names, start, **settings):
    write_model(folder, [name.format(start) for name in names], ATOMS, PLDDT, PAE, **settings)


def test_models_of_the_server(tmp_path):
    for number in range(3):
        write(tmp_path / "fold_my_job", SERVER, number, ptm=0.9 - 0.1 * number)
    (tmp_path / "fold_my_job" / "fold_my_job_job_request.json").write_text("[]")
    (tmp_path / "fold_my_job" / "templates").mkdir()
    (tmp_path / "fold_my_job" / "templates" / "fold_my_job_template_hit_0_chains_a.cif").write_text("x")
    found = find_predictions(tmp_path)
    assert [(one.source, one.target_id, one.rank) for one in found] == [
        ("alphafold3", "my_job", 1), ("alphafold3", "my_job", 2), ("alphafold3", "my_job", 3),
    ]  # fmt: skip
    assert [one.ptm() for one in found] == [0.9, 0.8, 0.7]
    np.testing.assert_allclose(found[0].plddt(), PLDDT, atol=0.006)
    np.testing.assert_allclose(found[0].pae(), PAE)
    assert found[0].residues() == tuple(("A", number) for number in range(1, 13))


def test_plddt_is_that_of_the_alpha_carbon_and_the_ligand_has_none(tmp_path):
    """The other atoms of a residue are 10 lower, and a ligand's atom is called CA too."""
    write(tmp_path, SERVER, 0)
    (one,) = find_predictions(tmp_path)
    np.testing.assert_allclose(one.plddt(), PLDDT, atol=0.006)
    assert one.pae().max() < 30
    own = read_structures(one.path)[0].atoms
    np.testing.assert_allclose(own.b_factors[:, 1], PLDDT, atol=0.006)


def test_a_modified_residue_has_the_token_of_its_alpha_carbon(tmp_path):
    write(tmp_path, SERVER, 0, modified=(5, 9))
    (one,) = find_predictions(tmp_path)
    np.testing.assert_allclose(one.pae(), PAE)
    np.testing.assert_allclose(one.plddt(), PLDDT, atol=0.006)


@pytest.mark.parametrize("start", ["hello_fold_seed-7_sample-{}_", ""])
def test_the_folder_of_the_code_gives_each_sample_once(tmp_path, start):
    job = tmp_path / "hello_fold"
    scores = {0: 0.2, 1: 0.9, 2: 0.5}
    for sample, score in scores.items():
        folder = job / f"seed-7_sample-{sample}"
        write(folder, CODE, start.format(sample), ptm=score, ranking_score=score)
    write(job, CODE, "hello_fold_", ptm=0.9, ranking_score=0.9)
    found = find_predictions(tmp_path)
    assert {one.target_id for one in found} == {"hello_fold"}
    assert {one.group for one in found} == {None}
    by_rank = {one.rank: one for one in found}
    assert sorted(by_rank) == [1, 2, 3]
    assert [by_rank[rank].ptm() for rank in (1, 2, 3)] == [0.9, 0.5, 0.2]
    assert by_rank[1].path == job / "hello_fold_model.cif"
    assert "taken for seed-7_sample-1 too" in by_rank[1].notes
    inside = find_predictions(job)
    assert [(one.target_id, one.rank) for one in inside] == [(one.target_id, one.rank) for one in found]


def test_the_table_of_ranking_scores_comes_before_the_summaries(tmp_path):
    job = tmp_path / "one"
    for sample, score in ((0, 0.1), (1, 0.2)):
        write(job / f"seed-1_sample-{sample}", CODE, "", ranking_score=score)
    table = "seed,sample,ranking_score\n1,0,0.8\n1,1,0.3\n"
    (job / "one_ranking_scores.csv").write_text(table)
    ranks = {one.path.parent.name: one.rank for one in find_predictions(tmp_path)}
    assert ranks == {"seed-1_sample-0": 1, "seed-1_sample-1": 2}
    (job / "one_ranking_scores.csv").write_text("seed,score\n1,2\n")
    with pytest.raises(InputError, match=r"one_ranking_scores\.csv: ranking scores have columns"):
        find_predictions(tmp_path)


def test_what_is_missing_is_said(tmp_path):
    write(tmp_path / "a", ("fold_a_model_0.cif", "", ""), "")
    write(tmp_path / "b", ("fold_b_model_0.cif", "", "fold_b_summary_confidences_0.json"), "", ptm=0.25)
    one, two = find_predictions(tmp_path)
    assert one.notes == (
        "fold_a_full_data_0.json is not there: no aligned errors",
        "fold_a_summary_confidences_0.json is not there: no pTM",
    )
    assert (one.plddt(), one.pae(), one.ptm()) == (None, None, None)
    assert (two.plddt(), two.pae(), two.ptm()) == (None, None, 0.25)


def test_another_programs_model_is_no_model_of_alphafold(tmp_path):
    write(tmp_path, ("mine_model.cif", "", ""), "")
    (one,) = find_predictions(tmp_path)
    assert (one.source, one.target_id) == ("file", "mine_model")


@pytest.mark.parametrize(
    ("changes", "reader", "message"),
    [
        ({"atom_plddts": [50.0] * 7}, "plddt", "atom_plddts has 7 values, fold_my_job_model_0.cif has"),
        ({"atom_plddts": ["x"]}, "plddt", "atom_plddts is no array of numbers"),
        ({"atom_plddts": None}, "plddt", None),
        ({"pae": [[0.0, 1.0], [1.0, 0.0]]}, "pae", "pae is 2 by 2, there are 15 tokens"),
        ({"pae": [[0.0, 1.0]]}, "pae", "square table"),
        ({"pae": None}, "pae", None),
        ({"token_res_ids": [1, 2]}, "pae", "token_chain_ids and token_res_ids of one length"),
        ({"token_chain_ids": ["Q"] * 15}, "pae", "residue A 1 has 0 tokens"),
        ({"token_res_ids": ["1"] * 15}, "pae", "token_res_ids are whole numbers"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_file_and_rule(tmp_path, changes, reader, message):
    write(tmp_path, SERVER, 0, changes=changes)
    (one,) = find_predictions(tmp_path)
    if message is None:
        assert getattr(one, reader)() is None
        return
    with pytest.raises(InputError, match=rf"fold_my_job_full_data_0\.json: .*{message}"):
        getattr(one, reader)()


def test_an_archive_is_to_be_unpacked(tmp_path):
    (tmp_path / "fold_x.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"fold_x\.zip: an archive: unpack it"):
        find_predictions(tmp_path / "fold_x.zip")
