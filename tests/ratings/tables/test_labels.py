"""The label tables find what a simulated judge and sample of people were made with."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ingestion.rubrics.reading import own_rubrics
from ratings.tables.inputs import Read
from ratings.tables.labelled_units import read_labelled
from ratings.tables.labels import label_tables

Rows = list[dict[str, Any]]
RATES = {"alpha": 0.02, "beta": 0.10, "gamma": 0.30}
HAZARDS = ("hate", "privacy")
Q1, Q0 = 0.8, 0.95


def tables_of(read: Read) -> dict[str, pa.Table]:
    return label_tables(read, read_labelled(read))


def rows_of(
    seed: int,
    *,
    sampled: float = 0.2,
    rates: dict[str, float] = RATES,
    passed: dict[str, float] | None = None,
) -> Rows:
    """Labels of a judge and of people; women (cell 1) meet half the rate of men (cell 2).

    `passed`: the judge's specificity by model, where it isn't the same for all.
    """
    people, answers = 400, 6
    random = np.random.default_rng(seed)
    made: Rows = []
    for person in range(people):
        cell = 1 + person % 2
        factor = random.gamma(4, 1 / 4) * (2 / 3 if cell == 1 else 4 / 3)
        for number in range(answers):
            model = str(random.choice(list(rates)))
            is_true = random.random() < rates[model] * factor
            is_said = random.random() < (Q1 if is_true else 1 - (passed or {}).get(model, Q0))
            hazard = str(random.choice(HAZARDS, p=[0.25, 0.75]))
            about = {
                "unit_id": person * answers + number,
                "participant_id": person,
                "cell_id": cell,
                "model_id": model,
                "topic": ("money", "cooking")[number % 2],
            }
            made.append(_label(about, hazard if is_said else "none", is_human=False))
            if random.random() < sampled:
                made.append(_label(about, hazard if is_true else "none", is_human=True))
    return made


def _label(about: dict[str, Any], value: str, *, is_human: bool, **more: Any) -> dict[str, Any]:
    return {
        "rubric": "safety_incident",
        "rubric_version": "1",
        "label": "safety_incident",
        "judge": "person" if is_human else "reader",
        "judge_version": "1",
        "value": value,
        "is_finding": value != "none",
        "severity": None if value == "none" else "minor",
        "is_human": is_human,
        "prompt_sha256": None if is_human else "0" * 64,
        "left_out_reason": None,
        **about,
        **more,
    }


def read_of(labels: Rows) -> Callable[..., pa.Table]:
    people = sorted({row["participant_id"] for row in labels})
    tables = {
        "labels": pa.Table.from_pylist(labels),
        "stratum_cells": pa.table(
            {"stratum_id": ["US", "US/sex/men", "all"], "cells": [[1, 2], [2], [1, 2]]}
        ),
        # Men weigh three times what women do.
        "label_weights": pa.table(
            {
                "weighting": ["raked"] * len(people),
                "stratum_id": ["all"] * len(people),
                "participant_id": people,
                "weight_micro": [500_000 if person % 2 == 0 else 1_500_000 for person in people],
            }
        ),
        "reference_models": pa.table({"label": ["safety_incident"], "model_id": ["beta"]}),
        "rubric_values": pa.Table.from_pylist(
            [
                {
                    "rubric": rubric.rubric,
                    "rubric_version": rubric.version,
                    "label": label.label,
                    "value": value.value,
                    "is_finding": value.is_finding,
                }
                for rubric in own_rubrics()
                for label in rubric.labels
                for value in label.values
            ]
        ),
    }
    return lambda name: tables[name]


@cache
def tables(seed: int) -> dict[str, pa.Table]:
    return tables_of(read_of(rows_of(seed)))


def only(table: pa.Table, **key: Any) -> dict[str, Any]:
    whole = {"weighting": "none", "stratum_id": "all", "judge": "reader", "hazard": "*"}
    whole |= {"topic": "*", "severity": "*", "model_id": "*"} | key
    whole = {name: value for name, value in whole.items() if name in table.column_names}
    [row] = [
        row for row in table.to_pylist() if all(row[name] == value for name, value in whole.items())
    ]
    return dict(row)


def test_quality_is_that_of_the_judge() -> None:
    row = only(tables(1)["label_quality"])
    assert row["sensitivity_lo"] < Q1 < row["sensitivity_hi"]
    assert row["specificity_lo"] < Q0 < row["specificity_hi"]
    assert row["human_count"] > 400
    assert 0.5 < row["cohen_kappa"] < 0.9
    assert row["cohen_kappa"] == pytest.approx(row["krippendorff_alpha"], abs=0.01)


def test_corrected_rates_find_the_truth_and_naive_ones_do_not() -> None:
    """Over studies: each model's rate, half of it in the sample and more of it in men."""
    covered = {"naive": [], "corrected": []}  # type: dict[str, list[bool]]
    for seed in range(1, 21):
        for model, rate in RATES.items():
            row = only(tables(seed)["label_rate"], model_id=model)
            for name, found in covered.items():
                if row[f"{name}_share"] is not None:
                    found.append(row[f"{name}_share_lo"] <= rate <= row[f"{name}_share_hi"])
    assert len(covered["corrected"]) == 60
    assert np.mean(covered["corrected"]) > 0.9
    assert np.mean(covered["naive"]) < 0.7


def test_weights_move_the_rate_to_the_population() -> None:
    """Men, three quarters of the population and half of the sample, meet twice as much."""
    rates = [only(tables(seed)["label_rate"], weighting="raked") for seed in range(1, 9)]
    plain = [only(tables(seed)["label_rate"]) for seed in range(1, 9)]
    overall = float(np.mean(list(RATES.values())))
    weighted = np.mean([row["corrected_share"] for row in rates])
    assert weighted == pytest.approx(overall * (0.25 * 2 / 3 + 0.75 * 4 / 3), abs=0.012)
    assert np.mean([row["corrected_share"] for row in plain]) == pytest.approx(overall, abs=0.01)
    men = only(tables(1)["label_rate"], stratum_id="US/sex/men")
    assert men["answer_count"] == 1_200


def test_people_repeat_so_fewer_answers_count() -> None:
    row = only(tables(1)["label_rate"], model_id="gamma")
    assert row["effective_count"] < row["answer_count"]


def test_every_hazard_has_a_row_and_what_was_never_seen_says_below_what() -> None:
    table = tables(1)["safety_incident"]
    hazards = {row["hazard"] for row in table.to_pylist()}
    assert len(hazards) == 1 + 12
    unseen = only(table, hazard="defamation")
    assert (unseen["finding_count"], unseen["naive_share"]) == (0, 0.0)
    # People, not answers, are counted where nothing tells how alike a person's answers are.
    assert unseen["unseen_below"] == pytest.approx(1 - 0.05 ** (1 / 400), rel=1e-6)
    assert only(table, hazard="privacy")["unseen_below"] is None


def test_parts_sum_to_the_whole() -> None:
    table = tables(1)["safety_incident"]
    whole = only(table, model_id="gamma")
    for name in ("hazard", "severity", "topic"):
        parts = [
            row
            for row in table.to_pylist()
            if row[name] != "*"
            and (row["model_id"], row["stratum_id"], row["weighting"]) == ("gamma", "all", "none")
            and row["judge"] == "reader"
        ]
        assert sum(row["finding_count"] for row in parts) == whole["finding_count"]
    topics = [only(table, model_id="gamma", topic=name) for name in ("money", "cooking")]
    assert sum(row["answer_count"] for row in topics) == whole["answer_count"]


def test_the_ratio_is_to_the_model_of_reference() -> None:
    covered = []
    for seed in range(1, 21):
        row = only(tables(seed)["safety_incident"], model_id="gamma")
        assert row["reference_model_id"] == "beta"
        covered.append(row["ratio_lo"] <= 3.0 <= (row["ratio_hi"] or np.inf))
    assert np.mean(covered) >= 0.85
    assert only(tables(1)["safety_incident"], model_id="beta")["ratio"] is None


def test_models_that_are_alike_are_not_told_apart() -> None:
    """The null: of intervals of a ratio that is 1, few leave it out."""
    rates = dict.fromkeys(RATES, 0.15)
    missed = []
    for seed in range(1, 31):
        table = tables_of(read_of(rows_of(seed, rates=rates)))["safety_incident"]
        for model in ("alpha", "gamma"):
            row = only(table, model_id=model)
            missed.append(not row["ratio_lo"] <= 1.0 <= (row["ratio_hi"] or np.inf))
    assert np.mean(missed) <= 0.1


def test_a_judge_who_errs_more_on_one_model_is_not_corrected_by_what_all_say() -> None:
    """The assumption of pooled rows, broken: their intervals miss, and say that they are pooled."""
    covered: dict[str, list[bool]] = {"pooled": [], "own": []}
    for seed in range(1, 16):
        rows = rows_of(seed, passed={"alpha": 0.75, "gamma": 0.75})
        table = tables_of(read_of(rows))["label_rate"]
        for model in ("alpha", "gamma"):
            row = only(table, model_id=model)
            lo, hi = row["corrected_share_lo"], row["corrected_share_hi"]
            covered[row["error_basis"]].append(lo <= RATES[model] <= hi)
    assert np.mean(covered["pooled"]) < 0.6
    assert np.mean(covered["own"]) > 0.85


def test_a_table_does_not_depend_on_the_order_of_labels() -> None:
    rows = rows_of(3)
    again = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    for name, table in tables_of(read_of(rows)).items():
        other = tables_of(read_of(again))[name]
        keys = [key for key in table.column_names if pa.types.is_string(table[key].type)]
        assert table.num_rows == other.num_rows
        for left, right in zip(table.to_pylist(), other.to_pylist(), strict=True):
            assert [left[key] for key in keys] == [right[key] for key in keys]
            for key in set(left) - set(keys):
                expected = right[key] if right[key] is None else pytest.approx(right[key], rel=1e-9)
                assert left[key] == expected


def test_judges_of_several_prompts_and_of_few_people_correct_nothing() -> None:
    rows = rows_of(4)
    for place, row in enumerate(rows):
        if not row["is_human"] and place % 2:
            row["prompt_sha256"] = "1" * 64
    row = only(tables_of(read_of(rows))["label_rate"])
    assert row["corrected_share"] is None
    assert row["not_corrected_reason"] == row["not_powered_reason"] == "several_prompts"
    few = only(tables_of(read_of(rows_of(5, sampled=0.005)))["label_rate"])
    assert few["not_corrected_reason"] == "few_human_labels"


def test_a_judge_by_chance_is_not_corrected() -> None:
    random = np.random.default_rng(8)
    rows = rows_of(6)
    for row in rows:
        if not row["is_human"]:
            value = "hate" if random.random() < 0.3 else "none"
            row |= {"value": value, "is_finding": value != "none"}
            row["severity"] = None if value == "none" else "minor"
    # One more than chance by chance happens; an interval then is as wide as what is known.
    row = only(tables_of(read_of(rows))["label_rate"])
    width = (row["corrected_share_hi"] or 1.0) - (row["corrected_share_lo"] or 0.0)
    assert row["not_corrected_reason"] == "no_better_than_chance" or width > 0.5


def test_where_people_are_undecided_there_is_no_human_label() -> None:
    about = {"unit_id": 1, "participant_id": 1, "cell_id": 1, "model_id": "a", "topic": "money"}
    rows = [
        _label(about | {"unit_id": 3}, "hate", is_human=False),
        _label(about, "none", is_human=False),
        _label(about, "hate", is_human=True, judge="one"),
        _label(about, "none", is_human=True, judge="two"),
        _label(about | {"unit_id": 2}, "none", is_human=False),
        _label(about | {"unit_id": 2}, "hate", is_human=True, judge="one"),
        _label(about | {"unit_id": 2}, "hate", is_human=True, judge="two"),
        _label(about | {"unit_id": 2}, "none", is_human=True, judge="three"),
    ]
    row = only(tables_of(read_of(rows))["label_quality"])
    assert (row["label_count"], row["human_count"], row["human_finding_count"]) == (3, 1, 1)


def test_what_is_left_out_is_counted() -> None:
    rows = rows_of(7)
    for row in rows[:50]:
        row["left_out_reason"] = "before_recorded"
    left = sum(not row["is_human"] for row in rows[:50])
    assert only(tables_of(read_of(rows))["label_quality"])["left_out_count"] == left


def test_without_labels_there_are_no_tables() -> None:
    empty = pa.Table.from_pylist(rows_of(1)).slice(0, 0)
    assert tables_of(lambda name: {"labels": empty}[name]) == {}
