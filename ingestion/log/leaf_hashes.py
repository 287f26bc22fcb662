"""Leaves of many rows: DuckDB writes the payloads that leaves.py defines, SHA-256 goes over them.

A query for a table's columns is made from its schema. DuckDB's JSON differs from RFC 8785 in two
things only: control characters come with upper-case digits, and doubles and times need a form of
their own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa

from ingestion.digests import DIGEST_BYTES, Bytes, bytes_of, fixed_size, sha256_each
from ingestion.log.leaves import AFTER_LAST_TIME, ENVELOPE, FIRST_TIME
from ingestion.log.merkle import Tree
from ingestion.log.salts import SALT_BYTES, Salts

PIECE_ROWS = 61_440
"""So many rows' payloads a worker has in memory at a time."""
WORKERS = 2
BATCH_ROWS = 1 << 14
"""A thread takes so many at a time."""
_UPPER = [0x0B, 0x0E, 0x0F, *range(0x1A, 0x20)]
_MARK = "chr(1)"


def tree_of(table: pa.Table, salts: Salts) -> Tree:
    """The Merkle tree over a segment's rows.

    Args:
        table: the rows, in order.
        salts: theirs.
    """
    return Tree(leaf_hashes(table, salts))


def leaf_hashes(table: pa.Table, salts: Salts) -> Bytes:
    """The hash of each row's leaf: 32 bytes a row, in the rows' order."""
    if salts.rows != table.num_rows:
        message = f"{salts.rows} salts for {table.num_rows} rows"
        raise ValueError(message)
    hashes = np.empty((table.num_rows, DIGEST_BYTES), np.uint8)
    secret = np.frombuffer(salts.every(), np.uint8).reshape(-1, SALT_BYTES)
    query = payload_query(table.schema)
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(index, field.name, table[index].cast(pa.int64()))

    def fill(start: int) -> None:
        piece = table.slice(start, PIECE_ROWS)
        rows = slice(start, start + len(piece))
        salt = fixed_size(secret[rows], SALT_BYTES)
        commitments = bytes_of(sha256_each(salt, _payloads(query, piece)))
        if salts.erased:
            commitments = commitments.copy()
            for row in salts.erased.keys() & range(rows.start, rows.stop):
                commitments[row - start] = np.frombuffer(salts.erased[row], np.uint8)
        ids = piece["event_id"].combine_chunks()
        hashes[rows] = bytes_of(sha256_each(b"\0", fixed_size(commitments, DIGEST_BYTES), ids))

    with ThreadPoolExecutor(WORKERS) as workers:
        # As a list, so that an exception comes out here.
        list(workers.map(fill, range(0, table.num_rows, PIECE_ROWS)))
    return hashes


def _payloads(query: str, piece: pa.Table) -> pa.Array:
    """Payloads in row order."""
    numbers = pa.array(np.arange(len(piece), dtype=np.int32))
    batches = piece.append_column("row", numbers).to_batches(BATCH_ROWS)
    with _database().cursor() as connection:
        connection.register("piece", pa.Table.from_batches(batches))
        made = connection.sql(query).to_arrow_table().combine_chunks()
    order = made["row"].to_numpy()
    # DuckDB keeps the order of one table's rows; a root must not depend on its word.
    if (np.diff(order) < 0).any():
        made = made.take(pa.array(np.argsort(order)))
    return made["payload"].chunk(0)


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for the process: opening it takes as long as thousands of leaves."""
    return duckdb.connect()


def payload_query(schema: pa.Schema) -> str:
    """`row` and `payload` of the table `piece`, whose times are microseconds."""
    names = sorted(set(schema.names) - {*ENVELOPE})
    members = ", ".join(f'"{name}": {_value(schema.field(name))}' for name in names)
    json = f"SELECT row, to_json({{{members}}})::VARCHAR AS json FROM piece"
    # Escaped backslashes are set aside first: what follows one of them is no escape.
    lower = f"replace(json, '\\\\', {_MARK})"
    for code in _UPPER:
        lower = f"replace({lower}, '\\u{code:04X}', '\\u{code:04x}')"
    lower = f"replace({lower}, {_MARK}, '\\\\')"
    payload = f"CASE WHEN contains(json, '\\u00') THEN {lower} ELSE json END"
    return f"SELECT row, {payload} AS payload FROM ({json})"


def _value(field: pa.Field) -> str:
    """A column as the payload's JSON has it."""
    name = f'"{field.name}"'
    if pa.types.is_floating(field.type):
        # DuckDB writes 1.0 and 1e21 where RFC 8785 has 1 and 1e+21.
        short = f"regexp_replace(to_json({name} + 0.0)::VARCHAR, '\\.0$', '')"
        return f"regexp_replace({short}, 'e([0-9])', 'e+\\1')"
    if pa.types.is_timestamp(field.type):
        moment = f"strftime(make_timestamp({name}), '%Y-%m-%dT%H:%M:%S.%fZ')"
        inside = f"{name} >= {FIRST_TIME} AND {name} < {AFTER_LAST_TIME}"
        return f"CASE WHEN {inside} THEN {moment} ELSE {name}::VARCHAR END"
    return f"{name}::VARCHAR" if pa.types.is_int64(field.type) else name
