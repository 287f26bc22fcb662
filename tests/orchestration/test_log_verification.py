"""What dbt is told of the log: figures of its commits, and whether every byte is what it was."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ingestion.log import EventLog
from ingestion.log.checkpoint import verifier_of
from orchestration.database import open_database
from orchestration.log_verification import check, verify
from orchestration.second_process import SecondProcess
from tests.ingestion.log.events import battles, commit, models


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """Three commits of 4, 5 and 6 events."""
    log = EventLog.open(tmp_path / "log")
    commit(log, "one", battles(range(4)))
    commit(log, "two", battles(range(10, 13)), models(["m", "n"]))
    commit(log, "three", battles(range(20, 26)))
    return log


def told(tmp_path: Path, log: EventLog, position: int) -> dict[str, Any]:
    database = tmp_path / "demoscope.duckdb"
    verify(database, log, position, tmp_path / "log-public.pub")
    with open_database(database) as connection:
        rows: list[dict[str, Any]] = (
            connection.sql("from log.verification").to_arrow_table().to_pylist()
        )
    [row] = rows
    return row


def test_it_is_of_the_commits_that_were_read(tmp_path: Path, log: EventLog) -> None:
    row = told(tmp_path, log, 2)
    files = sorted((tmp_path / "log" / "commits").iterdir())
    first, second = (json.loads(path.read_bytes()) for path in files[:2])
    assert row["event_count"] == 9
    assert row["first_recorded_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == first["recorded_at"]
    assert row["last_recorded_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == second["recorded_at"]
    third = json.loads(files[2].read_bytes())
    assert row["log_head_hash"] == third["prev_hash"]
    assert (row["is_verified"], row["finding_count"], row["checkpoint_key"]) == (True, 0, None)
    assert told(tmp_path, log, 2) == row


def test_its_root_is_that_of_a_checkpoint(tmp_path: Path, log: EventLog) -> None:
    origin, size, root = log.checkpoint().encode().splitlines()
    row = told(tmp_path, log, 3)
    assert (row["origin"], row["log_position"]) == (origin, int(size))
    assert bytes.fromhex(row["log_root_hash"]) == base64.b64decode(root)


def test_who_signs_checkpoints_is_named_where_anybody_does(tmp_path: Path, log: EventLog) -> None:
    path = tmp_path / "log-public.pub"
    verifier = verifier_of("tests", Ed25519PrivateKey.generate())
    path.write_text(f"{verifier}\n")
    assert told(tmp_path, log, 3)["checkpoint_key"] == str(verifier)
    path.write_text("no key\n")
    assert told(tmp_path, log, 3)["checkpoint_key"] is None


def test_a_byte_that_changed_is_a_finding(tmp_path: Path, log: EventLog) -> None:
    segment = next((tmp_path / "log" / "segments").rglob("*.parquet"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.chmod(0o644)
    segment.write_bytes(content)
    row = told(tmp_path, log, 3)
    assert not row["is_verified"]
    assert row["finding_count"] >= 1


def test_what_another_process_found_is_what_is_kept(tmp_path: Path, log: EventLog) -> None:
    [path, *_] = sorted((tmp_path / "log" / "segments").rglob("*.parquet"))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with SecondProcess() as elsewhere:
        found = elsewhere.submit(check, tmp_path).result()
    row = verify(tmp_path / "demoscope.duckdb", log, 3, tmp_path / "log-public.pub", found)
    assert not row["is_verified"]
    assert row["finding_count"] == len(log.verify().findings)
