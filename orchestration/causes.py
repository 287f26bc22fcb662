"""Why two boards differ: which causes there are between them, and worlds with one cause at a time.

A world is the log as of board A in which one thing is as it is for board B: the events of one
cause, the design, the cut in valid time, or the parameters. Its ranks less A's are what that cause
does by itself. What the causes do only together is nobody's: difference.py calls it interaction.

What stays out: comparing ranks (difference.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.contracts import CONTRACTS
from ingestion.log.reader import register
from ingestion.vocabulary import EventType
from orchestration.building import Workspace, make_models, open_sources
from orchestration.rating_step import reading
from orchestration.raw_views import open_database, register_sources
from publishing.boards.designs import project_with
from publishing.boards.inputs import Cut, cut_of, from_micro
from ratings.tables.every_board import RATING, rate_all

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from ingestion.log import EventLog
    from ingestion.paths import Home

OTHER_SCHEMA = "raw_b"
NEW_BATTLES, OTHER_EVENTS = "new_battles", "other_events"
DESIGN, VALID_TIME, PARAMETERS = "design", "valid_time", "parameters"


@dataclass(frozen=True)
class Cause:
    """One reason for two boards to differ.

    Args:
        name: in JSON.
        label: for people.
        event_types: the events it consists of, if it consists of events.
    """

    name: str
    label: str
    event_types: frozenset[EventType] = frozenset()


# A newcomer's answers come with the battles they judged: neither does anything without the other.
_BATTLES = frozenset(
    {EventType.BATTLE_JUDGED, EventType.BATTLES_TALLIED, EventType.PARTICIPANT_ENROLLED}
)
_NAMED = (
    Cause(NEW_BATTLES, "new battles, and who judged them", _BATTLES),
    Cause("retractions", "retractions and appeals", frozenset({EventType.EVENT_RETRACTED})),
    Cause("corrections", "corrected verdicts", frozenset({EventType.EVENT_CORRECTED})),
    Cause("exclusions", "excluded participants", frozenset({EventType.PARTICIPANT_EXCLUDED})),
    Cause(
        "answers",
        "changed weights: participants' answers corrected",
        frozenset({EventType.PARTICIPANT_CORRECTED}),
    ),
)
_REST = frozenset(EventType).difference(*(cause.event_types for cause in _NAMED))
CAUSES = (
    *_NAMED,
    Cause(OTHER_EVENTS, "other events", _REST),
    Cause(DESIGN, "changed weights or strata: the study design"),
    Cause(VALID_TIME, "the cut in valid time"),
    Cause(PARAMETERS, "the ratings' parameters"),
)


def event_counts(log: EventLog, subject_a: Mapping[str, Any], subject_b: Mapping[str, Any]) -> Any:
    """Events of each cause between two boards; negative where B is the earlier one."""
    first, last = sorted((subject_a["log_position"], subject_b["log_position"]))
    sign = 1 if subject_b["log_position"] == last else -1
    counted: Counter[str] = Counter()
    for seq in range(first + 1, last + 1):
        for segment in log.chain.commit(seq).segments:
            counted[segment.event_type] += segment.rows
    return {
        cause.name: sign * sum(counted[str(kind)] for kind in cause.event_types)
        for cause in CAUSES
        if cause.event_types
    }


def active_causes(
    log: EventLog, subject_a: Mapping[str, Any], subject_b: Mapping[str, Any]
) -> list[Cause]:
    """The causes there are between two boards, in a fixed order."""
    counted = event_counts(log, subject_a, subject_b)
    names = {DESIGN: "design_hash", VALID_TIME: "valid_until", PARAMETERS: "parameters"}
    return [
        cause
        for cause in CAUSES
        if counted.get(cause.name)
        or (cause.name in names and subject_a[names[cause.name]] != subject_b[names[cause.name]])
    ]


class Worlds:
    """Makes worlds between two boards, one after another, in one directory."""

    def __init__(
        self,
        home: Home,
        log: EventLog,
        root: Path,
        subject_a: Mapping[str, Any],
        subject_b: Mapping[str, Any],
    ) -> None:
        self._home = home
        self._log = log
        self._root = root
        self._a = subject_a
        self._b = subject_b

    def with_one(self, cause: Cause) -> pa.Table:
        """Ratings of A's world with one cause as for B."""
        cut = cut_of(self._a)
        if cause.name == VALID_TIME:
            cut = Cut(cut.log_position, self._b["valid_until"])
        design = (self._b if cause.name == DESIGN else self._a)["design_hash"]
        parameters = (self._b if cause.name == PARAMETERS else self._a)["parameters"]
        return self._rated(cut, design, parameters, cause.event_types)

    def whole(self, subject: Mapping[str, Any]) -> pa.Table:
        """Ratings of a board as the present code makes them."""
        return self._rated(
            cut_of(subject), subject["design_hash"], subject["parameters"], frozenset()
        )

    def _rated(
        self,
        cut: Cut,
        design: str,
        parameters: Mapping[str, Any],
        event_types: frozenset[EventType],
    ) -> pa.Table:
        # One directory per design: dbt remembers the files of one project.
        workspace = Workspace(
            self._root / design[:12], project_with(self._home.boards, design, self._root)
        )
        with open_database(workspace.database) as connection:
            self._keep_sealed(connection, event_types)
        open_sources(workspace, self._log, cut.log_position, loads=self._home.loads)
        with open_database(workspace.database) as connection:
            register(connection, self._log, self._b["log_position"], OTHER_SCHEMA)
            for kind in sorted(event_types):
                other = f"raw.b_{kind}" if CONTRACTS[kind].sealed_columns else f"raw_b.{kind}"
                connection.execute(f"create or replace view raw.{kind} as from {other}")
        make_models(workspace, cut, is_tested=False)
        with open_database(workspace.database) as connection:
            rated = rate_all(reading(connection), from_micro(parameters), is_board_alone=True)
            return rated[RATING]

    def _keep_sealed(
        self, connection: duckdb.DuckDBPyConnection, event_types: frozenset[EventType]
    ) -> None:
        """Copies of B's events that are unsealed when sources are shown."""
        sealed = [kind for kind in sorted(event_types) if CONTRACTS[kind].sealed_columns]
        if sealed:
            position = self._b["log_position"]
            register_sources(connection, self._log, as_of_seq=position, loads=self._home.loads)
        for kind in sealed:
            connection.execute(f"create or replace table raw.b_{kind} as from raw.{kind}")
