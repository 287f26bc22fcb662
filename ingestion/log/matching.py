"""Deciding about rows whose event_id may have been seen: new, the same event again, or a conflict.

Hashes only say where to look. A row is judged by the ids and bodies themselves, so two ids that
share a hash are two events.

What stays out: hashing and searching (runs.py), reading rows (stream.py, stored.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Contract
from ingestion.log.receipt import StageResult
from ingestion.log.runs import U64Array
from ingestion.log.segments import is_same_body

IntArray = npt.NDArray[np.int64]
Candidates = Iterable[tuple[IntArray, pa.Table]]
"""Pairs of row numbers of a staged table and, beside each, a row already known."""


def settle(
    contract: Contract, table: pa.Table, candidates: Candidates, result: StageResult
) -> None:
    """Mark the rows that a known row shows to be duplicates or conflicts.

    Args:
        contract: of the staged table.
        table: staged rows.
        candidates: staged row numbers and the known rows whose ids hash alike.
        result: changed in place.
    """
    for rows, known in candidates:
        mine = pc.take(table["event_id"], pa.array(rows))
        is_same_id = pc.equal(mine, known["event_id"]).to_numpy()
        if not is_same_id.any():
            continue
        again = rows[is_same_id]
        bodies = known.filter(pa.array(is_same_id))
        is_same = _is_same_event(contract, table.take(pa.array(again)), bodies)
        result.is_duplicate[again[is_same]] = True
        result.is_conflict[again[~is_same]] = True


def _is_same_event(contract: Contract, mine: pa.Table, known: pa.Table) -> npt.NDArray[np.bool_]:
    # Known rows come from one segment: they are all of one type.
    if known["event_type"][0].as_py() != contract.event_type:
        return np.zeros(mine.num_rows, np.bool_)
    # What was erased has no body to be compared with, and must not come back as another event.
    is_erased = known["schema_version"].is_null().to_numpy()
    same: npt.NDArray[np.bool_] = is_same_body(contract, mine, known) | is_erased
    return same


def settle_repeats(
    contract: Contract,
    table: pa.Table,
    order: IntArray,
    hashes: U64Array,
    result: StageResult,
) -> None:
    """Mark rows that repeat an earlier row of the same table.

    Args:
        contract: of the staged table.
        table: staged rows.
        order: row numbers in the order of their hashes.
        hashes: the hashes in rising order.
        result: changed in place; rows marked already are left alone.
    """
    is_alike = hashes[1:] == hashes[:-1]
    if not is_alike.any():
        return
    in_group = np.zeros(len(hashes), np.bool_)
    in_group[1:] |= is_alike
    in_group[:-1] |= is_alike
    rows = np.sort(order[in_group])
    rows = rows[result.is_accepted[rows]]
    codes = pc.take(table["event_id"], pa.array(rows)).combine_chunks().dictionary_encode().indices
    _, first, inverse = np.unique(codes.to_numpy(), return_index=True, return_inverse=True)
    first_of = rows[first[inverse]]
    is_repeat = first_of != rows
    if is_repeat.any():
        known = table.take(pa.array(first_of[is_repeat]))
        settle(contract, table, [(rows[is_repeat], known)], result)
