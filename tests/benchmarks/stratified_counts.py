"""Counts per stratum of ten million judgments: through cells, and with GROUPING SETS.

CPU seconds, best of several, on the same rows with the same threads. Part of
`python -m tests.benchmarks.weighting`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

THREADS = 2
JUDGMENTS = 10_000_000
MODELS = 28

# Answers as an online panel gives them: every axis has a level that few are in.
SOCIETY = """
    create table participants as
    with drawn as (
        select md5(cast(number as varchar)) as participant_key,
            case when hash(number + 1) % 10 < 6 then 'US' else 'UK' end as country,
            hash(number + 2) % 100 as a, hash(number + 3) % 100 as e, hash(number + 4) % 100 as p
        from range(24000) as numbers (number)
    ), answered as (
        select participant_key, country,
            case when a < 45 then '18-34' when a < 80 then '35-54' when a < 98 then '55+'
                else 'unknown' end as age,
            case when e < 70 then 'White' when e < 80 then 'Black' when e < 90 then 'Asian'
                when e < 98 then 'Other' else 'unknown' end as ethnicity,
            case when p >= 97 then 'unknown'
                when country = 'US' then
                    case when p < 45 then 'Democrat' when p < 66 then 'Republican'
                        else 'Independent' end
                when p < 40 then 'Labour' when p < 55 then 'Conservative'
                when p < 66 then 'Reform UK' when p < 82 then 'Liberal Democrat'
                else 'Green' end as politics
        from drawn
    )
    select *, cast(dense_rank() over (order by country, age, ethnicity, politics) as integer)
        as cell_id
    from answered
"""
BATTLES = """
    copy (
        select md5(cast(hash(number) % 24000 as varchar)) as participant_key,
            ['overall', 'core_task', 'communication', 'adaptiveness', 'trust']
                [1 + cast(hash(number * 3 + 1) % 5 as bigint)] as dimension,
            'provider/model-' || a as model_a, 'provider/model-' || b as model_b,
            ['a', 'b', 'tie', 'both_bad'][1 + cast(hash(number * 5 + 3) % 4 as bigint)] as outcome
        from (
            select number, hash(number * 3 + 2) % {models} as a,
                hash(number * 5 + 1) % {models} as b
            from range(cast({count} * 1.1 as bigint)) as numbers (number)
        ) where a <> b limit {count}
    ) to '{path}' (compression zstd)
"""
OUTCOMES = """count(*) filter (outcome = 'a') as win_a, count(*) filter (outcome = 'b') as win_b,
    count(*) filter (outcome = 'tie') as tie, count(*) as battles"""
NUMBERED = """battles join participants using (participant_key)
    join dimensions on dimension = dimensions.name
    join models as left_model on model_a = left_model.name
    join models as right_model on model_b = right_model.name"""
NUMBERS = "dimensions.number as d, left_model.number as a, right_model.number as b"
COUNT_CELLS = f"""create or replace table cell_counts as
    select cell_id, {NUMBERS}, {OUTCOMES} from {NUMBERED} group by all"""
ROLL_UP = """create or replace table stratum_counts as
    with oriented as (
        select cell_id, d, least(a, b) as a, greatest(a, b) as b,
            cast(sum(case when a < b then win_a else win_b end) as bigint) as win_a,
            cast(sum(case when a < b then win_b else win_a end) as bigint) as win_b,
            cast(sum(tie) as bigint) as tie, cast(sum(battles) as bigint) as battles
        from cell_counts group by all
    )
    select stratum_number, d, a, b, sum(win_a) as win_a, sum(win_b) as win_b, sum(tie) as tie,
        sum(battles) as battles
    from oriented join strata using (cell_id) group by all"""
GROUPING_SETS = """create or replace table stratum_counts as
    select country, age, ethnicity, politics, dimension, model_a, model_b, outcome, count(*) as n
    from battles join participants using (participant_key)
    group by grouping sets (
        (country, age, dimension, model_a, model_b, outcome),
        (country, ethnicity, dimension, model_a, model_b, outcome),
        (country, politics, dimension, model_a, model_b, outcome)
    )"""
GROUPING_SETS_OF_NUMBERS = f"""create or replace table stratum_counts as
    select country, age, ethnicity, politics, {NUMBERS}, {OUTCOMES} from {NUMBERED}
    group by grouping sets (
        (country, age, d, a, b), (country, ethnicity, d, a, b), (country, politics, d, a, b)
    )"""
# Every value is decoded and nothing else is done with it.
DECODE = "create or replace table decoded as select {sums} from battles"


def best(function: Callable[[], object], clock: Callable[[], float], repeats: int) -> float:
    """Least time of several calls, after one that is not counted."""
    function()
    least = math.inf
    for _ in range(repeats):
        start = clock()
        function()
        least = min(least, clock() - start)
    return least


def counting(directory: Path) -> None:
    """Ten million judgments to counts per stratum: through cells, and with GROUPING SETS."""
    path = directory / "battles.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {THREADS}; set preserve_insertion_order = false")
        connection.execute(BATTLES.format(models=MODELS, count=JUDGMENTS, path=path))
        connection.execute(f"create view battles as from read_parquet('{path}')")
        connection.execute(SOCIETY)
        connection.execute("""
            create table strata as
            with cells as (
                select distinct cell_id, country, age, ethnicity, politics from participants
            )
            select cell_id, dense_rank() over (order by stratum) as stratum_number from (
                select cell_id, country || '/age/' || age as stratum from cells
                union all select cell_id, country || '/ethnicity/' || ethnicity from cells
                union all select cell_id, country || '/politics/' || politics from cells
            )
        """)
        for table, column in (("dimensions", "dimension"), ("models", "model_a")):
            connection.execute(f"""
                create table {table} as
                select {column} as name, cast(row_number() over (order by {column}) as integer)
                    as number
                from (select distinct {column} from battles)
            """)
        columns = [row[0] for row in connection.sql("describe battles").fetchall()]
        sums = ", ".join(f"sum(length({column}))" for column in columns)

        def measure(query: str) -> float:
            return best(lambda: connection.execute(query), time.process_time, 2)

        decode = measure(DECODE.format(sums=sums))
        sets_of_numbers = measure(GROUPING_SETS_OF_NUMBERS)
        sets = measure(GROUPING_SETS)
        expected = connection.sql("select sum(n) from stratum_counts").fetchall()
        cells, roll_up = measure(COUNT_CELLS), measure(ROLL_UP)
        assert connection.sql("select sum(battles) from stratum_counts").fetchall() == expected
        rows = connection.sql("select count(*) from cell_counts").fetchall()[0][0]
    ours = cells + roll_up
    print(
        f"{JUDGMENTS:,} judgments, CPU seconds: decode {decode:.2f};"
        f" to {rows:,} cell counts {cells:.2f} ({cells - decode:.2f} over decode);"
        f" rolled up to all strata {roll_up:.2f}",
        flush=True,
    )
    print(
        f"  GROUPING SETS on the same rows {sets:.2f} ({sets / ours:.1f}x);"
        f" with our numbers for names {sets_of_numbers:.2f} ({sets_of_numbers / ours:.1f}x)",
        flush=True,
    )
