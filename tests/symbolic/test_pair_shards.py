import io
from itertools import islice

import numpy as np
import pytest
from tiny_pairs import stream

from sciml.errors import InputError, SettingsError
from sciml.symbolic.pair_shards import PairShards


@pytest.fixture
def shards(tmp_path):
    return PairShards(tmp_path / "kept", {"share": 0.5})


def test_pairs_come_back_as_they_were_kept(shards):
    pairs = list(islice(stream(1, 2), 50))
    shards.write(1, 2, pairs)
    assert shards.read(1, 2, 50) == pairs
    assert shards.read(1, 2, 20) == pairs[:20]


def test_what_is_not_kept_or_too_short_is_none(shards):
    assert shards.read(1, 2, 1) is None
    shards.write(1, 2, list(islice(stream(1, 2), 5)))
    assert shards.read(1, 2, 6) is None
    assert shards.read(1, 3, 5) is None


def test_a_damaged_file_is_refused_by_name(shards):
    shards.write(1, 2, list(islice(stream(1, 2), 50)))
    path = shards.path(1, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(InputError, match=rf"{path.name}.*not a readable file of pairs"):
        shards.read(1, 2, 50)
    with np.load(io.BytesIO(whole)) as file:
        arrays = dict(file)
    arrays["tokens"] = arrays["tokens"] ^ 1
    with path.open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(InputError, match="do not match its checksum"):
        shards.read(1, 2, 50)


def test_a_folder_of_other_settings_is_refused(shards):
    PairShards(shards.folder, {"share": 0.5})
    with pytest.raises(SettingsError, match="pairs of other settings"):
        PairShards(shards.folder, {"share": 0.6})


def test_a_folder_of_other_generators_is_refused(shards, monkeypatch):
    monkeypatch.setattr("sciml.symbolic.pair_shards.VERSION", 10**9)
    with pytest.raises(SettingsError, match="or generators"):
        PairShards(shards.folder, {"share": 0.5})
