"""A publication in other tools' formats, each checked by the other side's own tool or schema."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import mlcroissant  # type: ignore[import-untyped]  # it ships no types
import pytest
from jsonschema.validators import validator_for

from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.publications import croissant, datapackage, every_eval_ever
from publishing.publications.catalogue import declared_marts, public_tables
from publishing.publications.other_formats import write_other_formats
from publishing.publications.writing import DATABASE_FILE, write_files
from tests.publishing.publications.conftest import ABOUT

TABLES = [
    replace(table, disclosed_by=None) for table in public_tables(declared_marts(PROJECT_DIRECTORY))
]
VALUES = {
    "varchar": "'=x, \"y\"'",
    "boolean": "true",
    "integer": "3",
    "bigint": "3000000000",
    "double": "0.25",
    "date": "date '2026-01-02'",
    "timestamp with time zone": "timestamptz '2026-01-02 03:04:05.5+00'",
}
SHARE = 0.25
# The schema as its authors publish it in the package every-eval-ever 0.3.0 (MIT).
SCHEMA = Path("tests/data/every_eval_ever/eval.schema.json")
STUDY = {
    "title": "Whose favourite", "conductor": "A university", "licence": "https://example.org/terms",
    "population": "Adults.", "recruitment": "A panel.", "mode": "On the web.", "limits": "Few old.",
}  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every public table: a row of values; of facts one of nulls but for its first column."""
    out = tmp_path_factory.mktemp("published")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table in TABLES:
            columns = ", ".join(f"{one.name} {one.sql_type}" for one in table.columns)
            connection.execute(f"create table {table.name} ({columns})")
            cells = ", ".join(VALUES[column.sql_type] for column in table.columns)
            connection.execute(f"insert into {table.name} values ({cells})")
            if table.name.startswith("dim_"):
                continue
            key = table.columns[0]
            given = VALUES[key.sql_type]
            connection.execute(f"insert into {table.name} ({key.name}) values ({given})")
        said = ", ".join(f"{name} = '{text}'" for name, text in STUDY.items())
        connection.execute(f"update dim_study set {said}")
        written = write_files(connection, out, TABLES, ABOUT)
    manifest = {
        **ABOUT,
        "sources": ["simulated-x"],
        "recorded_at": "2026-01-02T03:04:05.000000Z",
        "tables": written,
    }
    with duckdb.connect(out / DATABASE_FILE, read_only=True) as connection:
        write_other_formats(connection, "main", out, manifest)
    return out


def test_frictionless_finds_every_cell_as_the_package_says(published: Path) -> None:
    report = frictionless.validate(str(published / datapackage.FILE))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:5]
    checked = {task.name for task in report.tasks}
    assert checked == {"publication", *(table.name for table in TABLES)}


def test_frictionless_would_find_another_cell(published: Path, tmp_path: Path) -> None:
    document = json.loads((published / datapackage.FILE).read_text())
    [shown] = [one for one in document["resources"] if one["name"] == "rpt_leaderboard"]
    (tmp_path / shown["path"]).write_text(
        (published / shown["path"]).read_text().replace("0.25", "a quarter")
    )
    document["resources"] = [shown]
    (tmp_path / datapackage.FILE).write_text(json.dumps(document))
    assert not frictionless.validate(str(tmp_path / datapackage.FILE)).valid


def test_mlcroissant_reads_the_tables_and_what_responsible_use_needs(published: Path) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(published / croissant.FILE))
    assert not dataset.metadata.ctx.issues.errors
    assert not dataset.metadata.ctx.issues.warnings
    assert {one.name for one in dataset.metadata.record_sets} >= {one.name for one in TABLES}
    first = next(iter(dataset.records("rpt_tournament")))
    assert first["rpt_tournament/tie_share"] == SHARE
    document = json.loads((published / croissant.FILE).read_text())
    said = {name: value for name, value in document.items() if name.startswith("rai:")}
    assert len(said) == 8
    assert all(value not in ("", [], None) for value in said.values())
    assert "10 people" in said["rai:personalSensitiveInformation"]
    assert said["rai:hasSyntheticData"] is True
    assert document["license"] == STUDY["licence"]


def test_every_eval_ever_takes_every_record(published: Path, repository: Path) -> None:
    schema = json.loads((repository / SCHEMA).read_text())
    assert schema["version"] == every_eval_ever.SCHEMA_VERSION
    validator = validator_for(schema)(schema)
    lines = (published / every_eval_ever.FILE).read_text().splitlines()
    [record] = [json.loads(line) for line in lines]
    assert [error.message for error in validator.iter_errors(record)] == []
    [result] = record["evaluation_results"]
    assert result["score_details"]["score"] == SHARE
    assert result["score_details"]["uncertainty"]["confidence_interval"]["confidence_level"] == 0.95
    assert record["source_metadata"]["evaluator_relationship"] == "third_party"
    broken: dict[str, Any] = {**record, "schema_version": 3}
    assert list(validator.iter_errors(broken))


def test_a_study_that_nobody_described_says_so() -> None:
    manifest = {**ABOUT, "sources": ["x"], "recorded_at": "2026-01-02T03:04:05Z", "tables": []}
    document = croissant.document(manifest, {})
    assert "license" not in document
    assert document["rai:dataLimitations"] == croissant.UNSAID
