"""How the rows of a load name people: by a source's own ids, or by the log's pseudonyms already.

What the program itself says of participants (strikes, exclusions) it says of pseudonyms: it never
knew their names.

What stays out: the load (loading.py), hashing and the link to a person (ingestion).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from ingestion.key_tree import DestroyedError
from ingestion.log_form import to_log_form
from ingestion.pseudonyms import Pseudonymiser
from ingestion.seals import Seals
from ingestion.subjects import Links, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.contracts import Contract


class Naming(Protocol):
    """From accepted rows to log form."""

    def is_erased(self, contract: Contract, native: pa.Table) -> tuple[pa.Table, pa.Array]:
        """Rows ready for `log_form`, and of each whether its participant was erased."""
        ...

    def log_form(self, contract: Contract, bound: pa.Table) -> pa.Table:
        """Rows of participants who were not erased, as a segment has them."""
        ...


class NativeIds:
    """A source's own ids: each is bound to its secret, then hashed."""

    def __init__(self, vault: Path) -> None:
        self._pseudonyms = Pseudonymiser.open(vault)
        self._links = Links.open(vault, self._pseudonyms)

    def is_erased(self, contract: Contract, native: pa.Table) -> tuple[pa.Table, pa.Array]:
        """See Naming."""
        return self._links.bind(contract, native)

    def log_form(self, contract: Contract, bound: pa.Table) -> pa.Table:
        """See Naming."""
        return to_log_form(contract, bound, self._pseudonyms)


class Pseudonyms:
    """Participants and conversations as the log names them; only the event's own id is hashed."""

    def __init__(self, vault: Path) -> None:
        self._pseudonyms = Pseudonymiser.open(vault)
        self._seals = Seals.open(vault, is_made=True)

    def is_erased(self, contract: Contract, native: pa.Table) -> tuple[pa.Table, pa.Array]:
        """See Naming."""
        del contract
        subjects = text_of(native, "subject_id").to_pylist()
        gone = {subject for subject in set(subjects) if subject and self._is_gone(subject)}
        return native, pa.array([subject in gone for subject in subjects], pa.bool_())

    def log_form(self, contract: Contract, bound: pa.Table) -> pa.Table:
        """See Naming."""
        return to_log_form(contract, bound, self._pseudonyms, hashed=("event_id",))

    def _is_gone(self, subject: str) -> bool:
        try:
            self._seals.tree.secret(subject)
        except DestroyedError:
            return True
        return False
