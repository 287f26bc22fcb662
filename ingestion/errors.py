"""The errors a user can meet, each with what happened, where, and the remedy.

Faults of our own stay ordinary exceptions, with a traceback for a developer.
"""

from __future__ import annotations

from typing import ClassVar


class DemoscopeError(Exception):
    """Something the user can repair. `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message if self.remedy is None else f"{self.message} {self.remedy}"


class LoadRefusedError(DemoscopeError):
    """A load was refused whole; the log is untouched."""


class ReadOnlyError(DemoscopeError):
    """The warehouse cannot be written; nothing was begun."""


class UsageError(DemoscopeError):
    """The request itself cannot be understood: an option, a value of a closed list, a mapping."""

    exit_code = 2


class NotFoundError(DemoscopeError):
    """What was asked for does not exist."""

    exit_code = 3


class BusyError(DemoscopeError):
    """Another process holds what this needs; trying again later is right."""

    exit_code = 4


class IntegrityError(DemoscopeError):
    """What is stored is not what was stored: a hash, a chain or a signature does not hold."""

    exit_code = 5


class DamagedError(IntegrityError):
    """A stored file is missing, or is not what it was."""

    def __init__(self, message: str) -> None:
        super().__init__(message, remedy="Restore it from a backup.")
