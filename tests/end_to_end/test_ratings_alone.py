"""A study of ratings of one model at a time, with labels, without a battle: what it says."""

import json
import random
from pathlib import Path

import pytest

from ingestion.paths import Home
from orchestration.database import mart_rows
from orchestration.unused_answers import unused_answers
from publishing.publications.store import current
from tests.end_to_end.command import demoscope, document

CRITERIA = (
    "helpfulness", "communication", "understanding", "adaptiveness", "trustworthiness",
    "personality", "background_and_culture",
)  # fmt: skip
PEOPLE, ENROLLED = 45, 30
MAPPING = """
source: experience
event: participant_enrolled
columns:
  native_id: who
  participant_id: who
  country: country
  age: age
  gender: gender
  ethnicity: ethnicity
  politics: politics
"""


def ratings(path: Path) -> Path:
    """Those who are enrolled rate two models, the others a third."""
    own = random.Random(3)
    lines = ["task_id,participant_id,model," + ",".join(CRITERIA)]
    for person in range(PEOPLE):
        for model in ("alpha", "beta") if person < ENROLLED else ("gamma",):
            said = ",".join(str(own.randint(3, 7)) for _ in CRITERIA)
            lines.append(f"t{len(lines)},p{person},{model},{said}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def people(path: Path) -> Path:
    lines = ["who,country,age,gender,ethnicity,politics"]
    for person in range(ENROLLED):
        answers = (
            ("24", "41", "63")[person % 3],
            ("Female", "Male")[person % 2],
            ("White", "Black", "Asian")[person % 5 % 3],
            ("Democrat", "Republican")[person % 2],
        )
        lines.append(f"p{person},US,{','.join(answers)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def labels(path: Path) -> Path:
    """Five of a rubric that nobody described, three of answers of no model."""
    own = {"rubric": "own", "label": "mine", "value": "x"}
    nobodys = {"rubric": "safety_incident", "label": "safety_incident", "value": "none"}
    rows = [
        {
            "event_type": "conversation_labelled", "source": "experience", "native_id": str(number),
            "conversation_id": f"c{number}", "judge": "reader", "judge_version": "1",
            "rubric_version": "1", "labeller_kind": "human", **kind,
        }
        for number, kind in enumerate([own] * 5 + [nobodys] * 3)
    ]  # fmt: skip
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("alone")
    home = root / "home"
    (root / "people.yml").write_text(MAPPING, encoding="utf-8")
    document(home, "ingest", ratings(root / "r.csv"), "--mapping", "experience-wide", "--json")
    document(home, "ingest", people(root / "p.csv"), "--mapping", root / "people.yml", "--json")
    document(home, "ingest", labels(root / "l.jsonl"), "--json")
    (root / "warnings.txt").write_text(demoscope(home, "build").stderr, encoding="utf-8")
    return home


def test_the_build_says_which_labels_and_ratings_are_not_used(home: Path) -> None:
    undescribed, nobodys, unknown, unweighted = unused_answers(Home(home))
    assert "5 labels follow no rubric" in undescribed
    assert "mine of own 1 (5)" in undescribed
    assert "3 labels of answers name no model" in nobodys
    assert "8 labels are of conversations that nothing else" in unknown
    assert f"{15 * len(CRITERIA)} ratings of 1 model count unweighted alone" in unweighted
    said = (home.parent / "warnings.txt").read_text("utf-8")
    told = demoscope(home, "doctor").stdout
    for sentence in (undescribed, nobodys, unknown, unweighted):
        assert sentence in said
        assert sentence in told
    assert "15 of 45 people of experience who rated or judged have no enrolment" in said


def test_models_without_a_weighted_rating_are_counted_as_left_out(home: Path) -> None:
    rows = mart_rows(Home(home), "from rpt_left_out where stratum_id = 'all' order by dimension")
    assert [row["dimension"] for row in rows] == sorted(CRITERIA)
    assert {(row["what"], row["model_count"], row["kept_model_count"]) for row in rows} == {
        ("ratings", 3, 2)
    }


def test_rated_models_are_models(home: Path) -> None:
    rows = mart_rows(Home(home), "from dim_model order by model_id")
    assert [row["model_id"] for row in rows] == ["alpha", "beta", "gamma"]
    assert {(row["is_rated"], row["has_battled"]) for row in rows} == {(True, False)}


def test_commands_on_boards_say_that_there_is_no_battle(home: Path) -> None:
    queue = demoscope(home, "queue")
    assert queue.returncode == 3
    assert "The last build has no battles" in queue.stderr
    assert "nobody compared two models" in demoscope(home, "leaderboard").stderr


def test_a_release_of_ratings_is_reproduced_and_built_as_of_before(home: Path) -> None:
    made = document(home, "boards", "reproduce", "current", "--json")
    assert made["is_reproduced"]
    assert document(home, "build", "--as-of", "1", "--json")["release"]["log_position"] == 1


def test_the_page_shows_the_ratings(home: Path) -> None:
    assert demoscope(home, "publish").returncode == 0
    assert (current(home / "marts").directory / "dim_model.csv").read_text().count("\n") == 4
    assert demoscope(home, "site", "build").returncode == 0
    page = (home / "site" / "index.html").read_text("utf-8")
    assert "nobody compared two models" in page
    assert "too few people" not in page
    assert '<th scope="row">alpha</th>' in page
    assert "could be weighted: gamma" in page
