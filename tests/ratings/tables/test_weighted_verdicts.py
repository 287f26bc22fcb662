"""Verdicts as weighted boards read them are those of `fct_weighted_judgment`, to the last digit."""

import duckdb
import numpy as np
import pyarrow as pa

from ratings.counts import COUNT_COLUMNS, with_codes
from ratings.tables.inputs import NOTHING_JUDGED, Judged, Verdicts

# As the table has them, of people whose weights are in `weight`.
WEIGHTED = """
    select
        participant_id, model_a, model_b,
        cast(round(cast(micro as double) / said * win_a_count) as bigint) as win_a_count,
        cast(round(cast(micro as double) / said * win_b_count) as bigint) as win_b_count,
        cast(round(cast(micro as double) / said * tie_count) as bigint) as tie_count,
        win_a_count + win_b_count + tie_count as battle_count
    from (
        select
            *,
            cast(sum(win_a_count + win_b_count + tie_count) over (partition by participant_id)
                as bigint) as said
        from counts where cell_id is not null
    ) inner join weight using (participant_id)
    order by participant_id, model_a, model_b
"""
COUNTS = """
    select
        1 + i % 997 as participant_id,
        case when i % 997 < 900 then cast(1 + i % 7 as integer) end as cell_id,
        'model ' || cast(i * 7919 % 5 as varchar) as model_a,
        'model ' || cast(5 + i * 104729 % 5 as varchar) as model_b,
        i % 4 as win_a_count, i % 3 as win_b_count, 1 + i % 6 as tie_count
    from (select unnest(range(5000)) as i)
    order by participant_id, model_a, model_b
"""
WEIGHTS = """
    select distinct participant_id, cast(participant_id * 15485863 % 3000000 as bigint) as micro
    from counts where participant_id % 3 > 0 and cell_id is not null
"""


def test_weights_are_spread_and_rounded_as_the_table_has_them() -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table counts as {COUNTS}")
        connection.execute(f"create table weight as {WEIGHTS}")
        rows = connection.sql("from counts order by all").to_arrow_table()
        wanted = connection.sql(WEIGHTED).to_arrow_table()
        weights = np.full(1000, np.nan)
        for person, micro in connection.sql("from weight").fetchall():
            weights[person] = micro
    found = Verdicts.of(with_codes(rows)).weighted(weights)
    assert found.num_rows == wanted.num_rows > 2000
    order = [(name, "ascending") for name in ("participant_id", *COUNT_COLUMNS)]
    text = {name: found.column(name).cast("string") for name in ("model_a", "model_b")}
    for name, column in text.items():
        found = found.set_column(found.column_names.index(name), name, column)
    order = [*order, ("model_a", "ascending"), ("model_b", "ascending")]
    assert found.sort_by(order).to_pylist() == wanted.sort_by(order).to_pylist()


def test_who_has_no_weight_says_nothing_and_halves_are_rounded_up() -> None:
    with duckdb.connect() as connection:
        rows = connection.sql("""
            select * from (values (1, 1, 'a', 'b', 1, 1, 0), (2, 1, 'a', 'b', 1, 0, 0))
                as t(participant_id, cell_id, model_a, model_b, win_a_count, win_b_count, tie_count)
        """).to_arrow_table()
    found = Verdicts.of(with_codes(rows)).weighted(np.array([np.nan, 3.0, np.nan]))
    assert found.column("participant_id").to_pylist() == [1]
    assert found.column("win_a_count").to_pylist() == [2]
    assert found.column("battle_count").to_pylist() == [2]


def test_who_has_a_weight_and_judged_nothing_is_on_no_board() -> None:
    known = pa.table({"participant_id": [7], "weight_micro": [1_000_000]})
    strata = pa.table({"weighting": ["census"], "stratum_id": ["US"]})
    tables = {"weighted_strata": strata, "stratum_weights": known}
    said = {"overall": NOTHING_JUDGED["people"]}
    for people in ({}, said):
        judged = Judged(people, {}, {}, {})
        assert list(judged.weighted(lambda name, **_: tables[name])) == []
