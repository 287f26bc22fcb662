"""`demoscope quality`: who takes part in earnest, strikes, appeals, and what boards make of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, FORMAT, Format, print_json, print_rows, put, say
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from orchestration.cli.output import Columns

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Who takes part in earnest: rules, strikes, appeals, sensitivity.",
)

RULES = "select * from rpt_quality_rule order by sort_order, rule_version"
PARTICIPANTS = """
select * from rpt_participant_quality
where state <> 'clean' and ($state is null or state = $state)
order by strike_count + open_hit_count desc, participant_key
limit $limit
"""
SENSITIVITY = """
select * from rpt_quality_sensitivity
where dimension = $dimension
order by strikes_to_exclude desc nulls first, policy, policy_version, rank
"""
DIMENSIONS = "select distinct dimension from rpt_quality_sensitivity order by dimension"
BIAS = """
select bias.*, coalesce(dimensions.short_label, bias.dimension) as question
from rpt_position_bias as bias
left join dim_dimension as dimensions using (dimension)
order by dimensions.sort_order, dimension
"""
WEIGHTED = """
select model_id
from rpt_leaderboard
where stratum_id = 'all' and dimension = $dimension and weighting <> 'none'
limit 1
"""


class State(StrEnum):
    """What became of a participant."""

    OPEN = "open"
    STRUCK = "struck"
    EXCLUDED = "excluded"
    EXCLUDED_BY_HAND = "excluded_by_hand"


@app.command()
def rules(*, output: FORMAT = Format.TABLE) -> None:
    """What each rule reads, whom it hits, and what became of the hits."""
    columns: Columns = {
        "rule": "{rule}@{rule_version}",
        "hit": lambda row: (
            f"{row['measure']} {row['comparison'].replace('_', ' ')} {row['threshold']:g}"
            + (f", of {row['basis_min']} or more" if row["basis_min"] > 1 else "")
        ),
        ">people": "{participant_count:,}",
        ">hits": "{hit_count:,}",
        ">open": "{open_hit_count:,}",
        ">struck": "{struck_hit_count:,}",
        ">appealed": "{appealed_hit_count:,}",
    }
    _print("rules", RULES, output, columns)


@app.command()
def participants(
    *,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    output: FORMAT = Format.TABLE,
) -> None:
    """Participants with hits or strikes, most of them first."""
    columns: Columns = {
        "participant": "{participant_key}",
        "state": "{state}",
        ">strikes": "{strike_count:,}",
        ">open": "{open_hit_count:,}",
        ">talks": "{conversation_count:,}",
        ">verdicts": "{verdict_count:,}",
        ">s per turn": lambda row: _number(row["median_turn_seconds"], ".1f"),
        ">checks failed": lambda row: (
            f"{row['attention_check_failed_count'] or 0:,}/{row['attention_check_count'] or 0:,}"
        ),
        ">left": lambda row: _number(row["left_share"], ".2f"),
        ">ties": lambda row: _number(row["tie_share"], ".2f"),
    }
    values = {"state": state and state.value, "limit": limit}
    _print("participants", PARTICIPANTS, output, columns, values)


@app.command()
def sensitivity(
    *,
    dimension: Annotated[str, typer.Option(help="What was judged.")] = "overall",
    output: FORMAT = Format.TABLE,
) -> None:
    """The board under no quality policy, under each, and how far ranks move."""
    columns: Columns = {
        "policy": "{policy}@{policy_version}",
        ">left out": "{excluded_participant_count:,}",
        ">rank": "{rank}",
        "range": "{rank_lo}-{rank_hi}",
        ">moved": lambda row: f"{row['rank_change']:+d}" if row["rank_change"] else "",
        "model": "{model_id}",
        ">skill": "{skill:+.2f}",
        ">verdicts": "{battle_count:,}",
    }
    found = _rows(SENSITIVITY, {"dimension": dimension})
    if not found:
        known = [row["dimension"] for row in _rows(DIMENSIONS)]
        message = f"There is no dimension {dimension!r}."
        meant = did_you_mean(dimension, known)
        raise NotFoundError(message, remedy=f"{meant}There are: {', '.join(known)}.")
    print_rows("models", found, output, columns)


@app.command()
def bias(*, output: FORMAT = Format.TABLE) -> None:
    """How far standing on the left sways verdicts, per dimension."""
    columns: Columns = {
        "question": "{question}",
        ">left": "{left_share:.1%}",
        ">right": "{right_share:.1%}",
        ">ties": "{tie_share:.1%}",
        ">bias": lambda row: _number(row["bias"], "+.3f"),
        ">95% interval": lambda row: (
            f"{_number(row['bias_lo'], '+.3f')} to {_number(row['bias_hi'], '+.3f')}"
        ),
        ">verdicts": "{battle_count:,}",
        ">people": "{participant_count:,}",
    }
    _print("dimensions", BIAS, output, columns)


@app.command()
def votes(
    *,
    dimension: Annotated[str, typer.Option(help="What was judged.")] = "overall",
    output: FORMAT = Format.TABLE,
) -> None:
    """What in everybody's verdicts looks like rigging, and how many people and votes that is."""
    from publishing.boards.vote_quality import SIGNALS

    is_weighted = bool(_rows(WEIGHTED, {"dimension": dimension}))
    columns: Columns = {
        "signal": "{signal}",
        "model": lambda row: row["model_id"] or "",
        ">looked at": "{tested_count:,}",
        ">expected": lambda row: _number(row["expected_people"], ".1f"),
        ">people": "{people_count:,}",
        ">verdicts": "{verdict_count:,}",
        ">share": "{verdict_share:.1%}",
        ">weight": lambda row: _number(row["weight_share"] if is_weighted else None, ".1%"),
        "most of": lambda row: row["most_affected_model_id"] or "",
        ">p": lambda row: _number(row["p_adjusted"], ".2g"),
        "found": lambda row: "yes" if row["is_found"] else "",
    }
    _print("signals", SIGNALS, output, columns, {"dimension": dimension})


@app.command()
def strike(
    *,
    policy: Annotated[
        str | None, typer.Option(help="Quality policy, name or name@version; else the default.")
    ] = None,
    participant: Annotated[str | None, typer.Option(help="Pseudonym: only theirs.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Issue a strike for every open hit of the last build; exclude each who has enough."""
    from orchestration.quality import find_strikes, issue  # imports pyarrow

    home = Home.from_environment()
    found = find_strikes(home, policy, participant)
    report = None if dry_run else issue(home, found)
    counts = {} if report is None else report.accepted_by_event_type
    document = {
        "policy": found.policy,
        "policy_version": found.version,
        "is_dry_run": dry_run,
        "strike_count": counts.get("strike_issued", 0),
        "exclusion_count": counts.get("participant_excluded", 0),
        "duplicate_count": 0 if report is None else report.duplicate_count,
        "quarantined_count": 0 if report is None else report.quarantined_count,
        "log_position": None if report is None else report.position,
        "strikes": found.strikes,
        "exclusions": found.exclusions,
    }
    if as_json:
        print_json(document)
        return
    if dry_run:
        people = len({row["participant_id"] for row in found.strikes})
        words = f"{len(found.strikes):,} strikes for {people:,} participants"
        put(f"{found.name} would issue {words}, and exclude {len(found.exclusions):,}")
    elif report is None or not report.accepted_count:
        put(f"{found.name}: nothing new; every hit has its strike")
    else:
        put(
            f"{found.name}: {document['strike_count']:,} strikes, {document['exclusion_count']:,}"
            f" exclusions at log position {report.position}"
        )
        say("They take effect with the next build: demoscope build")
    if report is not None and report.quarantined_count:
        say(f"{report.quarantined_count:,} are in quarantine: see fct_load.")


@app.command()
def appeal(
    event: Annotated[str, typer.Argument(help="Id of the strike or exclusion, or its beginning.")],
    *,
    reason: Annotated[str, typer.Option(help="Why it should not stand.")],
    as_json: AS_JSON = False,
) -> None:
    """Retract a strike or an exclusion; with too few strikes left the participant counts again."""
    from orchestration.quality import appeal as retract  # imports pyarrow

    retracted, report = retract(Home.from_environment(), event, reason)
    names = ("event_id", "event_type", "position")
    shown = {name: retracted[name] for name in names}
    if as_json:
        document = {"status": report.status, "log_position": report.position}
        print_json({"retracted": [shown], **document})
        return
    done = "was retracted before" if report.status == "nothing_new" else "is retracted"
    put(f"{shown['event_type']} {shown['event_id']} {done}, at log position {report.position}")


def _rows(query: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    from orchestration.database import mart_rows  # imports DuckDB

    return mart_rows(Home.from_environment(), query, values)


def _print(
    name: str,
    query: str,
    output: Format,
    columns: Columns,
    values: dict[str, Any] | None = None,
) -> None:
    """The rows of a query."""
    from orchestration.database import mart_columns

    home = Home.from_environment()
    print_rows(
        name, _rows(query, values), output, columns,
        fields=lambda: mart_columns(home, query, values),
    )  # fmt: skip


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
