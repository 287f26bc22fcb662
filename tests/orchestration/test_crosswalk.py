"""Proposals for answers that no seed explains."""

import csv
from pathlib import Path

import pytest

from orchestration.weighting_gaps import Proposal, propose


@pytest.fixture(scope="module")
def known() -> list[tuple[str, str]]:
    seeds = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "seed_crosswalk.csv"
    with seeds.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(row["source_value"], row["level"]) for row in rows if row["coding"] == "ethnic4_uk"]


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ("asian british & other asian", "Asian"),
        ("caribbean (black british)", "Black"),
        ("white and black-caribbean", "Other"),
        ("british, white", "White"),
    ],
)
def test_the_level_of_the_most_alike_wording(
    known: list[tuple[str, str]], answer: str, level: str
) -> None:
    assert propose("ethnic4_uk", answer, known).level == level


def test_what_is_like_nothing_gets_no_level(known: list[tuple[str, str]]) -> None:
    assert propose("ethnic4_uk", "martian", known) == Proposal("ethnic4_uk", "martian", "", "")
    assert propose("c", "x", []) == Proposal("c", "x", "", "")


@pytest.mark.parametrize("answer", ["Asian and Asian British", "British White"])
def test_wordings_that_were_missing_are_known(known: list[tuple[str, str]], answer: str) -> None:
    assert answer in dict(known)
