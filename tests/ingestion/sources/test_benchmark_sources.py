"""Scores from Every Eval Ever, from HELM's tables in benchbench, and from a plain table."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import LoadRefusedError, NotFoundError, UsageError
from ingestion.sources import benchbench
from ingestion.sources.registry import open_source

RESULT: dict[str, Any] = {
    "evaluation_result_id": "mmlu-accuracy",
    "evaluation_name": "MMLU",
    "evaluation_timestamp": "2026-01-05",
    "source_data": {
        "dataset_name": "MMLU",
        "source_type": "url",
        "url": ["https://example.org/board", "https://example.org/paper"],
    },
    "metric_config": {
        "metric_id": "accuracy",
        "metric_name": "Accuracy",
        "lower_is_better": False,
        "score_type": "continuous",
        "min_score": 0,
        "max_score": 1,
    },
    "score_details": {
        "score": 0.8125,
        "uncertainty": {
            "standard_error": {"value": 0.0125, "method": "analytic"},
            "confidence_interval": {"lower": 0.79, "upper": 0.83, "confidence_level": 0.95},
            "num_samples": 1000,
        },
    },
    "generation_config": {"generation_args": {"temperature": 0.0, "prompt_template": "long"}},
}
DOCUMENT: dict[str, Any] = {
    "schema_version": "0.3.0",
    "evaluation_id": "mmlu/maker/model/1767571200",
    "retrieved_timestamp": "1767571200",
    "source_metadata": {
        "source_type": "documentation",
        "source_organization_name": "Maker",
        "evaluator_relationship": "first_party",
    },
    "eval_library": {"name": "lm_eval", "version": "unknown"},
    "model_info": {"name": "Model", "id": "maker/model", "additional_details": {}},
    "evaluation_results": [RESULT],
}


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, indent=2), "utf-8")
    return path


def changed(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**document, **changes}


def test_a_document_becomes_a_score_with_all_that_it_says(read: Any, tmp_path: Path) -> None:
    [row] = read(written(tmp_path / "one.json", DOCUMENT), mapping="every-eval-ever")
    assert (row["batch"], row["refusal"]) == ("benchmark_reported", None)
    assert {name: row[name] for name in ("model_id", "benchmark", "metric", "score", "better")} == {
        "model_id": "maker/model",
        "benchmark": "MMLU",
        "metric": "accuracy",
        "score": "0.8125",
        "better": "higher",
    }
    assert (row["score_minimum"], row["score_maximum"]) == ("0", "1")
    assert (row["standard_error"], row["score_lo"], row["score_hi"]) == ("0.0125", "0.79", "0.83")
    assert (row["sample_count"], row["settings"]) == ("1000", '{"temperature": 0.0}')
    assert (row["harness"], row["harness_version"]) == ("lm_eval", None)
    assert (row["reported_by"], row["relationship"]) == ("Maker", "first_party")
    assert (row["url"], row["occurred_at"]) == ("https://example.org/board", "2026-01-05T00:00:00Z")
    assert json.loads(row["original"])["evaluation_results"] == [RESULT]


def test_an_array_lines_and_single_documents_are_the_same(read: Any, tmp_path: Path) -> None:
    other = changed(DOCUMENT, evaluation_id="another")
    array = written(tmp_path / "array.json", [DOCUMENT, other])
    lines = tmp_path / "lines.jsonl"
    lines.write_text(f"{json.dumps(DOCUMENT)}\n{json.dumps(other)}\n", "utf-8")
    rows = read(array, mapping="every-eval-ever")
    assert read(lines, mapping="every-eval-ever") == rows
    assert len({row["native_id"] for row in rows}) == 2


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("1767571200", "2026-01-05T00:00:00+00:00"),
        ("2026-01-05T10:00:00", "2026-01-05T10:00:00Z"),
        ("2026-01-05T10:00:00+02:00", "2026-01-05T10:00:00+02:00"),
        ("soon", "soonZ"),
    ],
)
def test_times(read: Any, tmp_path: Path, stamp: str, time: str) -> None:
    result = changed(RESULT, evaluation_timestamp=stamp)
    path = written(tmp_path / "one.json", changed(DOCUMENT, evaluation_results=[result]))
    [row] = read(path, mapping="every-eval-ever")
    assert row["occurred_at"] == time


def test_unbounded_metrics_other_intervals_and_unknown_levels(read: Any, tmp_path: Path) -> None:
    metric = {"lower_is_better": True, "min_score": "-Infinity", "max_score": "Infinity"}
    details = {
        "score": 3,
        "uncertainty": {"confidence_interval": {"lower": 2, "upper": 4, "confidence_level": 0.9}},
    }
    unknown = {"lower_is_better": False, "score_type": "levels", "has_unknown_level": True}
    results = [
        changed(RESULT, metric_config=metric, score_details=details),
        changed(RESULT, metric_config=unknown, score_details={"score": -1}),
    ]
    path = written(tmp_path / "one.json", changed(DOCUMENT, evaluation_results=results))
    source = open_source(str(path), mapping="every-eval-ever")
    [batch] = source.batches()
    [row] = batch.table.to_pylist()
    assert (row["better"], row["score_minimum"], row["score_maximum"]) == ("lower", None, None)
    assert (row["metric"], row["score_lo"]) == (None, None)
    assert source.set_aside_count == 1
    assert [words[:1] for words in source.warnings] == ["1", "1"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"schema_version": "1.0.0"}, ("unknown_schema_version", "schema_version")),
        ({"evaluation_results": []}, ("missing_value", "evaluation_results")),
        ({"evaluation_results": 7}, ("missing_value", "evaluation_results")),
        ({"model_info": None}, (None, None)),
    ],
)
def test_a_document_that_says_too_little(
    read: Any, tmp_path: Path, change: dict[str, Any], refusal: tuple[str, str]
) -> None:
    path = written(tmp_path / "one.json", changed(DOCUMENT, **change))
    [row] = read(path, mapping="every-eval-ever")
    assert (row["refusal"], row["refusal_column"]) == refusal


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff", b"[1", b'{"a": NaN}', b"[" * 9999])
def test_what_is_no_such_json_is_refused_whole(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(LoadRefusedError, match="Every Eval Ever"):
        list(open_source(str(tmp_path / "x.json"), mapping="every-eval-ever").batches())
    with pytest.raises(NotFoundError):
        list(open_source(str(tmp_path / "absent"), mapping="every-eval-ever").batches())
    with pytest.raises(UsageError):
        list(open_source(str(tmp_path), mapping="every-eval-ever").batches())


def wheel(path: Path, **tables: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in benchbench.TABLES.items():
            text = tables.get(name.replace(" ", "_"), "Model\tMean win rate\n")
            archive.writestr(benchbench.FOLDER + file, text)
    return path


LITE = (
    "Model\tMean win rate\tMMLU - EM\tMATH - Equivalent (CoT)\nx (1)\t0.9\t0.7\t-\ny\t0.1\t-\t0.2\n"
)


def test_helms_tables_become_scores_by_cell(read: Any, tmp_path: Path) -> None:
    toxic = "Model\tMean win rate\tBoolQ - Toxic fraction\nx (1)\t0.5\t0.001\n"
    path = wheel(tmp_path / "b.whl", HELM_Lite=LITE, HELM_Classic_toxicity=toxic)
    rows = read(path, mapping="benchbench")
    names = ("model_id", "benchmark", "metric", "score", "better")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("x (1)", "HELM Lite", "Mean win rate", "0.9", "higher"),
        ("x (1)", "HELM Lite / MMLU", "EM", "0.7", "higher"),
        ("y", "HELM Lite", "Mean win rate", "0.1", "higher"),
        ("y", "HELM Lite / MATH", "Equivalent (CoT)", "0.2", "higher"),
        ("x (1)", "HELM Classic toxicity", "Mean win rate", "0.5", "higher"),
        ("x (1)", "HELM Classic toxicity / BoolQ", "Toxic fraction", "0.001", "lower"),
    ]
    assert {row["relationship"] for row in rows} == {"third_party"}
    assert len({row["native_id"] for row in rows}) == len(rows)


def test_helms_tables_of_another_shape_are_refused(tmp_path: Path) -> None:
    uneven = wheel(tmp_path / "u.whl", HELM_Lite=LITE + "z\t0.3\n")
    with zipfile.ZipFile(tmp_path / "empty.whl", "w"):
        pass
    (tmp_path / "no.whl").write_text("no")
    for path in (uneven, tmp_path / "empty.whl", tmp_path / "no.whl"):
        with pytest.raises(LoadRefusedError, match="benchbench"):
            list(open_source(str(path), mapping="benchbench").batches())


def test_a_plain_table_needs_few_columns(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        "model,benchmark,metric,score,reported_by,date,relationship,score_maximum\n"
        "x,exam,accuracy,0.5,office,2026-01-05,third_party,1\n"
        ",exam,accuracy,0.5,office,2026-01-05,third_party,1\n"
    )
    one, other = read(path, mapping="benchmark-scores")
    assert one["native_id"] == '["x","exam","accuracy","office","2026-01-05"]'
    assert (one["score"], one["relationship"], one["score_maximum"]) == ("0.5", "third_party", "1")
    assert other["model_id"] is None
