"""CSV as pieces of bounded size with every row accounted for: number, original, objection.

Row boundaries are found first, in the raw bytes, by a pattern that has rows as RFC 4180 and pyarrow
have them; then pyarrow parses exactly those rows. A quote opens only at the start of a field, two
quotes inside are one, a lone carriage return ends a row.

Accounting: the first row is the header. Row numbers count rows of data from 1, so a quoted line
break does not advance them; blank lines are no rows. Rows that are skipped count, so that the
numbers stay the file's own. Excel's line `sep=;` above the header is understood and is no row. A
row with more or fewer fields than the header is `wrong_column_count`; a row with a byte that is not
UTF-8, in whatever column, is `not_utf8`; a quote that is never closed spoils the line that it
stands in and no other. Values are text; an empty field is null, quoted or not.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv

from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import Objections, Piece
from ingestion.sources.files import USUAL_ENCODING, UTF8_BOM, LocalFile
from ingestion.vocabulary import Refusal

BLOCK_BYTES = 8 << 20
# More of them, as a file of one-letter rows has them, take more memory than their bytes.
ROWS_PER_PIECE = 250_000
UNCLOSED_BYTES = 1 << 30
"""Each quote that is never closed is looked for up to the end of a block: so much in all."""

Spans = list[tuple[int, int]]
# Where rows lie, which of them have a quote that is never closed, and where the rest begins.
Split = tuple[Spans, set[int], int]
_ROWS_OF_QUALTRICS = 2
_SEPARATOR_LINE = re.compile(rb'("?)sep=([!#-~ \t])\1[ \t]*(\r\n|[\r\n])', re.IGNORECASE)


class CsvRows:
    """A CSV file.

    Args:
        file: where it lies.
        delimiter: one character between fields; None: what the file's `sep=` line says, or a comma.
        skip_rows: rows after the header that are no data, blank lines not counted; None: as many as
            Qualtrics writes, where the file is one of theirs.
        block_bytes: how much is read at a time.
    """

    def __init__(
        self,
        file: LocalFile,
        delimiter: str | None = None,
        skip_rows: int | None = None,
        *,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        self._file = file
        announced = _announced_delimiter(file.head)
        if announced and delimiter and announced != delimiter:
            raise LoadRefusedError(
                f"{file.name}: its first line says that {announced!r} separates the columns, and "
                f"the mapping says {delimiter!r}.",
                remedy="Correct `file: {delimiter: ...}`, or leave it out.",
            )
        self._rows_above = 1 if announced else 0
        self.delimiter = delimiter = delimiter or announced or ","
        self._block_bytes = block_bytes
        mark = re.escape(delimiter.encode())
        # No possessive groups: Python before 3.11.5 matches them wrongly (CPython issue 101955).
        field = rb'(?:"[^"]*+(?:""[^"]*+)*"(?!")[^%b\r\n]*+|(?!")[^%b\r\n]*+)' % (mark, mark)
        # What is no row up to its end has a quote that is never closed.
        row = rb"(?:(%b(?:%b%b)*)|[^\r\n]*+)(?:\r\n|[\r\n]|\Z)"
        self._row = re.compile(row % (field, mark, field))
        self.columns = self._header()
        self.skip_rows = self._rows_of_qualtrics() if skip_rows is None else skip_rows
        self.is_qualtrics = skip_rows is None and self.skip_rows > 0

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """Yield the rows of data with the columns asked for, each named once in the header."""
        # pyarrow takes "no columns" for "all columns", so one is always read.
        wanted = [self.columns.index(name) for name in columns] or [0]
        number, is_end = 1, False
        pending: bytes | None = None
        # What stands above the data: a `sep=` line, the header, and rows to skip.
        rows_due = self._rows_above + 1 + self.skip_rows
        with self._file.open() as stream:
            while not is_end:
                block = bytes(stream.read(self._block_bytes))
                is_end = not block
                pending = block.removeprefix(UTF8_BOM) if pending is None else pending + block
                is_full = True
                while is_full:
                    raw = pending
                    spans, unclosed, rest = self._split(raw, number, is_end=is_end)
                    pending, is_full = raw[rest:], len(spans) == ROWS_PER_PIECE
                    if rows_due and spans:
                        above = min(rows_due, len(spans))
                        spans, unclosed = spans[above:], {row - above for row in unclosed}
                        number += max(0, above - max(0, rows_due - self.skip_rows))
                        rows_due -= above
                    if spans:
                        yield self._piece(raw, spans, unclosed, wanted, number)
                        stream.found_rows()
                        number += len(spans)

    def _split(self, raw: bytes, number: int, *, is_end: bool) -> Split:
        spans, unclosed, rest = self._found(raw, is_last=is_end, limit=ROWS_PER_PIECE)
        max_row = self._file.bounds.max_row
        if len(spans) == ROWS_PER_PIECE or len(raw) - rest <= max_row:
            return spans, unclosed, rest
        spans, unclosed, _ = self._found(raw, is_last=True)
        if len(spans) < 2:  # noqa: PLR2004  # the last one may go on
            raise LoadRefusedError(
                f"{self._file.name}: row {number} is longer than {max_row:,} bytes.",
                remedy="Check its quotes; shorten or remove the row, or allow longer ones: "
                "--max-row SIZE.",
            )
        return spans[:-1], unclosed - {len(spans) - 1}, spans[-1][0]

    def _found(self, raw: bytes, *, is_last: bool, limit: int | None = None) -> Split:
        """Rows up to one that may go on; one with an unclosed quote is the rest of its line."""
        spans: Spans = []
        unclosed: set[int] = set()
        for row in self._row.finditer(raw):
            begin, end = row.span()
            fields_end = row.end(1)
            if not is_last and (fields_end < 0 or end == len(raw)):
                return spans, unclosed, begin
            if fields_end < 0:
                unclosed.add(len(spans))
                if len(unclosed) * len(raw) > UNCLOSED_BYTES:
                    raise LoadRefusedError(
                        f"{self._file.name}: {len(unclosed):,} rows close together have a quote "
                        f"that is never closed; the last begins {_shown(raw[begin:end])}.",
                        remedy="Write each quote inside a field twice, or check the delimiter.",
                    )
            if fields_end != begin:
                spans.append((begin, end))
            if len(spans) == limit:
                return spans, unclosed, end
        return spans, unclosed, len(raw)

    def _header(self) -> list[str]:
        limit = self._rows_above + 1
        spans, unclosed, _ = self._found(self._file.head, is_last=True, limit=limit)
        spans = spans[self._rows_above :]
        if not spans or self._rows_above in unclosed:
            raise LoadRefusedError(
                f"{self._file.name}: row 1 is no header: a quote in it is never closed.",
                remedy="Write the column names in the first row.",
            )
        try:
            header = self._file.head[slice(*spans[0])].decode("utf-8")
        except UnicodeDecodeError as error:
            raise LoadRefusedError(
                f"{self._file.name}: the header is not UTF-8.",
                remedy="Say in the mapping what it is written in: `file: {encoding: "
                f"{USUAL_ENCODING}}}`, as Excel writes. `demoscope mapping init` does.",
            ) from error
        return [name.strip() for name in next(csv.reader([header], delimiter=self.delimiter))]

    def _rows_of_qualtrics(self) -> int:
        """2 where the questions' texts and then their ImportIds stand below the header, else 0."""
        head = self._file.head
        limit = self._rows_above + 1 + _ROWS_OF_QUALTRICS
        spans, unclosed, _ = self._found(head, is_last=True, limit=limit)
        if len(spans) < limit or unclosed:
            return 0
        row = head[slice(*spans[-1])].decode("utf-8", "replace")
        fields = next(csv.reader([row], delimiter=self.delimiter))
        is_it = all(re.match(r'\s*\{\s*"ImportId"\s*:', field) for field in fields)
        return _ROWS_OF_QUALTRICS if is_it else 0

    def _piece(
        self, raw: bytes, spans: Spans, unclosed: set[int], wanted: list[int], number: int
    ) -> Piece:
        text = raw[spans[0][0] : spans[-1][1]]
        refused = dict.fromkeys(unclosed, Refusal.WRONG_COLUMN_COUNT)
        if not _is_utf8(text):
            bad = (row for row, span in enumerate(spans) if not _is_utf8(raw[slice(*span)]))
            refused |= dict.fromkeys(bad, Refusal.NOT_UTF8)
        good = [row for row in range(len(spans)) if row not in refused]
        if refused:
            text = b"".join(raw[slice(*spans[row])] for row in good)
        if text.startswith(UTF8_BOM):
            text = UTF8_BOM + text  # pyarrow takes one away, and here it is part of a field
        skipped: list[int] = []
        table = self._parsed(text, wanted, skipped)
        if len(table) + len(skipped) != len(good):
            raise LoadRefusedError(
                f"{self._file.name}: from row {number} on, rows cannot be told apart.",
                remedy="Check the quotes there.",
            )
        refused |= {good[position]: Refusal.WRONG_COLUMN_COUNT for position in skipped}
        if refused:
            is_there = np.ones(len(spans), dtype=bool)
            is_there[list(refused)] = False
            table = table.take(pa.array(np.cumsum(is_there) - 1, mask=~is_there))
        numbers = np.arange(number, number + len(spans), dtype=np.int64)
        objections: Objections = {row: (refusal, None) for row, refusal in refused.items()}
        return Piece(table, numbers, partial(_originals, raw, spans), objections)

    def _parsed(self, text: bytes, wanted: list[int], skipped: list[int]) -> pa.Table:
        """Rows of the header's width, as text; the positions of the others go to `skipped`."""
        names = [f"c{index}" for index in range(len(self.columns))]
        included = {names[index]: pa.large_string() for index in wanted}
        if not text:
            return pa.schema(included).empty_table()

        def skip(row: pc_csv.InvalidRow) -> str:
            skipped.append(row.number - 1)
            return "skip"

        return pc_csv.read_csv(
            pa.BufferReader(text),
            read_options=pc_csv.ReadOptions(
                # Row numbers of bad rows are known to a single thread only.
                use_threads=False,
                column_names=names,
                block_size=len(text) + 1,
            ),
            parse_options=pc_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pc_csv.ConvertOptions(
                column_types=included,
                include_columns=list(included),
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
            ),
        )


def _originals(raw: bytes, spans: Spans, positions: Sequence[int]) -> list[str]:
    r"""Rows as they stand in the file; bytes that are not UTF-8 written as \\xNN."""
    texts = (raw[slice(*spans[position])] for position in positions)
    return [text.rstrip(b"\r\n").decode("utf-8", "backslashreplace") for text in texts]


def _announced_delimiter(head: bytes) -> str | None:
    """What Excel's first line `sep=;` says; None where there is no such line."""
    found = _SEPARATOR_LINE.match(head)
    return found[2].decode() if found else None


def _shown(text: bytes) -> str:
    return repr(text[:40].decode("utf-8", "backslashreplace"))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
