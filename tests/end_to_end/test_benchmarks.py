"""Scores beside votes: from files to the marts, the command and the page, and back."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration.database import mart_rows
from tests.end_to_end.command import demoscope, document

MAPPING = """
source: shop
event: battle_judged
columns:
  native_id: id
  participant_id: who
  model_a: left
  model_b: right
  outcome: best
  dimension: {constant: overall}
outcome: {1: a, 2: b}
"""
MODELS = [f"model-{letter}" for letter in "abcdefghijkl"]
# People like the first best; the exam has the fifth far too high.
SCORES = {model: 0.9 - 0.05 * place for place, model in enumerate(MODELS)}
HEADER = (
    "model,benchmark,metric,score,reported_by,date,relationship,score_minimum,score_maximum,"
    "sample_count\n"
)


def votes(path: Path) -> Path:
    chance = random.Random(5)
    lines = []
    for number in range(1_500):
        left, right = chance.sample(range(len(MODELS)), 2)
        wins = 1.0 / (1.0 + 3.0 ** ((left - right) / 3.0))
        best = 1 if chance.random() < wins else 2
        lines.append(f"{number},w{number % 300},{MODELS[left]},{MODELS[right]},{best}\n")
    path.write_text("id,who,left,right,best\n" + "".join(lines))
    return path


def scores(path: Path) -> Path:
    said = {**SCORES, "model-e": 0.95, "stranger": 0.5}
    # One model has another name in the scores, and its maker reports more.
    said["Model A (API)"] = said.pop("model-a")
    rows = [f"{model},exam,accuracy,{score:.2f},office,2026-01-05,third_party,0,1,2000\n"
            for model, score in said.items()]  # fmt: skip
    rows += ["model-b,exam,accuracy,0.99,Maker,2026-02-05,first_party,0,1,2000\n"]
    rows += ["model-c,exam,accuracy,87,office,2026-03-05,third_party,0,1,2000\n"]
    rows += [",exam,accuracy,0.5,office,2026-03-05,third_party,0,1,2000\n"]
    path.write_text(HEADER + "".join(rows))
    return path


def ingested(home: Path, *arguments: str | Path) -> dict[str, Any]:
    [load] = document(home, "ingest", *arguments, "--json")["loads"]
    return dict(load)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    root = tmp_path_factory.mktemp("benchmarks")
    home = root / "home"
    (root / "shop.yml").write_text(MAPPING)
    (root / "aliases.csv").write_text("alias,model\nModel A (API),model-a\n")
    ingested(home, votes(root / "votes.csv"), "--mapping", root / "shop.yml")
    load = ingested(home, scores(root / "scores.csv"), "--mapping", "benchmark-scores")
    ingested(home, root / "aliases.csv")
    document(home, "build", "--json")
    return home, load


def test_bad_scores_are_in_quarantine_and_unknown_models_are_named(
    built: tuple[Path, dict[str, Any]],
) -> None:
    _, load = built
    # A row without a model has no id of its own either, for its id is made of it.
    assert sorted(load["quarantined_by_reason"]) == ["missing_value", "out_of_range"]
    assert (load["accepted_count"], load["quarantined_count"]) == (14, 2)
    [said] = load["warnings"]
    assert "2 were compared by nobody" in said
    assert "'Model A (API)' (row" in said
    assert "'stranger'" in said


def test_the_gap_is_over_common_models_under_their_own_names(
    built: tuple[Path, dict[str, Any]],
) -> None:
    home, _ = built
    [gap] = document(home, "benchmarks", "gap", "--format", "json")["rows"]
    assert (gap["model_count"], gap["unmatched_count"], gap["unscored_count"]) == (12, 1, 0)
    assert (gap["error_count"], gap["first_party_count"]) == (12, 0)
    assert 0.4 < gap["correlation"] < 1.0
    assert gap["true_correlation"] > gap["correlation"]
    assert gap["p_adjusted"] < 0.05
    rows = document(home, "benchmarks", "residuals", "exam", "--format", "json")["rows"]
    assert {row["model_id"] for row in rows} == set(MODELS)
    worst = min(rows, key=lambda row: row["residual"])
    assert (worst["model_id"], worst["better_with"]) == ("model-e", "paper")
    assert worst["paper_rank"] == 1


def test_reports_and_unmatched_names_are_listed(built: tuple[Path, dict[str, Any]]) -> None:
    home, _ = built
    apart = document(home, "benchmarks", "reports", "--far-apart", "--format", "json")["rows"]
    assert [(row["model_id"], row["reported_by"], row["is_chosen"]) for row in apart] == [
        ("model-b", "office", True),
        ("model-b", "Maker", False),
    ]
    names = document(home, "benchmarks", "unmatched", "--format", "json")["rows"]
    assert [row["reported_name"] for row in names] == ["stranger"]
    drafted = demoscope(home, "benchmarks", "unmatched", "--aliases")
    assert next(csv.reader(drafted.stdout.splitlines())) == ["alias", "model"]
    assert "read every line" in drafted.stderr
    shown = demoscope(home, "benchmarks", "gap")
    assert "exam" in shown.stdout
    assert "accuracy" in shown.stdout


def test_the_page_has_the_section_without_a_script(
    built: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    home, _ = built
    assert demoscope(home, "publish").returncode == 0
    assert demoscope(home, "site", "build", "--out", tmp_path / "site").returncode == 0
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert 'id="benchmarks"' in page
    assert "exam (accuracy)" in page
    assert page.count("<circle") >= len(MODELS)


def test_without_scores_nothing_is_compared(built: tuple[Path, dict[str, Any]]) -> None:
    home, _ = built
    rows = mart_rows(
        Home(home), "select count(*) as n from rpt_benchmark_gap where dimension = 'x'"
    )
    assert json.dumps(rows) == '[{"n": 0}]'
