"""How much may be tried for a problem."""

from dataclasses import dataclass

from sciml.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """Limits of one climb."""

    timeout: float = 10.0
    """Seconds for everything."""
    beam: int = 10
    """Width of the sequence model's second search."""
    cas: bool = False
    """Whether FriCAS, Maxima and Giac are asked last, where installed."""
    alternatives: int = 0
    """Other verified forms of the answer that are wanted."""
    seed: int = 0
    """Of the sequence model's samples."""

    def __post_init__(self) -> None:
        if not 0 < self.timeout < float("inf"):
            raise SettingsError(f"the timeout is a positive number of seconds, not {self.timeout}")
        if self.beam < 1 or self.alternatives < 0:
            raise SettingsError(
                f"beam is at least 1, alternatives at least 0: {self.beam}, {self.alternatives}"
            )
