"""The first rows of a file, as text by column."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import USUAL_ENCODING, Format, LocalFile, is_of_single_bytes
from ingestion.sources.json_lines import read_lines
from ingestion.sources.json_rule import read_object
from ingestion.sources.missing import WORDS
from ingestion.sources.parquet_rows import open_parquet
from ingestion.vocabulary import Refusal

ROWS = 5_000
LINES_LOOKED_AT = 30
DELIMITERS = ",;\t|"


@dataclass
class Sample:
    """What is known of a file before anybody says what it means.

    Args:
        format: how it holds its rows.
        columns: by name the texts of the first rows; None where nothing is said.
        row_count: how many rows they are.
        delimiter: of CSV; None where nothing has to be said of it.
        kinds: types of the columns of Parquet.
        repeated: names that more than one column has; they can't be mapped.
        encoding: what the text is written in; None: UTF-8.
        undecodable: numbers of rows that are not UTF-8.
        is_qualtrics: whether two more header rows stand below the first.
        asked: by column the question's text, where the file has it.
        numbers: the rows' numbers in the file, where some of it could not be read.
    """

    format: Format
    columns: dict[str, list[str | None]]
    row_count: int
    delimiter: str | None = None
    kinds: dict[str, pa.DataType] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    encoding: str | None = None
    undecodable: list[int] = field(default_factory=list)
    is_qualtrics: bool = False
    asked: dict[str, str] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)

    def said(self, name: str) -> list[str]:
        """The texts of a column, without cells that are empty."""
        return [text for text in self.columns[name] if text is not None]

    def number(self, place: int) -> int:
        """The number that a row of the sample has in the file."""
        return self.numbers[place] if self.numbers else place + 1

    @property
    def whole_rows(self) -> list[int]:
        """Positions of the rows that say something and are no copy, word for word, of another."""
        places: dict[tuple[str | None, ...], int] = {}
        for place, row in enumerate(zip(*self.columns.values(), strict=True)):
            if any(cell is not None for cell in row):
                places.setdefault(row, place)
        return list(places.values())

    def distinct(self, name: str) -> list[str]:
        """What a column says, most frequent first."""
        return [text for text, _ in Counter(self.said(name)).most_common()]


def read_sample(file: LocalFile) -> Sample:
    """The first rows of a file.

    Raises:
        LoadRefusedError: they cannot be read.
    """
    readers = {Format.CSV: _csv, Format.JSONL: _json, Format.PARQUET: _parquet}
    is_old = file.format is not Format.PARQUET and is_of_single_bytes(file.head)
    encoding = USUAL_ENCODING if is_old else None
    sample = readers[file.format](file.written_in(encoding))
    sample.encoding = encoding
    return sample


def _csv(file: LocalFile) -> Sample:
    rows = CsvRows(file)
    delimiter = None
    if len(rows.columns) == 1:
        delimiter = _delimiter(file)
        rows = CsvRows(file, delimiter) if delimiter else rows
    counts = Counter(rows.columns)
    names = [name for name in counts if name and counts[name] == 1]
    sample = Sample(file.format, {name: [] for name in names}, 0, delimiter)
    sample.repeated = [name for name in counts if counts[name] > 1]
    sample.is_qualtrics = rows.is_qualtrics
    if rows.is_qualtrics:
        sample.asked = _questions(file, delimiter, names)
    for piece in rows.pieces(names):
        bad = {row: why for row, (why, _) in piece.objections.items()}
        sample.undecodable += [
            int(piece.numbers[row]) for row, why in bad.items() if why is Refusal.NOT_UTF8
        ]
        good = [row for row in range(len(piece.numbers)) if row not in bad]
        good = good[: ROWS - sample.row_count]
        sample.numbers += [int(piece.numbers[row]) for row in good]
        table = piece.table.take(pa.array(good, pa.int64()))
        for name, cells in zip(names, table.columns, strict=False):
            sample.columns[name] += [_text(cell) for cell in cells.to_pylist()]
        sample.row_count += len(good)
        if sample.row_count == ROWS:
            break
    return sample


def _questions(file: LocalFile, delimiter: str | None, names: list[str]) -> dict[str, str]:
    """The questions' texts that Qualtrics writes into the row below the header."""
    rows = CsvRows(file, delimiter, 0)
    first = next(iter(rows.pieces(names)))
    texts = zip(names, (cells[0].as_py() for cells in first.table.columns), strict=False)
    return {name: text for name, text in texts if text}


def _delimiter(file: LocalFile) -> str | None:
    """What separates the columns where it is no comma: the mark that gives alike, wide rows."""
    lines = file.head.decode("utf-8", "replace").splitlines()[:LINES_LOOKED_AT]
    found: list[tuple[int, str]] = []
    for mark in DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark) if row)
        [(width, count)] = widths.most_common(1) or [(1, 0)]
        if width > 1 and count * 2 > widths.total():
            found.append((width, mark))
    return max(found)[1] if found else None


def _json(file: LocalFile) -> Sample:
    rows: list[dict[str, str | None]] = []
    lists: set[str] = set()
    for block in read_lines(file):
        for place in range(min(len(block), ROWS - len(rows))):
            content, objection = read_object(block.line(place))
            if objection is None:
                rows.append(_flat(content, lists))
        if len(rows) == ROWS:
            break
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [row.get(name) for row in rows] for name in names if name not in lists}
    return Sample(file.format, columns, len(rows))


def _flat(content: dict[str, Any], lists: set[str], path: str = "") -> dict[str, str | None]:
    """Values of an object and of those within it, by their path; lists are left out."""
    found: dict[str, str | None] = {}
    for key, value in content.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            found |= _flat(value, lists, f"{name}.")
        elif isinstance(value, list):
            lists.add(name)
        else:
            found[name] = _text(value)
    return found


def _parquet(file: LocalFile) -> Sample:
    with open_parquet(file) as rows:
        schema = {name: rows.kind(name) for name in rows.paths()}
        single = [name for name, kind in schema.items() if not pa.types.is_nested(kind)]
        columns: dict[str, list[str | None]] = {name: [] for name in single}
        for piece in rows.pieces(single):
            for name, cells in zip(single, piece.table.columns, strict=True):
                due = ROWS - len(columns[name])
                columns[name] += [_text(cell) for cell in cells.slice(0, due).to_pylist()]
            if all(len(cells) == ROWS for cells in columns.values()):
                break
    count = max(map(len, columns.values()), default=0)
    kinds = {name: schema[name] for name in single}
    return Sample(file.format, columns, count, kinds=kinds)


def _text(value: object) -> str | None:
    """A cell as text; None where it is empty or a word for missing."""
    text = "" if value is None else str(value).strip()
    return None if not text or text in WORDS else text
