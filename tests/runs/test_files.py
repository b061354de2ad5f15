"""Atomic writes: whatever fails, the target is the old file or the new one and no other file is left."""

import builtins
import errno
import os
from pathlib import Path

import pytest

from sciml.runs.files import atomic_path, atomic_write_bytes, atomic_write_text


def test_bytes_and_text_arrive_unchanged(tmp_path: Path) -> None:
    assert atomic_write_bytes(tmp_path / "a", b"\x00\r\n\xff") == tmp_path / "a"
    atomic_write_text(tmp_path / "deep" / "er" / "b", "Å\r\nb\n")
    assert (tmp_path / "a").read_bytes() == b"\x00\r\n\xff"
    assert (tmp_path / "deep" / "er" / "b").read_bytes() == "Å\r\nb\n".encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "deep"]


def test_file_permissions_follow_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    atomic_write_text(tmp_path / "atomic", "x")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("name", ["x" * 255, "Å" * 127, " ", "-rf", "a b"])
def test_any_name_that_the_file_system_takes_can_be_written(tmp_path: Path, name: str) -> None:
    atomic_write_text(tmp_path / name, "done")
    assert os.listdir(tmp_path) == [name]


def test_an_error_inside_the_block_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "scores.json"
    target.write_text("old")

    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["scores.json"]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        pass
    assert os.listdir(tmp_path) == []


class _FullDisk:
    """A file object that stores `room` bytes and then fails as a full disk does."""

    def __init__(self, file: object, room: int) -> None:
        self.file, self.room = file, room

    def __enter__(self) -> "_FullDisk":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, data: bytes) -> int:
        self.file.write(data[: self.room])
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(data)


@pytest.mark.parametrize("room", [0, 1, 7, 49])
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_full_disk_leaves_the_old_file_and_no_stub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, old: bytes | None
) -> None:
    target = tmp_path / "model.cif"
    if old is not None:
        target.write_bytes(old)
    real_open = builtins.open
    monkeypatch.setattr(builtins, "open", lambda *args, **kw: _FullDisk(real_open(*args, **kw), room))
    with pytest.raises(OSError, match="No space left") as caught:
        atomic_write_bytes(target, b"x" * 50)
    monkeypatch.undo()
    assert caught.value.errno == errno.ENOSPC
    assert str(caught.value).endswith(f"No space left on device: '{target}'")
    assert os.listdir(tmp_path) == ([] if old is None else ["model.cif"])
    assert old is None or target.read_bytes() == old


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_while_flushing_or_renaming_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target = tmp_path / "model.cif"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="Input/output error"):
        atomic_write_bytes(target, b"new")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["model.cif"]
    assert target.read_bytes() == b"old"
