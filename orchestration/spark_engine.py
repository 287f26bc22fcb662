"""Tables that grow with events or people, made by an engine of Spark's protocol in place of DuckDB.

The engine is Sail, started on the loopback address for one build, or the server there that
SPARK_REMOTE names. dbt runs by turns: on the engine for what is tagged `wide`, on DuckDB for the
rest, as one reads the other. Both find each other's tables as Parquet files in one directory.
Ratings and reports are DuckDB's alone.
"""

from __future__ import annotations

import importlib
import os
import re
import socket
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow.parquet as pq

from ingestion.errors import UsageError
from ingestion.log.held_files import path_literal
from orchestration.database import open_database
from orchestration.dbt_runs import DUCKDB, SPARK, parsed, run_dbt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb
    from dbt.contracts.graph.manifest import Manifest
    from pyspark.sql import SparkSession

WIDE = "wide"
AFTER_RATINGS = {"ratings", "log", "releases"}
"""The sources that no table before the ratings reads."""
REMOTE, LOG_LEVEL = "SPARK_REMOTE", "RUST_LOG"
PORT = 15002
"""Spark Connect's, where an address has none."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
PLAIN_PATH = re.compile(r"[^'\"`\\*?\[\]{}]+")
NEEDED = "The engine spark needs pysail, pyspark-client and dbt-spark, which are not installed."
SETUP = "Run: make setup-spark, or pip install 'demoscope[spark]'"


@dataclass(frozen=True)
class Turn:
    """Tables that are made together, none of which waits for the other side."""

    is_wide: bool
    names: tuple[str, ...]
    given: tuple[tuple[str, str], ...]
    """Schema and name of each relation that these read and that isn't wide."""
    tables: tuple[str, ...]
    """Those of the names that aren't views."""


class SparkEngine:
    """A session of the engine, and the directory in which it and DuckDB leave tables."""

    def __init__(self, session: SparkSession, directory: Path) -> None:
        self._session = session
        self._given = directory / "given"
        self._given.mkdir()
        self._shown: set[tuple[str, str]] = set()
        self.made = directory / "made"
        """The engine's tables, a directory each."""

    def show(
        self, connection: duckdb.DuckDBPyConnection, relations: Sequence[tuple[str, str]]
    ) -> None:
        """Show the engine relations of DuckDB by schema and name, those that it doesn't see yet."""
        for schema, name in relations:
            if (schema, name) in self._shown:
                continue
            path = self._given / f"{schema}.{name}.parquet"
            connection.execute(f'copy (from {schema}."{name}") to {path_literal(path)}')
            self._session.sql(f"create database if not exists {schema}")
            self._session.sql(f"drop table if exists {schema}.{name}")
            self._session.sql(f"create table {schema}.{name} using parquet location '{path}'")
            self._shown.add((schema, name))

    def finish(self, names: Sequence[str]) -> None:
        """Give tables without rows the file that the engine leaves out, for DuckDB to read."""
        for name in names:
            directory = self.made / name
            if not any(directory.glob("*.parquet")):
                directory.mkdir(parents=True, exist_ok=True)
                nothing = self._session.table(f"main.{name}").limit(0).toArrow()
                pq.write_table(nothing, directory / "nothing.parquet")


@contextmanager
def spark_engine(directory: Path) -> Iterator[SparkEngine]:
    """A session for one build; `directory` is empty, and the server must be able to write to it.

    Raises:
        UsageError: the extra is missing, the server isn't on this machine or doesn't answer, or
            the directory's name can't be written in both engines' SQL.
    """
    if not PLAIN_PATH.fullmatch(str(directory)):
        message = f"{directory}: Spark's SQL can't name a directory with quotes or wildcards."
        raise UsageError(message, remedy="Move the home to another path.")
    before = {name: os.environ.get(name) for name in (REMOTE, LOG_LEVEL)}
    with warnings.catch_warnings():
        # pyspark, of pandas 3, which is not used here.
        warnings.filterwarnings("ignore", ".*pandas", FutureWarning)
        # dbt-spark, which asks for Hive at each statement; Apache Spark says that it is too late.
        warnings.filterwarnings("ignore", ".*catalogImplementation", UserWarning)
        try:
            with _server() as address, _session(address) as session:
                yield SparkEngine(session, directory)
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


@contextmanager
def _server() -> Iterator[str]:
    """Where the server is; Sail's, where SPARK_REMOTE names none, runs in this process."""
    named = os.environ.get(REMOTE)
    if named:
        _require_here(named)
        yield named
        return
    os.environ[LOG_LEVEL] = "error"
    try:
        from pysail.spark import SparkConnectServer
    except ImportError as error:
        raise UsageError(NEEDED, remedy=SETUP) from error
    server = SparkConnectServer()
    server.start(background=True)
    try:
        host, port = server.listening_address or ("127.0.0.1", 0)
        yield f"sc://{host}:{port}"
    finally:
        server.stop()


def _require_here(named: str) -> None:
    """Refuse a server that isn't on this machine, or isn't there: Spark's client waits minutes."""
    parts = urlsplit(named)
    if parts.scheme != "sc" or parts.hostname not in LOOPBACK:
        message = f"{REMOTE} is {named!r}, and not a server on this machine."
        remedy = (
            "What people said of themselves goes to the engine and doesn't leave the machine: "
            f"name a server such as sc://127.0.0.1:50051, or unset {REMOTE} to use Sail."
        )
        raise UsageError(message, remedy=remedy)
    try:
        socket.create_connection((parts.hostname, parts.port or PORT), timeout=5).close()
    except OSError as error:
        message = f"{REMOTE} is {named!r}, where no server answers."
        raise UsageError(message, remedy=f"Start it, or unset {REMOTE} to use Sail.") from error


@contextmanager
def _as_at_a_prompt() -> Iterator[None]:
    """Spark's client ends a program without a file (`python -c`): it takes it for its doctests."""
    if hasattr(sys, "ps1"):
        yield
        return
    sys.ps1 = ""
    try:
        yield
    finally:
        del sys.ps1


@contextmanager
def _session(address: str) -> Iterator[SparkSession]:
    """The one session, which dbt finds by itself."""
    os.environ[REMOTE] = address
    try:
        with _as_at_a_prompt():
            importlib.import_module("pyspark.sql.connect")
            importlib.import_module("dbt.adapters.spark")
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UsageError(NEEDED, remedy=SETUP) from error
    session = SparkSession.builder.getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    # Apache Spark's own form of times in files loses their zone.
    session.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    session.sql("create database if not exists main")
    try:
        yield session
    finally:
        session.stop()


def run_by_turns(engine: SparkEngine, root: Path, project: Path, variables: dict[str, str]) -> None:
    """Make every table before the ratings, each where it belongs, and all in DuckDB in the end."""
    run_dbt(["seed"], root=root, project=project)
    known = variables | {"made_by_spark": str(engine.made)}
    for turn in turns(parsed(project, root)):
        command = ["run", "--select", *turn.names]
        if turn.is_wide:
            with open_database(root / "demoscope.duckdb") as connection:
                engine.show(connection, turn.given)
            run_dbt(command, root=root, variables=known, project=project, target=SPARK)
            engine.finish(turn.tables)
        run_dbt(command, root=root, variables=known, project=project, target=DUCKDB)


def turns(manifest: Manifest) -> list[Turn]:
    """Tables before the ratings in the order in which both sides can make them, in few turns."""
    waiting = _before_ratings(manifest)
    views = {
        manifest.nodes[key].name
        for key in waiting
        if manifest.nodes[key].config.materialized == "view"
    }
    made: list[Turn] = []
    is_wide = True
    while waiting:
        names: list[str] = []
        given: dict[tuple[str, str], None] = {}
        while ready := [
            key
            for key in waiting
            if (WIDE in manifest.nodes[key].tags) == is_wide
            and not waiting & set(manifest.nodes[key].depends_on_nodes)
        ]:
            for key in sorted(ready):
                names.append(manifest.nodes[key].name)
                for parent in manifest.nodes[key].depends_on_nodes:
                    read = manifest.sources.get(parent) or manifest.nodes[parent]
                    if WIDE not in read.tags:
                        given[read.schema, read.identifier] = None
            waiting.difference_update(ready)
        if names:
            tables = tuple(name for name in names if name not in views)
            made.append(Turn(is_wide, tuple(names), tuple(given), tables))
        is_wide = not is_wide
    return made


def _before_ratings(manifest: Manifest) -> set[str]:
    """Every table that reads nothing of the ratings, nor what comes after."""
    models = {key for key in manifest.nodes if key.startswith("model.")}
    later = {key for key, node in manifest.sources.items() if node.source_name in AFTER_RATINGS}
    while more := {
        key for key in models - later if later & set(manifest.nodes[key].depends_on_nodes)
    }:
        later |= more
    return models - later
