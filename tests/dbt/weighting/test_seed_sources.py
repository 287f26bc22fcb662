"""Every figure of the seeds is in the source it cites: recomputed here from the files."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

SEEDS = Path(__file__).resolve().parents[3] / "dbt_project" / "seeds"

RACE6 = """case {} when 'White alone' then 'White' when 'Black alone' then 'Black'
    when 'Asian alone' then 'Asian' else 'Other' end"""
RACEETH4 = """case raceeth4 when 'White NH' then 'White, not Hispanic'
    when 'Black NH' then 'Black, not Hispanic' when 'Hispanic' then 'Hispanic'
    else 'Other, not Hispanic' end"""
PEP = "us_adult_age_sex_race_hispanic_pep_v2024"
UK = "uk_adult_age_sex_ethnicity_joint"
PROJECTED = """(select * from us_adult_singleyear_sex_race_np2023
    where year = {} and scheme = 'race6_any_hispanic')"""
# Races alone, and two or more: disjoint, unlike H (White not Hispanic) and I (Hispanic). White is
# what they leave of all adults: B01001A is not among the files.
ACS = f"""(
    with adults as (
        select sex, estimate,
            case when age_lo < 35 then '18-34' when age_lo < 55 then '35-54' else '55+' end as age3,
            case when age_lo < 25 then '18-24' when age_lo < 35 then '25-34'
                when age_lo < 45 then '35-44' when age_lo < 55 then '45-54'
                when age_lo < 65 then '55-64' else '65+' end as age6,
            case table_id when 'B01001B' then 'Black' when 'B01001D' then 'Asian' else 'Other' end
                as race
        from us_acs2022_1yr_b01001_race_age_sex
        where adult = 1 and table_id in
            ('B01001B', 'B01001C', 'B01001D', 'B01001E', 'B01001F', 'B01001G')
    )
    select age3, age6, sex, race, sum(estimate) as population from adults group by all
    union all
    select age3, age6, sex, 'White', sum(signed) from (
        select age3, age6, sex, population as signed from {PROJECTED.format(2022)}
        union all select age3, age6, sex, -estimate from adults
    ) group by all
)"""
VOTES = """(select case party when 'Lab' then 'Labour' when 'Con' then 'Conservative'
        when 'RUK' then 'Reform UK' when 'LD' then 'Liberal Democrat' when 'Green' then 'Green'
        when 'DID NOT VOTE / INVALID (of electorate)' then 'none' else 'Other party' end as party,
        votes, valid_votes
    from uk_ge2024_votes where territory = 'UK')"""
FIVE = "('Labour', 'Conservative', 'Reform UK', 'Liberal Democrat', 'Green')"
UK_ETHNIC4 = "case ethnic5 when 'Mixed' then 'Other' else ethnic5 end"

SOURCES = {
    ("US", "sex2"): f"select sex, sum(population) from {PEP} group by 1",
    ("US", "age3"): f"select age3, sum(population) from {PEP} group by 1",
    ("US", "age6"): f"select age6, sum(population) from {PEP} group by 1",
    ("US", "race4_self_identified"): f"select race, sum(population) from {ACS} group by 1",
    ("US", "race4_estimates_programme"): f"""select {RACE6.format('"group"')}, sum(population)
        from {PROJECTED.format(2024)} group by 1""",
    ("US", "raceeth4_hispanic_apart"): f"select {RACEETH4}, sum(population) from {PEP} group by 1",
    ("US", "party3_pew_2025"): """select case level when 'Independent/something else'
        then 'Independent' else level end, percent from us_party_id_published
        where publisher = 'Pew NPORS' and year = 2025 and lean_treatment = 'no lean'""",
    ("US", "education4_acs_2020"): """select education4, sum(population)
        from us_adult_sex_education4_acs2016_20 group by 1""",
    ("UK", "sex2"): f"select sex, sum(population) from {UK} group by 1",
    ("UK", "age3"): f"select age3, sum(population) from {UK} group by 1",
    ("UK", "age6"): f"select age6, sum(population) from {UK} group by 1",
    ("UK", "ethnic4_mixed_in_other"): f"select {UK_ETHNIC4}, sum(population) from {UK} group by 1",
    ("UK", "ethnic5_census"): f"select ethnic5, sum(population) from {UK} group by 1",
    ("UK", "vote5_ge2024_five_parties"): f"""select party, sum(votes) from {VOTES}
        where party in {FIVE} group by 1""",
    ("UK", "vote7_ge2024_all_adults"): f"""
        select party, sum(votes) from {VOTES} where party <> 'none' group by 1
        union all select 'Did not vote', (select sum(population) from {UK})
            - (select any_value(valid_votes) from {VOTES})""",
    ("UK", "education6_ew_2021"): """select case qualification when 'Other'
        then 'Other qualifications' else qualification end, sum(population)
        from uk_ew_education_16plus_census2021 where universe = 'usual residents 16+' group by 1""",
}
JOINT_SOURCES = {
    ("US", "age3_sex2_race4_self_identified"): f"""select age3, sex, race, sum(population)
        from {ACS} group by 1, 2, 3""",
    ("US", "age3_sex2_race4_estimates_programme"): f"""select age3, sex,
        {RACE6.format('"group"')}, sum(population)
        from {PROJECTED.format(2024)} group by 1, 2, 3""",
    ("US", "age3_sex2_raceeth4_hispanic_apart"): f"""select age3, sex, {RACEETH4}, sum(population)
        from {PEP} group by 1, 2, 3""",
    ("UK", "age3_sex2_ethnic4_mixed_in_other"): f"""select age3, sex, {UK_ETHNIC4}, sum(population)
        from {UK} group by 1, 2, 3""",
}
# Six bands of age come from the same tables as three.
JOINT_SOURCES |= {
    (country, variable.replace("age3", "age6")): query.replace("select age3,", "select age6,", 1)
    for (country, variable), query in JOINT_SOURCES.items()
}


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shares(rows: list[tuple[object, ...]]) -> dict[tuple[object, ...], float]:
    """Levels and their share of the whole."""
    total = sum(float(str(row[-1])) for row in rows)
    return {row[:-1]: float(str(row[-1])) / total for row in rows}


@pytest.fixture(scope="module")
def census(request: pytest.FixtureRequest) -> duckdb.DuckDBPyConnection:
    directory = Path(request.getfixturevalue("shared_data")) / "census"
    connection = duckdb.connect()
    for path in directory.glob("*.csv"):
        connection.execute(f"create view {path.stem} as from read_csv('{path}')")
    return connection


def test_every_variable_has_a_source_here() -> None:
    assert set(SOURCES) == {(row["country"], row["variable"]) for row in seed("seed_targets")}
    assert set(JOINT_SOURCES) == {
        (row["country"], row["variable"]) for row in seed("seed_joint_targets")
    }


@pytest.mark.parametrize(("country", "variable"), SOURCES)
def test_targets_are_the_sources(
    census: duckdb.DuckDBPyConnection, country: str, variable: str
) -> None:
    expected = shares(census.sql(SOURCES[country, variable]).fetchall())
    found = {
        (row["level"],): float(row["share"])
        for row in seed("seed_targets")
        if (row["country"], row["variable"]) == (country, variable)
    }
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("country", "variable"), JOINT_SOURCES)
def test_joint_targets_are_the_sources(
    census: duckdb.DuckDBPyConnection, country: str, variable: str
) -> None:
    expected = shares(census.sql(JOINT_SOURCES[country, variable]).fetchall())
    found = {
        (row["level_1"], row["level_2"], row["level_3"]): float(row["share"])
        for row in seed("seed_joint_targets")
        if (row["country"], row["variable"]) == (country, variable)
    }
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("variable", "level", "expected"),
    [
        ("race4_self_identified", "White", 0.633),
        ("race4_estimates_programme", "White", 0.765),
        ("raceeth4_hispanic_apart", "White, not Hispanic", 0.602),
    ],
)
def test_white_moves_by_sixteen_points_with_its_definition(
    variable: str, level: str, expected: float
) -> None:
    found = [
        float(row["share"])
        for row in seed("seed_targets")
        if (row["variable"], row["level"]) == (variable, level)
    ]
    assert found == [pytest.approx(expected, abs=5e-4)]


def test_the_strata_are_humaines_22() -> None:
    counts: dict[tuple[str, str], int] = {}
    for row in seed("seed_strata"):
        key = (row["country"], row["axis"])
        counts[key] = counts.get(key, 0) + 1
    assert counts == {
        ("US", "age"): 3,
        ("US", "ethnicity"): 4,
        ("US", "politics"): 3,
        ("UK", "age"): 3,
        ("UK", "ethnicity"): 4,
        ("UK", "politics"): 5,
    }
