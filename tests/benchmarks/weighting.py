"""Speed of weighting and of stratified counts, in one run: `python -m tests.benchmarks.weighting`.

Wall milliseconds for raking (the promise is what a person waits), CPU seconds for counts; best of
several. Ratios are between figures of the same run, on the same rows, with the same threads.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.stratified_counts import THREADS, best, counting
from tests.dbt.weighting.rendering import render

FloatArray = NDArray[np.float64]

PARTICIPANTS = 20_000
LEVELS = (3, 2, 4, 3, 4, 6)

MARGINS = range(1, len(LEVELS) + 1)
# Six answers per participant, each lopsided.
PEOPLE = """
    create table people as
    select number as participant_key, {levels} from range({count}) as numbers (number)
"""
CELLS = """
    create or replace table cells as
    select 1 as raking_id, row_number() over () as cell_number, participant_count,
        participant_count / {count} as weight_share, {columns}
    from (select {margins}, count(*) as participant_count from people group by all) as counted
    {joins}
"""


def rake_with_numpy(counts: FloatArray, targets: list[FloatArray]) -> FloatArray:
    """The same raking over a dense array of all cells: an oracle."""
    weights: FloatArray = counts / counts.sum()
    axes = range(counts.ndim)
    for _ in range(200):
        change = 0.0
        for axis, target in enumerate(targets):
            margin = weights.sum(axis=tuple(other for other in axes if other != axis))
            factor = target / margin
            change = max(change, float(np.abs(factor - 1).max()))
            shape = [-1 if other == axis else 1 for other in axes]
            weights = weights * factor.reshape(shape)
        if change <= 1e-12:
            break
    return weights


def raking() -> None:
    """20,000 participants over six margins: cells first, then the raking itself."""
    generator = np.random.default_rng(1)
    targets = [generator.uniform(0.5, 2.0, size) for size in LEVELS]
    targets = [target / target.sum() for target in targets]
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {THREADS}; set preserve_insertion_order = false")
        levels = ", ".join(
            f"cast(sqrt(hash(number * 7 + {margin}) % 1000 / 1000) * {size} as integer)"
            f" % {size} as level_{margin}"
            for margin, size in zip(MARGINS, LEVELS, strict=True)
        )
        connection.execute(PEOPLE.format(levels=levels, count=PARTICIPANTS))
        for margin, target in zip(MARGINS, targets, strict=True):
            values = ", ".join(
                f"({level}, {share!r})" for level, share in enumerate(target.tolist())
            )
            connection.execute(
                f"create table target_{margin} as from (values {values}) as shares (level, share)"
            )
        columns = ", ".join(
            f"{10 * margin} + level_{margin} as margin_{margin}, target_{margin}.share"
            f" as target_{margin}"
            for margin in MARGINS
        )
        cells = CELLS.format(
            count=PARTICIPANTS,
            columns=columns,
            margins=", ".join(f"level_{margin}" for margin in MARGINS),
            joins=" ".join(
                f"join target_{margin} on level_{margin} = target_{margin}.level"
                for margin in MARGINS
            ),
        )
        raking_of_cells = render(f"rake('cells', {len(LEVELS)})")
        rake = f"create or replace table raked as {raking_of_cells}"
        in_cells = best(lambda: connection.execute(cells), time.perf_counter, 10)
        in_raking = best(lambda: connection.execute(rake), time.perf_counter, 10)
        sweeps, cell_count, converged = connection.sql(
            "select max(sweep_count), count(*), bool_and(is_converged) from raked"
        ).fetchall()[0]
        dense = np.zeros(LEVELS)
        for *place, count in connection.sql(
            f"select {', '.join(f'level_{margin}' for margin in MARGINS)}, count(*)"
            " from people group by all"
        ).fetchall():
            dense[tuple(place)] = count
    oracle = best(lambda: rake_with_numpy(dense, targets), time.perf_counter, 10)
    print(
        f"raking {PARTICIPANTS:,} participants over {len(LEVELS)} margins: {cell_count:,} cells in"
        f" {in_cells * 1e3:.0f} ms, {sweeps} sweeps in {in_raking * 1e3:.0f} ms"
        f" (converged: {converged}; numpy over the dense array: {oracle * 1e3:.1f} ms)",
        flush=True,
    )


def main() -> None:
    """Print every figure."""
    print(f"duckdb {duckdb.__version__}, {THREADS} threads, python {sys.version.split()[0]}")
    raking()
    with tempfile.TemporaryDirectory() as directory:
        counting(Path(directory))


if __name__ == "__main__":
    main()
