"""To write to `landing/` gives no right to read elsewhere, nor to be read half-written."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from ingestion.errors import LoadRefusedError, UsageError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.assets.common import HomeResource
from orchestration.assets.events import FileToLoad, IngestConfig, load_files
from orchestration.landing import landed_files, require_landed, settled
from orchestration.loading import load_file
from tests.attacks.small_votes import write_votes


@pytest.fixture
def paths(home: Path) -> Home:
    paths = Home(home)
    paths.landing.mkdir(parents=True)
    return paths


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file outside, that would be loaded if it lay inside."""
    return write_votes(tmp_path / "secret.jsonl", 0, 5)


def ingest(paths: Home, path: Path, mapping: Path | None = None) -> str:
    """What a run of the job `ingest` says, whose launchpad names this file."""
    named = FileToLoad(path=str(path), mapping=None if mapping is None else str(mapping))
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [load_files],
            instance=instance,
            resources={"home": HomeResource(root=str(paths.root))},
            run_config=dg.RunConfig(ops={"load_files": IngestConfig(files=[named])}),
            raise_on_error=False,
        )
    if done.success:
        return "loaded"
    failure = done.failure_data_for_node("load_files")
    assert failure is not None
    assert failure.error is not None
    return failure.error.to_string()


@pytest.mark.parametrize("to", ["file", "directory", "circle", "nowhere"])
def test_links_that_lead_out_are_left_alone(paths: Home, secret: Path, to: str) -> None:
    link = paths.landing / "link.jsonl"
    target = {"file": secret, "directory": secret.parent, "circle": link}.get(to, Path("/none"))
    link.symlink_to(target)
    assert landed_files(paths.landing) == []


def test_a_link_within_is_a_file_like_another(paths: Home) -> None:
    write_votes(paths.landing / "votes.jsonl", 0, 2)
    (paths.landing / "again.jsonl").symlink_to("votes.jsonl")
    assert [file.name for file in landed_files(paths.landing)] == ["again.jsonl", "votes.jsonl"]


def test_a_landing_that_is_itself_a_link_is_read(paths: Home, tmp_path: Path) -> None:
    paths.landing.rename(tmp_path / "elsewhere")
    paths.landing.symlink_to(tmp_path / "elsewhere")
    write_votes(paths.landing / "votes.jsonl", 0, 2)
    assert [file.name for file in landed_files(paths.landing)] == ["votes.jsonl"]


def test_special_files_are_left_alone(paths: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(paths.landing / "votes.jsonl")
    (paths.landing / "null.jsonl").symlink_to("/dev/null")
    monkeypatch.chdir(paths.landing)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.jsonl")
        assert landed_files(paths.landing) == []


def test_a_mapping_that_is_a_link_out_is_none(paths: Home, secret: Path) -> None:
    (paths.landing / "mine").mkdir()
    write_votes(paths.landing / "mine" / "votes.jsonl", 0, 1)
    (paths.landing / "mine" / "mapping.yml").symlink_to(secret)
    [file] = landed_files(paths.landing)
    assert file.mapping == "mine"


def test_a_run_loads_nothing_from_elsewhere(paths: Home, secret: Path) -> None:
    for path in (secret, paths.landing / ".." / ".." / secret.name, Path("/etc/passwd")):
        said = ingest(paths, path)
        assert "no regular file below" in said
        assert "root:" not in said
    mine = write_votes(paths.landing / "votes.jsonl", 0, 2)
    assert "no regular file below" in ingest(paths, mine, secret)
    assert EventLog.open(paths.log).head_seq == 0
    assert ingest(paths, mine) == "loaded"


def test_a_run_follows_no_linked_folder_and_waits_for_no_pipe(paths: Home, secret: Path) -> None:
    (paths.landing / "inner").symlink_to(secret.parent)
    os.mkfifo(paths.landing / "pipe.jsonl")
    (paths.landing / "device.jsonl").symlink_to("/dev/zero")
    for name in (f"inner/{secret.name}", "pipe.jsonl", "device.jsonl", "inner", ""):
        assert "no regular file below" in ingest(paths, paths.landing / name)
    assert landed_files(paths.landing) == []
    assert EventLog.open(paths.log).head_seq == 0


def test_a_mapping_names_no_aliases_from_elsewhere(paths: Home, tmp_path: Path) -> None:
    (tmp_path / "aliases.csv").write_text("alias,model\na,b\n")
    file = paths.landing / "votes.csv"
    file.write_text("id,a,b,who\n1,x,y,a\n")
    mapping = paths.landing / "mapping.yml"
    mapping.write_text(
        f"source: s\naliases: {tmp_path / 'aliases.csv'}\nevent: battle_judged\n"
        "columns:\n  native_id: id\n  model_a: a\n  model_b: b\n  outcome: {constant: a}\n"
        "  dimension: {constant: overall}\n"
    )
    with pytest.raises(UsageError, match=r"aliases\.csv: is no regular file below"):
        require_landed(paths.landing, str(file), str(mapping))


def test_what_grows_is_not_loaded_yet(paths: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    growing = write_votes(paths.landing / "growing.jsonl", 0, 2)
    gone = write_votes(paths.landing / "gone.jsonl", 0, 2)
    write_votes(paths.landing / "whole.jsonl", 0, 2)
    files = landed_files(paths.landing)

    def meanwhile(_seconds: float) -> None:
        write_votes(growing, 0, 3)
        gone.unlink()

    monkeypatch.setattr("time.sleep", meanwhile)
    assert [file.name for file in settled(files)] == ["whole.jsonl"]


@pytest.fixture
def appended(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Has rows written to a file after the load has read it."""
    from expectations.gate import Gate

    def append_to(path: Path) -> None:
        judge = Gate.judge_load

        def late(self: Gate, **counts: int) -> object:
            with path.open("a") as file:
                file.write("{}\n")
            return judge(self, **counts)

        monkeypatch.setattr(Gate, "judge_load", late)

    return append_to


def test_a_file_that_grows_while_it_is_read_is_refused(
    paths: Home, tmp_path: Path, appended: Callable[[Path], None]
) -> None:
    file = write_votes(tmp_path / "votes.jsonl", 0, 5)
    appended(file)
    with pytest.raises(LoadRefusedError, match=r"votes\.jsonl: was changed while it was read"):
        load_file(paths, str(file))
    assert EventLog.open(paths.log).head_seq == 0
