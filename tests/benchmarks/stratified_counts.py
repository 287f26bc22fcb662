"""Counts per stratum of ten million judgments: by the project's models, and with GROUPING SETS.

A log with those judgments, dbt's run of the models up to the counts of strata, and then what dbt
compiled, timed again: CPU seconds, best of several, on the same rows with the same threads. Part of
`python -m tests.benchmarks.weighting`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog
from ingestion.vocabulary import EventType
from orchestration.database import open_database, register_sources
from orchestration.dbt_runs import run_dbt
from tests.benchmarks.log import BATTLE, PRODUCER, judgments, people

THREADS = 2
REPEATS = 5
JUDGMENTS = 10_000_000
COMMIT_ROWS = 500_000
PARTY = {
    "US": (["Democrat", "Republican", "Independent"], [0.45, 0.21, 0.31]),
    "UK": (
        ["Labour", "Conservative", "Reform UK", "Liberal Democrat", "Green"],
        [0.40, 0.15, 0.11, 0.16, 0.15],
    ),
}
# Answers as an online panel gives them: every axis has a level that few are in, and silence.
ANSWERS = {
    "age": (["18-34", "35-54", "55+"], [0.45, 0.35, 0.18]),
    "gender": (["Female", "Male"], [0.5, 0.49]),
    "ethnicity": (["White", "Black", "Asian", "Other"], [0.70, 0.10, 0.10, 0.08]),
}
# From judgments to the sufficient statistic.
CELLS = "int_cells__counted"
STRATA = "fct_tournament_count"
# Every value that they read is decoded, and nothing else is done with it.
DECODE = """
select sum(length(subject_id)), sum(length(dimension)), sum(length(model_a)), sum(length(model_b)),
    sum(length(outcome))
from raw.battle_judged
"""
GROUPS = """
create or replace temp table groups as
select participant_key, country,
    max(group_name) filter (axis = 'age') as age,
    max(group_name) filter (axis = 'ethnicity') as ethnicity,
    max(group_name) filter (axis = 'politics') as politics
from int_participants__stratified group by participant_key, country
"""
GROUPING_SETS = """
create or replace table grouping_sets_count as
select country, age, ethnicity, politics, dimension, model_a, model_b, outcome,
    count(*) as battle_count
from int_battles__current inner join groups using (participant_key)
where is_counted
group by grouping sets (
    (country, age, dimension, model_a, model_b, outcome),
    (country, ethnicity, dimension, model_a, model_b, outcome),
    (country, politics, dimension, model_a, model_b, outcome)
)
"""
# What both say of the 22 strata, in one orientation.
DIFFERENCES = """
with ours as (
    select strata.country, strata.axis, strata.group_name, dimension, model_a, model_b,
        win_a_count, win_b_count, tie_count, both_bad_count
    from fct_tournament_count inner join dim_stratum as strata using (stratum_id)
    where strata.axis is not null
), theirs as (
    select country, axis, group_name, dimension, least(model_a, model_b),
        greatest(model_a, model_b),
        sum(if(outcome = if(model_a < model_b, 'a', 'b'), battle_count, 0)),
        sum(if(outcome = if(model_a < model_b, 'b', 'a'), battle_count, 0)),
        sum(if(outcome = 'tie', battle_count, 0)), sum(if(outcome = 'both_bad', battle_count, 0))
    from (
        unpivot grouping_sets_count on age, ethnicity, politics into name axis value group_name
    ) inner join dim_stratum using (country, axis, group_name)
    group by all
)
select count(*), (select count(*) from ours) from (
    (from ours except all from theirs) union all (from theirs except all from ours)
)
"""


def best(function: Callable[[], object], clock: Callable[[], float], repeats: int) -> float:
    """Least time of several calls, after one that is not counted."""
    function()
    least = math.inf
    for _ in range(repeats):
        start = clock()
        function()
        least = min(least, clock() - start)
    return least


def enrolments() -> pa.Table:
    """Everybody who judges, with answers to every question that weighting asks."""
    rng = np.random.default_rng(2)
    keys = people()
    count = len(keys)

    def drawn(levels: list[str], shares: list[float]) -> NDArray[np.object_]:
        known = np.array([*levels, None], dtype=object)
        return known[rng.choice(len(known), count, p=[*shares, 1 - sum(shares)])]

    country = np.where(rng.random(count) < 0.6, "US", "UK")
    parties = {name: drawn(*party) for name, party in PARTY.items()}
    columns = {
        "event_id": pa.array([f"enrolled-{key}" for key in keys.to_pylist()]),
        "event_type": pa.array([str(EventType.PARTICIPANT_ENROLLED)] * count),
        "schema_version": pa.array([CONTRACTS[EventType.PARTICIPANT_ENROLLED].version] * count),
        "source": pa.array(["study"] * count),
        "subject_id": keys,
        "country": pa.array(country),
        **{question: pa.array(drawn(*answers)) for question, answers in ANSWERS.items()},
        "politics": pa.array(np.where(country == "US", parties["US"], parties["UK"])),
    }
    schema = CONTRACTS[EventType.PARTICIPANT_ENROLLED].log_schema
    nothing = pa.nulls(count)
    return pa.table(
        {name: columns.get(name, nothing).cast(schema.field(name).type) for name in schema.names},
        schema=schema,
    )


def filled_log(root: Path) -> EventLog:
    """A log with everybody and their judgments."""
    log = EventLog.open(root)
    with log.begin("people", PRODUCER) as batch:
        batch.stage(EventType.PARTICIPANT_ENROLLED, enrolments())
        batch.commit()
    for number in range(JUDGMENTS // COMMIT_ROWS):
        with log.begin(f"{number}", PRODUCER) as batch:
            batch.stage(BATTLE, judgments(number, COMMIT_ROWS))
            batch.commit()
    return log


def built(home: Path) -> tuple[duckdb.DuckDBPyConnection, dict[str, str]]:
    """The database after dbt's run, and what dbt compiled, by model."""
    log = filled_log(home / "log")
    database = home / "demoscope.duckdb"
    with open_database(database) as connection:
        register_sources(connection, log, as_of_seq=log.resolve(None), loads=home / "loads")
    command = ["build", "--exclude-resource-type", "unit_test", "test"]
    selected = [f"+{name}" for name in (STRATA, "int_participants__stratified", "dim_stratum")]
    results = run_dbt([*command, "--select", *selected], root=home)
    compiled = {result.node.name: getattr(result.node, "compiled_code", "") for result in results}
    connection = open_database(database)
    connection.execute(f"set threads = {THREADS}; set preserve_insertion_order = false")
    return connection, compiled


def counting(home: Path) -> None:
    """Ten million judgments to counts per stratum: by the models, and with GROUPING SETS."""
    connection, compiled = built(home)
    with connection:

        def measure(query: str) -> float:
            return best(lambda: connection.execute(query), time.process_time, REPEATS)

        def model(name: str) -> float:
            return measure(f"create or replace table {name} as {compiled[name]}")

        connection.execute(GROUPS)
        decode = measure(DECODE)
        theirs = measure(GROUPING_SETS)
        cells, strata = model(CELLS), model(STRATA)
        differences, strata_rows = connection.sql(DIFFERENCES).fetchall()[0]
        assert differences == 0
        assert strata_rows > 0
        rows = connection.sql(f"select count(*) from {CELLS}").fetchall()[0][0]
    print(
        f"{JUDGMENTS:,} judgments, CPU seconds: decode {decode:.2f};"
        f" to {rows:,} rows of {CELLS} {cells:.2f} ({cells - decode:.2f} over decode);"
        f" rolled up to all strata {strata:.2f}",
        flush=True,
    )
    ours = cells + strata
    print(f"  GROUPING SETS on the same rows {theirs:.2f} ({theirs / ours:.1f}x)", flush=True)
