"""Publications on disk: whole or not there, never changed, and gone only when they are old."""

import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import BusyError, IntegrityError, NotFoundError
from publishing.publications import store
from publishing.publications.store import Publication

NOBODY = 65534


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    """Where publications go."""
    return tmp_path / "marts"


def manifest(board: str, position: int, content: str = "x") -> dict[str, Any]:
    table = {"name": "t", "description": "", "columns": [], "rows_sha256": content}
    return {"release_id": board * 64, "log_position": position, "tables": [table]}


def put(marts: Path, board: str = "a", position: int = 1, content: str = "x") -> Publication:
    with store.alone(marts), store.unfinished(marts) as directory:
        (directory / "t.csv").write_text(content)
        kept = store.keep(marts, directory, manifest(board, position, content))
        store.make_current(marts, kept)
    return kept


def test_what_is_published_is_read_only_and_current(marts: Path) -> None:
    kept = put(marts)
    assert store.current(marts).directory == kept.directory
    assert (marts / "current").readlink() == Path("a" * 64)
    assert json.loads((kept.directory / "manifest.json").read_bytes())["log_position"] == 1
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in kept.directory.iterdir()}
    assert modes == {"t.csv": 0o444, "manifest.json": 0o444}
    assert stat.S_IMODE(kept.directory.stat().st_mode) == 0o555
    assert {path.name for path in marts.iterdir()} == {"a" * 64, "current", ".lock"}


def test_a_copy_that_followed_links_is_told_and_mended(marts: Path) -> None:
    kept = put(marts)
    (marts / "current").unlink()
    shutil.copytree(kept.directory, marts / "current")
    with pytest.raises(IntegrityError, match=r"follows links.*then run: demoscope publish"):
        store.current(marts)
    with pytest.raises(IntegrityError, match="follows links"):
        put(marts)
    shutil.rmtree(marts / "current")
    assert put(marts).directory == store.current(marts).directory


def test_the_same_again_is_left_as_it_is(marts: Path) -> None:
    before = put(marts).directory.stat()
    again = put(marts)
    assert again.directory.stat().st_ino == before.st_ino
    assert [one.name for one in store.published(marts)] == ["a" * 64]


def test_the_same_board_with_other_tables_stands_beside(marts: Path) -> None:
    first, second = put(marts), put(marts, content="y")
    assert (first.directory / "t.csv").read_text() == "x"
    assert second.name == "a" * 64 + "-2"
    assert store.current(marts).name == second.name
    assert put(marts).name == first.name
    assert store.current(marts).name == first.name


class Killed(BaseException):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("step", ["rename", "symlink_to", "replace"])
def test_a_crash_midway_leaves_what_readers_see(
    marts: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(marts)

    def die(*_: Any) -> None:
        raise Killed

    # What a killed process would have tidied up stays behind, too.
    with monkeypatch.context() as patch:
        patch.setattr(Path, step, die)
        patch.setattr(store, "_remove", lambda _path: None)
        with pytest.raises(Killed):
            put(marts, "b", 2)
    assert store.current(marts).name == "a" * 64
    assert len(list(marts.iterdir())) > 3
    put(marts, "c", 3)
    assert store.current(marts).name == "c" * 64
    assert not list(marts.glob(".unfinished*"))


def test_one_publisher_at_a_time(marts: Path) -> None:
    with store.alone(marts), pytest.raises(BusyError, match="Another process"), store.alone(marts):
        pass


def test_old_ones_go_but_never_current_nor_what_is_open(marts: Path) -> None:
    for number, board in enumerate("fedcb", 1):
        put(marts, board, number)
    put(marts, "f", 1)
    assert store.current(marts).name == "f" * 64
    with (marts / ("e" * 64) / "t.csv").open() as held:
        assert store.remove_old(marts, 2) == ["e" * 64, "d" * 64]
        assert held.read() == "x"
    assert [one.name[0] for one in store.published(marts)] == ["f", "c", "b"]
    assert not list(marts.glob(".going*"))


def test_nothing_published_says_what_to_do(marts: Path) -> None:
    with pytest.raises(NotFoundError, match="demoscope publish"):
        store.current(marts)
    assert store.published(marts) == []


def test_a_damaged_manifest_is_said(marts: Path) -> None:
    kept = put(marts)
    path = kept.directory / "manifest.json"
    path.chmod(0o644)
    path.write_text('{"log_position": 1')
    whole = put(marts, "b")
    damaged, other = store.published(marts)
    assert (damaged.name, other.name) == (kept.name, whole.name)
    with pytest.raises(IntegrityError, match=r"manifest\.json is damaged"):
        _ = damaged.manifest


def test_a_publisher_who_is_not_root_can_do_all_this() -> None:
    """Read-only directories are renamed and removed by whoever owns them."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as directory:
        marts = Path(directory) / "marts"
        if is_root:
            os.chown(directory, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            for number, board in enumerate("abc", 1):
                put(marts, board, number)
            assert store.remove_old(marts, 1) == ["a" * 64, "b" * 64]
            with pytest.raises(PermissionError):
                (store.current(marts).directory / "t.csv").write_text("changed")
        finally:
            if is_root:
                os.seteuid(0)
