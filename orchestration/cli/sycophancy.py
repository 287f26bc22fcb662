"""`demoscope sycophancy`: whether models flatter, and whether flattery pays."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.choices import chosen_weighting, listed, require_known, shown_labels
from orchestration.cli.output import FORMAT, Format, print_rows

if TYPE_CHECKING:
    from orchestration.cli.output import Columns, Row

RATES = """
select * from rpt_sycophancy
where stratum_id = $stratum and weighting = $weighting and judge <> 'people'
    and label = 'sycophancy'
order by judge, judge_version, rubric_version, corrected_share desc nulls last, model_id
"""
EFFECTS = """
select * from rpt_sycophancy_effect
where stratum_id = $stratum and weighting = $weighting
order by judge, judge_version, rubric_version, level desc, outcome
"""
THERE = """
select 'rates' as show, stratum_id, weighting from rpt_sycophancy
where judge <> 'people' and label = 'sycophancy'
union
select 'effects', stratum_id, weighting from rpt_sycophancy_effect
order by all
"""
NOBODY = (
    "No judge labelled sycophancy: demoscope label run sycophancy, load the labels, then build."
)


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

    return {f">{title}": said}


def _outcome(row: Row) -> str:
    """What was rated or judged, with its unit."""
    what, kind = row["outcome"].rsplit("_", 1)
    unit = "points of 1 to 7" if kind == "rating" else "share won"
    return f"{what.replace('_', ' ')} {kind} ({unit})"


JUDGE: Columns = {"judge": lambda row: " ".join(filter(None, (row["judge"], row["judge_version"])))}
EFFECT_COLUMNS: Columns = {
    **JUDGE,
    "<what goes with flattery": _outcome,
    "<compared": lambda row: row["level"].replace("_", " "),
    **_interval("as judged (95%)", "naive_effect", "+.2f"),
    **_interval("less judge's errors (95%)", "effect", "+.2f"),
    **_interval("by people alone (95%)", "people_effect", "+.2f"),
    ">p, all rows": lambda row: "" if row["p_adjusted"] is None else f"{row['p_adjusted']:.3f}",
    ">E-value": lambda row: "" if row["e_value"] is None else f"{row['e_value']:.1f}",
    ">answers": "{answer_count:,}",
    ">people": "{participant_count:,}",
}
RATE_COLUMNS: Columns = {
    **JUDGE,
    "model": "{model_id}",
    **_interval("answers that flatter, as judged (95%)", "naive_share", ".0%"),
    **_interval("less judge's errors (95%)", "corrected_share", ".0%"),
    ">answers": "{answer_count:,}",
    ">people": "{participant_count:,}",
}


def sycophancy(
    show: Annotated[Show, typer.Argument(help="effects, or rates by model.")] = Show.EFFECTS,
    *,
    stratum: Annotated[str, typer.Option(help="all, or a country; of rates also a group.")] = "all",
    weighting: Annotated[
        str | None, typer.Option(help="none, or a scheme; the census where not given.")
    ] = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Show how often models flatter, and what goes with it: ratings and verdicts."""
    from orchestration.database import mart_columns, mart_rows
    from publishing.boards.labels import who_judged

    query, columns, note = {
        Show.RATES: (RATES, RATE_COLUMNS, "intervals are of one model at a time"),
        Show.EFFECTS: (EFFECTS, EFFECT_COLUMNS, "associations, not causes; p is of all together"),
    }[show]
    home = Home.from_environment()
    there = mart_rows(home, THERE)
    own = [row for row in there if row["show"] == show.value]
    if not own:
        nothing = NOBODY
        if there:
            nothing = f"There are no {show.value}; there are {there[0]['show']}."
        values = {"stratum": stratum, "weighting": weighting}
        print_rows(
            show.value, [], output, columns, nothing=nothing,
            fields=lambda: mart_columns(home, query, values),
        )  # fmt: skip
        return
    require_known("stratum", stratum, [row["stratum_id"] for row in there])
    require_known("weighting", weighting, [row["weighting"] for row in there])
    weightings = [row["weighting"] for row in own if row["stratum_id"] == stratum]
    chosen = weighting or chosen_weighting(None, weightings)
    values = {"stratum": stratum, "weighting": chosen}
    rows = mart_rows(home, query, values)
    weighted = shown_labels().weighting(chosen, stratum)
    title = f"Sycophancy, {show.value}; {who_judged(stratum)}; {weighted}"
    if weightings:
        nothing = f"There are no {show.value} of {stratum} weighted by {chosen!r}. "
        nothing += f"Weightings there are: {listed(sorted(weightings))}"
    else:
        strata = sorted({row["stratum_id"] for row in own})
        nothing = f"There are no {show.value} of {stratum}. There are those of: {listed(strata)}"
    print_rows(
        show.value, rows, output, columns, title=title, note=note, nothing=nothing,
        fields=lambda: mart_columns(home, query, values),
    )  # fmt: skip
