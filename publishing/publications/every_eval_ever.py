"""The default boards of a publication for Every Eval Ever: `every_eval_ever.jsonl`.

A line is one record of its schema 0.3.0 (https://github.com/evaleval/every_eval_ever): a model, and
its win share on each default board. Figures are those of the published tables.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

FILE = "every_eval_ever.jsonl"
SCHEMA_VERSION = "0.3.0"
AVAILABILITY = {
    "open_source": "open_weights",
    "open_weights": "open_weights",
    "proprietary": "closed_weights",
}
ROWS = """
select rows.*, boards.dimension_label, boards.stratum_label, boards.weighting_label,
    boards.estimator_label, questions.description as question, models.licence_kind
from {schema}.rpt_leaderboard as rows
inner join {schema}.dim_board as boards using (board_id)
inner join {schema}.dim_dimension as questions on rows.dimension = questions.dimension
inner join {schema}.dim_model as models on rows.model_id = models.model_id
where rows.is_default and rows.win_share is not null
order by rows.model_id, rows.board_id
"""


def records(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    manifest: dict[str, Any],
    study: dict[str, Any],
) -> Iterator[dict[str, Any]]:
    """A record per model, by model.

    Args:
        connection: to read the published tables on.
        schema: where they are, as `database.schema`.
        manifest: of the publication.
        study: the row of `dim_study`; empty where nobody described the study.
    """
    rows = connection.sql(ROWS.format(schema=schema)).to_arrow_table().to_pylist()
    for _, own in groupby(rows, key=lambda row: row["model_id"]):
        yield _record(list(own), manifest, study)


def _record(
    rows: list[dict[str, Any]], manifest: dict[str, Any], study: dict[str, Any]
) -> dict[str, Any]:
    first = rows[0]
    recorded_at = datetime.fromisoformat(manifest["recorded_at"])
    epoch = str(int(recorded_at.timestamp()))
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"demoscope/{first['model_id']}/{epoch}",
        "evaluation_timestamp": manifest["recorded_at"],
        "retrieved_timestamp": epoch,
        "source_metadata": {
            "source_name": study.get("title") or manifest["title"],
            "source_type": "documentation",
            "source_organization_name": study.get("conductor") or "unknown",
            "evaluator_relationship": _relationship(study.get("conductor"), first["provider"]),
            "additional_details": {
                "release_id": manifest["release_id"],
                "is_simulated": str(manifest["is_simulated"]).lower(),
            },
        },
        "eval_library": {"name": "demoscope", "version": manifest["code_version"]},
        "model_info": {
            "name": first["display_name"],
            "id": _model_id(first),
            **({"developer": first["provider"]} if first["provider"] else {}),
            "additional_details": {
                "deployment_type": "unknown",
                "model_availability": AVAILABILITY.get(first["licence_kind"], "unknown"),
            },
        },
        "evaluation_results": [_result(row, manifest) for row in rows],
    }


def _relationship(conductor: str | None, provider: str | None) -> str:
    if not conductor or not provider:
        return "other"
    return "first_party" if conductor.casefold() == provider.casefold() else "third_party"


def _model_id(row: dict[str, Any]) -> str:
    """`developer/model`, as Every Eval Ever wants it."""
    model = str(row["model_id"])
    return model if "/" in model or not row["provider"] else f"{row['provider']}/{model}"


def _result(row: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    asked = row["question"] or row["dimension_label"]
    details = ("rank", "rank_lo", "rank_hi", "tier", "battle_count", "is_provisional")
    return {
        "evaluation_result_id": row["board_id"],
        "evaluation_name": f"{row['dimension_label']}: {row['stratum_label']}",
        "source_data": {
            "dataset_name": manifest["title"],
            "source_type": "other",
            "additional_details": {"sources": ", ".join(manifest["sources"])},
        },
        "metric_config": {
            "evaluation_description": f"{asked} Judges: {row['stratum_label']}.",
            "metric_id": "demoscope.win_share",
            "metric_name": "Win share",
            "metric_kind": "win_rate",
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
            "additional_details": {
                "estimator": row["estimator_label"],
                "weighting": row["weighting_label"],
                "expected_share_of": "a round robin among the board's models, a tie counting half",
            },
        },
        "score_details": {
            "score": row["win_share"],
            "details": {name: str(row[name]) for name in details if row[name] is not None},
            **_uncertainty(row),
        },
    }


def _uncertainty(row: dict[str, Any]) -> dict[str, Any]:
    """The interval; nothing where it stays behind."""
    if row["win_share_lo"] is None or row["win_share_hi"] is None:
        return {}
    interval = {
        "lower": row["win_share_lo"],
        "upper": row["win_share_hi"],
        "confidence_level": 0.95,
        "method": f"posterior; verdicts taken to be alike: {row['interval_basis']}",
    }
    return {"uncertainty": {"confidence_interval": interval}}
