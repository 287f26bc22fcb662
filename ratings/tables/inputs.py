"""What the ratings read from the database: counts, and the few facts about the population.

Every query has an explicit order, so that nothing depends on how DuckDB runs it.

What stays out: making the counts (dbt_project) and rating them (the files beside this one).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TOURNAMENT_COUNTS = """
select
    stratum_id as tournament_key, dimension, model_a, model_b,
    win_a_count, win_b_count, tie_count + both_bad_count as tie_count
from fct_tournament_count
order by all
"""
# Online ratings follow every battle; the strata below a country would replay them all again.
ORDERED_STRATA = """
select stratum_id, list(cell_id order by cell_id) as cells from int_cells__assigned_to_strata
where stratum_id not like '%/%'
group by stratum_id
order by stratum_id
"""
ORDERED_BATTLES = """
select cell_id, model_a, model_b, outcome from fct_battle
where is_counted and dimension = $dimension
order by occurred_at nulls first, position
"""
WEIGHTED_STRATA = """
select distinct weighting, stratum_id from int_strata__weighted order by all
"""
# A number orders participants as their keys do, and costs a tenth to sort and compare.
WEIGHTED_JUDGMENTS = """
select
    dimension, participant_number as participant_id, model_a, model_b,
    win_a_weight_micro as win_a_count, win_b_weight_micro as win_b_count,
    tie_weight_micro as tie_count, battle_count
from fct_weighted_judgment
where weighting = $weighting and stratum_id = $stratum
order by dimension, participant_number, model_a, model_b
"""
STRATA_CELLS = """
select stratum_id, list(cell_id order by cell_id) as cells from int_cells__assigned_to_strata
group by stratum_id
order by stratum_id
"""
NUMBERED_JUDGES = """
create or replace temp table judge_number as
select participant_key, row_number() over (order by participant_key) as participant_id
from (select distinct participant_key from fct_participant_count)
"""
# Whoever never enrolled is in the cell of the unknown, as in the counts.
PARTICIPANT_COUNTS = """
select
    counts.dimension, numbers.participant_id,
    coalesce(people.cell_id, nobody_known.cell_id) as cell_id,
    counts.model_a, counts.model_b, counts.win_a_count, counts.win_b_count,
    counts.battle_count - counts.win_a_count - counts.win_b_count as tie_count
from fct_participant_count as counts
inner join temp.judge_number as numbers on counts.participant_key = numbers.participant_key
left join dim_participant as people on counts.participant_key = people.participant_key
cross join (select cell_id from dim_cell where cell_key = 'unknown') as nobody_known
order by counts.dimension, numbers.participant_id, counts.model_a, counts.model_b
"""
DIMENSIONS = "select distinct dimension from fct_cell_count order by dimension"
POLICY_COUNTS = """
select policy, policy_version, dimension, model_a, model_b, win_a_count, win_b_count, tie_count
from fct_policy_count
order by all
"""
CELL_COUNTS = """
select
    cell_id, dimension, model_a, model_b, win_a_count, win_b_count,
    tie_count + both_bad_count as tie_count
from fct_cell_count
order by all
"""
CELL_GROUPS = """
select cell_id, country, axis, group_name from int_cells__grouped order by all
"""
GROUP_SHARES = """
select country, axis, group_name, population_share from dim_stratum
where axis is not null and population_share is not null
order by sort_order
"""
POOL_SHARES = "select pool, country, share from seeds.seed_pools order by all"
STRATA = "select stratum_id from dim_stratum order by sort_order"
# Whoever is retired can't be asked about any more.
CANDIDATES = "select model_id from dim_model where not is_retired order by all"
POLICIES = """
select policy, version, rule, random_share, uncertainty_power, model_limit, participant_limit,
    batch_size, pool, population_axis, awaited_battles, is_default
from seeds.seed_pairing_policies
order by policy, version
"""
TARGETS = """
select target, stratum_id, dimension, weighting, estimator, measure, threshold
from seeds.seed_stopping_targets
order by target
"""


@dataclass(frozen=True)
class Study:
    """What is known of the population: the groups of each cell, and everybody's census shares.

    Args:
        groups: per country and axis, the census share of each group, 0 to 1.
        cells: per country, the cells; per cell, its group on each axis (absent where unknown).
        pools: per pool of countries, the share of each country.
    """

    groups: dict[str, dict[str, dict[str, float]]]
    cells: dict[str, dict[int, dict[str, str]]]
    pools: dict[str, dict[str, float]]


def tournament_counts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The counts of every tournament. both_bad is a tie for skill."""
    return connection.sql(TOURNAMENT_COUNTS).to_arrow_table()


def policy_counts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """What is left of everybody's counts under each quality policy."""
    return connection.sql(POLICY_COUNTS).to_arrow_table()


def cell_counts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The sufficient statistic: counts per cell, dimension, pair and outcome."""
    return connection.sql(CELL_COUNTS).to_arrow_table()


def ordered_battles(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[str, str, pa.Table]]:
    """Everybody and each country, dimension, and their battles in canonical order."""
    strata = connection.sql(ORDERED_STRATA).fetchall()
    for (dimension,) in connection.sql(DIMENSIONS).fetchall():
        battles = connection.sql(ORDERED_BATTLES, params={"dimension": dimension}).to_arrow_table()
        for stratum, cells in strata:
            here = pc.is_in(battles.column("cell_id"), pa.array(cells, pa.int32()))
            chosen = battles.filter(here)
            if chosen.num_rows:
                yield stratum, dimension, chosen


def weighted_judgments(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[str, str, str, pa.Table]]:
    """Weighting, stratum, dimension, and weights per participant, pair and outcome.

    Weights are whole millionths, so that no sum of them depends on its order.
    """
    strata = connection.sql(WEIGHTED_STRATA).fetchall()
    for weighting, stratum in strata:
        chosen = {"weighting": weighting, "stratum": stratum}
        rows = connection.sql(WEIGHTED_JUDGMENTS, params=chosen).to_arrow_table()
        for dimension, own in _by_dimension(rows):
            yield weighting, stratum, dimension, own


def _by_dimension(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Each dimension and its rows, of rows ordered by dimension."""
    dimensions = rows.column("dimension").combine_chunks().dictionary_encode()
    codes = dimensions.indices.to_numpy()
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    for begin, end in zip(begins, np.append(begins, codes.size)[1:], strict=True):
        own = rows.slice(begin, end - begin).drop_columns(["dimension"])
        yield dimensions.dictionary[int(codes[begin])].as_py(), own


def participant_counts(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[str, str, pa.Table]]:
    """Stratum, dimension, and what each participant said of each pair, by participant."""
    strata = [
        (stratum, pa.array(cells, pa.int32()))
        for stratum, cells in connection.sql(STRATA_CELLS).fetchall()
    ]
    connection.execute(NUMBERED_JUDGES)
    for dimension, rows in _by_dimension(connection.sql(PARTICIPANT_COUNTS).to_arrow_table()):
        cell = rows.column("cell_id")
        for stratum, cells in strata:
            chosen = rows.filter(pc.is_in(cell, cells))
            if chosen.num_rows:
                yield stratum, dimension, chosen


def study(connection: duckdb.DuckDBPyConnection) -> Study:
    """The population's groups, cells and pools."""
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for country, axis, group, share in connection.sql(GROUP_SHARES).fetchall():
        groups.setdefault(country, {}).setdefault(axis, {})[group] = share
    cells: dict[str, dict[int, dict[str, str]]] = {}
    for cell, country, axis, group in connection.sql(CELL_GROUPS).fetchall():
        known = cells.setdefault(country, {}).setdefault(cell, {})
        if group in groups.get(country, {}).get(axis, {}):
            known[axis] = group
    pools: dict[str, dict[str, float]] = {}
    for pool, country, share in connection.sql(POOL_SHARES).fetchall():
        pools.setdefault(pool, {})[country] = share
    return Study(groups, cells, pools)


def candidates(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], list[str]]:
    """The strata there are, in people's order, and the models that can still be compared."""
    strata, models = (connection.sql(query).fetchall() for query in (STRATA, CANDIDATES))
    return [row[0] for row in strata], [row[0] for row in models]


def policy_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The study's pairing policies, as its seed has them."""
    return list(connection.sql(POLICIES).to_arrow_table().to_pylist())


def target_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The study's stopping targets, as its seed has them."""
    return list(connection.sql(TARGETS).to_arrow_table().to_pylist())


def seed_of(counts: pa.Table) -> int:
    """The seed of every random draw on a board: 128 bits of the hash of its counts."""
    digest = hashlib.sha256()
    for row in zip(*counts.to_pydict().values(), strict=True):
        digest.update(repr(row).encode())
    return int.from_bytes(digest.digest()[:16])
