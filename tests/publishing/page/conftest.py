"""One browser for the tests of a module, and sites of made-up marts to visit with it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from publishing.page.marts import Rows
from publishing.page.page_data import page_data
from publishing.page.rendering import method_page, page
from tests.publishing.page.published import marts, older_summary, origin
from tests.publishing.page.studies import Study

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RELEASE_ID = "0123456789ab" + "c" * 52
NAMES = {"home": "index.html", "method": "method.html", "files": "data/0123456789ab"}
DESKTOP, MOBILE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@dataclass(frozen=True)
class Site:
    """A site on disk, and the marts it was made of."""

    directory: Path
    marts: dict[str, Rows]

    @property
    def address(self) -> str:
        """Of its page, without a server."""
        return (self.directory / "index.html").as_uri()

    def board(self, **key: str) -> Rows:
        """Rows of a leaderboard, best first."""
        rows = [
            row
            for row in self.marts["rpt_leaderboard"]
            if all(row[name] == value for name, value in key.items())
        ]
        return sorted(rows, key=lambda row: row["rank"])


def write_site(directory: Path, study: Study, *, is_simulated: bool) -> Site:
    """A site of a made-up study."""
    made = marts(study) | origin(RELEASE_ID, is_simulated=is_simulated)
    editions = [
        {"release_id": "f" * 64, "label": "1 July 2025", "href": "older.html", "is_shown": False},
        {
            "release_id": RELEASE_ID,
            "label": "3 September 2025",
            "href": "index.html",
            "is_shown": True,
        },
    ]
    data = page_data(made, editions, [older_summary(made), made["rpt_board_summary"]])
    html = page(data, NAMES)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "index.html").write_text(html, "utf-8")
    (directory / "older.html").write_text(html, "utf-8")
    (directory / "method.html").write_text(method_page(data, NAMES), "utf-8")
    return Site(directory, made)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A simulated study of three questions and two countries."""
    return write_site(tmp_path_factory.mktemp("site"), Study(), is_simulated=True)


@pytest.fixture(scope="session")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Real votes on one question, nothing known of who voted."""
    study = Study(dimensions=("overall",), groups={}, is_weighted=False)
    return write_site(tmp_path_factory.mktemp("small"), study, is_simulated=False)


# For a module and no longer: while Playwright runs, Dagster cannot run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address; no test may make the page fetch anything or log an error."""
    opened, complaints, requests = [], [], []

    def visit(address: str, viewport: dict[str, int] = DESKTOP, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": viewport["width"], "height": viewport["height"]}, **options
        )
        opened.append(context)
        tab = context.new_page()
        tab.set_default_timeout(15_000)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", lambda dialog: complaints.append(dialog.message))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(address)
        return tab

    yield visit
    for context in opened:
        context.close()
    assert not complaints
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:file:"))] == []
