"""From accepted native rows to the form the log stores: every id that may name a person is hashed.

Text is dictionary-encoded here, whatever the source gave, so that what follows hashes, judges and
writes each distinct value once.

What stays out: which columns those are (contracts.py) and the hash itself (pseudonyms.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.codes import code_text, in_one_piece, joined, texts_of

if TYPE_CHECKING:
    from collections.abc import Container

    from ingestion.contracts import Contract
    from ingestion.pseudonyms import Pseudonymiser
    from ingestion.tables import Column

KEY_SEPARATOR = ":"


def to_log_form(
    contract: Contract,
    native: pa.Table,
    pseudonyms: Pseudonymiser,
    *,
    hashed: Container[str] | None = None,
) -> pa.Table:
    """Hash what may name a person and order the columns as a segment has them.

    Args:
        contract: the rows' contract.
        native: log columns by name, ids still native; further columns are left out.
        pseudonyms: the vault's hasher.
        hashed: the only columns whose ids are still native; None for all that may name a person.

    Returns:
        A table with the contract's log columns, text dictionary-encoded but for `event_id`, which
        is the hash of the native id, then the contract's key columns, so that the dimensions of one
        battle share their beginning.
    """
    rows = code_text(native.select([column.name for column in contract.log_columns]))
    columns = {name: in_one_piece(rows.column(name)) for name in rows.column_names}
    sources = columns["source"]
    for column in contract.log_columns:
        if column.is_pseudonym and (hashed is None or column.name in hashed):
            values = columns[column.name]
            columns[column.name] = _hashed(contract, column, values, sources, pseudonyms)
    first, *others = ("event_id", *contract.key)
    identity = columns[first]
    for key in others:
        joint = joined(identity, columns[key], KEY_SEPARATOR)
        identity = joint if key == others[-1] else joint.dictionary_encode()
    columns["event_id"] = texts_of(identity)
    return pa.table(columns)


def _hashed(
    contract: Contract,
    column: Column,
    values: pa.DictionaryArray,
    sources: pa.DictionaryArray,
    pseudonyms: Pseudonymiser,
) -> pa.DictionaryArray:
    """Hash within each source: two sources may use the same id for two people."""
    scope = (str(contract.event_type),) if column.name == "event_id" else ()
    distinct = sources.unique().to_pylist()
    if len(distinct) == 1:
        hashed = pseudonyms.distinct(values.dictionary, column.name, distinct[0], *scope)
        return pa.DictionaryArray.from_arrays(values.indices, hashed)
    texts, whole = texts_of(values), pa.nulls(len(values), pa.string())
    for source in distinct:
        is_here = pc.equal(sources, source)
        own = pc.if_else(is_here, texts, pa.scalar(None, pa.string()))
        whole = pc.if_else(is_here, pseudonyms.column(own, column.name, source, *scope), whole)
    return whole.dictionary_encode()
