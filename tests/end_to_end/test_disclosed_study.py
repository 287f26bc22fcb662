"""What a study discloses of itself: kept with the release, signed, and made again from the log."""

import json
from pathlib import Path

import pytest

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.reproduction import remade_about, reproduce
from publishing.boards import aapor, store
from publishing.boards.statement import ABOUT
from tests.end_to_end.command import demoscope, document

DESCRIBED = {
    "title": "Whose favourite", "conductor": "A university", "sponsor": "A newspaper",
    "funding": "Its readers", "population": "Adults of two countries", "mode": "On the web",
    "questions": "Which answer is better? A, B, equal, both bad.", "recruitment": "A paid panel",
    "limits": "It is not a probability sample.",
}  # fmt: skip


def describe(home: Path, file: Path, **said: str) -> None:
    event = {"event_type": "study_described", "source": "office", "native_id": file.stem, **said}
    file.write_text(json.dumps(event) + "\n")
    document(home, "ingest", file, "--json")


def test_a_study_that_was_never_described_says_what_is_missing(built: Path, published: str) -> None:
    said = document(built, "boards", "disclose", published, "--format", "json")["about"]
    assert not said["is_complete"]
    assert {item["number"] for item in said["items"] if not item["is_complete"]} == {
        2, 3, 4, 5, 6, 11,
    }  # fmt: skip
    assert not said["is_simulated"]
    assert said["is_in_statement"]
    assert said["is_signed"]
    kept = store.by_id(Home(built).boards, published)
    assert said["sha256"] == aapor.digest(kept.predicate[ABOUT])
    assert said["log_head_hash"] == kept.subject["log_head_hash"]
    printed = demoscope(built, "boards", "disclose", published)
    assert printed.returncode == 0
    assert printed.stdout.startswith("# About this study\n")
    assert said["sha256"] in printed.stderr


def test_one_that_was_edited_is_refused(copy: Path, published: str) -> None:
    path = copy / "boards" / published / "statement.json"
    statement = json.loads(path.read_text())
    statement["predicate"][ABOUT]["is_complete"] = True
    path.write_text(json.dumps(statement))
    done = demoscope(copy, "boards", "disclose", published)
    assert done.returncode == IntegrityError.exit_code
    assert "is not the statement that was signed" in done.stderr


@pytest.mark.slow
def test_a_release_of_an_earlier_version_is_disclosed_from_the_log(
    copy: Path, published: str
) -> None:
    home = Home(copy)
    kept = store.by_id(home.boards, published)
    assert remade_about(home, kept) == kept.predicate[ABOUT]
    path = kept.directory / "statement.json"
    statement = json.loads(path.read_text())
    del statement["predicate"][ABOUT]
    path.write_text(json.dumps(statement))
    (kept.directory / "statement.dsse.json").unlink()
    said = document(copy, "boards", "disclose", published, "--format", "json")["about"]
    assert not said["is_in_statement"]
    assert said["sha256"] == aapor.digest(kept.predicate[ABOUT])


@pytest.mark.slow
def test_a_described_study_is_complete_and_follows_from_release_and_log(
    copy: Path, published: str, tmp_path: Path
) -> None:
    partly = {name: DESCRIBED[name] for name in DESCRIBED if name not in {"sponsor", "limits"}}
    describe(copy, tmp_path / "one.jsonl", **partly)
    first = document(copy, "build", "--json")["board"]["board_id"]
    said = document(copy, "boards", "disclose", "current", "--format", "json")["about"]
    assert said["missing"] == [
        "2. Who sponsored the research and who conducted it: sponsored by",
        "11. Limitations of the design and data collection: limits",
    ]
    describe(copy, tmp_path / "two.jsonl", sponsor=DESCRIBED["sponsor"], limits=DESCRIBED["limits"])
    second = document(copy, "build", "--json")["board"]["board_id"]
    assert document(copy, "boards", "disclose", second, "--format", "json")["about"]["is_complete"]
    # What was said later is no part of an earlier release.
    again = document(copy, "boards", "disclose", first, "--format", "json")["about"]
    assert again == said
    home = Home(copy)
    kept = store.by_id(home.boards, first)
    assert remade_about(home, kept) == kept.predicate[ABOUT]
    made = reproduce(home, kept)
    assert made.is_reproduced
    assert not any("discloses of itself" in note for note in made.notes)
    assert published != first
