"""One build: from a cut of the log to a release. All of it can be deleted and comes back.

A build at the head works in the warehouse's own database. A build that looks back works in a
scratch directory, so that it never disturbs what readers see, and makes a release and nothing else.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.errors import NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.log.held_files import require_whole_log
from ingestion.paths import Home
from orchestration.about_study import about_study, tables_read
from orchestration.build_digests import digests
from orchestration.database import (
    built_from,
    mark_built,
    open_database,
    register_ratings,
    register_sources,
    require_in_place,
)
from orchestration.dbt_runs import (
    DUCKDB,
    PROJECT_DIRECTORY,
    SPARK,
    parse_once,
    run_dbt,
    warnings_in,
)
from orchestration.full_disk import full_disk_explained
from orchestration.last_build import LastBuild, Steps, note
from orchestration.leftovers import clear_leftovers, working_directory
from orchestration.lineage import emit
from orchestration.log_verification import check, verify
from orchestration.own_caches import require_own
from orchestration.progress_told import telling
from orchestration.rating_queries import BOARD_QUERIES, input_tables
from orchestration.rating_step import RATING_FILE, read_subject, reading, write_ratings
from orchestration.release_history import register_releases
from orchestration.second_process import SecondProcess
from orchestration.seed_tests import keep_passed, passed_before
from orchestration.spark_engine import run_by_turns, spark_engine
from publishing.boards import store
from publishing.boards.designs import design_hash, keep_design
from publishing.boards.inputs import Cut, exact, resolve, subject_of, wanted_subject
from publishing.boards.labels import claimed_labels
from publishing.boards.own_code import require_own_code
from publishing.boards.program import keep_program
from publishing.boards.statement import ABOUT, CLAIMED, TABLES, configured, provenance
from publishing.publications.catalogue import declared_marts, public_tables
from ratings.tables.declarations import RATING_TABLES
from ratings.tables.every_board import RATING, rate_all
from ratings.tournaments import MissingTournamentError, RatingParameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor

    import pyarrow as pa

    from publishing.boards.store import Release
    from ratings.tables.inputs import Read

# Unit tests prove the SQL, not the data: they run with the tests (tests/dbt), not with every build.
BUILD = ("build", "--exclude-resource-type", "unit_test")
TEST = ("test", "--exclude-resource-type", "unit_test")
ENGINES = (DUCKDB, SPARK)
"""What can make the tables that grow with events or people."""
BOARDS, EVERYTHING = "boards", "all"
STAGES = (BOARDS, EVERYTHING)
"""How far a build goes."""
AFTER_RATINGS = ("source:ratings+", "source:log+", "source:releases+")
SECOND_PROCESS_EVENTS = 50_000
"""Of fewer, ratings take no longer than another interpreter takes to start."""
SOURCES = """
select source from raw.battle_judged
union
select source from raw.battles_tallied
union
select source from raw.experience_rated
order by source
"""


class Workspace(Home):
    """Where one build works: the warehouse itself, or a scratch directory with the same places."""

    def __init__(self, root: Path, project: Path = PROJECT_DIRECTORY) -> None:
        super().__init__(root)
        self.project = project
        """The dbt project, whose seeds are the study design."""


@dataclass(frozen=True)
class Asked:
    """What to build: the cut as it was said, the parameters of the ratings, by which engine.

    And how far.
    """

    as_of: str | int | None
    valid_until: str | None
    parameters: RatingParameters
    engine: str
    stage: str

    @property
    def is_whole(self) -> bool:
        """Whether it makes every table of the warehouse."""
        return makes_everything(self.as_of, self.valid_until, self.stage)


def makes_everything(as_of: str | int | None, valid_until: str | None, stage: str) -> bool:
    """Whether a build makes every table of the warehouse; else it makes a release alone."""
    return as_of is None and valid_until is None and stage == EVERYTHING


def build(  # noqa: PLR0913 (what a build is of, and who is told)
    home: Home,
    *,
    as_of: str | int | None = None,
    valid_until: str | None = None,
    parameters: RatingParameters | None = None,
    engine: str = DUCKDB,
    stage: str = EVERYTHING,
    step: Callable[[str], None] = lambda _name: None,
    warn: Callable[[str], None] = lambda _warning: None,
) -> Release:
    """Build everything right of the log and keep the release.

    A release of another cut than the head's, or of the stage `boards`, is kept and nothing else:
    the warehouse's tables and the current release stay as they are.

    Args:
        home: the warehouse.
        as_of: log position, recorded-at time or a release's id; None for the head.
        valid_until: what happened later does not count; ISO 8601 with an offset.
        parameters: of the ratings; the defaults where None.
        engine: of ENGINES; the release is the same.
        stage: of STAGES; the release is the same.
        step: called with the name of each step as it begins.
        warn: called with a sentence for each dbt test that warns, and each file that was repaired.

    Raises:
        NotFoundError: the cut holds no battle, or lies beyond the head or in the future.
        TransformationFailedError: a dbt table or test failed.
        IntegrityError: a file of the log is not what its commit says, or other code is loaded than
            this program's.
        ReadOnlyError: the warehouse cannot be written.
        StorageError: the disk is full.
    """
    with full_disk_explained(home):
        asked = Asked(as_of, valid_until, parameters or RatingParameters(), engine, stage)
        return _build(home, asked, step, warn)


def _build(
    home: Home, asked: Asked, step: Callable[[str], None], warn: Callable[[str], None]
) -> Release:
    require_own_code()
    home.require_writable()
    home.keep_from_git()
    clear_leftovers(home)
    log = EventLog.open(home.log)
    cut = resolve(home.boards, log, asked.as_of, asked.valid_until)
    configured(home.vault)  # a key that cannot be used is an error before the work
    store.require_link(home.boards / store.CURRENT, "demoscope build")
    is_whole, step = asked.is_whole, Steps(step)
    with (
        nullcontext(home.root) if is_whole else scratch(home) as root,
        # Started now, it is ready when the ratings begin.
        helper(log, cut) if is_whole else nullcontext(None) as elsewhere,
    ):
        workspace = Workspace(root)
        checking = elsewhere.submit(check, home.root) if elsewhere else None
        step("transform")
        warnings = transform(
            workspace,
            log,
            cut,
            loads=home.loads,
            is_board_alone=not is_whole,
            engine=asked.engine,
        )
        step("rate")
        rate(workspace, log, asked.parameters, is_board_alone=not is_whole, elsewhere=elsewhere)
        if is_whole:
            step("verify")
            found = checking.result() if checking else check(home.root)
            verify(workspace.database, log, cut.log_position, home.log_public_key, found)
            step("report")
            warnings += report(workspace)
        step("board")
        release = keep_release(home, workspace, warnings.append)
    if is_whole:
        store.make_current(home.boards, release)
        last = what_was_made(workspace, release, step.seconds())
        warnings += [said for said in (note(home, last), emit(workspace, last)) if said]
    for warning in warnings:
        warn(warning)
    return release


def what_was_made(
    workspace: Workspace, release: Release, seconds: Mapping[str, float]
) -> LastBuild:
    """What is told of a build: its release, the rows of every table, how long each step took."""
    return LastBuild(
        release_id=release.id,
        log_position=release.subject["log_position"],
        finished_at=time.time(),
        seconds=seconds,
        row_counts=row_counts(workspace) | rating_counts(workspace),
    )


def helper(log: EventLog, cut: Cut) -> SecondProcess | nullcontext[None]:
    """A second process for ratings that are worth the second of CPU it takes to start."""
    is_worth_it = (
        cut.log_position > 0 and log.commit(cut.log_position).next_position >= SECOND_PROCESS_EVENTS
    )
    return SecondProcess() if is_worth_it else nullcontext()


def transform(  # noqa: PLR0913 (what a build is of)
    workspace: Workspace,
    log: EventLog,
    cut: Cut,
    *,
    loads: Path,
    is_tested: bool = True,
    is_board_alone: bool = False,
    engine: str = DUCKDB,
) -> list[str]:
    """Everything dbt builds before the ratings, or what a release needs; what its tests warn of."""
    unread = open_sources(workspace, log, cut.log_position, loads=loads)
    return unread + run_models(
        workspace, cut, is_tested=is_tested, is_board_alone=is_board_alone, engine=engine
    )


def open_sources(workspace: Workspace, log: EventLog, position: int, *, loads: Path) -> list[str]:
    """Show dbt the log as of a position; until `mark_built` nothing may be rated.

    Returns:
        A sentence for each record of a load that cannot be read.
    """
    with open_database(workspace.database) as connection:
        unread = register_sources(connection, log, as_of_seq=position, loads=loads)
        if not connection.sql(f"from ({SOURCES}) limit 1").fetchall():
            message = f"There are no battles or ratings in the log as of position {position}."
            raise NotFoundError(message, remedy="Ingest a file of votes: demoscope ingest PATH")
        connection.execute("drop view if exists raw.build_marker")
    return unread


def run_models(
    workspace: Workspace,
    cut: Cut,
    *,
    is_tested: bool = True,
    is_board_alone: bool = False,
    engine: str = DUCKDB,
) -> list[str]:
    """Run dbt on the sources as they are shown, up to the ratings; what its tests warn of.

    `is_board_alone` leaves out tables that no release is made of.
    """
    place = workspace.root, workspace.project
    untested = [] if is_tested else ["--exclude-resource-type", "test"]
    chosen = _of_boards(workspace.project) if is_board_alone else []
    passed = passed_before(*place)
    variables = {} if cut.valid_until is None else {"valid_until": cut.valid_until}
    if engine == SPARK:
        with scratch(workspace) as directory, spark_engine(directory) as session:
            run_by_turns(session, *place, variables)
    made = TEST if engine == SPARK else BUILD
    command = [*made, *untested, *chosen, "--exclude", *AFTER_RATINGS, *passed]
    is_left = is_tested or engine != SPARK
    results = (
        run_dbt(command, root=workspace.root, variables=variables, project=workspace.project)
        if is_left
        else []
    )
    if is_tested and not passed and not is_board_alone:
        keep_passed(*place, results)
    mark_built(workspace.database, workspace.project, cut.log_position, cut.valid_until)
    return warnings_in(results)


def _of_boards(project: Path) -> list[str]:
    """How dbt is told to make what a release is made of, with the tests that need no more."""
    # Seeds have a schema of their own, which is no part of their names.
    read = [table.rpartition(".")[2] for table in input_tables(BOARD_QUERIES)]
    tables = sorted({*read, *tables_read(project)})
    return ["--indirect-selection", "cautious", "--select", *(f"+{name}" for name in tables)]


def row_counts(workspace: Workspace) -> dict[str, int]:
    """Rows of every table, by name; from the database's catalogue, without reading any."""
    tables = "select table_name, estimated_size from duckdb_tables()"
    with open_database(workspace.database) as connection:
        return dict(connection.sql(tables).fetchall())


def rating_counts(workspace: Workspace) -> dict[str, int]:
    """Rows of every table of the ratings, as `ratings/rating`; none of one that was not made."""
    files = {name: workspace.ratings / f"{name}.parquet" for name in RATING_TABLES}
    return {
        f"ratings/{name}": pq.read_metadata(path).num_rows if path.exists() else 0
        for name, path in files.items()
    }


def rate(
    workspace: Workspace,
    log: EventLog,
    parameters: RatingParameters,
    *,
    is_board_alone: bool = False,
    elsewhere: Executor | None = None,
) -> pa.Table:
    """Rate every tournament of the database, and keep the ratings with what they are of.

    `is_board_alone` leaves out what only reports read; `elsewhere` as of `rate_all`.

    Raises:
        NotFoundError: the database's counts are not there, or not whole, or empty.
        UsageError: the parameters cannot be used on these battles.
    """
    parameters = exact(parameters)
    with open_database(workspace.database) as connection:
        built = built_from(connection)
        if built is not None:
            require_in_place(connection)
        if built is None:
            message = f"{workspace.database} holds no counts, or a build of them was cut off."
            raise NotFoundError(message, remedy="Build again: demoscope build")
        sources = [row[0] for row in connection.sql(SOURCES).fetchall()]
        try:
            read = telling(reading(connection))
            tables = rate_all(read, parameters, is_board_alone=is_board_alone, elsewhere=elsewhere)
            # A study of ratings alone has a release too, without a board in it.
            is_empty = not (tables[RATING].num_rows or _has_ratings(read))
        except MissingTournamentError as error:
            raise UsageError(f"{error}.", remedy="Choose another margin_tournament.") from error
    ratings = tables[RATING]
    if is_empty:
        message = (
            f"No battle and no rating counts at {built[0]}: all are later, retracted or excluded."
        )
        raise NotFoundError(message, remedy="Choose another cut, or ingest a file of votes.")
    wanted = wanted_subject(log, built[0], design_hash(workspace.project), parameters)
    write_ratings(tables, workspace.ratings, subject_of(wanted, sources))
    return ratings


def _has_ratings(read: Read) -> bool:
    """Whether a rating of a model by itself counts."""
    return bool(pc.any(read("experience_ratings").column("is_counted")).as_py())


def report(workspace: Workspace) -> list[str]:
    """Everything dbt builds from the ratings; what its tests warn of."""
    unread = show_ratings(workspace)
    command = [*BUILD, "--select", *AFTER_RATINGS]
    return unread + warnings_in(run_dbt(command, root=workspace.root, project=workspace.project))


def show_ratings(workspace: Workspace) -> list[str]:
    """Show dbt the ratings as a source, and the releases before them.

    Returns:
        A sentence for each release that cannot be read.
    """
    with open_database(workspace.database) as connection:
        register_ratings(connection, workspace.ratings)
        return register_releases(connection, workspace)


def keep_release(
    home: Home, workspace: Workspace, warn: Callable[[str], None] = lambda _warning: None
) -> Release:
    """Keep the release the ratings make, with its design, at the cut of the ratings.

    Where `workspace` is the warehouse, its statement says what the published tables hold by now.
    `warn` is called with a sentence for each file of the release that was changed and is repaired.

    Raises:
        IntegrityError: a file of the log, or the database, is not as a build leaves it, or other
            code is loaded than the statement would name.
    """
    require_own_code()
    subject, rows = read_release(workspace)
    log = EventLog.open(home.log)
    # What was read may have been changed while it was read.
    require_whole_log(log, subject["log_position"])
    keep_design(home.boards, workspace.project)
    keep_program(home.boards)
    made = provenance(log, subject["log_position"])
    if workspace.root == home.root:
        made[TABLES] = table_digests(workspace)
        # A build as of before makes no marts; what its weightings are called is then the design's.
        made[CLAIMED] = weighting_labels(workspace)
    made[ABOUT] = about_study(workspace.database, workspace.project, subject)
    return store.keep(home.boards, subject, rows, made, configured(home.vault), warn)


def weighting_labels(workspace: Workspace) -> dict[str, dict[str, str]]:
    """What people read in place of a weighting, by country."""
    boards = "select distinct weighting, country, weighting_label from dim_board order by all"
    with open_database(workspace.database) as connection:
        return claimed_labels(connection.sql(boards).to_arrow_table().to_pylist())


def table_digests(workspace: Workspace) -> dict[str, str]:
    """Digests of what a publication of the database is made of; errors as of `digests`."""
    tables = public_tables(declared_marts(workspace.project))
    with open_database(workspace.database) as connection:
        return digests(connection, tables)


def read_release(workspace: Workspace) -> tuple[dict[str, Any], pa.Table]:
    """Subject and rows of the release the ratings make.

    Raises:
        IntegrityError: something else than the rating step wrote them.
    """
    require_own(workspace.root, workspace.ratings / RATING_FILE)
    rows = pq.read_table(workspace.ratings / RATING_FILE)
    return read_subject(rows), rows.replace_schema_metadata(None)


@contextmanager
def scratch(home: Home) -> Iterator[Path]:
    """A directory to build in that is gone afterwards."""
    parse_once(home)
    with working_directory(home, "build-") as directory:
        yield directory
