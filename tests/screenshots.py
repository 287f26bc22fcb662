"""Pictures for the documentation, of what is in a warehouse: `make screenshots`.

`page.png` is the page; `dagster-board.png` and `dagster-lineage.png` are Dagster's, served on the
loopback address for as long as it takes, after one run of its job `build`.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from ingestion.paths import Home
from publishing.page.building import site_of
from tests.publishing.page.conftest import FLAGS

VIEW = {"width": 1200, "height": 1010}
DEFINITIONS = ("-m", "orchestration.definitions")
SECONDS = 60
DAGSTER = {
    "dagster-board.png": "/assets/board?view=overview",
    "dagster-lineage.png": "/asset-groups",
}


def take(browser: Browser, address: str, path: Path, wait_ms: int = 0) -> None:
    """A picture of what an address shows."""
    tab = browser.new_page(viewport={"width": VIEW["width"], "height": VIEW["height"]})
    tab.goto(address)
    tab.wait_for_timeout(wait_ms)
    tab.screenshot(path=path)
    tab.close()


@contextmanager
def dagster(home: Home) -> Iterator[str]:
    """Dagster's pages of a warehouse, which it has built once."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"DAGSTER_HOME": str(home.dagster)}
    shutil.copy(Path("orchestration", "dagster.yaml"), home.dagster)
    job = [sys.executable, "-m", "dagster", "job", "execute", *DEFINITIONS, "-j", "build"]
    subprocess.run(job, env=environment, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dagster_webserver", *DEFINITIONS, "-h", "127.0.0.1"]
    with subprocess.Popen([*command, "-p", str(port)], env=environment) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(SECONDS):
                try:
                    urllib.request.urlopen(f"{address}/server_info").close()  # noqa: S310 - loopback
                    break
                except OSError:
                    time.sleep(1)
            yield address
        finally:
            server.terminate()


def main() -> None:
    """Write the pictures into a directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    chosen = parser.parse_args()
    home = Home.from_environment()
    chromium = shutil.which("chromium")
    with dagster(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        take(browser, site_of(home.site).as_uri(), chosen.out / "page.png")
        for name, path in DAGSTER.items():
            take(browser, address + path, chosen.out / name, wait_ms=15_000)
        browser.close()


if __name__ == "__main__":
    main()
