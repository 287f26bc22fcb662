"""The index of event ids: the same answers whatever becomes of its files, at the batch's cost."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.log import EventLog
from ingestion.log.id_hash import _hashed, hash_ids
from ingestion.log.run_file import HEADER_BYTES, DamagedRunError, FileRun, write_run
from ingestion.log.runs import MemoryRun, Run, merged
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import PRODUCER, battles, commit

BATTLE = EventType.BATTLE_JUDGED
HASHES = st.lists(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=80)


def run_of(hashes: list[int], start: int = 0) -> MemoryRun:
    places = np.arange(start, start + len(hashes), dtype=np.uint64)
    return MemoryRun.of(np.array(hashes, np.uint64), places)


def pairs(run: Run, needles: list[int]) -> set[tuple[int, int]]:
    ordered = np.sort(np.array(needles, np.uint64))
    index, places = run.find(ordered)
    found = list(zip(ordered[index].tolist(), places.tolist(), strict=True))
    if len(set(needles)) == len(needles):
        assert len(found) == len(set(found))
    return set(found)


@given(a=HASHES, b=HASHES, needles=HASHES)
def test_a_run_finds_what_a_dictionary_finds(
    tmp_path_factory: pytest.TempPathFactory, a: list[int], b: list[int], needles: list[int]
) -> None:
    expected = {(h, i) for i, h in enumerate(a + b) if h in needles}
    runs = run_of(a), run_of(b, len(a))
    both = MemoryRun.of_two(*runs)
    assert len(both) == len(a) + len(b)
    assert pairs(both, needles) == expected
    path = tmp_path_factory.mktemp("run") / "x.ids"
    write_run(path, {"x": 1}, merged(runs))
    stored = FileRun(path, {"x": 1})
    assert pairs(stored, needles) == expected
    assert pairs(MemoryRun.joined(merged([stored, run_of([])]).slices()), needles) == expected


def test_runs_of_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.log.runs.MERGE_ROWS", 5000)
    generator = np.random.default_rng(1)
    parts = [generator.integers(0, 60_000, 50_000).astype(np.uint64) for _ in range(2)]
    runs = [
        MemoryRun.of(part, np.arange(start, start + len(part), dtype=np.uint64))
        for part, start in zip(parts, (0, 50_000), strict=True)
    ]
    whole = MemoryRun.joined(merged(runs).slices())
    assert (MemoryRun.of_two(*runs).hashes == whole.hashes).all()
    every = np.concatenate(parts)
    assert (whole.hashes == np.sort(every)).all()
    assert (every[whole.places.astype(np.int64)] == whole.hashes).all()
    path = tmp_path / "x.ids"
    write_run(path, {}, whole)
    for needles in (every[:3], every[:20_000], np.array([0, 2**64 - 1], np.uint64)):
        ordered = np.sort(needles)
        found = [run.find(ordered) for run in (whole, FileRun(path, {}))]
        assert (found[0][0] == found[1][0]).all()
        assert set(found[0][1].tolist()) == set(found[1][1].tolist())
    content = path.read_bytes()
    in_filter = HEADER_BYTES + 16 * len(whole) + 5
    for at in (600, len(content) // 2, len(content) - 3, 3, in_filter):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(DamagedRunError):
            FileRun(path, {}).find(np.sort(every))


@given(st.lists(st.text(max_size=40), min_size=1, max_size=60), st.integers(0, 3))
def test_compiled_hashes_are_those_of_the_definition(texts: list[str], start: int) -> None:
    ids = pa.array(["skipped"] * start + texts).slice(start)
    expected = [_hashed(text.encode()) for text in texts]
    assert hash_ids(ids).tolist() == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingestion.log.id_hash.COMPILED_ROWS", 1)
        assert hash_ids(pa.chunked_array([ids, ids])).tolist() == expected * 2


def test_hashes_of_much_alike_ids_are_spread_evenly() -> None:
    ids = pa.array([f"event-{n}" for n in range(1 << 16)])
    hashes = hash_ids(ids)
    for bits in (hashes >> np.uint64(56), hashes & np.uint64(255)):
        counts = np.bincount(bits.astype(np.int64), minlength=256)
        # Of 65,536 balls in 256 bins: 256 each, and a standard deviation of 16.
        assert abs(counts - 256).max() < 6 * 16
    assert len(set(hashes.tolist())) == len(ids)


def test_hashes_do_not_depend_on_what_stands_beside() -> None:
    ids = battles([f"{'x' * (i % 40)}{i}" for i in range(3000)])["event_id"]
    whole = hash_ids(ids)
    assert (hash_ids(ids.slice(1000, 7)) == whole[1000:1007]).all()
    assert (hash_ids(ids.combine_chunks().dictionary_encode().cast("string")) == whole).all()
    assert len(set(whole.tolist())) == 3000


@pytest.fixture
def filled(log: EventLog) -> EventLog:
    for number in range(10):
        commit(log, f"batch-{number}", battles(range(number * 5, number * 5 + 5)))
    return log


def answers(log: EventLog) -> list[bool]:
    """Every third event again, among new ones."""
    with EventLog.open(log.layout.root).begin("ask", PRODUCER) as batch:
        asked = battles([*range(0, 50, 3), *range(1000, 1020)])
        return list(batch.stage(BATTLE, asked).is_duplicate)


EXPECTED = [True] * 17 + [False] * 20


def test_many_commits_leave_few_files(filled: EventLog, cache: Path) -> None:
    assert len(list((cache / "ids").iterdir())) <= 4
    assert answers(filled) == EXPECTED


def test_a_deleted_cache_is_built_again(filled: EventLog, cache: Path) -> None:
    shutil.rmtree(cache)
    assert answers(filled) == EXPECTED
    assert list((cache / "ids").iterdir())


def test_a_missing_part_is_built_again(filled: EventLog, cache: Path) -> None:
    for path in sorted((cache / "ids").iterdir())[1:]:
        path.unlink()
    assert answers(filled) == EXPECTED


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.5, 0.8, 0.95, 1.0])
def test_a_damaged_cache_is_built_again(filled: EventLog, cache: Path, share: float) -> None:
    for path in (cache / "ids").iterdir():
        content = bytearray(path.read_bytes())
        at = round(share * (len(content) - 1))
        content[at] ^= 0x55
        path.write_bytes(content)
    assert answers(filled) == EXPECTED


@pytest.mark.parametrize("kept", [0, 100, 512, 700])
def test_a_truncated_cache_is_built_again(filled: EventLog, cache: Path, kept: int) -> None:
    for path in (cache / "ids").iterdir():
        path.write_bytes(path.read_bytes()[:kept])
    assert answers(filled) == EXPECTED


def test_another_hash_function_is_built_again(
    filled: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.log.id_cache.HASH_NAME", "another")
    monkeypatch.setattr(
        "ingestion.log.id_cache.hash_ids", lambda ids: hash_ids(ids) ^ np.uint64(99)
    )
    monkeypatch.setattr("ingestion.log.batch.hash_ids", lambda ids: hash_ids(ids) ^ np.uint64(99))
    assert answers(filled) == EXPECTED


def test_the_cache_of_another_log_is_not_believed(
    filled: EventLog, cache: Path, tmp_path: Path
) -> None:
    other = EventLog.open(tmp_path / "other" / "log")
    for number in range(10):
        commit(other, f"batch-{number}", battles(range(900 + number * 5, 905 + number * 5)))
    shutil.rmtree(cache / "ids")
    shutil.copytree(tmp_path / "other" / "cache" / "ids", cache / "ids")
    assert answers(filled) == EXPECTED


def test_large_runs_are_spilt_and_merged_on_the_disk(
    log: EventLog, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr("ingestion.log.pending.SPILL_ROWS", 10)
    monkeypatch.setattr("ingestion.log.id_cache.BUILD_ROWS", 10)
    for number in range(3):
        with log.begin(f"{number}", PRODUCER) as batch:
            for start in range(number * 100, number * 100 + 70, 7):
                assert batch.stage(BATTLE, battles(range(start, start + 7))).is_accepted.all()
                again = battles(range(number * 100, start + 7))
                assert batch.stage(BATTLE, again).is_duplicate.all()
            assert batch.commit().accepted == {BATTLE: 70}
    assert not commit(log, "again", battles(range(200, 270))).is_new
    assert not commit(EventLog.open(log.layout.root), "again", battles(range(70))).is_new
    shutil.rmtree(cache)
    assert not commit(EventLog.open(log.layout.root), "again", battles(range(100, 170))).is_new
