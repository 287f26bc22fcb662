"""A dashboard that holds a database's password is its owner's alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from ingestion.log.durable import write_private
from publishing.publications import checking, store, superset
from publishing.publications.store import Publication
from publishing.publications.superset import without_password
from tests.end_to_end.command import demoscope

URI = "postgresql://reader:swordfish@db.example/marts"


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_whatever_was_there_before(tmp_path: Path) -> None:
    write_private(tmp_path / "new.zip", b"1")
    open_file, link = tmp_path / "open.zip", tmp_path / "link.zip"
    open_file.write_bytes(b"0")
    link.symlink_to(open_file)
    beside = tmp_path / "open.zip.bak"
    beside.write_bytes(b"mine")
    write_private(link, b"1")
    assert open_file.read_bytes() == b"0"
    write_private(open_file, b"1")
    for name in ("new", "open", "link"):
        file = tmp_path / f"{name}.zip"
        assert file.read_bytes() == b"1"
        assert not file.is_symlink()
        assert mode(file) == 0o600
    assert beside.read_bytes() == b"mine"
    assert len(list(tmp_path.iterdir())) == 4


def test_the_command_writes_it_so(tmp_path: Path) -> None:
    file = tmp_path / "demoscope.zip"
    file.write_bytes(b"")
    assert mode(file) == 0o644
    with (
        patch.object(store, "current", return_value=Publication(tmp_path)),
        patch.object(checking, "require_whole"),
        patch.object(superset, "dashboard", side_effect=lambda _shown, uri: uri.encode()),
    ):
        done = demoscope(tmp_path / "home", "superset", file, "--uri", URI, "--json")
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == URI.encode()
    assert mode(file) == 0o600
    assert "swordfish" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        (URI, "postgresql://reader:***@db.example/marts"),
        ("postgresql://reader:a@b:c@db/m", "postgresql://reader:***@db/m"),
        ("postgresql://reader@db:5432/m", "postgresql://reader@db:5432/m"),
        ("duckdb:////home/a:b@c/marts.duckdb", "duckdb:////home/a:b@c/marts.duckdb"),
    ],
)
def test_a_password_is_not_shown(uri: str, shown: str) -> None:
    assert without_password(uri) == shown
