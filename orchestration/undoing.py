"""Taking a whole load back: one retraction for each event of its commit that still counts.

A retraction from the source UNDO_SOURCE says that the load was a mistake, not that somebody judged
the event: so the same file, or a corrected one, can be loaded after it (log/retractions.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.errors import BusyError, IntegrityError, NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.log.reader import register
from ingestion.log.retractions import UNDO_SOURCE, undo_batch
from ingestion.sources.batch import at, make_batch
from ingestion.vocabulary import EventType
from orchestration.database import mart_rows
from orchestration.load_report import find_report
from orchestration.loading import load_generated
from orchestration.model_names import Meaning, meanings, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ingestion.log import Commit
    from ingestion.paths import Home
    from ingestion.sources.batch import NativeBatch
    from orchestration.load_report import LoadReport

BATCH_ROWS = 100_000
HASH_DIGITS = 8
MODEL_COLUMNS = ("model_a", "model_b", "model_id")
REASON = "The load was a mistake."
BOARDS = """
select
    cells.stratum_id,
    battles.dimension,
    count(*) as vote_count,
    count(*) filter (where battles.position between $first and $last) as lost_count
from fct_battle as battles
inner join int_cells__assigned_to_strata as cells on battles.cell_id = cells.cell_id
where battles.is_counted
group by cells.stratum_id, battles.dimension
having count(*) filter (where battles.position between $first and $last) > 0
order by lost_count desc, cells.stratum_id, battles.dimension
"""

# A battle is found by the names that were said of it, and of a correction of it.
RENAMED_BOARDS = """
with said as (
    select position from raw.battle_judged
    where list_contains($names, model_a) or list_contains($names, model_b)
),
corrected as (
    select target_event_id as event_id from raw.event_corrected
    where list_contains($names, model_a) or list_contains($names, model_b)
),
battles as (
    select cell_id, dimension from fct_battle
    where
        uncounted_reason is distinct from 'excluded'
        and (position in (from said) or event_id in (from corrected))
),
tallies as (
    select distinct dimension from raw.battles_tallied
    where list_contains($names, model_a) or list_contains($names, model_b)
)
select cells.stratum_id, battles.dimension, count(*) as vote_count
from battles
inner join int_cells__assigned_to_strata as cells on battles.cell_id = cells.cell_id
group by cells.stratum_id, battles.dimension
union all by name
select 'all' as stratum_id, tallies.dimension, 0 as vote_count from tallies
order by vote_count desc, stratum_id, dimension
"""


@dataclass(frozen=True, kw_only=True)
class Undo:
    """What undoing a commit would take back.

    Args:
        commit: the commit.
        targets: ids of its events that count, in position order.
        events: how many they are, by event type.
        models: the models they name.
        votes: verdicts by dimension.
        boards: boards of the last build that get fewer votes: stratum_id, dimension, vote_count,
            lost_count; None where there is no build to look at.
        names: names of models that mean another one without it.
        renamed: boards of the last build with verdicts under these names: stratum_id, dimension,
            vote_count; None where there is no build to look at.
    """

    commit: Commit
    targets: pa.ChunkedArray
    events: dict[str, int]
    models: list[str]
    votes: dict[str, int]
    boards: list[dict[str, Any]] | None
    names: list[str]
    renamed: list[dict[str, Any]] | None

    def as_json(self) -> dict[str, Any]:
        """The same as plain data, without the ids."""
        return {
            "seq": self.commit.seq,
            "recorded_at": self.commit.recorded_text,
            "event_count": len(self.targets),
            "events": self.events,
            "models": self.models,
            "votes_by_dimension": self.votes,
            "boards": self.boards,
            "changed_names": self.names,
            "renamed_boards": self.renamed,
        }


def find_undo(home: Home, named: str) -> Undo:
    """What a load brought that still counts.

    Args:
        home: the warehouse.
        named: a log position, the beginning of a commit's hash, or a load's id.

    Raises:
        NotFoundError: there is no such load or commit.
        UsageError: it brought nothing, erased somebody, or several begin so.
    """
    log = EventLog.open(home.log)
    commit = _commit(home, log, named)
    kinds = [segment.event_type for segment in commit.segments]
    if EventType.SUBJECT_ERASED in kinds:
        message = f"Commit {commit.seq} erased a participant: that cannot be undone."
        raise UsageError(message)
    if not kinds:
        raise UsageError(f"Commit {commit.seq} added no event: there is nothing to undo.")
    events = log.retractions.standing(_events(log, commit, sorted(set(kinds))))
    shown = events.select(["event_type", "dimension", *MODEL_COLUMNS])
    models = {one for name in MODEL_COLUMNS for one in shown[name].unique().to_pylist()}
    is_vote = pc.equal(shown["event_type"], EventType.BATTLE_JUDGED)
    names = _changed_names(log, commit)
    return Undo(
        commit=commit,
        targets=events["event_id"],
        events=_counts(shown["event_type"]),
        models=sorted(one for one in models if one is not None),
        votes=_counts(shown["dimension"].filter(is_vote)),
        boards=_built(lambda: _boards(home, commit)),
        names=names,
        renamed=_built(lambda: _renamed(home, names)),
    )


def undo(home: Home, found: Undo, reason: str) -> LoadReport:
    """Retract what `find_undo` found, in one commit.

    Raises:
        UsageError: no reason is given, or nothing is left to undo.
    """
    if not reason.strip():
        raise UsageError("An undo needs a reason.", remedy="Say why: --reason TEXT")
    if not len(found.targets):
        raise UsageError(f"Of commit {found.commit.seq} there is nothing to undo.")
    log = EventLog.open(home.log)
    return load_generated(home, _Retractions(log, found, reason))


class _Retractions:
    """The retractions of one undo as a source; in batches, because a load may be large."""

    set_aside_count = 0

    def __init__(self, log: EventLog, found: Undo, reason: str) -> None:
        self.name = f"undo of commit {found.commit.seq}"
        self.warnings: list[str] = []
        self._targets, self._reason, self._head = found.targets, reason, log.head_seq
        # An undo that was itself undone can be said again.
        number = 1
        while log.find_batch(undo_batch(found.commit.seq, number)) is not None:
            number += 1
        self.fingerprint = undo_batch(found.commit.seq, number)

    def batches(self) -> Iterator[NativeBatch]:
        for start in range(0, len(self._targets), BATCH_ROWS):
            targets = self._targets.slice(start, BATCH_ROWS).to_pylist()
            columns = {
                "event_type": pa.repeat(EventType.EVENT_RETRACTED.value, len(targets)),
                "source": pa.repeat(UNDO_SOURCE, len(targets)),
                # The event may have been undone before, and said to count again since.
                "native_id": pa.array(f"{one} as of {self._head}" for one in targets),
                "target_event_id": pa.array(targets, pa.string()),
                "reason": pa.repeat(self._reason, len(targets)),
            }
            numbers = range(start + 1, start + 1 + len(targets))
            yield make_batch(EventType.EVENT_RETRACTED, columns, numbers, partial(at, targets))


def _commit(home: Home, log: EventLog, named: str) -> Commit:
    if named.isdigit() and 0 < int(named) <= log.head_seq:
        return log.commit(int(named))
    report = find_report(home.loads, named)
    if report is not None:
        if report.status != "committed" or report.position is None:
            message = f"Load {named} ({report.file}) brought nothing into the log."
            raise UsageError(message, remedy="`demoscope log show` lists what was brought.")
        return log.commit(report.position)
    found = []
    if len(named) >= HASH_DIGITS:
        found = [one for one in log.commits() if one.hash.startswith(named.lower())]
    if not found:
        message = f"There is no load or commit {named!r}."
        remedy = "Name a log position or a commit's hash as `demoscope log show` lists them."
        raise NotFoundError(message, remedy=remedy)
    if len(found) > 1:
        raise UsageError(f"Several commits begin with {named!r}.", remedy="Give more digits.")
    return found[0]


def _events(log: EventLog, commit: Commit, kinds: Sequence[str]) -> pa.Table:
    """The commit's events in position order: id, type, and what an undo shows of them."""
    asked = ("dimension", *MODEL_COLUMNS)
    queries = []
    for kind in kinds:
        stored = CONTRACTS[EventType(kind)].log_schema.names
        columns = (name if name in stored else f"CAST(NULL AS VARCHAR) AS {name}" for name in asked)
        queries.append(
            f"SELECT event_id, event_type, position, {', '.join(columns)} FROM raw.{kind}"
            f" WHERE commit_seq = {commit.seq}"
        )
    with duckdb.connect() as connection:
        register(connection, log, log.resolve(None))
        query = f"SELECT * FROM ({' UNION ALL '.join(queries)}) ORDER BY position"
        return connection.sql(query).to_arrow_table()


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    counted = values.value_counts().to_pylist()
    return dict(sorted((one["values"], one["counts"]) for one in counted))


def _boards(home: Home, commit: Commit) -> list[dict[str, Any]]:
    places = {"first": commit.first_position, "last": commit.next_position - 1}
    return mart_rows(home, BOARDS, places)


def _changed_names(log: EventLog, commit: Commit) -> list[str]:
    """Names that mean another model, somewhere in the log, without the aliases of a commit."""
    said = statements(log)
    places = range(commit.first_position, commit.next_position)
    kept = [one for one in said if one.position not in places]
    if len(kept) == len(said):
        return []
    before, after = _by_name(meanings(said)), _by_name(meanings(kept))
    # A name of which nothing is said means itself.
    return sorted(
        name
        for name in before.keys() | after.keys()
        if before.get(name, [name]) != after.get(name, [name])
    )


def _by_name(found: Iterable[Meaning]) -> dict[str, list[object]]:
    """Per name what it means: one model, or models with the places from which they are meant."""
    meant: dict[str, list[object]] = {}
    for one in found:
        stretches = meant.setdefault(one.alias, [])
        if not stretches or stretches[-1] != one.model_id:
            stretches += [one.from_position, one.model_id] if stretches else [one.model_id]
    return meant


def _renamed(home: Home, names: list[str]) -> list[dict[str, Any]]:
    """Boards on which no vote is lost, but some are another model's."""
    return mart_rows(home, RENAMED_BOARDS, {"names": names}) if names else []


def _built(find: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    try:
        return find()
    except (NotFoundError, BusyError, IntegrityError):
        return None
