"""`demoscope recruit`: whom to recruit next, how many, and what it costs.

What stays out: the figures (dbt_project, rpt_recruitment).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from orchestration.cli.mart_output import FORMAT, Format, print_rows
from orchestration.cli.output import say

app = typer.Typer()

COUNTRIES = "select * from rpt_recruitment where level = 'country' order by country"
ROWS = """
select recruitment.*
from rpt_recruitment as recruitment
left join dim_stratum as strata using (stratum_id)
where recruitment.level = $level and ($country is null or recruitment.country = $country)
order by recruitment.country, strata.sort_order, recruitment.next_count desc,
    recruitment.short_count desc, recruitment.cell_key
"""


class Level(StrEnum):
    """What a row is."""

    COUNTRY = "country"
    STRATUM = "stratum"
    CELL = "cell"


@app.command()
def recruit(
    *,
    level: Annotated[
        Level, typer.Option(help="A row per country, stratum or cell.")
    ] = Level.STRATUM,
    country: Annotated[str | None, typer.Option(help="Only this country.")] = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Whom to recruit next, how many, and what it costs."""
    from orchestration.mart_rows import mart_rows  # imports DuckDB

    home = Home.from_environment()
    countries = mart_rows(home, COUNTRIES)
    known = [row["country"] for row in countries]
    if country is not None and country not in known:
        message = f"There is no recruitment target for {country!r}."
        raise NotFoundError(message, remedy=f"seed_recruitment_targets has: {', '.join(known)}.")
    rows = mart_rows(home, ROWS, {"level": level.value, "country": country})
    columns = {
        level.value: lambda row: row["stratum_id"] or f"{row['country']}: {row['label']}",
        ">people": lambda row: f"{row['participant_count']:,}",
        ">sample": lambda row: _share(row["sample_share"]),
        ">target": lambda row: _share(row["target_share"]),
        ">short": lambda row: f"{row['short_count']:,}" if row["short_count"] else "",
        ">cost": lambda row: f"{row['cost']:,.0f} {row['currency']}" if row["cost"] else "",
        ">next": lambda row: f"{row['next_count']:,}" if row["next_count"] else "",
    }
    print_rows("recruitment", rows, output, columns)
    if output is Format.TABLE:
        for row in countries:
            if country in {None, row["country"]}:
                say(_sentence(row))


def _sentence(row: dict[str, Any]) -> str:
    worth = f"{row['participant_count']:,} people are worth"
    worth += f" {row['effective_participant_count']:,.0f}"
    target = f"{row['country']}: {worth}; the target is {row['effective_target_count']:,.0f}."
    if not row["short_count"]:
        return f"{target} It is reached."
    return (
        f"{target} {row['short_count']:,} more by quota ({row['cost']:,.0f} {row['currency']}),"
        f" {row['as_before_count']:,} if they come as before. With the next {row['next_count']:,}:"
        f" {row['next_effective_participant_count']:,.0f}."
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
