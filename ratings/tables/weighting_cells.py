"""Weights of the weighting cells of a study: every raking that has bounds, from dbt's cells."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.bounded_weights import bound_weights
from ratings.compiled import FloatArray, IndexArray

SCHEMA = pa.schema(
    [
        ("cell_number", pa.int32()),
        ("weight", pa.float64()),
        ("step_count", pa.int32()),
        ("is_met", pa.bool_()),
    ]
)


def weigh_cells(cells: pa.Table) -> pa.Table:
    """Weight of each participant in a cell, in means, for the rakings that have bounds.

    Args:
        cells: rows of `int_weighting_cells__counted`.
    """
    bounded = cells.filter(pc.is_valid(cells.column("trim_hi"))).sort_by("cell_number")
    of_raking = bounded.column("raking_id")
    each = [
        bounded.filter(pc.equal(of_raking, pa.scalar(raking_id)))
        for raking_id in np.unique(of_raking.to_numpy()).tolist()
    ]
    # Its kernel holds no lock, and tables of the database wait for it.
    with ThreadPoolExecutor(2) as workers:
        found = list(workers.map(_weigh, each))
    return pa.concat_tables([SCHEMA.empty_table(), *found])


def _weigh(cells: pa.Table) -> pa.Table:
    levels, targets = levels_of(cells)
    people = cells.column("participant_count").to_numpy().astype(np.float64)
    lower, upper = cells.column("trim_lo")[0].as_py(), cells.column("trim_hi")[0].as_py()
    weights = bound_weights(people / people.sum(), levels, targets, lower, upper)
    return pa.table(
        {
            "cell_number": cells.column("cell_number"),
            "weight": weights.ratios,
            "step_count": np.full(cells.num_rows, weights.step_count),
            "is_met": np.full(cells.num_rows, weights.is_met),
        }
    ).cast(SCHEMA)


def levels_of(cells: pa.Table) -> tuple[IndexArray, FloatArray]:
    """Levels of the cells of one raking on each margin (C, K), from 0, and their targets (L,).

    A margin that the raking lacks has one level, of everybody.
    """
    margins = [name for name in cells.column_names if name.startswith("margin_")]
    columns, targets, first = [], [], 0
    for name in margins:
        of_cells = cells.column(name).to_numpy()
        _, places, levels = np.unique(of_cells, return_index=True, return_inverse=True)
        target = cells.column(name.replace("margin_", "target_")).to_numpy()[places]
        columns.append(levels.ravel() + first)
        targets.append(target)
        first += places.size
    return np.column_stack(columns).astype(np.int64), np.concatenate(targets)
