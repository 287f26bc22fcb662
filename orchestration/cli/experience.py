"""`demoscope experience`: how people rate models one at a time, and where a model is weak."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.paths import Home
from orchestration.cli.choices import chosen_weighting, listed, require_known, shown_labels
from orchestration.cli.output import FORMAT, Format, print_rows

if TYPE_CHECKING:
    from orchestration.cli.output import Columns

WEIGHTINGS = "select distinct weighting from rpt_experience where stratum_id = $stratum"
RATINGS = """
select experience.*, criteria.label, models.display_name
from rpt_experience as experience
inner join dim_criterion as criteria using (criterion)
left join dim_model as models using (model_id)
where experience.stratum_id = $stratum and experience.weighting = $weighting
    and ($criterion is null or experience.criterion = $criterion)
    and ($model is null or experience.model_id = $model)
    and ($criterion is not null or $model is not null or criteria.parent_criterion is null)
order by criteria.sort_order, experience.criterion,
    experience.rank nulls last, experience.model_id
"""
GAPS = """
select gap.*
from rpt_criterion_gap as gap
left join dim_criterion as subjective using (criterion)
left join dim_criterion as objective on gap.against_criterion = objective.criterion
where gap.stratum_id = $stratum and gap.weighting = $weighting
    and gap.model_id = coalesce($model, '*')
    and ($criterion is null or $criterion in (gap.criterion, gap.against_criterion))
order by subjective.sort_order nulls first, objective.sort_order nulls first
"""
# A pool's groups are weighted as their countries are.
PROFILES = """
select * from rpt_model_profile
where (weighting = $weighting or ($stratum = 'all' and stratum_id <> 'all'
        and (weighting = 'none') = ($weighting = 'none')))
    and ($stratum = 'all' or stratum_id = $stratum)
    and ($model is null or model_id = $model)
    and ($criterion is null or criterion = $criterion)
order by p_adjusted, abs(difference) desc, stratum_id, criterion, model_id
"""
WEIGHTED = "select distinct weighting, stratum_id from {mart} order by all"
MARTS = {
    "ratings": "rpt_experience",
    "gaps": "rpt_criterion_gap",
    "profiles": "rpt_model_profile",
}
KNOWN = {
    "stratum": "select distinct stratum_id from rpt_experience order by all",
    "criterion": "select distinct criterion from rpt_experience order by all",
    "model": "select distinct model_id from rpt_experience order by all",
}
NOBODY = "No ratings of one model at a time: load some (docs/beyond-battles.md), then build."


class Show(StrEnum):
    """What to show."""

    RATINGS = "ratings"
    GAPS = "gaps"
    PROFILES = "profiles"


# Nothing then tells how far people differ.
ALL_ALIKE = "all say the same"
RATING_COLUMNS: Columns = {
    "criterion": "{label}",
    ">rank": lambda row: str(row["rank"] or ""),
    "^range": lambda row: "" if row["rank"] is None else f"{row['rank_lo']}-{row['rank_hi']}",
    "model": lambda row: row["model_id"] + (" *" if row["is_provisional"] else ""),
    ">rating, 1 to 7": "{rating:.2f}",
    ">95% interval": lambda row: (
        ALL_ALIKE
        if row["rating_lo"] is None
        else f"{row['rating_lo']:.2f} to {row['rating_hi']:.2f}"
    ),
    ">if all rated": lambda row: (
        "" if row["probit_rating"] is None else f"{row['probit_rating']:.2f}"
    ),
    ">ratings": "{rating_count:,}",
    ">people": "{participant_count:,}",
    ">effective people": "{effective_participant_count:,.0f}",
}
GAP_COLUMNS: Columns = {
    "criterion": "{criterion}",
    "against": "{against_criterion}",
    ">gap, points": "{gap:+.2f}",
    ">95%, all rows together": lambda row: (
        ALL_ALIKE
        if row["gap_together_lo"] is None
        else f"{row['gap_together_lo']:+.2f} to {row['gap_together_hi']:+.2f}"
    ),
    ">p, all rows": "{p_adjusted:.3f}",
    ">gap, sds of a rater": lambda row: (
        "" if row["gap_standardised"] is None else f"{row['gap_standardised']:+.2f}"
    ),
    ">people": "{participant_count:,}",
}
PROFILE_COLUMNS: Columns = {
    "who": "{stratum_id}",
    "<finding": "{sentence}",
    ">p, all findings": "{p_adjusted:.3f}",
    ">people": "{participant_count:,}",
}


def experience(
    show: Annotated[
        Show,
        typer.Argument(help="ratings, gaps between criteria, or profiles: who rates otherwise."),
    ] = Show.RATINGS,
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    stratum: Annotated[str, typer.Option(help="all, US, UK, US/age/18-34, ...")] = "all",
    criterion: Annotated[
        str | None, typer.Option(help="Only this one: helpfulness, personality, ...")
    ] = None,
    weighting: Annotated[
        str | None, typer.Option(help="none, or a scheme; the census where not given.")
    ] = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Show how people rate models one at a time, 1 to 7."""
    from orchestration.database import mart_columns, mart_rows
    from publishing.boards.labels import who_judged

    home = Home.from_environment()
    query, columns = {
        Show.RATINGS: (RATINGS, RATING_COLUMNS),
        Show.GAPS: (GAPS, GAP_COLUMNS),
        Show.PROFILES: (PROFILES, PROFILE_COLUMNS),
    }[show]
    asked = {"stratum": stratum, "criterion": criterion, "model": model}
    if not mart_rows(home, "from rpt_experience limit 1"):
        print_rows(
            show.value, [], output, columns, nothing=NOBODY,
            fields=lambda: mart_columns(home, query, {**asked, "weighting": None}),
        )  # fmt: skip
        return
    for name, value in asked.items():
        known = [next(iter(row.values())) for row in mart_rows(home, KNOWN[name])]
        require_known(name, value, known)
    found = [row["weighting"] for row in mart_rows(home, WEIGHTINGS, {"stratum": stratum})]
    chosen = chosen_weighting(weighting, found)
    values = {**asked, "weighting": chosen}
    rows = mart_rows(home, query, values)
    weighted = shown_labels().weighting(chosen, stratum)
    title = f"Experience, {show.value}; {who_judged(stratum)}; {weighted}"
    nothing = _nothing(show, asked, chosen, mart_rows(home, WEIGHTED.format(mart=MARTS[show])))
    note = _note(show, rows)
    print_rows(
        show.value, rows, output, columns, title=title, note=note, nothing=nothing,
        fields=lambda: mart_columns(home, query, values),
    )  # fmt: skip


def _nothing(
    show: Show, asked: dict[str, str | None], weighting: str, there: list[dict[str, Any]]
) -> str:
    """Why nothing is shown where every choice is one that has ratings, and what there is."""
    chosen = [f"{name} {value}" for name, value in asked.items() if value is not None]
    said = f"There are no {show.value} of {', '.join(chosen)}, weighting {weighting}."
    if show is Show.PROFILES:
        said += " Nothing there differs by more than chance."
    others = sorted({_in_words(row) for row in there})
    return f"{said} There are {show.value} of {listed(others)}" if others else said


def _in_words(row: dict[str, Any]) -> str:
    is_weighted = row["weighting"] != "none"
    how = f"--weighting {row['weighting']}" if is_weighted else "unweighted (--weighting none)"
    return f"{row['stratum_id']} {how}"


def _note(show: Show, rows: list[dict[str, Any]]) -> str | None:
    if show is Show.PROFILES:
        return "of all that is shown, at most one in twenty is expected to be chance"
    if show is Show.GAPS:
        return "intervals hold for all rows of a model together; * is the mean over all"
    left_out = sum(row["left_out_count"] for row in rows)
    notes = ["intervals are of one model at a time; ranges of ranks hold for a criterion together"]
    if left_out:
        notes.append(f"{left_out:,} ratings left out: excluded people, or people without weight")
    if any(row["is_provisional"] for row in rows):
        notes.append("* fewer than ten people rated it")
    return "; ".join(notes)
