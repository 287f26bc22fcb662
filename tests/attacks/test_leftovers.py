"""What killed commands left goes with the next load, build or erasure; nothing of a user's does."""

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.paths import Home
from ingestion.subjects.links import vault_lock
from orchestration.leftovers import clear_leftovers, unknown, working_directory
from tests.attacks.test_refused_rows_of_erased import battle, write
from tests.end_to_end.command import demoscope, document

HEX = secrets.token_hex(8)
LEFT = (
    f"vault/links.tree.{HEX}",
    f"vault/seals.tree.{HEX}",
    f"vault/pseudonym.key.{HEX}",
    f"vault/.erasure-{HEX}.json.partial",
    "vault/restoring/links.tree",
    "quarantine/.00001795498133741620-f0ead4a3fd01.partial",
    "quarantine/00001795498133741620-f0ead4a3fd01.parquet.copy",
    "loads/.00001795498133741620-f0ead4a3fd01.partial",
    f"log/tmp/batch-{HEX}/segment.parquet",
    f"log/tmp/{HEX}.schema.{HEX}",
    "log/tmp/probe-x/first",
    "cache/build-x/demoscope.duckdb",
    "cache/events-x/battles_scheduled.jsonl",
    "demoscope.duckdb.tmp/duckdb_temp_storage-0.tmp",
)
A_USERS = (
    "landing/votes.jsonl",
    "landing/.votes.jsonl.partial",
    "marts/mine/notes.txt",
    "site/own.html",
    "notes.txt",
    "vault/my-own.txt",
    "log/readme.txt",
    "export/delta/x.parquet",
    "quarantine/00001795498133741620-f0ead4a3fd01.parquet",
    "cache/remote/fetched.jsonl",
)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("leftovers")
    rows = [battle(who, number) for number, who in enumerate(("anna", "ben", "ben"))]
    document(directory / "home", "ingest", write(directory / "a.jsonl", *rows), "--json")
    return directory / "home"


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Home:
    return Home(Path(shutil.copytree(loaded, tmp_path / "home")))


def plant(home: Home, names: tuple[str, ...]) -> list[Path]:
    paths = [home.root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("anna said so", encoding="utf-8")
    return paths


def by_load(home: Home) -> None:
    path = write(home.root.parent / "b.jsonl", battle("ben", 10))
    document(home.root, "ingest", path, "--json")


def by_build(home: Home) -> None:
    document(home.root, "build", "--json")


def by_erasure(home: Home) -> None:
    document(home.root, "log", "erase", "anna", "--yes", "--json")


@pytest.mark.parametrize("command", [by_load, by_build, by_erasure])
def test_leftovers_go_and_what_users_put_there_stays(
    home: Home, command: Callable[[Home], None]
) -> None:
    left, kept = plant(home, LEFT), plant(home, A_USERS[:-2])
    command(home)
    assert [path for path in left if path.exists()] == []
    assert [path for path in kept if not path.exists()] == []
    # Only what the program would not miss was taken.
    assert document(home.root, "log", "verify", "--json")["is_whole"]


def test_a_half_made_tree_with_the_same_content_leaves_the_tree(home: Home) -> None:
    tree = home.vault / "links.tree"
    before = tree.read_bytes()
    (home.vault / f"links.tree.{HEX}").hardlink_to(tree)
    assert clear_leftovers(home)
    assert tree.read_bytes() == before


def test_nothing_of_a_command_that_is_alive_goes(home: Home) -> None:
    left = plant(home, LEFT[:9])
    with vault_lock(home.vault, is_exclusive=False):
        assert clear_leftovers(home) == []
    assert all(path.exists() for path in left)
    with working_directory(home, "build-") as directory:
        clear_leftovers(home)
        assert directory.exists()
    assert not directory.exists()


def test_doctor_names_what_is_nobodys(home: Home) -> None:
    plant(home, ("notes.txt", "vault/my-own.txt", "log/readme.txt"))
    assert unknown(home) == [
        home.root / "notes.txt",
        home.vault / "my-own.txt",
        home.log / "readme.txt",
    ]
    said = demoscope(home.root, "doctor").stdout
    assert said.count("nothing of the program's") == 3


def test_a_clean_home_has_nothing_to_clear_and_nothing_unknown(victim: Home) -> None:
    assert clear_leftovers(victim) == []
    assert unknown(victim) == []
