"""What `demoscope doctor` asks of the files of a home, beyond what is checked before it is used.

Each check says in a sentence what is well, or raises an error that names the files and the way
back. Nothing is changed, and nothing is put in its place.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import DemoscopeError, IntegrityError, UsageError
from ingestion.paths import OTHERS, STORE_VARIABLE
from publishing.counted import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.paths import Home

SHOWN = 5
"""So many faults of one kind are named; the others are counted."""
OTHERS_WRITE, OTHERS_LIST = 0o022, 0o066
DELETE = "If no command is running, delete each: rm -r FILE. Nothing is read from them."
HALF_WRITTEN = (
    "*.partial",
    "ratings/*.partial",
    "log/FORMAT.*",
    "boards/.*",
    "boards/*/.*",
    "marts/.unfinished-*",
    "marts/.going-*",
    ".site.*",
)
"""What a command writes before it gives a file its name, beside what `leftovers` clears."""


def whole_log(home: Home) -> str:
    """Every byte of the log, and that nothing knows of more than it holds."""
    from ingestion.log.layout import Layout
    from ingestion.log.verification import verify
    from orchestration.evidence import REMEDY, loss

    layout = Layout(home.log)
    is_there = layout.format.exists() or bool(layout.last_seq())
    if is_there and (findings := (found := verify(layout)).findings):
        remedy = "Restore each from a backup: docs/operations.md, A damaged log."
        _refuse([str(finding) for finding in findings], remedy)
    if lost := loss(home):
        raise IntegrityError(f"{lost}.", remedy=REMEDY)
    if is_there and found.notes:
        _refuse([str(note) for note in found.notes], DELETE)
    if not is_there:
        return "empty"
    return f"position {found.commit_count}, {found.event_count:,} events: whole"


def log_store(home: Home) -> str:
    """The store that the log lies at can hold one, and has all of it by names and lengths."""
    from ingestion.log import EventLog
    from ingestion.log.layout import Layout
    from ingestion.log.object_store import ObjectStore
    from ingestion.log.shared import bound_to
    from ingestion.log.store_repair import differences

    url = bound_to(Layout(home.log)) or os.environ.get(STORE_VARIABLE)
    if not url:
        return "none: the log lies on this disk"
    store = ObjectStore(url)
    store.probe()
    if not (home.log / "FORMAT").exists():
        return f"{store.url} can hold a log; this machine has no copy yet"
    log = EventLog.open(home.log)
    findings, notes = differences(log, store, is_read=False)
    _refuse([str(one) for one in findings], "From a copy that is whole: demoscope log push")
    _refuse([str(one) for one in notes], "What nobody knows: look into it, then delete it.")
    return f"{store.url} has all of the log by names and lengths; log verify reads it"


def checkpoint_key(home: Home) -> str:
    """The key that signs checkpoints is the one whose public half was handed out."""
    from ingestion.log.checkpoint import KEY_FILE, read_public_key, signing_key, verifier_of

    private, public = home.vault / KEY_FILE, home.log_public_key
    if not public.exists():
        if private.exists():
            _refuse([f"{public} is missing"], "Run: demoscope log checkpoint")
        return "none yet; run: demoscope log checkpoint"
    try:
        said = read_public_key(public)
    except UsageError as error:
        remedy = "Delete it, then run: demoscope log checkpoint"
        raise IntegrityError(f"{public} is damaged: {error.message}", remedy=remedy) from error
    restore = (
        "Restore it from a backup made after the first checkpoint: demoscope vault restore FILE"
        " --replace"
    )
    if not private.exists():
        _refuse([f"{private} is missing, but {public} was handed out"], restore)
    if verifier_of(said.name, signing_key(home.vault)).key != said.key:
        wrong = f"{private} is not the key of {public}: one of them was replaced"
        _refuse([wrong], f"{restore}. If the key is right, delete the public half of another one.")
    return str(public)


def signing(home: Home) -> str:
    """Where the current release is signed, its key is at hand."""
    from publishing.boards import store
    from publishing.boards.statement import KEY_FILE, KEY_VARIABLE, configured

    if configured(home.vault) is not None:
        return "releases are signed"
    if (home.boards / store.CURRENT / store.ENVELOPE_FILE).exists():
        wrong = f"The current release is signed, but {home.vault / KEY_FILE} is missing"
        _refuse([wrong], f"Restore it: demoscope vault restore FILE; or set {KEY_VARIABLE}.")
    return "releases are not signed"


def releases(home: Home) -> str:
    """Every kept release and study design is what its name says, and one is current."""
    from publishing.boards import checking, store
    from publishing.boards.designs import damaged_designs

    kept = [path for path in home.boards.glob("[0-9a-f]*") if store.ID.fullmatch(path.name)]
    wrong = _of_pointer(home.boards, store.CURRENT, kept if home.database.exists() else [])
    for directory in sorted(kept):
        findings = checking.check(store.Release(directory)).findings
        wrong += [f"{directory}: {finding}" for finding in findings]
    wrong += [f"{path} is not the design its name says" for path in damaged_designs(home.boards)]
    remedy = (
        "Build again: demoscope build writes such a file anew; an older release is built by"
        " demoscope build --as-of, or restored from a backup."
    )
    _refuse(wrong, remedy)
    return f"{len(kept)} kept, each what its id says"


def shown(home: Home) -> str:
    """What readers are led to is a publication of this home, and each has its manifest."""
    from publishing.publications import store

    there = [path for path in home.marts.glob("[0-9a-f]*") if store.is_name(path.name)]
    wrong = _of_pointer(home.marts, store.CURRENT, there)
    missing = (path / store.MANIFEST_FILE for path in there)
    wrong += [f"{path} is missing" for path in missing if not path.exists()]
    _refuse(wrong, "Publish again: demoscope publish")
    return f"{home.marts / store.CURRENT}" if there else "none yet"


def page(home: Home) -> str:
    """The page is there, unless none was made."""
    from publishing.page.replacing import cut_off

    if (old := cut_off(home.site)) is not None:
        wrong = f"{home.site} is missing: a command was killed while it replaced {old}"
        _refuse([wrong], "Build it again: demoscope site build")
    return str(home.site) if home.site.exists() else "none yet"


def ratings_files(home: Home) -> str:
    """Ratings are as the rating step wrote them."""
    from orchestration.own_caches import SUFFIX, is_own

    rows = {*home.ratings.glob("*.parquet")}
    codes = home.ratings.glob(f"*{SUFFIX}")
    rows |= {path.with_name(path.name.removesuffix(SUFFIX)) for path in codes}
    wrong = [
        f"{path} is not what the last build wrote"
        for path in sorted(rows)
        if not is_own(home.root, path)
    ]
    _refuse(wrong, "Build again: demoscope build")
    return f"{len(rows)} files" if rows else "none yet"


def loads(home: Home) -> str:
    """Records of loads and their quarantined rows can be read, and agree."""
    from orchestration.load_report import RESTORE, read_report

    wrong, quarantined, count = [], {}, 0
    for path in sorted(home.loads.glob("*.json")):
        count += 1
        try:
            said = read_report(path)
        except IntegrityError as error:
            wrong.append(error.message)
            continue
        parts = (said.accepted_count, said.duplicate_count, said.quarantined_count)
        by_type = sum(said.accepted_by_event_type.values())
        is_sum = said.row_count == sum(parts) and said.accepted_count == by_type
        quarantined[said.load_id] = said.quarantined_count
        if said.load_id != path.stem or not is_sum:
            wrong.append(f"{path} was changed: its name or its counts do not fit together")
    for path in sorted(home.quarantine.glob("*.parquet")):
        rows = _row_count(path)
        if rows is None or quarantined.get(path.stem, rows) != rows:
            wrong.append(f"{path} cannot be read or has other rows than its load refused")
    _refuse(wrong, RESTORE)
    return f"{count} records"


def quarantine(home: Home) -> str:
    """Refused rows are those that the log has accounts of."""
    from expectations.accounts import UNRECORDED, check, unrecorded
    from ingestion.log import EventLog
    from orchestration.load_report import recorded_counts

    if not (home.log / "FORMAT").exists():
        return "none yet"
    try:
        log = EventLog.open(home.log)
    except DemoscopeError:
        return "not compared: the log cannot be opened"
    is_here = home.quarantine.is_dir() or home.vault.is_dir()
    recorded = recorded_counts(home.loads)
    findings, notes = check(log, home.quarantine, home.loads, recorded, is_here=is_here)
    remedy = "Restore quarantine/ from a backup. The log has no copy of refused rows."
    if any(Path(finding.path).parent == home.loads for finding in findings):
        remedy = f"{remedy} Restore loads/ likewise."
    _refuse([str(finding) for finding in findings], remedy)
    planted = unrecorded(log, home.quarantine, recorded)
    remedy = "Restore loads/ from a backup, or look into the file and delete it."
    _refuse([f"{path}: {UNRECORDED}" for path in planted], remedy)
    rows = sum(said.rows for _, said in log.refused.values())
    words = f"{rows:,} refused rows in the log's accounts"
    return f"{words}; {counted(len(notes), 'file')} not in them" if notes else words


def incoming(home: Home) -> str:
    """Providers can be read, and landing/ holds files and folders of its own."""
    from ingestion.sources.providers import read_providers

    providers = read_providers(home.sources)
    wrong = [
        f"{path} is no file of its own: it leads elsewhere or is a device"
        for path in (home.landing, *sorted(home.landing.rglob("*")))
        if path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir()))
    ]
    _refuse(wrong, "Put a copy of the file there instead, or delete it.")
    return f"{len(providers)} signed sources"


def rights(home: Home) -> str:
    """Others can neither read what is private nor change what is published."""
    private = [path for root in home.private for path in (root, *root.rglob("*"))]
    public = [root for root in (home.marts, home.site) if root.exists()]
    written = [home.sources, home.log_public_key]
    written += [path for root in public for path in (root, *root.rglob("*"))]
    readable = [path for path in private if _mode(path) & OTHERS]
    writable = [path for path in written if _mode(path) & OTHERS_WRITE]
    wrong = [f"others can reach {path}" for path in sorted(readable)]
    wrong += [f"others can change {path}" for path in sorted(writable)]
    if _mode(home.root) & OTHERS_LIST:
        wrong.append(f"others can list or change {home.root}")
    if wrong:
        folders = " ".join(sorted({str(path) for path in home.private if path.exists()}))
        commands = [f"chmod -R go= {folders}"] if folders else []
        commands += [f"chmod -R go-w {home.root}", f"chmod go-r {home.root}"]
        _refuse(wrong, f"Run: {'; '.join(commands)}")
    return "private files are their owner's alone"


def leftovers(home: Home) -> str:
    """Nothing is left of a command that was killed: it may hold what was erased since."""
    from orchestration.leftovers import left_dead
    from publishing.page.replacing import cut_off

    found = {path for pattern in HALF_WRITTEN for path in home.root.glob(pattern)}
    found |= {*left_dead(home)}
    found -= {cut_off(home.site)}  # `page` says what to do with it
    _refuse([f"{path} was left half written" for path in sorted(found)], DELETE)
    return "none"


def _of_pointer(directory: Path, name: str, there: Sequence[Path]) -> list[str]:
    """What is wrong with the link to what is current."""
    link = directory / name
    if not os.path.lexists(link):
        return [f"{link} is missing, but there is something to show"] if there else []
    if not link.exists():
        return [f"{link} leads to {link.readlink()}, which is not there"]
    if link.is_dir() and not link.is_symlink():
        return [f"{link} is no link; delete it first (chmod -R u+w {link}; rm -r {link})"]
    if not link.is_symlink() or link.resolve().parent != directory.resolve():
        return [f"{link} leads out of {directory}"]
    return []


def _row_count(path: Path) -> int | None:
    """How many rows a Parquet file has; None where it cannot be read."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            rows: int = file.read().num_rows
    except (OSError, ValueError, pa.ArrowException):
        return None
    return rows


def _mode(path: Path) -> int:
    """Who may do what; of a link, nothing: what it leads to decides."""
    return 0 if path.is_symlink() or not path.exists() else path.stat().st_mode & 0o777


def _refuse(wrong: Sequence[str], remedy: str) -> None:
    if not wrong:
        return
    message = listed([one.rstrip(".") for one in wrong], SHOWN, "; ")
    raise DemoscopeError(f"{message}.", remedy=remedy)
