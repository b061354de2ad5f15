"""Settings of a process that does nothing but generate pairs."""

import gc


def collect_rarely() -> None:
    """Let Python look for garbage in cycles a hundred times less often, in this process.

    Expressions are many small objects without cycles, which reference counts free; looking through them for
    cycles takes a third of the time of generating. Only for processes that generate and nothing else: it
    changes the whole process, and leaves what exists out of all later searches.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
