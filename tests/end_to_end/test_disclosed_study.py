"""What a study discloses of itself: kept with the release, signed, and made again from the log."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.reproduction import remade_about, reproduce
from publishing.boards import aapor, store
from publishing.boards.statement import ABOUT, configured, key_id
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


def forge(release: Path, edit: Callable[[dict[str, Any]], None], key: str = "0" * 64) -> None:
    """Edit what a statement discloses, and wrap it with a signature of zeros."""
    statement = json.loads((release / "statement.json").read_text())
    edit(statement["predicate"][ABOUT])
    said = json.dumps(statement).encode()
    (release / "statement.json").write_bytes(said)
    envelope = {
        "payloadType": "application/vnd.in-toto+json",
        "payload": base64.b64encode(said).decode(),
        "signatures": [{"keyid": key, "sig": base64.b64encode(bytes(64)).decode()}],
    }
    (release / "statement.dsse.json").write_text(json.dumps(envelope))


def complete(about: dict[str, Any]) -> None:
    about |= {"is_complete": True, "missing": []}


@pytest.fixture
def public(built: Path, tmp_path: Path) -> Path:
    """The public half of the key that releases are signed with."""
    signer = configured(Home(built).vault)
    assert signer is not None
    pem = signer.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = tmp_path / "board-signing.pub"
    path.write_bytes(pem)
    return path


def test_nobody_is_believed_whose_signature_is_not_checked(
    copy: Path, published: str, public: Path
) -> None:
    forge(copy / "boards" / published, complete)
    done = demoscope(copy, "boards", "disclose", published)
    assert "whose signature is not checked" in done.stderr
    said = document(copy, "boards", "disclose", published, "--format", "json")["about"]
    assert (said["is_signed"], said["signature"]) == (False, "not checked")
    [listed] = document(copy, "boards", "list", "--json")["rows"]
    assert (listed["is_signed"], listed["signature"]) == (False, "not checked")
    assert "not checked" in demoscope(copy, "boards", "list").stdout
    shown = demoscope(copy, "boards", "show", published)
    assert "what else is said above, by nobody" in shown.stdout
    done = demoscope(copy, "boards", "disclose", published, "--key", public)
    assert done.returncode == IntegrityError.exit_code
    assert "No key that was named has signed" in done.stderr
    assert not done.stdout


def test_a_signature_of_the_key_here_that_does_not_hold_is_refused(
    copy: Path, published: str, public: Path
) -> None:
    signer = configured(Home(copy).vault)
    assert signer is not None
    forge(copy / "boards" / published, complete, key_id(signer.public))
    done = demoscope(copy, "boards", "disclose", published)
    assert done.returncode == IntegrityError.exit_code
    assert "does not hold" in done.stderr
    assert "DOES NOT HOLD" in demoscope(copy, "boards", "list").stdout
    listed = demoscope(copy, "boards", "list", "--key", public, "--json").stdout
    assert json.loads(listed)["rows"][0]["signature"] == "does not hold"


def test_a_checked_signature_is_said(copy: Path, published: str, public: Path) -> None:
    (copy / "vault" / "board-signing.key").unlink()
    done = demoscope(copy, "boards", "disclose", published)
    assert "whose signature is not checked" in done.stderr
    done = demoscope(copy, "boards", "disclose", published, "--key", public)
    assert "the signature is checked" in done.stderr
    [listed] = document(copy, "boards", "list", "--key", public, "--json")["rows"]
    assert listed["is_signed"]
    (copy / "boards" / published / "statement.dsse.json").unlink()
    done = demoscope(copy, "boards", "disclose", published)
    assert "nobody vouches for it" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("is_simulated", True), ("valid_until", "2020"), ("log_position", 1)]
)
def test_what_it_repeats_of_the_release_is_the_releases(
    copy: Path, published: str, name: str, value: object
) -> None:
    forge(copy / "boards" / published, lambda about: about.update({name: value}))
    for command in ("disclose", "show"):
        done = demoscope(copy, "boards", command, published)
        assert done.returncode == IntegrityError.exit_code
        assert f"`about` has another {name} than the release" in done.stdout + done.stderr


@pytest.mark.parametrize("items", [None, [{"number": 1}], ["x"]])
def test_one_that_cannot_be_read_is_an_error_in_words(
    copy: Path, published: str, items: object
) -> None:
    forge(copy / "boards" / published, lambda about: about.update(items=items))
    done = demoscope(copy, "boards", "disclose", published)
    assert done.returncode == IntegrityError.exit_code
    assert "cannot be read" in done.stderr


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
    first = document(copy, "build", "--json")["release"]["release_id"]
    said = document(copy, "boards", "disclose", "current", "--format", "json")["about"]
    assert said["missing"] == [
        "2. Who sponsored the research and who conducted it: sponsored by",
        "11. Limitations of the design and data collection: limits",
    ]
    describe(copy, tmp_path / "two.jsonl", sponsor=DESCRIBED["sponsor"], limits=DESCRIBED["limits"])
    second = document(copy, "build", "--json")["release"]["release_id"]
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
