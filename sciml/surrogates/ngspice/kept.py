"""Netlists of failed simulations, kept as evidence."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sciml.surrogates.ngspice.deck import Deck
from sciml.surrogates.ngspice.plot import NgspiceError

MOST_KEPT = 200


class KeptDecks:
    """A folder with the decks that failed, the newest `MOST_KEPT` of them; None keeps nothing.

    A deck is written before it runs and deleted after it succeeded, so that it is there when its process was
    killed.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @contextmanager
    def while_running(self, deck: Deck) -> Iterator[None]:
        """Keep the deck unless what is done meanwhile succeeds or is interrupted."""
        self.keep(deck)
        try:
            yield
        except NgspiceError:
            raise
        except BaseException:
            self._drop(deck)
            raise
        self._drop(deck)

    def keep(self, deck: Deck) -> str | None:
        """Write a deck; its path, or None where the folder cannot be written."""
        if self.folder is None:
            return None
        path = self.folder / f"{deck.file_name}.cir"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(deck.text, encoding="utf-8")
        except OSError:  # evidence is welcome, and a full disk is no reason to lose a run
            return None
        self._trim()
        return str(path)

    def path(self, deck: Deck) -> str | None:
        """Where a deck is kept; None where it is not."""
        if self.folder is None:
            return None
        path = self.folder / f"{deck.file_name}.cir"
        return str(path) if path.is_file() else None

    def _drop(self, deck: Deck) -> None:
        if self.folder is not None:
            with contextlib.suppress(OSError):
                (self.folder / f"{deck.file_name}.cir").unlink()

    def _trim(self) -> None:
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            files = list(self.folder.glob("*.cir"))
            if len(files) > MOST_KEPT:
                oldest = sorted(files, key=lambda path: path.stat().st_mtime)
                for path in oldest[: len(files) - MOST_KEPT]:
                    path.unlink()
