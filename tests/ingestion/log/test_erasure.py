"""Erasure, level 1: afterwards nobody can link or read, and every hash holds."""

import json
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from expectations.gate import Gate
from ingestion.errors import BusyError, NotFoundError, UsageError
from ingestion.log import EventLog, reader
from ingestion.log.compaction import compact
from ingestion.log.erasure import Subject, erase, erasures, find_subject
from ingestion.paths import Home
from ingestion.subjects.key_tree import KeyTree
from ingestion.subjects.links import Identities, vault_lock
from ingestion.subjects.pseudonyms import Pseudonymiser
from ingestion.subjects.seals import SEALED_PREFIX
from ingestion.vocabulary import EventType
from orchestration.database import open_database, register_sources
from orchestration.event_search import Search, find_events
from orchestration.load_report import GateRefusalError
from orchestration.loading import load_file

ENROLLED, BATTLE = EventType.PARTICIPANT_ENROLLED, EventType.BATTLE_JUDGED


def person(name: str, **columns: Any) -> dict[str, Any]:
    return {
        "event_type": "participant_enrolled",
        "source": "panel",
        "native_id": name,
        "participant_id": name,
        "country": "US",
        "age": "34",
        "gender": "Female",
        "politics": "Democrat",
        **columns,
    }


def verdict(number: int, name: str) -> dict[str, Any]:
    return {
        "event_type": "battle_judged",
        "source": "panel",
        "native_id": f"b-{number}",
        "participant_id": name,
        "dimension": "overall",
        "model_a": "x",
        "model_b": "y",
        "outcome": "a",
    }


def load(paths: Home, name: str, *events: dict[str, Any], bad: float = 0.2) -> Any:
    path = paths.root.parent / f"{name}.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return load_file(paths, str(path), gate=Gate(max_bad_share=bad))


@pytest.fixture
def paths(home: Path) -> Home:
    paths = Home(home)
    load(paths, "people", person("anna"), person("ben", age="51"), person("cleo"))
    load(paths, "votes", *(verdict(n, ("anna", "ben", "cleo")[n % 3]) for n in range(9)))
    return paths


@pytest.fixture
def log(paths: Home) -> EventLog:
    return EventLog.open(paths.log)


def seen(paths: Home, log: EventLog, as_of: int | None = None) -> list[tuple[Any, ...]]:
    """What a build sees of enrolments."""
    with open_database(paths.root / "seen.duckdb") as connection:
        register_sources(connection, log, as_of_seq=log.resolve(as_of), loads=paths.loads)
        query = "select country, age, gender, politics from raw.participant_enrolled order by all"
        return connection.sql(query).fetchall()


def erase_anna(paths: Home, log: EventLog, *, is_retracted: bool = False) -> Subject:
    subject = find_subject(log, paths.vault, "anna", None)
    erase(log, paths.vault, subject, is_retracted=is_retracted)
    return subject


def test_the_log_holds_no_answer_in_clear(paths: Home, log: EventLog) -> None:
    for path in log.layout.segments.rglob("*.parquet"):
        content = path.read_bytes()
        for word in (b"anna", b"Female", b"Democrat"):
            assert word not in content
    stored = reader.read(log, ENROLLED)
    assert all(age.startswith(SEALED_PREFIX) for age in stored["age"].to_pylist())
    assert stored["country"].to_pylist() == ["US"] * 3
    assert seen(paths, log) == [
        ("US", "34", "Female", "Democrat"),
        ("US", "34", "Female", "Democrat"),
        ("US", "51", "Female", "Democrat"),
    ]


def test_what_was_said_is_gone_and_every_hash_holds(paths: Home, log: EventLog) -> None:
    checkpoint = log.checkpoint()
    before = [one.encode() for one in log.commits()]
    subject = erase_anna(paths, log)
    assert subject.events == {ENROLLED: 1, BATTLE: 3}
    assert seen(paths, log) == [
        ("US", "34", "Female", "Democrat"),
        ("US", "51", "Female", "Democrat"),
        ("US", None, None, None),
    ]
    # As of before, too: the key is gone, whatever the question.
    assert seen(paths, log, 2) == seen(paths, log)
    report = log.verify(held=checkpoint)
    assert report.is_ok
    assert [one.encode() for one in log.commits(2)] == before
    erased = reader.read(log, EventType.SUBJECT_ERASED)
    assert erased.select(["subject_id", "level"]).to_pylist() == [
        {"subject_id": subject.subject_id, "level": 1}
    ]
    assert [(one.first_seq, one.seq) for one in erasures(log)] == [(1, 3)]


def test_the_link_is_cut_even_for_who_holds_the_vault(paths: Home, log: EventLog) -> None:
    subject = erase_anna(paths, log)
    identities = Identities.open(paths.vault)
    assert identities.subject_id("panel", "anna") is None
    assert identities.subject_id("panel", "ben") is not None
    enrolment = reader.read(log, ENROLLED).filter(pc.field("subject_id") == subject.subject_id)
    [event_id] = enrolment["event_id"].to_pylist()
    assert event_id not in identities.event_ids("panel", ENROLLED, "anna")
    plain = Pseudonymiser.open(paths.vault)
    assert plain.text("subject_id", "panel", "anna") != subject.subject_id
    for search in (
        Search(source="panel", participant_id="anna"),
        Search(source="panel", native_id=("anna",)),
    ):
        assert find_events(paths, search, limit=9) == []
    assert len(find_events(paths, Search(source="panel", participant_id="ben"), limit=9)) == 4
    assert len(find_events(paths, Search(source="panel", native_id=("ben",)), limit=9)) == 1


def test_an_erased_participant_does_not_come_back(paths: Home, log: EventLog) -> None:
    erase_anna(paths, log)
    events = [person("anna"), verdict(100, "anna"), verdict(101, "ben"), person("ben", age="51")]
    report = load(paths, "again", *events, bad=0.9)
    assert report.accepted_count == 1
    assert report.duplicate_count == 1
    assert report.quarantined_by_reason == {"erased_participant": 2}
    for path in paths.quarantine.glob("*.parquet"):
        assert pq.read_table(path)["original"].to_pylist() == ["", ""]
    log.refresh()
    assert reader.read(log, BATTLE).num_rows == 10


def test_retractions_where_asked(paths: Home, log: EventLog) -> None:
    subject = find_subject(log, paths.vault, "anna", "panel")
    done = erase(log, paths.vault, subject, is_retracted=True)
    assert (done.events, done.retracted) == (4, 4)
    hers = {
        row["event_id"]
        for kind in (ENROLLED, BATTLE)
        for row in reader.read(log, kind).to_pylist()
        if row["subject_id"] == subject.subject_id
    }
    retracted = reader.read(log, EventType.EVENT_RETRACTED)
    assert set(retracted["target_event_id"].to_pylist()) == hers
    assert retracted["subject_id"].to_pylist() == [None] * 4


@pytest.mark.parametrize("step", [0, 1])
def test_cut_off_between_the_steps_it_is_finished_by_the_same_command(
    paths: Home, log: EventLog, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    replaced = KeyTree.replace
    calls: list[Path] = []

    def cut(tree: KeyTree, path: Path) -> None:
        if len(calls) == step:
            raise KeyboardInterrupt
        calls.append(path)
        replaced(tree, path)

    with monkeypatch.context() as patched:
        patched.setattr(KeyTree, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            erase_anna(paths, log)
    erase_anna(paths, log)
    assert reader.read(log, EventType.SUBJECT_ERASED).num_rows == 1
    assert ("US", None, None, None) in seen(paths, log)
    with pytest.raises(NotFoundError, match="erased before"):
        find_subject(log, paths.vault, "anna", "panel")


def test_what_a_killed_erasure_left_in_the_vault_goes_with_the_next(
    paths: Home, log: EventLog
) -> None:
    """It would hold the keys of everybody who is erased later."""
    for name in ("seals.tree", "links.tree"):
        (paths.vault / f"{name}.0123456789abcdef").write_bytes((paths.vault / name).read_bytes())
    before = {path.name for path in paths.vault.iterdir()}
    erase_anna(paths, log)
    left = {path.name for path in paths.vault.iterdir()}
    assert left == {name for name in before if not name.endswith("0123456789abcdef")}


def test_killed_while_what_was_made_of_the_log_goes_the_same_call_finds_them(
    paths: Home, log: EventLog
) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    subject = find_subject(log, paths.vault, "anna", None)
    with pytest.raises(KeyboardInterrupt):
        erase(log, paths.vault, subject, cleanup=killed)
    assert ("US", None, None, None) in seen(paths, log)
    done: list[str] = []
    subject = find_subject(log, paths.vault, "anna", None)
    erase(log, paths.vault, subject, cleanup=lambda: done.append("deleted"))
    assert done == ["deleted"]
    with pytest.raises(NotFoundError, match="erased before"):
        find_subject(log, paths.vault, "anna", None)


def test_who_is_not_there_and_who_is_there_twice(paths: Home, log: EventLog) -> None:
    with pytest.raises(NotFoundError, match="no event"):
        find_subject(log, paths.vault, "nobody", None)
    load(paths, "other", person("anna", source="lab"))
    log.refresh()
    with pytest.raises(UsageError, match="lab, panel"):
        find_subject(log, paths.vault, "anna", None)
    assert find_subject(log, paths.vault, "anna", "lab").events == {ENROLLED: 1}


def test_not_while_a_load_runs(paths: Home, log: EventLog) -> None:
    with vault_lock(paths.vault, is_exclusive=False):
        load(paths, "another", verdict(50, "ben"))
        log.refresh()
        with pytest.raises(BusyError, match="a load"):
            erase_anna(paths, log)
    with (
        vault_lock(paths.vault, is_exclusive=True),
        pytest.raises(BusyError, match="an erasure"),
    ):
        load(paths, "a-third", verdict(51, "ben"))


def test_after_compaction_too(paths: Home, log: EventLog) -> None:
    for number in range(5):
        load(paths, f"more-{number}", person(f"p{number}"), verdict(200 + number, "anna"))
    log.refresh()
    assert compact(log).merged
    subject = erase_anna(paths, log)
    assert subject.events == {ENROLLED: 1, BATTLE: 8}
    assert ("US", None, None, None) in seen(paths, log)
    assert log.verify().is_ok


def corrected(log: EventLog, number: int, name: str, native_id: str) -> dict[str, Any]:
    """A correction that gives the battle at a place of the log to somebody."""
    target = reader.read(log, BATTLE)["event_id"][number].as_py()
    return {
        "event_type": "event_corrected",
        "source": "panel",
        "native_id": native_id,
        "participant_id": name,
        "target_event_id": target,
        "reason": "Ids were shifted.",
    }


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_a_battle_goes_with_whom_a_correction_gives_it_to(
    paths: Home, log: EventLog, *, is_taken_back: bool
) -> None:
    # Two of anna's three battles are given to ben, one by way of cleo, and one of his to her.
    gifts = [(0, "ben"), (3, "cleo"), (3, "ben"), (1, "anna")]
    load(paths, "gifts", *(corrected(log, *gift, f"c-{n}") for n, gift in enumerate(gifts)))
    log.refresh()
    given = reader.read(log, EventType.EVENT_CORRECTED)
    assert not set(given["subject_id"].to_pylist()) & {"anna", "ben", "cleo"}
    battles = reader.read(log, BATTLE)["event_id"].to_pylist()
    if is_taken_back:
        about = {"event_type": "event_retracted", "source": "panel", "reason": "They were right."}
        targets = given["event_id"].to_pylist()
        load(paths, "back", *(about | {"native_id": t, "target_event_id": t} for t in targets))
        log.refresh()
    subject = find_subject(log, paths.vault, "anna", None)
    hers = {0, 3, 6} if is_taken_back else {6, 1}
    assert subject.events[BATTLE] == len(hers)
    erase(log, paths.vault, subject, level=2)
    left = reader.read(log, BATTLE)["event_id"].to_pylist()
    assert left == [one for number, one in enumerate(battles) if number not in hers]


def test_who_has_only_a_corrected_battle_is_found_and_can_be_retracted(
    paths: Home, log: EventLog
) -> None:
    load(paths, "gift", corrected(log, 0, "dora", "c"))
    log.refresh()
    dora = find_subject(log, paths.vault, "dora", None)
    assert dora.events == {BATTLE: 1}
    assert erase(log, paths.vault, dora, is_retracted=True).retracted == 1
    log.refresh()
    [target] = reader.read(log, EventType.EVENT_RETRACTED)["target_event_id"].to_pylist()
    assert target == reader.read(log, BATTLE)["event_id"][0].as_py()
    with pytest.raises(GateRefusalError, match="erased_participant"):
        load(paths, "again", corrected(log, 1, "dora", "d"), bad=1)
