"""What a study does next: queues of battles, and whether it may stop.

What stays out: making a queue (next_battles.py), forecasts (stopping_rows.py).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa

from ratings.tables.inputs import Study, candidates, policy_rows, target_rows
from ratings.tables.next_battles import (
    NEXT_BATTLE,
    Start,
    next_battle_rows,
    policies_of,
)
from ratings.tables.pairing_start import (
    CANDIDATE,
    POPULATION_PART,
    candidate_rows,
    part_rows,
)
from ratings.tables.standings import Standing
from ratings.tables.stopping_rows import STOPPING, stopping_rows
from ratings.tables.tables import conform
from ratings.tournaments import Rated

PAIRWISE = "pairwise"


def ahead_rows(
    connection: duckdb.DuckDBPyConnection,
    rated: list[Rated],
    certain: list[Standing],
    population: Study,
    written: dict[str, pa.Table],
    seed: int,
) -> dict[str, pa.Table]:
    """What to ask next, and whether to stop; queues are made from tables as they are written."""
    strata, models = candidates(connection)
    policies = policies_of(policy_rows(connection))
    start = Start(
        candidates=conform(CANDIDATE, candidate_rows(rated, strata, models)),
        pairwise=written[PAIRWISE],
        parts=conform(POPULATION_PART, part_rows(population)),
    )
    targets = target_rows(connection)
    # Side by side, as kernels hold no lock.
    with ThreadPoolExecutor(1) as beside:
        job = beside.submit(next_battle_rows, start, policies)
        stopping = stopping_rows(certain, targets, policies, models, seed)
        queues = job.result()
    return {
        CANDIDATE: start.candidates,
        POPULATION_PART: start.parts,
        NEXT_BATTLE: conform(NEXT_BATTLE, queues),
        STOPPING: conform(STOPPING, stopping),
    }
