"""`demoscope log push` and `log pull`: a log at an object store, and this machine's copy of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, existing_home, print_json, say
from publishing.counted import counted

if TYPE_CHECKING:
    from ingestion.log import EventLog
    from ingestion.log.store_repair import Repaired
    from ingestion.log.verification import Verification


def push(
    url: Annotated[
        str | None,
        typer.Argument(metavar="URL", help="s3://BUCKET/PREFIX, gs://, az:// or file:///DIR."),
    ] = None,
    *,
    as_json: AS_JSON = False,
) -> None:
    """Move this log to an object store, of which log/ is a copy from then on.

    For a log that lies at one already, without URL: put back what was lost or damaged there, and
    delete what was erased or what dead writers left.
    """
    from ingestion.log.layout import Layout
    from ingestion.log.store_repair import push as push_log

    home = Home.from_environment()
    home.require_writable()
    _print(push_log(Layout(home.log), url), "put there", as_json=as_json)


def pull(*, as_json: AS_JSON = False) -> None:
    """Fetch what this copy of the log lacks, or has damaged, from the object store."""
    from ingestion.log import EventLog
    from ingestion.log.store_repair import pull as pull_log

    home = existing_home()
    home.require_writable()
    _print(pull_log(EventLog.open(home.log)), "fetched again", as_json=as_json)


def compare(log: EventLog, report: Verification) -> None:
    """Add to a report what the store has otherwise than this copy; every object is read."""
    from ingestion.log.store_repair import differences

    if log.layout.store is not None:
        findings, notes = differences(log, log.layout.store, is_read=True)
        report.findings += findings
        report.notes += notes


def _print(done: Repaired, what: str, *, as_json: bool) -> None:
    if as_json:
        document = {"store": done.url, "commit_count": done.commit_count}
        print_json(document | {"files": list(done.files)})
        return
    files = counted(len(done.files), "file")
    say(f"The log lies at {done.url}: {counted(done.commit_count, 'commit')}; {files} {what}.")
