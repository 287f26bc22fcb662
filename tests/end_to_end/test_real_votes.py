"""Real votes, from file to leaderboard."""

import csv
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from scipy.stats import kendalltau

from ingestion.paths import Home
from tests.end_to_end.command import demoscope, document
from tests.end_to_end.tutorial import follow

REBUILT = ("boards", "cache", "dbt", "demoscope.duckdb", "ratings")


@pytest.fixture(scope="module")
def followed(
    repository: Path, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[str]]:
    """A home with the crowd's 8,931 votes, built as the tutorial says; where the page is wrong."""
    directory = tmp_path_factory.mktemp("llmfao")
    votes = "crowd-comparisons.csv"
    (directory / votes).symlink_to(shared_data / "llmfao" / votes)
    return directory / "warehouse", follow(repository / "docs" / "tutorial.md", directory)


@pytest.fixture(scope="module")
def llmfao(followed: tuple[Path, list[str]]) -> Path:
    return followed[0]


def test_the_tutorial_prints_what_it_says(followed: tuple[Path, list[str]]) -> None:
    assert not followed[1]


def test_the_crowds_favourite_is_where_another_library_puts_it(
    llmfao: Path, shared_data: Path
) -> None:
    printed = document(llmfao, "leaderboard", "--format", "json")
    skills = {row["model_id"]: row["skill"] for row in printed["rows"]}
    with (shared_data / "llmfao" / "llmfao-golden.csv").open(encoding="utf-8") as file:
        golden = {
            row["item"]: float(row["score"])
            for row in csv.DictReader(file)
            if row["algorithm"] == "bradley_terry"
        }
    assert skills.keys() == golden.keys()
    assert len(skills) == 59
    models = sorted(golden)
    tau = kendalltau([skills[m] for m in models], [golden[m] for m in models]).statistic
    assert tau >= 0.97
    assert printed["rows"][0]["model_id"] == "GPT 4"
    assert not printed["board"]["is_simulated"]


def test_the_same_file_again_commits_nothing_and_says_so(llmfao: Path, shared_data: Path) -> None:
    before = document(llmfao, "log", "show", "--json")["commits"]
    votes = shared_data / "llmfao" / "crowd-comparisons.csv"
    [load] = document(llmfao, "ingest", votes, "--mapping", "llmfao", "--json")["loads"]
    assert (load["accepted_count"], load["duplicate_count"], load["position"]) == (0, 8931, 1)
    assert load["status"] == "nothing_new"
    assert document(llmfao, "log", "show", "--json")["commits"] == before


def test_no_voter_and_no_native_id_is_in_the_log(llmfao: Path) -> None:
    [segment] = Home(llmfao).log.glob("segments/*/*.parquet")
    table = pq.read_table(segment)
    assert {len(value) for value in table.column("subject_id").to_pylist()} == {32}
    assert len(set(table.column("event_id").to_pylist())) == 8931


def test_everything_right_of_the_log_comes_back_identical(llmfao: Path) -> None:
    before = document(llmfao, "leaderboard", "--format", "json")
    for name in REBUILT:
        path = llmfao / name
        assert path.exists(), f"{name} is not what a build makes any more"
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    document(llmfao, "build", "--json")
    assert document(llmfao, "leaderboard", "--format", "json") == before


def test_arena_counts_are_a_board_too(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("arena")
    counts = shared_data / "arena_counts" / "pair_counts.csv"
    [load] = document(home, "ingest", counts, "--mapping", "arena-pair-counts", "--json")["loads"]
    assert load["accepted_count"] == 3460
    document(home, "build", "--json")
    printed = document(home, "leaderboard", "--format", "json")
    assert len(printed["rows"]) == 129
    # Every vote is in the battle count of both models it was about.
    assert sum(row["battle_count"] for row in printed["rows"]) == 2 * 1_670_250


def test_before_the_first_event_there_is_no_board(llmfao: Path) -> None:
    done = demoscope(llmfao, "leaderboard", "--as-of", "0")
    assert done.returncode == 3
    assert "no battles" in done.stderr


def test_beyond_the_head_is_an_error_that_says_where_the_head_is(llmfao: Path) -> None:
    done = demoscope(llmfao, "build", "--as-of", "7")
    assert done.returncode == 3
    assert "head is 1" in done.stderr
