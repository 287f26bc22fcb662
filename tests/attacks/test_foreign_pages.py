"""A page of another site can't use the servers of this machine through a reader's browser."""

from collections.abc import Iterator

import pytest
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from orchestration.ui import FORBIDDEN, GuardedWebserver
from publishing.own_requests import why_foreign

PORT = 3000
OWN = f"http://127.0.0.1:{PORT}"
ASKED = {"query": "{ __typename }"}
ANSWERED = {"data": {"__typename": "Query"}}
FOREIGN: dict[str, dict[str, str]] = {
    "name": {"host": "evil.example"},
    "name with the port": {"host": f"evil.example:{PORT}"},
    "name that begins like ours": {"host": f"localhost.evil.example:{PORT}"},
    "other port": {"host": "127.0.0.1:8000"},
    "no port": {"host": "127.0.0.1"},
    "no name": {"host": ""},
    "origin": {"origin": "http://evil.example"},
    "origin on another port": {"origin": "http://127.0.0.1:8000"},
    "origin by our other name": {"origin": f"http://localhost:{PORT}"},
    "origin that begins like ours": {"origin": f"{OWN}.evil.example"},
    "origin over TLS": {"origin": f"https://127.0.0.1:{PORT}"},
    "origin of a file": {"origin": "null"},
    "other site": {"sec-fetch-site": "cross-site"},
    "other port of this site": {"sec-fetch-site": "same-site"},
    "site in capitals": {"sec-fetch-site": "CROSS-SITE"},
}


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Dagster's UI as `make ui` serves it, without a code location."""
    with (
        DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as context,
    ):
        app = GuardedWebserver(context, PORT).create_asgi_app()
        with TestClient(app, base_url=OWN) as client:
            yield client


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_the_ui_answers_no_foreign_request(ui: TestClient, headers: dict[str, str]) -> None:
    answers = [
        ui.get("/", headers=headers),
        ui.get("/graphql", headers=headers),
        ui.get("/logs/run/step.out", headers=headers),
        ui.get("/download_debug/run", headers=headers),
        ui.post("/graphql", json=ASKED, headers=headers),
        ui.post("/graphql", params=ASKED, headers={"content-type": "text/plain", **headers}),
        ui.post("/report_asset_materialization/board", headers=headers),
        ui.options("/graphql", headers=headers),
    ]
    for answer in answers:
        assert answer.status_code == FORBIDDEN
        assert f"Open {OWN}/ instead." in answer.text
    with (
        pytest.raises(WebSocketDisconnect),
        ui.websocket_connect("/graphql", ["graphql-ws"], headers={"host": OWN[7:], **headers}),
    ):
        pass


def test_the_ui_answers_no_query_in_an_address(ui: TestClient) -> None:
    assert ui.get("/graphql", params=ASKED).status_code == FORBIDDEN


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LocalHost"])
def test_the_ui_answers_its_own_pages(ui: TestClient, name: str) -> None:
    host = f"{name}:{PORT}"
    own = {"host": host, "origin": f"http://{host}".lower(), "sec-fetch-site": "same-origin"}
    assert ui.get("/", headers={"host": host, "sec-fetch-site": "none"}).status_code == 200
    assert ui.post("/graphql", json=ASKED, headers=own).json() == ANSWERED
    with ui.websocket_connect("/graphql", ["graphql-ws"], headers=own) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}


def test_the_ui_answers_a_program(ui: TestClient) -> None:
    assert ui.post("/graphql", json=ASKED).json() == ANSWERED
    assert ui.get("/server_info").headers.get("access-control-allow-origin") is None


def test_the_ui_is_shown_in_no_frame(ui: TestClient) -> None:
    assert ui.get("/").headers["x-frame-options"] == "DENY"


def test_two_names_are_none() -> None:
    own = ("Host", f"localhost:{PORT}")
    assert why_foreign([own], PORT) is None
    assert why_foreign([own, own], PORT) is not None
    assert why_foreign([], PORT) is not None
    assert why_foreign([("Host", "localhost")], 80) is None
