"""Deciding about rows whose event_id may have been seen: new, the same event again, or a conflict.

DuckDB joins 64-bit hashes of ids: of the log, read from its segments once per process, and of the
rows staged so far. Hashes only say where to look: a row is judged by the ids and bodies themselves,
so two ids that share a hash are two events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Contract
from ingestion.errors import IntegrityError
from ingestion.log.chain import Chain
from ingestion.log.differences import conflicts_of
from ingestion.log.held_files import alike, files_since, files_up_to, scan
from ingestion.log.receipt import StageResult

IntArray = npt.NDArray[np.int64]
Candidates = Iterable[tuple[IntArray, pa.Table]]
"""Pairs of row numbers of a staged table and, beside each, a row already known."""

HASH = "hash(event_id)"
MEMORY = "400MB"


class LoggedIds:
    """The ids of the log, in DuckDB's memory: read once per process, then the new commits'."""

    def __init__(self, chain: Chain, directory: Path) -> None:
        """Read nothing yet.

        Args:
            chain: of the log.
            directory: where DuckDB may put what does not fit into memory.
        """
        self._chain, self._directory, self._covered = chain, directory, 0

    @cached_property
    def database(self) -> duckdb.DuckDBPyConnection:
        """With the table `logged`."""
        connection = duckdb.connect(
            config={"memory_limit": MEMORY, "temp_directory": str(self._directory)}
        )
        connection.execute("CREATE TABLE logged (hash UBIGINT, position BIGINT)")
        return connection

    def cover(self, up_to: int) -> None:
        """Know the ids of commits 1 to `up_to`, or of more.

        Raises:
            IntegrityError: a segment is missing or damaged.
        """
        if up_to > self._covered:
            files = files_since(self._chain, self._covered, up_to)
            scans = [scan(self._chain.layout, part, "event_id") for part in alike(files)]
            if scans:
                ids = f"SELECT {HASH}, position FROM ({' UNION ALL '.join(scans)})"
                with readable():
                    self.database.execute(f"INSERT INTO logged {ids}")
            self._covered = up_to


class KnownIds:
    """The ids of the log, and of what a batch has staged."""

    def __init__(self, logged: LoggedIds) -> None:
        self._asked = 0
        self._connection = logged.database.cursor()
        columns = "hash UBIGINT, place BIGINT, stage INTEGER, stage_row INTEGER"
        self._connection.execute(f"CREATE TEMP TABLE staged ({columns})")

    def close(self) -> None:
        """Let go of the memory."""
        self._connection.close()

    def ask(self, ids: pa.ChunkedArray) -> None:
        """Which rows the next questions are about."""
        self._asked = len(ids)
        asked = pa.table({"row": np.arange(len(ids)), "event_id": ids})
        self._connection.register("given", asked)
        query = f"CREATE OR REPLACE TEMP TABLE asked AS SELECT row, {HASH} AS hash FROM given"
        self._connection.execute(query)
        self._connection.unregister("given")

    def in_log(self) -> tuple[IntArray, ...]:
        """Rows asked about and positions of events that hash alike."""
        return self._columns("SELECT row, position FROM logged JOIN asked USING (hash)")

    def in_batch(self) -> tuple[IntArray, ...]:
        """Rows asked about and staged rows that hash alike.

        Returns:
            The rows; the staged rows' places, and the `stage()` calls and rows they came with.
        """
        columns = "row, place, stage, stage_row"
        return self._columns(f"SELECT {columns} FROM staged JOIN asked USING (hash)")

    def repeats(self) -> IntArray:
        """Rows asked about that hash like another one of them, rising."""
        often = "SELECT hash FROM asked GROUP BY hash HAVING count(*) > 1"
        return self._columns(f"SELECT row FROM asked WHERE hash IN ({often})")[0]

    def stage(self, rows: IntArray, start: int, stage: int) -> None:
        """Remember accepted rows among those asked about.

        Args:
            rows: their numbers, rising.
            start: place of the first; the others follow.
            stage: number of the `stage()` call.
        """
        # Nearly always every row is accepted: no join then.
        asked = f"SELECT hash, row + {start}, {stage}, row FROM asked"
        if len(rows) < self._asked:
            places = np.arange(start, start + len(rows))
            self._connection.register("taken", pa.table({"row": rows, "place": places}))
            asked = f"SELECT hash, place, {stage}, row FROM asked JOIN taken USING (row)"
        self._connection.execute(f"INSERT INTO staged {asked}")

    def late(self, first_position: int) -> tuple[IntArray, ...]:
        """Staged rows that hash like events from a position on.

        Returns:
            Their places, the events' positions, and the `stage()` calls and rows they came with.
        """
        columns = "place, position, stage, stage_row"
        query = f"SELECT {columns} FROM logged JOIN staged USING (hash)"
        return self._columns(f"{query} WHERE position >= {first_position}")

    def forget(self, places: IntArray) -> None:
        """Staged rows that were dropped."""
        self._connection.register("dropped", pa.table({"place": places}))
        self._connection.execute("DELETE FROM staged WHERE place IN (FROM dropped)")
        self._connection.unregister("dropped")

    def _columns(self, query: str) -> tuple[IntArray, ...]:
        found = self._connection.sql(f"{query} ORDER BY ALL").fetchnumpy()
        return tuple(np.asarray(column, np.int64) for column in found.values())


def find_position(chain: Chain, event_id: str) -> int | None:
    """The position of an event; None where no file holds it."""
    for files in alike(files_up_to(chain, chain.head_seq)):
        query = f"SELECT position FROM ({scan(chain.layout, files, 'event_id')}) WHERE event_id = ?"
        with readable(), duckdb.connect() as connection:
            found = connection.execute(query, [event_id]).fetchall()
        if found:
            return int(found[0][0])
    return None


@contextmanager
def readable() -> Iterator[None]:
    """Segments that DuckDB cannot read are a damaged log.

    Raises:
        IntegrityError: in place of DuckDB's errors.
    """
    try:
        yield
    except duckdb.Error as error:
        message = f"The segments cannot be read: {error}."
        raise IntegrityError(message, remedy="Run `demoscope log verify`.") from error


def settle(
    contract: Contract,
    table: pa.Table,
    candidates: Candidates,
    result: StageResult,
    positions: Mapping[int, int] | None = None,
    earlier: Mapping[int, tuple[int, int]] | None = None,
) -> None:
    """Mark the rows that a known row shows to be duplicates or conflicts.

    Args:
        contract: of the staged table.
        table: staged rows.
        candidates: staged row numbers and the known rows whose ids hash alike.
        result: changed in place.
        positions: of all known rows in the log, per staged row; None where they are in the batch.
        earlier: of known rows in the batch, per staged row, the `stage()` call and its row.
    """
    for rows, known in candidates:
        mine = pc.take(table["event_id"], pa.array(rows))
        is_same_id = pc.equal(mine, known["event_id"]).to_numpy()
        if not is_same_id.any():
            continue
        again = rows[is_same_id]
        bodies = known.filter(pa.array(is_same_id))
        is_same = _is_same_event(contract, table.take(pa.array(again)), bodies)
        result.is_duplicate[again[is_same]] = True
        other = again[~is_same]
        if len(other):
            result.is_conflict[other] = True
            differ = pa.array(~is_same)
            mine = table.take(pa.array(other))
            places = [] if positions is None else [positions[row] for row in other.tolist()]
            found = conflicts_of(contract, other.tolist(), mine, bodies.filter(differ), places)
            result.conflicts.extend(
                replace(one, earlier=None if earlier is None else earlier[one.row]) for one in found
            )


def settle_repeats(
    contract: Contract, table: pa.Table, rows: IntArray, result: StageResult, stage: int
) -> None:
    """Mark rows that repeat an earlier row of the same table.

    Args:
        contract: of the staged table.
        table: staged rows.
        rows: those that hash like another one, rising.
        result: changed in place; rows marked already are left alone.
        stage: number of the `stage()` call.
    """
    rows = rows[result.is_accepted[rows]]
    if not len(rows):
        return
    codes = pc.take(table["event_id"], pa.array(rows)).combine_chunks().dictionary_encode().indices
    _, first, inverse = np.unique(codes.to_numpy(), return_index=True, return_inverse=True)
    first_of = rows[first[inverse]]
    is_repeat = first_of != rows
    if is_repeat.any():
        known = table.take(pa.array(first_of[is_repeat]))
        firsts = zip(rows[is_repeat].tolist(), first_of[is_repeat].tolist(), strict=True)
        earlier = {row: (stage, first) for row, first in firsts}
        settle(contract, table, [(rows[is_repeat], known)], result, earlier=earlier)


def _is_same_event(contract: Contract, mine: pa.Table, known: pa.Table) -> npt.NDArray[np.bool_]:
    # Known rows come from one segment: they are all of one type.
    if known["event_type"][0].as_py() != contract.event_type:
        return np.zeros(mine.num_rows, np.bool_)
    # What was erased has no body to be compared with, and must not come back as another event.
    is_erased = known["schema_version"].is_null().to_numpy()
    same: npt.NDArray[np.bool_] = _is_same_body(contract, mine, known) | is_erased
    return same


def _is_same_body(contract: Contract, mine: pa.Table, known: pa.Table) -> npt.NDArray[np.bool_]:
    """Per row, whether two tables say the same event.

    The body is every column but `schema_version`: the same answer read under a newer contract is
    the same event. A column one of them does not have yet is null.
    """
    is_same = np.ones(mine.num_rows, np.bool_)
    for field in contract.log_schema:
        if field.name == "schema_version":
            continue
        a, b = (
            table[field.name].combine_chunks()
            if field.name in table.column_names
            else pa.nulls(table.num_rows, field.type)
            for table in (mine, known)
        )
        equal = pc.fill_null(pc.equal(a, b), False)
        equal = pc.or_(equal, pc.and_(a.is_null(), b.is_null()))
        if pa.types.is_floating(field.type):
            both_nan = pc.and_(pc.is_nan(a), pc.is_nan(b))
            equal = pc.or_(equal, pc.fill_null(both_nan, False))
        is_same &= equal.to_numpy(zero_copy_only=False)
    return is_same
