"""Files with unusual names are loaded, and no record of a load breaks a build."""

import json
import os
from pathlib import Path

import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.building import Workspace, open_sources
from orchestration.database import mart_rows
from orchestration.dbt_runs import run_dbt
from tests.end_to_end.command import demoscope
from tests.end_to_end.test_private import MAPPING, votes


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9.csv", r"caf\xe9.csv"),
        (b"a\nb.csv", r"a\nb.csv"),
        (b"\x1b[31m.csv", r"\x1b[31m.csv"),
        ("\u202egpj.csv".encode(), r"\u202egpj.csv"),
        (b"[red] {0} 100%.csv", "[red] {0} 100%.csv"),
        (b"it's \"*?.csv", "it's \"*?.csv"),
    ],
)
def test_any_name_of_a_file_is_loaded(tmp_path: Path, name: bytes, shown: str) -> None:
    home, mapping = tmp_path / "home", tmp_path / "votes.yml"
    mapping.write_text(MAPPING)
    path = votes(tmp_path, os.fsdecode(name))
    done = demoscope(home, "ingest", path, "--mapping", mapping)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{tmp_path}/{shown}: committed"
    [record] = (home / "loads").iterdir()
    assert json.loads(record.read_bytes())["file"] == f"{tmp_path}/{shown}"
    missing = demoscope(home, "ingest", f"{path}.none")
    assert (missing.returncode, len(missing.stderr.splitlines())) == (3, 1)


def test_a_record_that_cannot_be_read_breaks_no_build(tmp_path: Path) -> None:
    home, mapping = tmp_path / "home", tmp_path / "votes.yml"
    mapping.write_text(MAPPING)
    demoscope(home, "ingest", votes(tmp_path, "votes.csv"), "--mapping", mapping)
    [record] = (home / "loads").iterdir()
    broken = {
        "1-half.json": record.read_text()[:40],
        "2-surrogate.json": '{"file": "caf\\udce9.csv"}\n',
        "3-empty.json": "",
        "4-other.json": '{"a": 1}\n',
    }
    for name, content in broken.items():
        (home / "loads" / name).write_text(content)
    paths, log = Home(home), EventLog.open(Home(home).log)
    said = open_sources(Workspace(home), log, 1, loads=paths.loads)
    for name in broken:
        assert any(f"{name} cannot be read" in sentence for sentence in said)
    # The one table that is made of records.
    run_dbt(["build", "--select", "fct_load", "--exclude-resource-type", "unit_test"], root=home)
    assert mart_rows(paths, "select count(*) as loads from fct_load") == [{"loads": 1}]
