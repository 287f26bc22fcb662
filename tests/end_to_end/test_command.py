"""The installed command is a process whose streams and exit codes are those of `command.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import demoscope, document


@pytest.mark.parametrize(
    "arguments", [("log", "show", "--json"), ("leaderboard",), ("log", "show", "--nonsense")]
)
def test_a_process_ends_as_the_call_does(home: Path, arguments: tuple[str, ...]) -> None:
    home.mkdir()
    script = Path(sys.executable).with_name("demoscope")
    environment = os.environ | {"DEMOSCOPE_HOME": str(home)}
    process = subprocess.run(
        [script, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    called = demoscope(home, *arguments)
    assert (process.returncode, process.stdout) == (called.returncode, called.stdout)
    assert process.stderr == called.stderr
    if "--json" in arguments:
        assert json.loads(process.stdout)["rows"] == []


MODEL = '{"event_type": "model_registered", "source": "s", "native_id": "1", "model_id": "m"}'


def ingested(home: Path, file: Path, **streams: Any) -> subprocess.CompletedProcess[str]:
    """By a process of its own, which ends sooner than those of other commands."""
    command = [str(Path(sys.executable).with_name("demoscope")), "ingest", str(file)]
    environment = os.environ | {"DEMOSCOPE_HOME": str(home)}
    return subprocess.run(command, env=environment, text=True, check=False, **streams)


@pytest.mark.parametrize("content", [MODEL, "{}\n" * 9, None])
def test_an_ingest_ends_as_the_call_does(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "file.jsonl"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    process = ingested(tmp_path / "one", file, capture_output=True)
    called = demoscope(tmp_path / "two", "ingest", file)
    assert (process.returncode, process.stdout) == (called.returncode, called.stdout)
    assert process.stderr.splitlines()[-1:] == [
        line.replace("two", "one") for line in called.stderr.splitlines()[-1:]
    ]


@pytest.mark.parametrize("reader", ["| true", ">&-", "2>&-", "<&-"])
def test_an_ingest_goes_on_where_nobody_reads(tmp_path: Path, reader: str) -> None:
    """The pipe's reader has gone before the first file is in; or the caller closed the stream."""
    for number in range(2):
        line = MODEL.replace('"1"', f'"{number}"').replace('"m"', f'"m{number}"')
        (tmp_path / f"{number}.jsonl").write_text(line, encoding="utf-8")
    program = Path(sys.executable).with_name("demoscope")
    # Its own exit code, not the pipe's.
    script = f'set -o pipefail; "{program}" ingest 0.jsonl 1.jsonl {reader}'
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"DEMOSCOPE_HOME": "home"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    commits = document(tmp_path / "home", "log", "show", "--json")["rows"]
    assert [commit["event_count"] for commit in commits] == [1, 1]


def test_an_ingest_whose_words_cannot_be_written_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    file.write_text(MODEL, encoding="utf-8")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = ingested(tmp_path / "home", file, stdout=full, stderr=subprocess.PIPE)
    assert process.returncode
    assert "No space left on device" in process.stderr
