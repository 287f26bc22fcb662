"""Statements and envelopes as in-toto's and securesystemslib's own packages read them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from publishing.boards.statement import PAYLOAD_TYPE, Signer, key_id
from publishing.boards.store import ENVELOPE_FILE, STATEMENT_FILE, Release


def as_in_toto_reads_it(content: bytes) -> Any:
    """Unknown fields are errors."""
    message = ParseDict(json.loads(content), statement_pb2.Statement())
    statement = Statement.copy_from_pb(message)
    statement.validate()
    return statement.pb


def test_a_statement_is_an_in_toto_statement_v1(keep: Callable[..., Release]) -> None:
    release = keep()
    statement = as_in_toto_reads_it((release.directory / STATEMENT_FILE).read_bytes())
    assert statement.type == "https://in-toto.io/Statement/v1"
    assert statement.predicate_type == "tag:demoscope,2026:board/v1"
    [subject] = statement.subject
    assert (subject.name, dict(subject.digest)) == ("board.json", {"sha256": release.id})
    assert statement.predicate["board"]["log_position"] == release.subject["log_position"]


def test_what_is_none_is_refused_by_the_oracle(keep: Callable[..., Release]) -> None:
    document = json.loads((keep().directory / STATEMENT_FILE).read_bytes())
    for broken in (
        document | {"_type": "https://in-toto.io/Statement/v0.1"},
        document | {"subject": [{"name": "board.json"}]},
        document | {"predicateType": ""},
    ):
        with pytest.raises(ValueError, match=r"type|digest|required"):
            as_in_toto_reads_it(json.dumps(broken).encode())


def test_an_envelope_is_verified_by_securesystemslib(
    keep: Callable[..., Release], signer: Signer
) -> None:
    directory = keep(signer).directory
    document = json.loads((directory / ENVELOPE_FILE).read_bytes())
    envelope = Envelope.from_dict(document)
    assert envelope.payload == (directory / STATEMENT_FILE).read_bytes()
    assert envelope.payload_type == PAYLOAD_TYPE
    key = SSlibKey.from_crypto(signer.public, keyid=key_id(signer.public))
    assert list(envelope.verify([key], threshold=1)) == [key_id(signer.public)]
    changed = envelope.payload.replace(b"log_position", b"log_positioN")
    with pytest.raises(VerificationError):
        Envelope(changed, envelope.payload_type, envelope.signatures).verify([key], threshold=1)
