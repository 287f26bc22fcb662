"""CSV as pieces of bounded size with every row accounted for: number, original, objection.

Row boundaries are found first, in the raw bytes, by counting quotes; then pyarrow parses exactly
those rows. If the two disagree (a stray quote inside a field, an unclosed one, lone carriage
returns), the boundaries are found again by a slow and exact pattern, as RFC 4180 and pyarrow have
it. A quote opens only at the start of a field, two quotes inside are one, a lone carriage return
ends a row.

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
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv

from ingestion.errors import LoadRefusedError
from ingestion.sources.batch import Piece
from ingestion.sources.files import UTF8_BOM, LocalFile
from ingestion.vocabulary import Refusal

BLOCK_BYTES = 8 << 20
MAX_ROW_BYTES = 64 << 20

Spans = list[tuple[int, int]]
# Where rows lie, which of them have a quote that is never closed, and where the rest begins.
Split = tuple[Spans, set[int], int]
_ROWS_OF_QUALTRICS = 2
_SEPARATOR_LINE = re.compile(rb'("?)sep=([!#-~ \t])\1[ \t]*\r?\n', re.IGNORECASE)
_BLANK = (b"\n", b"\r\n", b"\r")


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
        self._delimiter = delimiter = delimiter or announced or ","
        self._block_bytes = block_bytes
        mark = re.escape(delimiter.encode())
        field = rb'(?:"(?:[^"]++|"")*+"[^%b\r\n]*+|(?!")[^%b\r\n]*+)' % (mark, mark)
        self._row = re.compile(rb"%b(?:%b%b)*+(?=[\r\n]|\Z)" % (field, mark, field))
        self.columns = self._header()
        self.skip_rows = self._rows_of_qualtrics() if skip_rows is None else skip_rows
        self.is_qualtrics = skip_rows is None and self.skip_rows > 0

    def pieces(self, columns: Sequence[str]) -> Iterator[Piece]:
        """Yield the rows of data with the columns asked for, each named once in the header."""
        # pyarrow takes "no columns" for "all columns", so one is always read.
        wanted = [self.columns.index(name) for name in columns] or [0]
        number, pending, is_start, is_end = 1, b"", True, False
        # What stands above the data: a `sep=` line, the header, and rows to skip.
        rows_due = self._rows_above + 1 + self.skip_rows
        with self._file.open() as stream:
            while not is_end:
                block = bytes(stream.read(self._block_bytes))
                is_end = not block
                raw = pending + (block.removeprefix(UTF8_BOM) if is_start else block)
                is_start = False
                spans, unclosed, rest = self._split(raw, number, is_end=is_end)
                if rows_due and spans:
                    above = min(rows_due, len(spans))
                    spans, unclosed = spans[above:], {n - above for n in unclosed if n >= above}
                    number += max(0, above - max(0, rows_due - self.skip_rows))
                    rows_due -= above
                piece = self._piece(raw, spans, unclosed, wanted, number)
                if piece is None:
                    # Quotes were miscounted: the exact pattern decides for all that is at hand.
                    spans, unclosed, rest = self._exactly(raw, spans[0][0], is_last=is_end)
                    piece = self._piece(raw, spans, unclosed, wanted, number)
                if piece is None:
                    raise LoadRefusedError(
                        f"{self._file.name}: from row {number} on, rows cannot be told apart.",
                        remedy="Check the quotes there.",
                    )
                pending = raw[rest:]
                if spans:
                    yield piece
                    number += len(spans)

    def _split(self, raw: bytes, number: int, *, is_end: bool) -> Split:
        spans, unclosed, rest = self._quickly(raw, is_last=is_end)
        if is_end or len(raw) - rest <= self._block_bytes // 2:
            return spans, unclosed, rest
        # A long rest is a long row, or a stray quote that made the count of quotes odd.
        spans, unclosed, rest = self._exactly(raw, 0, is_last=False)
        if len(raw) - rest <= MAX_ROW_BYTES:
            return spans, unclosed, rest
        spans, unclosed, rest = self._exactly(raw, 0, is_last=True)
        if len(spans) < 2:  # noqa: PLR2004  # the last one may go on
            raise LoadRefusedError(
                f"{self._file.name}: row {number} is longer than {MAX_ROW_BYTES >> 20} MB.",
                remedy="Check its quotes; shorten or remove the row.",
            )
        return spans[:-1], unclosed - {len(spans) - 1}, spans[-1][0]

    def _header(self) -> list[str]:
        limit = self._rows_above + 1
        spans, unclosed, _ = self._exactly(self._file.head, 0, is_last=True, limit=limit)
        spans = spans[self._rows_above :]
        if not spans or unclosed:
            raise LoadRefusedError(
                f"{self._file.name}: row 1 is no header: a quote in it is never closed.",
                remedy="Write the column names in the first row.",
            )
        try:
            header = self._file.head[slice(*spans[0])].decode("utf-8")
        except UnicodeDecodeError as error:
            raise LoadRefusedError(
                f"{self._file.name}: the header is not UTF-8.",
                remedy="Convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > FILE.utf8",
            ) from error
        return [name.strip() for name in next(csv.reader([header], delimiter=self._delimiter))]

    def _rows_of_qualtrics(self) -> int:
        """2 where the questions' texts and then their ImportIds stand below the header, else 0."""
        head = self._file.head
        limit = self._rows_above + 1 + _ROWS_OF_QUALTRICS
        spans, unclosed, _ = self._exactly(head, 0, is_last=True, limit=limit)
        if len(spans) < limit or unclosed:
            return 0
        row = head[slice(*spans[-1])].decode("utf-8", "replace")
        fields = next(csv.reader([row], delimiter=self._delimiter))
        is_it = all(re.match(r'\s*\{\s*"ImportId"\s*:', field) for field in fields)
        return _ROWS_OF_QUALTRICS if is_it else 0

    def _piece(
        self, raw: bytes, spans: Spans, unclosed: set[int], wanted: list[int], number: int
    ) -> Piece | None:
        """The rows parsed; None where pyarrow sees other rows than were found."""
        refused = dict.fromkeys(unclosed, Refusal.WRONG_COLUMN_COUNT)
        if spans and not _is_utf8(raw[spans[0][0] : spans[-1][1]]):
            bad = (row for row, span in enumerate(spans) if not _is_utf8(raw[slice(*span)]))
            refused |= dict.fromkeys(bad, Refusal.NOT_UTF8)
        table = self._parsed(raw, spans, refused, wanted)
        if table is None:
            return None
        numbers = np.arange(number, number + len(spans), dtype=np.int64)
        objections = {row: (refusal, None) for row, refusal in refused.items()}
        return Piece(table, numbers, partial(_originals, raw, spans), objections)

    def _parsed(
        self, raw: bytes, spans: Spans, refused: dict[int, Refusal], wanted: list[int]
    ) -> pa.Table | None:
        """The rows as text; those of another width than the header's are added to `refused`."""
        good = [row for row in range(len(spans)) if row not in refused]
        text = raw[spans[0][0] : spans[-1][1]] if spans else b""
        if refused:
            text = b"".join(raw[slice(*spans[row])] for row in good)
        skipped: set[int] = set()
        try:
            parsed = self._parsed_by_pyarrow(text, wanted, skipped)
        except pa.ArrowException:
            return None
        if len(parsed) + len(skipped) != len(good):
            return None
        refused |= {good[position]: Refusal.WRONG_COLUMN_COUNT for position in skipped}
        if refused:
            is_there = np.ones(len(spans), dtype=bool)
            is_there[list(refused)] = False
            parsed = parsed.take(pa.array(np.cumsum(is_there) - 1, mask=~is_there))
        return parsed.rename_columns(_names(len(wanted)))

    def _parsed_by_pyarrow(self, text: bytes, wanted: list[int], skipped: set[int]) -> pa.Table:
        """Rows of the right width; the positions of the others are added to `skipped`."""
        names = _names(len(self.columns))
        types = dict.fromkeys(names, pa.large_string())
        included = [names[index] for index in wanted]
        if not text:
            return pa.table({name: pa.array([], types[name]) for name in included})

        def skip(row: pc_csv.InvalidRow) -> str:
            skipped.add(row.number - 1)
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
                delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pc_csv.ConvertOptions(
                column_types=types,
                include_columns=included,
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
            ),
        )

    def _quickly(self, raw: bytes, *, is_last: bool) -> Split:
        """Rows end at line feeds that an even number of quotes stands before."""
        data = np.frombuffer(raw, dtype=np.uint8)
        feeds = np.flatnonzero(data == ord("\n"))
        quotes = np.flatnonzero(data == ord('"'))
        ends = feeds[np.searchsorted(quotes, feeds) % 2 == 0] + 1
        is_open = is_last and len(quotes) % 2
        if is_open or raw.count(b"\r") != raw.count(b"\r\n"):
            return self._exactly(raw, 0, is_last=is_last)
        if is_last and len(raw) and (not len(ends) or ends[-1] != len(raw)):
            ends = np.append(ends, len(raw))
        bounds = [0, *ends.tolist()]
        spans = list(pairwise(bounds))
        short = [span for span in spans if span[1] - span[0] <= len(b"\r\n")]
        if any(raw[slice(*span)] in _BLANK for span in short):
            spans = [span for span in spans if raw[slice(*span)] not in _BLANK]
        return spans, set(), bounds[-1]

    def _exactly(self, raw: bytes, begin: int, *, is_last: bool, limit: int | None = None) -> Split:
        """Rows field by field; one with a quote that is never closed is the rest of its line."""
        spans: Spans = []
        unclosed: set[int] = set()
        position = begin
        while position < len(raw) and len(spans) != limit:
            row = self._row.match(raw, position)
            feed = raw.find(b"\n", position) if row is None else row.end()
            at = len(raw) if feed < 0 else feed
            is_complete = at < len(raw) and not (at == len(raw) - 1 and raw[at] == ord("\r"))
            if not is_last and not (row and is_complete):
                break
            at += 2 if raw[at : at + 2] == b"\r\n" else at < len(raw)
            if raw[position:at] not in _BLANK:
                unclosed |= {len(spans)} if row is None else set()
                spans.append((position, at))
            position = at
        return spans, unclosed, position


def _originals(raw: bytes, spans: Spans, positions: Sequence[int]) -> list[str]:
    r"""Rows as they stand in the file; bytes that are not UTF-8 written as \\xNN."""
    texts = (raw[slice(*spans[position])] for position in positions)
    return [text.rstrip(b"\r\n").decode("utf-8", "backslashreplace") for text in texts]


def _announced_delimiter(head: bytes) -> str | None:
    """What Excel's first line `sep=;` says; None where there is no such line."""
    found = _SEPARATOR_LINE.match(head)
    return found[2].decode() if found else None


def _names(count: int) -> list[str]:
    return [f"c{index}" for index in range(count)]


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
