"""Checkpoints and proofs of the log, made for somebody who holds nothing else of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import IntegrityError, UsageError
from ingestion.paths import Home
from ingestion.visible_text import visible
from orchestration.cli.output import AS_JSON, existing_home, print_json, put, put_file, say

if TYPE_CHECKING:
    from ingestion.log import EventLog
    from ingestion.log.checkpoint import Checkpoint, Verifier

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
    witness: Annotated[
        list[str] | None, typer.Option(help="Address of a witness to sign it too; repeatable.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            help="Policy that names the witnesses' keys: their signatures are checked.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Sign the log's size and root, to be kept where those who can write the log cannot."""
    from ingestion.log import EventLog
    from ingestion.log.checkpoint import KEY_FILE, open_note
    from ingestion.log.cosignature import Policy
    from orchestration.witnessing import cosigned

    if policy is not None and not witness:
        message = "A policy is about witnesses, and none is asked."
        raise UsageError(message, remedy="--witness URL")
    home = existing_home()
    is_first = not (home.vault / KEY_FILE).exists()
    log = EventLog.open(home.log)
    note, made, verifier = _signed(home, log, origin)
    trusted = () if policy is None else Policy.read(policy, verifier).witnesses
    for url in witness or ():
        note = cosigned(log, made.size, note, url, trusted)
    open_note(note.encode(), verifier)
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
        put_file(note)
    say(f"Public key, in {home.log_public_key}: {verifier}")
    if witness and policy is None:
        say("The witnesses' signatures were not checked: --policy FILE names their keys.")
    if is_first:
        say(
            f"{home.vault / KEY_FILE} was made: back up the vault again (demoscope vault backup"
            " FILE). Without this key no later checkpoint can be signed by the same name."
        )


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

    home = existing_home()
    log = EventLog.open(home.log)
    log.find_event(event_id)  # an unknown id is told before a key is made
    try:
        note = _signed(home, log, None)[0] if checkpoint is None else checkpoint.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{checkpoint} is not a checkpoint.") from error
    proof = prove_event(log, event_id, note, is_shown=not hide_content).decode()
    if out is None:
        put_file(proof)
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
    event = {name: value for name, value in proven.event.items() if value is not None}
    if as_json:
        recorded = {"seq": commit.seq, "recorded_at": commit.recorded_text, "hash": commit.hash}
        size_and_root = {"commit_count": held.size, "root": held.root.hex()}
        print_json(
            {
                "is_proven": True,
                "event": event,
                "is_content_shown": proven.is_shown,
                "position": proven.position,
                "commit": recorded,
                "checkpoint": {"origin": held.origin, **size_and_root},
            }
        )
        return
    put(
        f"Proven: event {event['event_id']} has position {proven.position}, recorded"
        f" {commit.recorded_text} by commit {commit.seq} of {held.size} in {held.origin}."
    )
    for name, value in sorted(event.items()):
        put(f"    {name}: {visible(value)}")


def prove_consistency(
    checkpoint: Annotated[
        Path, typer.Argument(help="A signed checkpoint of this log.", exists=True, dir_okay=False)
    ],
    *,
    size: Annotated[int, typer.Option(min=0, help="Commits of the older checkpoint.")],
    out: OUT = None,
) -> None:
    """Prove that a checkpoint continues an older one: what `witness sign` reads."""
    from ingestion.log import EventLog
    from ingestion.log.checkpoint import commit_tree
    from ingestion.log.witness import request_body

    home = existing_home()
    held = held_checkpoint(home, checkpoint, None)
    if size > held.size:
        message = f"{checkpoint} has {held.size} commits, fewer than {size}."
        raise UsageError(message, remedy="--size is that of the older one.")
    tree = commit_tree(EventLog.open(home.log), held.size)
    if tree.root != held.root:
        raise IntegrityError(f"{checkpoint} is of another log, or this one was changed.")
    body = request_body(size, tree.consistency(size), checkpoint.read_text("utf-8"))
    if out is None:
        put_file(body)
    else:
        _write(out, body)


def witnessed(checkpoint: Path | None, policy: Path | None, log_key: Path) -> dict[str, str]:
    """Which witnesses of a policy signed a checkpoint, and when (UTC).

    Raises:
        UsageError: there is no checkpoint to look at, or the policy cannot be read.
        IntegrityError: too few signed, or a signature does not hold.
    """
    from ingestion.log.checkpoint import read_public_key
    from ingestion.log.cosignature import Policy

    if policy is None:
        return {}
    if checkpoint is None:
        message = "A policy is about a checkpoint, and none is named."
        raise UsageError(message, remedy="--checkpoint FILE")
    times = Policy.read(policy, read_public_key(log_key)).signed(checkpoint.read_text("utf-8"))
    return {
        name: datetime.fromtimestamp(seconds, UTC).isoformat() for name, seconds in times.items()
    }


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
    from ingestion.log.checkpoint import (
        publish,
        read_public_key,
        require_own_key,
        sign,
        signing_key,
        verifier_of,
    )

    if home.log_public_key.exists():
        said = read_public_key(home.log_public_key)
        require_own_key(home.vault, said, home.log_public_key)
        origin = origin or said.name
    made = log.checkpoint(origin)
    key = signing_key(home.vault)
    verifier = verifier_of(made.origin, key)
    publish(home.log_public_key, verifier)
    return sign(made.encode(), made.origin, key), made, verifier


def _write(path: Path, content: str) -> None:
    from ingestion.log.durable import explained

    with explained("Writing", path):
        path.write_text(content, encoding="utf-8")
