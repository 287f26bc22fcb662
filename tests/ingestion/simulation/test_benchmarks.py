"""The benchmarks of a simulated study: what is planted is what is reported, but for chance."""

from collections import Counter
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from tests.ingestion.simulation.studies import study


def test_scores_lie_where_the_truth_says(tmp_path: Path) -> None:
    made = study(tmp_path, participants=60, seed=5)
    rows = made.rows("benchmarks")
    assert len({row["native_id"] for row in rows}) == len(rows)
    for truth in made.truth["benchmarks"]:
        own = [
            row
            for row in rows
            if row["benchmark"] == truth["benchmark"] and row["relationship"] == "third_party"
        ]
        assert {row["better"] for row in own} == {truth["better"]}
        off = [
            row["score"] - truth["scores"][row["model_id"]]
            for row in own
            if row["model_id"] in truth["scores"]
        ]
        assert len(off) == len(truth["scores"])
        assert np.abs(off).max() < 0.11
        named = {row["model_id"] for row in own}
        assert named - truth["scores"].keys() == set(truth["unmatched"])


def test_the_truths_correlations_are_of_everybodys_skills(tmp_path: Path) -> None:
    made = study(tmp_path, participants=30, seed=6)
    for truth in made.truth["benchmarks"]:
        way = -1.0 if truth["better"] == "lower" else 1.0
        scored = [way * truth["scores"][model] for model in made.models if model in truth["scores"]]
        for dimension, correlation in truth["correlations"].items():
            skills = made.skills["all"][dimension][: len(scored)]
            assert abs(correlation - spearmanr(skills, scored).statistic) < 1e-6


def test_gaps_and_makers_reports_are_planted_on_one_benchmark(tmp_path: Path) -> None:
    made = study(tmp_path, participants=30, seed=7)
    exam, *others = made.truth["benchmarks"]
    assert Counter(gap["better_with"] for gap in exam["gaps"]).keys() <= {"people", "paper"}
    assert 2 <= len(exam["gaps"]) <= 3
    assert all(not other["gaps"] and not other["inflated"] for other in others)
    by_makers = [row for row in made.rows("benchmarks") if row["relationship"] == "first_party"]
    assert sorted(row["model_id"] for row in by_makers) == sorted(exam["inflated"])
    assert {row["harness"] for row in by_makers} == {"in-house"}


def test_the_same_seed_gives_the_same_and_people_do_not_matter(tmp_path: Path) -> None:
    one, other = study(tmp_path / "a", participants=20), study(tmp_path / "b", participants=50)
    assert (one.directory / "benchmarks.jsonl").read_bytes() == (
        other.directory / "benchmarks.jsonl"
    ).read_bytes()
