"""Folders with signs that SQL, patterns, addresses or a shell take for their own."""

from pathlib import Path

import pytest

from ingestion.errors import UsageError
from ingestion.log import EventLog
from ingestion.log.export import ExportFormat, export
from ingestion.paths import Home
from orchestration.database import open_database, register_sources
from publishing.boards import store
from tests.attacks.small_votes import write_votes
from tests.end_to_end.command import demoscope, document

NAMES = (
    "[a]",
    "a*b",
    "it's",
    'say "x"',
    "50%41",
    "-rf",
    "a b",
    "größe 数",
    "{x}",
    "a;b",
    "$H&",
    "~",
)
EVERYTHING = "-a [b]*'\"%41 größe{x}&;$H"


@pytest.mark.parametrize("name", NAMES)
def test_a_load_is_read_below_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name / name)
    home.root.parent.mkdir()
    document(home.root, "ingest", write_votes(home.root.parent / f"{name}.jsonl", 0, 2), "--json")
    log = EventLog.open(home.log)
    with open_database(home.database) as connection:
        assert register_sources(connection, log, as_of_seq=1, loads=home.loads) == []
        counts = "select (select count(*) from raw.load), (select count(*) from raw.battle_judged)"
        assert connection.sql(counts).fetchall() == [(1, 4)]
    for kind in ExportFormat:
        if kind is ExportFormat.DELTA and "%" in name:
            with pytest.raises(UsageError, match="Name a directory without it"):
                export(log, tmp_path / name / kind.value, kind, 1)
            continue
        tables = export(log, tmp_path / name / kind.value, kind, 1)
        assert sum(table.rows for table in tables) == 6


@pytest.mark.parametrize("sign", ["?", "#"])
def test_a_folder_where_no_database_can_be_kept_is_refused(tmp_path: Path, sign: str) -> None:
    done = demoscope(tmp_path / f"a{sign}b", "doctor")
    assert done.returncode == UsageError.exit_code
    assert f"read {sign!r} in a path as the end of it. Name a directory without it" in done.stderr


@pytest.mark.slow
def test_everything_works_below_a_folder_of_any_name(tmp_path: Path) -> None:
    home = Home(tmp_path / EVERYTHING / EVERYTHING)
    home.root.parent.mkdir()
    for number in range(2):
        file = write_votes(home.root.parent / f"[{number}].jsonl", 20 * number, 20 * number + 20)
        document(home.root, "ingest", file, "--json")
        document(home.root, "build", "--json")
        document(home.root, "publish", "--json")
    release = store.current(home.boards)
    for command in (
        ("boards", "reproduce", release.id),
        ("boards", "list"),
        ("log", "checkpoint"),
        ("log", "verify"),
        ("leaderboard",),
        ("queue",),
        ("site", "build"),
        ("vault", "backup", str(home.root.parent / "[b].json")),
        ("doctor",),
    ):
        done = demoscope(home.root, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
