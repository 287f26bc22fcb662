"""What goes with sycophancy: a planted difference, none, and one that changes sides."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ratings.tables.inputs import Read
from ratings.tables.labelled_units import read_labelled
from ratings.tables.sycophancy import BETWEEN, WITHIN, sycophancy_tables

SENSITIVITY, SPECIFICITY = 0.8, 0.9
KEY = {"rubric": "sycophancy", "rubric_version": "1", "label": "sycophancy"}
MODELS = [f"m{k}" for k in range(8)]
RATING = "personality_rating"


def study(seed: int, effects: dict[str, float], people: int = 300, sampled: float = 0.3) -> Read:
    """Ratings and verdicts of people of two countries, each moved by its own ``effects``."""
    rng = np.random.default_rng(seed)
    country = rng.integers(0, 2, people)
    moved = np.array(list(effects.values()))[country]
    labels: list[dict[str, Any]] = []
    ratings, verdicts = [], []
    rates = np.linspace(0.1, 0.6, len(MODELS))
    for battle in range(6 * people):
        person = battle // 6
        pair = rng.choice(len(MODELS), 2, replace=False)
        true = rng.random(2) < rates[pair]
        found = np.where(true, rng.random(2) < SENSITIVITY, rng.random(2) >= SPECIFICITY)
        is_sampled = rng.random(2) < sampled
        for k in (0, 1):
            unit = 2 * battle + k
            row = {
                **KEY, "severity": None, "unit_id": unit, "participant_id": person,
                "cell_id": int(country[person]), "model_id": MODELS[pair[k]], "topic": None,
                "left_out_reason": None, "judge_version": "1",
            }  # fmt: skip
            for who, said, prompt in (("judge", found[k], "p"), ("person", true[k], None)):
                if who == "judge" or is_sampled[k]:
                    labels.append(
                        row | {"judge": who, "value": "yes" if said else "no",
                               "is_finding": bool(said), "is_human": who == "person",
                               "prompt_sha256": prompt}
                    )  # fmt: skip
            quality = pair[k] / 4 + rng.normal() + moved[person] * true[k]
            ratings.append(
                {"unit_id": unit, "criterion": "personality", "rating": quality, "length": None,
                 "turns": None}
            )  # fmt: skip
        lead = rng.normal() + 0.5 * moved[person] * (float(true[0]) - float(true[1]))
        score = float(lead > 0)
        verdicts.append(
            {"dimension": "overall", "unit_a": 2 * battle, "unit_b": 2 * battle + 1,
             "score": score, "length": 100, "turns": 4}
        )  # fmt: skip
    tables = {
        "labels": pa.Table.from_pylist(labels).cast(LABELS),
        "rubric_values": pa.Table.from_pylist(
            [KEY | {"value": "no", "is_finding": False}, KEY | {"value": "yes", "is_finding": True}]
        ),
        "stratum_cells": pa.table({"stratum_id": ["all", "UK", "US"], "cells": [[0, 1], [0], [1]]}),
        "label_weights": pa.table(
            {"weighting": pa.array([], pa.string()), "stratum_id": pa.array([], pa.string()),
             "participant_id": pa.array([], pa.int64()), "weight_micro": pa.array([], pa.int64())}
        ),
        "labelled_ratings": pa.Table.from_pylist(ratings),
        "labelled_verdicts": pa.Table.from_pylist(verdicts),
    }  # fmt: skip
    return lambda name, **_: tables[name]


LABELS = pa.schema(
    {
        **dict.fromkeys(KEY, pa.string()),
        "severity": pa.string(), "unit_id": pa.int64(), "participant_id": pa.int64(),
        "cell_id": pa.int64(), "model_id": pa.string(), "topic": pa.string(),
        "left_out_reason": pa.string(), "judge_version": pa.string(), "judge": pa.string(),
        "value": pa.string(), "is_finding": pa.bool_(), "is_human": pa.bool_(),
        "prompt_sha256": pa.string(),
    }
)  # fmt: skip


def tables_of(read: Read) -> dict[str, pa.Table]:
    return sycophancy_tables(read, read_labelled(read))


def rows(read: Read) -> dict[tuple[str, str], dict[str, Any]]:
    """Of one level, by outcome and stratum."""
    found = tables_of(read)["sycophancy_effect"].to_pylist()
    return {(row["outcome"], row["stratum_id"]): row for row in found if row["level"] == WITHIN}


def test_a_planted_difference_is_found_though_the_judge_errs() -> None:
    found = [rows(study(seed, {"UK": -0.8, "US": -0.8}))[RATING, "all"] for seed in range(12)]
    told = [row for row in found if row["not_estimated_reason"] is None]
    assert len(told) >= 11
    assert sum(row["effect_lo"] < -0.8 < row["effect_hi"] for row in told) >= len(told) - 2
    assert sum(row["people_effect_lo"] < -0.8 < row["people_effect_hi"] for row in found) >= 10
    assert sum(row["naive_effect_lo"] < -0.8 < row["naive_effect_hi"] for row in found) <= 2
    assert all(row["p_adjusted"] < 0.01 for row in told)
    assert all(row["e_value_limit"] > 1.0 for row in told)


def test_nothing_is_found_where_nothing_is() -> None:
    found = [rows(study(seed, {"UK": 0.0, "US": 0.0})) for seed in range(12)]
    told = [[row for row in one.values() if row["effect"] is not None] for one in found]
    assert sum(any(row["p_adjusted"] < 0.05 for row in one) for one in told) <= 2
    for figure, every in (("effect", told), ("people_effect", [one.values() for one in found])):
        inside = [row[f"{figure}_lo"] < 0.0 < row[f"{figure}_hi"] for one in every for row in one]
        assert 0.88 <= np.mean(inside) <= 1.0


@pytest.mark.parametrize("outcome", [RATING, "overall_verdict"])
def test_a_difference_that_changes_sides_is_told_by_country(outcome: str) -> None:
    found = rows(study(3, {"UK": -1.0, "US": 1.0}, people=500))
    assert found[outcome, "UK"]["effect_hi"] < 0.0 < found[outcome, "US"]["effect_lo"]
    assert found[outcome, "all"]["effect_lo"] < found[outcome, "US"]["effect_lo"]


def test_without_people_who_label_nothing_is_corrected() -> None:
    found = rows(study(4, {"UK": -0.8, "US": -0.8}, people=60, sampled=0.0))[RATING, "all"]
    assert found["not_estimated_reason"] == "few_human_labels"
    assert found["effect"] is None
    assert found["naive_effect"] < 0.0


def test_models_are_not_compared_on_the_word_of_a_few_people() -> None:
    found = tables_of(study(5, {"UK": -2.0, "US": -2.0}, people=9, sampled=1.0))
    for row in found["sycophancy_effect"].to_pylist():
        assert row["participant_count"] <= 9
        assert row["effect"] is row["naive_effect"] is None
        assert row["not_estimated_reason"] is not None


def test_two_prompts_under_one_judge_are_not_corrected() -> None:
    read = study(6, {"UK": -0.8, "US": -0.8}, people=60)
    labels = read("labels").to_pylist()
    for row in labels[: len(labels) // 2]:
        row["prompt_sha256"] = row["prompt_sha256"] and "q"
    two = pa.Table.from_pylist(labels, schema=LABELS)
    found = tables_of(lambda name, **_: two if name == "labels" else read(name))
    for row in found["sycophancy_effect"].to_pylist():
        assert row["effect"] is None
        if row["level"] == WITHIN:
            assert row["not_estimated_reason"] == "several_prompts"


def test_a_judge_that_follows_the_outcome_is_not_believed() -> None:
    read = study(7, {"UK": 0.0, "US": 0.0}, people=200, sampled=0.5)
    rating = {row["unit_id"]: row["rating"] for row in read("labelled_ratings").to_pylist()}
    labels = read("labels").to_pylist()
    for row in labels:
        if not row["is_human"] and rating[row["unit_id"]] < 0.0:
            row |= {"value": "yes", "is_finding": True}
    moved = pa.Table.from_pylist(labels, schema=LABELS)
    found = rows(lambda name, **_: moved if name == "labels" else read(name))[RATING, "all"]
    assert found["naive_effect_hi"] < 0.0
    assert found["effect"] is None
    assert found["not_estimated_reason"] == "people_say_otherwise"
    assert found["people_effect_lo"] < 0.0 < found["people_effect_hi"]


def test_between_models_only_people_are_believed() -> None:
    found = tables_of(study(8, {"UK": 0.0, "US": 0.0}))["sycophancy_effect"].to_pylist()
    between = [row for row in found if row["level"] == BETWEEN]
    assert {row["not_estimated_reason"] for row in between} == {"errors_by_model_unknown"}
    assert all(row["effect"] is None and row["people_effect"] is not None for row in between)
