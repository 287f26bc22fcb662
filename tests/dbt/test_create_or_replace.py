"""Our table and view of DuckDB: replaced whole or not at all, whatever was there before."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestration.database import open_database
from orchestration.dbt_runs import PROJECT_DIRECTORY, TransformationFailedError, run_dbt

SETTINGS = """\
name: demoscope
version: "1.0.0"
profile: demoscope
flags: {send_anonymous_usage_stats: false}
models: {+persist_docs: {relation: true, columns: true}}
"""
PROPERTIES = """\
version: 2
models:
  - name: thing
    description: "It's one row per thing; $1, 100%% of them."
    config: {materialized: %s, contract: {enforced: %s}}
    columns:
      - {name: thing_id, data_type: integer, description: "Which."}
      - {name: size, data_type: varchar, description: "How large."}
      - {name: undescribed, data_type: boolean}
    data_tests: %s
"""
ROWS = "select 1 as thing_id, 'small' as size, true as undescribed"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project" / "models").mkdir(parents=True)
    (tmp_path / "project" / "dbt_project.yml").write_text(SETTINGS)
    for name in (
        "profiles.yml",
        "macros/materializations",
        "tests/generic",
    ):
        new = tmp_path / "project" / name
        new.parent.mkdir(parents=True, exist_ok=True)
        # Copied: dbt does not look into a folder behind a link.
        copy = shutil.copytree if (PROJECT_DIRECTORY / name).is_dir() else shutil.copyfile
        copy(PROJECT_DIRECTORY / name, new)
    return tmp_path


def make(
    root: Path, sql: str, kind: str = "table", *, is_promised: bool = False, tests: str = "[]"
) -> None:
    project = root / "project"
    (project / "models" / "thing.sql").write_text(sql)
    promised = str(is_promised).lower()
    (project / "models" / "thing.yml").write_text(PROPERTIES % (kind, promised, tests))
    run_dbt(["build"], root=root, project=project)


def seen(root: Path, query: str) -> list[Any]:
    with open_database(root / "demoscope.duckdb", is_read_only=True) as connection:
        return connection.sql(query).fetchall()


@pytest.mark.parametrize("is_promised", [False, True])
def test_a_table_becomes_a_view_and_a_table_again(root: Path, is_promised: bool) -> None:
    kinds = "select table_type from information_schema.tables where table_name = 'thing'"
    for kind, called in [("table", "BASE TABLE"), ("view", "VIEW"), ("table", "BASE TABLE")]:
        make(root, f"{ROWS} union all {ROWS}", kind, is_promised=is_promised)
        assert seen(root, kinds) == [(called,)]
        assert seen(root, "from thing") == [(1, "small", True)] * 2
        make(root, ROWS, kind, is_promised=is_promised)
        assert seen(root, "from thing") == [(1, "small", True)]
    assert seen(root, "select count(*) from information_schema.tables") == [(1,)]


@pytest.mark.parametrize("kind", ["table", "view"])
def test_what_it_is_about_is_kept_with_it(root: Path, kind: str) -> None:
    make(root, ROWS, kind)
    make(root, ROWS, kind)
    assert seen(root, f"select comment from duckdb_{kind}s() where {kind}_name = 'thing'") == [
        ("It's one row per thing; $1, 100% of them.",)
    ]
    columns = (
        "select comment from duckdb_columns() where table_name = 'thing' order by column_index"
    )
    assert [comment or "" for (comment,) in seen(root, columns)] == ["Which.", "How large.", ""]


@pytest.mark.parametrize("is_promised", [False, True])
def test_what_fails_half_way_leaves_what_was_there(root: Path, is_promised: bool) -> None:
    make(root, ROWS, is_promised=is_promised)
    late = f"{ROWS} union all select cast(text as integer), 'x', false from (values ('x')) t (text)"
    with pytest.raises(TransformationFailedError, match="Could not convert string 'x'"):
        make(root, late, is_promised=is_promised)
    assert seen(root, "from thing") == [(1, "small", True)]


@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_broken_promise_is_named(root: Path, kind: str) -> None:
    make(root, ROWS, kind, is_promised=True)
    with pytest.raises(TransformationFailedError, match=r"contract that failed[\s\S]*thing_id"):
        make(root, ROWS.replace("1 as", "'1' as"), kind, is_promised=True)
    assert seen(root, "select typeof(thing_id) from thing") == [("INTEGER",)]


KEYS = "unique: [[size], [thing_id, size]], never_null: [thing_id]"
SOUND = f"[{{unique_and_not_null: {{name: sound, arguments: {{{KEYS}}}}}}}]"
UNSOUND = """
select * from (
    values (1, 'small', true), (2, 'small', true), (null, 'large', null), (2, 'small', false)
) as things (thing_id, size, undescribed)
"""


def test_rows_without_fault_pass(root: Path) -> None:
    make(root, ROWS, tests=SOUND)


def test_each_fault_of_a_row_is_said(root: Path) -> None:
    with pytest.raises(TransformationFailedError) as error:
        make(root, UNSOUND, tests=SOUND)
    said = re.findall(r"fault = (.*?), found = (.*\w)", str(error.value))
    assert sorted(said) == [
        ("a value is missing", "thing_id = null"),
        ("repeated", "size = small"),
        ("repeated", "thing_id = 2, size = small"),
    ]


PYTHON = """
def model(dbt, session):
    return session.sql("{sql}")
"""


def test_a_table_in_python_takes_the_place_of_one_in_sql(root: Path) -> None:
    make(root, ROWS, "view")
    (root / "project" / "models" / "thing.sql").unlink()
    python = root / "project" / "models" / "thing.py"
    (python.parent / "thing.yml").write_text(PROPERTIES % ("table", "false", "[]"))
    for sql in (f"{ROWS} union all {ROWS}", ROWS):
        python.write_text(PYTHON.format(sql=sql))
        run_dbt(["build"], root=root, project=root / "project")
    assert seen(root, "from thing") == [(1, "small", True)]
    assert seen(root, "select comment from duckdb_tables() where table_name = 'thing'") == [
        ("It's one row per thing; $1, 100% of them.",)
    ]
