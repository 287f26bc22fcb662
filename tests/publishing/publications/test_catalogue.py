"""What is public is what dbt's yml says, and nothing about a single participant is."""

from typing import Any

import pyarrow as pa
import pytest
import yaml

from ingestion.tables import Column
from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.page.marts import READ
from publishing.publications import superset
from publishing.publications.catalogue import (
    PUBLICATION,
    declared_marts,
    public_tables,
)


def column(name: str, kind: str, meta: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "data_type": kind, "description": name, "config": {"meta": meta or {}}}


def model(name: str, published: Any, columns: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"One row per {name}.",
        "config": {"meta": {} if published is None else {"published": published}},
        "columns": columns,
    }


def test_a_mart_is_public_only_where_it_says_so() -> None:
    rule = {"disclosed_by": "int_x__disclosed", "matched_by": ["a", "b"]}
    columns = [
        column("a", "varchar"),
        column("battle_count", "BIGINT"),
        column("byte_count", "bigint", {"published_as": "bigint"}),
        column("position", "bigint"),
        column("hidden_count", "bigint", {"published": False}),
    ]
    first, second = public_tables(
        [
            model("rpt_a", {}, []),
            model("rpt_b", rule, columns),
            model("fct_private", None, columns),
            model("fct_withdrawn", False, columns),
        ]
    )
    assert (first.name, second.name) == ("rpt_a", "rpt_b")
    assert first.disclosed_by is None
    assert (second.disclosed_by, second.matched_by) == ("int_x__disclosed", ("a", "b"))
    assert second.columns == (
        Column(name="a", description="a"),
        Column(name="battle_count", type=pa.int32(), description="battle_count"),
        Column(name="byte_count", type=pa.int64(), description="byte_count"),
        Column(name="position", type=pa.int64(), description="position"),
    )


@pytest.fixture(scope="module")
def marts() -> list[dict[str, Any]]:
    """Every mart as its yml declares it."""
    return declared_marts(PROJECT_DIRECTORY)


def is_public(node: dict[str, Any]) -> bool:
    published = node.get("config", {}).get("meta", {}).get("published")
    return isinstance(published, dict)


def test_no_public_mart_knows_participants_or_crossed_cells(marts: list[dict[str, Any]]) -> None:
    named = {
        mart["name"]: {column["name"] for column in mart["columns"]}
        for mart in marts
        if is_public(mart)
    }
    assert len(named) >= 14
    personal = {"participant_key", "participant_id", "subject_id", "event_id", "cell_id"}
    assert {name for name, columns in named.items() if columns & personal} == set()


def test_every_public_mart_about_people_has_a_rule(marts: list[dict[str, Any]]) -> None:
    """What says nothing about who judged needs none; the list is short and is argued for here."""
    unruled = {
        mart["name"]
        for mart in marts
        if is_public(mart) and not mart["config"]["meta"]["published"]
    }
    # Registered models, declared dimensions and strata, files, the log as a checkpoint has it:
    # none counts people.
    assert unruled == {
        "dim_model", "dim_dimension", "dim_stratum", "fct_load", "rpt_log_integrity",
    }  # fmt: skip


def test_exposures_name_what_is_public(marts: list[dict[str, Any]]) -> None:
    path = PROJECT_DIRECTORY / "models" / "exposures" / "_exposures.yml"
    exposures = yaml.safe_load(path.read_text(encoding="utf-8"))["exposures"]
    named = {
        one["name"]: sorted(ref.split("'")[1] for ref in one["depends_on"]) for one in exposures
    }
    declared = yaml.safe_load(superset.DECLARED.read_text(encoding="utf-8"))
    shown = {chart["table"] for chart in declared["charts"]} - {"publication"}
    assert named.pop("superset_dashboard") == sorted(shown)
    public = sorted(mart["name"] for mart in marts if is_public(mart))
    read = READ.keys() - {PUBLICATION.name}
    assert named.pop("page") == sorted(read)
    assert read <= set(public)
    assert named == dict.fromkeys(named, public)
    assert {"duckdb_download", "parquet_downloads", "csv_downloads"} <= named.keys()
