"""Text as dictionary codes: how rows travel from the gate to the log.

Few of a study's values are distinct, so most work is done once per value, not once per row.

What stays out: who makes codes while reading (sources/plain_objects.py).
"""

from __future__ import annotations

import pyarrow as pa

CODED_TEXT = pa.dictionary(pa.int32(), pa.string())


def code_text(table: pa.Table) -> pa.Table:
    """The table with each text column in one piece of codes; other columns as they are."""
    for index, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            coded = table.column(index).combine_chunks().dictionary_encode()
            table = table.set_column(index, field.name, coded)
    return table


def texts_of(values: pa.DictionaryArray) -> pa.Array:
    """The text that codes stand for."""
    return values.dictionary.take(values.indices)
