"""`demoscope build`, `leaderboard` and `study`: from the log, or a bundled study, to boards."""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import BusyError, NotFoundError, UsageError
from ingestion.paths import HOME_VARIABLE, Home
from orchestration.cli.choices import require_choice, require_known
from orchestration.cli.output import (
    AS_JSON,
    AS_OF,
    FORMAT,
    Format,
    existing_home,
    print_json,
    print_rows,
    put,
    say,
)
from orchestration.cli.progress import counting, steps
from orchestration.cli.settings import settings
from publishing.counted import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orchestration.cli.output import Columns
    from publishing.boards.store import Release

STEPS = {
    "transform": "Building state, strata and counts (dbt)",
    "rate": "Rating every tournament",
    "verify": "Checking the log",
    "report": "Building reports (dbt)",
    "board": "Keeping the release",
}
BOARD_KEYS = ("stratum_id", "weighting")
UNCOMPARED = """
select model_id from dim_model
where is_registered and not has_battled and not is_retired
order by model_id
"""
# What is left out of ratings has a warning with the number of ratings.
LEFT_OUT = """
select what, count(*) as board_count from rpt_left_out
where what <> 'ratings'
group by what
order by what
"""
DEPENDENCE = """
select
    count(*) as board_count,
    coalesce(sum(case when interval_basis = 'independent' then 1 else 0 end), 0) as unknown_count,
    coalesce(sum(case when interval_basis = 'few_participants' then 1 else 0 end), 0) as few_count
from rpt_board_summary
where estimator = 'trueskill_ep' and weighting = 'none'
"""
MISFITS = """
select check_name, statistic, expected, both_ways_share from rpt_model_fit
where stratum_id = $stratum and dimension = $dimension and is_misfit
order by check_name
"""
MISFIT_COUNTS = """
select check_name, count(*) as board_count from rpt_model_fit
where is_misfit
group by check_name
order by check_name
"""
MISFIT_WORDS = {
    "drift": "verdicts changed between the earlier and the later half of the battles",
    "pairs": "verdicts on pairs of models differ from what skills say",
    "triads": "models beat each other in a circle",
}
COLUMNS: Columns = {
    ">rank": "{rank}",
    "^range": "{rank_lo}-{rank_hi}",
    "model": lambda row: row["model_id"] + (" *" if row["is_provisional"] else ""),
    ">skill": "{skill:+.2f}",
    ">95% interval": "{skill_lo:+.2f} to {skill_hi:+.2f}",
    ">P(best)": "{p_best:.1%}",
    ">win share": "{win_share:.1%}",
    ">battles": "{battle_count:,}",
}
VALID_UNTIL = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="ISO time: what happened later does not count."),
]


def build(
    as_of: AS_OF = None,
    valid_until: VALID_UNTIL = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter of the ratings; repeatable."),
    ] = None,
    fixed_prior: Annotated[
        bool,
        typer.Option(
            "--fixed-prior",
            help="Keep the prior's spread at prior_sd, rather than learn it per dimension.",
        ),
    ] = False,
    pool_countries: Annotated[
        bool,
        typer.Option(
            "--pool-countries",
            help="One trueskill_hierarchical over all countries: each borrows from the rest.",
        ),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(metavar="duckdb|spark", help="What makes the tables that grow with a study."),
    ] = "duckdb",
    stage: Annotated[
        str, typer.Option(help="How far to build: boards, the release alone; or all.")
    ] = "all",
    as_json: AS_JSON = False,
) -> None:
    """Build every mart and the leaderboard from the log.

    With --stage boards, --as-of or --valid-until a release is made and kept, and nothing else
    changes: tables, reports and the page stay as the last whole build left them.
    """
    from ingestion.log import EventLog
    from orchestration.building import ENGINES, STAGES, makes_everything
    from orchestration.building import build as run_build  # imports dbt, numba
    from orchestration.database import open_database
    from orchestration.event_search import unmatched_targets
    from publishing.boards.inputs import cut_of, with_changes

    require_choice("engine", engine, ENGINES)
    require_choice("stage", stage, STAGES)
    home = existing_home()
    chosen = ["estimate_prior_sd=false"] if fixed_prior else []
    chosen += ["pool_countries=true"] if pool_countries else []
    warnings: list[str] = []
    with steps(STEPS) as step:
        release = run_build(
            home,
            as_of=as_of,
            valid_until=valid_until,
            parameters=with_changes([*(parameter or ()), *chosen]),
            engine=engine,
            stage=stage,
            step=step,
            warn=warnings.append,
        )
    is_whole = makes_everything(as_of, valid_until, stage)
    _say_warnings(warnings, home if is_whole else None)
    # A mistyped target does nothing, which would go unnoticed.
    count = unmatched_targets(EventLog.open(home.log), release.subject["log_position"])
    if count:
        say(
            f"warning: {count:,} events are corrected or retracted that are not in the log, or"
            " corrected though they are no battles."
        )
    if is_whole:
        # While it is open, opening it costs each question nothing.
        with open_database(home.database, is_read_only=True):
            _say_unmatched(home)
            _say_weighting_gaps(home)
            _say_uncompared(home)
            _say_dependence(home)
            _say_left_out(home)
            _say_misfits(home)
    if as_json:
        print_json({"release": {"release_id": release.id, **release.subject}})
    else:
        put(f"Release {release.id} as of {cut_of(release.subject)}")
    if not is_whole:
        say(_of_boards_alone(release))


def _of_boards_alone(release: Release) -> str:
    """Where a release without reports can be seen."""
    rest = "Other commands and the page read the tables of the last whole build: demoscope build"
    if not release.rows().num_rows:
        return f"It has no board, as nobody compared models. {rest}"
    return f"Its boards: demoscope leaderboard --as-of {release.id[:12]}. {rest}"


def _say_warnings(warnings: Sequence[str], home: Home | None) -> None:
    """What dbt's tests warn of, and where the SQL lies that selects the rows, if it was kept."""
    for warning in warnings:
        say(f"warning: {warning}")
    if home is None:
        return
    compiled = home.root / "dbt" / "target" / "compiled"
    if warnings and compiled.exists():
        say(f"The SQL that selects the rows lies under {compiled}, by the names of the tests.")


def _say_unmatched(home: Home) -> None:
    """What did not meet and looks like a mistake: people, models, criteria, labels, ratings."""
    from orchestration.unknown_models import unknown_models
    from orchestration.unmatched_people import nobody_enrolled, unmatched_people
    from orchestration.unseeded_criteria import unseeded_criteria
    from orchestration.unused_answers import unused_answers

    said = [*unmatched_people(home), *unknown_models(home)]
    said += [*unseeded_criteria(home), *unused_answers(home)]
    for sentence in said:
        say(f"warning: {sentence}")
    if nobody_enrolled(home):
        say("note: nobody is enrolled, so boards are unweighted.")


def _say_weighting_gaps(home: Home) -> None:
    """Verdicts and models that weighted boards go without, and countries without weights."""
    from orchestration.weighting_gaps import weighting_gaps

    for sentence in weighting_gaps(home):
        say(f"warning: {sentence}")


def _say_left_out(home: Home) -> None:
    """What boards go without in a study of very many models."""
    from orchestration.database import mart_rows

    with suppress(BusyError):
        rows = mart_rows(home, LEFT_OUT)
        if rows:
            said = ", ".join(f"{row['what']} of {row['board_count']:,}" for row in rows)
            say(
                f"note: the study has very many models, so boards go without: {said} strata and"
                " dimensions (table rpt_left_out)."
            )


def _say_dependence(home: Home) -> None:
    """Which unweighted boards have intervals that don't know who judged, or hardly."""
    from orchestration.database import mart_rows

    with suppress(BusyError):
        [found] = mart_rows(home, DEPENDENCE)
        boards = counted(found["board_count"], "unweighted board")
        if found["unknown_count"]:
            say(
                f"note: the judges of {found['unknown_count']:,} of {boards} are unknown, so"
                " verdicts are taken as independent there."
            )
        if found["few_count"]:
            say(
                f"note: fewer than ten people judged {found['few_count']:,} of {boards}: too few to"
                " tell how far people differ."
            )


def _say_misfits(home: Home) -> None:
    """How many boards do not fit, and whether sides can be told from skill."""
    from orchestration.database import mart_rows

    with suppress(BusyError):
        rows = mart_rows(home, MISFIT_COUNTS)
        counts = {row["check_name"]: row["board_count"] for row in rows}
        one_sided = counts.pop("sides", 0)
        if one_sided:
            say(
                f"warning: {counted(one_sided, 'board')} can't tell an advantage of being shown"
                " first from skill, as too few pairs were shown both ways round (table"
                " rpt_model_fit). Show each pair either way round, by chance."
            )
        if counts:
            said = ", ".join(f"{name} of {count:,}" for name, count in counts.items())
            say(
                f"note: verdicts are not as the boards' model says: {said} strata and dimensions"
                " (table rpt_model_fit)."
            )


def _say_uncompared(home: Home) -> None:
    """Explains why a model that was registered is on no board."""
    from orchestration.database import mart_rows

    # The release is made; that somebody else has the database open by now is no failure.
    with suppress(BusyError):
        models = [row["model_id"] for row in mart_rows(home, UNCOMPARED)]
        if models:
            say(
                f"note: registered, but on no board, as nobody compared them: {', '.join(models)}."
                " demoscope queue proposes battles."
            )


def leaderboard(
    dimension: Annotated[
        str | None, typer.Option(help="What was judged; `overall` where not given.")
    ] = None,
    stratum: Annotated[
        str, typer.Option(help="all, US, UK, US/age/18-34, UK/politics/Labour, ...")
    ] = "all",
    estimator: Annotated[str, typer.Option(help="How skills are estimated.")] = "trueskill_ep",
    weighting: Annotated[
        str | None, typer.Option(help="none, or a scheme; the census where not given.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="SEQ|TIME|RELEASE",
            help="Log position, time or release's id; the last build if not given.",
        ),
    ] = None,
    valid_until: VALID_UNTIL = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "--top", min=1, help="Only the first so many models.")
    ] = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Show a leaderboard of battles.

    One model: demoscope model NAME; two: demoscope compare A B. Beyond battles: demoscope
    experience (ratings of one model at a time), sycophancy, benchmarks.
    """
    release = _release(Home.from_environment(), as_of, valid_until)
    weighting = weighting or _scheme(release, stratum)
    names = {"dimension": dimension, "estimator": estimator, "weighting": weighting}
    is_last = as_of is None and valid_until is None
    _show(release, output, is_last=is_last, limit=limit, stratum=stratum, **names)


def _scheme(release: Release, stratum: str) -> str | None:
    """The weighting that demoscope.toml asks for, where the stratum has boards by it."""
    defaults = settings()
    if defaults.scheme is None:
        return None
    rows = release.rows()
    pairs = list(zip(*(rows.column(name).to_pylist() for name in BOARD_KEYS), strict=True))
    try:
        require_known("weighting", defaults.scheme, {weighting for _, weighting in pairs})
    except UsageError as error:
        message = f"{defaults.path}: scheme: {error.message}"
        raise UsageError(message, remedy=error.remedy) from error
    if (stratum, defaults.scheme) in pairs:
        return defaults.scheme
    say(f"note: {stratum} has no board by {defaults.scheme} ({defaults.path}); shown is another.")
    return None


def _misfits(head: dict[str, Any]) -> list[str]:
    """Where the last build found that the board's model does not fit its battles."""
    from orchestration.database import mart_rows

    names = {name: head[name] for name in ("stratum", "dimension")}
    try:
        found = mart_rows(Home.from_environment(), MISFITS, names)
    except (BusyError, NotFoundError):
        return []
    said = [
        f"{MISFIT_WORDS[row['check_name']]} ({row['statistic']:.2g} where {row['expected']:.2g} is"
        " expected: rpt_model_fit)"
        for row in found
        if row["check_name"] in MISFIT_WORDS
    ]
    if any(row["check_name"] == "sides" for row in found):
        [share] = [row["both_ways_share"] for row in found if row["check_name"] == "sides"]
        said.append(
            "an advantage of being shown first can't be told from skill, as too few pairs were"
            f" shown both ways round ({share or 0.0:.1%} of battles; rpt_model_fit)"
        )
    return said


def _tiers(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Which ranks are divided by a line: all above it are better than all below, if any is."""
    places: dict[int, list[int]] = {}
    for row in rows:
        if row.get("tier"):
            places.setdefault(row["tier"], []).append(row["rank"])
    if len(places) <= 1:
        return []
    spans = [(min(of), max(of)) for of in places.values()]
    return ["tiers, by rank: " + " | ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)]


def _show(
    release: Release,
    output: Format,
    *,
    is_last: bool = False,
    limit: int | None = None,
    **chosen: str | None,
) -> None:
    from publishing.boards.checking import require_whole
    from publishing.boards.view import leaderboard as view  # imports pyarrow
    from ratings.interval_basis import FEW

    require_whole(release)
    head, rows = view(release, **chosen)
    notes = [f"release {head['release_id'][:12]} as of log position {head['log_position']}"]
    if head["valid_until"]:
        notes.append(f"without what happened after {head['valid_until']}")
    if any(row["is_provisional"] for row in rows):
        notes.append("* provisional: too few battles, or too wide an interval")
    if rows[0].get("component_count", 1) > 1:
        notes.append(
            "models fall into groups never compared; ranks across groups rest on the prior"
        )
    notes += _tiers(rows)
    if head["interval_basis"] == FEW:
        notes.append(head["interval_note"].rstrip("."))
    if is_last and output is Format.TABLE:
        notes += _misfits(head)
    note = "; ".join(notes)
    shown = rows[:limit]
    if len(shown) < len(rows):
        note = f"the first {len(shown)} of {len(rows)} models; {note}"
    print_rows("rows", shown, output, COLUMNS, head={"board": head}, title=head["title"], note=note)


def _release(home: Home, as_of: str | None, valid_until: str | None) -> Release:
    from publishing.boards import store

    if as_of is None and valid_until is None:
        return store.current(home.boards)
    from ingestion.log import EventLog
    from orchestration.dbt_runs import PROJECT_DIRECTORY
    from publishing.boards.designs import design_hash
    from publishing.boards.inputs import named_release, resolve, wanted_subject, with_changes
    from publishing.boards.statement import configured

    if as_of is not None and valid_until is None:
        named = named_release(home.boards, as_of)
        if named is not None:
            return named
    log = EventLog.open(home.log)
    cut = resolve(home.boards, log, as_of, valid_until)
    wanted = wanted_subject(log, cut, design_hash(PROJECT_DIRECTORY), with_changes(()))
    found = store.find(home.boards, wanted, configured(home.vault))
    if found is not None:
        return found
    from orchestration.building import build as run_build

    say(f"No release as of {cut} is kept; building it ...")
    return run_build(home, as_of=as_of or cut.log_position, valid_until=valid_until)


def study(
    name: Annotated[str, typer.Argument(help="simulated or arena.")] = "simulated",
    participants: Annotated[int, typer.Option(min=1, help="Size of the simulated study.")] = 24_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated study.")] = 1,
) -> None:
    """Ingest a bundled study, build, show its leaderboard and make the page."""
    from orchestration.building import build as run_build
    from orchestration.consistency_check import publish
    from orchestration.loading import load_file
    from orchestration.studies import study_files
    from publishing.page.building import build_site

    home = Home.from_environment()
    for file in study_files(home, name, participants=participants, seed=seed, say=say):
        with counting(file.path.name, str(file.path)) as show:
            report = load_file(home, str(file.path), mapping=file.mapping, progress=show)
        say(
            f"{file.path.name}: {report.accepted_count:,} accepted, "
            f"{report.duplicate_count:,} duplicates, {report.quarantined_count:,} quarantined"
        )
    warnings: list[str] = []
    with steps(STEPS) as step:
        release = run_build(home, step=step, warn=warnings.append)
    _say_warnings(warnings, home)
    _say_unmatched(home)
    _show(release, Format.TABLE)
    publish(home)
    _say_where(home, release, build_site(home, home.site, say))


def _say_where(home: Home, release: Release, page: Path) -> None:
    """Where the results are and what to try next."""
    command = "demoscope" if shutil.which("demoscope") else sys.argv[0]
    if not home.is_default:
        command = f"{HOME_VARIABLE}={home.root} {command}"
    strata = release.rows().column("stratum_id").unique().to_pylist()
    stratum = max(strata, key=lambda name: (name.count("/"), name))
    say(
        f"\nPage       {page}\n"
        f"Tables     {home.marts / 'current'}\n"
        f"Database   {home.database}\n"
        f"Releases   {home.boards}\n"
        f"Try        {command} leaderboard --stratum '{stratum}' --format json\n"
        "Dagster    make ui"
    )
