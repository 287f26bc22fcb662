"""Why did the board change? Every rank, cause by cause; what was taken back, and what was cut."""

import json
import shutil
from pathlib import Path

import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.building import Workspace, keep_release, rate, transform
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.decided_since import decided_since
from orchestration.difference import difference
from orchestration.reproduction import reproduce
from publishing.boards import designs, store
from publishing.boards.inputs import Cut
from ratings.tournaments import RatingParameters
from tests.end_to_end.command import demoscope, document
from tests.end_to_end.history import KEYS, PEOPLE, Study, battle, board_rows, enrolment, places


@pytest.mark.slow
def test_what_was_taken_back_gives_the_same_rows_under_another_id(
    built: Path, published: str
) -> None:
    fourth = document(built, "build", "--as-of", "4", "--json")["release"]["release_id"]
    fifth = document(built, "build", "--as-of", "5", "--json")["release"]["release_id"]
    assert len({published, fourth, fifth}) == 3
    assert board_rows(built, fourth) == board_rows(built, published)
    assert board_rows(built, fifth) != board_rows(built, published)
    unchanged = document(built, "boards", "diff", published, fourth, "--all", "--json")
    assert unchanged["rows"] == []
    current = document(built, "boards", "show", "current", "--json")["release"]
    assert current["release_id"] == published  # looking back does not move what readers see


@pytest.mark.slow
def test_a_cut_in_valid_time_is_a_board_of_its_own(built: Path, published: str) -> None:
    until = "2025-04-01T00:00:00+02:00"
    cut = document(built, "build", "--as-of", "2", "--valid-until", until, "--json")["release"]
    assert cut["release_id"] != published
    assert cut["valid_until"] == "2025-03-31T22:00:00.000000Z"
    asked = ("leaderboard", "--as-of", cut["release_id"], "--format", "json")
    printed = document(built, *asked)
    # 60 battles of March or without a time, and 4 that came late.
    assert sum(row["battle_count"] for row in printed["rows"]) == 2 * 64
    found = document(built, "boards", "diff", cut["release_id"], published, "--all", "--json")
    assert [cause["name"] for cause in found["causes"]] == ["valid_time"]


@pytest.mark.slow
def test_every_rank_change_is_explained_one_cause_at_a_time(
    built: Path, published: str, tmp_path: Path
) -> None:
    third = document(built, "build", "--as-of", "3", "--json")["release"]["release_id"]
    found = document(built, "boards", "diff", published, third, "--all", "--json")
    counts = {cause["name"]: cause["event_count"] for cause in found["causes"]}
    assert counts == {"retractions": 1, "corrections": 1, "exclusions": 1}
    before, after = places(built, published), places(built, third)
    changed = {key for key in before if before[key][0] != after.get(key, (None,))[0]}
    assert {tuple(row[name] for name in KEYS) for row in found["rows"]} == changed
    # A log in which the one verdict was right from the beginning: what the correction does alone.
    alone = places(*corrected_from_the_beginning(tmp_path))
    moved = 0
    for row in found["rows"]:
        key = tuple(row[name] for name in KEYS)
        if key not in after:
            # Nobody else of the stratum had compared the model.
            assert row["came_by"] == ["exclusions"]
            continue
        by_cause = row["by_cause"]
        assert set(by_cause) == {*counts, "interaction"}
        assert sum(one["rank_change"] for one in by_cause.values()) == row["rank_change"]
        assert row["rank_change"] == after[key][0] - before[key][0]
        corrected = by_cause["corrections"]
        assert corrected["rank_change"] == alone[key][0] - before[key][0]
        effect = alone[key][1] - before[key][1]
        assert corrected["skill_change"] == effect / 1e6
        skill = sum(one["skill_change"] for one in by_cause.values())
        assert skill == pytest.approx((after[key][1] - before[key][1]) / 1e6, abs=1e-9)
        moved += effect != 0
    assert moved


def corrected_from_the_beginning(directory: Path) -> tuple[Path, str]:
    """A log as of position 2 where battle 5 was a tie all along, and its board."""
    study = Study(directory / "other", directory / "other-inputs")
    first = [battle(n, month=3 if n % 10 else None) for n in range(60)]
    first[5]["outcome"] = "tie"
    more = [battle(n, month=5) for n in range(60, 80)]
    more += [battle(n, month=1) for n in range(80, 84)]
    study.commit([*map(enrolment, range(len(PEOPLE))), *first, *more])
    home = study.paths.root
    return home, document(home, "build", "--json")["release"]["release_id"]


@pytest.fixture
def other_design(tmp_path: Path) -> Path:
    """The project with one of the study's decisions changed: models in one pool of countries."""
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns(*designs.LEFT_OUT)
    shutil.copytree(PROJECT_DIRECTORY, project, ignore=ignored)
    pools = project / "seeds" / "seed_pools.csv"
    text = pools.read_text()
    assert "0.5" in text
    pools.write_text(text.replace("0.5,", "0.9,", 1).replace("0.5,", "0.1,", 1))
    return project


def test_a_release_and_itself_are_not_built_anew(
    built: Path, published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.difference.code_hash", lambda: "of other code")
    monkeypatch.delattr("orchestration.difference.Counterfactuals")
    release = store.by_id(Home(built).boards, published)
    found = difference(Home(built), release, release)
    assert found.is_other_code
    assert not found.changes


@pytest.mark.slow
def test_a_board_of_another_design_is_rebuilt_with_it_and_explained_by_it(
    copy: Path, published: str, other_design: Path
) -> None:
    paths = Home(copy)
    log = EventLog.open(paths.log)
    workspace = Workspace(copy / "elsewhere", other_design)
    transform(workspace, log, Cut(2), loads=paths.loads, is_tested=False)
    rate(workspace, log, RatingParameters())
    board = keep_release(paths, workspace)
    assert board.id != published
    made = reproduce(paths, board)
    assert made.is_reproduced
    found = difference(paths, store.by_id(paths.boards, published), board)
    assert [cause.name for cause in found.causes] == ["design"]
    assert {str(one).partition(":")[0] for one in found.decisions} == {
        "seed_pools half_half UK",
        "seed_pools half_half US",
    }
    of_rank = [change for change in found.changes if change.is_of_rank]
    assert found.moved_by("design") == len(of_rank)
    printed = document(copy, "boards", "diff", published, board.id, "--all", "--json")
    assert [one["seed"] for one in printed["decisions"]] == ["seed_pools"] * 2
    assert printed["causes"][0]["moved_rank_count"] == len(of_rank)
    said = demoscope(copy, "boards", "diff", published, board.id).stdout
    assert "decided otherwise in B, row by row:\n  seed_pools half_half" in said
    [pair] = decided_since(paths).pairs
    assert (pair["from_release_id"], pair["to_release_id"]) == (published, board.id)
    assert pair["decisions"] == list(found.decisions)
    shutil.rmtree(paths.boards / designs.DESIGNS)
    assert difference(paths, store.by_id(paths.boards, published), board).not_known
    made = reproduce(paths, board)
    assert not made.is_reproduced
    assert "Rebuilt with the present design" in " ".join(made.notes)
    assert made.differences[0].startswith("design_hash")


@pytest.mark.slow
def test_changed_parameters_are_a_cause_and_other_code_is_told(copy: Path, published: str) -> None:
    asked = ("build", "--as-of", "2", "--parameter", "prior_sd=1.5", "--json")
    other = document(copy, *asked)["release"]
    assert other["parameters"]["prior_sd"] == 1_500_000
    statement = copy / "boards" / published / "statement.json"
    (copy / "boards" / published / "statement.dsse.json").unlink()
    said = json.loads(statement.read_text())
    said["predicate"]["made_by"]["code_sha256"] = "0" * 64
    statement.write_text(json.dumps(said))
    found = document(copy, "boards", "diff", published, other["release_id"], "--all", "--json")
    assert found["is_other_code"]
    assert [cause["name"] for cause in found["causes"]] == ["parameters"]
    for row in found["rows"]:
        # The code is in truth the same: it explains nothing, the parameters all.
        assert row["by_cause"]["remade"] == {"rank_change": 0, "skill_change": 0}
        assert row["by_cause"]["interaction"] == {"rank_change": 0, "skill_change": 0}
    made = document(copy, "boards", "reproduce", published, "--json")
    assert made["is_reproduced"]
    assert "other code" in " ".join(made["notes"])
