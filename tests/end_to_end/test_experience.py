"""Ratings of one model at a time, from a wide file to boards, in a study without a battle."""

import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from ingestion.vocabulary import Refusal
from orchestration.building import build
from orchestration.consistency_check import publish
from orchestration.database import mart_rows
from orchestration.loading import load_file
from orchestration.unseeded_criteria import unseeded_criteria
from publishing.boards import store
from publishing.boards.view import leaderboard
from publishing.publications.store import current

MAPPING = """
source: first-study
event: experience_rated
columns:
  native_id: task
  participant_id: who
  model_id: model
  criterion: {each_of: {Help: helpfulness, Person: personality, Wit: wit}}
  rating: {each: true}
"""
AGES = ("24", "41", "63")


def wide_file(path: Path) -> Path:
    """Sixty people rate two models; personality two points below helpfulness."""
    own = random.Random(4)
    lines = ["task,who,model,Help,Person,Wit"]
    for person in range(60):
        for model in ("alpha", "beta"):
            help_ = own.choice((5, 6, 7)) - (model == "beta")
            lines.append(f"{person}-{model},w{person},{model},{help_},{help_ - 2},4")
    lines += ["x1,w1,alpha,8,4,4", "x2,w2,alpha,6,3.5,4", "x3,w3,beta,5,,4"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("experience")
    people = [
        {
            "event_type": "participant_enrolled",
            "source": "first-study",
            "native_id": f"w{person}",
            "participant_id": f"w{person}",
            "country": "US",
            "age": AGES[person % 3],
            "gender": ("Female", "Male")[person % 2],
            "ethnicity": ("White", "Black")[person % 5 == 0],
            "politics": ("Democrat", "Republican")[person % 2],
        }
        for person in range(60)
    ]
    file = root / "people.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in people), encoding="utf-8")
    (root / "wide.yml").write_text(MAPPING, encoding="utf-8")
    made = Home(root / "home")
    load_file(made, str(file))
    report = load_file(made, str(wide_file(root / "wide.csv")), mapping=str(root / "wide.yml"))
    assert report.quarantined_by_reason == {Refusal.OUT_OF_RANGE: 1, Refusal.WRONG_TYPE: 1}
    # Of three questions in 123 rows, one is unanswered and two are refused.
    assert report.accepted_count == 3 * 123 - 3
    build(made)
    return made


def test_a_release_without_a_board_says_so(home: Home) -> None:
    with pytest.raises(NotFoundError, match="nobody compared two models"):
        leaderboard(store.current(home.boards))


def test_people_who_only_rated_are_weighted_and_models_ranked(home: Home) -> None:
    rows = mart_rows(
        home,
        "select * from rpt_experience where stratum_id = 'US' and criterion = 'helpfulness'"
        " order by weighting, rank",
    )
    weightings = {row["weighting"] for row in rows}
    assert len(weightings) == 2
    assert [row["model_id"] for row in rows] == ["alpha", "beta"] * 2
    assert all(row["rating_lo"] <= row["rating"] <= row["rating_hi"] for row in rows)
    assert [row["tier"] for row in rows] == [1, 2] * 2


def test_the_gap_is_a_row(home: Home) -> None:
    [row] = mart_rows(
        home,
        "select * from rpt_criterion_gap where weighting = 'none' and stratum_id = 'US'"
        " and model_id = '*' and criterion = 'personality' and against_criterion = 'helpfulness'",
    )
    assert row["gap"] == pytest.approx(-2.0, abs=0.03)
    assert row["is_different"]


def test_a_criterion_without_a_seed_is_named_and_kept(home: Home) -> None:
    assert mart_rows(home, "select * from rpt_experience where criterion = 'wit'")
    [said] = unseeded_criteria(home)
    assert "wit (123)" in said


def published(home: Home) -> tuple[set[str], int]:
    """Criteria of whom everybody's ratings are public, and the fewest people behind a row."""
    publish(home)
    path = str(current(home.marts).directory / "rpt_experience.parquet")
    rows = pq.read_table(path).to_pylist()
    shown = {row["criterion"] for row in rows if row["stratum_id"] == "all"}
    return shown, min((row["participant_count"] for row in rows), default=10)


def test_a_publication_tells_nobody_by_what_it_adds(home: Home) -> None:
    shown, fewest = published(home)
    assert shown == {"helpfulness", "personality", "wit"}
    assert fewest >= 10
    late = home.root.parent / "late.csv"
    lines = [f"late{person},l{person},alpha,1,1,1" for person in range(3)]
    late.write_text("\n".join(["task,who,model,Help,Person,Wit", *lines]) + "\n", "utf-8")
    load_file(home, str(late), mapping=str(home.root.parent / "wide.yml"))
    build(home)
    assert published(home)[0] == set()
