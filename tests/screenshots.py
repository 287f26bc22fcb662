"""Pictures for the documentation, of the page in a warehouse: `make screenshots`.

What stays out: whether the page is right (tests/orchestration/site).
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from ingestion.paths import Home
from orchestration.site.building import site_of
from tests.orchestration.site.conftest import FLAGS

VIEW = {"width": 1200, "height": 1010}


def main() -> None:
    """Write `page.png` into a directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    chosen = parser.parse_args()
    page = site_of(Home.from_environment().site)
    chromium = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        tab = browser.new_page(viewport={"width": VIEW["width"], "height": VIEW["height"]})
        tab.goto(page.as_uri())
        tab.screenshot(path=chosen.out / "page.png")
        browser.close()


if __name__ == "__main__":
    main()
