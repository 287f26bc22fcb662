"""From accepted native rows to the form the log stores: every id that may name a person is hashed.

The rows of a load name people by a source's own ids, or by the log's pseudonyms already: what the
program itself says of participants (strikes, exclusions) it says of pseudonyms.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Contract
from ingestion.subjects.key_tree import KeyTree
from ingestion.subjects.links import LINKS, Identities
from ingestion.subjects.pseudonyms import KEY_FILE, Pseudonymiser, coded, whose
from ingestion.subjects.seals import SEALS, Seals

KEY_SEPARATOR = ":"


def to_log_form(
    contract: Contract,
    native: pa.Table,
    pseudonyms: Pseudonymiser,
    *,
    hashed: Container[str] | None = None,
    participants_of: str | None = None,
) -> pa.Table:
    """Hash what may name a person and order the columns as a segment has them.

    Args:
        contract: the rows' contract.
        native: log columns by name, ids still native; further columns are left out.
        pseudonyms: the vault's hasher.
        participants_of: the source whose ids the participants' are; None: each row's own.
        hashed: the only columns whose ids are still native; None for all that may name a person.

    Returns:
        A table with the contract's log columns. `event_id` is the hash of the native id, then the
        contract's key columns, so that the dimensions of one battle share their beginning.
    """
    columns = {column.name: native[column.name] for column in contract.log_columns}
    for column in contract.log_columns:
        if column.is_pseudonym and (hashed is None or column.name in hashed):
            scope = (str(contract.event_type),) if column.name == "event_id" else ()
            ids, sources = columns[column.name], columns["source"]
            if column.name == "subject_id":
                sources = whose(sources, participants_of)
            columns[column.name] = pseudonyms.column(ids, sources, column.name, *scope)
    identity, *keys = (columns[name] for name in ("event_id", *contract.key))
    columns["event_id"] = pc.binary_join_element_wise(
        identity.dictionary_decode(), *keys, KEY_SEPARATOR
    )
    return pa.table(
        {
            name: values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
            for name, values in columns.items()
        }
    )


class Naming:
    """How the rows of a load name people.

    Args:
        identities: the keys of names.
        seals: the keys of what participants said of themselves.
        is_native: by a source's own ids, each of which is bound to its secret, then hashed; else as
            the log names them, and only the event's own id is hashed.
        participants_of: the source whose ids the participants' are; None: each row's own.
    """

    def __init__(
        self,
        identities: Identities,
        seals: Seals,
        *,
        is_native: bool,
        participants_of: str | None = None,
    ) -> None:
        self.participants_of, self.seals = participants_of, seals
        self._pseudonyms = identities.pseudonyms
        self._identities = identities if is_native else None

    @classmethod
    def open(cls, vault: Path, *, is_native: bool, participants_of: str | None = None) -> Naming:
        """Under the keys of a vault; they are made on first use."""
        identities, seals = Identities.open(vault), Seals.open(vault, is_made=True)
        return cls(identities, seals, is_native=is_native, participants_of=participants_of)

    @classmethod
    def without_writing(cls, vault: Path, participants_of: str | None = None) -> Naming:
        """Under the keys of a vault where it has them, else under fresh ones that nobody keeps."""
        has_key = (vault / KEY_FILE).exists()
        pseudonyms = Pseudonymiser.open(vault) if has_key else Pseudonymiser.new()
        links, seals = (KeyTree.read_or_new(vault / name) for name in (LINKS, SEALS))
        identities = Identities(links, pseudonyms)
        return cls(identities, Seals(seals), is_native=True, participants_of=participants_of)

    def is_erased(self, contract: Contract, native: pa.Table) -> tuple[pa.Table, pa.Array]:
        """Rows ready for `log_form`, and of each whether its participant was erased."""
        if self._identities is not None:
            return self._identities.bind(contract, native, self.participants_of)
        return native, self.are_erased(native["source"], native["subject_id"])

    def of_file(self, purpose: str, fingerprint: str) -> str:
        """A keyed hash of what a load read; a plain one could be guessed, answer by answer."""
        return self._pseudonyms.text(purpose, fingerprint)

    def has_erased(self) -> bool:
        """Whether anybody of the vault was erased."""
        identities = self._identities
        tree = self.seals.tree if identities is None else identities.links
        return tree.destroyed_count() > 0

    def are_erased(self, sources: pa.Array, people: pa.Array) -> pa.Array:
        """Of each participant, named as the load names them, whether they were erased."""
        if self._identities is not None:
            return self._identities.are_erased(sources, people, self.participants_of)
        subjects = coded(people)
        is_gone = pc.is_null(self.seals.tree.column(subjects.dictionary))
        return pc.fill_null(is_gone.take(subjects.indices), False)

    def log_form(self, contract: Contract, bound: pa.Table) -> pa.Table:
        """Rows of participants who were not erased, as a segment has them."""
        hashed = None if self._identities is not None else ("event_id",)
        return to_log_form(
            contract,
            bound,
            self._pseudonyms,
            hashed=hashed,
            participants_of=self.participants_of,
        )

    def with_hashed_ids(self, contract: Contract, table: pa.Table) -> pa.Table:
        """Rows that name people as the log does, with their own ids hashed."""
        return to_log_form(contract, table, self._pseudonyms, hashed=("event_id",))

    def subject_ids(self, source: str, native_ids: pa.Array) -> pa.Array:
        """Pseudonyms of distinct native ids of a source; null where the person was erased."""
        if self._identities is None:
            return native_ids
        bound = self._identities.bound_all(source, native_ids)
        is_there = bound.is_valid()
        hashed = self._pseudonyms.distinct(pc.fill_null(bound, ""), "subject_id", source)
        return pc.if_else(is_there, hashed, pa.scalar(None, pa.string()))
