"""What lies in the warehouse to save work cannot change what is built."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets import dbt_manifest
from orchestration.building import Workspace, open_sources, read_release, show_ratings
from orchestration.dbt_runs import PARSED_FILE, PROJECT_DIRECTORY, own_parse
from orchestration.loading import load_file
from orchestration.own_caches import SUFFIX, is_own, vouch
from orchestration.rating_step import write_ratings
from orchestration.seed_tests import PASSED_FILE, keep_passed, passed_before
from publishing.boards.designs import design_hash, keep_design
from tests.attacks.small_votes import write_votes


@pytest.fixture
def loaded(tmp_path: Path) -> Home:
    home = Home(tmp_path / "loaded")
    load_file(home, str(write_votes(tmp_path / "votes.jsonl", 0, 6)))
    return home


def parsed(home: Home, content: bytes) -> Path:
    path = home.root / "dbt" / "target" / PARSED_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_what_dbt_parsed_is_read_again_only_as_it_was_written(loaded: Home) -> None:
    path = parsed(loaded, b"forged before the first build")
    with own_parse(loaded.root):
        assert not path.exists()
        path.write_bytes(b"what dbt wrote")
    with own_parse(loaded.root):
        assert path.read_bytes() == b"what dbt wrote"
    path.write_bytes(b"select everything the other way round")
    with own_parse(loaded.root):
        assert not path.exists()


def test_what_was_parsed_of_a_project_elsewhere_is_parsed_again(
    loaded: Home, tmp_path: Path
) -> None:
    with own_parse(loaded.root, tmp_path / "installed before"):
        path = parsed(loaded, b"names files that are gone")
    with own_parse(loaded.root):
        assert not path.exists()


def test_a_code_of_another_warehouse_vouches_for_nothing(loaded: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    load_file(other, str(write_votes(tmp_path / "votes.jsonl", 0, 6)))
    theirs, ours = parsed(other, b"forged"), parsed(loaded, b"forged")
    vouch(other.root, theirs)
    code = theirs.with_name(theirs.name + SUFFIX)
    ours.with_name(code.name).write_bytes(code.read_bytes())
    assert is_own(other.root, theirs)
    assert not is_own(loaded.root, ours)


def test_a_forged_manifest_is_made_again(loaded: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []

    def parse(_command: list[str], *, root: Path, project: Path) -> None:
        del project
        path = root / "dbt" / "target" / "manifest.json"
        path.write_text(json.dumps({"nodes": {}}), "utf-8")
        written.append(path)

    monkeypatch.setattr("orchestration.dbt_runs.run_dbt", parse)
    path = dbt_manifest.current_manifest(loaded, PROJECT_DIRECTORY)
    dbt_manifest.current_manifest(loaded, PROJECT_DIRECTORY)
    assert len(written) == 1
    path.write_text(json.dumps({"nodes": {"forged": {}}}), "utf-8")
    dbt_manifest.current_manifest(loaded, PROJECT_DIRECTORY)
    assert len(written) == 2
    assert json.loads(path.read_bytes()) == {"nodes": {}}


def test_functions_in_the_database_stand_in_for_none(loaded: Home) -> None:
    with duckdb.connect(loaded.database) as connection:
        for statement in (
            "create macro round(number, digits) as 0",
            "create schema hidden",
            'create macro hidden."Sum"(number) as 7',
            "create macro duckdb_functions() as table select 1 as nothing",
            "create macro current_database() as 'another'",
        ):
            connection.execute(statement)
    open_sources(Workspace(loaded.root), EventLog.open(loaded.log), 1, loads=loaded.loads)
    with duckdb.connect(loaded.database) as connection:
        found = "select count(*) from system.main.duckdb_functions() where not internal"
        assert connection.sql(found).fetchall() == [(0,)]
        assert connection.sql("select round(2.6, 0)").fetchall()[0][0] == 3


def test_a_forged_design_is_replaced(tmp_path: Path) -> None:
    keep_design(tmp_path, PROJECT_DIRECTORY)
    design = tmp_path / "designs" / design_hash(PROJECT_DIRECTORY)
    strata = design / "seed_strata.csv"
    whole = strata.read_bytes()
    strata.write_bytes(whole + b"forged\n")
    keep_design(tmp_path, PROJECT_DIRECTORY)
    assert strata.read_bytes() == whole


def test_ids_are_read_from_the_log_itself(loaded: Home, tmp_path: Path) -> None:
    """Whatever lies where DuckDB may put what does not fit into memory."""
    spilled = loaded.cache / "ids"
    spilled.mkdir(parents=True, exist_ok=True)
    for name in ("ids.parquet", "chain.jsonl", "duckdb_temp_storage_DEFAULT-0.tmp"):
        (spilled / name).write_bytes(b"{}\n")
    (loaded.cache / "chain.jsonl").write_text("{}\n")
    again = write_votes(tmp_path / "again.jsonl", 0, 7)
    report = load_file(loaded, str(again))
    assert (report.duplicate_count, report.accepted_count) == (18, 3)
    assert EventLog.open(loaded.log).verify().is_ok


def test_forged_ratings_are_neither_reported_nor_kept(loaded: Home) -> None:
    """In Dagster, steps of their own read what the rating step wrote."""
    rows = pa.table({"rank": [1, 2]})
    write_ratings({"rating": rows}, loaded.ratings, {"log_position": 1})
    workspace = Workspace(loaded.root)
    assert read_release(workspace)[1].equals(rows)
    path = loaded.ratings / "rating.parquet"
    with pq.ParquetFile(path) as file:
        metadata = file.read().schema.metadata
    pq.write_table(pa.table({"rank": [2, 1]}).replace_schema_metadata(metadata), path)
    for use in (read_release, show_ratings):
        with pytest.raises(IntegrityError, match=r"rating\.parquet is not what the last build"):
            use(workspace)


def test_a_seeds_test_is_left_out_only_where_this_warehouse_ran_it(
    loaded: Home, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT_DIRECTORY, project, ignore=shutil.ignore_patterns("target", "logs"))
    node = SimpleNamespace(resource_type="test", name="sound", depends_on_nodes=["seed.d.s"])
    wider = SimpleNamespace(resource_type="test", name="wider", depends_on_nodes=["model.d.m"])
    results: list[Any] = [
        SimpleNamespace(status="pass", node=node),
        SimpleNamespace(status="warn", node=SimpleNamespace(**vars(node) | {"name": "warns"})),
        SimpleNamespace(status="pass", node=wider),
    ]
    (loaded.root / "dbt").mkdir(exist_ok=True)
    keep_passed(loaded.root, project, results)
    assert passed_before(loaded.root, project) == ["sound"]
    path = loaded.root / "dbt" / PASSED_FILE
    kept = path.read_text("utf-8")
    path.write_text(json.dumps(["sound", "forged"]), encoding="utf-8")
    assert passed_before(loaded.root, project) == []
    path.write_text(kept, encoding="utf-8")
    assert passed_before(loaded.root, project) == ["sound"]
    seed = next((project / "seeds").glob("*.csv"))
    seed.write_text(seed.read_text("utf-8") + "\n", encoding="utf-8")
    assert passed_before(loaded.root, project) == []
