"""A file speaks for its own source, and of that source's things alone."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ingestion.log import EventLog, reader
from ingestion.vocabulary import EventType
from tests.end_to_end.command import demoscope, document

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RIVAL = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEY_ID = b"provider"
BATTLE = {
    "event_type": "battle_judged",
    "source": "panel",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "outcome": "a",
    "participant_id": "ann",
}
ABOUT = {"source": "rival", "native_id": "1", "reason": "Because."}
ALIASED = {"source": "rival", "native_id": "1", "event_type": "model_aliased"}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def genuine(directory: Path) -> Path:
    rows = [BATTLE | {"native_id": f"v{number}"} for number in range(4)]
    model = {"event_type": "model_registered", "source": "panel", "native_id": "alpha"}
    return write(directory / "genuine.jsonl", *rows, model | {"model_id": "alpha"})


def load(home: Path, file: Path, *options: str | Path) -> dict[str, Any]:
    """The report of a load that may have refused rows."""
    loads = document(home, "ingest", file, "--max-bad-share", "1", "--json", *options)["loads"]
    report: dict[str, Any] = loads[0]
    return report


def reasons(home: Path, file: Path, *options: str | Path) -> dict[str, int]:
    """What rows of a file of refused rows alone are refused for."""
    done = demoscope(home, "ingest", file, "--max-bad-share", "1", "--json", *options)
    assert done.returncode == 1, done.stdout
    found: dict[str, int] = json.loads(done.stdout)["loads"][0]["quarantined_by_reason"]
    return found


def signed(file: Path, key: Ed25519PrivateKey = KEY, key_id: bytes = KEY_ID) -> Path:
    """The file's signature as minisign writes it."""
    signature = key.sign(hashlib.blake2b(file.read_bytes()).digest())
    comment = "timestamp:1\tfile:x\thashed"
    whole = key.sign(signature + comment.encode())
    lines = (
        "untrusted comment: signature",
        base64.b64encode(b"ED" + key_id + signature).decode(),
        f"trusted comment: {comment}",
        base64.b64encode(whole).decode(),
    )
    path = file.with_name(f"{file.name}.minisig")
    path.write_text("\n".join(lines) + "\n")
    return path


def name_provider(home: Path, source: str = "panel", events: str = "") -> None:
    public = base64.b64encode(b"Ed" + KEY_ID + KEY.public_key().public_bytes_raw()).decode()
    home.mkdir(exist_ok=True)
    text = f'[sources.{source}]\npublic_key = "{public}"\n{events}'
    (home / "sources.toml").write_text(text)


def test_a_row_cannot_leave_the_source_of_its_file(home: Path, tmp_path: Path) -> None:
    rival = write(
        tmp_path / "rival.jsonl",
        *(BATTLE | {"native_id": f"v{number}", "outcome": "b"} for number in range(4)),
        BATTLE | {"native_id": "own", "source": "rival"},
    )
    found = load(home, rival, "--source", "rival")
    assert found["accepted_count"] == 1
    assert found["quarantined_by_reason"] == {"source_not_allowed": 4}
    assert load(home, genuine(tmp_path), "--source", "panel")["accepted_count"] == 5


def test_the_operator_may_permit_other_sources(home: Path, tmp_path: Path) -> None:
    options = ("--source", "office", "--across-sources")
    assert load(home, genuine(tmp_path), *options)["accepted_count"] == 5


@pytest.mark.parametrize("source", ["demoscope", "demoscope.undo", "demoscope.erasure"])
@pytest.mark.parametrize("options", [(), ("--across-sources",)])
def test_no_file_speaks_as_the_program(
    home: Path, tmp_path: Path, source: str, options: tuple[str, ...]
) -> None:
    rows = write(tmp_path / "a.jsonl", BATTLE | {"native_id": "1", "source": source})
    assert reasons(home, rows, *options) == {"source_not_allowed": 1}
    rows = write(tmp_path / "b.jsonl", BATTLE | {"native_id": "1"})
    assert demoscope(home, "ingest", rows, "--source", source).returncode == 2


@pytest.mark.parametrize("options", [(), ("--across-sources",)])
def test_no_file_says_that_somebody_was_erased(
    home: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    load(home, genuine(tmp_path))
    erased = {"event_type": "subject_erased", "source": "panel", "native_id": "ann"}
    rows = write(tmp_path / "a.jsonl", erased | {"participant_id": "ann", "level": 1})
    assert reasons(home, rows, *options) == {"event_not_allowed": 1}


def attacks(home: Path) -> list[dict[str, Any]]:
    """What a rival says of a panel's events, one each."""
    battles = reader.read(EventLog.open(home / "log"), EventType.BATTLE_JUDGED)["event_id"]
    first = battles[0].as_py()
    head, _, dimension = first.partition(":")
    retracted = {**ABOUT, "event_type": "event_retracted", "target_event_id": first}
    return [
        retracted,
        {**ABOUT, "event_type": "event_corrected", "target_event_id": first, "outcome": "b"},
        retracted | {"native_id": "2", "target_event_id": f"{head}~2:{dimension}"},
        {**ABOUT, "event_type": "model_retired", "model_id": "alpha"},
        {**ABOUT, "event_type": "model_retired", "native_id": "2", "model_id": "beta"},
        # Its votes would be another's; and a name of one's own for it could be retired.
        {**ALIASED, "alias": "alpha", "model_id": "beta"},
        {**ALIASED, "alias": "mine", "model_id": "alpha"},
    ]


@pytest.mark.parametrize("number", range(7))
def test_a_file_takes_back_only_what_is_its_own(home: Path, tmp_path: Path, number: int) -> None:
    load(home, genuine(tmp_path))
    row = attacks(home)[number]
    assert reasons(home, write(tmp_path / "a.jsonl", row)) == {"another_sources": 1}
    own = write(tmp_path / "b.jsonl", row | {"source": "panel"})
    assert load(home, own)["accepted_count"] == 1
    across = write(tmp_path / "c.jsonl", row | {"native_id": "3"})
    assert load(home, across, "--across-sources")["accepted_count"] == 1


def test_a_registration_of_ones_own_does_not_take_a_model_over(home: Path, tmp_path: Path) -> None:
    load(home, genuine(tmp_path))
    model = {"event_type": "model_registered", "source": "rival", "native_id": "a"}
    load(home, write(tmp_path / "a.jsonl", model | {"model_id": "alpha"}))
    retired = {**ABOUT, "event_type": "model_retired", "model_id": "alpha"}
    assert reasons(home, write(tmp_path / "b.jsonl", retired)) == {"another_sources": 1}


def test_a_file_excludes_only_its_own_people(home: Path, tmp_path: Path) -> None:
    load(home, genuine(tmp_path))
    mapping = tmp_path / "rival.yml"
    mapping.write_text(
        "source: rival\nparticipants_of: panel\nevent: participant_excluded\n"
        "columns:\n  native_id: id\n  participant_id: who\n  reason: why\n"
    )
    (tmp_path / "a.csv").write_text("id,who,why\n1,ann,because\n")
    refused = reasons(home, tmp_path / "a.csv", "--mapping", mapping)
    assert refused == {"another_sources": 1}
    excluded = {**ABOUT, "event_type": "participant_excluded", "participant_id": "ann"}
    load(home, write(tmp_path / "b.jsonl", excluded))
    log = EventLog.open(home / "log")
    [shut] = reader.read(log, EventType.PARTICIPANT_EXCLUDED)["subject_id"].to_pylist()
    voters = reader.read(log, EventType.BATTLE_JUDGED)["subject_id"].unique().to_pylist()
    assert shut not in voters  # the rival's ann is another person


def test_ids_of_one_source_are_no_other_sources(home: Path, tmp_path: Path) -> None:
    pairs = [("panel", "a.v1"), ("panel.a", "v1"), ("panel-a", "v1"), ("panel", "v1")]
    rows = [BATTLE | {"source": source, "native_id": native} for source, native in pairs]
    assert load(home, write(tmp_path / "a.jsonl", *rows))["accepted_count"] == len(pairs)


def test_a_named_provider_must_have_signed(home: Path, tmp_path: Path) -> None:
    name_provider(home)
    file = genuine(tmp_path)
    unsigned = demoscope(home, "ingest", file)
    assert unsigned.returncode == 1
    assert "genuine.jsonl.minisig" in unsigned.stderr
    unsigned = demoscope(home, "ingest", file, "--across-sources")
    assert unsigned.returncode == 1
    signed(file, RIVAL)
    assert demoscope(home, "ingest", file).returncode == 5
    signed(file, KEY, b"another!")
    assert demoscope(home, "ingest", file).returncode == 5
    assert EventLog.open(home / "log").head_seq == 0
    signature = signed(file)
    assert load(home, file)["accepted_count"] == 5
    changed = write(tmp_path / "changed.jsonl", BATTLE | {"native_id": "new"})
    assert demoscope(home, "ingest", changed, "--signature", signature).returncode == 5


def test_a_changed_signature_does_not_hold(home: Path, tmp_path: Path) -> None:
    name_provider(home)
    file = genuine(tmp_path)
    signature = signed(file)
    lines = signature.read_text().splitlines()
    for broken in (
        [],
        lines[:2],
        [*lines[:2], "trusted comment: another", lines[3]],
        [lines[0], base64.b64encode(b"Ed" + base64.b64decode(lines[1])[2:]).decode(), *lines[2:]],
        [lines[0], lines[1][:-8], *lines[2:]],
        [lines[0], "no base64", *lines[2:]],
    ):
        signature.write_text("\n".join(broken) + "\n")
        assert demoscope(home, "ingest", file).returncode == 5, broken


def test_a_signature_is_for_its_own_source_and_types(home: Path, tmp_path: Path) -> None:
    name_provider(home, events='events = ["battle_judged"]')
    file = genuine(tmp_path)
    signed(file)
    assert load(home, file)["quarantined_by_reason"] == {"event_not_allowed": 1}
    other = write(tmp_path / "other.jsonl", BATTLE | {"native_id": "1", "source": "other"})
    assert load(home, other)["accepted_count"] == 1  # nobody signs for it


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[sources.panel]\n",
        '[sources.panel]\npublic_key = "short"\n',
        '[sources."Not A Source"]\npublic_key = "x"\n',
        '[source.panel]\npublic_key = "x"\n',
        "sources = 3\n",
    ],
)
def test_providers_that_cannot_be_read_stop_the_load(home: Path, tmp_path: Path, text: str) -> None:
    home.mkdir()
    (home / "sources.toml").write_text(text)
    assert demoscope(home, "ingest", genuine(tmp_path)).returncode == 2
