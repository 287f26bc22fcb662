"""`demoscope log checkpoint|prove|verify-proof`: what a log says of itself, for others to hold.

What stays out: checkpoints, proofs and keys themselves (ingestion/log).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import IntegrityError, UsageError
from ingestion.paths import Home
from orchestration.cli.output import print_json, say

if TYPE_CHECKING:
    from ingestion.log import EventLog
    from ingestion.log.checkpoint import Checkpoint
    from ingestion.log.note import Verifier

AS_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
OUT = Annotated[Path | None, typer.Option(help="Write it there instead of printing it.")]
CHECKPOINT = Annotated[
    Path | None,
    typer.Option(help="A signed checkpoint that was kept elsewhere.", exists=True, dir_okay=False),
]
PUBLIC_KEY = Annotated[
    Path | None,
    typer.Option(
        help="Key that signs the checkpoints; the warehouse's own log-public.pub unless given.",
        exists=True,
        dir_okay=False,
    ),
]


def checkpoint(
    *,
    out: OUT = None,
    origin: Annotated[
        str | None, typer.Option(help="What the log is called in it; remembered.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Sign the log's size and root, to be kept where whoever can write the log cannot."""
    from ingestion.log import EventLog

    home = Home.from_environment()
    log = EventLog.open(home.log)
    note, made, verifier = _signed(home, log, origin)
    if out is not None:
        _write(out, note.encode())
    if as_json:
        print_json(
            {
                "checkpoint": note,
                "origin": made.origin,
                "commit_count": made.size,
                "root": made.root.hex(),
                "public_key": str(verifier),
            }
        )
    elif out is None:
        sys.stdout.write(note)
    say(f"Public key, in {home.log_public_key}: {verifier}")


def prove(
    event_id: Annotated[str, typer.Argument(help="`demoscope log events` finds it.")],
    *,
    out: OUT = None,
    checkpoint: CHECKPOINT = None,
    hide_content: Annotated[
        bool, typer.Option("--hide-content", help="Prove that it is there, not what it says.")
    ] = False,
) -> None:
    """Prove that an event is in the log, to somebody who has the public key and nothing else."""
    from ingestion.log import EventLog
    from ingestion.log.event_proof import prove_event

    home = Home.from_environment()
    log = EventLog.open(home.log)
    log.find_event(event_id)  # an unknown id is told before a key is made
    note = _signed(home, log, None)[0] if checkpoint is None else _text(checkpoint)
    proof = prove_event(log, event_id, note, is_shown=not hide_content)
    if out is None:
        sys.stdout.write(proof.decode())
    else:
        _write(out, proof)


def verify_proof(
    proof: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    *,
    public_key: Annotated[
        Path, typer.Option(help="Key that signs the checkpoints.", exists=True, dir_okay=False)
    ],
    as_json: AS_JSON = False,
) -> None:
    """Check a proof with the public key alone; exit 5 where it does not hold."""
    from ingestion.log.event_proof import verify_event_proof
    from ingestion.log.keys import read_public_key

    proven = verify_event_proof(proof.read_bytes(), read_public_key(public_key))
    recorded_at = proven.commit.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if as_json:
        print_json(
            {
                "is_proven": True,
                "event": proven.event,
                "is_content_shown": proven.is_shown,
                "position": proven.position,
                "commit": {
                    "seq": proven.commit.seq,
                    "recorded_at": recorded_at,
                    "hash": proven.commit.hash,
                },
                "checkpoint": {
                    "origin": proven.checkpoint.origin,
                    "commit_count": proven.checkpoint.size,
                    "root": proven.checkpoint.root.hex(),
                },
            }
        )
        return
    print(  # noqa: T201 (the command's output)
        f"Proven: event {proven.event['event_id']} has position {proven.position}, recorded"
        f" {recorded_at} by commit {proven.commit.seq} of {proven.checkpoint.size}"
        f" in {proven.checkpoint.origin}."
    )
    for name, value in sorted(proven.event.items()):
        print(f"    {name}: {value}")  # noqa: T201


def held_checkpoint(home: Home, path: Path, public_key: Path | None) -> Checkpoint:
    """A checkpoint somebody kept, its signature checked.

    Raises:
        UsageError: there is no key to check it with.
        IntegrityError: the signature does not hold.
    """
    from ingestion.log.checkpoint import Checkpoint
    from ingestion.log.keys import read_public_key
    from ingestion.log.note import open_note

    key = public_key or home.log_public_key
    if not key.exists():
        message = "There is no key to check the checkpoint's signature with."
        raise UsageError(message, remedy="Name its file: --public-key FILE.")
    verifier = read_public_key(key)
    try:
        return Checkpoint.parse(open_note(path.read_bytes(), verifier))
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error.message}", remedy=error.remedy) from error


def _signed(home: Home, log: EventLog, origin: str | None) -> tuple[str, Checkpoint, Verifier]:
    """A checkpoint of now, its note, and who signed it; the public key is published."""
    from ingestion.log.keys import publish, read_public_key, signing_key
    from ingestion.log.note import sign, verifier_of

    if origin is None and home.log_public_key.exists():
        origin = read_public_key(home.log_public_key).name
    made = log.checkpoint(origin)
    key = signing_key(home.vault)
    verifier = verifier_of(made.origin, key)
    publish(home.log_public_key, verifier)
    return sign(made.encode(), made.origin, key), made, verifier


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not a checkpoint.") from error


def _write(path: Path, content: bytes) -> None:
    from ingestion.log.durable import explained

    with explained("Writing", path):
        path.write_bytes(content)
