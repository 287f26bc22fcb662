"""The mirror in PostgreSQL, against a real server that listens on a Unix socket only."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from adbc_driver_postgresql import dbapi

from ingestion.errors import BusyError
from publishing.publications import postgres, store
from publishing.publications.postgres import MirrorError, mirror
from publishing.publications.store import Publication
from publishing.publications.writing import write_files
from tests.publishing.publications.conftest import ABOUT, ROWS, THING

NOBODY = 65534
OpenMart = Callable[..., duckdb.DuckDBPyConnection]


def program(name: str) -> str:
    """A program of the server, which Debian keeps off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = shutil.which(name) if not found else str(found[-1])
    if path is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A database of its own; what libpq needs to reach it."""
    as_user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    as_user = as_user if os.geteuid() == 0 else {}
    # Short: a socket's path has 107 bytes at most.
    directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if as_user:
        os.chown(directory, NOBODY, NOBODY)
    data, options = directory / "data", f"-k {directory} -c listen_addresses='' -F"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=directory, **as_user)

    control = program("pg_ctl")
    try:
        run(program("initdb"), "-D", str(data), "-A", "trust", "-U", "owner", "--no-sync", "-EUTF8")
        run(control, "-D", str(data), "-w", "-l", str(directory / "log"), "-o", options, "start")
        try:
            yield f"host={directory} dbname=postgres user="
        finally:
            run(control, "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def query(server: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Runs a statement as somebody; at the end what the test made is dropped."""

    def query(statement: str, user: str = "owner") -> list[tuple[Any, ...]]:
        connection = dbapi.connect(f"{server}{user}", autocommit=True)
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    yield query
    query("drop schema if exists demoscope, demoscope_incoming cascade")


@pytest.fixture
def publish(tmp_path: Path, open_mart: OpenMart) -> Callable[..., Publication]:
    """Publishes a mart of some rows."""

    def publish(rows: Any = ROWS, **about: Any) -> Publication:
        said = ABOUT | about
        with store.alone(tmp_path), store.unfinished(tmp_path) as directory:
            tables = write_files(open_mart(rows), directory, [THING], said)
            manifest = {**said, "recorded_at": "", "tables": tables}
            return store.keep(tmp_path, directory, manifest)

    return publish


Query = Callable[..., list[tuple[Any, ...]]]
Publish = Callable[..., Publication]


def test_the_mirror_has_the_rows_types_and_comments(
    server: str, query: Query, publish: Publish
) -> None:
    mirror(publish(), f"{server}owner")
    columns = query(
        "select column_name::text, data_type::text from information_schema.columns"
        " where table_schema = 'demoscope' and table_name = 'rpt_thing' order by ordinal_position"
    )
    assert columns == [
        ("stratum_id", "text"),
        ("model_id", "text"),
        ("skill", "double precision"),
        ("battle_count", "integer"),
        ("is_retired", "boolean"),
        ("retired_at", "timestamp with time zone"),
    ]
    rows = query("select stratum_id, model_id, skill, battle_count from demoscope.rpt_thing")
    assert sorted(rows) == sorted(row[:4] for row in ROWS if row[0] in {"all", "US"})
    assert query("select count(*) from demoscope.rpt_thing where retired_at is null") == [(8,)]
    assert query("select is_simulated, log_position from demoscope.publication") == [(True, 7)]
    about = "select obj_description('demoscope.rpt_thing'::regclass)"
    assert query(about) == [(THING.grain,)]
    assert query("select col_description('demoscope.rpt_thing'::regclass, 2)") == [
        ("The model's name.",)
    ]


def test_the_next_one_takes_its_place_for_the_same_readers(
    server: str, query: Query, publish: Publish
) -> None:
    mirror(publish(), f"{server}owner")
    query("create role reader login")
    query("create role stranger login")
    query("grant usage on schema demoscope to reader")
    query("grant select on all tables in schema demoscope to reader")
    mirror(publish(ROWS[:2], log_position=8), f"{server}owner")
    assert query("select count(*) from demoscope.rpt_thing", "reader") == [(2,)]
    assert query("select log_position from demoscope.publication", "reader") == [(8,)]
    with pytest.raises(dbapi.ProgrammingError, match="permission denied"):
        query("select count(*) from demoscope.rpt_thing", "stranger")
    assert query("select count(*) from pg_namespace where nspname like 'demoscope%'") == [(1,)]
    with pytest.raises(MirrorError, match=r"permission denied.*CREATE on the database"):
        mirror(publish(), f"{server}reader")
    query("drop schema demoscope cascade")
    query("drop role reader, stranger")


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("create view theirs as select * from demoscope.rpt_thing", "view theirs depends"),
        ("create table demoscope.theirs (x int)", "table demoscope.theirs depends"),
        ("comment on schema demoscope is null", "that Demoscope did not make"),
    ],
)
def test_what_others_made_is_never_dropped(
    server: str, query: Query, publish: Publish, statement: str, match: str
) -> None:
    mirror(publish(), f"{server}owner")
    query(statement)
    with pytest.raises(MirrorError, match=match):
        mirror(publish(ROWS[:1], log_position=8), f"{server}owner")
    assert query("select log_position from demoscope.publication") == [(7,)]
    assert query("select count(*) from demoscope.rpt_thing") == [(9,)]


def test_what_a_crash_left_behind_is_replaced(
    server: str, query: Query, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(postgres, "PATIENCE_SECONDS", -1)
        patch.setattr(postgres, "_is_swapped", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mirror(publish(), f"{server}owner")
    assert query("select log_position from demoscope_incoming.publication") == [(7,)]
    mirror(publish(log_position=8), f"{server}owner")
    assert query("select log_position from demoscope.publication") == [(8,)]
    assert query("select count(*) from pg_namespace where nspname like 'demoscope%'") == [(1,)]


def test_a_reader_who_does_not_let_go_is_named_as_the_reason(
    server: str, query: Query, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(publish(), f"{server}owner")
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", -1)
    connection = dbapi.connect(f"{server}owner")
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("select count(*) from demoscope.rpt_thing")
        with pytest.raises(BusyError, match="A reader holds a table"):
            mirror(publish(log_position=8), f"{server}owner")
        cursor.execute("select log_position from demoscope.publication")
        assert cursor.fetchall() == [(7,)]


def test_no_password_is_said_when_there_is_no_server(tmp_path: Path, publish: Publish) -> None:
    with pytest.raises(MirrorError, match="Failed to connect") as raised:
        mirror(publish(), f"host={tmp_path} user=ann password=s3cret")
    assert "s3cret" not in str(raised.value)


def test_readers_see_one_whole_publication_each_time(
    server: str, query: Query, publish: Publish
) -> None:
    """Of n publications the nth has n rows and says so; a look at both must agree."""
    made = [publish(ROWS[:count], log_position=count) for count in range(1, 9)]
    mirror(made[0], f"{server}owner")
    looks: list[tuple[Any, ...]] = []
    faults: list[Exception] = []
    is_over, has_begun = threading.Event(), threading.Event()
    look = (
        "select (select count(*) from demoscope.rpt_thing),"
        " (select log_position from demoscope.publication)"
    )

    def read() -> None:
        try:
            with closing(dbapi.connect(f"{server}owner", autocommit=True)) as connection:
                while not is_over.is_set():
                    with connection.cursor() as cursor:
                        cursor.execute(look)
                        looks.extend(cursor.fetchall())
                    has_begun.set()
        except Exception as error:  # noqa: BLE001 (the test asserts that there is none)
            faults.append(error)
            has_begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    has_begun.wait()
    for publication in made[1:]:
        mirror(publication, f"{server}owner")
    is_over.set()
    reader.join()
    assert faults == []
    assert all(count == position for count, position in looks)
    assert looks[0] == (1, 1)
    assert query(look) == [(8, 8)]
