import socket
import subprocess
import sys

import pytest

from sciml.errors import MissingRequirementError, SettingsError
from sciml.runs.cluster import check_scheduler_address, connect_to_scheduler


@pytest.mark.parametrize(
    "address",
    ["tcp://host:8786", "host:8786", "tls://10.0.0.7:1", "tcp://[::1]:65535", "wss://node-3.cluster.org:443"],
)
def test_addresses_with_host_and_port_are_taken(address: str) -> None:
    check_scheduler_address(address)


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("bad", "has no host and port"),
        ("", "has no host and port"),
        ("tcp://host", "has no host and port"),
        ("tcp://host:x", "has no host and port"),
        ("tcp://:8786", "has no host and port"),
        ("tcp://a b:1", "has no host and port"),
        ("http://host:80", "'http' is none of tcp"),
        ("tcp://host:0", "ports go from 1 to 65535"),
        ("tcp://host:65536", "ports go from 1 to 65535"),
    ],
)
def test_what_cannot_be_an_address_is_refused_before_anything_is_waited_for(address: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule) as refused:
        connect_to_scheduler(address)
    assert refused.value.exit_code == 2
    assert repr(address) in str(refused.value)


def test_an_address_that_nobody_answers_is_one_line_without_a_traceback() -> None:
    pytest.importorskip("distributed", reason="the cluster extra is not installed")
    with socket.socket() as closed:  # bound and never listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        program = (
            "import sciml.runs.cluster as cluster\n"
            "cluster._CONNECT_SECONDS = 0.3\n"
            "try:\n"
            f"    cluster.connect_to_scheduler({address!r})\n"
            "except cluster.MissingRequirementError as error:\n"
            "    print(error)\n"
        )
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.stdout.startswith(f"no Dask scheduler answers at {address}: ")
    assert run.stdout.count("\n") == 1
    assert run.stderr == ""
    assert MissingRequirementError.exit_code == 4
