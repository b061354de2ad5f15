"""The cache: right content or none."""

from pathlib import Path

import pytest

from sciml.runs.cache import Cache, cache_folder, content_key


def test_the_folder_follows_the_variables_in_order() -> None:
    home = {"HOME": "/h"}
    assert cache_folder(home) == Path("/h/.cache/sciml")
    assert cache_folder(home | {"XDG_CACHE_HOME": "/x"}) == Path("/x/sciml")
    assert cache_folder(home | {"XDG_CACHE_HOME": "/x", "SCIML_CACHE": "/s"}) == Path("/s")
    assert cache_folder(home | {"XDG_CACHE_HOME": "", "SCIML_CACHE": ""}) == Path("/h/.cache/sciml")


def test_a_key_depends_on_every_value_and_not_on_their_order() -> None:
    assert content_key({"a": 1, "b": [2]}) == content_key({"b": [2], "a": 1})
    keys = {
        content_key(parts) for parts in ({}, {"a": 1}, {"a": 2}, {"b": 1}, {"a": "1"}, {"a": [1]}, {"a": 1.5})
    }
    assert len(keys) == 7
    with pytest.raises(ValueError, match="JSON"):
        content_key({"a": float("nan")})


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    cache = Cache("search", tmp_path)
    key = content_key({"a": 1})
    assert cache.get(key) is None
    for content in (b"", b"x", bytes(range(256)) * 100):
        assert cache.put(key, content)
        assert cache.get(key) == content
        assert Cache("other", tmp_path).get(key) is None


def test_every_damaged_byte_and_every_cut_is_noticed(tmp_path: Path) -> None:
    cache, key = Cache("search", tmp_path), content_key({"a": 1})
    cache.put(key, b"answer")
    whole = cache.path(key).read_bytes()
    damaged = [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in range(len(whole))]
    for data in damaged + [whole[:i] for i in range(len(whole))] + [whole + b"x"]:
        cache.path(key).write_bytes(data)
        assert cache.get(key) is None
        assert not cache.path(key).exists()
    assert cache.put(key, b"answer")
    assert cache.get(key) == b"answer"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = Cache("search", tmp_path / "file")
    assert cache.put(content_key({}), b"x") is False
    assert cache.get(content_key({})) is None


def test_the_variable_is_read_at_each_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache("search")
    monkeypatch.setenv("SCIML_CACHE", str(tmp_path / "one"))
    cache.put("ab" * 32, b"x")
    assert (tmp_path / "one" / "search" / "ab" / ("ab" * 32)).exists()
    monkeypatch.setenv("SCIML_CACHE", str(tmp_path / "two"))
    assert cache.get("ab" * 32) is None
