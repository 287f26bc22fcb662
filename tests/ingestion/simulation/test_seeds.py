"""The population is the one the weighting seeds have."""

import csv
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.errors import NotFoundError, UsageError
from ingestion.simulation.parameters import EFFECT_SDS, TIE_RATES, UNDISCLOSED_SHARES
from ingestion.simulation.population import (
    SEEDS,
    TILTS,
    UNTARGETED,
    Population,
    read_population,
    stratum_id,
)
from tests.ingestion.simulation.studies import study


@pytest.fixture(scope="module")
def population() -> Population:
    return read_population()


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEEDS, tmp_path / "seeds"))


def test_the_strata_are_the_seeds_and_humaines_22(population: Population) -> None:
    found = [
        stratum_id(country.name, margin.axis, group)
        for country in population.countries
        for margin in country.strata
        for group in margin.groups
    ]
    assert Counter(found) == Counter(row["stratum_id"] for row in seed("seed_strata"))
    assert len(found) == 22
    assert [(c.name, c.shape) for c in population.countries] == [
        ("US", (3, 4, 3)),
        ("UK", (3, 4, 5)),
    ]


def test_shares_are_the_targets(population: Population) -> None:
    targets = {
        (row["country"], row["variable"], row["level"]): float(row["share"])
        for row in seed("seed_targets")
    }
    variables = {(row["country"], row["axis"]): row["variable"] for row in seed("seed_axes")}
    for country in population.countries:
        for margin in country.strata:
            for group, share in zip(margin.groups, margin.shares, strict=True):
                variable = variables[country.name, margin.axis]
                assert share == pytest.approx(targets[country.name, variable, group])


def test_non_binary_people_take_part_though_the_census_does_not_count_them(
    population: Population,
) -> None:
    for country in population.countries:
        gender = next(margin for margin in country.others if margin.axis == "gender")
        assert gender.groups == ("Female", "Male", "Non-binary")
        assert gender.shares[-1] == UNTARGETED["gender"]["Non-binary"]


def test_what_the_simulation_says_of_groups_is_about_groups_that_there_are(
    population: Population,
) -> None:
    groups: dict[str, set[str]] = {"country": set()}
    for country in population.countries:
        for margin in (*country.strata, *country.others):
            groups.setdefault(margin.axis, set()).update(margin.groups)
    for axis, tilts in TILTS.items():
        assert set(tilts) <= groups[axis]
    assert set(EFFECT_SDS) | set(UNDISCLOSED_SHARES) <= set(groups)
    assert set(TIE_RATES) <= {row["dimension"] for row in seed("seed_dimensions")}


def test_every_answer_is_one_the_seeds_know(population: Population, tmp_path: Path) -> None:
    known = {
        value
        for name in ("seed_crosswalk", "seed_targets")
        for row in seed(name)
        for value in row.values()
    }
    rows = study(tmp_path, population, participants=3000).rows("participants")
    answers = {
        row[axis] for row in rows for axis in ("gender", "ethnicity", "politics", "education")
    }
    assert answers - known == set()


def with_rows(path: Path, changed: Callable[[list[dict[str, str]]], None]) -> None:
    """Rewrite a seed: the tests know its columns, not its variables."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    changed(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def variable_of(country: str, axis: str) -> str:
    return next(
        row["variable"]
        for row in seed("seed_axes")
        if (row["country"], row["axis"]) == (country, axis)
    )


def test_a_new_group_is_a_row(copied: Path) -> None:
    variable = variable_of("US", "politics")

    def add_target(rows: list[dict[str, str]]) -> None:
        largest = next(r for r in rows if (r["country"], r["variable"]) == ("US", variable))
        share = float(largest["share"])
        largest["share"] = str(share - 0.1)
        rows.append({**largest, "level": "Pirate", "share": "0.1"})

    def add_stratum(rows: list[dict[str, str]]) -> None:
        own = {"country": "US", "axis": "politics", "group_name": "Pirate", "sort_order": "99"}
        rows.append({**rows[0], **own, "stratum_id": "US/politics/Pirate"})

    with_rows(copied / "seed_targets.csv", add_target)
    with_rows(copied / "seed_strata.csv", add_stratum)
    before, after = (read_population(at).countries[0].strata[2] for at in (SEEDS, copied))
    assert after.groups == (*before.groups, "Pirate")
    assert after.shares[-1] == 0.1


@pytest.mark.parametrize(
    ("name", "column", "old", "new"),
    [
        ("seed_strata", "group_name", "Labour", "Labor"),
        ("seed_axes", "axis", "politics", "religion"),
        ("seed_axes", "sort_order", "1", "first"),
        ("seed_countries", "adult_population", None, "many"),
        ("seed_targets", "share", None, "0.9"),
        ("seed_targets", "share", None, "x"),
    ],
)
def test_contradictions_are_named(
    copied: Path, name: str, column: str, old: str | None, new: str
) -> None:
    def contradict(rows: list[dict[str, str]]) -> None:
        for row in rows:
            if old is None or row[column] == old:
                row[column] = new

    with_rows(copied / f"{name}.csv", contradict)
    with pytest.raises(UsageError, match="seed_"):
        read_population(copied)


def test_a_missing_seed_is_named(copied: Path) -> None:
    (copied / "seed_axes.csv").unlink()
    with pytest.raises(NotFoundError, match="seed_axes"):
        read_population(copied)
