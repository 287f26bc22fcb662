"""What a batch's rows become on the disk: few files, in order, one of the same rows and salts."""

from pathlib import Path

import pytest

from ingestion.log import EventLog, reader, segments
from ingestion.log.salts import Salts
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import PRODUCER, battles, models

BATTLE = EventType.BATTLE_JUDGED


def test_many_small_tables_become_few_segments_in_order(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.log.staged_rows.SEGMENT_ROWS", 10)
    with log.begin("one", PRODUCER) as batch:
        for start in range(0, 24, 3):
            batch.stage(BATTLE, battles(range(start, start + 3)))
            batch.stage(EventType.MODEL_REGISTERED, models([f"m{start}"]))
        batch.stage(BATTLE, battles(range(100, 125)))
        result = batch.stage(BATTLE, battles([3, 104, 124, 200]).slice(3))
        assert result.is_accepted.all()
        batch.commit()
    head = log.head
    assert head is not None
    assert [(s.event_type, s.rows) for s in head.segments] == [
        ("battle_judged", 10),
        ("battle_judged", 10),
        ("battle_judged", 10),
        ("battle_judged", 10),
        ("battle_judged", 10),
        ("model_registered", 8),
    ]
    ids = reader.read(log, BATTLE)["event_id"].to_pylist()
    assert ids == [f"battle-{i}" for i in [*range(24), *range(100, 125), 200]]
    assert log.verify().is_ok


def test_the_largest_buffer_is_written_when_memory_is_short(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.log.staged_rows.BUFFER_BYTES", 1)
    with log.begin("one", PRODUCER) as batch:
        batch.stage(BATTLE, battles(range(5)))
        batch.stage(EventType.MODEL_REGISTERED, models(["m"]))
        assert batch.stage(BATTLE, battles([0])).is_duplicate.tolist() == [True]
        assert len(list(log.layout.tmp.rglob("*.parquet"))) == 2


def test_one_content_makes_one_file(tmp_path: Path) -> None:
    salts = Salts.fresh(1000)
    files = [
        segments.write_segment(tmp_path / name, battles(range(1000)), salts) for name in ("a", "b")
    ]
    assert files[0].sha256 == files[1].sha256


def test_new_salts_make_another_file_and_another_root(tmp_path: Path) -> None:
    files = [segments.write_segment(tmp_path / name, battles(range(10))) for name in ("a", "b")]
    assert files[0].sha256 != files[1].sha256
    assert files[0].row_root != files[1].row_root
