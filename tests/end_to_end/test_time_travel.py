"""The log as of any moment: what was known then, and what had happened by then.

The counts are what every board is a function of; here they are compared with a truth kept by hand.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingestion.log import EventLog
from orchestration.building import Workspace, open_sources
from orchestration.database import open_database
from orchestration.dbt_runs import run_dbt
from orchestration.event_search import Search, find_events
from publishing.boards.inputs import Cut
from tests.end_to_end.history import (
    PEOPLE,
    Study,
    Verdict,
    battle,
    counted,
    verdict,
    write_history,
)

SELECTED = ("--select", "+fct_cell_count", "+fct_battle", "+dim_participant")
COUNTS = """
select model_a, model_b, outcome, cast(sum(battle_count) as bigint) from (
    unpivot fct_cell_count
    on win_a_count as a, win_b_count as b, tie_count as tie, both_bad_count as both_bad
    into name outcome value battle_count
)
where battle_count > 0 group by all
"""
BATTLES = "from fct_battle"
PARTICIPANTS = """
select participants.*, cells.cell_key from dim_participant as participants
inner join dim_cell as cells on participants.cell_id = cells.cell_id
"""


@dataclass(frozen=True)
class State:
    """What dbt makes of one cut."""

    counts: dict[Verdict, int]
    battles: dict[str, dict[str, Any]]
    participants: list[dict[str, Any]]


class States:
    """Rebuilds state at one cut after another, in one workspace, up to the counts."""

    def __init__(self, study: Study, root: Path) -> None:
        self.study = study
        self.log = EventLog.open(study.paths.log)
        self._workspace = Workspace(root)
        self._known: dict[Cut, State] = {}

    def at(self, cut: Cut) -> State:
        if cut not in self._known:
            loads = self.study.paths.loads
            open_sources(self._workspace, self.log, cut.log_position, loads=loads)
            if not self._known:
                run_dbt(["seed"], root=self._workspace.root)
            variables = {"valid_until": cut.valid_until} if cut.valid_until else {}
            run_dbt(["run", *SELECTED], root=self._workspace.root, variables=variables)
            with open_database(self._workspace.database) as connection:
                counts = connection.sql(COUNTS).fetchall()
                battles = connection.sql(BATTLES).to_arrow_table().to_pylist()
                participants = connection.sql(PARTICIPANTS).to_arrow_table().to_pylist()
            self._known[cut] = State(
                {(a, b, outcome): count for a, b, outcome, count in counts},
                {row["event_id"]: row for row in battles},
                participants,
            )
        return self._known[cut]

    def counts(self, position: int, valid_until: str | None = None) -> dict[Verdict, int]:
        return self.at(Cut(position, valid_until)).counts

    def battle(self, position: int, number: int) -> dict[str, Any] | None:
        row = self.at(Cut(position)).battles.get(self.study.battle_id(number))
        shown = ("outcome", "valid_from_position", "is_corrected", "is_counted")
        return None if row is None else {name: row[name] for name in shown}

    def participant(self, position: int, *, since: int) -> dict[str, Any]:
        rows = self.at(Cut(position)).participants
        [row] = [row for row in rows if row["valid_from_position"] == since]
        return row

    def position_of(self, native_id: str, source: str = "office") -> int:
        search = Search(source=source, native_id=[native_id])
        return int(find_events(self.study.paths, search, limit=1)[0]["position"])


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="module")
def truth(directory: Path) -> dict[int, list[Verdict]]:
    return write_history(Study(directory / "home", directory / "inputs"))


@pytest.fixture(scope="module")
def states(directory: Path, truth: dict[int, list[Verdict]]) -> States:
    study = Study(directory / "home", directory / "inputs")
    return States(study, directory / "workspace")


@pytest.mark.parametrize("position", [1, 2, 3, 4, 5])
def test_as_of_a_position_counts_what_was_known_then(
    states: States, truth: dict[int, list[Verdict]], position: int
) -> None:
    assert states.counts(position) == counted(truth[position])


def test_valid_time_counts_what_had_happened_and_what_has_no_time(states: States) -> None:
    # 15 March 12:00 in a zone two hours ahead is 10:00 UTC; the cut includes its own moment.
    first = [battle(n, month=3 if n % 10 else None) for n in range(60)]
    late = [battle(n, month=1) for n in range(80, 84)]
    timeless = [event for event in first if "occurred_at" not in event]
    assert len(timeless) == 6
    at = {
        "2025-03-15T10:00:00.000000Z": [*first, *late],
        "2025-03-15T09:59:59.999999Z": [*timeless, *late],
    }
    for until, events in at.items():
        assert states.counts(2, until) == counted(map(verdict, events))
    # Late events are known from commit 2 on, whenever they happened.
    assert states.counts(1, "2025-02-01T00:00:00.000000Z") == counted(map(verdict, timeless))


def test_a_battle_shows_what_is_current_and_since_when(states: States) -> None:
    corrected = states.position_of("c5")
    before = states.battle(2, 5)
    assert before is not None
    assert before["outcome"] == battle(5, month=3)["outcome"] != "tie"
    assert not before["is_corrected"]
    assert before["valid_from_position"] == states.position_of("battle-5", "panel")
    assert states.battle(3, 5) == {
        "outcome": "tie",
        "valid_from_position": corrected,
        "is_corrected": True,
        "is_counted": True,
    }
    # The correction is retracted: as before, but since the retraction.
    assert states.battle(4, 5) == before | {"valid_from_position": states.position_of("rc5")}


def test_a_retracted_battle_is_gone_until_an_appeal_and_again_after_the_next(
    states: States,
) -> None:
    before = states.battle(2, 7)
    assert before is not None
    assert states.battle(3, 7) is None
    assert states.battle(4, 7) == before | {"valid_from_position": states.position_of("rr7")}
    assert states.battle(5, 7) is None


def test_a_correction_of_what_is_retracted_does_nothing_and_the_later_correction_wins(
    states: States,
) -> None:
    assert states.battle(5, 9) is None
    battle_8 = states.battle(5, 8)
    assert battle_8 is not None
    assert (battle_8["outcome"], battle_8["valid_from_position"]) == (
        "b",
        states.position_of("d8"),
    )


def test_an_excluded_participants_battles_stay_but_do_not_count(states: States) -> None:
    excluded = states.battle(3, 2)
    assert excluded is not None
    assert not excluded["is_counted"]
    assert excluded["valid_from_position"] == states.position_of("x2", "panel")
    again = states.battle(4, 2)
    assert again is not None
    assert again["is_counted"]
    assert again["valid_from_position"] == states.position_of("rx2")


def test_a_participant_shows_what_is_current_and_since_when(states: States) -> None:
    corrected = states.participant(5, since=states.position_of("answers-1", "panel"))
    assert "age=55+" in corrected["cell_key"]
    assert not corrected["is_excluded"]
    before = states.participant(2, since=1 + PEOPLE.index("p1"))
    assert before["participant_key"] == corrected["participant_key"]
    assert "age=18-34" in before["cell_key"]
    excluded = states.participant(3, since=states.position_of("x2", "panel"))
    assert excluded["is_excluded"]
    again = states.participant(4, since=states.position_of("rx2"))
    assert again == excluded | {
        "is_excluded": False,
        "excluded_position": None,
        "valid_from_position": again["valid_from_position"],
    }
