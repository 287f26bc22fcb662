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
    AMONG_MODELS,
    PUBLICATION,
    DeclarationError,
    declared_marts,
    meta_of,
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
    rule = {"grain": ["stratum_id", "dimension"]}
    columns = [
        column("a", "varchar"),
        column("battle_count", "BIGINT"),
        column("byte_count", "bigint", {"published_as": "bigint"}),
        column("position", "bigint"),
        column("hidden_count", "bigint", {"published": False}),
    ]
    first, second = public_tables(
        [
            model("rpt_a", {"rests_on_people": False}, []),
            model("rpt_b", rule, columns),
            model("fct_private", None, columns),
            model("fct_withdrawn", False, columns),
        ]
    )
    assert (first.name, second.name) == ("rpt_a", "rpt_b")
    assert first.disclosed_by is None
    assert second.disclosed_by == "int_strata__disclosed"
    assert second.matched_by == ("stratum_id", "dimension")
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


@pytest.mark.parametrize(
    "published",
    [
        {},
        {"grain": []},
        {"grain": ["stratum_id", "topic"]},
        {"grain": ["stratum_id", "dimension", "model_id"]},
        {"grain": ["country", "dimension"]},
        {"rests_on_people": True},
    ],
)
def test_a_public_mart_that_nothing_decides_over_is_refused(published: dict[str, Any]) -> None:
    with pytest.raises(DeclarationError, match=r"rpt_new .*published: \{grain"):
        public_tables([model("rpt_new", published, [])])


def test_a_grain_is_the_key_that_a_test_holds_to_be_unique(marts: list[dict[str, Any]]) -> None:
    for mart in filter(is_public, marts):
        grain = mart["config"]["meta"]["published"].get("grain")
        if grain is not None:
            [arguments] = [
                test["unique_and_not_null"]["arguments"]
                for test in mart["data_tests"]
                if "unique_and_not_null" in test
            ]
            assert grain == arguments["unique"][0], mart["name"]


def test_what_a_column_says_of_itself_is_known(marts: list[dict[str, Any]]) -> None:
    for mart in filter(is_public, marts):
        names = {column["name"] for column in mart["columns"]}
        for column in mart["columns"]:
            meta = meta_of(column)
            known = {
                "published",
                "published_as",
                "rests_on_people",
                "share_of",
                "in_steps_of",
                "is_share_of_people",
            }
            assert set(meta) <= known | {"among_models"}, (mart["name"], column["name"])
            assert {*meta.get("share_of", ()), meta.get("in_steps_of", column["name"])} <= names
            assert meta.get("among_models", "centred") in AMONG_MODELS


# Text of a public mart that is no key of its rows, as what it is. A list of levels, cells, models
# or people is none of these: it names whom few are like, whatever decides over rows.
TEXTS = {
    "names of models, places, groups, topics, dimensions, criteria": {
        "country", "axis", "group_name", "label", "display_name", "provider", "family",
        "board_id", "release_id", "short_label", "weighting_label", "stratum_label",
        "estimator_label", "display_name_a", "display_name_b", "scheme_label", "variable_label",
        "dimension_label", "topic_label", "reference_stratum_id", "reference_dimension",
        "reference_model_id", "best_dimension", "parent_criterion", "model_id", "variant_of",
        "public_id", "reported_name", "benchmark", "metric", "raked_level", "dimension",
        "next_model_id",
    },
    "one of a few words that the code has": {
        "kind", "licence_kind", "status", "not_compared_reason", "better_with", "better",
        "interval_basis", "provisional_reason", "not_corrected_reason", "not_powered_reason",
        "error_basis", "grade", "grade_best", "grade_worst", "not_estimated_reason",
        "level_status", "what", "not_weighted_reason",
    },
    "checks that a whole board fails, of the code's four": {"misfits"},
    "reasons for which rows are refused, of the code's own, each with a count": {
        "quarantined_by_reason",
    },
    "what a study, a registration or a report says in words": {
        "title", "conductor", "sponsor", "funding", "population", "questions", "mode",
        "recruitment", "started_on", "ended_on", "contact", "licence", "limits", "description",
        "question", "retired_reason", "aliases", "harness", "harness_version", "settings",
        "reported_by", "relationship", "url", "source", "part", "subject", "statement",
    },
    "a sentence made of the row's other figures, to the decimal that is shown": {"sentence"},
    "months, of everybody together": {"first_month", "last_month"},
    "hashes and keys of the log": {"log_head_hash", "log_root_hash", "checkpoint_key", "origin"},
}  # fmt: skip


def test_every_public_text_is_declared_as_what_it_is(marts: list[dict[str, Any]]) -> None:
    declared = set().union(*TEXTS.values())
    met = set()
    for mart in filter(is_public, marts):
        [keys] = [
            test["unique_and_not_null"]["arguments"]["unique"][0]
            for test in mart["data_tests"]
            if "unique_and_not_null" in test
        ]
        [table] = public_tables([mart])
        texts = {column.name for column in table.columns if column.sql_type == "varchar"}
        assert texts <= {*keys, *declared}, (mart["name"], texts - {*keys, *declared})
        met |= texts
    assert declared <= met


def test_no_list_of_what_few_people_are_is_public(marts: list[dict[str, Any]]) -> None:
    tables = {table.name: {one.name for one in table.columns} for table in public_tables(marts)}
    assert not tables["rpt_weighting_diagnostics"] & {
        "collapsed_levels", "empty_levels", "unrecognised_answers",
    }  # fmt: skip
    assert "models_left_out" not in tables["rpt_board_summary"]


# Of people and of what they said; publications show these in tens.
IN_TENS = {
    "answer", "battle", "battle_left_out", "board_battle", "both_bad", "cell", "couple", "decided",
    "effective", "effective_participant", "heard", "human", "incident", "left_out", "loss",
    "model_participant", "participant", "people_answer", "rating", "short", "tie",
    "unattributed", "verdict", "win",
}  # fmt: skip


def test_only_people_and_what_they_said_are_counted_in_tens(marts: list[dict[str, Any]]) -> None:
    # Two tiers of a board, shown in tens, are none.
    for table in public_tables(marts):
        for column in table.columns if table.disclosed_by else ():
            name, exact = column.name.removesuffix("_count"), {"rests_on_people": False}
            is_exact = exact.items() <= table.metas.get(column.name, {}).items()
            assert name == column.name or is_exact or name in IN_TENS, (table.name, column.name)


def test_every_public_mart_about_people_has_a_rule(marts: list[dict[str, Any]]) -> None:
    """What says nothing about who judged needs none; the list is short and is argued for here."""
    unruled = {table.name for table in public_tables(marts) if table.disclosed_by is None}
    # Registered models, declared dimensions, criteria and strata, what a study says of itself,
    # files, the log as a checkpoint has it, scores that somebody else reports: none counts people.
    assert unruled == {
        "dim_model", "dim_dimension", "dim_criterion", "dim_stratum", "dim_study",
        "fct_load", "rpt_about_study", "rpt_left_out", "rpt_log_integrity",
        "rpt_reporting_coverage",
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
