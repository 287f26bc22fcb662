"""`demoscope doctor` finds each damage that is planted in a home, and names the way back."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from publishing.boards import store
from publishing.page.replacing import MARK
from publishing.publications.checking import NOTES
from tests.attacks.small_votes import write_votes
from tests.end_to_end.command import demoscope, document

Damage = Callable[[Home], object]
RESTORE, VAULT = "Restore ", "demoscope vault restore"
BUILD, PUBLISH, AGAIN = "demoscope build", "demoscope publish", "ingest the same file again"
DELETE, CHMOD, ERASE = "rm -r", "chmod", "demoscope log erase"
CHECKPOINT = "demoscope log checkpoint"
SEGMENT = "segments/*/*.parquet"
PERSON = "person-7"


@pytest.fixture(scope="session")
def lived_in(attacked: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built `home` with a refused load and a checkpoint, it `erased` a person, and an `other`."""
    directory = tmp_path_factory.mktemp("lived-in")
    home = Home(Path(shutil.copytree(attacked.root, directory / "home", symlinks=True)))
    refused = directory / "refused.jsonl"
    bad = {"event_type": "battle_judged", "source": "panel", "native_id": "bad", "outcome": "win"}
    refused.write_text(json.dumps(bad) + "\n" + json.dumps(bad) + "\n", "utf-8")
    assert demoscope(home.root, "ingest", refused).returncode == 1
    document(home.root, "log", "checkpoint", "--json")
    erased = Path(shutil.copytree(home.root, directory / "erased", symlinks=True))
    named = (PERSON, "--source", "panel", "--level", "2", "--yes")
    document(erased, "log", "erase", *named, "--json")
    other = Home(directory / "other")
    document(other.root, "ingest", write_votes(directory / "other.jsonl", 0, 3), "--json")
    document(other.root, "log", "checkpoint", "--json")
    return directory


@pytest.fixture
def copy(lived_in: Path, tmp_path: Path) -> Callable[[str], Home]:
    """Makes a copy of a home, to damage; beside it lie those that stay as they are."""

    def make(name: str) -> Home:
        root = tmp_path / "damaged"
        shutil.copytree(lived_in / name, root, symlinks=True)
        (tmp_path / "other").symlink_to(lived_in / "other")
        (tmp_path / "before").symlink_to(lived_in / "home")
        return Home(root)

    return make


def examine(home: Home) -> tuple[int, dict[str, Any]]:
    """The exit code of `doctor`, and its checks by name."""
    done = demoscope(home.root, "doctor", "--json")
    checks = json.loads(done.stdout)["rows"]
    return done.returncode, {one["check"]: one for one in checks}


def first(directory: Path, pattern: str) -> Path:
    """One of the files that are called so."""
    return min(directory.glob(pattern))


def writable(path: Path) -> Path:
    path.parent.chmod(0o755)
    if path.exists():
        path.chmod(0o644)
    return path


def cut(path: Path) -> None:
    content = writable(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip(path: Path) -> None:
    content = bytearray(writable(path).read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def remove(path: Path) -> None:
    writable(path).unlink()


def add(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"person-1 said so")
    path.chmod(0o600)


def at(harm: Callable[[Path], object], place: str, pattern: str) -> Damage:
    """A harm done to one file of a part of the home."""
    return lambda home: harm(first(getattr(home, place), pattern))


def new(name: str) -> Damage:
    return lambda home: add(home.root / name)


def from_other(name: str) -> Damage:
    return lambda home: shutil.copy(home.root.parent / "other" / name, home.root / name)


def from_before(name: str) -> Damage:
    return lambda home: shutil.copy(home.root.parent / "before" / name, home.root / name)


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    said = json.loads(writable(path).read_bytes())
    change(said)
    path.write_text(json.dumps(said), "utf-8")


def resalt(home: Home) -> None:
    """Another seed of the rows' salts, every row as it was."""
    path = first(home.log, SEGMENT)
    rows = pq.ParquetFile(path).read()
    metadata = dict(rows.schema.metadata or {})
    metadata[b"demoscope.salts"] = json.dumps(
        {"rows": rows.num_rows, "seed": "00" * 16}, separators=(",", ":")
    ).encode()
    pq.write_table(rows.replace_schema_metadata(metadata), path)


def roll_back(home: Home) -> None:
    log = EventLog.open(home.log)
    log.layout.commit(log.head_seq).unlink()


def rewrite(home: Home) -> None:
    """Another history in the place of what was published."""
    roll_back(home)
    file = write_votes(home.root.parent / "instead.jsonl", 90, 95)
    document(home.root, "ingest", file, "--json")


def foreign_log(home: Home) -> None:
    shutil.rmtree(home.log)
    shutil.copytree(home.root.parent / "other" / "log", home.log)


def bring_back_rows(home: Home) -> None:
    """The file from which rows were erased is back, as a backup's restoring would do it."""
    before = home.root.parent / "before" / "log" / "segments"
    for path in before.rglob("*.parquet"):
        target = home.log / "segments" / path.relative_to(before)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)


def edit_database(home: Home) -> None:
    with duckdb.connect(home.database) as connection:
        connection.execute("update rpt_leaderboard set p_best = 1 - p_best")


def turn_rows(path: Path) -> None:
    rows = pq.ParquetFile(writable(path)).read()
    pq.write_table(rows.slice(1), path)


def release(home: Home) -> Path:
    return (home.boards / store.CURRENT).resolve()


def publication(home: Home) -> Path:
    return (home.marts / store.CURRENT).resolve()


def of_release(harm: Callable[[Path], object], name: str) -> Damage:
    return lambda home: harm(release(home) / name)


def of_publication(harm: Callable[[Path], object], name: str) -> Damage:
    return lambda home: harm(publication(home) / name)


def lead(link: Path, target: Path | str) -> None:
    link.unlink()
    link.symlink_to(target)


def careful(home: Home) -> None:
    """The manifest has the changed file's hash."""
    path = writable(publication(home) / "rpt_leaderboard.csv")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes().replace(b"true", b"false"))
    manifest = writable(publication(home) / "manifest.json")
    now = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text("utf-8").replace(before, now), "utf-8")


def link_out(home: Home) -> None:
    home.landing.mkdir(exist_ok=True)
    (home.landing / "passwd").symlink_to("/etc/passwd")


def pipe(home: Home) -> None:
    home.landing.mkdir(exist_ok=True)
    os.mkfifo(home.landing / "votes.jsonl")


def move_page(home: Home) -> None:
    shutil.rmtree(home.site, ignore_errors=True)
    old = home.root / ".site.01234567.old"
    old.mkdir()
    (old / MARK).touch()


def more_accepted(said: dict[str, Any]) -> None:
    said["accepted_count"] += 1


# By name: the check that finds it, what its message names, the way back, and the damage.
DAMAGES: dict[str, tuple[str, str, str, Damage]] = {
    "segment cut": ("log", "segments/", RESTORE, at(cut, "log", SEGMENT)),
    "segment flipped": ("log", "segments/", RESTORE, at(flip, "log", SEGMENT)),
    "segment removed": ("log", "segments/", RESTORE, at(remove, "log", SEGMENT)),
    "segment of other salts": ("log", "segments/", RESTORE, resalt),
    "segment extra": ("log", f"{'0' * 64}", DELETE, new(f"log/segments/00/{'0' * 64}.parquet")),
    "commit cut": ("log", "commits/", RESTORE, at(cut, "log", "commits/*1.json")),
    "commit flipped": ("log", "commits/", RESTORE, at(flip, "log", "commits/*2.json")),
    "commit removed": ("log", "commits/", RESTORE, at(remove, "log", "commits/*1.json")),
    "commit extra": ("log", "commits/", RESTORE, new(f"log/commits/{9:020d}.json")),
    "commits lost at the end": ("log", "says so", RESTORE, roll_back),
    "history rewritten": ("log", "says so", RESTORE, rewrite),
    "log lost": ("log", "says so", RESTORE, lambda home: shutil.rmtree(home.log)),
    "log foreign": ("log", "says so", RESTORE, foreign_log),
    "FORMAT flipped": ("log", "FORMAT", RESTORE, at(flip, "log", "FORMAT")),
    "FORMAT removed": ("log", "FORMAT", RESTORE, at(remove, "log", "FORMAT")),
    "schema flipped": ("log", "schemas/", RESTORE, at(flip, "log", "schemas/*")),
    "schema removed": ("log", "schemas/", RESTORE, at(remove, "log", "schemas/*")),
    "erased rows are back": ("log", "segments/", ERASE, bring_back_rows),
    "vault lost": ("vault", "pseudonym.key", VAULT, lambda home: shutil.rmtree(home.vault)),
    "pseudonym key lost": ("vault", "pseudonym.key", VAULT, at(remove, "vault", "pseudonym.key")),
    "pseudonym key cut": ("vault", "pseudonym.key", VAULT, at(cut, "vault", "pseudonym.key")),
    "pseudonym key foreign": (
        *("vault", "pseudonym.key", VAULT),
        from_other("vault/pseudonym.key"),
    ),
    "links flipped": ("vault", "links.tree", VAULT, at(flip, "vault", "links.tree")),
    "links lost": ("vault", "links.tree", VAULT, at(remove, "vault", "links.tree")),
    "links of before an erasure": ("vault", "links.tree", ERASE, from_before("vault/links.tree")),
    "seals foreign": ("vault", "seals.tree", VAULT, from_other("vault/seals.tree")),
    "seals of before an erasure": ("vault", "seals.tree", ERASE, from_before("vault/seals.tree")),
    "checkpoint key lost": (
        *("checkpoint", "checkpoint.key", VAULT),
        at(remove, "vault", "checkpoint.key"),
    ),
    "checkpoint key foreign": (
        *("checkpoint", "checkpoint.key", VAULT),
        from_other("vault/checkpoint.key"),
    ),
    "checkpoint key cut": (
        *("checkpoint", "checkpoint.key", "Restore the vault"),
        at(cut, "vault", "checkpoint.key"),
    ),
    "public key lost": (
        *("checkpoint", "log-public.pub", CHECKPOINT),
        at(remove, "root", "log-public.pub"),
    ),
    "public key cut": (
        *("checkpoint", "log-public.pub", CHECKPOINT),
        at(cut, "root", "log-public.pub"),
    ),
    "signing key lost": (
        *("signing", "board-signing.key", VAULT),
        at(remove, "vault", "board-signing.key"),
    ),
    "signing key cut": (
        *("signing", "board-signing.key", "openssl genpkey"),
        at(cut, "vault", "board-signing.key"),
    ),
    "database lost": ("database", "demoscope.duckdb", BUILD, lambda home: remove(home.database)),
    "database torn": ("database", "demoscope.duckdb", BUILD, lambda home: cut(home.database)),
    "database edited": ("database", "rpt_leaderboard", BUILD, edit_database),
    "ratings cut": ("rated", "rating.parquet", BUILD, at(cut, "ratings", "rating.parquet")),
    "ratings edited": (
        "rated",
        "rating.parquet",
        BUILD,
        at(turn_rows, "ratings", "rating.parquet"),
    ),
    "ratings removed": ("rated", "rating.parquet", BUILD, at(remove, "ratings", "rating.parquet")),
    "ratings without code": (
        *("rated", "rating.parquet", BUILD),
        at(remove, "ratings", "rating.parquet.code"),
    ),
    "board edited": ("releases", "board.json", BUILD, of_release(flip, "board.json")),
    "board removed": ("releases", "board.json", BUILD, of_release(remove, "board.json")),
    "rows edited": ("board", "leaderboard.parquet", BUILD, of_release(turn_rows, store.ROWS_FILE)),
    "rows removed": ("board", "leaderboard.parquet", BUILD, of_release(remove, store.ROWS_FILE)),
    "statement edited": (
        *("board", "statement.json", BUILD),
        of_release(
            lambda path: edit(path, lambda said: said["predicate"].update(made_at="2020")),
            store.STATEMENT_FILE,
        ),
    ),
    "statement removed": (
        "releases",
        "statement.json",
        BUILD,
        of_release(remove, "statement.json"),
    ),
    "envelope removed": ("board", "not signed", BUILD, of_release(remove, store.ENVELOPE_FILE)),
    "envelope cut": ("board", "statement.dsse.json", BUILD, of_release(cut, store.ENVELOPE_FILE)),
    "design edited": (
        "releases",
        "designs/",
        BUILD,
        at(flip, "boards", "designs/*/seed_strata.csv"),
    ),
    "current release lost": (
        *("releases", "boards/current", BUILD),
        lambda home: (home.boards / store.CURRENT).unlink(),
    ),
    "current release astray": (
        *("releases", "boards/current", BUILD),
        lambda home: lead(home.boards / store.CURRENT, "0" * 64),
    ),
    "current publication astray": (
        *("current", "marts/current", PUBLISH),
        lambda home: lead(home.marts / store.CURRENT, "0" * 64),
    ),
    "current publication lost": (
        *("current", "marts/current", PUBLISH),
        lambda home: (home.marts / store.CURRENT).unlink(),
    ),
    "current publication elsewhere": (
        *("current", "marts/current", PUBLISH),
        lambda home: lead(home.marts / store.CURRENT, home.loads),
    ),
    "published csv edited": (
        *("publications", "rpt_leaderboard.csv", PUBLISH),
        of_publication(flip, "rpt_leaderboard.csv"),
    ),
    "published parquet removed": (
        *("publications", "rpt_pairwise.parquet", PUBLISH),
        of_publication(remove, "rpt_pairwise.parquet"),
    ),
    "published database edited": (
        *("publications", "demoscope.duckdb", PUBLISH),
        of_publication(flip, "demoscope.duckdb"),
    ),
    "published file and manifest edited": ("publications", "manifest.json", PUBLISH, careful),
    "manifest removed": (
        "current",
        "manifest.json",
        PUBLISH,
        of_publication(remove, "manifest.json"),
    ),
    "file added to a publication": (
        *("publications", "people.csv", PUBLISH),
        of_publication(lambda path: add(writable(path)), "people.csv"),
    ),
    "note of a publication removed": (
        *("publications", "boards/", PUBLISH),
        lambda home: shutil.rmtree(release(home) / NOTES),
    ),
    "load torn": ("loads", "loads/", AGAIN, at(cut, "loads", "*.json")),
    "load edited": (
        "loads",
        "loads/",
        AGAIN,
        lambda home: edit(first(home.loads, "*"), more_accepted),
    ),
    "quarantine torn": ("loads", "quarantine/", AGAIN, at(cut, "quarantine", "*.parquet")),
    "quarantine with a row less": (
        *("loads", "quarantine/", AGAIN),
        at(turn_rows, "quarantine", "*.parquet"),
    ),
    "a load others can read": (
        *("rights", "loads/", CHMOD),
        lambda home: first(home.loads, "*").chmod(0o644),
    ),
    "a segment others can read": (
        *("rights", "segments/", CHMOD),
        lambda home: first(home.log, SEGMENT).chmod(0o644),
    ),
    "a key others can read": (
        *("vault", "pseudonym.key", CHMOD),
        lambda home: (home.vault / "pseudonym.key").chmod(0o640),
    ),
    "publications others can change": (
        *("rights", "marts", CHMOD),
        lambda home: home.marts.chmod(0o777),
    ),
    "a home others can change": ("rights", "damaged", CHMOD, lambda home: home.root.chmod(0o777)),
    "sources.toml broken": (
        *("incoming", "sources.toml", "Correct it"),
        lambda home: home.sources.write_text("[sources", "utf-8"),
    ),
    "sources.toml without a key": (
        *("incoming", "sources.toml", "docs/loading.md"),
        lambda home: home.sources.write_text("[sources.acme]\n", "utf-8"),
    ),
    "link out of landing": ("incoming", "passwd", "copy of the file", link_out),
    "pipe in landing": ("incoming", "votes.jsonl", "copy of the file", pipe),
    "half a load": ("leftovers", ".partial", DELETE, new("loads/.x.partial")),
    "half a quarantine": ("leftovers", ".partial", DELETE, new("quarantine/.x.partial")),
    "half a tree": ("leftovers", "seals.tree.", DELETE, new("vault/seals.tree.0123456789abcdef")),
    "half a batch": ("leftovers", "batch-1", DELETE, new("log/tmp/batch-1/battle_judged.parquet")),
    "half a database": ("leftovers", "duckdb.tmp", DELETE, new("demoscope.duckdb.tmp/spilled")),
    "half a release": ("leftovers", "boards/", DELETE, new("boards/.01234567")),
    "half a page": ("leftovers", ".site.01234567", DELETE, new(".site.01234567/index.html")),
    "a page between two names": ("page", ".site.01234567.old", "site build", move_page),
    "half a publication": ("leftovers", ".unfinished", DELETE, new("marts/.unfinished-1/a.csv")),
}


@pytest.mark.parametrize("name", ["home", "erased"])
def test_a_sound_home_has_nothing_wrong(copy: Callable[[str], Home], name: str) -> None:
    code, checks = examine(copy(name))
    assert [one for one in checks.values() if not one["is_well"]] == []
    assert code == 0


def test_of_a_place_that_is_no_warehouse_nothing_is_proposed(
    tmp_path: Path,
) -> None:
    thesis = tmp_path / "thesis.txt"
    assert demoscope(tmp_path, "doctor").returncode == 0
    thesis.write_text("mine")
    for place in (tmp_path, thesis):
        done = demoscope(place, "doctor")
        assert done.returncode == 1
        assert f"{place} is no warehouse" in done.stdout
        assert not [word for word in (DELETE, CHMOD, "delete") if word in done.stdout]
    assert thesis.read_text() == "mine"


def test_they_are_forty_and_more() -> None:
    assert len(DAMAGES) >= 40


@pytest.mark.parametrize("name", DAMAGES)
def test_each_is_found_and_has_a_way_back(copy: Callable[[str], Home], name: str) -> None:
    check, file, way_back, damage = DAMAGES[name]
    home = copy("erased" if way_back == ERASE else "home")
    damage(home)
    code, checks = examine(home)
    found = checks[check]
    assert code == 1
    assert not found["is_well"]
    assert file in found["message"].replace(str(home.root.parent), "")
    assert way_back in found["message"]
