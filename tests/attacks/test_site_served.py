"""`site serve` gives the site's own files to its own reader, and nothing else of the machine."""

import os
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest

from publishing.page.building import HOME_PAGE
from publishing.page.replacing import MARK
from publishing.page.serving import server
from tests.attacks.test_foreign_pages import FOREIGN

SECRET = b"a key\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "data" / "0123").mkdir(parents=True)
    (site / MARK).touch()
    (site / HOME_PAGE).write_bytes(b"<p>page</p>")
    (site / "data" / "0123" / "marts.csv").write_bytes(b"a,b\n")
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / HOME_PAGE).write_bytes(SECRET)
    return site


@pytest.fixture
def port(site: Path) -> Iterator[int]:
    with server(site, 0) as serving:
        Thread(target=serving.serve_forever, daemon=True).start()
        yield serving.server_port
        serving.shutdown()


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_its_files_are_served(port: int) -> None:
    assert get(port, "/") == (200, b"<p>page</p>")
    assert get(port, f"/{HOME_PAGE}?board=1") == (200, b"<p>page</p>")
    assert get(port, "/data/0123/marts.csv") == (200, b"a,b\n")
    assert get(port, "/", {"host": f"localhost:{port}", "sec-fetch-site": "none"})[0] == 200


@pytest.mark.parametrize("path", ["/data", "/data/", "/data/0123/", "//data/", "/./data/%2e"])
def test_no_directory_is_listed(port: int, path: str) -> None:
    status, said = get(port, path)
    assert status == 404
    assert b"marts.csv" not in said


@pytest.mark.parametrize(
    "path", ["/../vault/index.html", "/%2e%2e/vault/index.html", "/..%2fvault/index.html", "/a%00b"]
)
def test_no_path_leads_out(port: int, path: str) -> None:
    assert get(port, path)[0] == 404


def test_no_link_leads_out(site: Path, port: int) -> None:
    vault = site.parent / "vault"
    (site / "file.html").symlink_to(vault / HOME_PAGE)
    (site / "folder").symlink_to(vault)
    (site / "circle").symlink_to("circle")
    os.mkfifo(site / "pipe")
    for path in ("file.html", f"folder/{HOME_PAGE}", "folder/", "folder", "circle", "pipe"):
        status, said = get(port, f"/{path}")
        assert status == 404
        assert SECRET not in said
    (site / HOME_PAGE).unlink()
    assert get(port, "/")[0] == 404
    (site / HOME_PAGE).symlink_to(vault / HOME_PAGE)
    assert get(port, "/")[0] == 404


def test_a_link_within_is_a_file_like_another(site: Path, port: int) -> None:
    (site / "again.csv").symlink_to("data/0123/marts.csv")
    assert get(port, "/again.csv") == (200, b"a,b\n")


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_foreign_request_is_answered(port: int, headers: dict[str, str]) -> None:
    own = {"host": f"127.0.0.1:{port}"}
    status, said = get(port, "/", {**own, **headers})
    assert status == 403
    assert f"Open http://127.0.0.1:{port}/ instead.".encode() in said
    assert b"page</p>" not in said


def test_it_listens_on_this_machine_only(site: Path) -> None:
    with server(site, 0) as serving:
        assert serving.server_address[0] == "127.0.0.1"
