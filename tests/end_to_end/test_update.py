"""`ingest --update`: a changed export becomes corrections, as often as it changes."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.log import EventLog
from ingestion.log.reader import register
from ingestion.log.retractions import UNDO_SOURCE
from ingestion.paths import Home
from ingestion.vocabulary import EventType
from tests.dbt.models import MODELS, render_model
from tests.end_to_end.command import demoscope

MAPPING = """
source: shop
event: battle_judged
columns:
  native_id: id
  participant_id: who
  model_a: left
  model_b: right
  outcome: best
  occurred_at: {column: at, optional: true}
  language: {column: language, optional: true}
  dimension: {constant: overall}
outcome: {1: a, 2: b}
"""
TABLES = ("int_events__revised", "int_battles__revised")
CURRENT = """
select
    coalesce(revised.corrected_model_a, battles.model_a) as model_a,
    coalesce(revised.corrected_outcome, battles.outcome) as outcome,
    coalesce(revised.corrected_participant_key, battles.participant_key) as participant_key,
    coalesce(revised.corrected_judged_at, battles.occurred_at) as judged_at
from stg_events__battles_judged as battles
left join int_battles__revised as revised on battles.position = revised.position
where not coalesce(revised.is_retracted, false)
order by battles.position
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "shop.yml").write_text(MAPPING)
    return tmp_path


def rows(*texts: str, head: str = "id,who,left,right,best,at") -> str:
    return "".join(f"{text}\n" for text in (head, *texts))


FIRST = rows(
    "1,ann,ink,oak,1,2026-03-01T10:00:00Z",
    "2,ben,ink,oak,2,2026-03-01T11:00:00Z",
    "3,ann,elm,oak,1,2026-03-01T12:00:00Z",
)
SECOND = rows(
    "1,ann,ink,oak,2,2026-03-01T10:00:00Z",
    "2,ann,ink,oak,2,2026-03-01T11:30:00Z",
    "3,ann,elm,oak,1,2026-03-01T12:00:00Z",
    "4,ben,elm,ink,1,2026-03-02T12:00:00Z",
)


def ingested(home: Path, files: Path, text: str, *options: str) -> tuple[dict[str, Any], str]:
    path = files / "votes.csv"
    path.write_text(text)
    mapping = ("--mapping", files / "shop.yml", "--max-bad-share", "1")
    done = demoscope(home, "ingest", path, *mapping, "--json", *options)
    [load] = json.loads(done.stdout)["loads"]
    return load, done.stderr


def current(home: Path) -> list[tuple[Any, ...]]:
    """What the build's SQL makes of the log."""
    log = EventLog.open(Home(home).log)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        register(connection, log, log.resolve(None))
        for path in (MODELS / "staging").glob("*.sql"):
            kind = path.read_text("utf-8").split("'raw', '")[1].split("'")[0]
            query = path.read_text("utf-8").split("from {{")[0]
            connection.execute(f"create view {path.stem} as {query} from raw.{kind}")
        for name in TABLES:
            connection.execute(f"create table {name} as {render_model(name)}")
        found = connection.sql(CURRENT).fetchall()
    return [(*row[:3], row[3] and row[3].strftime("%H:%M")) for row in found]


def counts(load: dict[str, Any]) -> tuple[int, ...]:
    names = ("accepted_count", "corrected_count", "duplicate_count", "quarantined_count")
    return tuple(load[name] for name in names)


def test_a_changed_export_corrects_what_it_changes_and_back(home: Path, files: Path) -> None:
    ingested(home, files, FIRST)
    [first, second, third] = before = current(home)
    load, said = ingested(home, files, SECOND, "--update")
    assert counts(load) == (3, 2, 1, 0)
    assert "2 changed rows" in said
    assert "occurred_at 1, outcome 1, participant_id 1" in said
    assert "row 1: outcome is b here and a there" in said
    assert "row 2: occurred_at is 2026-03-01 11:30" in said
    ann = first[2]
    assert current(home)[:3] == [
        ("ink", "b", ann, "10:00"),
        ("ink", "b", ann, "11:30"),
        third,
    ]
    # Said already: by the file itself, with and without --update.
    assert counts(ingested(home, files, SECOND, "--update")[0]) == (0, 0, 4, 0)
    assert counts(ingested(home, files, SECOND)[0]) == (0, 0, 4, 0)
    # And back.
    assert counts(ingested(home, files, FIRST, "--update")[0]) == (2, 2, 1, 0)
    assert current(home)[:3] == before
    assert counts(ingested(home, files, SECOND, "--update")[0]) == (2, 2, 2, 0)
    # An update is undone as any other load.
    head = EventLog.open(Home(home).log).head_seq
    assert demoscope(home, "log", "undo", str(head), "--yes").returncode == 0
    assert current(home)[:3] == before
    assert second in before
    assert EventLog.open(Home(home).log).verify().is_ok


def test_without_update_the_message_names_it(home: Path, files: Path) -> None:
    ingested(home, files, FIRST)
    path = files / "votes.csv"
    path.write_text(SECOND)
    options = ("--mapping", files / "shop.yml", "--max-bad-share", "1")
    done = demoscope(home, "ingest", path, *options)
    assert "row 1: conflicting_duplicate in native_id: 1,ann,ink,oak,2" in done.stdout
    assert "outcome is b here and a there" in done.stdout
    assert "`demoscope ingest --update`" in done.stdout
    assert "log undo" in done.stdout


def test_what_a_correction_cannot_say_stays_a_conflict(home: Path, files: Path) -> None:
    head = "id,who,left,right,best,at,language"
    ingested(home, files, rows("1,ann,ink,oak,1,,en", "2,ann,ink,oak,1,,en", head=head))
    changed = (
        "1,ann,ink,oak,1,,fr",
        "2,,ink,oak,1,,en",
        "2,ann,ink,elm,1,,en",
        "2,ann,elm,oak,1,,en",
    )
    load, _ = ingested(home, files, rows(*changed, head=head), "--update")
    assert counts(load) == (1, 1, 0, 3)
    details = [one["detail"] for one in load["examples"]]
    assert "a correction cannot say this: language is fr here and en there" in details[0]
    assert "a correction cannot say this: participant_id is another one" in details[1]
    assert "row 3 of the file says it otherwise" in details[2]


def test_corrections_by_hand_and_retractions_outlive_an_update(home: Path, files: Path) -> None:
    ingested(home, files, FIRST)
    log = EventLog.open(Home(home).log)
    found = demoscope(home, "log", "events", "--dimension", "overall", "--json").stdout
    ids = [event["event_id"] for event in json.loads(found)["rows"]]
    about = {"source": "office", "reason": "Read again."}
    events = [
        {
            "event_type": "event_corrected",
            "native_id": "c",
            "target_event_id": ids[0],
            "outcome": "tie",
        },
        {"event_type": "event_retracted", "native_id": "r", "target_event_id": ids[1]},
    ]
    path = files / "office.jsonl"
    path.write_text("".join(json.dumps(about | event) + "\n" for event in events))
    assert demoscope(home, "ingest", path, "--across-sources").returncode == 0
    assert counts(ingested(home, files, FIRST, "--update")[0]) == (0, 0, 3, 0)
    assert [row[1] for row in current(home)] == ["tie", "a"]
    log.refresh()
    assert about["source"] != UNDO_SOURCE
    assert log.head_seq == 2
    assert EventType.EVENT_CORRECTED in {s.event_type for s in log.commit(2).segments}
