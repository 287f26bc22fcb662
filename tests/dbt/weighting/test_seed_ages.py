"""How old each target is, and whether the targets of an axis are of one time."""

from __future__ import annotations

import csv
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[3] / "dbt_project" / "seeds"
# The last year that a target is about. A newer table changes this, docs/weighting.md and the seed.
NEWEST = {
    ("US", "sex2"): 2024,
    ("US", "age3"): 2024,
    ("US", "age6"): 2024,
    ("US", "race4_self_identified"): 2022,
    ("US", "race4_estimates_programme"): 2024,
    ("US", "raceeth4_hispanic_apart"): 2024,
    ("US", "party3_pew_2025"): 2025,
    ("US", "education4_acs_2020"): 2020,
    ("UK", "sex2"): 2022,
    ("UK", "age3"): 2022,
    ("UK", "age6"): 2022,
    ("UK", "ethnic4_mixed_in_other"): 2022,
    ("UK", "ethnic5_census"): 2022,
    ("UK", "vote5_ge2024_five_parties"): 2024,
    ("UK", "vote7_ge2024_all_adults"): 2024,
    ("UK", "education6_ew_2021"): 2021,
}
# Known and said in docs/weighting.md: no newer table, or none of the universe, is at hand.
OLD = {("US", "education4_acs_2020")}
APART_MAX = 2
# The universe of a country's targets, and targets of another, for want of a table of it at hand:
# each is named in docs/weighting.md.
UNIVERSES = {"US": "civilian resident population 18+", "UK": "usual residents 18+"}
RESIDENTS = "resident population 18+"
ELSEWHERE = {
    ("US", "race4_self_identified"): RESIDENTS,
    ("US", "race4_estimates_programme"): RESIDENTS,
    **{
        ("US", f"{age}_sex2_{race}"): RESIDENTS
        for age in ("age3", "age6")
        for race in ("race4_self_identified", "race4_estimates_programme")
    },
    ("US", "party3_pew_2025"): "adults 18+",
    ("US", "education4_acs_2020"): "resident population 18+, 50 states and DC",
    ("UK", "vote5_ge2024_five_parties"): (
        "votes for the five parties, general election of 4 July 2024"
    ),
    ("UK", "education6_ew_2021"): "usual residents 16+, England and Wales",
}


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def newest(row: dict[str, str]) -> int:
    return int(row["reference_year"].split("-")[-1])


def test_every_target_is_as_old_as_is_said() -> None:
    found = {(row["country"], row["variable"]): newest(row) for row in rows("seed_targets")}
    assert found == NEWEST


def test_the_definitions_of_a_question_are_of_one_time() -> None:
    question = {
        (row["country"], row["variable"]): (row["country"], row["question"])
        for row in rows("seed_variables")
    }
    years: dict[tuple[str, str], set[int]] = {}
    for variable, year in NEWEST.items():
        years.setdefault(question[variable], set()).add(year)
    for asked, found in years.items():
        assert max(found) - min(found) <= APART_MAX, asked


def test_what_a_country_is_weighted_to_at_once_is_of_one_time() -> None:
    """All margins of a scheme, but for those that are known to be old."""
    years: dict[tuple[str, str], list[int]] = {}
    for row in rows("seed_weighting_margins"):
        variable = (row["country"], row["variable"])
        if variable in NEWEST and variable not in OLD:
            years.setdefault((row["scheme"], row["country"]), []).append(NEWEST[variable])
    for scheme, found in years.items():
        assert max(found) - min(found) <= APART_MAX + 1, scheme


def test_every_row_cites_publisher_table_and_year_and_no_page_about_them() -> None:
    for row in [*rows("seed_targets"), *rows("seed_joint_targets")]:
        assert row["publisher"], row
        assert row["table_id"], row
        assert newest(row) >= 2020, row
        cited = f"{row['publisher']} {row['table_id']}".lower()
        assert not any(word in cited for word in ("wikipedia", "github", "http", "www.")), row


def test_a_country_has_one_universe_but_for_those_named() -> None:
    found = {
        (row["country"], row["variable"]): row["universe"]
        for row in [*rows("seed_targets"), *rows("seed_joint_targets")]
        if row["universe"] != UNIVERSES[row["country"]]
    }
    assert found == ELSEWHERE


def test_a_target_of_another_universe_or_at_second_hand_says_so() -> None:
    """What is weighted to together with age and sex, and is not of their universe."""
    notes: dict[str, str] = {}
    for row in rows("seed_targets"):
        notes[row["variable"]] = notes.get(row["variable"], "") + row["note"]
    said = {name for name, note in notes.items() if "all residents, where age and sex" in note}
    assert said == {"race4_self_identified", "race4_estimates_programme"}
    assert not [name for name, note in notes.items() if "read in reports" in note]


def test_a_question_has_one_universe_per_publisher() -> None:
    """Shares of one table are of one population; where definitions differ, so does the table."""
    universes: dict[tuple[str, str, str], set[str]] = {}
    for row in rows("seed_targets"):
        key = (row["country"], row["table_id"], row["reference_year"])
        universes.setdefault(key, set()).add(row["universe"])
    assert {key: found for key, found in universes.items() if len(found) > 1} == {}
