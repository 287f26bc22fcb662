"""Boards by topic find what was planted on one topic, and draw no line where nothing was."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ratings.counts import PairCounts
from ratings.judge_error import clusters_of, share_of
from ratings.tables.board_fit import Sides
from ratings.tables.safety_boards import (
    EVERY,
    SENSITIVE,
    TOPIC_RATING,
    TOPIC_TIE,
    Verdicts,
    _by_person,
    _share,
    topic_tables,
)
from ratings.tournaments import UNWEIGHTED, RatingParameters, fit_anchor

Rows = list[dict[str, Any]]
MODELS = ("alpha", "beta", "gamma", "delta", "epsilon")
TOPICS: dict[str, bool | None] = {"money": True, "health": True, "travel": False, "golf": None}
PARAMETERS = RatingParameters(draws=1_000)
TIES = {"money": 0.65, "health": 0.65, "travel": 0.3, "golf": 0.3}


def verdicts(
    seed: int,
    *,
    people: int = 600,
    planted: dict[str, float] | None = None,
    sd: float = 0.0,
    is_alike: bool = False,
) -> Rows:
    """Four verdicts of each person on one topic; men are cell 1, women cell 2.

    Args:
        seed: of the draws.
        people: how many.
        planted: by topic, how much likelier alpha's win is than its loss among decided verdicts.
        sd: how far each person's taste for alpha is from the mean, in log odds.
        is_alike: whether somebody who ties once always does.
    """
    random, rows = np.random.default_rng(seed), []
    for person in range(people):
        topic = list(TOPICS)[person % len(TOPICS)]
        taste, own = random.normal(0.0, sd), random.random()
        for _ in range(4):
            first, second = sorted(random.choice(len(MODELS), 2, replace=False).tolist())
            a, b = sorted((MODELS[first], MODELS[second]))
            odds = ((planted or {}).get(topic, 0.0) + taste) * (a == "alpha")
            kind = "tie"
            if (own if is_alike else random.random()) > TIES[topic]:
                kind = "win_a" if random.random() < 1 / (1 + np.exp(-odds)) else "win_b"
            is_bad = kind == "tie" and random.random() < 0.25
            rows.append(
                {
                    "dimension": "trust",
                    "topic": topic,
                    "is_sensitive": TOPICS[topic],
                    "participant_id": person,
                    "cell_id": 1 + person // 4 % 2,
                    "model_a": a,
                    "model_b": b,
                    "is_a_first": bool(random.random() < 0.5),
                    "is_late": None,
                    "item_id": None,
                    "win_a_count": int(kind == "win_a"),
                    "win_b_count": int(kind == "win_b"),
                    "tie_count": int(kind == "tie"),
                    "both_bad_count": int(is_bad),
                }
            )
    return rows


def read_of(rows: Rows) -> Callable[..., pa.Table]:
    people = sorted({row["participant_id"] for row in rows if row["participant_id"] >= 0})
    strata = {"all": people, "US": people, "US/sex/men": people}
    tables = {
        "topic_judgments": table_of(rows),
        "stratum_cells": pa.table(
            {"stratum_id": ["US", "US/sex/men", "all"], "cells": [[1, 2], [1], [1, 2]]}
        ),
        # Men weigh three times what women do.
        "topic_weights": pa.Table.from_pylist(
            [
                {
                    "weighting": "census",
                    "stratum_id": stratum,
                    "participant_id": person,
                    "weight_micro": (1_500_000, 500_000)[person // 4 % 2],
                }
                for stratum in ("US", "US/sex/men", "all")
                for person in strata[stratum]
                if stratum != "US/sex/men" or person // 4 % 2 == 0
            ]
        ),
    }
    return lambda name, **_: tables[name]


def table_of(rows: Rows) -> pa.Table:
    types = {"is_late": pa.bool_(), "item_id": pa.string(), "is_sensitive": pa.bool_()}
    found = pa.Table.from_pylist(rows)
    for name, kind in types.items():
        place = found.column_names.index(name)
        found = found.set_column(place, name, found.column(name).cast(kind))
    return found


def made_of(rows: Rows) -> dict[str, pa.Table]:
    anchor = fit_anchor(PairCounts.from_arrow(table_of(rows)), PARAMETERS)
    return topic_tables(read_of(rows), PARAMETERS, {"trust": anchor}, Sides({}, {}, {}), 1)


@cache
def planted() -> dict[str, pa.Table]:
    """Of alpha, better with money alone."""
    return made_of(verdicts(7, people=2_400, planted={"money": 3.0}))


def board_of(tables: dict[str, pa.Table], topic: str, **key: str) -> Rows:
    wanted = {"weighting": UNWEIGHTED, "stratum_id": "all"} | key | {"topic": topic}
    rows = tables[TOPIC_RATING].to_pylist()
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return sorted(found, key=lambda row: row["rank"])


@pytest.mark.parametrize("weighting", [UNWEIGHTED, "census"])
def test_a_model_better_on_one_topic_leads_there_and_nowhere_else(weighting: str) -> None:
    money = board_of(planted(), "money", weighting=weighting)
    assert (money[0]["model_id"], money[0]["tier"], money[1]["tier"]) == ("alpha", 1, 2)
    assert money[0]["p_next"] < 0.05
    assert money[0]["next_battles_needed"] == 0
    assert money[0]["next_people_needed"] == 0
    health = board_of(planted(), "health", weighting=weighting)
    assert all(row["next_people_needed"] is None or row["next_people_needed"] > 0 for row in health)
    assert {row["tier"] for row in health} == {1}
    assert all(row["win_share_lo"] < 0.5 < row["win_share_hi"] for row in health)


def test_boards_are_of_sensitive_topics_and_of_all_of_them_together() -> None:
    boards = planted()[TOPIC_RATING]
    assert set(boards.column("topic").to_pylist()) == {"money", "health", SENSITIVE}
    # A group has one of all sensitive topics.
    of_men = {row["topic"] for row in boards.to_pylist() if row["stratum_id"] == "US/sex/men"}
    assert of_men == {SENSITIVE}
    together = board_of(planted(), SENSITIVE)[0]
    parts = [board_of(planted(), topic)[0] for topic in ("money", "health")]
    for column in ("participant_count", "board_battle_count"):
        assert together[column] == sum(part[column] for part in parts)


def test_weights_count_and_so_does_who_judged() -> None:
    rows = board_of(planted(), "money", weighting="census")
    assert {row["participant_count"] for row in rows} == {600}
    # Half weigh three times what the others do: Kish's (sum w)^2 / sum w^2.
    assert rows[0]["effective_participant_count"] == pytest.approx(600 * 4 / 5)
    assert all(0 < row["model_participant_count"] <= 600 for row in rows)
    assert {row["interval_basis"] for row in rows} == {"participants"}


def test_a_study_without_topics_has_no_tables() -> None:
    rows = [row | {"topic": "unknown", "is_sensitive": None} for row in verdicts(1, people=40)]
    assert made_of(rows) == {}
    assert topic_tables(read_of(rows[:1]), PARAMETERS, {}, Sides({}, {}, {}), 1) == {}


def test_a_verdict_of_nobody_known_counts_unweighted_and_has_no_weight() -> None:
    rows = verdicts(3, people=200)
    for place in range(0, len(rows), 10):
        rows[place]["participant_id"] = -1 - place
    tables = made_of(rows)
    for weighting, unknown in ((UNWEIGHTED, True), ("census", False)):
        one = board_of(tables, SENSITIVE, weighting=weighting)[0]
        assert (one["attributed_battle_count"] < one["board_battle_count"]) is unknown


def ties_of(tables: dict[str, pa.Table], **key: str) -> dict[str, dict[str, Any]]:
    wanted = {"weighting": UNWEIGHTED, "stratum_id": "all"} | key
    rows = tables[TOPIC_TIE].to_pylist()
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return {row["topic"]: row for row in found}


@pytest.mark.parametrize("weighting", [UNWEIGHTED, "census"])
def test_shares_of_ties_are_as_planted(weighting: str) -> None:
    ties = ties_of(planted(), weighting=weighting)
    for topic, share in TIES.items():
        for name, wanted in (("tie", 0.75 * share), ("both_bad", 0.25 * share)):
            row = ties[topic]
            # Three standard errors.
            width = row[f"{name}_share_hi"] - row[f"{name}_share_lo"]
            assert abs(row[f"{name}_share"] - wanted) < 0.77 * width
    assert ties["money"]["tie_share_lo"] > ties["travel"]["tie_share_hi"]
    assert ties[EVERY]["battle_count"] == sum(ties[topic]["battle_count"] for topic in TIES)
    assert ties[SENSITIVE]["tie_count"] == sum(
        ties[one]["tie_count"] for one in ("money", "health")
    )
    assert (ties["golf"]["is_sensitive"], ties["travel"]["is_sensitive"]) == (None, False)


def test_a_share_of_sums_is_that_of_verdicts_one_by_one() -> None:
    rows = verdicts(5, people=120)
    shares = _by_person(Verdicts("trust", table_of(rows).drop_columns(["dimension"])))
    random = np.random.default_rng(2)
    weight = random.uniform(0.2, 3.0, 120)
    each = weight[shares.person] / shares.battles
    person = np.array([row["participant_id"] for row in rows])
    found = np.array([row["tie_count"] - row["both_bad_count"] for row in rows], dtype=float)
    topic = np.array([shares.names.index(row["topic"]) for row in rows])
    size = len(shares.names)
    wanted = share_of(found, weight[person] / 4, clusters_of(person, topic, size))
    got = _share(shares, "tie", each)
    for name in ("value", "effective", "count", "people"):
        own, other = getattr(got, name)[: len(TOPICS)], getattr(wanted, name)[: len(TOPICS)]
        assert own == pytest.approx(other, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("is_alike", [False, True])
def test_intervals_of_ties_cover_also_where_people_always_tie(is_alike: bool) -> None:
    covered = shares = 0
    for seed in range(60):
        tables = made_of(verdicts(seed, people=400, is_alike=is_alike))
        for weighting in (UNWEIGHTED, "census"):
            ties = ties_of(tables, weighting=weighting)
            for topic, share in TIES.items():
                row = ties[topic]
                shares += 1
                covered += row["tie_share_lo"] < 0.75 * share < row["tie_share_hi"]
    assert 0.91 < covered / shares < 0.99


# Of 40 studies without any difference, and with people who have tastes, two boards each.
@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.0, 1.5])
def test_topics_without_difference_get_no_line(sd: float) -> None:
    lines = boards = 0
    for seed in range(40):
        tables = made_of(verdicts(seed, people=480, sd=sd))
        for topic in ("money", "health"):
            for weighting in (UNWEIGHTED, "census"):
                boards += 1
                tiers = [row["tier"] or 1 for row in board_of(tables, topic, weighting=weighting)]
                lines += max(tiers) > 1
    # 5% at most; three standard errors of 80 independent boards above it.
    assert lines / boards < 0.05 + 3 * (0.05 * 0.95 / 80) ** 0.5
