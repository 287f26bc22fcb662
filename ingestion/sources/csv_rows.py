"""CSV as pieces of bounded size with every row accounted for: number, original, objection.

Row boundaries are found first, in the raw bytes, by counting quotes; then pyarrow parses exactly
those rows. If the two disagree (a stray quote inside a field, an unclosed one, lone carriage
returns), the rows at hand are split again by a slow and exact reader.

Accounting: the first row is the header. Row numbers count rows of data from 1, so a quoted line
break does not advance them; blank lines are no rows. A row with more or fewer fields than the
header is `wrong_column_count`; a row with a byte that is not UTF-8, in whatever column, is
`not_utf8`; a quote that is never closed spoils the line that it stands in and no other. Values are
text; an empty field is null, quoted or not.

What stays out: what the columns mean (flat.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pc_csv

from ingestion.errors import LoadRefusedError
from ingestion.sources.csv_split import Fields, RowSplitter, Spans
from ingestion.sources.files import UTF8_BOM, LocalFile
from ingestion.vocabulary import Refusal

BLOCK_BYTES = 8 << 20
MAX_ROW_BYTES = 64 << 20


@dataclass(frozen=True)
class CsvPiece:
    """Adjoining rows.

    Args:
        table: the columns asked for, as text, under names c0, c1, ...
        first_number: number of the first row.
        refusals: per row, an objection or None; None if there is none at all.
        raw: the rows' bytes.
        spans: where each row lies in them, line end included.
    """

    table: pa.Table
    first_number: int
    refusals: list[Refusal | None] | None
    raw: bytes
    spans: Spans

    def originals(self, positions: Sequence[int]) -> list[str]:
        r"""Rows as they stand in the file; bytes that are not UTF-8 written as \\xNN."""
        texts = (self.raw[slice(*self.spans[position])] for position in positions)
        return [text.rstrip(b"\r\n").decode("utf-8", "backslashreplace") for text in texts]


class CsvRows:
    """A CSV file.

    Args:
        file: where it lies.
        delimiter: one character between fields.
        block_bytes: how much is read at a time.
    """

    def __init__(
        self, file: LocalFile, delimiter: str = ",", *, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._file = file
        self._delimiter = delimiter
        self._block_bytes = block_bytes
        self._splitter = RowSplitter(delimiter)
        self.columns = self._header()

    def pieces(self, columns: Sequence[str]) -> Iterator[CsvPiece]:
        """Yield the rows of data with the columns asked for, each named once in the header."""
        # pyarrow takes "no columns" for "all columns", so one is always read.
        wanted = [self.columns.index(name) for name in columns] or [0]
        number, pending, is_header_due = 1, b"", True
        with self._file.open() as stream:
            is_end = False
            while not is_end:
                block = bytes(stream.read(self._block_bytes))
                is_end = not block
                if is_header_due:
                    block = block.removeprefix(UTF8_BOM)
                raw = pending + block
                spans, fields, rest = self._rows(raw, number, is_end=is_end)
                pending = raw[rest:]
                if is_header_due and spans:
                    spans, fields = spans[1:], fields[1:] if fields is not None else None
                    is_header_due = False
                if not spans:
                    continue
                piece = self._piece(raw, spans, fields, wanted, number)
                if piece is None:
                    # Quotes were miscounted: the exact reader decides for all that is at hand.
                    spans, fields, rest = self._splitter.exactly(raw, spans[0][0], is_last=is_end)
                    pending = raw[rest:]
                    piece = self._piece(raw, spans, fields, wanted, number) if spans else None
                if piece is not None:
                    yield piece
                    number += len(piece.spans)

    def _rows(self, raw: bytes, number: int, *, is_end: bool) -> tuple[Spans, Fields | None, int]:
        spans, fields, rest = self._splitter.quickly(raw, is_last=is_end)
        if is_end or len(raw) - rest <= self._block_bytes // 2:
            return spans, fields, rest
        # A long rest is a long row, or a stray quote that made the count of quotes odd.
        spans, fields, rest = self._splitter.exactly(raw, 0, is_last=False)
        if len(raw) - rest <= MAX_ROW_BYTES:
            return spans, fields, rest
        spans, fields, rest = self._splitter.exactly(raw, 0, is_last=True)
        if len(spans) < 2:  # noqa: PLR2004  # the last one may go on
            raise LoadRefusedError(
                f"{self._file.name}: row {number} is longer than {MAX_ROW_BYTES >> 20} MB.",
                remedy="Check its quotes; shorten or remove the row.",
            )
        return spans[:-1], fields[:-1], spans[-1][0]

    def _header(self) -> list[str]:
        spans, fields, _ = self._splitter.exactly(self._file.head, 0, is_last=True, limit=1)
        if not spans or fields[0] is None:
            raise LoadRefusedError(
                f"{self._file.name}: row 1 is no header: a quote in it is never closed.",
                remedy="Write the column names in the first row.",
            )
        try:
            return [name.decode("utf-8").strip() for name in fields[0]]
        except UnicodeDecodeError as error:
            raise LoadRefusedError(
                f"{self._file.name}: the header is not UTF-8.",
                remedy="Convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > FILE.utf8",
            ) from error

    def _piece(
        self,
        raw: bytes,
        spans: Spans,
        fields: Fields | None,
        wanted: list[int],
        number: int,
    ) -> CsvPiece | None:
        """The rows parsed; None where pyarrow sees other rows than were found."""
        refusals: list[Refusal | None] = [None] * len(spans)
        begin, end = spans[0][0], spans[-1][1]
        if not _is_utf8(raw[begin:end]):
            for row, span in enumerate(spans):
                if not _is_utf8(raw[slice(*span)]):
                    refusals[row] = Refusal.NOT_UTF8
        if fields is None:
            table = self._parse(raw, spans, refusals, wanted)
        else:
            table = self._parsed(fields, refusals, wanted)
        if table is None:
            return None
        objections = refusals if any(refusals) else None
        return CsvPiece(table, number, objections, raw, spans)

    def _parsed(
        self, fields: Fields, refusals: list[Refusal | None], wanted: list[int]
    ) -> pa.Table:
        cells: list[list[str | None]] = [[] for _ in wanted]
        for row, values in enumerate(fields):
            if values is None or len(values) != len(self.columns):
                refusals[row] = refusals[row] or Refusal.WRONG_COLUMN_COUNT
            for column, index in zip(cells, wanted, strict=True):
                is_bad = values is None or refusals[row] is not None
                column.append(None if is_bad or values is None else values[index].decode() or None)
        return pa.table(
            {f"c{n}": pa.array(column, pa.large_string()) for n, column in enumerate(cells)}
        )

    def _parse(
        self,
        raw: bytes,
        spans: Spans,
        refusals: list[Refusal | None],
        wanted: list[int],
    ) -> pa.Table | None:
        good = [row for row, refusal in enumerate(refusals) if refusal is None]
        if len(good) == len(spans):
            text = memoryview(raw)[spans[0][0] : spans[-1][1]]
        else:
            text = memoryview(b"".join(raw[slice(*spans[row])] for row in good))
        names = [f"c{index}" for index in range(len(self.columns))]
        skipped: list[int] = []

        def note(row: pc_csv.InvalidRow) -> str:
            skipped.append(row.number)
            return "skip"

        if not good:
            parsed = pa.table({names[index]: pa.array([], pa.large_string()) for index in wanted})
        else:
            try:
                parsed = pc_csv.read_csv(
                    pa.BufferReader(pa.py_buffer(text)),
                    read_options=pc_csv.ReadOptions(
                        # Row numbers of bad rows are known to a single thread only.
                        use_threads=False,
                        column_names=names,
                        block_size=len(text) + 1,
                    ),
                    parse_options=pc_csv.ParseOptions(
                        delimiter=self._delimiter,
                        newlines_in_values=True,
                        invalid_row_handler=note,
                    ),
                    convert_options=pc_csv.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.large_string()),
                        include_columns=[names[index] for index in wanted],
                        strings_can_be_null=True,
                        null_values=[""],
                        quoted_strings_can_be_null=True,
                    ),
                )
            except pa.ArrowException:
                return None
        if len(parsed) + len(skipped) != len(good) and wanted:
            return None
        source: list[int | None] = [None] * len(spans)
        missing = {number - 1 for number in skipped}
        taken = 0
        for position, row in enumerate(good):
            if position in missing:
                refusals[row] = Refusal.WRONG_COLUMN_COUNT
            else:
                source[row], taken = taken, taken + 1
        if taken != len(spans):
            parsed = parsed.take(pa.array(source, pa.int64()))
        return parsed.rename_columns([f"c{n}" for n in range(len(wanted))])


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
