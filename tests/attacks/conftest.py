"""A small study that was built, signed and published, and a copy of it for each attack."""

import shutil
from pathlib import Path

import pytest

from ingestion.paths import Home
from tests.attacks.small_votes import signing_key, write_votes
from tests.end_to_end.command import document
from tests.made_once import made_once


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home at log position 2 whose release is signed and published."""
    return Home(made_once(tmp_path_factory, "attacked", _published) / "home")


def _published(directory: Path) -> None:
    home = Home(directory / "home")
    for number in range(2):
        file = write_votes(directory / f"votes-{number}.jsonl", 30 * number, 30 * (number + 1))
        document(home.root, "ingest", file, "--json")
    signing_key(home)
    document(home.root, "build", "--json")
    document(home.root, "publish", "--json")


@pytest.fixture
def victim(attacked: Home, tmp_path: Path) -> Home:
    """A copy of it, to attack."""
    return Home(Path(shutil.copytree(attacked.root, tmp_path / "victim", symlinks=True)))
