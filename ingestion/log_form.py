"""From accepted native rows to the form the log stores: every id that may name a person is hashed.

What stays out: which columns those are (contract.py) and the hash itself (pseudonyms.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from ingestion.contract import Column, Contract
    from ingestion.pseudonyms import Pseudonymiser

KEY_SEPARATOR = ":"


def to_log_form(contract: Contract, native: pa.Table, pseudonyms: Pseudonymiser) -> pa.Table:
    """Hash what may name a person and order the columns as a segment has them.

    Args:
        contract: the rows' contract.
        native: log columns by name, ids still native; further columns are left out.
        pseudonyms: the vault's hasher.

    Returns:
        A table with the contract's log schema. `event_id` is the hash of the native id, then the
        contract's key columns, so that the dimensions of one battle share their beginning.
    """
    sources = native.column("source").combine_chunks()
    columns = []
    for column in contract.log_columns:
        values = native.column(column.name).combine_chunks()
        if column.is_pseudonym:
            values = _hashed(contract, column, values, sources, pseudonyms)
        columns.append(values)
    names = [column.name for column in contract.log_columns]
    identity = names.index("event_id")
    for key in contract.key:
        columns[identity] = pc.binary_join_element_wise(
            columns[identity], columns[names.index(key)], KEY_SEPARATOR
        )
    return pa.table(columns, schema=contract.log_schema)


def _hashed(
    contract: Contract,
    column: Column,
    values: pa.Array,
    sources: pa.Array,
    pseudonyms: Pseudonymiser,
) -> pa.Array:
    """Hash within each source: two sources may use the same id for two people."""
    scope = (str(contract.event_type),) if column.name == "event_id" else ()
    distinct = sources.unique().to_pylist()
    if len(distinct) == 1:
        return pseudonyms.column(values, column.name, distinct[0], *scope)
    hashed = pa.nulls(len(values), pa.string())
    for source in distinct:
        is_here = pc.equal(sources, source)
        own = pc.if_else(is_here, values, pa.scalar(None, values.type))
        hashed = pc.if_else(is_here, pseudonyms.column(own, column.name, source, *scope), hashed)
    return hashed
