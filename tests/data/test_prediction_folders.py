import gzip
import json

import numpy as np
import pytest

from sciml.data.prediction_folders import find_predictions
from sciml.data.structure_files import read_structures
from sciml.errors import InputError


def make(folder, *names, content=b"x"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def summary(path):
    return [(one.path.name, one.source, one.target_id, one.group, one.rank) for one in find_predictions(path)]


def test_names_of_casp_models(tmp_path):
    make(
        tmp_path,
        "T1049/T1049TS427_1",
        "T1049/T1049TS427_2",
        "T1049/T1049TS010_10",
        "T1049/T1049QA010_1",
        "T1049_TS427_1.pdb.gz",
        "T1032-trimmed_TS427_1.pdb.gz",
        "T1046s1TS029_3-D1",
        "T1050RR500_1",
        "H1036TS123_1o",
        "README",
    )
    assert summary(tmp_path) == [
        ("H1036TS123_1o", "casp", "H1036", "TS123", 1),
        ("T1032-trimmed_TS427_1.pdb.gz", "casp", "T1032-trimmed", "TS427", 1),
        ("T1046s1TS029_3-D1", "casp", "T1046s1-D1", "TS029", 3),
        ("T1049_TS427_1.pdb.gz", "casp", "T1049", "TS427", 1),
        ("T1050RR500_1", "casp", "T1050", "RR500", 1),
        ("T1049QA010_1", "casp", "T1049", "QA010", 1),
        ("T1049TS010_10", "casp", "T1049", "TS010", 10),
        ("T1049TS427_1", "casp", "T1049", "TS427", 1),
        ("T1049TS427_2", "casp", "T1049", "TS427", 2),
    ]
    kinds = {one.path.name: one.kind for one in find_predictions(tmp_path)}
    assert [name for name, kind in kinds.items() if kind == "contacts"] == ["T1050RR500_1"]
    assert [name for name, kind in kinds.items() if kind == "estimates"] == ["T1049QA010_1"]


def test_names_of_casp_models_in_small_letters_keep_their_group(tmp_path):
    make(
        tmp_path,
        "t1049ts002_1.pdb",
        "t1046s1_ts029_3-d1.pdb",
        "h1036rr500_1",
        "parts12_3.pdb",
        "1abc_ts1_2.pdb",
    )
    assert summary(tmp_path) == [
        ("1abc_ts1_2.pdb", "file", "1abc_ts1_2", None, None),
        ("h1036rr500_1", "casp", "h1036", "RR500", 1),
        ("parts12_3.pdb", "file", "parts12_3", None, None),
        ("t1046s1_ts029_3-d1.pdb", "casp", "t1046s1-d1", "TS029", 3),
        ("t1049ts002_1.pdb", "casp", "t1049", "TS002", 1),
    ]


@pytest.mark.parametrize(
    ("text", "is_list"),
    [
        ("1 8 0 8 0.72\n1 9 0 8 0.5\n2 9 0 8 0.4\n", True),
        ("HLEGSIGILL\nKKHEIV\n1 8 0.72\nEND\n", True),
        ("REMARK by me\nTARGET T1049\nRMODE 1\nMODEL 1\n1 8 0.72\n2 8 0.1\n3 8 0.1\n4 8 0.1\n", True),
        ("1 8 0.72\n", True),
        ("1 8 0.72\nthe best pair\n", False),
        ("8 1 0.72\n9 2 0.5\n10 3 0.4\n", False),
        ("1 8 7.2\n1 9 5.0\n2 9 4.0\n", False),
        ("1 8 ALA\n2 9 GLY\n", False),
        ("A\nREAD ME\n1 8 0.72\n", False),
        ("HLEGSIGILL\n", False),
        ("", False),
    ],
)
def test_a_list_of_contacts_is_known_by_its_lines_whatever_its_name(tmp_path, text, is_list):
    make(tmp_path, "T1049.txt", "T1050", content=text)
    make(tmp_path, "T1.pdb")
    found = [(one.path.name, one.kind) for one in find_predictions(tmp_path)]
    lists = [("T1049.txt", "contacts"), ("T1050", "contacts")] if is_list else []
    assert found == [("T1.pdb", "structure"), *lists]


def test_what_zstd_compressed_is_found_unless_it_was_unpacked_and_its_reader_refuses_it(tmp_path):
    magic = b"\x28\xb5\x2f\xfd packed"
    make(tmp_path, "a_model.cif.zst", "b.pdb.zst", "T1TS003_1.pdb.zst", "notes.txt.zst", content=magic)
    make(tmp_path, "b.pdb", "a_confidences.json.zst", "a_summary_confidences.json")
    found = {one.path.name: one for one in find_predictions(tmp_path)}
    assert sorted(found) == ["T1TS003_1.pdb.zst", "a_model.cif.zst", "b.pdb"]
    assert found["T1TS003_1.pdb.zst"].group == "TS003"
    (note,) = found["a_model.cif.zst"].notes
    assert note == "a_confidences.json.zst is not read, unpack it first: no aligned errors"
    with pytest.raises(InputError, match=r"a_model\.cif\.zst: compressed by zstd"):
        read_structures(found["a_model.cif.zst"].path)


def test_a_colabfold_folder_gives_each_rank_once_with_its_scores(tmp_path):
    tag = "rank_001_alphafold2_ptm_model_3_seed_000"
    second = "rank_002_alphafold2_ptm_model_1_seed_000"
    make(tmp_path, *(f"my_id_{state}_{tag}.pdb" for state in ("relaxed", "unrelaxed")))
    make(
        tmp_path, f"my_id_unrelaxed_{second}.pdb", f"my_id_unrelaxed_{second}.cif", "my_id.a3m", "config.json"
    )
    make(tmp_path, "my_id_env/templates_101/1abc.cif", "my_id_plddt.png")
    scores = {"plddt": [90.5, 20.25], "max_pae": 31.75, "pae": [[0.5, 2.0], [3.0, 0.5]], "ptm": 0.75}
    make(tmp_path, f"my_id_scores_{tag}.json", content=json.dumps(scores))
    first, other = find_predictions(tmp_path)
    assert (first.path.name, first.rank, first.source) == (f"my_id_relaxed_{tag}.pdb", 1, "colabfold")
    assert first.notes == (f"taken for my_id_unrelaxed_{tag}.pdb too",)
    assert first.target_id == "my_id"
    assert first.model_name == "alphafold2_ptm_model_3"
    assert first.plddt().tolist() == [90.5, 20.25]
    assert first.pae().tolist() == [[0.5, 2.0], [3.0, 0.5]]
    assert first.ptm() == 0.75
    assert first.distogram() is None
    assert (other.path.suffix, other.rank) == (".pdb", 2)
    assert other.plddt() is None
    assert other.pae() is None


def test_the_distogram_of_our_own_folder(tmp_path):
    tag = "rank_001_mini_seed_000"
    make(tmp_path, f"a_unrelaxed_{tag}.pdb", "a_provenance.json")
    logits, edges = np.arange(3 * 3 * 4, dtype=np.float16).reshape(3, 3, 4), np.array([4, 8, 12], np.float32)
    np.savez_compressed(tmp_path / f"a_distogram_{tag}.npz", logits=logits, bin_edges=edges)
    (one,) = find_predictions(tmp_path)
    assert one.source == "sciml"
    found, bins = one.distogram()
    np.testing.assert_array_equal(found, logits)
    assert bins.tolist() == [4, 8, 12]


def test_an_alphafold_folder_takes_the_ranked_files_and_never_a_pickle(tmp_path):
    folder = tmp_path / "T1049"
    make(folder, "ranked_0.pdb", "ranked_1.pdb", "relaxed_model_1_pred_0.pdb", "unrelaxed_model_2_pred_0.pdb")
    make(folder, "result_model_1_pred_0.pkl", "msas/bfd.a3m", "features.pkl")
    order = {"plddts": {}, "order": ["model_2_pred_0", "model_1_pred_0"]}
    make(folder, "ranking_debug.json", content=json.dumps(order))
    make(folder, "confidence_model_2_pred_0.json", content=json.dumps({"confidenceScore": [50.0, 60.0]}))
    make(
        folder, "pae_model_2_pred_0.json", content=json.dumps([{"predicted_aligned_error": [[0, 1], [2, 0]]}])
    )
    first, second = find_predictions(tmp_path)
    assert (first.path.name, first.rank, first.model_name) == ("ranked_0.pdb", 1, "model_2_pred_0")
    assert (second.path.name, second.rank, second.model_name) == ("ranked_1.pdb", 2, "model_1_pred_0")
    assert (first.target_id, first.group, first.source) == ("T1049", None, "alphafold")
    assert first.plddt().tolist() == [50, 60]
    assert first.pae().tolist() == [[0, 1], [2, 0]]
    assert any("pickles are not opened" in note for note in first.notes)
    assert find_predictions(folder)[0].target_id == "T1049"
    assert find_predictions(folder / "ranked_1.pdb")[0].rank == 2


def test_files_of_the_alphafold_database(tmp_path):
    make(tmp_path, "AF-P12345-F1-model_v4.cif", "AF-P12345-F2-model_v4.pdb", "AF-Q9-F1-model_v3.pdb.gz")
    error = gzip.compress(
        json.dumps([{"predicted_aligned_error": [[1]], "max_predicted_aligned_error": 1}]).encode()
    )
    make(tmp_path, "AF-P12345-F1-predicted_aligned_error_v4.json.gz", content=error)
    first_version = {"residue1": [1, 1, 2, 2], "residue2": [1, 2, 1, 2], "distance": [0.5, 1.5, 2.5, 0.5]}
    make(tmp_path, "AF-Q9-F1-predicted_aligned_error_v3.json", content=json.dumps([first_version]))
    one, two, three = find_predictions(tmp_path)
    assert [entry.target_id for entry in (one, two, three)] == ["P12345", "P12345-F2", "Q9"]
    assert one.pae().tolist() == [[1]]
    assert two.pae() is None
    assert three.pae().tolist() == [[0.5, 1.5], [2.5, 0.5]]


def test_methods_are_the_folders_that_are_not_the_targets(tmp_path):
    make(tmp_path, "good/T1.pdb", "bad/T1.cif.gz", "bad/T1/T1_model.pdb", "T1/plain.ent", "T1.pdb")
    groups = {str(one.path.relative_to(tmp_path)): one.group for one in find_predictions(tmp_path)}
    assert groups == {
        "T1.pdb": None,
        "T1/plain.ent": "T1",
        "bad/T1.cif.gz": "bad",
        "bad/T1/T1_model.pdb": "bad",
        "good/T1.pdb": "good",
    }


def test_a_file_is_taken_whatever_its_name_and_casp_files_are_known_by_their_first_line(tmp_path):
    make(tmp_path, "anything")
    assert summary(tmp_path / "anything") == [("anything", "file", "anything", None, None)]
    make(tmp_path, "contacts.txt", content="\nPFRMAT RR\nTARGET T1\n")
    make(tmp_path, "models", content="PFRMAT TS\n")
    make(tmp_path, "scores.txt", content="PFRMAT QA\n")
    make(tmp_path, "T1.qa")
    found = {one.path.name: one.kind for one in find_predictions(tmp_path)}
    assert found == {
        "contacts.txt": "contacts", "models": "structure", "scores.txt": "estimates", "T1.qa": "estimates",
    }  # fmt: skip


def test_nothing_to_find_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        find_predictions(tmp_path / "none")
    make(tmp_path, "a.txt", "b.json")
    with pytest.raises(InputError, match="no prediction in this folder"):
        find_predictions(tmp_path)


@pytest.mark.parametrize(
    ("text", "reader", "message"),
    [
        ("{", "plddt", "not JSON"),
        ("[" * 100_000, "plddt", "not JSON"),
        ("3", "plddt", "JSON object"),
        ('{"plddt": [1, "x"]}', "plddt", "no array of numbers"),
        ('{"plddt": [[1]]}', "plddt", "no array of numbers with 1 axes"),
        ('{"plddt": [1, NaN]}', "plddt", "no array of numbers"),
        ('{"plddt": [101]}', "plddt", "plddt is 0 to 100"),
        ('{"pae": [[1, 2]]}', "pae", "square table"),
        ('{"pae": [[1, 2], [3]]}', "pae", "no array of numbers"),
        ('{"pae": [[-1]]}', "pae", "square table"),
        ('{"distance": [1, 2, 3]}', "pae", "3 distances are no square"),
        ('{"ptm": "high"}', "ptm", "ptm is 0 to 1"),
        ('{"ptm": 7}', "ptm", "ptm is 0 to 1"),
    ],
)
def test_broken_scores_are_refused_with_their_file(tmp_path, text, reader, message):
    tag = "rank_001_m_seed_000"
    make(tmp_path, f"a_unrelaxed_{tag}.pdb")
    make(tmp_path, f"a_scores_{tag}.json", content=text)
    (one,) = find_predictions(tmp_path)
    with pytest.raises(InputError, match=rf"a_scores_{tag}\.json: .*{message}"):
        getattr(one, reader)()


def test_a_distogram_that_needs_pickle_or_does_not_fit_is_refused(tmp_path):
    tag = "rank_001_m_seed_000"
    make(tmp_path, f"a_unrelaxed_{tag}.pdb")
    path = tmp_path / f"a_distogram_{tag}.npz"
    edges = np.array([4.0, 8.0])
    for arrays in (
        {"logits": np.array([object()]), "bin_edges": edges},
        {"logits": np.zeros((2, 3, 3)), "bin_edges": edges},
        {"logits": np.zeros((2, 2, 4)), "bin_edges": edges},
        {"logits": np.full((2, 2, 3), np.nan), "bin_edges": edges},
        {"logits": np.zeros((2, 2, 3)), "bin_edges": edges[::-1]},
        {"logits": np.zeros((2, 2, 3))},
    ):
        np.savez(path, **arrays)
        (one,) = find_predictions(tmp_path)
        with pytest.raises(InputError, match=r"a_distogram_.*\.npz: "):
            one.distogram()
    path.write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"a_distogram_.*\.npz: not a distogram"):
        one.distogram()
