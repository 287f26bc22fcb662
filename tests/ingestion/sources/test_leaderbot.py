"""leaderbot's counts: the shape, the pinned wheel, and no network."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import DemoscopeError, LoadRefusedError, NotFoundError
from ingestion.sources import leaderbot
from ingestion.sources.registry import open_source

COUNTS = {"models": ["x", "y", "z"], "X": [[0, 1], [2, 0]], "Y": [[1, 2, 3, 4], [5, 0, 0, 0]]}


def test_pairs_become_tallies(read: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lb.whl", "w") as wheel:
        wheel.writestr(leaderbot.MEMBER, json.dumps(COUNTS))
    (tmp_path / "lb.json").write_text(json.dumps(COUNTS))
    rows = read(tmp_path / "lb.whl", mapping="leaderbot")
    assert read(tmp_path / "lb.json", mapping="leaderbot") == rows
    assert [row["native_id"] for row in rows] == ['["x","y"]', '["z","x"]']
    assert [row["both_bad_count"] for row in rows] == [4, 0]
    assert rows[0]["original"] == '{"X": [0, 1], "Y": [1, 2, 3, 4]}'
    one, two = (
        open_source(str(tmp_path / name), mapping="leaderbot") for name in ("lb.whl", "lb.json")
    )
    assert one.fingerprint == two.fingerprint


def test_the_same_identity_as_the_table_of_counts(read: Any, tmp_path: Path) -> None:
    (tmp_path / "lb.json").write_text(json.dumps(COUNTS))
    (tmp_path / "c.csv").write_text(
        "model_a,model_b,wins_a,wins_b,tie,tie_both_bad\nx,y,1,2,3,4\nz,x,5,0,0,0\n"
    )
    one = read(tmp_path / "lb.json", mapping="leaderbot")
    two = read(tmp_path / "c.csv", mapping="arena-pair-counts")
    for left, right in zip(one, two, strict=True):
        for name in set(left) - {"original"}:
            assert str(left[name]) == str(right[name]), name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"nonsense",
        b"\xff",
        b'{"models":["x"],"X":[[0,1]],"Y":[[1,1,1,1]]}',
        b'{"models":["x","y"],"X":[[0,1]],"Y":[]}',
        b'{"models":["x","y"],"X":[[0,1]],"Y":[[1,1,1]]}',
        b'{"models":["x","y"],"X":[[0,1]],"Y":[[1,1,1,-1]]}',
        b'{"models":1,"X":1,"Y":1}',
    ],
)
def test_anything_else_is_refused(read: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lb.json").write_bytes(content)
    with pytest.raises(LoadRefusedError, match="does not hold"):
        read(tmp_path / "lb.json", mapping="leaderbot")
    with pytest.raises(NotFoundError):
        read(tmp_path / "other.json", mapping="leaderbot")


def _answering(
    monkeypatch: pytest.MonkeyPatch, code: int, stderr: str, wheel: bytes | None
) -> None:
    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert "--no-deps" in command
        if wheel is not None:
            cache = Path(command[command.index("--dest") + 1])
            (cache / leaderbot.WHEEL).write_bytes(wheel)
        return subprocess.CompletedProcess(command, code, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _answering(monkeypatch, 1, "WARNING: x\nERROR: No matching distribution found.\n", None)
    with pytest.raises(DemoscopeError, match=r"is there a network.*No matching") as caught:
        leaderbot.fetch_leaderbot(tmp_path / "cache")
    assert "pip download" in str(caught.value.remedy)


def test_a_wheel_that_is_not_the_one_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answering(monkeypatch, 0, "", b"something else")
    with pytest.raises(DemoscopeError, match="not the file that is pinned"):
        leaderbot.fetch_leaderbot(tmp_path)
    assert not (tmp_path / leaderbot.WHEEL).exists()


def test_a_wheel_that_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", pytest.fail)
    monkeypatch.setattr(leaderbot, "_sha256", lambda path: leaderbot.WHEEL_SHA256)
    (tmp_path / leaderbot.WHEEL).write_bytes(b"the wheel")
    assert leaderbot.fetch_leaderbot(tmp_path) == tmp_path / leaderbot.WHEEL
