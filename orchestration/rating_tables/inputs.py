"""What the ratings read from the database: counts, and the few facts about the population.

Every query has an explicit order, so that nothing depends on how DuckDB runs it.

What stays out: making the counts (dbt_project) and rating them (the files beside this one).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

TOURNAMENT_COUNTS = """
select
    stratum_id as tournament_key, dimension, model_a, model_b,
    win_a_count, win_b_count, tie_count + both_bad_count as tie_count
from fct_tournament_count
order by all
"""
# Online ratings follow every battle; the strata below a country would replay them all again.
ORDERED_TOURNAMENTS = """
select distinct strata.stratum_id, battles.dimension
from fct_battle as battles
inner join int_strata__celled as strata on battles.cell_id = strata.cell_id
where battles.is_counted and strata.stratum_id not like '%/%'
order by all
"""
ORDERED_BATTLES = """
select strata.stratum_id as tournament_key, battles.dimension,
    battles.model_a, battles.model_b, battles.outcome
from fct_battle as battles
inner join int_strata__celled as strata on battles.cell_id = strata.cell_id
where battles.is_counted and strata.stratum_id = $stratum and battles.dimension = $dimension
order by battles.occurred_at nulls first, battles.position
"""
WEIGHTED_TOURNAMENTS = """
select distinct weighting, stratum_id, dimension from fct_weighted_judgment order by all
"""
WEIGHTED_JUDGMENTS = """
select
    stratum_id as tournament_key, dimension, participant_key as participant_id, model_a, model_b,
    win_a_weight_micro / 1e6 as win_a_count, win_b_weight_micro / 1e6 as win_b_count,
    tie_weight_micro / 1e6 as tie_count, battle_count
from fct_weighted_judgment
where weighting = $weighting and stratum_id = $stratum and dimension = $dimension
order by all
"""
CELL_COUNTS = """
select cell_id, dimension, model_a, model_b, outcome, battle_count
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


def cell_counts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The sufficient statistic: counts per cell, dimension, pair and outcome."""
    return connection.sql(CELL_COUNTS).to_arrow_table()


def ordered_battles(connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
    """One table per country (and everybody) and dimension: its battles in canonical order."""
    for stratum, dimension in connection.sql(ORDERED_TOURNAMENTS).fetchall():
        chosen = {"stratum": stratum, "dimension": dimension}
        yield connection.sql(ORDERED_BATTLES, params=chosen).to_arrow_table()


def weighted_judgments(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, pa.Table]]:
    """One weighting and table per weighted tournament: weights per participant, pair, outcome."""
    for weighting, stratum, dimension in connection.sql(WEIGHTED_TOURNAMENTS).fetchall():
        chosen = {"weighting": weighting, "stratum": stratum, "dimension": dimension}
        yield weighting, connection.sql(WEIGHTED_JUDGMENTS, params=chosen).to_arrow_table()


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


def seed_of(counts: pa.Table) -> int:
    """The seed of every random draw on a board: 128 bits of the hash of its counts."""
    digest = hashlib.sha256()
    for row in zip(*counts.to_pydict().values(), strict=True):
        digest.update(repr(row).encode())
    return int.from_bytes(digest.digest()[:16])
