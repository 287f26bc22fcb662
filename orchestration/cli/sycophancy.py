"""`demoscope sycophancy`: whether models flatter, and whether flattery pays."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import FORMAT, Format, print_rows, say

if TYPE_CHECKING:
    from orchestration.cli.output import Columns, Row

RATES = """
select rates.*, models.display_name
from rpt_sycophancy as rates left join dim_model as models using (model_id)
where rates.stratum_id = $stratum and rates.weighting = $weighting and rates.judge <> 'people'
    and rates.label = 'sycophancy'
order by rates.judge, rates.judge_version, rates.rubric_version,
    rates.corrected_share desc nulls last, rates.model_id
"""
EFFECTS = """
select * from rpt_sycophancy_effect
where stratum_id = $stratum and weighting = $weighting
order by judge, judge_version, rubric_version, level desc, outcome
"""


class Show(StrEnum):
    """What to show."""

    EFFECTS = "effects"
    RATES = "rates"


def _interval(title: str, name: str, form: str) -> Columns:
    def said(row: Row) -> str:
        if row[name] is None:
            return ""
        low, high = row[f"{name}_lo"], row[f"{name}_hi"]
        return f"{row[name]:{form}} ({low:{form}} to {high:{form}})"

    return {f">{title}, 95%": said}


EFFECT_COLUMNS: Columns = {
    "outcome": "{outcome}",
    "level": "{level}",
    **_interval("naive", "naive_effect", "+.2f"),
    **_interval("corrected", "effect", "+.2f"),
    **_interval("by people alone", "people_effect", "+.2f"),
    ">p": lambda row: "" if row["p_adjusted"] is None else f"{row['p_adjusted']:.3f}",
    ">E-value": lambda row: "" if row["e_value"] is None else f"{row['e_value']:.1f}",
    ">answers": "{answer_count:,}",
    ">people": "{participant_count:,}",
}
RATE_COLUMNS: Columns = {
    "model": "{model_id}",
    **_interval("naive", "naive_share", ".0%"),
    **_interval("corrected", "corrected_share", ".0%"),
    ">answers": "{answer_count:,}",
    ">people": "{participant_count:,}",
}


def sycophancy(
    show: Annotated[Show, typer.Argument(help="effects, or rates by model.")] = Show.EFFECTS,
    *,
    stratum: Annotated[str, typer.Option(help="all, or a country; of rates also a group.")] = "all",
    weighting: Annotated[str, typer.Option(help="none, or a scheme.")] = "none",
    output: FORMAT = Format.TABLE,
) -> None:
    """Show how often models flatter, and what goes with it: ratings and verdicts."""
    from orchestration.database import mart_rows

    query, columns, note = {
        Show.RATES: (RATES, RATE_COLUMNS, "intervals are of one model at a time"),
        Show.EFFECTS: (EFFECTS, EFFECT_COLUMNS, "associations, not causes; p is of all together"),
    }[show]
    asked = {"stratum": stratum, "weighting": weighting}
    rows = mart_rows(Home.from_environment(), query, asked)
    if not rows:
        say("No judge labelled sycophancy there: demoscope label run sycophancy, then build.")
        return
    title = f"Sycophancy, {show.value}: {stratum}, weighting {weighting}"
    print_rows(show.value, rows, output, columns, title=title, note=note)
