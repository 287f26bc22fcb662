"""Deciding about rows whose event_id may have been seen: new, the same event again, or a conflict.

DuckDB joins 64-bit hashes of ids: of the log, read from its segments once per process, and of the
rows staged so far. Hashes only say where to look: a row is judged by the ids and bodies themselves,
so two ids that share a hash are two events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
from ingestion.log.read_by_position import Files, files_since, files_up_to
from ingestion.log.receipt import StageResult

IntArray = npt.NDArray[np.int64]
Candidates = Iterable[tuple[IntArray, pa.Table]]
"""Pairs of row numbers of a staged table and, beside each, a row already known."""

HASH = "hash(event_id)"
FILES_PER_SCAN = 256
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
            if self._covered:
                files = files_since(self._chain, self._covered, up_to)
            else:
                files = files_up_to(self._chain, up_to)
            with readable():
                self.database.execute(f"INSERT INTO logged {_ids(files)}")
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

    def in_log(self) -> tuple[IntArray, IntArray]:
        """Rows asked about and positions of events that hash alike."""
        return self._pairs("SELECT row, position FROM logged JOIN asked USING (hash)")

    def in_batch(self) -> tuple[IntArray, IntArray]:
        """Rows asked about and places of staged rows that hash alike."""
        return self._pairs("SELECT row, place FROM staged JOIN asked USING (hash)")

    def repeats(self) -> IntArray:
        """Rows asked about that hash like another one of them, rising."""
        often = "SELECT hash FROM asked GROUP BY hash HAVING count(*) > 1"
        return self._pairs(f"SELECT row, row FROM asked WHERE hash IN ({often})")[0]

    def stage(self, rows: IntArray, start: int, stage: int, first: int) -> None:
        """Remember accepted rows among those asked about.

        Args:
            rows: their numbers, rising.
            start: place of the first; the others follow.
            stage: number of the `stage()` call.
            first: the row of its table that was asked about first.
        """
        # Nearly always every row is accepted: no join then.
        asked = f"SELECT hash, row + {start} AS place, row FROM asked"
        if len(rows) < self._asked:
            places = np.arange(start, start + len(rows))
            self._connection.register("taken", pa.table({"row": rows, "place": places}))
            asked = "SELECT hash, place, row FROM asked JOIN taken USING (row)"
        insert = f"INSERT INTO staged SELECT hash, place, {stage}, row + {first} FROM ({asked})"
        self._connection.execute(insert)

    def late(self, first_position: int) -> tuple[IntArray, IntArray]:
        """Places of staged rows and positions, from the first on, of events that hash alike."""
        alike = "SELECT place, position FROM logged JOIN staged USING (hash)"
        return self._pairs(f"{alike} WHERE position >= {first_position}")

    def where_staged(self, places: IntArray) -> dict[int, tuple[int, int]]:
        """Place -> `stage()` call and row of its table."""
        self._connection.register("wanted", pa.table({"place": places}))
        query = "SELECT place, stage, stage_row FROM staged WHERE place IN (FROM wanted)"
        found = self._connection.sql(query).fetchall()
        self._connection.unregister("wanted")
        return {place: (stage, row) for place, stage, row in found}

    def _pairs(self, query: str) -> tuple[IntArray, IntArray]:
        found = self._connection.sql(f"{query} ORDER BY ALL").fetchnumpy()
        first, second = (np.asarray(column, np.int64) for column in found.values())
        return first, second


def find_position(files: Files, event_id: str) -> int | None:
    """The position of an event; None where no file holds it."""
    query = f"SELECT position FROM ({_ids(files, 'event_id')}) WHERE hash = ?"
    with readable(), duckdb.connect() as connection:
        found = connection.execute(query, [event_id]).fetchall()
    return int(found[0][0]) if found else None


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


def _ids(files: Files, value: str = "") -> str:
    """A query for the ids' hashes, or another value of theirs, and positions."""
    value = value or HASH
    listed = list(files)
    nothing = "(SELECT '' AS event_id, 0::BIGINT AS position)"
    scans = [f"SELECT {value} AS hash, position FROM {nothing} WHERE false"]
    for has_positions in (False, True):
        group = [(path, first) for path, first in listed if (first is None) is has_positions]
        for start in range(0, len(group), FILES_PER_SCAN):
            part = group[start : start + FILES_PER_SCAN]
            firsts = ", ".join(str(first) for _, first in part)
            position = (
                "position"
                if has_positions
                else f"([{firsts}]::BIGINT[])[file_index::BIGINT + 1] + file_row_number"
            )
            paths = ", ".join(literal(path) for path, _ in part)
            scans.append(
                f"SELECT {value} AS hash, CAST({position} AS BIGINT) AS position"
                f" FROM read_parquet([{paths}], hive_partitioning = false)"
            )
    return " UNION ALL ".join(scans)


def literal(path: Path) -> str:
    """A path that DuckDB does not take for a pattern."""
    escaped = re.sub(r"([\[*?])", r"[\1]", str(path))
    return "'" + escaped.replace("'", "''") + "'"


def settle(
    contract: Contract, table: pa.Table, candidates: Candidates, result: StageResult
) -> None:
    """Mark the rows that a known row shows to be duplicates or conflicts.

    Args:
        contract: of the staged table.
        table: staged rows.
        candidates: staged row numbers and the known rows whose ids hash alike.
        result: changed in place.
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
        result.is_conflict[again[~is_same]] = True


def settle_repeats(
    contract: Contract, table: pa.Table, rows: IntArray, result: StageResult
) -> None:
    """Mark rows that repeat an earlier row of the same table.

    Args:
        contract: of the staged table.
        table: staged rows.
        rows: those that hash like another one, rising.
        result: changed in place; rows marked already are left alone.
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
        settle(contract, table, [(rows[is_repeat], known)], result)


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
