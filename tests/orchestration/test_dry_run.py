"""A dry run says what a load would bring, and leaves no trace."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import pytest

from ingestion.paths import Home
from orchestration.dry_run import NO_VAULT, first_rows
from orchestration.load_report import GateRefusalError, LoadReport
from orchestration.loading import DryRun, load_file
from tests.end_to_end.command import demoscope, document
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text

BAD = {**VOTES[0], "id": 9, "winner": "nobody"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    return tmp_path / "v.csv"


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "m.yml"
    path.write_text(MAPPING)
    return str(path)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def _walk(root: Path) -> dict[str, tuple[int, int, str]]:
    """Every file and directory: mode, time of the last change, and content."""
    found = {}
    for path in (root, *root.rglob("*")):
        state = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (state.st_mode, state.st_mtime_ns, content)
    return found


def _said(report: LoadReport) -> dict[str, object]:
    """What a report says, without what every load has of its own."""
    own = {"load_id", "started_at_us", "duration_ms", "status", "position"}
    return {key: value for key, value in report.as_json().items() if key not in own}


def test_without_a_warehouse_none_is_made(
    home: Home, votes: Path, mapping: str, scratch: Path
) -> None:
    votes.write_text(csv_text(VOTES[:1]))
    report = DryRun(home).bring(str(votes), mapping=mapping)
    assert (report.status, report.accepted_count) == ("dry_run", 1)
    assert report.warnings == [NO_VAULT]
    assert not home.root.exists()
    assert list(scratch.iterdir()) == []


def test_the_home_is_as_it_was(home: Home, votes: Path, mapping: str, scratch: Path) -> None:
    votes.write_text(csv_text(VOTES[:1]))
    load_file(home, str(votes), mapping=mapping)
    before = _walk(home.root)
    again = DryRun(home).bring(str(votes), mapping=mapping)
    assert (again.status, again.duplicate_count) == ("nothing_new", 1)
    votes.write_text(csv_text([*VOTES, *4 * [BAD]]))
    with pytest.raises(GateRefusalError):
        DryRun(home).bring(str(votes), mapping=mapping)
    votes.write_text(csv_text(VOTES))
    report = DryRun(home).bring(str(votes), mapping=mapping)
    assert _walk(home.root) == before
    assert list(scratch.iterdir()) == []
    assert (report.status, report.position) == ("dry_run", None)
    loaded = load_file(home, str(votes), mapping=mapping)
    assert (loaded.accepted_count, loaded.duplicate_count) == (2, 1)
    assert _said(report) == _said(loaded)


def test_no_secret_and_no_refused_row_is_written_anywhere(
    home: Home, votes: Path, mapping: str, scratch: Path
) -> None:
    votes.write_text(csv_text(VOTES[:1]))
    load_file(home, str(votes), mapping=mapping)
    secrets = [path.read_bytes() for path in home.vault.iterdir() if path.stat().st_size]
    votes.write_text(csv_text([*VOTES * 5, BAD]))
    seen: list[bytes] = []

    def look(_rows: int) -> None:
        seen.extend(path.read_bytes() for path in scratch.rglob("*") if path.is_file())

    report = DryRun(home).bring(str(votes), mapping=mapping, progress=look)
    assert report.quarantined_count == 1
    assert len(secrets) == 3
    assert seen
    for content in seen:
        assert not any(secret in content for secret in secrets)
        assert b"nobody" not in content


@pytest.mark.parametrize("rows", [[*VOTES, *4 * [BAD]], [BAD]], ids=["too many", "all"])
def test_what_is_refused_is_refused_in_the_same_words(
    home: Home, votes: Path, mapping: str, rows: list[dict[str, object]]
) -> None:
    votes.write_text(csv_text(rows))
    load_file(home, str(_other(votes)), mapping=mapping)
    with pytest.raises(GateRefusalError) as dry:
        DryRun(home).bring(str(votes), mapping=mapping)
    with pytest.raises(GateRefusalError) as real:
        load_file(home, str(votes), mapping=mapping)
    report = real.value.report
    assert dry.value.report.status == report.status == "refused"
    assert _said(dry.value.report) == _said(report)
    kept = f"Every bad row is in the warehouse's quarantine/{report.load_id}.parquet"
    not_kept = "A load keeps every bad row in the warehouse's quarantine"
    assert str(dry.value) == str(real.value).replace(kept, not_kept)


def _other(votes: Path) -> Path:
    path = votes.with_name("other.csv")
    path.write_text(csv_text([{**VOTES[0], "id": 77}]))
    return path


def test_enrolments_of_the_same_file_count(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    said = {"source": "s", "participant_id": "p"}
    person = {**said, "event_type": "participant_enrolled", "native_id": "p", "country": "US"}
    vote = {**said, "event_type": "battle_judged", "native_id": "v", "dimension": "overall"}
    vote |= {"model_a": "m1", "model_b": "m2", "outcome": "a"}
    path.write_text(f"{json.dumps(person)}\n{json.dumps(vote)}\n")
    report = DryRun(home).bring(str(path))
    assert (report.accepted_count, report.warnings) == (2, [NO_VAULT])
    vote["participant_id"] = "somebody else"
    path.write_text(f"{json.dumps(person)}\n{json.dumps(vote)}\n")
    assert "1 of 1 voters have no enrolment" in DryRun(home).bring(str(path)).warnings[1]


def test_first_rows_are_shown_as_they_are_understood(votes: Path, mapping: str) -> None:
    votes.write_text(csv_text(VOTES))
    assert [row["outcome"] for row in first_rows(str(votes), mapping, None)] == ["a", "tie", "b"]


def scores(path: Path, model: str) -> Path:
    path.write_text(
        "model,benchmark,metric,score,reported_by,date\n"
        f"{model},exam,accuracy,0.5,Office,2025-01-02\n"
    )
    return path


def test_aliases_of_a_dry_run_count_as_if_they_were_loaded(
    home: Home, votes: Path, mapping: str, tmp_path: Path
) -> None:
    votes.write_text(csv_text(VOTES))
    load_file(home, str(votes), mapping=mapping)
    compared = str(VOTES[0]["left"])
    aliases = tmp_path / "aliases.csv"
    aliases.write_text(f"alias,model\nModel A (API),{compared}\n")
    dry_run = DryRun(home)
    assert dry_run.bring(str(aliases)).warnings == []
    file = str(scores(tmp_path / "s.csv", "Model A (API)"))
    [said] = DryRun(home).bring(file, mapping="benchmark-scores").warnings
    assert "compared by nobody" in said
    assert dry_run.bring(file, mapping="benchmark-scores").warnings == []
    assert load_file(home, str(aliases)).warnings == []
    assert load_file(home, file, mapping="benchmark-scores").warnings == []


def test_aliases_that_a_mapping_brings_count_in_its_dry_run(
    home: Home, votes: Path, mapping: str, tmp_path: Path
) -> None:
    votes.write_text(csv_text(VOTES))
    load_file(home, str(votes), mapping=mapping)
    (tmp_path / "aliases.csv").write_text(f"alias,model\nOther,{VOTES[0]['left']}\n")
    own = tmp_path / "scores.yml"
    own.write_text(
        "source: own\nevent: benchmark_reported\naliases: aliases.csv\ncolumns:\n"
        "  native_id: {row_number: true}\n  model_id: model\n  benchmark: benchmark\n"
        "  metric: metric\n  score: score\n"
    )
    file = str(scores(tmp_path / "s.csv", "Other"))
    tried = DryRun(home).bring(file, mapping=str(own)).warnings
    assert len(tried) == 1
    assert "aliases.csv: 1 of 1 aliases would enter the log." in tried[0]
    assert (
        tried[0].replace("would enter", "entered")
        == load_file(home, file, mapping=str(own)).warnings[0]
    )


def test_the_command_tries_its_files_one_after_the_other(
    home: Home, votes: Path, mapping: str, tmp_path: Path
) -> None:
    votes.write_text(csv_text(VOTES))
    load_file(home, str(votes), mapping=mapping)
    files = [tmp_path / "aliases.csv", tmp_path / "b.jsonl"]
    files[0].write_text(f"alias,model\nOther,{VOTES[0]['left']}\n")
    row = {"event_type": "benchmark_reported", "source": "s", "native_id": "1"}
    score = {"model_id": "Other", "benchmark": "exam", "score": 0.5}
    files[1].write_text(json.dumps(row | score) + "\n")
    printed = document(home.root, "ingest", *files, "--dry-run", "--json")
    assert [load["warnings"] for load in printed["loads"]] == [[], []]
    assert document(home.root, "ingest", files[1], "--dry-run", "--json")["loads"][0]["warnings"]


def test_the_command_says_what_is_new_and_writes_nothing(
    home: Home, votes: Path, mapping: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    votes.write_text(csv_text([*VOTES, BAD]))
    before = _walk(tmp_path)
    done = demoscope(home.root, "ingest", votes, "--mapping", mapping, "--dry-run")
    assert done.returncode == 0
    assert _walk(tmp_path) == before
    assert not home.root.exists()
    assert "new: 3 models: 'm1' (3), 'm3' (2), 'm2' (1)" in done.stdout
    assert "new: 1 dimension: 'overall' (3)" in done.stdout
    assert "row 4: unknown_value in outcome: 9,w1,m1,m2,nobody" in done.stdout
    assert "outcome (column winner of the file) is 'nobody'" in done.stdout


def test_of_each_reason_there_is_a_row_and_its_value(home: Home, votes: Path, mapping: str) -> None:
    other = {"id": 8, "worker": "w", "left": "m1", "right": "m1", "winner": "left"}
    empty = {**other, "left": None, "id": 7}
    votes.write_text(csv_text([*VOTES * 20, *8 * [BAD], other, empty]))
    done = demoscope(home.root, "ingest", votes, "--mapping", mapping, "--dry-run")
    for reason in ("unknown_value", "model_against_itself", "missing_value"):
        assert f": {reason} in " in done.stdout


def test_only_what_the_log_and_earlier_files_lack_is_new(
    home: Home, votes: Path, mapping: str, tmp_path: Path
) -> None:
    votes.write_text(csv_text(VOTES[:1]))
    # By the command, which lets nobody but the owner read the home.
    document(home.root, "ingest", votes, "--mapping", mapping, "--json")
    before = _walk(home.root)
    more, again = tmp_path / "more.csv", tmp_path / "again.csv"
    more.write_text(csv_text(VOTES))
    again.write_text(csv_text([{**VOTES[1], "id": 5}]))
    printed = document(
        home.root, "ingest", more, again, "--mapping", mapping, "--dry-run", "--json"
    )
    assert [load["new"]["models"] for load in printed["loads"]] == [{"m3": 2}, {}]
    assert printed["loads"][0]["new"]["dimensions"] == {}
    assert _walk(home.root) == before


def test_answers_that_no_seed_lists_are_named_with_their_people(home: Home, tmp_path: Path) -> None:
    said = {"source": "s", "event_type": "participant_enrolled", "country": "UK"}
    # The build reads these as it reads "Labour" and "Prefer not to say".
    alike = ["LABOUR ", "La\u200bbour", "Prefer\u00a0not\u2003to say"]
    parties = ["pirates", "pirates", "Labour", "Prefer not to say", *alike]
    people = [
        {**said, "native_id": f"p{at}", "participant_id": f"p{at}", "politics": party}
        for at, party in enumerate(parties)
    ]
    path = tmp_path / "p.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in people))
    dry_run = DryRun(home)
    dry_run.bring(str(path))
    [answer] = dry_run.new.as_json()["unlisted_answers"]
    assert answer == {"country": "UK", "question": "politics", "answer": "pirates", "people": 2}
    assert "no seed lists UK politics: 'pirates' (2 people)" in [*dry_run.new.lines()]


def test_ages_that_fit_no_band_and_countries_without_targets_are_named(
    home: Home, tmp_path: Path
) -> None:
    ages = ["34", "18-34", "55+", "34 years", "12", "30-39", "thirty"]
    people = [("US", age) for age in ages] + [("ES", "12"), ("ES", "40")]
    path = tmp_path / "p.csv"
    path.write_text(
        "who,land,age\n" + "".join(f"p{at},{c},{a}\n" for at, (c, a) in enumerate(people))
    )
    mapping = tmp_path / "p.yml"
    mapping.write_text(
        "source: s\nevent: participant_enrolled\nfile: {format: csv}\n"
        "columns: {native_id: who, participant_id: who, country: land, age: age}\n"
    )
    dry_run = DryRun(home)
    dry_run.bring(str(path), mapping=str(mapping))
    said = [*dry_run.new.lines()]
    assert [line for line in said if line.startswith("fits no band")] == [
        f"fits no band of ages: US age {age!r} (1 person)" for age in ("12", "30-39", "thirty")
    ]
    assert any(line.startswith("no census targets: 'ES' (2 people);") for line in said)
    assert dry_run.new.as_json()["countries_without_targets"] == {"ES": 2}
