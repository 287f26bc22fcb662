"""`demoscope witness`: sign other people's checkpoints if they continue what was seen before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import IntegrityError, UsageError
from orchestration.cli.output import put, put_file, say

if TYPE_CHECKING:
    from ingestion.log.checkpoint import Verifier
    from ingestion.log.witness import WitnessServer

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Sign checkpoints of other people's logs."
)

STATE = Annotated[
    Path, typer.Option("--state", help="Folder of the key and of what was seen.", file_okay=False)
]
NAME = Annotated[str, typer.Option(help="The name this witness signs under: your domain.")]
LOG_KEY = Annotated[
    list[Path],
    typer.Option(help="Public key of a log; repeatable.", exists=True, dir_okay=False),
]


@app.command()
def key(*, state: STATE, name: NAME) -> None:
    """Print the public key for a policy; the private one is made on first use."""
    from ingestion.log.checkpoint import signing_key
    from ingestion.log.cosignature import witness_key

    put(str(witness_key(name, signing_key(state))))


@app.command()
def sign(
    request: Annotated[
        Path,
        typer.Argument(help="What `log prove-consistency` wrote.", exists=True, dir_okay=False),
    ],
    *,
    state: STATE,
    name: NAME,
    log_key: LOG_KEY,
) -> None:
    """Sign one checkpoint from a file, and print the line to put under it."""
    from ingestion.log.witness import CONFLICT, MOST_BYTES, OK

    witness = _witness(state, name, log_key)
    with request.open("rb") as file:
        answer = witness.add_checkpoint(file.read(MOST_BYTES + 1))
    if answer.status == CONFLICT:
        message = (
            f"This witness has seen {answer.text.strip()} commits; the request starts elsewhere."
        )
        remedy = "demoscope log prove-consistency --size SEEN"
        raise IntegrityError(message, remedy=remedy)
    if answer.status != OK:
        raise IntegrityError(answer.text.strip())
    put_file(answer.text)


@app.command()
def serve(
    *,
    state: STATE,
    name: NAME,
    log_key: LOG_KEY,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8800,
) -> None:
    """Sign checkpoints that are sent to this machine's own address, until interrupted."""
    from ingestion.log.witness import LOOPBACK, http_server

    server = http_server(_witness(state, name, log_key), port)
    say(f"Witness {name} at http://{LOOPBACK}:{server.server_port}; Ctrl-C ends it.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("Ended.")
    finally:
        server.server_close()


def _witness(state: Path, name: str, log_keys: list[Path]) -> WitnessServer:
    from ingestion.log.checkpoint import read_public_key, signing_key
    from ingestion.log.cosignature import witness_key
    from ingestion.log.witness import WitnessServer

    key = signing_key(state)
    itself = witness_key(name, key)
    logs: dict[str, Verifier] = {}
    for path in log_keys:
        log = read_public_key(path)
        if log.key == itself.key:
            message = f"{path} is the public half of this witness's own key, in {state}."
            remedy = (
                "A log is no witness of itself: --state is a folder apart from the log's vault."
            )
            raise UsageError(message, remedy=remedy)
        if log.name in logs:
            message = f"{path}: there are two logs of one name, {log.name}."
            raise UsageError(message, remedy="Name each key once.")
        logs[log.name] = log
    return WitnessServer(name, key, state, tuple(logs.values()))
