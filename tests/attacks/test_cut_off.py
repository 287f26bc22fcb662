"""Publishing and the page, killed at each step: the old one or the new one is there, whole."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from ingestion.errors import DemoscopeError, NotFoundError
from ingestion.log.durable import StorageError, explained
from ingestion.paths import Home
from orchestration import home_checks
from publishing.page.building import HOME_PAGE, site_of
from publishing.page.replacing import new_site
from publishing.publications import checking, store, writing
from publishing.publications.store import Publication
from tests.attacks.file_faults import (
    KilledError,
    full_disk_at,
    killed_before,
    leave_room,
    small_disk,
)
from tests.end_to_end.command import demoscope

BOARDS = {"old": "a" * 64, "new": "b" * 64}


def write_page(out: Path, text: str) -> None:
    with explained("Writing the site in", out), new_site(out) as work:
        (work / "data" / text).mkdir(parents=True)
        (work / "data" / text / "marts.csv").write_text(text)
        (work / HOME_PAGE).write_text(text)


def shown_page(home: Home) -> str | None:
    """What a reader of the page finds after the next command; its files must be there."""
    try:
        text = site_of(home.site).read_text()
    except NotFoundError:
        return None
    assert (home.site / "data" / text / "marts.csv").read_text() == text
    assert [path.name for path in (home.site / "data").iterdir()] == [text]
    return text


@pytest.mark.parametrize("before", [None, "old"])
def test_a_page_killed_at_each_step(tmp_path: Path, before: str | None) -> None:
    seen = set()
    for number in count(1):
        home = Home(tmp_path / str(number))
        home.root.mkdir()
        if before:
            write_page(home.site, before)
        try:
            with killed_before(number):
                write_page(home.site, "new")
        except KilledError:
            is_missing = before is not None and not home.site.exists()
            seen.add(is_missing)
            if is_missing:
                with pytest.raises(DemoscopeError, match="demoscope site build"):
                    home_checks.page(home)
                assert not [path for path in home.root.glob(".site.*.old") if is_named(home, path)]
            assert shown_page(home) in {before, "new"}
            write_page(home.site, "next")
            assert shown_page(home) == "next"
            assert [path.name for path in home.root.iterdir()] == ["site"]
            continue
        assert shown_page(home) == "new"
        break
    assert number > 5
    assert seen == ({False, True} if before else {False})


def is_named(home: Home, path: Path) -> bool:
    """Whether `doctor` would have it deleted."""
    try:
        home_checks.leftovers(home)
    except DemoscopeError as error:
        return str(path) in str(error)
    return False


def test_a_page_on_a_full_disk(tmp_path: Path) -> None:
    for number in count(1):
        home = Home(tmp_path / str(number))
        write_page(home.site, "old")
        with full_disk_at(number) as fault:
            said = complaint_of(lambda: write_page(home.site, "new"))  # noqa: B023 (called at once)
        if said is None:
            assert fault.seen < number, "a failure was swallowed"
            assert shown_page(home) == "new"
            break
        assert str(home.site) in said
        assert "free some space" in said
        assert shown_page(home) == "old"
        assert [path.name for path in home.root.iterdir()] == ["site"]
    assert number > 5


def complaint_of(action: Callable[[], object]) -> str | None:
    try:
        action()
    except StorageError as error:
        return str(error)
    return None


def test_what_lies_beside_the_page_is_not_touched(tmp_path: Path) -> None:
    for name in (".site.zzzzzzzz", ".site.01234567.bak", ".other.01234567", "site.01234567"):
        (tmp_path / name).mkdir()
    (tmp_path / ".site.01234567").write_text("a file")
    before = {path.name for path in tmp_path.iterdir()}
    write_page(tmp_path / "site", "new")
    assert {path.name for path in tmp_path.iterdir()} == before | {"site"}


def publish(home: Home, text: str, content: str = "1") -> Publication:
    """What `publish` does once the files are written."""
    marts, file = home.marts, "rpt_thing.csv"
    with explained("Publishing to", marts), store.alone(marts), store.unfinished(marts) as work:
        (work / file).write_text(content)
        table = {
            "name": "rpt_thing",
            "description": "",
            "columns": [],
            "rows_sha256": content,
            "files": [writing._file(work / file)],
        }
        manifest = {"release_id": BOARDS[text], "log_position": 1, "files": [], "tables": [table]}
        return writing.show(marts, home.boards, work, manifest, None)


def require_whole(home: Home, shown: set[str]) -> None:
    """Readers see one of these; every publication is what was published, and one is current."""
    current = store.current(home.marts)
    assert current.release_id in {BOARDS[text] for text in shown}
    for one in store.published(home.marts):
        assert checking.findings(home.boards, one, None) == []
    assert home_checks.shown(home)


def test_a_publication_killed_at_each_step(tmp_path: Path) -> None:
    for number in count(1):
        home = Home(tmp_path / str(number))
        home.root.mkdir()
        publish(home, "old")
        try:
            with killed_before(number):
                publish(home, "new")
        except KilledError:
            require_whole(home, {"old", "new"})
            assert publish(home, "new").name == BOARDS["new"]
            require_whole(home, {"new"})
            assert {path.name for path in home.marts.iterdir()} == names(home)
            continue
        break
    assert number > 10


def test_a_repair_killed_at_each_step(tmp_path: Path) -> None:
    for number in count(1):
        home = Home(tmp_path / str(number))
        home.root.mkdir()
        damaged = publish(home, "old").directory / "rpt_thing.csv"
        damaged.chmod(0o644)
        damaged.write_text("2")
        try:
            with killed_before(number):
                publish(home, "old")
        except KilledError:
            assert store.current(home.marts).release_id == BOARDS["old"]
            publish(home, "old")
            require_whole(home, {"old"})
            assert {path.name for path in home.marts.iterdir()} == names(home)
            continue
        break
    assert number > 10


def test_a_publication_on_a_full_disk(tmp_path: Path) -> None:
    for number in count(1):
        home = Home(tmp_path / str(number))
        home.root.mkdir()
        publish(home, "old")
        with full_disk_at(number) as fault:
            said = complaint_of(lambda: publish(home, "new"))  # noqa: B023 (called at once)
        if said is None:
            assert fault.seen < number, "a failure was swallowed"
            require_whole(home, {"new"})
            break
        assert str(home.marts) in said
        assert "free some space" in said
        require_whole(home, {"old"})
    assert number > 5


def names(home: Home) -> set[str]:
    """All that may lie in `marts/`."""
    return {".lock", store.CURRENT, *(one.name for one in store.published(home.marts))}


@pytest.mark.slow
@pytest.mark.parametrize("command", [("publish",), ("site", "build")])
def test_the_commands_on_a_full_disk(victim: Home, command: tuple[str, ...]) -> None:
    demoscope(victim.root, "site", "build")
    shown = store.current(victim.marts).name
    for number in count(1):
        with full_disk_at(number) as fault:
            done = demoscope(victim.root, *command)
        if done.returncode == 0:
            assert fault.seen < number, "a failure was swallowed"
            break
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert str(victim.root) in done.stderr
        assert store.current(victim.marts).name == shown
        assert demoscope(victim.root, "publish", "--list").returncode == 0
        assert site_of(victim.site).exists()
    assert number > 3


@pytest.mark.slow
def test_the_commands_on_a_disk_that_fills_up(attacked: Home, tmp_path: Path) -> None:
    """A real one, so that DuckDB's own writes are refused as well."""
    with small_disk(tmp_path / "disk") as disk:
        home = Home(Path(shutil.copytree(attacked.root, disk / "home", symlinks=True)))
        assert demoscope(home.root, "site", "build").returncode == 0
        shown = store.current(home.marts).name
        refused = Counter[str]()
        for kilobytes in (0, 4, 40, 200, 400, 800, 1200, 1600, 2000, 2400, 2800, 3200, 4000, 6000):
            filler = leave_room(disk, kilobytes)
            for command in ("publish", "site"):
                done = demoscope(home.root, command, *(["build"] if command == "site" else []))
                if done.returncode:
                    refused[command] += 1
                    assert done.returncode == 1, done.stderr
                    assert str(home.root) in done.stderr
                    assert "free some space" in done.stderr
            filler.unlink()
            assert store.current(home.marts).name == shown
            assert demoscope(home.root, "publish", "--list").returncode == 0
            assert (home.site / HOME_PAGE).exists()
        assert min(refused["publish"], refused["site"]) > 0
        assert demoscope(home.root, "publish").returncode == 0
        assert demoscope(home.root, "site", "build").returncode == 0
        checks = json.loads(demoscope(home.root, "doctor", "--json").stdout)["rows"]
        assert {one["check"] for one in checks if not one["is_well"]} <= {"space"}
