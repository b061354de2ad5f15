"""The connection to a Dask scheduler, for everything that can spread over a cluster."""

import re
from typing import Any

from sciml.errors import MissingRequirementError, SettingsError

_CONNECT_SECONDS = 10
_ADDRESS = re.compile(
    r"(?:(?P<protocol>[a-z]+)://)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[\w.-]+):(?P<port>[0-9]{1,5})"
)
_PROTOCOLS = ("tcp", "tls", "ws", "wss", "ucx")
_LAST_PORT = 65535


def check_scheduler_address(address: str) -> None:
    """Refuse what no scheduler can have as its address, before anything is waited for.

    An address is `host:port` or `protocol://host:port`, an IPv6 host in brackets.

    Raises:
        SettingsError: another form, protocol or port.
    """
    wanted = "an address reads tcp://HOST:PORT, such as tcp://localhost:8786"
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise SettingsError(f"--scheduler {address!r} has no host and port: {wanted}")
    if found["protocol"] not in (None, *_PROTOCOLS):
        known = ", ".join(_PROTOCOLS)
        raise SettingsError(f"--scheduler {address!r}: {found['protocol']!r} is none of {known}; {wanted}")
    if not 1 <= int(found["port"]) <= _LAST_PORT:
        raise SettingsError(f"--scheduler {address!r}: ports go from 1 to {_LAST_PORT}; {wanted}")


def connect_to_scheduler(address: str) -> Any:  # noqa: ANN401  Dask's library is optional
    """A `distributed.Client`, which the caller closes.

    Args:
        address: such as `tcp://host:8786`.

    Raises:
        SettingsError: no scheduler can have such an address.
        MissingRequirementError: the library of Dask is missing, or no scheduler answers.
    """
    check_scheduler_address(address)
    try:
        from distributed import Client
    except ImportError as error:
        rule = "--scheduler needs Dask's library: pip install 'sciml[cluster]'"
        raise MissingRequirementError(rule) from error
    try:
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MissingRequirementError(f"no Dask scheduler answers at {address}: {error}") from error
