"""The connection to a Dask scheduler, for everything that can spread over a cluster."""

from typing import Any

from sciml.errors import MissingRequirementError

_CONNECT_SECONDS = 10


def connect_to_scheduler(address: str) -> Any:  # noqa: ANN401  Dask's library is optional
    """A `distributed.Client`, which the caller closes.

    Args:
        address: such as `tcp://host:8786`.

    Raises:
        MissingRequirementError: the library of Dask is missing, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        rule = "--scheduler needs Dask's library: pip install 'sciml[cluster]'"
        raise MissingRequirementError(rule) from error
    try:
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MissingRequirementError(f"no Dask scheduler answers at {address}: {error}") from error
