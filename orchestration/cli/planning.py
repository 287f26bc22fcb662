"""`demoscope queue` and `recruit`: which battles to hold next, and whom to recruit."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import BusyError, NotFoundError, UsageError
from ingestion.paths import Home
from orchestration.cli.choices import shown_labels
from orchestration.cli.output import FORMAT, Format, print_rows, say
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from orchestration.cli.output import Columns
    from ratings.tables.planning import Start, StudyPolicy, Wanted

EVERYBODY = "all"
PROPOSALS: Columns = {
    ">place": "{place}",
    "stratum": "{stratum}",
    "left": "{model_a}",
    "right": "{model_b}",
    ">gain": "{expected_gain:.4f}",
    ">propensity": "{propensity:.6f}",
    "": lambda row: "random" if row["is_random"] else "",
}


def queue(
    stratum: Annotated[
        str | None,
        typer.Option(help="Whose board gains and who judges; the population's where not given."),
    ] = None,
    dimension: Annotated[str, typer.Option(help="What is to be judged.")] = "overall",
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "--batch", min=1, max=100_000, help="How many; else as the policy says."
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="Pairing policy, name or name@version; the study's default.")
    ] = None,
    participant: Annotated[
        str | None,
        typer.Option(help="Whom to ask: their id with --source, or their key; no pair they met."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The study's source; needed by --participant, --schedule.")
    ] = None,
    schedule: Annotated[
        bool, typer.Option("--schedule", help="Write the proposals into the log as events.")
    ] = False,
    output: FORMAT = Format.TABLE,
) -> None:
    """Show which battles to hold next."""
    from orchestration import queueing  # imports duckdb, numba
    from orchestration.dbt_runs import PROJECT_DIRECTORY
    from publishing.boards.labels import who_judged
    from ratings.tables.planning import POPULATION

    is_key = participant is not None and queueing.is_pseudonym(participant)
    if source is None and (schedule or (participant is not None and not is_key)):
        message = "A participant's id, and an event, belong to a source."
        raise UsageError(message, remedy="Add --source NAME.")
    home = Home.from_environment()
    chosen = queueing.find_policy(PROJECT_DIRECTORY, policy)
    start = queueing.read_start(home.ratings, dimension)
    if stratum is None and participant is None:
        start, stratum = of_own_people(home, start, chosen)
    wanted = _wanted(home, start, chosen, (stratum, dimension, limit), (participant, source))
    proposals = queueing.next_battles(start, wanted, chosen)
    _say_about(start, wanted, len(proposals))
    if schedule and source is not None:
        report = queueing.schedule(home, proposals, source, participant)
        say(
            f"Scheduled {report.accepted_count:,} battles, {report.duplicate_count:,} were"
            f" already; log position {report.position}"
        )
    rows = [
        {"stratum": one["stratum_id"]}
        | {name: one[name] for name in one if name not in {"stratum_id", "board"}}
        for one in proposals
    ]
    first = rows[0]
    print_rows(
        "rows",
        rows,
        output,
        PROPOSALS,
        head={"board": wanted.board, "policy": chosen.pairing.policy},
        title=f"Next battles on {shown_labels().dimension(dimension)}, for the board of"
        f" {'the population' if wanted.board == POPULATION else who_judged(wanted.board)}",
        note=f"pairing policy {first['policy']}@{first['policy_version']};"
        " gain in nats, given those above",
    )


def of_own_people(home: Home, start: Start, policy: StudyPolicy) -> tuple[Start, str | None]:
    """The population as far as its people judge; the board of everybody where none of them do."""
    from orchestration import queueing
    from ratings.tables.planning import POPULATION, parts_of

    try:
        judging = queueing.countries_judging(home)
    except (NotFoundError, BusyError):
        # A queue needs no database.
        return start, None
    parts = parts_of(start, POPULATION, policy)
    pool = list(dict.fromkeys(part.partition("/")[0] for part, _ in parts))
    missing = [country for country in pool if country not in judging]
    if not missing:
        return start, None
    own = queueing.with_people(start, policy, judging)
    if own is not None:
        say(
            f"Nobody of {', '.join(missing)} has judged, so people of the others are asked:"
            " --stratum asks about another group."
        )
        return own, None
    who = f"are of {', '.join(judging)}" if judging else "said no country"
    say(
        f"Those who judged {who}, and the census shares are those of {', '.join(pool)}: so these"
        " are the battles that teach most about everybody, by any judge."
        if pool
        else "No country has census shares: what teaches most about everybody, by any judge."
    )
    return start, EVERYBODY


def _wanted(
    home: Home,
    start: Start,
    chosen: StudyPolicy,
    asked: tuple[str | None, str, int | None],
    person: tuple[str | None, str | None],
) -> Wanted:
    """The queue that is meant: of a participant, what teaches most when they judge."""
    from orchestration import queueing
    from ratings.tables.planning import POPULATION, Wanted

    (stratum, dimension, batch), (participant, source) = asked, person
    board, judge = stratum or POPULATION, None
    seen: frozenset[frozenset[str]] = frozenset()
    if participant is not None:
        key = participant if source is None else queueing.key_of(home, source, participant)
        seen = queueing.pairs_met(home, key) if key else seen
        if stratum is None:
            judge = queueing.part_of(home, start, key, chosen) if key else None
            board = POPULATION if judge else EVERYBODY
            if judge is None:
                axis = chosen.population_axis
                say(f"Their {axis} is not known; what teaches most about everybody:")
    awaited = queueing.battles_awaited(home, dimension, chosen.awaited_battles)
    size = batch or chosen.batch_size
    return Wanted(board, dimension, size, participant, seen, judge, awaited)


def _say_about(start: Start, wanted: Wanted, found: int) -> None:
    from orchestration import queueing
    from ratings.tables.planning import POPULATION

    board, dimension, awaited = wanted.board, wanted.dimension, len(wanted.awaited)
    if awaited:
        say(f"{awaited:,} scheduled battles are awaited, and count as if they were judged.")
    if board != POPULATION and queueing.is_unjudged(start, board, dimension):
        say(f"Nobody in {board} has judged {dimension} yet; to the prior all models are alike.")
    if found < wanted.size:
        say(f"There are no more than {found} pairs to ask for.")


COUNTRIES = "select * from rpt_recruitment where level = 'country' order by country"
UNKNOWN = """
select recruitment.country, lower(axes.label) as question, min(recruitment.unknown_count) as people
from rpt_recruitment as recruitment
inner join dim_stratum as strata using (stratum_id)
inner join seeds.seed_axes as axes
    on strata.country = axes.country and strata.axis = axes.axis
where recruitment.unknown_count > 0
group by recruitment.country, axes.label, axes.sort_order
order by recruitment.country, axes.sort_order
"""
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


def recruit(
    *,
    level: Annotated[Level, typer.Option(help="What a row is.")] = Level.STRATUM,
    country: Annotated[str | None, typer.Option(help="Only this country.")] = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Whom to recruit next, how many, and what it costs."""
    from orchestration.database import mart_columns, mart_rows  # import DuckDB
    from orchestration.queueing import countries_judging

    home = Home.from_environment()
    countries = mart_rows(home, COUNTRIES)
    known = [row["country"] for row in countries]
    if country is not None and country not in known:
        message = f"There is no recruitment target for {country!r}."
        meant = did_you_mean(country, known)
        remedy = f"{meant}seed_recruitment_targets has: {', '.join(known)}."
        raise NotFoundError(message, remedy=remedy)
    values = {"level": level.value, "country": country}
    rows = mart_rows(home, ROWS, values)
    judging = countries_judging(home)
    # A country of the seeds in which nobody of this study lives is none of its own.
    elsewhere = [one for one in known if judging and one not in judging and country is None]
    rows = [row for row in rows if row["country"] not in elsewhere]
    countries = [row for row in countries if row["country"] not in elsewhere]
    columns: Columns = {
        level.value: lambda row: row["stratum_id"] or f"{row['country']}: {row['label']}",
        ">people": "{participant_count:,}",
        ">sample": lambda row: _share(row["sample_share"]),
        ">target": lambda row: _share(row["target_share"]),
        ">short": lambda row: f"{row['short_count']:,}" if row["short_count"] else "",
        ">cost": lambda row: f"{row['cost']:,.0f} {row['currency']}" if row["cost"] else "",
        ">next": lambda row: f"{row['next_count']:,}" if row["next_count"] else "",
    }
    for sentence in about_countries(known, judging, elsewhere):
        say(sentence)
    print_rows(
        "recruitment", rows, output, columns, nothing="Nobody to recruit by these targets.",
        fields=lambda: mart_columns(home, ROWS, values),
    )  # fmt: skip
    if output is Format.TABLE:
        unknown = mart_rows(home, UNKNOWN)
        for row in countries:
            if country in {None, row["country"]}:
                say(_sentence(row))
                own = [one for one in unknown if one["country"] == row["country"]]
                if own:
                    say(_of_unknown(own))


def about_countries(known: list[str], judging: list[str], elsewhere: list[str]) -> list[str]:
    """Which countries have no targets of recruitment, and which are left out."""
    without = [one for one in judging if one not in known]
    said = []
    if without:
        said.append(
            f"People of {', '.join(without)} judge, and have no targets: add rows of theirs to"
            " seed_recruitment_targets and seed_targets."
        )
    if elsewhere:
        said.append(
            f"Nobody of {', '.join(elsewhere)} has judged, so nothing is asked there:"
            f" --country {elsewhere[0]} shows whom it would take."
        )
    return said


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


def _of_unknown(rows: list[dict[str, Any]]) -> str:
    """How many answered which question in no group."""
    each = ", ".join(f"{row['question']} of {row['people']:,}" for row in rows)
    return f"{rows[0]['country']}: unknown is {each}. A sample share is among the others."


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
