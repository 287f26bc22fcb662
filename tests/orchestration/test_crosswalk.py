"""Proposals for answers that no seed explains."""

import csv
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration import weighting_gaps
from orchestration.cli.crosswalk import crosswalk
from orchestration.weighting_gaps import Proposal, propose
from orchestration.weighting_gaps import weighting_gaps as gaps


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


def test_a_row_is_printed_where_its_level_is_known_and_variables_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = [
        ("ethnic4_uk", "ethnic4_mixed_in_other", "UK", "british, white"),
        ("ethnic4_uk", "ethnic4_mixed_in_other", "UK", "martian"),
        ("age3", "age3", "US", "30-39"),
        ("age3", "age3", "UK", "30-39"),
    ]

    def rows(_home: object, query: str) -> list[dict[str, Any]]:
        if query == weighting_gaps.KNOWN:
            keys = ("coding", "wording", "level")
            known = [("ethnic4_uk", "white british", "White"), ("age3", "30-34", "18-34")]
            return [dict(zip(keys, row, strict=True)) for row in known]
        if query == weighting_gaps.UNKNOWN_COUNTRIES:
            return []
        asked = ("coding", "variable", "country", "answer")
        return [dict(zip(asked, row, strict=True)) for row in unknown]

    monkeypatch.setattr(weighting_gaps, "mart_rows", rows)
    crosswalk()
    printed = capsys.readouterr()
    assert list(csv.reader(printed.out.splitlines())) == [["ethnic4_uk", "british, white", "White"]]
    assert (
        "'30-39' of UK age3, US age3 fits no band of years: write a row age3,30-39," in printed.err
    )
    assert "'martian' of UK ethnic4_mixed_in_other is like no known wording" in printed.err
    assert "(UK ethnic4_mixed_in_other: like 'white british')" in printed.err


@pytest.mark.parametrize(
    ("country", "meant"), [("USA", "US"), ("U.S.", "US"), ("United kingdom", "UK"), ("Mars", None)]
)
def test_a_country_that_nothing_knows_is_named_with_its_people_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, country: str, meant: str | None
) -> None:
    row = {"country": country, "participant_count": 31, "known": "US,UK"}
    row["labels"] = "United States,United Kingdom"

    def rows(_home: object, query: str) -> list[dict[str, Any]]:
        return [row] if query == weighting_gaps.UNKNOWN_COUNTRIES else []

    monkeypatch.setattr(weighting_gaps, "mart_rows", rows)
    [said] = gaps(Home(Path()))
    assert said.startswith(f"31 voters of country {country!r}, which has no census targets")
    assert (f"If {meant} is meant" in said) is (meant is not None)
    assert f"values: {{{country}: {meant or 'US'}, ...}}" in said


def test_answers_that_no_seed_explains_are_named_with_their_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[dict[str, Any]] = [
        {"country": "UK", "question": "politics", "answer": "pirates - party"},
        {"country": "US", "question": "gender", "answer": "x"},
    ]
    answers = [one | {"variables": "Vote; Sex", "schemes": "", "is_shown": True} for one in answers]
    people = [
        {"country": "UK", "question": "politics", "wording": "Pirates \u2013 Party", "people": 9},
        {"country": "UK", "question": "politics", "wording": "PIRATES - party ", "people": 2},
        {"country": "UK", "question": "politics", "wording": "Labour", "people": 70},
        {"country": "US", "question": "gender", "wording": "X", "people": 1},
    ]
    found = {weighting_gaps.UNEXPLAINED: answers, weighting_gaps.PEOPLE: people}
    monkeypatch.setattr(weighting_gaps, "mart_rows", lambda _, query: found[query])
    first, second = weighting_gaps.unexplained(Home(Path("nowhere")))
    assert first.startswith(
        "UK politics: 'pirates - party' (11 people): no seed explains it (Vote; Sex); add a row"
    )
    assert second.startswith("US gender: 'x' (1 person): ")


def test_answers_that_only_another_definition_lacks_touch_no_board_that_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = {"variables": "Age, six bands", "schemes": '"As the default, six age bands"'}
    answers = [
        {"country": "US", "question": "age", "answer": answer, **lost, "is_shown": False}
        for answer in ("18-34", "35-54")
    ]
    people = [
        {"country": "US", "question": "age", "wording": answer, "people": count}
        for answer, count in (("18-34", 3), ("35-54", 4))
    ]
    found = {weighting_gaps.UNEXPLAINED: answers, weighting_gaps.PEOPLE: people}
    monkeypatch.setattr(weighting_gaps, "mart_rows", lambda _, query: found[query])
    [said] = weighting_gaps.unexplained(Home(Path("nowhere")))
    assert said == (
        "US age: '35-54', '18-34' (7 people) fit no level of 'Age, six bands': only boards weighted"
        ' by "As the default, six age bands" go without. The groups and the weighting that are'
        " shown understand them."
    )


def test_boards_worth_few_people_are_named_as_people_read_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [
        {"stratum_id": "US", "is_unweighted": False, "weighting_label": "Age", "people": 49.8},
        {"stratum_id": "US", "is_unweighted": True, "weighting_label": "Unweighted", "people": 1},
    ]
    monkeypatch.setattr(
        weighting_gaps,
        "mart_rows",
        lambda _, query: rows if query == weighting_gaps.FEW_PEOPLE else [],
    )
    [said] = gaps(Home(Path()))
    assert said == (
        "boards of US are provisional: they are worth 49 people (weighted: age); 1 person"
        " (unweighted), fewer than 50."
    )


def test_people_of_countries_without_targets_are_not_said_to_be_understood(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"country": "ES", "participant_count": 55, "known": "US", "labels": "United States"}
    monkeypatch.setattr(
        weighting_gaps,
        "mart_rows",
        lambda _, query: [row] if query == weighting_gaps.UNKNOWN_COUNTRIES else [],
    )
    crosswalk()
    said = capsys.readouterr().err
    assert "55 voters of country 'ES', which has no census targets" in said
    assert said.endswith("Every answer of people in countries with census targets is understood.\n")
