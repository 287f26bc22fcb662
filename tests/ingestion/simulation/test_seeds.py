"""The population is the one the weighting seeds have."""

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest

from ingestion.errors import NotFoundError, UsageError
from ingestion.simulation.parameters import EFFECT_SDS, TIE_RATES, UNDISCLOSED_SHARES
from ingestion.simulation.population import Population, stratum_id
from ingestion.simulation.seeds import SEEDS, UNTARGETED_SHARE, read_population
from ingestion.simulation.skew import TILTS
from tests.ingestion.simulation.studies import study


@pytest.fixture(scope="module")
def population() -> Population:
    return read_population()


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEEDS, tmp_path / "seeds"))


def test_the_strata_are_the_seeds_and_humaines_22(population: Population) -> None:
    found = [
        stratum_id(country.name, margin.axis, margin.groups[group])
        for country, margin, group in population.strata()
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
                assert share == targets[country.name, variable, group]


def test_non_binary_people_take_part_though_the_census_does_not_count_them(
    population: Population,
) -> None:
    for country in population.countries:
        gender = next(margin for margin in country.others if margin.axis == "gender")
        assert gender.groups == ("Female", "Male", "Non-binary")
        assert gender.shares[-1] == UNTARGETED_SHARE


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


def test_every_answer_is_one_the_crosswalk_or_the_targets_know(
    population: Population, tmp_path: Path
) -> None:
    variables = {(row["country"], row["axis"]): row["variable"] for row in seed("seed_axes")}
    known = {
        (row["country"], row["variable"], row[column])
        for name, column in (
            ("seed_crosswalk", "source_value"),
            ("seed_targets", "level"),
            ("seed_untargeted_levels", "level"),
        )
        for row in seed(name)
    }
    made = study(tmp_path, population, participants=3000)
    unknown = {
        (row["country"], axis, row[axis])
        for row in made.rows("participants")
        for axis in ("gender", "ethnicity", "politics", "education")
        if (row["country"], variables[row["country"], axis], row[axis]) not in known
    }
    assert unknown == set()


def test_a_new_group_is_a_row(copied: Path) -> None:
    replace_in(copied / "seed_targets.csv", "pew_2025,Independent,0.41", "pew_2025,Independent,0.3")
    for name, row in (
        ("seed_targets", "US,politics3_pew_2025,Pirate,0.11"),
        ("seed_strata", "US/politics/Pirate,US,politics,Pirate,99"),
    ):
        with (copied / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(f"{row}\n")
    politics = read_population(copied).countries[0].strata[2]
    assert politics.groups == ("Republican", "Democrat", "Independent", "Pirate")
    assert politics.shares == (0.31, 0.28, 0.3, 0.11)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("seed_strata", "Labour", "Labor"),
        ("seed_axes", "US,politics,", "US,religion,"),
        ("seed_targets", "US,politics3_pew_2025,Republican,0.31", "US,politics3_pew_2025,R,0.4"),
        ("seed_targets", "US,politics3_pew_2025,Republican,0.31", "US,politics3_pew_2025,R,x"),
    ],
)
def test_contradictions_are_named(copied: Path, name: str, old: str, new: str) -> None:
    replace_in(copied / f"{name}.csv", old, new)
    with pytest.raises(UsageError, match="seed_"):
        read_population(copied)


def test_a_missing_seed_is_named(copied: Path) -> None:
    (copied / "seed_axes.csv").unlink()
    with pytest.raises(NotFoundError, match="seed_axes"):
        read_population(copied)
