"""Which events of a log were taken back, and under which id one of them may be said again.

An event_id is in the log once, ever. An event that was retracted and is said again enters under the
next *generation* of its id: `HASH:KEYS`, then `HASH~2:KEYS`, `HASH~3:KEYS`. So whatever names an
event (a proof, a correction, a retraction, a release) goes on naming the same one. Of the
generations that are in the log the last one counts, and only unless it is retracted.

What is said again with the same content is a duplicate where somebody judged the event and
retracted it: a judgement outlives the next export. After an undo it comes in again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion.log.chain import Chain
from ingestion.log.held_files import alike, files_since, scan
from ingestion.vocabulary import EventType

UNDO_SOURCE = "demoscope.undo"
"""The source of retractions that take back a load because it was a mistake."""
GENERATION_MARK = "~"

MEMORY = "400MB"
MARKED = "^([^:~]+)~([0-9]+)(:.*)?$"
ORIGINAL = (
    f"CASE WHEN regexp_matches(event_id, '{MARKED}')"
    f" THEN regexp_replace(event_id, '{MARKED}', '\\1\\3', 's') ELSE event_id END"
)
NUMBER = f"coalesce(try_cast(regexp_extract(event_id, '{MARKED}', 2) AS INTEGER), 1)"
TABLES = f"""
CREATE TABLE retraction (event_id VARCHAR, target VARCHAR, position BIGINT, is_undo BOOLEAN);
CREATE TABLE again (original VARCHAR, number INTEGER);
CREATE MACRO named(original, number) AS
    CASE WHEN number = 1 THEN original ELSE
        split_part(original, ':', 1) || '{GENERATION_MARK}' || number
        || substr(original, length(split_part(original, ':', 1)) + 1)
    END;
CREATE TABLE taken_back (target VARCHAR, is_undo BOOLEAN)
"""
APPEALS = """
SELECT appeal.event_id, appeal.target FROM retraction AS appeal
JOIN retraction AS appealed ON appeal.target = appealed.event_id
WHERE appealed.position < appeal.position
ORDER BY appeal.position DESC
"""
TAKEN_BACK = """
CREATE OR REPLACE TABLE taken_back AS
SELECT standing.target, bool_or(standing.is_undo) AS is_undo
FROM retraction AS standing
LEFT JOIN retraction AS appealed ON standing.target = appealed.event_id
WHERE standing.event_id NOT IN (SELECT event_id FROM fallen)
    AND (appealed.event_id IS NULL OR appealed.position < standing.position)
GROUP BY standing.target
"""
STATES = f"""
WITH asked AS (SELECT row, {ORIGINAL} AS original, {NUMBER} AS number FROM given),
latest AS (SELECT original, max(number) AS number FROM again GROUP BY original),
known AS (
    SELECT asked.row, asked.original, asked.number AS asked_number,
        coalesce(latest.number, 1) AS number
    FROM asked LEFT JOIN latest USING (original)
)
SELECT known.row, named(known.original, known.number) AS last_id,
    named(known.original, known.number + 1) AS next_id,
    known.asked_number < known.number AS is_followed,
    taken_back.target IS NOT NULL AS is_retracted,
    coalesce(taken_back.is_undo, false) AS is_undo
FROM known LEFT JOIN taken_back ON named(known.original, known.number) = taken_back.target
WHERE taken_back.target IS NOT NULL OR known.number > 1
ORDER BY known.row
"""


@dataclass(frozen=True, kw_only=True)
class SaidBefore:
    """Of some ids, those that were retracted or said again; arrays beside each other.

    Args:
        rows: their numbers among the ids asked about, rising.
        last_id: the last generation in the log.
        next_id: the one after it.
        is_followed: the id asked about is of an earlier generation.
        is_retracted: a retraction of the last generation stands.
        is_undo: one that stands is an undo.
    """

    rows: npt.NDArray[np.int64]
    last_id: pa.Array
    next_id: pa.Array
    is_followed: npt.NDArray[np.bool_]
    is_retracted: npt.NDArray[np.bool_]
    is_undo: npt.NDArray[np.bool_]


class Retractions:
    """The retractions of a log, read when first asked for, then the new commits'."""

    def __init__(self, chain: Chain, directory: Path) -> None:
        """Read nothing yet.

        Args:
            chain: of the log.
            directory: where DuckDB may put what does not fit into memory.
        """
        self._chain, self._directory, self._covered = chain, directory, 0
        self._are_any = False

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            config={"memory_limit": MEMORY, "temp_directory": str(self._directory)}
        )
        connection.execute(TABLES)
        return connection

    def of(self, ids: pa.ChunkedArray, up_to: int) -> SaidBefore | None:
        """What became of events, as of a commit at least; None where nothing was ever retracted.

        Args:
            ids: event ids of any generation.
            up_to: number of the commit.

        Raises:
            IntegrityError: a segment is missing or damaged.
        """
        self._cover(up_to)
        if not self._are_any:
            return None
        given = pa.table({"row": np.arange(len(ids)), "event_id": ids})
        self._database.register("given", given)
        found = self._database.sql(STATES).to_arrow_table()
        self._database.unregister("given")
        rows, followed, retracted, undone = (
            found[name].to_numpy() for name in ("row", "is_followed", "is_retracted", "is_undo")
        )
        return SaidBefore(
            rows=rows,
            last_id=found["last_id"].combine_chunks(),
            next_id=found["next_id"].combine_chunks(),
            is_followed=followed,
            is_retracted=retracted,
            is_undo=undone,
        )

    def standing(self, events: pa.Table) -> pa.Table:
        """Those of some events that count as of the head: not retracted, nor said again since."""
        said = self.of(events["event_id"], self._chain.head_seq) if len(events) else None
        if said is None:
            return events
        is_gone = np.zeros(len(events), np.bool_)
        is_gone[said.rows] = said.is_retracted | said.is_followed
        return events.filter(pa.array(~is_gone))

    def _cover(self, up_to: int) -> None:
        if up_to <= self._covered:
            return
        files = files_since(self._chain, self._covered, up_to)
        said = [one for one in files if one.named.event_type == EventType.EVENT_RETRACTED]
        layout = self._chain.layout
        for part in alike(said):
            rows = scan(layout, part, "event_id, target_event_id, source")
            self._database.execute(
                f"INSERT INTO retraction SELECT event_id, target_event_id, position,"
                f" source = '{UNDO_SOURCE}' FROM ({rows}) WHERE target_event_id IS NOT NULL"
            )
        self._are_any = self._are_any or bool(said)
        # A second generation follows a retraction, so earlier files need not be looked into.
        for part in alike(files) if self._are_any else ():
            rows = scan(layout, part, "event_id")
            self._database.execute(
                f"INSERT INTO again SELECT {ORIGINAL}, {NUMBER} FROM ({rows})"
                f" WHERE regexp_matches(event_id, '{MARKED}')"
            )
        if said:
            self._weigh()
        self._covered = up_to

    def _weigh(self) -> None:
        """A retraction stands unless a later retraction of it stands: latest first."""
        fallen: set[str] = set()
        for event_id, target in self._database.sql(APPEALS).fetchall():
            if event_id not in fallen:
                fallen.add(target)
        self._database.register("fallen", pa.table({"event_id": pa.array(fallen, pa.string())}))
        self._database.execute(TAKEN_BACK)
        self._database.unregister("fallen")


def undo_batch(seq: int, number: int = 1) -> str:
    """The batch_id of the undo of a commit; of the second one, where the first was undone, ..."""
    return f"undo-{seq}" if number == 1 else f"undo-{seq}{GENERATION_MARK}{number}"


def load_batch(chain: Chain, name: str) -> str:
    """The batch_id of a file: another one once what the file brought was undone.

    Args:
        chain: of the log.
        name: a keyed hash of the file.
    """
    batch_id, number = name, 1
    while (earlier := chain.find_batch(batch_id)) is not None:
        if chain.find_batch(undo_batch(earlier.seq)) is None:
            break
        number += 1
        batch_id = f"{name}{GENERATION_MARK}{number}"
    return batch_id
