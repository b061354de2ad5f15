"""How much memory a computation may take before the system stops it."""

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def available_memory_bytes(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Memory that can be had without swapping: what is free, and what the limit of a container leaves.

    Args:
        meminfo: Linux's account of the machine's memory.
        cgroup: folder of the control group (version 2) that this process is in.

    Returns:
        Bytes; None where the system does not say.
    """
    known = [amount for amount in (_machine(meminfo), _container(cgroup)) if amount is not None]
    return min(known) if known else None


def _machine(meminfo: Path) -> int | None:
    try:
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _container(cgroup: Path) -> int | None:
    try:
        limit = (cgroup / "memory.max").read_text(encoding="ascii").strip()
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        # Cached file pages count as used, yet are given back on demand.
        cached = dict(
            line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
        )
        return None if limit == "max" else max(int(limit) - used + int(cached.get("inactive_file", 0)), 0)
    except (OSError, ValueError):
        return None
