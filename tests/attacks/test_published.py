"""What is published is what was built: edits of the database or of published files are found."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ingestion.paths import Home
from publishing.boards import store as boards
from publishing.publications import store
from publishing.publications.checking import NOTES
from tests.end_to_end.command import demoscope, document

# A build of its own takes half a minute of processor time.
pytestmark = pytest.mark.slow

EDITS = (
    "update rpt_leaderboard set p_best = 1 - p_best",
    "update rpt_leaderboard set skill_lo = skill - 0.001, skill_hi = skill + 0.001",
    "update rpt_leaderboard set is_provisional = not is_provisional",
    "update rpt_log_integrity set finding_count = finding_count + 1",
    "update rpt_log_integrity set is_verified = not is_verified",
    "update int_strata__disclosed set is_disclosed = not is_disclosed",
    "update int_boards__disclosed set is_disclosed = not is_disclosed",
    "update int_coverage__disclosed set people_min = 1",
    "delete from rpt_pairwise where model_a = 'aurora'",
    "insert into dim_model by name select * replace ('zircon' as model_id) from dim_model limit 1",
    "alter table rpt_leaderboard alter p_best type varchar",
    "alter table rpt_board_summary rename to kept; create view rpt_board_summary as from kept",
    "create macro to_json(cells) as '{}'",
    "create macro sha256(text) as 'whatever'",
)


def edit(home: Home, statement: str) -> None:
    with duckdb.connect(home.database) as connection:
        connection.execute(statement)


def turn_ranks(path: Path) -> None:
    turned = f"select * replace (4 - rank as rank) from '{path}'"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({turned}) to '{path}.new' (format parquet)")
    Path(f"{path}.new").replace(path)


def writable(path: Path) -> Path:
    path.parent.chmod(0o755)
    if path.exists():
        path.chmod(0o644)
    return path


def test_an_edited_database_is_not_published(victim: Home) -> None:
    edit(victim, "checkpoint")
    whole = victim.database.read_bytes()
    shown = store.current(victim.marts).name
    for statement in EDITS:
        victim.database.write_bytes(whole)
        edit(victim, statement)
        refused = demoscope(victim.root, "publish")
        assert refused.returncode == 5, statement
        assert "demoscope build" in refused.stderr
    assert [one.name for one in store.published(victim.marts)] == [shown]
    doctor = json.loads(demoscope(victim.root, "doctor", "--json").stdout)
    [said] = [one for one in doctor["rows"] if one["check"] == "database"]
    assert not said["is_well"]
    victim.database.write_bytes(whole)
    assert demoscope(victim.root, "publish").returncode == 0


def test_edited_ratings_reach_no_publication(victim: Home) -> None:
    shown = store.current(victim.marts)
    before = {path.name: path.read_bytes() for path in shown.directory.iterdir()}
    store.remove(victim.marts, [shown])
    whole = (victim.ratings / "rating.parquet").read_bytes()
    for path in victim.ratings.glob("*.parquet"):
        with duckdb.connect() as connection:
            halved = f"select * from '{path}' limit (select count(*) // 2 from '{path}')"
            connection.execute(f"copy ({halved}) to '{path}.new' (format parquet)")
        Path(f"{path}.new").replace(path)
    assert demoscope(victim.root, "publish").returncode == 5  # its boards are compared with it
    (victim.ratings / "rating.parquet").write_bytes(whole)
    done = demoscope(victim.root, "publish")
    # Published tables are tables of the database since the build, under its digests.
    assert done.returncode == 0, done.stderr
    again = store.current(victim.marts).directory
    after = {path.name: path.read_bytes() for path in again.iterdir()}
    assert after.keys() == before.keys()
    differing = {name for name in before if before[name] != after[name]}
    # They say when; of the database the manifest has digests of its rows.
    assert differing <= {store.MANIFEST_FILE, NOTES, "demoscope.duckdb"}
    digests = [
        [(table["name"], table["rows_sha256"]) for table in json.loads(said)["tables"]]
        for said in (before[store.MANIFEST_FILE], after[store.MANIFEST_FILE])
    ]
    assert digests[0] == digests[1]


def test_an_edited_statement_vouches_for_nothing(victim: Home) -> None:
    release = boards.current(victim.boards)
    statement = release.directory / boards.STATEMENT_FILE
    said = json.loads(statement.read_bytes())
    said["predicate"]["tables"]["rpt_leaderboard"] = "0" * 64
    statement.write_text(json.dumps(said))
    for command in (("publish",), ("leaderboard",)):
        assert demoscope(victim.root, *command).returncode == 5, command
    # Nor does it without the signature that could be compared with.
    (release.directory / boards.ENVELOPE_FILE).unlink()
    assert demoscope(victim.root, "publish").returncode == 5


def test_a_build_repairs_the_files_of_its_release(victim: Home) -> None:
    release = boards.current(victim.boards)
    turn_ranks(release.directory / boards.ROWS_FILE)
    (release.directory / boards.CANONICAL_FILE).write_bytes(b"{}")
    (release.directory / boards.STATEMENT_FILE).write_bytes(b"{}")
    done = demoscope(victim.root, "build")
    assert done.returncode == 0, done.stderr
    for name in (boards.ROWS_FILE, boards.CANONICAL_FILE, boards.STATEMENT_FILE):
        assert f"{name} " in done.stderr
    assert demoscope(victim.root, "leaderboard").returncode == 0
    assert demoscope(victim.root, "publish").returncode == 0


def test_a_changed_board_is_not_shown(victim: Home) -> None:
    release = boards.current(victim.boards)
    turn_ranks(release.directory / boards.ROWS_FILE)
    assert demoscope(victim.root, "leaderboard").returncode == 5
    doctor = json.loads(demoscope(victim.root, "doctor", "--json").stdout)
    assert not next(one for one in doctor["rows"] if one["check"] == "board")["is_well"]


def change_parquet(directory: Path) -> None:
    turn_ranks(writable(directory / "rpt_leaderboard.parquet"))


def change_csv_and_manifest(directory: Path) -> None:
    """A careful attacker writes the hash of the changed file into the manifest."""
    path = writable(directory / "publication.csv")
    path.write_text(path.read_text("utf-8").replace("false", "true"), "utf-8")
    manifest = writable(directory / store.MANIFEST_FILE)
    said = manifest.read_text("utf-8")
    before = next(
        file["sha256"]
        for table in json.loads(said)["tables"]
        for file in table["files"]
        if file["name"] == path.name
    )
    now = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(said.replace(before, now), "utf-8")


def change_title(directory: Path) -> None:
    manifest = writable(directory / store.MANIFEST_FILE)
    said = json.loads(manifest.read_bytes()) | {"title": "The best"}
    manifest.write_text(json.dumps(said), "utf-8")


def cut_manifest(directory: Path) -> None:
    manifest = writable(directory / store.MANIFEST_FILE)
    manifest.write_bytes(manifest.read_bytes()[:100])


def lose_database(directory: Path) -> None:
    writable(directory / "demoscope.duckdb").unlink()


def add_file(directory: Path) -> None:
    writable(directory / "people.csv").write_text("person-1\n")


@pytest.mark.parametrize(
    "attack",
    [
        change_parquet,
        change_csv_and_manifest,
        change_title,
        cut_manifest,
        lose_database,
        add_file,
    ],
)
def test_published_again_it_is_repaired(victim: Home, attack: Callable[[Path], None]) -> None:
    attack((victim.marts / store.CURRENT).resolve())
    for command in (("publish", "--list"), ("site", "build")):
        refused = demoscope(victim.root, *command)
        assert refused.returncode == 5, command
        assert "demoscope publish" in refused.stderr
    doctor = json.loads(demoscope(victim.root, "doctor", "--json").stdout)
    assert not next(one for one in doctor["rows"] if one["check"] == "publications")["is_well"]
    document(victim.root, "publish", "--json")
    [only] = document(victim.root, "publish", "--list", "--json")["rows"]
    assert only["is_current"]
    assert demoscope(victim.root, "site", "build").returncode == 0
    again = document(victim.root, "publish", "--json")["publication"]
    assert again["name"] == only["name"]


def test_a_note_is_signed(victim: Home) -> None:
    """Who may write boards/ too, and has no key, cannot vouch for another manifest."""
    shown = store.current(victim.marts)
    change_title(shown.directory)
    note = victim.boards / shown.release_id / NOTES / f"{shown.name}.json"
    said = json.loads(note.read_bytes())
    manifest = shown.directory / store.MANIFEST_FILE
    said["subject"][0]["digest"]["sha256"] = hashlib.sha256(manifest.read_bytes()).hexdigest()
    note.write_text(json.dumps(said))
    assert demoscope(victim.root, "publish", "--list").returncode == 5


def test_an_attacker_cannot_lead_readers_elsewhere(victim: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "ab"
    shutil.copytree(store.current(victim.marts).directory, elsewhere)
    link = victim.marts / store.CURRENT
    link.unlink()
    link.symlink_to(elsewhere)
    assert demoscope(victim.root, "site", "build").returncode == 5
