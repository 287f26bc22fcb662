"""Who may say what: a file speaks for its own source, and of that source's things alone.

The operator's own commands (erase, undo, quality, queue) say what no file may, and so do files of
aliases. With `--source` a file's rows are of that source; `--across-sources` is the operator's
permission for one load to name others and to retract, correct, exclude, retire or alias what is
theirs. A source that `sources.toml` names needs its provider's signature, whatever is permitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from expectations.gate import RefusedRow, Split
from ingestion.errors import LoadRefusedError, UsageError
from ingestion.log.reader import register
from ingestion.sources.batch import ROW_NUMBER
from ingestion.sources.minisign import SUFFIX
from ingestion.vocabulary import EventType, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from expectations.gate import Permit
    from ingestion.log import EventLog
    from ingestion.sources.batch import NativeBatch
    from ingestion.sources.providers import Provider

OPERATORS = "demoscope"
"""The operator's own sources: this name, and names that begin with it and a dot."""
ABOUT_EVENTS = {EventType.EVENT_RETRACTED, EventType.EVENT_CORRECTED}
ABOUT_PEOPLE = {
    EventType.PARTICIPANT_CORRECTED,
    EventType.PARTICIPANT_EXCLUDED,
    EventType.STRIKE_ISSUED,
}
GENERATION = "^([^:~]+)~[0-9]+"
PERMIT = "The operator can permit it for one load: --across-sources"
EVENTS = """
SELECT event_id, any_value(source) FROM ({every}) WHERE event_id IN (FROM asked) GROUP BY event_id
"""
EVENT = "SELECT event_id, source FROM raw.{kind}"
MODELS = """
SELECT name, arg_min(source, position) FROM (
    SELECT model_id AS name, source, position FROM raw.model_registered
    UNION ALL SELECT unnest([model_a, model_b]), source, position FROM raw.battle_judged
    UNION ALL SELECT unnest([model_a, model_b]), source, position FROM raw.battles_tallied
) WHERE name IN (FROM asked) GROUP BY name
"""


@dataclass(frozen=True)
class Objection:
    """Why a row must not say what it says: the reason, the column it is about, in words."""

    reason: Refusal
    column: str
    detail: str


@dataclass
class Authority:
    """What one file may say.

    Args:
        log: what is there already.
        path: the file.
        providers: of `sources.toml`.
        permit: what the operator lets it say.
        ceiling: the only source of its rows; None: the rows say.
        participants_of: the source whose ids the participants' are; None: each row's own.
        is_of_aliases: the file is a file of aliases.
    """

    log: EventLog
    path: Path
    providers: Mapping[str, Provider]
    permit: Permit
    ceiling: str | None = None
    participants_of: str | None = None
    is_of_aliases: bool = False
    signed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.ceiling is not None and _is_operators(self.ceiling):
            message = f"Sources that begin with {OPERATORS} are the program's own."
            raise UsageError(message, remedy="Give the source another name.")

    def split(self, native: NativeBatch, checked: pa.Table) -> Split:
        """Rows that the file may say, and those it may not.

        Raises:
            LoadRefusedError: a row is of a provider whose signature the file does not have.
            IntegrityError: its signature does not hold.
        """
        event_type = native.event_type
        if event_type is None or not checked.num_rows:
            return Split(checked, [])
        distinct = checked["source"].unique().to_pylist()
        by_source = {name: self._of_source(event_type, name) for name in distinct}
        about = self._about(event_type)
        if not any(by_source.values()) and not about:
            return Split(checked, [])
        sources = checked["source"].to_pylist()
        objections = (by_source[name] for name in sources)
        found = {row: one for row, one in enumerate(objections) if one is not None}
        for column in about:
            for row, owner in self._owners(event_type, checked[column]).items():
                if owner != sources[row]:
                    detail = f"it is of the source {owner}. {PERMIT}"
                    found.setdefault(row, Objection(Refusal.ANOTHER_SOURCES, column, detail))
        if not found:
            return Split(checked, [])
        return Split(*_parted(native, checked, found))

    def _about(self, event_type: EventType) -> tuple[str, ...]:
        """The columns that name what must be the source's own."""
        if self.permit.is_across:
            return ()
        if event_type is EventType.MODEL_ALIASED:
            # A name of one's own for another's model would let one retire it.
            return () if self.is_of_aliases else ("alias", "model_id")
        if event_type is EventType.MODEL_RETIRED:
            return ("model_id",)
        return ("target_event_id",) if event_type in ABOUT_EVENTS else ()

    def _of_source(self, event_type: EventType, source: str) -> Objection | None:
        """What speaks against every row of a type and source."""
        if _is_operators(source):
            detail = "sources of this name are the program's own"
            return Objection(Refusal.SOURCE_NOT_ALLOWED, "source", detail)
        if event_type is EventType.SUBJECT_ERASED:
            detail = "only demoscope log erase says so"
            return Objection(Refusal.EVENT_NOT_ALLOWED, "event_type", detail)
        if self.ceiling not in {None, source} and not self.permit.is_across:
            detail = f"the file is of the source {self.ceiling}. {PERMIT}"
            return Objection(Refusal.SOURCE_NOT_ALLOWED, "source", detail)
        if provider := self.providers.get(source):
            self._require_signed(source, provider)
            if provider.events is not None and str(event_type) not in provider.events:
                detail = f"sources.toml does not let {source} say it"
                return Objection(Refusal.EVENT_NOT_ALLOWED, "event_type", detail)
        if self._speaks_of_others_people(event_type, source) and not self.permit.is_across:
            detail = f"the participants are of the source {self.participants_of}. {PERMIT}"
            return Objection(Refusal.ANOTHER_SOURCES, "participant_id", detail)
        return None

    def _speaks_of_others_people(self, event_type: EventType, source: str) -> bool:
        people = self.participants_of
        if people is None or people == source:
            return False
        is_named = people in self.providers and event_type is EventType.PARTICIPANT_ENROLLED
        return is_named or event_type in ABOUT_PEOPLE

    def _require_signed(self, source: str, provider: Provider) -> None:
        if source in self.signed:
            return
        signature = self.permit.signature or self.path.with_name(self.path.name + SUFFIX)
        if not signature.is_file() or not self.path.is_file():
            raise LoadRefusedError(
                f"{self.path} has rows of the source {source}, whose provider signs its files, and"
                f" there is no signature {signature}; the log is untouched.",
                remedy="Put it beside the file, or name it: --signature FILE",
            )
        provider.key.verify(self.path, signature)
        self.signed.add(source)

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        register(connection, self.log, self.log.head_seq)
        return connection

    def _owners(self, event_type: EventType, names: pa.ChunkedArray) -> dict[int, str]:
        """By row, the source of what it is about; rows about nothing in the log are left out."""
        asked = names.combine_chunks().cast(pa.string())
        query = MODELS
        if event_type in ABOUT_EVENTS:
            # What is said again after a retraction is of the same source as before.
            asked = pc.replace_substring_regex(asked, GENERATION, r"\1")
            every = " UNION ALL ".join(EVENT.format(kind=kind) for kind in EventType)
            query = EVENTS.format(every=every)
        self._database.register("asked", pa.table({"name": asked.unique()}))
        owners = dict(self._database.execute(query).fetchall())
        return {row: owners[name] for row, name in enumerate(asked.to_pylist()) if name in owners}


def _is_operators(source: str) -> bool:
    return source == OPERATORS or source.startswith(f"{OPERATORS}.")


def _parted(
    native: NativeBatch, checked: pa.Table, found: Mapping[int, Objection]
) -> tuple[pa.Table, list[RefusedRow]]:
    rows = sorted(found)
    numbers = checked[ROW_NUMBER].take(pa.array(rows)).to_pylist()
    places = dict(zip(native.table[ROW_NUMBER].to_pylist(), range(len(native.table)), strict=True))
    originals: Sequence[str] = native.originals([places[number] for number in numbers])
    refused = [
        RefusedRow(str(native.event_type), number, one.reason, one.column, original, one.detail)
        for number, original, one in zip(
            numbers, originals, (found[row] for row in rows), strict=True
        )
    ]
    is_kept = [row not in found for row in range(len(checked))]
    return checked.filter(pa.array(is_kept)), refused
