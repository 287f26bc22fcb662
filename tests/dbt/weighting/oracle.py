"""R `survey` as an oracle: its sample, its margins and its results, as DuckDB tables.

What stays out: the comparisons (test_oracle_*.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.dbt.weighting.rendering import render

NUMBER = "cast({} as double)"


@dataclass(frozen=True)
class Oracle:
    """The reference data, opened.

    Args:
        connection: holds `sample`, `expected_weights`, `expected_stats`, `expected_asmd`, `battles`.
        directory: where the files lie.
    """

    connection: duckdb.DuckDBPyConnection
    directory: Path

    def stat(self, method: str, stat: str, variable: str, column: str = "estimate") -> float:
        """One figure of `synthetic_expected_stats.csv`."""
        row = self.connection.execute(
            f"select cast({column} as double) from expected_stats"
            " where method = ? and stat = ? and variable = ?",
            [method, stat, variable],
        ).fetchone()
        assert row is not None, (method, stat, variable)
        return float(row[0])

    def make_cells(self, variables: Sequence[str], margins: str) -> None:
        """`cells` and `people`: the sample in cells of levels and base weight, as `rake` takes them.

        Args:
            variables: columns of the sample, in the order of a sweep.
            margins: a relation of variable, level and population.
        """
        self.connection.execute(f"create or replace table margins as {margins}")
        levels = ", ".join(variables)
        targets = ", ".join(
            f"dense_rank() over (order by {name}) as margin_{number},"
            f" target_{number}.share as target_{number}"
            for number, name in enumerate(variables, 1)
        )
        joins = " ".join(
            f"join (select level, population / sum(population) over () as share from margins"
            f" where variable = '{name}') as target_{number} on {name} = target_{number}.level"
            for number, name in enumerate(variables, 1)
        )
        self.connection.execute(f"""
            create or replace table people as
            select *, dense_rank() over (order by {levels}, base_weight) as cell_number from sample;
            create or replace table cells as
            select 1 as raking_id, counted.*, 0.3 as trim_lo, 3.0 as trim_hi, {targets}
            from (
                select cell_number, {levels}, count(*) as participant_count,
                    sum(base_weight) / (select sum(base_weight) from sample) as weight_share
                from people group by all
            ) as counted {joins}
        """)

    def weigh(self, shares: str) -> None:
        """`weighed`: everybody with `weight`, from the shares of their cells.

        Args:
            shares: a relation of cell_number and weight_share.
        """
        total = self.connection.sql(
            "select sum(population) from margins where variable = (select min(variable) from margins)"
        ).fetchall()[0][0]
        self.connection.execute(f"""
            create or replace table weighed as
            select people.*, shares.weight_share * {total!r} / cells.participant_count as weight
            from people join ({shares}) as shares using (cell_number) join cells using (cell_number)
        """)

    def worst(self, method: str) -> float:
        """Largest relative difference of a weight in `weighed` from R's."""
        rows = self.connection.sql(f"""
            select max(abs(weighed.weight / {NUMBER.format(f'"{method}"')} - 1)), count(*)
            from weighed join expected_weights using (pid)
        """).fetchall()
        assert rows[0][1] == 2000
        return float(rows[0][0])

    def one(self, query: str) -> float:
        """A query's only figure."""
        return float(self.connection.sql(query).fetchall()[0][0])


def open_oracle(directory: Path) -> Iterator[Oracle]:
    """Load the reference; every number is quoted there, so every one is cast here."""
    with duckdb.connect() as connection:
        for table in ("expected_weights", "expected_stats", "expected_asmd"):
            connection.execute(
                f"create table {table} as from read_csv('{directory}/synthetic_{table}.csv',"
                " all_varchar = true)"
            )
        connection.execute(f"""
            create table sample as
            select pid, sex, age3, raceeth4, politics3, sex_b, politics3_b,
                cast(base_w as double) as base_weight,
                cast(y_win as double) as y_win, cast(rating as double) as rating
            from read_csv('{directory}/synthetic_sample.csv', all_varchar = true);
            create table battles as
            select pid, cast(y as double) as y
            from read_csv('{directory}/synthetic_battles.csv', all_varchar = true)
        """)
        yield Oracle(connection, directory)


def margins_file(directory: Path, name: str) -> str:
    """A relation of variable, level and population."""
    return (
        "select variable, level, cast(population as double) as population"
        f" from read_csv('{directory}/{name}.csv', all_varchar = true)"
    )


def raked(margin_count: int, cells: str = "cells") -> str:
    """The SQL of a raking."""
    return render(f"rake('{cells}', {margin_count})")
