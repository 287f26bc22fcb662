"""`demoscope log`: what the log holds, whether it is whole, and what is done with it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import IntegrityError, UsageError
from ingestion.paths import Home
from ingestion.visible_text import visible
from orchestration.cli.choices import require_choice
from orchestration.cli.log_store import compare, pull, push
from orchestration.cli.output import (
    AS_JSON,
    AS_OF,
    FORMAT,
    Format,
    existing_home,
    home_hint,
    print_json,
    print_rows,
    put,
    say,
)
from orchestration.cli.proofs import (
    CHECKPOINT,
    PUBLIC_KEY,
    checkpoint,
    held_checkpoint,
    prove,
    prove_consistency,
    verify_proof,
    witnessed,
)
from orchestration.cli.undo import undo
from publishing.counted import counted

if TYPE_CHECKING:
    from ingestion.log import Commit, EventLog
    from ingestion.log.verification import Verification
    from orchestration.cli.output import Columns

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Look into the event log and check that it is whole.",
)
for command in (undo, checkpoint, prove, verify_proof, prove_consistency, push, pull):
    app.command()(command)
COMMIT_FIELDS = (
    "seq", "recorded_at", "batch_id", "event_count", "hash", "event_types", "compacted_file_count",
    "redacted_file_count", "refused_row_count",
)  # fmt: skip
ENVELOPE = ("position", "commit_seq", "recorded_at", "event_type", "event_id")
NOT_SHOWN = {*ENVELOPE, "schema_version"}
REMAINS = (
    "Still to be done by hand (docs/erasure.md): build again; destroy backups of vault/{also};"
    " delete source files in landing/ and elsewhere."
)
ELSEWHERE = "Give the same command on every other machine that has this log and a vault."
ALSO = " and log/; export again where the log was exported"

COMMITS: Columns = {
    ">seq": "{seq}",
    "recorded_at": "{recorded_at}",
    ">event_count": "{event_count:,}",
    "event_types": lambda row: ", ".join(row["event_types"]),
    "hash": lambda row: row["hash"][:12],
}


@app.command()
def events(
    source: Annotated[str | None, typer.Option(help="Name of the source.")] = None,
    native_id: Annotated[
        list[str] | None, typer.Option(help="The source's own id; once per part of a composite id.")
    ] = None,
    participant_id: Annotated[str | None, typer.Option(help="The source's own id.")] = None,
    event_id: Annotated[str | None, typer.Option(help="Id in the log, or its beginning.")] = None,
    event_type: Annotated[str | None, typer.Option(help="battle_judged, ...")] = None,
    dimension: Annotated[str | None, typer.Option(help="What was judged.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A model that takes part; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    output: FORMAT = Format.TABLE,
) -> None:
    """Find events and what is about them: their ids, positions and content."""
    from ingestion.vocabulary import EventType
    from orchestration.event_search import Search, find_events

    require_choice("event type", event_type, EventType)
    search = Search(
        source=source,
        native_id=native_id or (),
        participant_id=participant_id,
        event_id=event_id,
        event_type=None if event_type is None else EventType(event_type),
        dimension=dimension,
        models=model or (),
    )
    found = [_plain(row) for row in find_events(existing_home(), search, limit=limit)]
    if output is not Format.TABLE or not found:
        print_rows(
            "events", found, output, {}, nothing="No such event is in the log.",
            fields=lambda: ENVELOPE,
        )  # fmt: skip
        return
    for row in found:
        content = ", ".join(f"{name} {visible(row[name])}" for name in row if name not in NOT_SHOWN)
        where = f"position {row['position']}, log position {row['commit_seq']}"
        put(f"{row['event_id']}  {row['event_type']}\n    {where}; {content}")
    if len(found) >= limit:
        say(f"{counted(limit, 'event')} at most; --limit shows more.")


@app.command()
def export(
    kind: Annotated[str, typer.Argument(metavar="delta|iceberg", help="Which tables.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to.")],
    *,
    as_of: AS_OF = None,
    as_json: AS_JSON = False,
) -> None:
    """Register the log's Parquet files as one table per event type, for other engines."""
    from ingestion.log.export import ExportFormat
    from ingestion.log.export import export as export_log
    from publishing.boards.inputs import resolve

    require_choice("format of tables", kind, ExportFormat)
    home, log = _opened()
    position = resolve(home.boards, log, as_of, None).log_position
    tables: list[dict[str, Any]] = [
        {
            "event_type": str(table.event_type),
            "path": str(table.path),
            "rows": table.rows,
            "files": len(table.files),
        }
        for table in export_log(log, directory, ExportFormat(kind), position)
    ]
    if as_json:
        document = {"format": kind, "directory": str(directory.resolve())}
        print_json(document | {"log_position": position, "tables": tables})
        return
    rows, files = (sum(table[name] for table in tables) for name in ("rows", "files"))
    say(
        f"{len(tables)} {kind} tables in {directory}: {rows:,} events in {files:,} files, as of"
        f" log position {position}. The log stays the truth: `demoscope log verify` checks it."
    )


@app.command()
def compact(*, as_json: AS_JSON = False) -> None:
    """Merge small segments into large files, in a commit that adds no event.

    Positions, times and rows stay what they are, and so do the segments: what is as of an earlier
    position is read from them, and proofs lead to them.
    """
    from dataclasses import asdict

    from ingestion.log.compaction import compact as compact_log

    done = compact_log(_opened()[1])
    if as_json:
        print_json({"log_position": done.seq, "merged": [asdict(one) for one in done.merged]})
        return
    if not done.merged:
        say("Nothing is worth merging.")
    for one in done.merged:
        say(
            f"{one.event_type}: {one.files:,} files with {one.rows:,} events are one now"
            f" ({one.bytes_before:,} bytes, {one.bytes_after:,})"
        )


@app.command()
def erase(
    subject: Annotated[str, typer.Argument(help="The source's own id of the participant.")],
    *,
    source: Annotated[str | None, typer.Option(help="Whose id it is.")] = None,
    level: Annotated[int, typer.Option(help="1: destroy secrets; 2: erase rows as well.")] = 1,
    retract: Annotated[
        bool, typer.Option("--retract", help="Level 1: retract every event of theirs as well.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it: it cannot be undone.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Erase a participant for good; every hash, root and signature of the log still holds."""
    from ingestion.log import erasure_journal
    from ingestion.log.erasure import erase as erase_subject
    from ingestion.log.erasure import (
        erased_before,
        erasure_commit,
        find_subject,
        require_level,
    )
    from ingestion.log.vault_binding import require_vault
    from orchestration.database import erasure_cleanup, require_idle
    from orchestration.erased_content import account_for_erased, blank_mentions
    from orchestration.leftovers import clear

    require_level(level, is_retracted=retract)
    home, log = _opened()
    require_vault(log, home.vault, may_be_unfinished=True)
    found = find_subject(log, home.vault, subject, source)
    before = erased_before(log, home.vault, found)
    if before is not None:
        # The same event as then: it is in the log, and only the vault has something to lose.
        level = max(level, before.level)
        say(
            f"This participant was erased at level {before.level}, at log position {before.seq}:"
            " the log has no event of theirs, and nothing is left to erase. An old vault that was"
            " put back links them again; --yes cuts the link."
        )
    if not yes:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in found.events.items())
        if before is not None:
            listed = "no event left"
        message = (
            f"This would erase, for good, a participant of {found.source} with"
            f" {listed or 'an erasure that was cut off'}, and delete the database."
        )
        raise UsageError(message, remedy="Add --yes to do it.")
    require_idle(home)
    deleted: list[str] = []
    blanked: list[int] = []
    was_cut_off = bool(erasure_journal.unfinished(home.vault))

    def clean() -> None:
        deleted.extend(path.name for path in (*erasure_cleanup(home), *clear(home)))
        counts = blank_mentions(home, subject)
        blanked.append(sum(counts.values()))
        seq = erasure_commit(log, found)
        account_for_erased(log, home.quarantine, seq, None if was_cut_off else counts)

    done = erase_subject(
        log,
        home.vault,
        found,
        level=level,
        is_retracted=retract,
        cleanup=clean,
    )
    if as_json:
        print_json(
            {
                "level": level,
                "erased_before_position": None if before is None else before.seq,
                "source": found.source,
                "log_position": done.seq,
                "event_count": done.events,
                "retracted_count": done.retracted,
                "redacted_count": done.redacted,
                "deleted": deleted,
                "quarantine_mentions": blanked[0],
            }
        )
        return
    anonymous = f"{done.events:,} events are nobody's now, {done.retracted:,} are retracted."
    emptied = f"{done.redacted:,} events have nothing left but their ids and types."
    if before is None:
        say(f"Erased: {anonymous if level == 1 else emptied}")
    else:
        say("The link is cut: the vault does not know this participant any more.")
    for name in deleted:
        say(f"Deleted: {name}")
    if blanked[0]:
        say(f"Blanked: {counted(blanked[0], 'row')} of quarantine/ that mentioned this id")
    say(REMAINS.format(also=ALSO if level > 1 else ""))
    if log.layout.store is not None:
        say(ELSEWHERE)


@app.command()
def show(*, output: FORMAT = Format.TABLE) -> None:
    """List the commits, oldest first."""
    commits = [_as_json(commit) for commit in _opened()[1].commits()]
    nothing = f"Nothing was loaded: demoscope ingest PATH. {home_hint()}"
    print_rows("commits", commits, output, COMMITS, nothing=nothing, fields=lambda: COMMIT_FIELDS)


@app.command()
def verify(
    *,
    checkpoint: CHECKPOINT = None,
    public_key: PUBLIC_KEY = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Witnesses that must have signed it.", exists=True, dir_okay=False),
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Check every commit, segment and row; with a checkpoint also that it is the same log.

    Kept boards, publications and loads are compared with it too: they say what it held; and refused
    rows in quarantine with what commits say of them. Of a log at an object store, every object
    there is read as well. With a policy also that witnesses signed the checkpoint. Exit code 5
    where something is not whole.
    """
    from orchestration.evidence import REMEDY, loss

    home = existing_home()
    held = None if checkpoint is None else held_checkpoint(home, checkpoint, public_key)
    seen_by = witnessed(checkpoint, policy, public_key or home.log_public_key)
    lost = loss(home)
    if lost is not None and not home.log.exists():
        raise IntegrityError(f"{lost}.", remedy=REMEDY)
    log = _opened()[1]
    report = log.verify(held)
    compare(log, report)
    if lost is not None:
        report.add(home.log, f"{lost}. {REMEDY}")
    _check_quarantine(home, report)
    if as_json:
        print_json(
            {
                "is_whole": report.is_ok,
                "commit_count": report.commit_count,
                "event_count": report.event_count,
                "erased_event_count": report.redacted_count,
                "head_hash": report.head_hash,
                "checkpoint_commit_count": None if held is None else held.size,
                "witnesses": seen_by,
                "findings": [str(finding) for finding in report.findings],
                "notes": [str(note) for note in report.notes],
            }
        )
    else:
        line = f"{counted(report.commit_count, 'commit')}, {counted(report.event_count, 'event')}: "
        line += "whole" if report.is_ok else "NOT whole"
        if report.redacted_count:
            line += f", {report.redacted_count:,} of them erased"
        if held is not None:
            line += f", compared with a checkpoint of {counted(held.size, 'commit')}"
        if seen_by:
            signed = ", ".join(f"{name} ({time})" for name, time in seen_by.items())
            line += f" that {signed} signed"
        put(line)
        for finding in (*report.findings, *report.notes):
            put(f"  {finding}")
        if not report.commit_count:
            say(f"Nothing was loaded. {home_hint()}")
    if not report.is_ok:
        raise typer.Exit(IntegrityError.exit_code)


def _check_quarantine(home: Home, report: Verification) -> None:
    """Refused rows are those that the log has accounts of; a copy of the log alone has none."""
    from expectations.accounts import check
    from ingestion.log import EventLog
    from orchestration.load_report import recorded_counts

    if report.findings:
        return  # what the log says of them cannot be relied on
    is_here = home.quarantine.is_dir() or home.vault.is_dir()
    findings, notes = check(
        EventLog.open(home.log),
        home.quarantine,
        home.loads,
        recorded_counts(home.loads),
        is_here=is_here,
    )
    report.findings += findings
    report.notes += notes


def _opened() -> tuple[Home, EventLog]:
    from ingestion.log import EventLog  # imports pyarrow

    home = existing_home()
    return home, EventLog.open(home.log)


def _as_json(commit: Commit) -> dict[str, Any]:
    return {
        "seq": commit.seq,
        "recorded_at": commit.recorded_text,
        "batch_id": commit.batch_id,
        "event_count": commit.event_count,
        "hash": commit.hash,
        "event_types": sorted({segment.event_type for segment in commit.segments}),
        "compacted_file_count": len(commit.compacted),
        "redacted_file_count": len(commit.redacted),
        "refused_row_count": sum(account.rows for account in commit.refused),
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON has them, the envelope first, nulls left out."""
    ordered = {name: row[name] for name in ENVELOPE} | row
    return {
        name: value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
        for name, value in ordered.items()
        if value is not None
    }
