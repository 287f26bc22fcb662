"""A study with a history, and the board that was published in the middle of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import document
from tests.end_to_end.history import Study, write_history


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history, whose board was built, and signed, when it was at log position 2."""
    home = tmp_path_factory.mktemp("disputes") / "home"
    key = home / "vault" / "board-signing.key"

    def after(position: int) -> None:
        if position == 1:
            subprocess.run(
                ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True
            )
        if position == 2:
            document(home, "build", "--json")

    write_history(Study(home, home.parent / "inputs", after))
    return home


@pytest.fixture(scope="session")
def published(built: Path) -> str:
    """The id of the board as of position 2."""
    [board] = document(built, "boards", "list", "--json")["rows"]
    return str(board["release_id"])


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """The home, to tamper with."""
    return Path(shutil.copytree(built, tmp_path / "copy", symlinks=True))
