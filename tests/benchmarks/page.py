"""The page with 60 models and 515 leaderboards: its size, and how soon it can be used.

In headless Chromium, from file://, best of several; CPU is that of the
page's main thread, by Chromium's own count.
"""

import gzip
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.publishing.page.conftest import FLAGS, write_site
from tests.publishing.page.studies import LARGE

REPEATS = 5


def main() -> None:
    """Print size and time."""
    with tempfile.TemporaryDirectory() as directory:
        site = write_site(Path(directory), LARGE, is_simulated=True)
        html = (site.directory / "index.html").read_bytes()
        print(f"page, 60 models: {len(gzip.compress(html, 9)) / 1e3:,.0f} kB gzipped", flush=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=list(FLAGS)
            )
            opened = [_opened(browser, site.address) for _ in range(REPEATS)]
            browser.close()
    wall, cpu = (min(times) for times in zip(*opened, strict=True))
    print(f"page, 60 models, usable: {wall:.2f} s ({cpu:.2f} s of CPU)", flush=True)


def _opened(browser: Browser, address: str) -> tuple[float, float]:
    """Seconds until the script has run, and CPU seconds of the page until then."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(address, wait_until="domcontentloaded")
    wall = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    metrics = session.send("Performance.getMetrics")["metrics"]
    cpu = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
    page.close()
    return wall / 1000, cpu


if __name__ == "__main__":
    main()
