"""What a table contract is: columns, keys and the two forms of an event.

From a contract follow the Arrow schema of its segments, the checks of the gate, the Great
Expectations suite, the dbt source and the data dictionary.

Two forms of the same event:

- the *native* form is what a source yields and `demoscope ingest` reads: `event_type`, `source`,
  `native_id`, `occurred_at`, then the contract's columns under their native names;
- the *log* form is what a segment stores: `native_id` has become `event_id`, `participant_id` has
  become `subject_id`, and every column marked `is_pseudonym` holds a keyed hash.

What stays out: the contracts themselves (contracts.py), how a file is read (sources/), how a row
is judged (expectations/), where a segment lies (log/), and the hashing itself (pseudonyms.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from ingestion.tables import TIMESTAMP, Column, schema_of
from ingestion.vocabulary import EventType

SLUG_PATTERN = "^[a-z0-9][a-z0-9_]{0,62}$"


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The shape of one event type.

    Args:
        event_type: which event.
        grain: "One row per ...", the table's description.
        columns: the event's own columns, in log order, without the envelope.
        key: columns that, with source and native_id, identify the event.
        differing: pairs of columns whose values must differ in a row.
        is_subject_required: an event of this type always concerns a participant.
        version: raised with every change of the columns.
    """

    event_type: EventType
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    differing: tuple[tuple[str, str], ...] = ()
    is_subject_required: bool = False
    version: int = 1

    @cached_property
    def log_columns(self) -> tuple[Column, ...]:
        """Envelope, then own columns: what a segment holds."""
        subject = Column(
            name="subject_id",
            native_name="participant_id",
            description="Pseudonym of the participant: keyed hash of the source's own id.",
            is_required=self.is_subject_required,
            is_pseudonym=True,
        )
        return (*ENVELOPE, subject, *self.columns)

    @cached_property
    def log_schema(self) -> pa.Schema:
        """Arrow schema of a segment."""
        return schema_of(self.log_columns)

    @cached_property
    def sealed_columns(self) -> tuple[str, ...]:
        """Names of the columns that the log holds encrypted."""
        return tuple(column.name for column in self.columns if column.is_sealed)

    @cached_property
    def native_columns(self) -> tuple[str, ...]:
        """Column names a source may yield, `native_id` first."""
        return tuple(column.source_name for column in self.log_columns)


ENVELOPE: tuple[Column, ...] = (
    Column(
        name="event_id",
        native_name="native_id",
        description="Keyed hash of source, event type and native id, then the key columns.",
        is_required=True,
        is_pseudonym=True,
    ),
    Column(name="event_type", description="What happened.", is_required=True),
    Column(
        name="schema_version",
        type=pa.int32(),
        description="Version of the contract the event was written under.",
        is_required=True,
    ),
    Column(
        name="source",
        description="Where the event comes from; part of its identity.",
        is_required=True,
        pattern="^[a-z0-9][a-z0-9_.-]{0,62}$",
    ),
    Column(
        name="occurred_at",
        type=TIMESTAMP,
        description="When it happened (UTC); null where the source does not say, never invented.",
    ),
)
