"""R `survey` as an oracle: its sample, its margins and its results, as DuckDB tables.

What stays out: the comparisons (test_oracle_*.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ratings.bounded_weights import bound_weights
from ratings.tables.weighting_cells import levels_of
from tests.dbt.weighting.rendering import render

MARGINS = ("sex", "age3", "raceeth4", "politics3")
MARGINS_WITH_MISSING = ("sex_b", "age3", "raceeth4", "politics3_b")
JOINT = ("joint",)


@dataclass(frozen=True)
class Oracle:
    """The reference data, opened.

    Args:
        connection: holds sample, battles, expected_weights, expected_stats, expected_asmd.
        directory: where the files lie.
    """

    connection: duckdb.DuckDBPyConnection
    directory: Path

    def one(self, query: str) -> float:
        """A query's only figure."""
        return float(self.connection.sql(query).fetchall()[0][0])

    def stat(self, method: str, stat: str, variable: str, column: str = "estimate") -> float:
        """One figure of `synthetic_expected_stats.csv`."""
        return self.one(
            f"select cast({column} as double) from expected_stats"
            f" where method = '{method}' and stat = '{stat}' and variable = '{variable}'"
        )

    def make_cells(self, variables: Sequence[str], margins_file: str) -> None:
        """`people` and `cells`: the sample in cells of levels and base weight, as `rake` wants.

        Args:
            variables: columns of the sample, in the order of a sweep.
            margins_file: a file of variable, level and population; for JOINT the 24 cells.
        """
        file = f"read_csv('{self.directory}/{margins_file}.csv', all_varchar = true)"
        level = "'joint' as variable, sex || '/' || age3 || '/' || raceeth4 as level"
        self.connection.execute(f"""
            create or replace table margins as
            select {level if variables == JOINT else "variable, level"},
                cast(population as double) as population
            from {file}
        """)
        levels = ", ".join(variables)
        numbers = ", ".join(
            f"10 * {place} + dense_rank() over (order by {name}) as margin_{place}"
            for place, name in enumerate(variables, 1)
        )
        targets = ", ".join(
            f"target_{place}.share as target_{place}" for place in range(1, len(variables) + 1)
        )
        joins = " ".join(
            "join (select level, population / sum(population) over () as share from margins"
            f" where variable = '{name}') as target_{place} on {name} = target_{place}.level"
            for place, name in enumerate(variables, 1)
        )
        self.connection.execute(f"""
            create or replace table people as
            select *, {numbers}, dense_rank() over (order by {levels}, base_weight) as cell_number
            from sample;
            create or replace table cells as
            select 1 as raking_id, counted.*, {targets}
            from (
                select cell_number, {levels}, {numbers_of(variables)},
                    count(*) as participant_count,
                    sum(base_weight) / (select sum(base_weight) from sample) as weight_share
                from people group by all
            ) as counted {joins}
        """)

    def keep(self, table: str, query: str) -> None:
        """Store a query's result."""
        self.connection.execute(f"create or replace table {table} as {query}")

    def weigh(self, margin_count: int) -> None:
        """`raked` and `weighed`: everybody with their raked weight."""
        self.keep("raked", render(f"rake('cells', {margin_count})"))
        self._spread("raked")

    def bound(self, lower: float, upper: float) -> None:
        """`weighed` with the weights nearest to the base weights within bounds."""
        cells = self.connection.sql("from cells order by cell_number").to_arrow_table()
        levels, targets = levels_of(cells)
        shares = cells.column("weight_share").to_numpy()
        weights = bound_weights(shares, levels, targets, lower, upper)
        assert weights.is_met
        bounded = pa.table(
            {"cell_number": cells.column("cell_number"), "weight_share": shares * weights.ratios}
        )
        self.connection.register("bounded", bounded)
        self._spread("bounded")

    def _spread(self, shares: str) -> None:
        total = "(select sum(population) / count(distinct variable) from margins)"
        self.keep(
            "weighed",
            f"""select people.*, {shares}.weight_share * {total} / participant_count as weight
            from people join {shares} using (cell_number) join cells using (cell_number)""",
        )

    def worst(self, method: str) -> float:
        """Largest relative difference of a weight in `weighed` from R's."""
        rows = self.connection.sql(f"""
            select max(abs(weighed.weight / cast("{method}" as double) - 1)), count(*)
            from weighed join expected_weights using (pid)
        """).fetchall()
        assert rows[0][1] == 2000
        return float(rows[0][0])


def numbers_of(variables: Sequence[str]) -> str:
    """The columns margin_1, margin_2, ..."""
    return ", ".join(f"margin_{place}" for place in range(1, len(variables) + 1))


def open_oracle(directory: Path) -> Oracle:
    """Load the reference; every number is quoted there, so every one is cast here."""
    connection = duckdb.connect()
    for table in ("expected_weights", "expected_stats", "expected_asmd"):
        connection.execute(
            f"create table {table} as from read_csv('{directory}/synthetic_{table}.csv',"
            " all_varchar = true)"
        )
    connection.execute(f"""
        create table sample as
        select pid, sex, age3, raceeth4, politics3, sex_b, politics3_b,
            sex || '/' || age3 || '/' || raceeth4 as joint,
            cast(base_w as double) as base_weight,
            cast(y_win as double) as y_win, cast(rating as double) as rating
        from read_csv('{directory}/synthetic_sample.csv', all_varchar = true);
        create table battles as
        select pid, cast(y as double) as y
        from read_csv('{directory}/synthetic_battles.csv', all_varchar = true)
    """)
    return Oracle(connection, directory)
