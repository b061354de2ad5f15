"""The context manager of everything that has `close`."""

from types import TracebackType
from typing import Self


class Closing:
    """Closes itself at the end of a `with` block, however the block ends."""

    def close(self) -> None:
        """End what was started."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
