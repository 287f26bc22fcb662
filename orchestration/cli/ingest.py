"""`demoscope ingest`: files through the gate into the log."""

from __future__ import annotations

import atexit
import json
import shlex
import shutil
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import DemoscopeError, UsageError
from ingestion.paths import Home
from ingestion.sources.bounds import Bounds, size_in_bytes
from ingestion.sources.remote import is_remote
from orchestration.cli.output import AS_JSON, print_json, put, say
from orchestration.cli.progress import counting
from orchestration.cli.settings import settings
from publishing.counted import counted
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expectations.gate import Gate
    from orchestration.cli.settings import Settings
    from orchestration.load_report import LoadReport
    from orchestration.loading import DryRun
    from orchestration.updating import Updates


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files of events.")],
    mapping: Annotated[
        str | None, typer.Option(help="Preset name or YAML file; none for native event files.")
    ] = None,
    is_native: Annotated[
        bool, typer.Option("--native", help="No mapping, whatever demoscope.toml says.")
    ] = False,
    source: Annotated[str | None, typer.Option(help="Name of the source, part of each id.")] = None,
    max_bad_share: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Refuse the file above this share of bad rows; 0.2, or three rows, unless given.",
        ),
    ] = None,
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Read, check and report; write nothing.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update", help="Correct battles that the log has otherwise under the same id."
        ),
    ] = False,
    signature: Annotated[
        Path | None, typer.Option(help="The file's minisign signature; else FILE.minisig.")
    ] = None,
    across_sources: Annotated[
        bool,
        typer.Option("--across-sources", help="Let it speak for other sources, of their events."),
    ] = False,
    max_unpacked: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="How much a file may unpack to, such as 4G."),
    ] = None,
    max_row: Annotated[
        str, typer.Option(metavar="SIZE", help="How long one row may be, unpacked.")
    ] = "16M",
    max_idle: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to read without a row.")
    ] = 300,
    as_json: AS_JSON = False,
) -> None:
    """Bring files through the gate into the event log."""
    from expectations.gate import Gate, Permit
    from orchestration.dry_run import first_rows
    from orchestration.load_report import GateRefusalError

    _require_consistent(is_dry=is_dry, update=update, is_native=is_native, mapping=mapping)
    _require_preset(mapping)
    defaults = settings()
    source = source or defaults.source
    bounds = Bounds(
        max_unpacked=None if max_unpacked is None else size_in_bytes(max_unpacked),
        max_row=size_in_bytes(max_row),
        max_idle=max_idle,
    )
    permit = Permit(is_across=across_sources, signature=signature, bounds=bounds)
    home = Home.from_environment()
    dry_run = _begun(home, paths, is_dry=is_dry)
    loads = []
    worst: DemoscopeError | None = None
    for path in paths:
        own = None if is_native else mapping or _by_default(defaults, path)
        gate = Gate(max_bad_share=max_bad_share, permit=permit)
        try:
            report = _brought(path, own, source, gate, dry_run, is_update=update)
        except GateRefusalError as refused:
            report = refused.report
            worst = refused
            say(f"error: {refused}")
        except DemoscopeError as error:
            worst = error
            say(f"error: {error}")
            continue
        load = report.as_json()
        if dry_run is not None:
            first = first_rows(path, own, source, bounds, dry_run.cache)
            load |= {"is_dry_run": True, "new": dry_run.new.as_json(), "first_rows": first}
        loads.append(load)
        if not as_json:
            _summary(report)
            _understood(load.get("first_rows", []), dry_run)
    if as_json:
        print_json({"loads": loads})
    if worst is not None:
        raise typer.Exit(worst.exit_code)


def _require_preset(mapping: str | None) -> None:
    """Say which preset was probably meant; what else is wrong with a mapping, its reader says."""
    from ingestion.sources.mapping import mapping_names

    if mapping is None or mapping in mapping_names() or Path(mapping).exists():
        return
    if meant := did_you_mean(mapping, mapping_names()):
        message = f"There is no mapping called {mapping!r}. {meant.rstrip()}"
        remedy = "For a mapping of your own give its path: --mapping ./mine.yml"
        raise UsageError(message, remedy=remedy)


def _require_consistent(
    *, is_dry: bool, update: bool, is_native: bool, mapping: str | None
) -> None:
    if is_dry and update:
        raise UsageError(
            "--dry-run and --update do not go together.",
            remedy="A dry run counts changed rows as conflicting_duplicate.",
        )
    if is_native and mapping is not None:
        raise UsageError("--native and --mapping do not go together.", remedy="Use one of them.")


def _by_default(defaults: Settings, path: str) -> str | None:
    """The mapping that demoscope.toml gives a file."""
    mapping = defaults.mapping_for(path)
    if mapping is not None:
        say(f"{path}: by the mapping {mapping}, as {defaults.path} says")
    return mapping


def _begun(home: Home, paths: list[str], *, is_dry: bool) -> DryRun | None:
    from orchestration.loading import DryRun

    if is_dry:
        return DryRun(home, _scratch() if any(map(is_remote, paths)) else None)
    return None


@contextmanager
def _saying_where(home: Home) -> Iterator[None]:
    """Say it where a load made the warehouse, whatever became of the file: it may be mistyped."""
    was_there = home.log.exists() or home.vault.exists()
    try:
        yield
    finally:
        if not was_there and (home.log.exists() or home.vault.exists()):
            say(f"new warehouse in {home.root}")


def _scratch() -> Path:
    """A directory that is gone when the command ends."""
    path = tempfile.mkdtemp(prefix="demoscope-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def _brought(
    path: str,
    mapping: str | None,
    source: str | None,
    gate: Gate,
    dry_run: DryRun | None,
    *,
    is_update: bool,
) -> LoadReport:
    # These import pyarrow and DuckDB.
    from orchestration.loading import load_file, update_file

    home = Home.from_environment()
    if is_update:
        show = partial(_show_updates, path)
        with _saying_where(home):
            return update_file(home, path, show, mapping=mapping, source_name=source, gate=gate)
    bring = partial(load_file, home) if dry_run is None else dry_run.bring
    with _saying_where(home), counting(path, path) as shown:
        return bring(
            path,
            mapping=mapping,
            source_name=source,
            gate=gate,
            progress=shown,
        )


def _show_updates(path: str, updates: Updates) -> None:
    """What is about to be corrected: counts by column, and the first few rows."""
    count = len(updates.changed)
    if not count:
        return
    columns = ", ".join(f"{name} {number:,}" for name, number in updates.columns.items())
    say(f"{path}: {counted(count, 'changed row')}; each becomes a correction of what the log has.")
    say(f"  by column: {columns}")
    for line in updates.examples():
        say(f"  {line}")


def _what_was_refused(report: LoadReport) -> None:
    """Examples of refused rows, and what can be done about them."""
    from orchestration.load_report import example_lines, remedies

    for line in example_lines(report.examples):
        put(f"    {line}")
    for remedy in remedies(report):
        put(f"    {remedy}")


def _summary(report: LoadReport) -> None:
    """Rows, accepted, duplicates, quarantined by reason: what a person wants to know."""
    load = report.as_json()
    put(f"{report.file}: {report.status.replace('_', ' ')}")
    for label, name in (
        ("rows", "row_count"),
        ("held back" if report.status == "refused" else "accepted", "accepted_count"),
        ("duplicates", "duplicate_count"),
        ("quarantined", "quarantined_count"),
    ):
        put(f"  {label:<12} {load[name]:>12,}")
    for reason, count in report.quarantined_by_reason.items():
        put(f"    {reason:<22} {count:>10,}")
    if report.set_aside_count:
        put(f"  {'set aside':<12} {report.set_aside_count:>12,}  (records that are no events)")
    if report.status != "refused":
        # The error has said all this of a load that was refused whole.
        _what_was_refused(report)
        for warning in report.warnings:
            put(f"  warning: {warning}")
    if report.corrected_count:
        put(f"  {report.corrected_count:,} of the accepted are corrections of what the log has.")
    if report.retracted_count:
        put(
            f"  {report.retracted_count:,} of the duplicates were retracted and stay so."
            " A mistaken load is taken back by `demoscope log undo`."
        )
    for line in _where_it_went(report):
        put(f"  {line}")


def _where_it_went(report: LoadReport) -> Iterator[str]:
    """Where the refused rows of a load lie, and where in the log the others are."""
    if report.status in {"committed", "nothing_new"} and report.quarantined_count:
        yield from _where_refused(report)
    if report.status == "nothing_new" and _is_repeated(report):
        yield f"This file was loaded already, as log position {report.position}: nothing was added."
        return
    if report.status == "nothing_new":
        yield "Every row that the gate let through was in the log already: nothing was added."
    if report.position is not None:
        yield f"log position {report.position}"


def _is_repeated(report: LoadReport) -> bool:
    """Whether an earlier load committed this very file."""
    from orchestration.load_report import earlier_report

    names = [report.load_id.partition("-")[2]]
    return earlier_report(Home.from_environment().loads, report.batch_id, names) is not None


def _where_refused(report: LoadReport) -> list[str]:
    """Where the refused rows lie, and a command that shows them."""
    directory = Home.from_environment().quarantine
    # Of a file that was loaded before, they lie where that load put them.
    kept = sorted(directory.glob(f"*-{report.load_id.partition('-')[2]}.parquet"))
    path = directory / f"{report.load_id}.parquet"
    path = path if path.exists() or not kept else kept[-1]
    shown = '.project("row_number, reason, refused_column, original").show()'
    code = f"import duckdb; duckdb.read_parquet({json.dumps(str(path))}){shown}"
    return [f"refused rows: {path}", f"to see them: python -c {shlex.quote(code)}"]


def _understood(rows: list[dict[str, object]], dry_run: DryRun | None) -> None:
    """What a dry run found that the log does not have, and how it understood the first rows."""
    if dry_run is None:
        return
    for line in dry_run.new.lines():
        put(f"  {line}")
    for row in rows:
        put(f"  is read as: {json.dumps(row, default=str, ensure_ascii=False)}")
    put("  nothing was written")
