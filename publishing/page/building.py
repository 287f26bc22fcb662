"""The site: a page per published board, the method, and the files to download."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.errors import NotFoundError, UsageError
from ingestion.log.durable import explained
from ingestion.paths import make_public, make_way
from publishing.boards.statement import configured
from publishing.dates import long_date, told_apart
from publishing.page.marts import READ, read_mart, read_marts
from publishing.page.page_data import page_data
from publishing.page.rendering import method_page, page
from publishing.page.replacing import MARK, new_site, put_back
from publishing.publications import store
from publishing.publications.checking import findings, require_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingestion.paths import Home
    from publishing.boards.statement import Signer
    from publishing.page.marts import Rows
    from publishing.publications.store import Publication

HOME_PAGE, METHOD_PAGE = "index.html", "method.html"
FILES = (
    "rpt_leaderboard.csv", "rpt_leaderboard.parquet", "demoscope.duckdb", "rpt_log_integrity.csv",
    "publication.csv", store.MANIFEST_FILE,
)  # fmt: skip
SHORT_ID = 12


def build_site(home: Home, out: Path, say: Callable[[str], None] = lambda _words: None) -> Path:
    """Write a page for every publication; the current one is `index.html`.

    Args:
        home: the warehouse, something in it published.
        out: a directory; an earlier site in it is replaced in one step.
        say: told which published boards have no page, and why.

    Returns:
        The page to open.

    Raises:
        NotFoundError: nothing is published yet.
        UsageError: `out` holds something that is not a site.
        IntegrityError: the current publication is not what was published.
        StorageError: the disk refused; the earlier site is there.
    """
    shown = store.current(home.marts)
    require_whole(home.boards, shown, configured(home.vault))
    put_back(out)
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        message = f"{out} holds other files."
        raise UsageError(message, remedy="Give another --out, or empty it first.")
    with explained("Writing the site in", out), new_site(out) as work:
        editions = list(_editions(home, shown, say))
        summaries = [read_mart(one.directory, "rpt_board_summary") for one in editions]
        for publication in editions:
            write_page(work, publication, editions, shown.name, summaries)
        for path in (work, *work.rglob("*")):
            make_public(path)
        if out == home.site:
            make_way(home.root)
    return out / HOME_PAGE


def write_page(
    directory: Path,
    publication: Publication,
    editions: list[Publication],
    current: str,
    summaries: list[Rows],
) -> None:
    """One publication's page and files; with the current one's, the method."""
    marts = read_marts(publication.directory)
    days = told_apart([_moment(one.manifest["recorded_at"]) for one in editions])
    listed = [
        _edition(one, day, current, is_shown=one.name == publication.name)
        for one, day in zip(editions, days, strict=True)
    ]
    data = page_data(marts, listed, summaries)
    files = f"data/{_short(publication)}"
    names = {"home": HOME_PAGE, "method": METHOD_PAGE, "files": files}
    (directory / _href(publication, current)).write_text(page(data, names), "utf-8")
    if publication.name == current:
        (directory / METHOD_PAGE).write_text(method_page(data, names), "utf-8")
    kept = directory / files
    kept.mkdir(parents=True)
    for name in FILES:
        _link(publication.directory / name, kept / name)


def _link(source: Path, target: Path) -> None:
    """The same file under another name, for a publication never changes; else a copy of it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _edition(publication: Publication, day: str, current: str, *, is_shown: bool) -> dict[str, Any]:
    manifest = publication.manifest
    until = manifest["valid_until"]
    label = day if until is None else f"{day}, votes until {long_date(_moment(until))}"
    if publication.name == current:
        label += " (latest)"
    return {
        "release_id": publication.release_id,
        "label": label,
        "href": _href(publication, current),
        "is_shown": is_shown,
    }


def _href(publication: Publication, current: str) -> str:
    return HOME_PAGE if publication.name == current else f"board-{_short(publication)}.html"


def _short(publication: Publication) -> str:
    """A release's id, shortened, and its number where it was published again."""
    release_id, _, number = publication.name.partition("-")
    return release_id[:SHORT_ID] + (f"-{number}" if number else "")


def _editions(home: Home, shown: Publication, say: Callable[[str], None]) -> Iterator[Publication]:
    """Published boards, oldest first, each as it was last published.

    A publication has no page if its board is no longer kept, if it is not what was published, or if
    older code made it without marts that the page needs. The current one always has a page.
    """
    signer = configured(home.vault)
    last: dict[str, Publication] = {}
    for one in store.published(home.marts):
        why = None if one.name == shown.name else _amiss(home, one, signer)
        if why is None:
            last[one.release_id] = one
        else:
            say(f"No page for {one.name[:SHORT_ID]}: {why}")
    last[shown.release_id] = shown
    yield from sorted(last.values(), key=lambda one: one.order)


def _amiss(home: Home, publication: Publication, signer: Signer | None) -> str | None:
    """Why a publication has no page; None where it has one."""
    if not (home.boards / publication.release_id).exists():
        return "the board is no longer kept."
    if found := findings(home.boards, publication, signer):
        return " ".join(found)
    missing = READ.keys() - {table["name"] for table in publication.manifest["tables"]}
    return f"the board was published without {min(missing)}." if missing else None


def site_of(out: Path) -> Path:
    """The page of a site that was built; one whose replacement was cut off is put back.

    Raises:
        NotFoundError: there is none.
    """
    put_back(out)
    if not (out / MARK).exists():
        message = f"There is no site in {out}."
        raise NotFoundError(message, remedy="Run: demoscope site build")
    return out / HOME_PAGE
