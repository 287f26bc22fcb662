"""Who is in the sample: skewed as declared, fair when asked, careless now and then."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingestion.simulation.population import TILTS, Country, Margin, Population, sample_weights
from tests.ingestion.simulation.populations import POPULATION, UK, US
from tests.ingestion.simulation.studies import AGE_BAND, Study, study

SIZE = 20_000


@pytest.fixture(scope="module")
def skewed(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study(tmp_path_factory.mktemp("skewed"), participants=SIZE, seed=3)


def shares(made: Study, country: str, axis: str) -> dict[str, tuple[float, int]]:
    """Share among those who answer, and how many do."""
    column = AGE_BAND if axis == "age" else axis
    columns = made.columns(
        f"select {column} as answer, count(*) as n from participants where country = '{country}'"
        f" and {axis}::varchar is distinct from 'Prefer not to say' group by 1"
    )
    total = columns["n"].sum()
    return {
        answer: (n / total, total)
        for answer, n in zip(columns["answer"], columns["n"], strict=True)
    }


@pytest.mark.parametrize("country", [US, UK], ids=lambda c: c.name)
def test_the_sample_is_skewed_as_declared(skewed: Study, country: Country) -> None:
    for margin in (*country.strata, *country.others):
        seen = shares(skewed, country.name, margin.axis)
        for group, share in zip(margin.groups, sample_weights(margin, 1.0), strict=True):
            fraction, total = seen[group]
            assert abs(fraction - share) < 4.5 * np.sqrt(share * (1.0 - share) / total)


def test_the_young_and_the_educated_are_over_represented(skewed: Study) -> None:
    assert shares(skewed, "US", "age")["18-34"][0] > 0.29 + 0.15
    assert shares(skewed, "UK", "age")["55+"][0] < 0.40 - 0.15
    assert shares(skewed, "US", "education")["Bachelor's or higher"][0] > 0.3 + 0.1


def test_without_skew_the_sample_is_the_population(tmp_path: Path) -> None:
    made = study(tmp_path, participants=SIZE, sampling_skew=0.0, battles_per_participant=0.0)
    for country in POPULATION.countries:
        for margin in country.strata:
            seen = shares(made, country.name, margin.axis)
            for group, share in zip(margin.groups, margin.shares, strict=True):
                fraction, total = seen[group]
                assert abs(fraction - share) < 4.5 * np.sqrt(share * (1.0 - share) / total)


def test_both_countries_are_asked_alike(skewed: Study) -> None:
    seen = skewed.columns("select avg((country = 'US')::int) as share from participants")
    assert seen["share"][0] == pytest.approx(0.5, abs=0.02)


def test_some_answers_are_kept_back_and_what_is_not_asked_is_left_out(skewed: Study) -> None:
    seen = skewed.columns(
        "select country, avg((politics = 'Prefer not to say')::int) as politics,"
        " count(education) as educated, count(*) as n, count(age) as aged"
        " from participants group by country order by country"
    )
    np.testing.assert_allclose(seen["politics"], 0.04, atol=0.01)
    assert seen["educated"][0] == 0  # UK: the population has no education there
    assert seen["educated"][1] == seen["n"][1]
    assert (seen["aged"] == seen["n"]).all()


def test_ages_are_years_within_the_band(skewed: Study) -> None:
    ages = skewed.columns("select age from participants")["age"].astype(int)
    assert ages.min() == 18
    assert 85 < ages.max() < 100
    assert set(range(18, 80)) <= set(ages)


def test_a_band_that_is_not_years_is_written_as_it_is(tmp_path: Path) -> None:
    odd = Margin("age", ("young at heart", "40-49"), (0.5, 0.5))
    made = study(tmp_path, Population((Country("FR", 1.0, (odd,)),)))
    ages = {row["age"] for row in made.rows("participants")}
    assert "young at heart" in ages
    assert ages - {"young at heart"} <= {str(age) for age in range(40, 50)}


def test_low_effort_is_as_common_as_asked(skewed: Study) -> None:
    counts = skewed.summary.counts
    share, judging = 0.016, counts["judging_participant_count"]
    assert counts["low_effort_participant_count"] == len(skewed.truth["low_effort"])
    expected = share * judging
    assert abs(counts["low_effort_participant_count"] - expected) < 4.0 * np.sqrt(expected)
    styles = {row["style"] for row in skewed.truth["low_effort"]}
    assert styles == {"always_left", "always_tie", "random"}


def test_low_effort_shows_in_verdicts_and_conversations(tmp_path: Path) -> None:
    made = study(tmp_path, participants=2000, low_effort_share=0.3)
    style = {row["participant_id"]: row["style"] for row in made.truth["low_effort"]}
    for battle in made.rows("battles"):
        match style.get(battle["participant_id"]):
            case "always_left":
                assert battle["outcome"] == "a"
            case "always_tie":
                assert battle["outcome"] == "tie"
    held: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for row in made.rows("conversations"):
        held[row["participant_id"] in style].append(row)
        parts = ("single_word_turn_count", "pasted_turn_count")
        assert all(row[part] <= row["turn_count"] for part in parts)
        assert row["repeated_turn_count"] <= row["pasted_turn_count"]
        assert row["attention_check_failed_count"] <= row["attention_check_count"]
    careless, attentive = (held[is_careless] for is_careless in (True, False))
    assert {row["turn_count"] for row in careless} == {1, 2, 3}
    assert min(row["turn_count"] for row in attentive) == 3
    pace = [np.median([row["median_turn_ms"] for row in rows]) for rows in (careless, attentive)]
    assert 5 * pace[0] < pace[1]
    for part in ("single_word_turn_count", "repeated_turn_count", "attention_check_failed_count"):
        assert np.mean([row[part] for row in careless]) > 5 * np.mean(
            [row[part] for row in attentive]
        )
    drifted: dict[bool, list[bool]] = {True: [], False: []}
    by_conversation = {
        row["conversation_id"]: row["participant_id"] in style for row in made.rows("conversations")
    }
    for row in made.rows("labels"):
        drifted[by_conversation[row["conversation_id"]]].append(row["value"] == "drifted")
    assert np.mean(drifted[True]) > 5 * np.mean(drifted[False])


def test_without_low_effort_nobody_is_careless_and_the_others_say_the_same(tmp_path: Path) -> None:
    none, some = (study(tmp_path / str(share), low_effort_share=share) for share in (0.0, 0.2))
    assert none.truth["low_effort"] == []
    careless = {row["participant_id"] for row in some.truth["low_effort"]}
    assert careless
    said = [
        [row for row in made.rows("battles") if row["participant_id"] not in careless]
        for made in (none, some)
    ]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "margin",
    [((), ()), (("a", "b"), (0.5,)), (("a", "b"), (0.5, 0.6)), (("a", "b"), (1.5, -0.5))],
)
def test_shares_must_be_shares_of_a_whole(
    margin: tuple[tuple[str, ...], tuple[float, ...]],
) -> None:
    with pytest.raises(ValueError, match="shares"):
        Margin("age", *margin)


def test_a_group_nobody_has_an_opinion_on_comes_as_the_population_does() -> None:
    margin = Margin("region", ("North", "South"), (0.3, 0.7))
    assert "region" not in TILTS
    np.testing.assert_allclose(sample_weights(margin, 5.0), [0.3, 0.7])
