"""The history of ranks in a publication: its own release, and what was published before it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.publications import checking, history, store
from publishing.publications.catalogue import HISTORY, declared_marts, public_tables
from publishing.publications.store import Publication
from publishing.publications.writing import write_files
from tests.publishing.publications.conftest import ABOUT

[TABLE] = [
    table for table in public_tables(declared_marts(PROJECT_DIRECTORY)) if table.name == HISTORY
]
BOARD = ("none", "all", "d", "trueskill_ep")
CREATED = ", ".join(
    f"{column.name} {'bigint' if column.name == 'battle_count' else column.sql_type}"
    for column in TABLE.columns
)


def row(release: str, position: int, model: str, rank: int, **said: Any) -> dict[str, Any]:
    keys = dict(zip(("weighting", "stratum_id", "dimension", "estimator"), BOARD, strict=True))
    return {
        **dict.fromkeys(column.name for column in TABLE.columns),
        **keys,
        "release_id": release,
        "is_latest": release == "new",
        "log_position": position,
        "model_id": model,
        "rank": rank,
        "win_share": 1 / rank,
        "battle_count": 37,
        **said,
    }


def written(
    open_mart: Callable[..., duckdb.DuckDBPyConnection],
    out: Path,
    rows: list[dict[str, Any]],
    before: Path | None = None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the manifest says of the table, and its rows."""
    connection = open_mart()
    connection.execute(f"create table {HISTORY} ({CREATED})")
    for one in rows:
        places = ", ".join("?" for _ in one)
        connection.execute(
            f"insert into {HISTORY} by position values ({places})", list(one.values())
        )
    connection.execute("insert into int_boards__disclosed values (?, ?, ?, ?, false, true)", BOARD)
    for model in {one["model_id"] for one in rows}:
        connection.execute("insert into rpt_leaderboard values (?, ?, ?, ?, ?)", [*BOARD, model])
    _, said = write_files(connection, out, [TABLE], ABOUT, (), before)
    query = f"from '{out / HISTORY}.parquet' order by log_position, rank"
    return said, connection.sql(query).to_arrow_table().to_pylist()


def test_what_was_never_published_is_not_told(
    open_mart: Callable[..., duckdb.DuckDBPyConnection], out: Path
) -> None:
    rows = [row("old", 3, "x", 2), row("new", 7, "x", 1, rank_change=1, win_share_change=0.5)]
    said, [shown] = written(open_mart, out, rows)
    assert (shown["release_id"], shown["rank"]) == ("new", 1)
    assert shown["rank_change"] is None
    assert shown["win_share_change"] is None
    assert (said["row_count"], said["left_out_count"]) == (1, 0)


def test_what_was_published_is_told_as_it_was(
    open_mart: Callable[..., duckdb.DuckDBPyConnection], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    written(open_mart, first, [row("new", 3, "x", 2), row("new", 3, "y", 1)])
    before = tmp_path / "before.parquet"
    duckdb.execute(
        f"copy (from '{first / HISTORY}.parquet' select * replace ('old' as release_id))"
        f" to '{before}'"
    )
    now = [row("old", 3, "x", 9), row("new", 7, "x", 1, win_share=0.9), row("new", 7, "z", 2)]
    said, rows = written(open_mart, second, now, before)
    told = [(one["release_id"], one["is_latest"], one["model_id"], one["rank"]) for one in rows]
    assert told == [
        ("old", False, "y", 1),
        ("old", False, "x", 2),
        ("new", True, "x", 1),
        ("new", True, "z", 2),
    ]
    assert [one["rank_change"] for one in rows] == [None, None, 1, None]
    assert rows[2]["win_share_change"] == pytest.approx(0.4)
    assert (said["row_count"], said["left_out_count"]) == (4, 0)


def test_the_history_goes_on_from_the_last_publication_that_is_whole(tmp_path: Path) -> None:
    marts, boards = tmp_path / "marts", tmp_path / "boards"

    def publish(board: str, position: int, content: str = "rows") -> Path:
        said = {"release_id": board * 64, "log_position": position, "tables": []}
        with store.alone(marts), store.unfinished(marts) as directory:
            path = directory / f"{HISTORY}.parquet"
            path.write_text(content)
            files = [{"name": path.name, "byte_count": len(content), "sha256": _sha256(path)}]
            tables = [{"name": HISTORY, "description": "", "columns": [], "rows_sha256": content}]
            manifest = {**said, "files": [], "tables": [{**tables[0], "files": files}]}
            noted: list[tuple[str, str]] = []
            kept = store.keep(marts, directory, manifest, (), lambda *one: noted.append(one))
        checking.note(boards, Publication(marts / kept.name), noted[0][1], None)
        return kept.directory / path.name

    def before(position: int) -> Path | None:
        return history.last_before(marts, boards, {"log_position": position}, None)

    assert before(9) is None
    first, second, later = publish("a", 3), publish("b", 5), publish("c", 9)
    assert before(9) == second
    assert before(5) == first
    assert before(10) == later
    second.parent.chmod(0o755)
    second.chmod(0o644)
    second.write_text("changed")
    assert before(9) == first
    assert json.loads((first.parent / "manifest.json").read_text())["log_position"] == 3


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
