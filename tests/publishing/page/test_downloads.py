"""What is shown, as files; and that nothing but the page's own script runs."""

import csv
import gzip
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from unittest.mock import Mock
from urllib.request import urlopen

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page

from ingestion.errors import BusyError
from publishing.page.building import FILES, write_page
from publishing.page.marts import READ, read_mart
from publishing.page.serving import server
from publishing.publications.store import Publication
from tests.publishing.page.conftest import RELEASE_ID, Site, write_site
from tests.publishing.page.published import HOSTILE, marts, origin
from tests.publishing.page.studies import EP, LARGE, Study

Visit = Callable[..., Page]
KEY = {"dimension": "trust", "stratum_id": "US/age/55+", "estimator": EP, "weighting": "none"}
ADDRESS = "#dimension=trust&stratum=US/age/55%2B&weighting=none"
MOST_BYTES = 300_000


def test_the_csv_file_holds_what_is_shown(site: Site, visit: Visit) -> None:
    page = visit(site.address + ADDRESS)
    with page.expect_download() as download:
        page.locator("#csv").click()
    name = download.value.suggested_filename
    assert name == "SIMULATED-US_age_55+-trust-trueskill_ep-none.csv"
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    board = site.board(**KEY)
    assert len(rows) == len(board)
    for row, cell in zip(rows, board, strict=True):
        assert {key: row[key] for key in KEY} == KEY
        for column in ("rank", "rank_lo", "rank_hi", "model_id", "battle_count", "is_provisional"):
            assert row[column].lower() == str(cell[column]).lower()
        for column in ("p_best", "win_share", "win_share_lo", "win_share_hi"):
            assert float(row[column]) == round(cell[column], 2)
        assert row["provisional_reason"] == (cell["provisional_reason"] or "")
        assert row["is_simulated"] == "true"
    assert any(row["display_name"] == HOSTILE for row in rows)


def publication(directory: Path) -> Publication:
    """A publication of made-up marts, with all the files that a page links to."""
    directory.mkdir()
    made = marts(Study()) | origin(RELEASE_ID, is_simulated=True)
    for name, rows in made.items():
        nothing = pa.table({column: pa.array([], pa.string()) for column in READ[name]})
        table = pa.Table.from_pylist([{**row, **READ[name]} for row in rows]) if rows else nothing
        pq.write_table(table, directory / f"{name}.parquet")
    for name in set(FILES) - {"rpt_leaderboard.parquet"}:
        (directory / name).write_text(f"the publication's {name}", "utf-8")
    manifest = {
        "release_id": RELEASE_ID,
        "log_position": 4,
        "recorded_at": "2025-09-03",
        "valid_until": None,
        "tables": [],
    }
    (directory / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return Publication(directory)


@pytest.mark.parametrize("can_link", [True, False])
def test_files_of_the_publication_are_beside_the_page(
    tmp_path: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch, *, can_link: bool
) -> None:
    if not can_link:
        monkeypatch.setattr(os, "link", Mock(side_effect=OSError("another file system")))
    published, site = publication(tmp_path / RELEASE_ID), tmp_path / "site"
    site.mkdir()
    summaries = [read_mart(published.directory, "rpt_board_summary")]
    write_page(site, published, [published], published.name, summaries)
    page = visit((site / "index.html").as_uri())
    links = page.eval_on_selector_all("a[download]", "all => all.map(a => a.getAttribute('href'))")
    assert sorted({Path(link).name for link in links}) == sorted(FILES)
    for link in links:
        original = published.directory / Path(link).name
        assert (site / link).read_bytes() == original.read_bytes()


def test_only_the_pages_own_script_runs(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(site.address)
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'broken'";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "https://example.invalid/x.png";
            document.body.append(image);
        }"""
    )
    page.wait_for_timeout(50)
    assert page.title() != "broken"
    assert len(refused) == 2
    assert all("Content Security Policy" in message for message in refused)
    page.close()


def test_sixty_models_fit_into_the_size_promised(tmp_path: Path) -> None:
    html = (write_site(tmp_path, LARGE, is_simulated=True).directory / "index.html").read_bytes()
    assert len(gzip.compress(html, 9)) <= MOST_BYTES


def test_the_site_is_served_to_this_machine_alone(site: Site) -> None:
    with server(site.directory, 0) as serving:
        host, port = serving.server_address[:2]
        assert host == "127.0.0.1"
        thread = Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        with urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert b"Whose favourite model?" in answer.read()
        with pytest.raises(BusyError, match=r"--port"):
            server(site.directory, int(port))
        serving.shutdown()
        thread.join()
