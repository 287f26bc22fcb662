"""Real votes, from file to leaderboard."""

import csv
import hashlib
import json
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from scipy.stats import kendalltau

from ingestion.paths import Home
from orchestration.database import mart_rows
from publishing.dates import long_date
from publishing.publications import checking
from publishing.publications.store import Publication
from tests.end_to_end.command import demoscope, document
from tests.end_to_end.truth import FEW_DRAWS
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
    assert printed["board"]["interval_basis"] == "participants_and_items"


def test_as_little_is_told_apart_as_another_library_tells(llmfao: Path) -> None:
    # arenakit 0.1.1 (MIT), clustered by voter or by prompt: "0 of 58 adjacent pairs are separated
    # with family-wise control ...; the board collapses to 1 tiers"; "510 of 5249 decided triads are
    # cyclic (9.7%); the fitted model produces 6.8%".
    [audit] = json.loads(demoscope(llmfao, "boards", "audit", "--json").stdout)["fragility"]
    assert (audit["neighbours_apart"], audit["neighbour_count"]) == (0, 58)
    assert audit["tier_count"] == 1
    assert audit["item_count"] == 13
    assert audit["leader_model_id"] == "GPT 4"
    # One prompt of thirteen moves the lead further than any of 124 people does.
    assert audit["largest_item_influence"] > audit["largest_influence"] > 0.0
    query = "select statistic, expected from rpt_model_fit where check_name = 'triads'"
    [triads] = mart_rows(Home(llmfao), query)
    assert triads["statistic"] == pytest.approx(510 / 5249, abs=1e-6)
    # People who are like themselves make more circles than independent verdicts would: 6.8%.
    assert 0.068 < triads["expected"] < 0.1


def test_the_same_file_again_commits_nothing_and_says_so(llmfao: Path, shared_data: Path) -> None:
    before = document(llmfao, "log", "show", "--json")["rows"]
    votes = shared_data / "llmfao" / "crowd-comparisons.csv"
    [load] = document(llmfao, "ingest", votes, "--mapping", "llmfao", "--json")["loads"]
    assert (load["accepted_count"], load["duplicate_count"], load["position"]) == (0, 8931, 1)
    assert load["status"] == "nothing_new"
    assert document(llmfao, "log", "show", "--json")["rows"] == before


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
    document(home, "build", *FEW_DRAWS, "--json")
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


@pytest.fixture(scope="module")
def page(llmfao: Path) -> Path:
    """The page of the votes, published."""
    document(llmfao, "publish", "--json")
    return Path(document(llmfao, "site", "build", "--json")["page"])


def test_the_page_says_what_the_board_says(llmfao: Path, page: Path) -> None:
    printed = document(llmfao, "leaderboard", "--format", "json")
    html = page.read_text("utf-8")
    [plain] = re.findall(r'<section id="plain">.*?</section>', html, re.DOTALL)
    names = re.findall(r'<th scope="row">(.*?)<', plain)
    shares = re.findall(r"<td[^>]*>(?:&lt;|&gt;)?(\d+)%<", plain)
    # The page puts those of too few votes last; so does the board.
    assert names == [row["model_id"] for row in printed["rows"]]
    shown = [int(share) / 100 for share in shares]
    assert shown == pytest.approx([row["win_share"] for row in printed["rows"]], abs=0.0051)
    assert "Simulated" not in html
    assert f"boards reproduce {printed['board']['release_id'][:12]}" in html
    marts = Home(llmfao).marts / "current"
    [publication] = pq.read_table(marts / "publication.parquet").to_pylist()
    [log] = pq.read_table(marts / "rpt_log_integrity.parquet").to_pylist()
    [edition] = re.findall(r"<strong>(.*? \(latest\))</strong>", html)
    assert edition == f"{long_date(publication['recorded_at'])} (latest)"
    panel = re.search(r'<dl class="integrity".*?</dl>', html, re.DOTALL)
    assert panel is not None
    assert f"1 commit and {log['event_count']:,} events" in panel[0]
    assert "whole, from the bytes up" in panel[0]
    for figure in (log["log_head_hash"], log["log_root_hash"], publication["design_hash"]):
        assert figure in panel[0]


def test_every_published_board_has_a_page(llmfao: Path, page: Path) -> None:
    paths = Home(llmfao)
    shown = (paths.marts / "current").resolve()
    for letter, tables in (("a", None), ("b", [])):
        older = paths.marts / (letter * 64)
        shutil.copytree(shown, older)
        shutil.copytree(paths.boards / "current", paths.boards / older.name)
        manifest = json.loads((older / "manifest.json").read_text("utf-8"))
        manifest |= {"release_id": older.name, "log_position": 0}
        manifest |= {} if tables is None else {"tables": tables}
        (older / "manifest.json").chmod(0o644)
        (older / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        files = [
            *manifest["files"],
            *(one for table in manifest["tables"] for one in table["files"]),
        ]
        for path in older.iterdir():
            if path.name not in {"manifest.json", *(file["name"] for file in files)}:
                path.unlink()
        digest = hashlib.sha256((older / "manifest.json").read_bytes()).hexdigest()
        checking.note(paths.boards, Publication(older), digest, None)
    try:
        done = demoscope(llmfao, "site", "build", "--json")
        assert "No page for bbbbbbbbbbbb: the board was published without dim_board" in done.stderr
        pages = json.loads(done.stdout)["pages"]
        assert pages == ["board-aaaaaaaaaaaa.html", "index.html", "method.html"]
        assert 'href="board-aaaaaaaaaaaa.html"' in page.read_text("utf-8")
        older_page = page.with_name("board-aaaaaaaaaaaa.html").read_text("utf-8")
        assert 'href="index.html"' in older_page
        assert (page.parent / "data" / "aaaaaaaaaaaa" / "rpt_leaderboard.parquet").exists()
    finally:
        for letter in "ab":
            shutil.rmtree(paths.boards / (letter * 64))
            (paths.marts / (letter * 64)).chmod(0o755)
            shutil.rmtree(paths.marts / (letter * 64))


def test_a_site_replaces_only_a_site(llmfao: Path, page: Path, tmp_path: Path) -> None:
    assert document(llmfao, "site", "build", "--json")["page"] == str(page)
    (tmp_path / "thesis.txt").write_text("mine")
    done = demoscope(llmfao, "site", "build", "--out", tmp_path)
    assert done.returncode == 2
    assert "holds other files" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert demoscope(llmfao, "site", "serve", "--out", tmp_path).returncode == 3
