import csv
import gzip
import hashlib
import io

import numpy as np
import pytest

from sciml.data.chains import OBSERVED, REBUILT, open_chains, open_test_chains, read_index
from sciml.errors import InputError

COLUMNS = ("id", "split", "shard", "row", "length", "cluster30", "atoms", "resolution", "method")
ROWS = [
    ("1aaa_A", "train", "train_00.npz", 0, 3, "7", "all", "1.5", "X-RAY DIFFRACTION"),
    ("1bbb_A", "train", "train_00.npz", 1, 2, "9", "backbone", "", ""),
    ("1ccc_A", "train_ca", "train_ca_00.npz", 0, 4, "7", "ca", "2.0", "X-RAY DIFFRACTION"),
    ("1ddd_A", "train", "train_00.npz", 2, 2, "9", "all", "", "THEORETICAL MODEL"),
    ("1eee_A", "valid", "valid_00.npz", 0, 5, "3", "all", "", "SOLUTION NMR"),
    ("1fff_A", "test", "test_00.npz", 0, 2, "4", "all", "", ""),
]


def write_data(folder, rows=ROWS, columns=COLUMNS):
    """A small data folder; residue r of a shard has aatype r % 20 and CA at (r, 2r, -r) hundredths of an
    Å."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *(row[: len(columns)] for row in rows)])
    (folder / "index.csv.gz").write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))
    for shard in {row[2] for row in rows}:
        members = sorted((row for row in rows if row[2] == shard), key=lambda row: row[3])
        offsets = np.cumsum([0] + [row[4] for row in members])
        total = int(offsets[-1])
        coords = np.zeros((total, 14, 3), np.int16)
        coords[:, 1] = np.arange(total)[:, None] * np.array([1, 2, -1])
        mask = np.zeros((total, 14), np.uint8)
        mask[:, 1], mask[:, 4] = OBSERVED, REBUILT
        np.savez(
            folder / shard,
            ids=np.array([row[0] for row in members]),
            offsets=offsets.astype(np.int64),
            aatype=(np.arange(total) % 20).astype(np.int8),
            residue_index=np.concatenate([np.arange(row[4]) for row in members]).astype(np.int32),
            coords=coords,
            mask=mask,
        )
    return folder


def test_chains_keep_index_order_and_their_own_rows(tmp_path):
    chains = open_chains(write_data(tmp_path), ("train", "train_ca"))
    assert [record.id for record in chains.records] == ["1aaa_A", "1bbb_A", "1ccc_A"]
    second = chains.chain(1)
    assert second.aatype.tolist() == [3, 4]
    assert second.sequence == "DC"
    assert second.residue_index.tolist() == [0, 1]
    np.testing.assert_allclose(second.positions[:, 1], [[0.03, 0.06, -0.03], [0.04, 0.08, -0.04]], rtol=1e-6)
    assert second.mask[0].tolist() == [0, OBSERVED, 0, 0, REBUILT] + [0] * 9


def test_a_stretch_is_the_same_as_the_slice_of_the_whole_chain(tmp_path):
    chains = open_chains(write_data(tmp_path), ("train_ca",))
    whole, stretch = chains.chain(0), chains.chain(0, 1, 3)
    np.testing.assert_array_equal(stretch.positions, whole.positions[1:3])
    np.testing.assert_array_equal(stretch.residue_index, [1, 2])
    assert len(chains.chain(0, 2, 99).aatype) == 2


def test_theoretical_models_are_left_out(tmp_path):
    assert "1ddd_A" not in [record.id for record in read_index(write_data(tmp_path) / "index.csv.gz")]


def test_clusters_join_chains_of_all_opened_splits(tmp_path):
    chains = open_chains(write_data(tmp_path), ("train", "train_ca"))
    assert chains.clusters == {"7": (0, 2), "9": (1,)}


def test_a_lost_resolution_is_none(tmp_path):
    chains = open_chains(write_data(tmp_path), ("train",))
    assert [record.resolution_angstrom for record in chains.records] == [1.5, None]


def test_the_test_split_is_opened_only_by_its_own_function(tmp_path):
    write_data(tmp_path)
    with pytest.raises(InputError, match="open_test_chains"):
        open_chains(tmp_path, ("train", "test"))
    assert [record.id for record in open_test_chains(tmp_path).records] == ["1fff_A"]


def test_development_splits_do_not_read_the_test_shard(tmp_path):
    (write_data(tmp_path) / "test_00.npz").unlink()
    assert len(open_chains(tmp_path, ("train", "train_ca", "valid"))) == 4


def test_the_digest_changes_with_the_data_and_not_with_the_folder(tmp_path):
    digests = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        digests.append(open_chains(write_data(tmp_path / name), ("train",)).sha256)
    assert digests[0] == digests[1]
    shard = tmp_path / "first" / "train_00.npz"
    with np.load(shard) as data:
        arrays = dict(data)
    arrays["coords"][0, 1, 0] += 1
    np.savez(shard, **arrays)
    assert open_chains(tmp_path / "first", ("train",)).sha256 != digests[0]
    index = (tmp_path / "second" / "index.csv.gz").read_bytes()
    content = (tmp_path / "second" / "train_00.npz").read_bytes()
    expected = hashlib.sha256(index + b"train_00.npz" + hashlib.sha256(content).digest()).hexdigest()
    assert digests[1] == expected


def test_a_shard_that_contradicts_the_index_names_file_and_chain(tmp_path):
    rows = [row if row[0] != "1bbb_A" else (*row[:3], 2, *row[4:]) for row in ROWS]
    write_data(tmp_path)
    with gzip.open(tmp_path / "index.csv.gz", "wt", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    with pytest.raises(InputError, match=r"train_00\.npz: record '1bbb_A': row 2 is another chain"):
        open_chains(tmp_path, ("train",))


def test_missing_files_and_columns_are_named(tmp_path):
    with pytest.raises(InputError, match=r"index\.csv\.gz: no such file"):
        open_chains(tmp_path)
    write_data(tmp_path, columns=COLUMNS[:-1])
    with pytest.raises(InputError, match="lacks the columns method"):
        open_chains(tmp_path)
    (write_data(tmp_path) / "train_00.npz").unlink()
    with pytest.raises(InputError, match=r"train_00\.npz: no such file"):
        open_chains(tmp_path, ("train",))


def test_a_length_that_is_no_number_names_the_line(tmp_path):
    write_data(tmp_path)
    with gzip.open(tmp_path / "index.csv.gz", "wt", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, (*ROWS[0][:4], "three", *ROWS[0][5:])])
    with pytest.raises(InputError, match=r"line 2, record '1aaa_A': not a number.*three"):
        open_chains(tmp_path)
