"""Flat files by mapping: CSV, JSONL and Parquet, also gzip and zstd, of any one event type.

Accounting: every row of data becomes one row. Row numbers: lines for JSONL, rows of data for CSV
(the header is not one) and Parquet, from 1. In JSONL a key that a line lacks is null; a column that
no line of the file's first megabytes has is taken for a mistake in the mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import (
    REFUSAL,
    REFUSAL_COLUMN,
    FileSource,
    NativeBatch,
    Objections,
    Piece,
    make_batch,
)
from ingestion.sources.cells import Cells, needed_by, uses
from ingestion.sources.copies import Copies
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import Format, LocalFile
from ingestion.sources.json_keys import Keys
from ingestion.sources.json_lines import (
    LineBlock,
    inspect_line,
    json_values,
    may_repeat_keys,
    read_lines,
    values_per_row,
)
from ingestion.sources.json_rule import (
    has_place,
    may_be_lenient,
    may_be_nested,
    may_have_exponent,
    nested,
    rounded,
    value_at,
)
from ingestion.sources.json_unfolding import Unfolding
from ingestion.sources.mapping import FromColumn, Mapping, RowNumber
from ingestion.sources.parquet_rows import open_parquet
from ingestion.sources.projection import needed, projection, resolve
from ingestion.sources.row_choice import OF_A_VALUE, chosen_rows, full_rows
from ingestion.sources.times import remark, time_note
from ingestion.sources.times import warnings as warnings_of_times
from ingestion.vocabulary import Refusal

_LINES_FOR_KEYS = 1000
_NOT_MEANT = "Rows set aside by `where` of the mapping"
_UNANSWERED = "Cells of `each_of` that are empty or mean nothing, set aside"
_EMPTY = "Lines of delimiters alone, set aside"
_NO_LIST = "Objects set aside, without elements at `rows`"


class FlatFile(FileSource):
    """A flat file and its mapping."""

    def __init__(self, file: LocalFile, mapping: Mapping) -> None:
        super().__init__(file.written_in(mapping.encoding), mapping.source, mapping.text)
        self._mapping = mapping
        self.participants_of = mapping.participants_of
        self.aliases = mapping.aliases
        self._time_notes: dict[str, Counter[str]] = {}
        self._remarks: list[str] = []
        self._set_aside: Counter[str] = Counter()
        self._cells = Cells(mapping)
        # Elsewhere a copy has the id of the row it copies, and is a duplicate. Whole rows of
        # Parquet would take longer to read than the load.
        is_numbered = isinstance(mapping.columns.get("native_id"), RowNumber)
        is_text = self.file.format is not Format.PARQUET
        self._copies = Copies() if is_numbered and is_text else None
        pseudonyms = {c.source_name for c in CONTRACTS[mapping.event].log_columns if c.is_pseudonym}
        self._ids = [
            name
            for column, spec in mapping.columns.items()
            if column in pseudonyms
            for name in chain(*needed_by(spec))
        ]

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should know of the rows set aside, the cells and the times read so far."""
        aside = (f"{why}: {count:,}." for why, count in sorted(self._set_aside.items()))
        copied = [] if self._copies is None else self._copies.warnings()
        said = [*self._remarks, *aside, *copied, *self._cells.warnings()]
        for column, notes in self._time_notes.items():
            spec = self._mapping.columns.get(column)
            if isinstance(spec, FromColumn):
                said += warnings_of_times(column, spec, notes)
        return said

    def batches(self) -> Iterator[NativeBatch]:
        """Yield the rows under the contract's names."""
        readers = {Format.CSV: self._csv, Format.JSONL: self._jsonl, Format.PARQUET: self._parquet}
        kind = self._mapping.format or self.file.format
        if (kind is Format.PARQUET) != (self.file.format is Format.PARQUET):
            raise LoadRefusedError(
                f"{self.name}: looks like {self.file.format}, and the mapping "
                f"{self._mapping.name} says {kind}.",
                remedy="Correct `file: {format: ...}`, or leave it out.",
            )
        if kind is not Format.JSONL and self._mapping.rows is not None:
            raise LoadRefusedError(
                f"{self.name}: is {kind}, and `file: {{rows: ...}}` of the mapping "
                f"{self._mapping.name} is about lists in JSON.",
                remedy="Leave rows out.",
            )
        if kind is not Format.CSV and self._mapping.skip_rows is not None:
            raise LoadRefusedError(
                f"{self.name}: is {kind}, and skip_rows of the mapping {self._mapping.name} is "
                "about the rows below the header of CSV.",
                remedy="Leave skip_rows out.",
            )
        with closing(duckdb.connect()) as self._connection:
            self._connection.execute("SET TimeZone = 'UTC'")
            for wanted, piece in readers[kind]():
                chosen = chosen_rows(piece, wanted, self._mapping.where)
                self._leave_out(_NOT_MEANT, len(piece.numbers) - len(chosen.numbers))
                if self._copies is not None:
                    self._copies.add(chosen)
                self._register(wanted, chosen)
                for mapping, taker in self._mapping.unfolded():
                    batch = self._projected(mapping, wanted, chosen)
                    yield batch if taker is None else self._answered(batch, taker)

    def _leave_out(self, why: str, count: int) -> None:
        if count:
            self._set_aside[why] += count
            self.set_aside_count += count

    def _answered(self, batch: NativeBatch, taker: str) -> NativeBatch:
        """The rows in which there is something in the column of `each_of`.

        An empty cell of a row that is refused for another column is no event that could be refused.
        """
        about = batch.table[REFUSAL_COLUMN]
        is_of_the_cell = pc.fill_null(pc.equal(about, taker), fill_value=True)
        is_refused = pc.and_(pc.is_valid(batch.table[REFUSAL]), is_of_the_cell)
        is_said = pc.or_(pc.is_valid(batch.table[taker]), is_refused)
        kept = np.flatnonzero(is_said.to_numpy())
        self._leave_out(_UNANSWERED, len(batch.table) - len(kept))
        return replace(
            batch,
            table=batch.table.take(pa.array(kept)),
            originals=lambda places: batch.originals([int(kept[place]) for place in places]),
            written=lambda place, name: batch.written(int(kept[place]), name),
            time_remark=lambda place, column: batch.time_remark(int(kept[place]), column),
        )

    def _register(self, wanted: list[str], piece: Piece) -> None:
        columns = self._cells.read(wanted, piece)
        rows = make_batch(None, columns, piece.numbers, piece.originals, piece.objections).table
        self._schema = rows.schema
        self._connection.register("rows", rows)

    def _projected(self, mapping: Mapping, wanted: list[str], piece: Piece) -> NativeBatch:
        query = projection(mapping, uses(self._mapping, wanted), self._schema)
        table = self._connection.sql(query).to_arrow_table()
        notes = {}
        for column in mapping.columns:
            if time_note(column) in table.column_names:
                notes[column] = table[time_note(column)]
                for count in pc.value_counts(notes[column].drop_null()).to_pylist():
                    self._time_notes.setdefault(column, Counter())[count["values"]] += count[
                        "counts"
                    ]
                table = table.drop_columns([time_note(column)])
        taken_from = {
            column: tuple(name for either in needed_by(spec) for name in either if name in wanted)
            for column, spec in mapping.columns.items()
        }
        cells = dict(zip(wanted, piece.table.columns, strict=False))
        return NativeBatch(
            self._mapping.event,
            table,
            piece.originals,
            self._mapping.limits,
            taken_from,
            lambda place, name: cells[name][place].as_py(),
            partial(_time_remark, mapping, notes),
        )

    def _wanted(self, available: list[str]) -> list[str]:
        """The columns of the file that are read: what is mapped, and what chooses the rows."""
        wanted = resolve(self._mapping, available, self.name)
        for name in self._mapping.where:
            if available.count(name) != 1:
                count = "more than one" if name in available else "no"
                raise LoadRefusedError(
                    f"{self.name}: has {count} column {name!r}, which `where` of the mapping "
                    f"{self._mapping.name} asks for; its columns are {', '.join(available[:40])}.",
                    remedy="Correct the mapping or the file.",
                )
        return list(dict.fromkeys([*wanted, *self._mapping.where]))

    def _in_terms_of_the_contract(self, piece: Piece) -> Piece:
        """Values of a wrong type are refused by the contract's column, as other values are."""
        taken_as = {
            name: column
            for column, spec in self._mapping.columns.items()
            for name in chain(*needed_by(spec))
        }
        objections = {
            row: (why, taken_as.get(about or "", about) if why in OF_A_VALUE else about)
            for row, (why, about) in piece.objections.items()
        }
        return replace(piece, objections=objections)

    def _csv(self) -> Iterator[tuple[list[str], Piece]]:
        rows = CsvRows(self.file, self._mapping.delimiter, self._mapping.skip_rows)
        if rows.is_qualtrics:
            self._remarks.append(
                f"Rows 1 to {rows.skip_rows} hold Qualtrics' question texts and ImportIds and were "
                "skipped."
            )
        elif rows.skip_rows:
            self._remarks.append(f"Rows 1 to {rows.skip_rows} were skipped, as the mapping says.")
        wanted = self._wanted(rows.columns)
        for piece in rows.pieces(wanted):
            full = full_rows(piece, rows.delimiter)
            self._leave_out(_EMPTY, len(piece.numbers) - len(full.numbers))
            yield wanted, full

    def _parquet(self) -> Iterator[tuple[list[str], Piece]]:
        with open_parquet(self.file) as rows:
            wanted = self._wanted(rows.paths())
            rows.refuse_types(wanted)
            for piece in rows.pieces(wanted or rows.columns[:1]):
                yield wanted, piece

    def _jsonl(self) -> Iterator[tuple[list[str], Piece]]:
        wanted: list[str] | None = None
        for block in self._rows():
            if wanted is None and block.oversized is None:
                wanted = self._wanted(_keys(block, self._mapping))
            names = wanted
            if names is None:  # of a first line that is too long the keys are not known
                names = list(dict.fromkeys(chain(*_needed(self._mapping))))
            yield names, self._in_terms_of_the_contract(self._json_piece(block, names))

    def _rows(self) -> Iterator[LineBlock]:
        """The lines of the file, or the rows of the lists within them."""
        if self._mapping.rows is None:
            yield from read_lines(self.file)
            return
        unfolding = Unfolding(self._mapping.rows)
        for block in read_lines(self.file):
            rows, empty_count = unfolding.rows(block)
            self._leave_out(_NO_LIST, empty_count)
            if rows is not None:
                yield rows

    def _json_piece(self, block: LineBlock, wanted: list[str]) -> Piece:
        table = json_values(self._connection, block, wanted)
        objections: Objections = {}
        is_empty = values_per_row(table.select(wanted)) == 0
        suspect = Keys.of(block).lines_beyond_texts()
        is_doubtful = is_empty | may_be_nested(table, wanted)
        is_doubtful |= may_be_lenient(block.lines, suspect)
        is_doubtful |= may_have_exponent(block.lines, suspect)
        is_doubtful |= may_repeat_keys(self._connection, block, wanted)
        for row in np.flatnonzero(is_doubtful).tolist():
            content, objection = inspect_line(block, row, wanted)
            container = nested(content, wanted)
            if objection is None and container is not None:
                objection = Refusal.WRONG_TYPE, container
            objection = objection or rounded(content, self._ids)
            said = is_empty[row] and any(value_at(content, name) is not None for name in wanted)
            if objection is None and said:
                # Python reads what DuckDB does not.
                objection = Refusal.BROKEN_JSON, None
            if objection is not None:
                objections[row] = objection
        return Piece(table, block.numbers, block.originals, objections)


def _time_remark(
    mapping: Mapping, notes: dict[str, pa.ChunkedArray], place: int, column: str
) -> str:
    """Why the time of a row cannot be read, and what to do."""
    spec = mapping.columns.get(column)
    if column not in notes or not isinstance(spec, FromColumn):
        return ""
    return remark(spec, notes[column][place].as_py())


def _keys(block: LineBlock, mapping: Mapping) -> list[str]:
    """The keys and paths there are, as far as needed to find every column of the mapping."""
    keys: dict[str, None] = {}
    wanted = _needed(mapping)
    paths = [name for name in chain(*wanted) if "." in name]
    for row in range(len(block)):
        is_enough = all(not keys.keys().isdisjoint(names) for names in wanted)
        if row >= _LINES_FOR_KEYS and is_enough:
            break
        content, _ = inspect_line(block, row, ())
        keys.update(dict.fromkeys(content))
        keys.update(dict.fromkeys(path for path in paths if has_place(content, path)))
    return list(keys)


def _needed(mapping: Mapping) -> list[tuple[str, ...]]:
    """What the mapping needs of the file: one of each tuple."""
    return needed(mapping) + [(name,) for name in mapping.where]
