"""Three sub-items of a criterion, rated one at a time, make up the criterion's own figures."""

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean, variance
from typing import Any

import pytest
import yaml
from scipy.special import stdtrit

from ingestion.paths import Home
from orchestration.building import build
from orchestration.database import mart_rows
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.loading import load_file
from orchestration.unseeded_criteria import unseeded_criteria

PRESET = "experience-sub-items"
PEOPLE = 40
MODELS = ("alpha", "beta")


def declared() -> list[dict[str, str]]:
    path = PROJECT_DIRECTORY / "seeds" / "seed_criteria.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PARENT = {one["criterion"]: one["parent_criterion"] for one in declared()}
PARTS = [name for name, parent in PARENT.items() if parent]
WHOLES = [one["criterion"] for one in declared() if one["kind"] and not one["parent_criterion"]]
Rated = tuple[int, str, str, int]
"""Person, model, criterion, rating."""


def answers() -> list[Rated]:
    """Everybody rates both models on all parts; the first ten rate alpha twice, and one part less.

    People differ in how high they rate, so a person who counted once per part would show.
    """
    own = random.Random(11)
    rows = []
    for person in range(PEOPLE):
        usual = own.choice((2, 3, 4, 5, 6))
        for model in (*MODELS, *(["alpha"] if person < 10 else [])):
            asked = PARTS if person >= 10 else [name for name in PARTS if name != "warmth"]
            rows += [(person, model, name, usual + own.choice((-1, 0, 1))) for name in asked]
    return rows


@pytest.fixture(scope="module")
def rated() -> list[Rated]:
    return answers()


@pytest.fixture(scope="module")
def home(rated: list[Rated], tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("sub_items")
    tasks: dict[tuple[int, str, int], dict[str, object]] = defaultdict(dict)
    seen: dict[tuple[int, str, str], int] = defaultdict(int)
    for person, model, name, rating in rated:
        tasks[person, model, seen[person, model, name]][name] = rating
        seen[person, model, name] += 1
    path = root / "ratings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["task_id", "participant_id", "model", *PARTS])
        writer.writeheader()
        for number, ((person, model, _), own) in enumerate(tasks.items()):
            about = {"task_id": f"t{number}", "participant_id": f"w{person}", "model": model}
            writer.writerow(about | own)
    people = root / "people.jsonl"
    people.write_text("".join(_enrolled(person) for person in range(PEOPLE)), encoding="utf-8")
    made = Home(root / "home")
    load_file(made, str(people))
    report = load_file(made, str(path), mapping=PRESET)
    assert (report.accepted_count, report.quarantined_count) == (len(rated), 0)
    build(made)
    return made


def _enrolled(person: int) -> str:
    event = {
        "event_type": "participant_enrolled",
        "source": "experience",
        "native_id": f"w{person}",
        "participant_id": f"w{person}",
        "country": "US",
    }
    return json.dumps(event) + "\n"


def of(rated: Iterable[Rated], model: str, criterion: str) -> dict[int, list[int]]:
    """Ratings by person that count on a criterion."""
    found: dict[int, list[int]] = defaultdict(list)
    for person, its, name, rating in rated:
        if its == model and criterion in {name, PARENT[name]}:
            found[person].append(rating)
    return found


def half_interval(row: dict[str, Any]) -> float:
    return float(row["rating_hi"] - row["rating_lo"]) / 2.0


def row_of(home: Home, model: str, criterion: str, *, is_weighted: bool) -> dict[str, Any]:
    [row] = mart_rows(
        home,
        "select * from rpt_experience where stratum_id = 'US'"
        f" and (weighting <> 'none') = {is_weighted}"
        f" and model_id = '{model}' and criterion = '{criterion}'",
    )
    return row


def test_the_project_declares_three_parts_of_each_of_seven_criteria() -> None:
    by_parent: dict[str, int] = defaultdict(int)
    kinds = {one["criterion"]: one["kind"] for one in declared()}
    for name in PARTS:
        by_parent[PARENT[name]] += 1
        assert kinds[name] == kinds[PARENT[name]]
    assert dict(by_parent) == dict.fromkeys(WHOLES, 3)
    assert len(WHOLES) == 7


def test_the_preset_reads_every_part() -> None:
    path = PROJECT_DIRECTORY.parent / "ingestion" / "mappings" / f"{PRESET}.yml"
    text = path.read_text(encoding="utf-8")
    assert list(yaml.safe_load(text)["columns"]["criterion"]["each_of"].values()) == PARTS


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("criterion", ["personality", "helpfulness", "warmth", "tone"])
def test_a_person_counts_once_for_a_criterion_however_many_parts_they_rated(
    home: Home, rated: list[Rated], model: str, criterion: str
) -> None:
    people = of(rated, model, criterion)
    means = [fmean(own) for own in people.values()]
    row = row_of(home, model, criterion, is_weighted=True)
    assert row["participant_count"] == len(people)
    assert row["rating_count"] == sum(map(len, people.values()))
    assert row["rating"] == pytest.approx(fmean(means), abs=1e-5)
    # Everybody weighs alike here, so this is the error of a mean over people.
    error = (variance(means) / len(means)) ** 0.5
    assert row["effective_participant_count"] == pytest.approx(len(people))
    assert half_interval(row) == pytest.approx(stdtrit(len(means) - 1, 0.975) * error, rel=1e-3)


@pytest.mark.parametrize("criterion", ["personality", "candour"])
def test_unweighted_every_rating_counts_once_and_a_person_is_one_cluster(
    home: Home, rated: list[Rated], criterion: str
) -> None:
    people = of(rated, "alpha", criterion)
    ratings = [rating for own in people.values() for rating in own]
    row = row_of(home, "alpha", criterion, is_weighted=False)
    assert row["rating"] == pytest.approx(fmean(ratings), abs=1e-5)
    # The jackknife: each person is left out in turn.
    count = len(people)
    without = [
        fmean(rating for other in people if other != one for rating in people[other])
        for one in people
    ]
    error = ((count - 1) / count * sum((one - fmean(ratings)) ** 2 for one in without)) ** 0.5
    # Satterthwaite's degrees of freedom of the squared shares of people.
    squares = [(len(own) / len(ratings)) ** 2 for own in people.values()]
    freedom = min(sum(squares) ** 2 / sum(one**2 for one in squares), count - 1)
    assert half_interval(row) == pytest.approx(stdtrit(freedom, 0.975) * error, rel=1e-3)


def test_gaps_compare_the_seven_and_no_part_of_them(home: Home) -> None:
    rows = mart_rows(home, "select criterion, against_criterion from rpt_criterion_gap")
    assert rows
    named = {name for row in rows for name in row.values()} - {"*"}
    assert named == set(WHOLES)


def test_no_part_is_a_criterion_that_nobody_declared(home: Home) -> None:
    assert unseeded_criteria(home) == []
