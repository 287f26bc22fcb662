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

from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from ingestion.vocabulary import EventType

TIMESTAMP = pa.timestamp("us", tz="UTC")
NAME_LENGTH = 256
TEXT_LENGTH = 4096
SLUG_PATTERN = "^[a-z0-9][a-z0-9_]{0,62}$"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an event.

    Args:
        name: its name in the log.
        type: its Arrow type in the log.
        description: one sentence, in the field's terms.
        is_required: null, or blank for text, sends the row to quarantine.
        vocabulary: the closed set of values, where there is one.
        pattern: a regular expression the whole value matches, where there is one.
        max_length: longest text in characters.
        minimum: smallest number allowed.
        maximum: largest number allowed.
        native_name: its name in the native form, where that differs.
        is_pseudonym: the native value may name a person; the log holds its keyed hash.
        is_sealed: the log holds it encrypted under the participant's own key (subjects.py).
    """

    name: str
    description: str
    type: pa.DataType = field(default_factory=pa.string)
    is_required: bool = False
    vocabulary: tuple[str, ...] = ()
    pattern: str | None = None
    max_length: int = NAME_LENGTH
    minimum: float | None = None
    maximum: float | None = None
    native_name: str = ""
    is_pseudonym: bool = False
    is_sealed: bool = False

    @property
    def source_name(self) -> str:
        """The column's name in the native form."""
        return self.native_name or self.name


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
        return pa.schema(
            [
                pa.field(column.name, column.type, nullable=not column.is_required)
                for column in self.log_columns
            ]
        )

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
