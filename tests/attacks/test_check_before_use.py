"""A file of the log that was changed is not read: not by a build, nor by what makes one again."""

import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import IntegrityError
from ingestion.log import EventLog
from ingestion.log.reader import read
from ingestion.log.segments import hash_file, parquet_settings
from ingestion.paths import Home
from ingestion.vocabulary import EventType
from orchestration.loading import load_file
from publishing.boards import store
from publishing.boards.store import Release
from tests.attacks.small_votes import votes, write_votes
from tests.end_to_end.command import demoscope, document

REVERSED = {"a": "b", "b": "a"}


def reverse_votes(home: Home) -> Path:
    """Give every winner of the first commit's battles for the loser, salts and size as they were.

    The file keeps its name and its time of change, as a careful attacker leaves it.
    """
    log = EventLog.open(home.log)
    [segment] = [one for one in log.commit(1).segments if one.event_type == "battle_judged"]
    path = log.layout.segment(segment.sha256)
    before = path.stat()
    with pq.ParquetFile(path) as file:
        table, metadata = file.read(), file.metadata.metadata
    turned = [REVERSED.get(outcome, outcome) for outcome in table["outcome"].to_pylist()]
    number = table.column_names.index("outcome")
    table = table.set_column(number, table.schema.field(number), pa.array(turned, pa.string()))
    path.chmod(0o644)
    with pq.ParquetWriter(path, table.schema, **parquet_settings(table)) as writer:
        writer.add_key_value_metadata(metadata)
        writer.write_table(table)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert hash_file(path) != segment.sha256
    return path


@pytest.fixture
def loaded(tmp_path: Path) -> Home:
    home = Home(tmp_path / "loaded")
    load_file(home, str(write_votes(tmp_path / "votes.jsonl", 0, 6)))
    return home


def test_a_changed_segment_is_not_read(loaded: Home) -> None:
    log = EventLog.open(loaded.log)
    assert read(log, EventType.BATTLE_JUDGED).num_rows == 12  # known to be whole, in this process
    path = reverse_votes(loaded)
    with pytest.raises(IntegrityError, match=f"{path.name} is damaged") as raised:
        read(log, EventType.BATTLE_JUDGED)
    assert raised.value.exit_code == 5


def test_a_missing_segment_is_named(loaded: Home) -> None:
    path = reverse_votes(loaded)
    path.unlink()
    with pytest.raises(IntegrityError, match=f"{path.name} is missing"):
        read(EventLog.open(loaded.log), EventType.BATTLE_JUDGED)


def test_votes_do_not_enter_twice_beside_a_changed_segment(loaded: Home, tmp_path: Path) -> None:
    """Ids of an emptied segment would be taken for new ones."""
    path = reverse_votes(loaded)
    shutil.copyfile(path.parents[2] / "FORMAT", path)
    more = tmp_path / "more.jsonl"
    more.write_text("".join(json.dumps(event) + "\n" for event in votes(0, 7)), "utf-8")
    refused = demoscope(loaded.root, "ingest", more)
    assert refused.returncode == 5
    assert path.name in refused.stderr
    assert EventLog.open(loaded.log).head_seq == 1


@pytest.mark.slow
def test_no_board_is_made_of_it(victim: Home) -> None:
    kept = {release.id for release in store.kept(victim.boards)}
    current = store.current(victim.boards).id
    path = reverse_votes(victim)
    for command in (
        ("build",),
        ("build", "--as-of", "1"),
        ("leaderboard", "--as-of", "1"),
        ("boards", "reproduce", "current"),
    ):
        refused = demoscope(victim.root, *command)
        assert refused.returncode == 5, command
        assert path.name in refused.stderr
        assert "bit for bit" not in refused.stdout
    assert {release.id for release in store.kept(victim.boards)} == kept
    assert store.current(victim.boards).id == current


def forged_beside(home: Home) -> tuple[Release, Release]:
    """A genuine release, and one of the same inputs whose ranks are turned around."""
    release = store.current(home.boards)
    rows = release.rows()
    number = rows.column_names.index("rank")
    turned = pa.array([9 - rank for rank in rows["rank"].to_pylist()], rows["rank"].type)
    provenance = {name: value for name, value in release.predicate.items() if name != "board"}
    other = rows.set_column(number, rows.schema.field(number), turned)
    return release, store.keep(home.boards, release.subject, other, provenance)


@pytest.mark.slow
def test_two_boards_of_the_same_inputs_have_the_same_rows(victim: Home) -> None:
    release, forged = forged_beside(victim)
    refused = demoscope(victim.root, "boards", "diff", release.id, forged.id)
    assert refused.returncode == 5
    assert release.id[:12] in refused.stderr
    assert forged.id[:12] in refused.stderr


@pytest.mark.slow
def test_a_release_that_nobody_signed_is_not_taken_for_the_one_of_a_moment(victim: Home) -> None:
    release, _ = forged_beside(victim)
    position = str(release.subject["log_position"])
    shown = document(victim.root, "leaderboard", "--as-of", position, "--format", "json")
    assert shown["board"]["release_id"] == release.id


@pytest.mark.slow
def test_beside_a_kept_design_nothing_is_read(victim: Home) -> None:
    """dbt would read a yml file among the seeds, and change their columns by it."""
    design = victim.boards / "designs" / store.current(victim.boards).subject["design_hash"]
    (design / "seeds.yml").write_text("version: 2\nseeds: [{name: no_such_seed}]\n", "utf-8")
    strata = design / "seed_strata.csv"
    strata.chmod(0o644)
    strata.write_text(strata.read_text("utf-8") + "\n", "utf-8")
    assert demoscope(victim.root, "build", "--as-of", "1").returncode == 0
    assert not (design / "seeds.yml").exists()
