"""Parquet that unpacks to more than it seems: found before and while it is decoded.

A page says how long it is once unpacked; that is read in the pages themselves, for what the footer
says can be false. A text of megabytes that a dictionary holds once can stand in every row: texts
are read as dictionaries, and rows are taken apart until few enough of them are unpacked at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import LoadRefusedError
from ingestion.sources.bounds import Bounds
from ingestion.sources.files import LocalFile
from ingestion.sources.thrift import page_sizes

TABLE_BYTES = 128 << 20
"""So much of a file is unpacked at a time."""
MAX_PAGE = 256 << 20
MAX_VALUES_IN_LISTS = 10_000_000
BYTES_PER_VALUE = 16
USUAL_ROW = 1 << 12
"""Of a row's text what is beyond counts as unpacked: short words repeat in honest files too."""
FEWEST_ROWS = 8
_PREFIXED = "DELTA_BYTE_ARRAY"


def texts(parquet: pq.ParquetFile) -> list[str]:
    """Paths of the columns of text and bytes that can be read as dictionaries."""
    leaves = range(len(parquet.schema))
    named = {at: parquet.schema.column(at) for at in leaves}
    return [
        leaf.path
        for at, leaf in named.items()
        if leaf.physical_type == "BYTE_ARRAY"
        and leaf.max_repetition_level == 0
        and not any(_PREFIXED in chunk.encodings for chunk in _chunks(parquet, at))
    ]


def check_sizes(file: LocalFile, parquet: pq.ParquetFile, raw: IO[bytes]) -> None:
    """Refuse pages, row groups and lists that are too large. Raises LoadRefusedError."""
    packed = file.byte_count
    whole = 0
    for at in range(len(parquet.schema)):
        leaf = parquet.schema.column(at)
        for group, chunk in enumerate(_chunks(parquet, at)):
            where = f"{file.name}: the column {leaf.path!r} of row group {group + 1}"
            start = chunk.data_page_offset
            if chunk.has_dictionary_page:
                start = min(start, chunk.dictionary_page_offset)
            for size in page_sizes(raw, start, chunk.total_compressed_size):
                whole += size
                if size > MAX_PAGE:
                    raise LoadRefusedError(
                        f"{where} has a page of {size:,} bytes unpacked; {MAX_PAGE:,} are the "
                        "limit.",
                        remedy="Write the file again with smaller pages (1 MB is usual).",
                    )
            file.bounds.check_unpacked(file.name, whole, packed)
            if leaf.max_repetition_level and chunk.num_values > MAX_VALUES_IN_LISTS:
                raise LoadRefusedError(
                    f"{where} has {chunk.num_values:,} values in lists; {MAX_VALUES_IN_LISTS:,} "
                    "are the limit.",
                    remedy="Leave the column out, or write smaller row groups.",
                )


def rows_at_a_time(name: str, parquet: pq.ParquetFile, group: int, columns: Sequence[str]) -> int:
    """How many rows of a row group can be decoded at once without taking too much memory.

    Raises:
        LoadRefusedError: hardly any.
    """
    per_row = 0
    for at in range(len(parquet.schema)):
        leaf = parquet.schema.column(at)
        if leaf.path not in columns and leaf.path.split(".")[0] not in columns:
            continue
        chunk = parquet.metadata.row_group(group).column(at)
        per_row += max(BYTES_PER_VALUE, leaf.length or 0)
        if _PREFIXED in chunk.encodings:
            # Each value can repeat all of what the column holds.
            per_row += chunk.total_uncompressed_size
    count = TABLE_BYTES // max(1, per_row)
    if count < FEWEST_ROWS:
        raise LoadRefusedError(
            f"{name}: a row of row group {group + 1} may take {per_row:,} bytes decoded; "
            f"{TABLE_BYTES // FEWEST_ROWS:,} are the limit.",
            remedy="Write fewer columns, or smaller row groups without DELTA_BYTE_ARRAY.",
        )
    return count


def small_tables(
    name: str, batch: pa.RecordBatch, bounds: Bounds
) -> Iterator[tuple[pa.Table, int]]:
    """The rows in tables that stay small when dictionaries are unpacked; unusual bytes in each.

    Raises:
        LoadRefusedError: a row is longer than a row may be.
    """
    sizes = np.zeros(len(batch), dtype=np.int64)
    for column in batch.columns:
        sizes += _text_bytes(column)
    longest = int(sizes.max(initial=0))
    if longest > bounds.max_row:
        raise LoadRefusedError(
            f"{name}: a row holds {longest:,} bytes of text; {bounds.max_row:,} are the limit.",
            remedy="Shorten it, or allow longer rows: --max-row SIZE (such as 64M).",
        )
    parts = np.cumsum(sizes) // TABLE_BYTES
    edges = np.append(np.flatnonzero(np.diff(parts, prepend=-1)), len(batch))
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        unusual = int(np.maximum(sizes[start:end] - USUAL_ROW, 0).sum())
        yield pa.Table.from_batches([batch.slice(start, end - start)]), unusual


def _text_bytes(column: pa.Array) -> Any:
    """How many bytes each value takes, of text and bytes; of others 0."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return 0
        lengths = pc.binary_length(column.dictionary).take(column.indices)
    elif _is_text(kind):
        lengths = pc.binary_length(column)
    elif pa.types.is_struct(kind):
        return sum(_text_bytes(part) for part in column.flatten())
    else:
        return 0
    return lengths.fill_null(0).to_numpy(zero_copy_only=False)


def _is_text(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_binary,
        pa.types.is_large_binary,
    )
    return any(test(kind) for test in tests)


def _chunks(parquet: pq.ParquetFile, at: int) -> Iterator[Any]:
    groups = parquet.metadata.num_row_groups
    return (parquet.metadata.row_group(group).column(at) for group in range(groups))
