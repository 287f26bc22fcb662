"""What a user can mend, said by Dagster as by the command line: a sentence and the remedy.

What stays out: the errors themselves (ingestion/errors.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from ingestion.errors import BusyError, DemoscopeError


@contextmanager
def as_failure() -> Iterator[None]:
    """Turn a DemoscopeError into a Dagster failure; only what is busy is worth a retry.

    Raises:
        Failure: in its place.
    """
    try:
        yield
    except DemoscopeError as error:
        raise dg.Failure(str(error), allow_retries=isinstance(error, BusyError)) from error
