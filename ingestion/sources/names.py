"""One form of a name, whichever reader read it, and what a name may not hold.

Ids and names are what events are joined by, so they are trimmed and brought to Unicode's form NFC.
A character that nobody sees would make two names of one: such a name is refused. Longer texts in
words are left as they are; there, joiners are ordinary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.tables import NAME_LENGTH

if TYPE_CHECKING:
    from ingestion.contracts import Contract
    from ingestion.tables import Column

HIDDEN_PATTERN = (
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\x{034F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}"
    r"\x{2065}\x{2800}\x{3164}\x{FE00}-\x{FE0E}\x{FFA0}\x{FFF0}-\x{FFF8}\x{E0000}-\x{E0FFF}]"
    r"|(^|[\x00-\x7F])\x{FE0F}"
)
"""Characters that are not seen, in RE2's words; the emoji selector only where it selects none."""


def is_name(column: Column) -> bool:
    """Whether a column holds ids or names, and not a text in words or a word of a closed set."""
    is_short = pa.types.is_string(column.type) and column.max_length <= NAME_LENGTH
    return is_short and not column.vocabulary


def normalised(contract: Contract, table: pa.Table) -> pa.Table:
    """A native batch with its names trimmed and in NFC."""
    for column in contract.log_columns:
        name = column.source_name
        if not is_name(column) or name not in table.column_names:
            continue
        if pa.types.is_string(table[name].type):
            values = pc.utf8_trim_whitespace(pc.utf8_normalize(table[name], form="NFC"))
            if not values.equals(table[name]):  # else the column is held once
                table = table.set_column(table.column_names.index(name), name, values)
    return table
