"""Which tables of dbt may read which: layers, stages and size, held over the manifest."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from orchestration.assets.ratings import INPUTS
from orchestration.dbt_runs import run_dbt
from publishing.publications.catalogue import DECIDERS

LAYERS = ("staging", "intermediate", "marts")
STAGES = ("ingest", "state", "weight", "count", "rate", "report", "publish")
TABLES_MAX = 171
CHAIN_MAX = 20
# Only one table reads these, and they are still no CTE of it.
READ_ONCE = {
    "int_participants__contradicted": "too long to read together with the diagnostics",
    "int_quota_cells__crossed": "too long to read together with the targets",
    "int_quota_cells__allotted": "too long to read together with the report",
    "int_weighting_cells__bounded": "a table in Python is no CTE",
    "int_rakings__diagnosed": "too long to read together with the diagnostics",
    "int_sampling__expected": "too long to read together with the rates",
    "int_variants__published": "too long to read together with what was tested",
}
# They read events that name models, and not the names; or leave them to the table that reads them.
NAMES_UNREAD = {
    "int_battles__revised": "names as corrected, for int_battles__current",
    "int_events__revised": "ids alone",
    "int_hits__with_strikes": "whose conversations, not whose answers",
    "int_models__aliased": "the meaning itself",
    "int_variants__registered": "who said what of a name, for int_variants__tested",
    "rpt_about_study": "whether there are tallies, not whose",
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("manifest")
    run_dbt(["parse"], root=root)
    read: dict[str, Any] = json.loads((root / "dbt" / "target" / "manifest.json").read_text())
    return read


@pytest.fixture(scope="module")
def tables(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }


@pytest.fixture(scope="module")
def edges(tables: dict[str, dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each table with each table that it reads."""
    return [
        (node, tables[parent])
        for node in tables.values()
        for parent in node["depends_on"]["nodes"]
        if parent in tables
    ]


def layer(node: dict[str, Any]) -> int:
    return LAYERS.index(node["fqn"][1])


def stage(node: dict[str, Any]) -> int:
    return STAGES.index(node["config"]["meta"]["dagster"]["group"])


def named(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[str]:
    return [f"{node['name']} reads {read['name']}" for node, read in pairs]


def test_only_staging_reads_events_and_staging_reads_nothing_else(
    manifest: dict[str, Any], tables: dict[str, dict[str, Any]]
) -> None:
    events = {
        key
        for key, source in manifest["sources"].items()
        if source["source_name"] == "raw" and source["name"] != "load"
    }
    for node in tables.values():
        parents = set(node["depends_on"]["nodes"])
        assert (
            (parents <= events and len(parents) == 1) if not layer(node) else not parents & events
        )


def test_no_table_reads_a_later_stage(
    edges: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    assert named([(node, read) for node, read in edges if stage(read) > stage(node)]) == []


def test_an_intermediate_table_reads_marts_of_an_earlier_stage_only(
    edges: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    backwards = [(node, read) for node, read in edges if layer(read) > layer(node)]
    assert named([(node, read) for node, read in backwards if stage(read) >= stage(node)]) == []


def test_what_the_ratings_make_is_read_from_the_report_on(
    tables: dict[str, dict[str, Any]],
) -> None:
    readers = {
        stage(node)
        for node in tables.values()
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("source.demoscope.ratings.")
    }
    assert readers == {STAGES.index("report"), STAGES.index("publish")}


def test_who_takes_names_of_models_from_events_takes_what_they_mean(
    manifest: dict[str, Any], tables: dict[str, dict[str, Any]]
) -> None:
    meaning = "model.demoscope.int_models__aliased"
    names = {"model_a", "model_b", "model_id"}
    naming = {
        key
        for key, node in tables.items()
        for parent in node["depends_on"]["nodes"]
        if not layer(node) and names & manifest["sources"][parent]["columns"].keys()
    }
    assert len(naming) > len(names)
    for node in tables.values():
        parents = set(node["depends_on"]["nodes"])
        if naming & parents and node["name"] not in NAMES_UNREAD:
            assert meaning in parents, node["name"]


def test_tables_are_few_and_no_chain_of_them_is_long(
    tables: dict[str, dict[str, Any]],
) -> None:
    @cache
    def depth(key: str) -> int:
        parents = [name for name in tables[key]["depends_on"]["nodes"] if name in tables]
        return 1 + max(map(depth, parents), default=0)

    assert len(tables) <= TABLES_MAX
    assert max(map(depth, tables)) <= CHAIN_MAX


def test_what_one_table_reads_is_a_cte_of_it(
    manifest: dict[str, Any], edges: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    readers = Counter(read["name"] for _, read in edges)
    published = {name for _, name in DECIDERS}
    once = {
        read["name"]
        for _, read in edges
        if layer(read) == 1 and readers[read["name"]] == 1 and read["name"] not in published
    }
    assert once - set(INPUTS) == set(READ_ONCE)


def test_every_table_says_what_a_row_is(tables: dict[str, dict[str, Any]]) -> None:
    descriptions = {node["name"]: node["description"] for node in tables.values()}
    assert [
        name for name, text in descriptions.items() if not text.startswith("One row per ")
    ] == []
