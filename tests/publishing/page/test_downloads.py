"""What is shown, as files; and that nothing but the page's own script runs."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page

from ingestion.errors import BusyError
from publishing.page.serving import server
from tests.publishing.page.conftest import Site, write_site
from tests.publishing.page.published import HOSTILE
from tests.publishing.page.studies import EP, LARGE

Visit = Callable[..., Page]
KEY = {"dimension": "trust", "stratum_id": "US/age/55+", "estimator": EP, "weighting": "none"}
ADDRESS = "#dimension=trust&stratum=US/age/55%2B&weighting=none"
MOST_BYTES = 300_000


def saved(page: Page, button: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator(button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_csv_and_parquet_hold_what_is_shown(site: Site, visit: Visit) -> None:
    page = visit(site.address + ADDRESS)
    board = site.board(**KEY)
    name, content = saved(page, "#csv")
    assert name == "SIMULATED-US_age_55+-trust-trueskill_ep-none.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    name, content = saved(page, "#parquet")
    assert name.endswith(".parquet")
    table = pq.read_table(io.BytesIO(content)).to_pylist()
    assert len(rows) == len(table) == len(board)
    for row, same, cell in zip(rows, table, board, strict=True):
        assert {key: same[key] for key in KEY} == KEY
        for column in ("rank", "rank_lo", "rank_hi", "model_id", "battle_count", "is_provisional"):
            assert same[column] == cell[column]
            assert row[column].lower() == str(cell[column]).lower()
        for column in ("skill", "skill_lo", "skill_hi", "p_best", "winshare"):
            assert same[column] == float(row[column]) == round(cell[column], 2)
        assert same["is_simulated"] is True
    assert any(row["display_name"] == HOSTILE for row in rows)


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
