"""`demoscope log checkpoint|prove|verify-proof`: what a log says of itself, for others to hold."""

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
    from ingestion.log.checkpoint import Checkpoint, Verifier

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
    note, made, verifier = _signed(home, EventLog.open(home.log), origin)
    if out is not None:
        _write(out, note)
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
    try:
        note = _signed(home, log, None)[0] if checkpoint is None else checkpoint.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{checkpoint} is not a checkpoint.") from error
    proof = prove_event(log, event_id, note, is_shown=not hide_content).decode()
    if out is None:
        sys.stdout.write(proof)
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
    from ingestion.log.checkpoint import read_public_key
    from ingestion.log.event_proof import verify_event_proof

    proven = verify_event_proof(proof.read_bytes(), read_public_key(public_key))
    commit, held = proven.commit, proven.checkpoint
    if as_json:
        recorded = {"seq": commit.seq, "recorded_at": commit.recorded_text, "hash": commit.hash}
        size_and_root = {"commit_count": held.size, "root": held.root.hex()}
        print_json(
            {
                "is_proven": True,
                "event": proven.event,
                "is_content_shown": proven.is_shown,
                "position": proven.position,
                "commit": recorded,
                "checkpoint": {"origin": held.origin, **size_and_root},
            }
        )
        return
    print(  # noqa: T201 (the command's output)
        f"Proven: event {proven.event['event_id']} has position {proven.position}, recorded"
        f" {commit.recorded_text} by commit {commit.seq} of {held.size} in {held.origin}."
    )
    for name, value in sorted(proven.event.items()):
        print(f"    {name}: {value}")  # noqa: T201


def held_checkpoint(home: Home, path: Path, public_key: Path | None) -> Checkpoint:
    """A checkpoint that was kept elsewhere, its signature checked.

    Raises:
        UsageError: there is no key to check it with.
        IntegrityError: the signature does not hold.
    """
    from ingestion.log.checkpoint import Checkpoint, open_note, read_public_key

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
    from ingestion.log.checkpoint import publish, read_public_key, sign, signing_key, verifier_of

    if origin is None and home.log_public_key.exists():
        origin = read_public_key(home.log_public_key).name
    made = log.checkpoint(origin)
    key = signing_key(home.vault)
    verifier = verifier_of(made.origin, key)
    publish(home.log_public_key, verifier)
    return sign(made.encode(), made.origin, key), made, verifier


def _write(path: Path, content: str) -> None:
    from ingestion.log.durable import explained

    with explained("Writing", path):
        path.write_text(content, encoding="utf-8")
