"""Text as dictionary codes: how rows travel from the reader to the files of the log.

Few of a study's values are distinct, so most work is done once per value, not once per row.

What stays out: who makes codes while reading (sources/plain_objects.py), loops over codes
(code_kernels.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

CODED_TEXT = pa.dictionary(pa.int32(), pa.string())
# Fewer rows are not worth loading what is compiled.
MANY_ROWS = 20_000


def code_text(table: pa.Table) -> pa.Table:
    """The table with each text column in one piece of codes; other columns as they are."""
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or field.type == CODED_TEXT:
            coded = in_one_piece(table.column(index))
            if pa.types.is_string(field.type):
                coded = coded.dictionary_encode()
            table = table.set_column(index, field.with_type(CODED_TEXT), coded)
    return table


def in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    """The same values, without a copy where they lie in one piece already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def texts_of(values: pa.Array) -> pa.Array:
    """The text that codes stand for; text as it is."""
    return values.dictionary.take(values.indices) if is_coded(values.type) else values


def is_coded(kind: pa.DataType) -> bool:
    """Whether a column of this type holds codes."""
    return bool(pa.types.is_dictionary(kind))


def plain_text(table: pa.Table) -> pa.Table:
    """The table with the text that its codes stand for."""
    for index, field in enumerate(table.schema):
        if is_coded(field.type):
            texts = [texts_of(piece) for piece in table.column(index).chunks]
            column = pa.chunked_array(texts, pa.string())
            table = table.set_column(index, field.with_type(pa.string()), column)
    return table


def joined(left: pa.DictionaryArray, right: pa.DictionaryArray, separator: str) -> pa.Array:
    """The texts of two columns, row by row, an ASCII character between them."""
    if len(left) < MANY_ROWS or left.null_count or right.null_count:
        return pc.binary_join_element_wise(texts_of(left), texts_of(right), separator)
    from ingestion.code_kernels import joined as joined_texts

    starts, content = joined_texts(*_parts(left), *_parts(right), ord(separator))
    buffers = [None, pa.py_buffer(starts), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.string(), len(left), buffers)


def _parts(values: pa.DictionaryArray) -> tuple[Numbers, Numbers, Bytes]:
    """The codes; where each text begins, and where the last ends; the texts and some bytes more."""
    from ingestion.wide import SLACK

    _, offsets, content = values.dictionary.buffers()
    first = values.dictionary.offset
    starts = np.frombuffer(offsets, np.int32)[first : first + len(values.dictionary) + 1]
    texts = np.frombuffer(content or b"", np.uint8)[starts[0] : starts[-1]]
    slack = np.zeros(SLACK, np.uint8)
    return values.indices.to_numpy(), starts - starts[0], np.concatenate([texts, slack])


def compacted(values: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same values over only the texts that occur, in the order in which they first do."""
    from ingestion.code_kernels import renumbered

    codes = values.indices.fill_null(-1).to_numpy()
    renamed, used = renumbered(codes, len(values.dictionary))
    indices = pa.array(renamed, mask=renamed < 0 if values.null_count else None)
    return pa.DictionaryArray.from_arrays(indices, values.dictionary.take(pa.array(used)))
