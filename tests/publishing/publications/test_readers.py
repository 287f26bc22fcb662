"""Readers who never stop while publications come and go see one whole publication each time."""

import json
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ingestion.tables import Column
from publishing.publications import store
from publishing.publications.catalogue import PublicTable
from publishing.publications.writing import write_files
from tests.publishing.publications import reader
from tests.publishing.publications.conftest import ABOUT

READERS, KEPT = 2, 3
VERSION = Column(name="version", type=pa.int32(), description="")
TABLES = [
    PublicTable(name=name, grain="One row per number.", columns=(VERSION,)) for name in ("a", "b")
]


def publish(connection: duckdb.DuckDBPyConnection, marts: Path, version: int) -> None:
    for table in TABLES:
        connection.execute(
            f"create or replace table {table.name} as select {version} as version from range(3000)"
        )
    with store.alone(marts), store.unfinished(marts) as directory:
        written = write_files(connection, directory, TABLES, ABOUT)
        manifest = {
            "release_id": f"{version:064x}",
            "log_position": version,
            "tables": written,
        }
        store.make_current(marts, store.keep(marts, directory, manifest))
    store.remove_old(marts, KEPT)


@pytest.mark.parametrize("publications", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_readers_see_one_whole_publication_each_time(tmp_path: Path, publications: int) -> None:
    marts, stop = tmp_path / "marts", tmp_path / "stop"
    began = [tmp_path / f"began-{number}" for number in range(READERS)]
    with duckdb.connect() as connection:
        publish(connection, marts, 1)
        readers = [
            subprocess.Popen(
                [sys.executable, reader.__file__, marts, mark, stop],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for mark in began
        ]
        while not all(mark.exists() for mark in began):
            assert all(one.poll() is None for one in readers), "a reader ended before it began"
            time.sleep(0.01)
        for version in range(2, publications + 1):
            publish(connection, marts, version)
    stop.touch()
    told = [(one.communicate(), one.returncode) for one in readers]
    assert [(said[1], code) for said, code in told] == [("", 0)] * READERS
    seen = [json.loads(said[0]) for said, _ in told]
    assert all({1, publications} <= set(versions) for versions in seen)
    assert store.current(marts).manifest["log_position"] == publications
    assert len(store.published(marts)) == KEPT
