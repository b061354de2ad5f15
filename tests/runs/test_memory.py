"""How much memory there is: the smaller of what the machine and what its container leave."""

import pytest

from sciml.runs.memory import available_memory_bytes

GIB = 2**30


@pytest.fixture
def machine(tmp_path):
    """Writes the system's files: 8 GiB are free on the machine."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal: 99 kB\nMemAvailable:   {8 * GIB // 1024} kB\n", encoding="ascii")

    def write(limit=None, used=0, cached=0):
        if limit is not None:
            (tmp_path / "memory.max").write_text(f"{limit}\n", encoding="ascii")
            (tmp_path / "memory.current").write_text(f"{used}\n", encoding="ascii")
            (tmp_path / "memory.stat").write_text(f"anon 1\ninactive_file {cached}\n", encoding="ascii")
        return available_memory_bytes(meminfo, tmp_path)

    return write


def test_without_a_container_the_machine_decides(machine):
    assert machine() == 8 * GIB
    assert machine("max") == 8 * GIB


def test_a_container_that_leaves_less_decides_and_its_cached_pages_count_as_free(machine):
    assert machine(4 * GIB, used=3 * GIB, cached=GIB // 2) == 3 * GIB // 2
    assert machine(64 * GIB, used=3 * GIB) == 8 * GIB
    assert machine(GIB, used=2 * GIB) == 0


def test_a_system_that_does_not_say_gives_none(tmp_path):
    assert available_memory_bytes(tmp_path / "none", tmp_path) is None
