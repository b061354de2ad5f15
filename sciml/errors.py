"""Errors that reach a user, each with the exit code of the command line.

Exit codes: 0 all done; 2 unusable input or settings; 3 some records failed; 4 something is missing on the
machine.
"""


class ScimlError(Exception):
    """Base of every error that is written for a user; its text is the whole message."""

    exit_code = 2


class InputError(ScimlError, ValueError):
    """Input that breaks a rule.

    The message reads `FILE: record RECORD, position N: RULE`, with the parts that are known.

    Args:
        rule: the rule broken, the value received and what to do.
        file: path of the file, or `<stdin>`.
        record: identifier of the record.
        position: 1-based position inside the record (letter) where it is known.
        line: 1-based line of the file where it is known.
    """

    def __init__(
        self,
        rule: str,
        *,
        file: str | None = None,
        record: str | None = None,
        position: int | None = None,
        line: int | None = None,
    ) -> None:
        self.rule, self.file, self.record, self.position, self.line = rule, file, record, position, line
        place = [f"line {line}"] if line is not None else []
        place += [f"record {record!r}"] if record is not None else []
        place += [f"position {position}"] if position is not None else []
        parts = [part for part in (file, ", ".join(place)) if part]
        super().__init__(": ".join([*parts, rule]))


class SettingsError(ScimlError, ValueError):
    """Settings that contradict each other or lie outside their range."""


class MissingRequirementError(ScimlError):
    """A program, library, device or file that is not on this machine; the message names it and how to get
    it."""

    exit_code = 4


class LostProcessError(ScimlError):
    """A process of this run that the system killed; the message says how the run goes on."""

    exit_code = 4
