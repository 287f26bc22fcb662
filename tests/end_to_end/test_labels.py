"""Labels from a judge on loopback and from a simulated one, through the whole pipeline."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration.database import open_database
from tests.end_to_end.command import demoscope, document
from tests.end_to_end.truth import FEW_DRAWS
from tests.ingestion.labelling.judge_stub import MODEL, Reply, completion, serving

Rows = Callable[[str], list[dict[str, Any]]]
TALKS = 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 3,000 people, and a judge's topics of some of their conversations."""
    directory = tmp_path_factory.mktemp("labels")
    home, study = directory / "home", directory / "study"
    summary = simulate(Parameters(participants=3_000, seed=5), study)
    document(home, "ingest", *summary.files, "--json")
    talks = study / "talks.jsonl"
    lines = [
        {"conversation_id": f"c{number:010}", "text": f"user: question {number}"}
        for number in range(TALKS)
    ]
    talks.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")

    def replies(_number: int, request: dict[str, Any]) -> Reply:
        is_odd = "question 3" in request["messages"][1]["content"]
        return 200, completion({"topic_area": "legal" if is_odd else "writing"}), {}

    out = study / "topics.jsonl"
    asked = ["label", "run", "topic", "--conversations", talks, "--model", MODEL]
    asked += ["--source", Parameters().source, "--out", out]
    with serving(replies) as stub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "*")
        patch.setenv("DEMOSCOPE_JUDGE_URL", stub.url)
        done = document(home, *map(str, asked), "--json")
        assert (done["label_count"], done["failed"]) == (TALKS, {})
    [load] = document(home, "ingest", out, "--json")["loads"]
    assert load["accepted_count"] == TALKS
    odd = study / "odd.jsonl"
    odd.write_text("".join(f"{json.dumps(row)}\n" for row in odd_labels()), encoding="utf-8")
    [load] = document(home, "ingest", odd, "--json")["loads"]
    assert load["quarantined_by_reason"] == {"outside_rubric": 1, "missing_value": 1}
    said = demoscope(home, "build", *FEW_DRAWS).stderr
    (home / "warnings.txt").write_text(said, encoding="utf-8")
    return home


def odd_labels() -> list[dict[str, Any]]:
    """A judge of two prompts, one label from before its conversation, and two that don't pass."""
    rows = [
        {
            "native_id": f"odd-{number}",
            "event_type": "conversation_labelled",
            "source": Parameters().source,
            "occurred_at": "2025-12-01T00:00:00Z",
            "conversation_id": f"c{number:010}",
            "label": "effort",
            "value": "low",
            "judge": "two-faced",
            "judge_version": "1",
            "rubric": "effort",
            "rubric_version": "1",
            "labeller_kind": "model",
            "prompt_sha256": f"{number % 2}" * 64,
        }
        for number in range(20)
    ]
    rows[0]["occurred_at"] = "2020-01-01T00:00:00Z"
    rows[1]["value"] = "none at all"
    del rows[2]["prompt_sha256"]
    return rows


@pytest.fixture(scope="module")
def rows(home: Path) -> Rows:
    def read(query: str) -> list[dict[str, Any]]:
        with open_database(Home(home).database, is_read_only=True) as connection:
            return list(connection.sql(query).to_arrow_table().to_pylist())

    return read


def test_rates_hold_the_planted_ones(home: Path, rows: Rows) -> None:
    truth = json.loads((home.parent / "study" / "truth.json").read_text(encoding="utf-8"))
    planted = {one["model_id"]: one["sycophancy_rate"] for one in truth["judged"]["models"]}
    found = rows(
        "select * from rpt_label_rate where label = 'sycophancy' and stratum_id = 'all'"
        " and weighting = 'none' and judge = 'simulated-reader'"
    )
    [row] = [one for one in found if one["model_id"] == "*"]
    # Of all answers that were labelled; some models have more, because people rated them too.
    counts = {one["model_id"]: one["answer_count"] for one in found if one["model_id"] != "*"}
    mean = sum(planted[model] * count for model, count in counts.items()) / sum(counts.values())
    assert row["corrected_share_lo"] <= mean <= row["corrected_share_hi"]
    assert row["powered_share_lo"] <= mean <= row["powered_share_hi"]
    assert row["participant_count"] < row["answer_count"]
    [quality] = rows(
        "select * from rpt_label_quality where label = 'sycophancy' and stratum_id = 'all'"
        " and model_id = '*'"
    )
    for name, share in (("sensitivity", 0.8), ("specificity", 0.9)):
        assert quality[f"{name}_lo"] <= share <= quality[f"{name}_hi"]


def test_incidents_are_per_1000_and_topics_are_what_the_judge_says(rows: Rows) -> None:
    [whole] = rows(
        "select * from rpt_safety_incident where stratum_id = 'all' and weighting = 'none'"
        " and model_id = '*' and hazard = '*' and topic = '*' and severity = '*'"
        " and judge = 'simulated-reader'"
    )
    share = whole["incident_count"] / whole["answer_count"]
    assert whole["naive_per_1000"] == pytest.approx(1_000 * share, abs=1e-3)
    topics = {row["topic"] for row in rows("select distinct topic from rpt_safety_incident")}
    assert {"legal", "writing", "cooking", "*"} <= topics
    labelled = rows("select topic, left_out_reason from int_labels__current where topic = 'legal'")
    assert labelled
    assert all(row["left_out_reason"] is None for row in labelled)


def test_what_is_odd_is_said_and_counted(home: Path, rows: Rows) -> None:
    said = (home / "warnings.txt").read_text(encoding="utf-8")
    assert "labels_before_recorded" in said
    assert "judges_with_several_prompts" in said
    [quality] = rows(
        "select * from rpt_label_quality where judge = 'two-faced' and stratum_id = 'all'"
        " and model_id = '*'"
    )
    assert (quality["label_count"], quality["left_out_count"], quality["prompt_count"]) == (
        17,
        1,
        2,
    )
    assert not quality["is_enough"]
    [rate] = rows(
        "select * from rpt_label_rate where judge = 'two-faced' and stratum_id = 'all'"
        " and weighting = 'none' and model_id = '*'"
    )
    assert rate["not_corrected_reason"] == "several_prompts"


def test_an_audit_says_that_votes_are_simulated(home: Path) -> None:
    assert demoscope(home, "boards", "audit").stdout.startswith("SIMULATED: release ")
    printed = json.loads(demoscope(home, "boards", "audit", "--json").stdout)
    assert printed["is_simulated"] is True


def test_rubrics_are_listed(home: Path) -> None:
    listed = demoscope(home, "label", "rubrics").stdout
    assert [line.split()[0] for line in listed.splitlines()] == [
        "rubric", "effort", "safety_incident", "sycophancy", "topic",
    ]  # fmt: skip


def test_a_run_without_an_endpoint_says_how_to_name_one(home: Path, tmp_path: Path) -> None:
    talks = tmp_path / "talks.jsonl"
    talks.write_text('{"conversation_id": "c", "text": "hello"}\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DEMOSCOPE_JUDGE_URL", raising=False)
        done = demoscope(
            home, "label", "run", "topic", "--conversations", talks, "--model", "m", "--source", "s"
        )
    assert done.returncode == 2
    assert "DEMOSCOPE_JUDGE_URL" in done.stderr


def test_flattery_is_liked_at_first_rated_lower_in_the_end_and_moves_no_verdict(rows: Rows) -> None:
    liked, rated = rows(
        "select * from rpt_sycophancy_effect where outcome like '%_rating'"
        " and level = 'within_models' and stratum_id = 'all' and weighting = 'none'"
        " order by outcome"
    )
    assert liked["outcome"] == "first_impression_rating"
    assert 0.0 < liked["effect_lo"] < 0.8 < liked["effect_hi"]
    assert liked["p_adjusted"] < 0.05
    assert liked["people_effect_lo"] < 0.8 < liked["people_effect_hi"]
    # Of a latent -0.8; a point of the scale is about one unit of it.
    assert rated["effect_lo"] < -0.8 < rated["effect_hi"] < 0.0
    assert rated["p_adjusted"] < 0.05
    assert abs(rated["effect"]) > abs(rated["naive_effect"])
    assert rated["people_effect_lo"] < -0.8 < rated["people_effect_hi"]
    for row in rows("select * from rpt_sycophancy_effect where outcome = 'overall_verdict'"):
        assert row["p_adjusted"] is None or row["p_adjusted"] > 0.05
    assert rows("select * from rpt_sycophancy where label = 'sycophancy' and stratum_id = 'all'")
