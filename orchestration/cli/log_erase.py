"""`demoscope log erase`: destroy what links a participant to the log and what they said there.

What stays out: the erasure (ingestion/log/erasure.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import UsageError
from ingestion.paths import Home
from orchestration.cli.output import print_json, say

if TYPE_CHECKING:
    from pathlib import Path

REMAINS = (
    "Still to be done by hand (docs/erasure.md): delete demoscope.duckdb and build again, so"
    " that the warehouse forgets; destroy backups of vault/; delete source files in landing/"
    " and elsewhere."
)


def erase(
    subject: Annotated[str, typer.Argument(help="The source's own id of the participant.")],
    *,
    source: Annotated[str | None, typer.Option(help="Whose id it is.")] = None,
    level: Annotated[int, typer.Option(help="1: destroy the secrets.")] = 1,
    retract: Annotated[
        bool, typer.Option("--retract", help="Retract every event of theirs as well.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: it cannot be undone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Erase a participant for good; every hash, root and signature of the log still holds."""
    from ingestion.log import EventLog  # imports pyarrow
    from ingestion.log.erasure import erase as erase_subject
    from ingestion.log.erasure import find_subject

    if level != 1:
        message = f"Erasure level {level} is not there: nothing was changed."
        raise UsageError(message, remedy="Level 1 is; docs/erasure.md says what it does.")
    home = Home.from_environment()
    log = EventLog.open(home.log)
    found = find_subject(log, home.vault, subject, source)
    if not yes:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in found.events.items())
        message = f"This would erase, for good, a participant of {found.source} with {listed}."
        raise UsageError(message, remedy="Add --yes to do it.")
    done = erase_subject(log, home.vault, found, is_retracted=retract)
    refused = _mentions(home.quarantine, subject)
    if as_json:
        print_json(
            {
                "level": level,
                "source": found.source,
                "log_position": done.seq,
                "event_count": done.events,
                "retracted_count": done.retracted,
                "quarantine_mentions": refused,
            }
        )
        return
    say(f"Erased: {done.events:,} events are nobody's now, {done.retracted:,} are retracted.")
    if refused:
        say(f"{refused:,} rows in quarantine/ mention this id: delete their files.")
    say(REMAINS)


def _mentions(quarantine: Path, native_id: str) -> int:
    """Refused rows that hold the id in their original content."""
    import duckdb

    if not any(quarantine.glob("*.parquet")):
        return 0
    pattern = str(quarantine / "*.parquet").replace("'", "''")
    query = f"select count(*) from read_parquet('{pattern}') where contains(original, ?)"  # noqa: S608
    with duckdb.connect() as connection:
        return int(connection.execute(query, [native_id]).fetchall()[0][0])
