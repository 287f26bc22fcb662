"""Staging and committing: what is accepted, what is dropped, and what is never seen."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.errors import IntegrityError, UsageError
from ingestion.log import EventLog, reader
from ingestion.log.compaction import compact
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import PRODUCER, battles, commit, models, segment_paths

BATTLE = EventType.BATTLE_JUDGED


def test_a_commit_says_what_it_holds(log: EventLog) -> None:
    receipt = commit(log, "one", battles(range(3)), models(["m"]))
    assert receipt.is_new
    assert receipt.accepted == {BATTLE: 3, EventType.MODEL_REGISTERED: 1}
    head = log.head
    assert head is not None
    assert (head.seq, head.first_position, head.event_count) == (1, 1, 4)
    assert head.prev_hash == log.origin.sha256
    assert [(s.event_type, s.first_position, s.rows) for s in head.segments] == [
        ("battle_judged", 1, 3),
        ("model_registered", 4, 1),
    ]
    second = commit(log, "two", battles([9]))
    assert second.seq == 2
    commits = list(log.commits())
    assert commits[1].prev_hash == commits[0].hash
    assert commits[1].first_position == 5
    assert log.verify().is_ok


def test_nothing_is_visible_before_the_commit(log: EventLog) -> None:
    with log.begin("one", PRODUCER) as batch:
        batch.stage(BATTLE, battles(range(3)))
        assert log.head is None
        assert EventLog.open(log.layout.root).head is None
    assert log.head is None


def test_leaving_without_a_commit_leaves_nothing_behind(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.log.staged_rows.SEGMENT_ROWS", 2)
    with log.begin("one", PRODUCER) as batch:
        assert batch.stage(BATTLE, battles(range(5))).is_accepted.all()
        assert list(log.layout.tmp.rglob("*.parquet"))
    assert {path.name for path in log.layout.tmp.iterdir()} <= {"writers.lock"}
    assert list(log.layout.segments.rglob("*.parquet")) == []
    assert log.head is None


def test_a_finished_batch_takes_nothing_more(log: EventLog) -> None:
    with log.begin("one", PRODUCER) as batch:
        batch.stage(BATTLE, battles([1]))
        batch.commit()
        with pytest.raises(ValueError, match="finished"):
            batch.stage(BATTLE, battles([2]))
    assert {path.name for path in log.layout.tmp.iterdir()} <= {"writers.lock"}


def test_the_same_batch_again_gets_its_position(log: EventLog) -> None:
    commit(log, "one", battles(range(3)))
    commit(log, "two", battles(range(3, 5)))
    again = commit(log, "one", battles(range(10, 12)))
    assert (again.seq, again.is_new, again.accepted) == (1, False, {})
    assert log.head_seq == 2
    found = log.find_batch("two")
    assert found is not None
    assert found.seq == 2
    assert log.find_batch("tw") is None


def test_nothing_new_commits_nothing(log: EventLog) -> None:
    assert commit(log, "empty").seq == 0
    commit(log, "one", battles(range(3)))
    again = commit(log, "two", battles(range(3)))
    assert (again.seq, again.is_new) == (1, False)
    assert log.find_batch("two") is None


def test_same_id_same_body_is_a_duplicate_another_body_a_conflict(log: EventLog) -> None:
    commit(log, "one", battles([1, 2]))
    with log.begin("two", PRODUCER) as batch:
        result = batch.stage(BATTLE, battles([1, 3]))
        assert result.is_duplicate.tolist() == [True, False]
        mixed = pa.concat_tables([battles([1], "b"), battles([3], "b"), battles([4])])
        result = batch.stage(BATTLE, mixed)
        assert result.is_conflict.tolist() == [True, True, False]
        assert result.is_duplicate.sum() == 0
        assert batch.commit().accepted == {BATTLE: 2}
    assert sorted(reader.read(log, BATTLE)["event_id"].to_pylist()) == [
        "battle-1",
        "battle-2",
        "battle-3",
        "battle-4",
    ]


def test_the_first_of_several_in_one_table_counts(log: EventLog) -> None:
    table = pa.concat_tables(
        [battles(["x"], "b"), battles(["y"]), battles(["x"]), battles(["x"], "b"), battles(["y"])]
    )
    with log.begin("one", PRODUCER) as batch:
        result = batch.stage(BATTLE, table)
        assert result.is_duplicate.tolist() == [False, False, False, True, True]
        assert result.is_conflict.tolist() == [False, False, True, False, False]
        batch.commit()
    assert reader.read(log, BATTLE)["outcome"].to_pylist() == ["b", "a"]


def test_an_id_of_another_event_type_is_a_conflict(log: EventLog) -> None:
    commit(log, "one", battles(["x"]))
    with log.begin("two", PRODUCER) as batch:
        result = batch.stage(EventType.MODEL_REGISTERED, models(["x", "y"]))
        assert result.is_conflict.tolist() == [True, False]
        again = batch.stage(BATTLE, battles(["y"]))
        assert again.is_conflict.tolist() == [True]


def test_a_newer_contract_version_is_the_same_body(log: EventLog) -> None:
    table = battles([1])
    commit(log, "one", table)
    newer = table.set_column(2, table.schema.field(2), pa.array([2], pa.int32()))
    with log.begin("two", PRODUCER) as batch:
        assert batch.stage(BATTLE, newer).is_duplicate.tolist() == [True]


def test_ids_that_share_a_hash_are_different_events(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.log.matching.HASH", "(length(event_id) % 3)::UBIGINT")
    names = [f"{'x' * (i % 7)}{i:03d}" for i in range(60)]
    commit(log, "one", battles(names[:20]), battles(names[20:30]))
    with log.begin("two", PRODUCER) as batch:
        result = batch.stage(BATTLE, battles(names[:40] + names[35:]))
        assert np.flatnonzero(result.is_accepted).tolist() == [*range(30, 40), *range(45, 65)]
        assert batch.stage(BATTLE, battles(["x001", "new"])).is_accepted.tolist() == [False, True]
        batch.commit()
    assert len(set(reader.read(log, BATTLE)["event_id"].to_pylist())) == 61
    assert log.verify().is_ok


def test_ids_are_found_in_compacted_files_and_beside_them(log: EventLog) -> None:
    for number in range(4):
        commit(log, f"{number}", battles(range(5 * number, 5 * number + 5)), models([f"m{number}"]))
    assert compact(log).merged
    commit(log, "later", battles(range(20, 25)))
    for opened in (log, EventLog.open(log.layout.root)):
        with opened.begin("again", PRODUCER) as batch:
            result = batch.stage(BATTLE, battles(range(2, 30)))
            assert result.is_duplicate.tolist() == [True] * 23 + [False] * 5
            assert batch.stage(BATTLE, battles(range(5), "b")).is_conflict.all()
        assert [opened.find_event(f"battle-{number}") for number in (0, 5, 24)] == [1, 7, 29]
        assert opened.find_event("m0") == 6


@pytest.mark.parametrize("content", [None, b"", b"PAR1 is not enough"])
def test_a_log_that_cannot_be_compared_with_is_an_error(
    log: EventLog, content: bytes | None
) -> None:
    commit(log, "one", battles(range(3)))
    [path] = segment_paths(log)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with log.begin("two", PRODUCER) as batch, pytest.raises(IntegrityError, match=path.name):
        batch.stage(BATTLE, battles([1]))


def test_a_directory_with_any_name(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "it's [a] *log?" / "log")
    commit(log, "one", battles(range(3)))
    assert not commit(log, "two", battles(range(3))).is_new
    assert log.find_event("battle-2") == 3
    assert log.verify().is_ok


@settings(max_examples=15)
@given(
    pieces=st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ab")), max_size=12), max_size=5
    ),
    commits_after=st.sets(st.integers(0, 4)),
)
def test_staging_agrees_with_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory,
    pieces: list[list[tuple[int, str]]],
    commits_after: set[int],
) -> None:
    log = EventLog.open(tmp_path_factory.mktemp("home") / "log")
    known: dict[str, str] = {}
    batch = log.begin("0", PRODUCER)
    for number, piece in enumerate(pieces):
        table = pa.concat_tables(
            [battles([]), *(battles([f"id-{key}"], outcome) for key, outcome in piece)]
        )
        expected: list[str | bool] = []
        for key, outcome in piece:
            expected.append("new" if f"id-{key}" not in known else known[f"id-{key}"] == outcome)
            known.setdefault(f"id-{key}", outcome)
        result = batch.stage(BATTLE, table)
        kinds = [
            "new" if accepted else bool(duplicate)
            for accepted, duplicate in zip(result.is_accepted, result.is_duplicate, strict=True)
        ]
        assert kinds == expected
        if number in commits_after:
            batch.commit()
            batch = log.begin(str(number + 1), PRODUCER)
    batch.commit()
    stored = reader.read(log, BATTLE)
    assert stored["event_id"].to_pylist() == list(known)
    assert stored["position"].to_pylist() == list(range(1, len(known) + 1))
    assert log.verify().is_ok


@pytest.mark.parametrize("batch_id", ["", "x" * 257])
def test_a_batch_needs_a_name(log: EventLog, batch_id: str) -> None:
    with pytest.raises(UsageError):
        log.begin(batch_id, PRODUCER)


def test_a_producer_is_json(log: EventLog) -> None:
    with pytest.raises(UsageError):
        log.begin("x", {"name": object()})


def test_a_table_of_another_shape_is_refused(log: EventLog) -> None:
    with log.begin("one", PRODUCER) as batch:
        with pytest.raises(ValueError, match="unknown"):
            batch.stage(BATTLE, battles([1]).append_column("x", pa.array([1])))
        nulls = battles([1]).set_column(0, "event_id", pa.nulls(1, pa.string()))
        with pytest.raises(ValueError, match="nulls"):
            batch.stage(BATTLE, nulls)


def test_what_a_dead_writer_left_is_cleared_and_a_living_one_is_left_alone(log: EventLog) -> None:
    dead = log.layout.tmp / "batch-dead"
    dead.mkdir()
    (dead / "x.parquet").write_bytes(b"x")
    dead.with_suffix(".lock").touch()
    living = log.begin("one", PRODUCER)
    living.stage(BATTLE, battles([1]))
    assert not dead.exists()
    commit(log, "two", battles([2]))
    assert living.commit().seq == 2
    assert {path.name for path in log.layout.tmp.iterdir()} <= {"writers.lock"}
