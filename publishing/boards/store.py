"""Releases on disk: `boards/<release_id>/`, written once, and `boards/current`.

    board.json            the canonical form; its SHA-256 is the release's id
    leaderboard.parquet   the same rows, for reading quickly
    statement.json        what it was made from, and by what (statement.py)
    statement.dsse.json   the statement signed, where a key is configured

Canonical form: RFC 8785 JSON of `{"schema_version", "subject", "columns", "rows"}`, rows sorted by
key, every number an integer. `subject` names what the release is a function of: log position and
head hash, cut in valid time, study design, estimators and parameters. It names neither time,
machine nor code, so the same log gives the same id anywhere; what made it is in the statement.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ingestion.errors import IntegrityError, NotFoundError, UsageError
from ingestion.json_object import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

    from publishing.boards.statement import Signer

SCHEMA_VERSION = 1
KEY = ("weighting", "stratum_id", "dimension", "estimator", "model_id")
CURRENT = "current"
CANONICAL_FILE = "board.json"
ROWS_FILE = "leaderboard.parquet"
STATEMENT_FILE = "statement.json"
ENVELOPE_FILE = "statement.dsse.json"
# Columns of earlier releases that have another name today.
RENAMED = {
    "winshare_micro": "win_share_micro",
    "winshare_lo_micro": "win_share_lo_micro",
    "winshare_hi_micro": "win_share_hi_micro",
}
ID = re.compile("[0-9a-f]{64}")
_PREFIX = re.compile("[0-9a-f]{8,64}")


@dataclass(frozen=True)
class Release:
    """All boards of one build, as they are kept in a directory named by the release's id."""

    directory: Path

    @property
    def id(self) -> str:
        """SHA-256 of its canonical form, lower-case hexadecimal; `release_id` in files and JSON."""
        return self.directory.name

    @cached_property
    def predicate(self) -> dict[str, Any]:
        """What its statement says: `board`, `log`, `made_by`, `made_at`.

        Raises:
            IntegrityError: the statement cannot be read.
        """
        path = self.directory / STATEMENT_FILE
        try:
            predicate: dict[str, Any] = parse_object(path.read_bytes())["predicate"]
            predicate["board"]["log_position"], predicate["made_at"]  # what every caller needs
            predicate["log"].keys(), predicate["made_by"].keys()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path} is damaged: {error!r}."
            raise IntegrityError(message, remedy="Run: demoscope boards show") from error
        return predicate

    @property
    def subject(self) -> dict[str, Any]:
        """What it is a function of."""
        subject: dict[str, Any] = self.predicate["board"]
        return subject

    @property
    def has_signature(self) -> bool:
        """Whether there is a signature of its statement; checking.signature checks whose."""
        return (self.directory / ENVELOPE_FILE).exists()

    def rows(self) -> pa.Table:
        """A row per KEY, numbers in micro-units, under the names that the release has."""
        # Without pyarrow.dataset, whose import costs more than reading.
        from pyarrow.parquet import ParquetFile

        with ParquetFile(self.directory / ROWS_FILE) as file:
            rows: pa.Table = file.read()
        return rows


def under_todays_names(rows: pa.Table) -> pa.Table:
    """A release's rows, whichever version made it."""
    return rows.rename_columns([RENAMED.get(name, name) for name in rows.column_names])


def under_names_of(rows: pa.Table, columns: Collection[str]) -> pa.Table:
    """Rows made today under the names of an earlier release that has these columns."""
    earlier = {today: name for name, today in RENAMED.items() if name in columns}
    return rows.rename_columns([earlier.get(name, name) for name in rows.column_names])


def canonical(subject: dict[str, Any], rows: pa.Table) -> bytes:
    """A release's canonical bytes (RFC 8785).

    Of integers, text, booleans and null under plain names, Python's own encoder makes the same, in
    a tenth of the time of one that knows all of the RFC.

    Args:
        subject: what the release is a function of; integers, text, booleans and null only.
        rows: one row per KEY, integers, text and booleans only.
    """
    rows = ordered(rows)
    document = {
        "schema_version": SCHEMA_VERSION,
        "subject": subject,
        "columns": rows.column_names,
        "rows": [list(row) for row in zip(*rows.to_pydict().values(), strict=True)],
    }
    said = json.dumps(
        document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return said.encode()


def ordered(rows: pa.Table) -> pa.Table:
    """Rows by key: the one order a release has."""
    return rows.sort_by([(name, "ascending") for name in KEY])


def identity(content: bytes) -> str:
    """The id of a release of this canonical form: lower-case hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


def keep(
    boards: Path,
    subject: dict[str, Any],
    rows: pa.Table,
    provenance: dict[str, Any],
    signer: Signer | None = None,
    warn: Callable[[str], None] = lambda _repaired: None,
) -> Release:
    """Keep a release under its id. Files that are there already are left as they are.

    A statement gives way to one that `signer` signs, and to one that says something else of the
    published tables or the study: the same release was built again by other code. Files that are
    missing or were changed since are put back, as the id is the hash of what was built: `warn` is
    called with a sentence for each that was changed.
    """
    import pyarrow.parquet as pq

    from publishing.boards.checking import check
    from publishing.boards.statement import statement

    rows = ordered(rows)
    content = canonical(subject, rows)
    release = Release(boards / identity(content))
    directory = release.directory
    directory.mkdir(parents=True, exist_ok=True)
    for path in _changed(release, content, rows):
        path.unlink()
        warn(f"{path} was changed since it was written; it was written again.")
    if not (directory / CANONICAL_FILE).exists():
        _replace(directory / CANONICAL_FILE, content)
    if not (directory / ROWS_FILE).exists():
        temporary = directory / f".{secrets.token_hex(4)}"
        pq.write_table(rows, temporary, compression="zstd")
        temporary.replace(directory / ROWS_FILE)
    # The statement comes last: a directory without one is not a release yet.
    statement_path = directory / STATEMENT_FILE
    is_changed = statement_path.exists() and bool(check(release).findings)
    if is_changed:
        warn(f"{statement_path} or its signature was changed; both were written again.")
    if is_changed or not _is_said(release, provenance, signer):
        said = statement(release.id, subject, provenance)
        (directory / ENVELOPE_FILE).unlink(missing_ok=True)
        _replace(statement_path, said)
        if signer is not None:
            _replace(directory / ENVELOPE_FILE, signer.envelope(said))
    return Release(directory)


def _is_said(release: Release, provenance: dict[str, Any], signer: Signer | None) -> bool:
    """Whether the statement that is there says the same of the build, and the signer signed it."""
    from publishing.boards.statement import ABOUT, CLAIMED, TABLES

    statement, envelope = (release.directory / name for name in (STATEMENT_FILE, ENVELOPE_FILE))
    if not statement.exists():
        return False
    if signer is not None and not signer.has_signed(statement.read_bytes(), envelope):
        return False
    try:
        said = release.predicate
    except IntegrityError:
        return False
    is_known = all(
        name not in provenance or provenance[name] == said.get(name)
        for name in (TABLES, ABOUT, CLAIMED)
    )
    # Without the key, what was signed stays: somebody vouches for it.
    return is_known or (signer is None and release.has_signature)


def _changed(release: Release, content: bytes, rows: pa.Table) -> list[Path]:
    """Files of a release that are there and do not hold what its id is the hash of."""
    path, table = release.directory / CANONICAL_FILE, release.directory / ROWS_FILE
    found = [path] if path.exists() and path.read_bytes() != content else []
    return found + ([table] if table.exists() and not _holds(release, rows) else [])


def _holds(release: Release, rows: pa.Table) -> bool:
    try:
        return bool(release.rows().equals(rows))
    except (OSError, ValueError):
        return False


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{secrets.token_hex(4)}")
    temporary.write_bytes(content)
    temporary.replace(path)


def make_current(boards: Path, release: Release) -> None:
    """Point `current` at a release, in one step. Raises as `require_link`."""
    require_link(boards / CURRENT, "demoscope build")
    temporary = boards / f".current.{secrets.token_hex(4)}"
    temporary.symlink_to(release.id)
    temporary.replace(boards / CURRENT)


def require_link(link: Path, again: str) -> None:
    """Refuse a directory in the place of a link; `again` is the command that makes the link.

    Raises:
        IntegrityError: the home was copied without its links.
    """
    if link.is_dir() and not link.is_symlink():
        message = f"{link} is no link: the home was copied by a program that follows links."
        remedy = f"Delete it (chmod -R u+w {link}; rm -r {link}), then run: {again}"
        raise IntegrityError(message, remedy=remedy)


def current(boards: Path) -> Release:
    """The release readers see.

    Raises:
        NotFoundError: nothing has been built yet.
        IntegrityError: as of `require_link`.
    """
    link = boards / CURRENT
    require_link(link, "demoscope build")
    if not (link / STATEMENT_FILE).exists():
        one = next(kept(boards), None)
        if one is not None:
            message = "Boards alone were built here, and no tables: `demoscope boards list`."
            remedy = (
                f"See some: demoscope leaderboard --as-of {one.id[:12]}. Build all: demoscope build"
            )
            raise NotFoundError(message, remedy=remedy)
        message = "There is no leaderboard yet."
        raise NotFoundError(message, remedy="Ingest something, then run: demoscope build")
    return Release(link.resolve())


def is_current(boards: Path, release: Release) -> bool:
    """Whether readers see a release; nobody does where no whole build was made."""
    return (boards / CURRENT).resolve() == release.directory.resolve()


def kept(boards: Path) -> Iterator[Release]:
    """Every release, by id."""
    for directory in sorted(boards.glob("[0-9a-f]*")):
        if ID.fullmatch(directory.name) and (directory / STATEMENT_FILE).exists():
            yield Release(directory)


def is_id(text: str) -> bool:
    """Whether a text may be a release's id or the beginning of one."""
    return _PREFIX.fullmatch(text) is not None


def by_id(boards: Path, text: str) -> Release:
    """The release whose id begins so; `current` for the one readers see.

    Raises:
        UsageError: it does not have the form of an id, or several begin so.
        NotFoundError: none does.
    """
    if text == CURRENT:
        return current(boards)
    if not is_id(text):
        message = f"{text!r} is not a release's id."
        raise UsageError(message, remedy="Give 8 or more of its hexadecimal digits.")
    found = [
        directory
        for directory in sorted(boards.glob(f"{text}*"))
        if ID.fullmatch(directory.name) and directory.is_dir()
    ]
    if not found:
        message = f"No release {text} is kept."
        raise NotFoundError(message, remedy="`demoscope boards list` names those that are.")
    if len(found) > 1:
        names = ", ".join(directory.name[:16] for directory in found)
        message = f"Several releases begin with {text}: {names}."
        raise UsageError(message, remedy="Give more digits.")
    return Release(found[0])


def find(boards: Path, wanted: Mapping[str, Any], signer: Signer | None = None) -> Release | None:
    """The kept release whose subject has these values, if there is exactly one.

    Where releases are signed, only one that `signer` has signed counts: who has no key could have
    put another one there. Of several by different code, the one that this code made is meant.
    """
    from publishing.boards.program import code_hash

    found = [one for one in kept(boards) if _is_wanted(one, wanted, signer)]
    if len(found) > 1:
        found = [one for one in found if one.predicate["made_by"]["code_sha256"] == code_hash()]
    return found[0] if len(found) == 1 else None


def _is_wanted(release: Release, wanted: Mapping[str, Any], signer: Signer | None) -> bool:
    if any(release.subject.get(name) != value for name, value in wanted.items()):
        return False
    statement = (release.directory / STATEMENT_FILE).read_bytes()
    return signer is None or signer.has_signed(statement, release.directory / ENVELOPE_FILE)
