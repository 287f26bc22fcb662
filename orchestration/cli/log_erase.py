"""`demoscope log erase`: destroy what links a participant to the log and what they said there.

What stays out: the erasure (ingestion/log/erasure.py) and deleting what was made of the log
(orchestration/erasure_cleanup.py).
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
    "Still to be done by hand (docs/erasure.md): build again; destroy backups of vault/{also};"
    " delete source files in landing/ and elsewhere."
)
ALSO = " and log/; export again where the log was exported"


def erase(
    subject: Annotated[str, typer.Argument(help="The source's own id of the participant.")],
    *,
    source: Annotated[str | None, typer.Option(help="Whose id it is.")] = None,
    level: Annotated[
        int, typer.Option(help="1: destroy the secrets; 2: erase the rows as well.")
    ] = 1,
    retract: Annotated[
        bool, typer.Option("--retract", help="Level 1: retract every event of theirs as well.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: it cannot be undone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Erase a participant for good; every hash, root and signature of the log still holds."""
    from ingestion.log import EventLog  # imports pyarrow
    from ingestion.log.erasure import erase as erase_subject
    from ingestion.log.erasure import find_subject, require_level
    from orchestration.erasure_cleanup import delete_leftovers, require_idle

    require_level(level, is_retracted=retract)
    home = Home.from_environment()
    log = EventLog.open(home.log)
    found = find_subject(log, home.vault, subject, source)
    if not yes:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in found.events.items())
        message = (
            f"This would erase, for good, a participant of {found.source} with"
            f" {listed or 'an erasure that was cut off'}, and delete the database."
        )
        raise UsageError(message, remedy="Add --yes to do it.")
    require_idle(home)
    done = erase_subject(log, home.vault, found, level=level, is_retracted=retract)
    deleted = delete_leftovers(home)
    refused = _mentions(home.quarantine, subject)
    if as_json:
        print_json(
            {
                "level": level,
                "source": found.source,
                "log_position": done.seq,
                "event_count": done.events,
                "retracted_count": done.retracted,
                "redacted_count": done.redacted,
                "deleted": [path.name for path in deleted],
                "quarantine_mentions": refused,
            }
        )
        return
    if level == 1:
        say(f"Erased: {done.events:,} events are nobody's now, {done.retracted:,} are retracted.")
    else:
        say(f"Erased: {done.redacted:,} events have nothing left but their ids and types.")
    for path in deleted:
        say(f"Deleted: {path.name}")
    if refused:
        say(f"{refused:,} rows in quarantine/ mention this id: delete their files.")
    say(REMAINS.format(also=ALSO if level > 1 else ""))


def _mentions(quarantine: Path, native_id: str) -> int:
    """Refused rows that hold the id in their original content."""
    import duckdb

    if not any(quarantine.glob("*.parquet")):
        return 0
    pattern = str(quarantine / "*.parquet").replace("'", "''")
    query = f"select count(*) from read_parquet('{pattern}') where contains(original, ?)"  # noqa: S608
    with duckdb.connect() as connection:
        return int(connection.execute(query, [native_id]).fetchall()[0][0])
