"""Lineage goes where a variable says, and nowhere else; no failure of it fails a build."""

import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration import lineage
from orchestration.building import Workspace
from orchestration.last_build import LastBuild

MANIFEST = {
    "sources": {
        "source.d.raw.battle_judged": {
            "resource_type": "source", "source_name": "raw", "name": "battle_judged",
        }
    },
    "nodes": {
        "seed.d.seed_axes": {
            "resource_type": "seed", "name": "seed_axes", "depends_on": {}, "columns": {},
        },
        "model.d.fct_battle": {
            "resource_type": "model",
            "name": "fct_battle",
            "depends_on": {"nodes": ["source.d.raw.battle_judged", "seed.d.seed_axes"]},
            "columns": {"outcome": {"data_type": "varchar"}, "note": {}},
        },
        "test.d.a_test": {
            "resource_type": "test", "name": "a_test",
            "depends_on": {"nodes": ["model.d.fct_battle"]}, "columns": {},
        },
    },
}  # fmt: skip
BUILD = LastBuild(
    release_id="0" * 64,
    log_position=3,
    finished_at=1.0,
    seconds={},
    row_counts={"fct_battle": 12, "ratings/rating": 34},
)


class Catalogue:
    """A catalogue on the loopback address, which keeps the events that it is sent."""

    def __init__(self) -> None:
        events: list[dict[str, Any]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(201)
                self.end_headers()

            def log_message(self, format: str, *values: object) -> None:  # noqa: A002 (its name there)
                del format, values

        self.events = events
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    made = Catalogue()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({**MANIFEST, "parent_map": {"model.d.fct_battle": []}}))
    monkeypatch.setattr(lineage, "current_manifest", lambda *_: manifest)
    return Workspace(tmp_path)


def test_each_table_is_sent_with_what_it_is_made_of(
    workspace: Workspace, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", catalogue.url)
    assert lineage.emit(workspace, BUILD) is None
    begun, *tables, ended = catalogue.events
    assert (begun["job"]["name"], begun["eventType"]) == ("build", "START")
    assert (ended["job"]["name"], ended["eventType"]) == ("build", "COMPLETE")
    assert begun["run"]["runId"] == ended["run"]["runId"]
    sent = {event["job"]["name"]: event for event in tables}
    assert len(sent) == len(tables)
    assert "build.a_test" not in sent
    assert "build.seeds.seed_axes" in sent
    battles = sent["build.fct_battle"]
    assert battles["run"]["facets"]["parent"]["run"]["runId"] == begun["run"]["runId"]
    assert [one["name"] for one in battles["inputs"]] == ["raw.battle_judged", "seeds.seed_axes"]
    [made] = battles["outputs"]
    assert (made["namespace"], made["name"]) == ("demoscope", "fct_battle")
    assert made["outputFacets"]["outputStatistics"]["rowCount"] == 12
    fields = made["facets"]["schema"]["fields"]
    assert [(one["name"], one.get("type")) for one in fields] == [
        ("outcome", "varchar"),
        ("note", None),
    ]
    ratings = sent["build.ratings.rating"]
    assert "fct_battle" in [one["name"] for one in ratings["inputs"]]
    assert ratings["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 34
    assert str(workspace.root) not in json.dumps(catalogue.events)


def test_nothing_is_sent_unless_it_is_asked_for(
    workspace: Workspace, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lineage.emit(workspace, BUILD) is None
    monkeypatch.setenv("OPENLINEAGE_URL", catalogue.url)
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "True")
    assert lineage.emit(workspace, BUILD) is None
    assert catalogue.events == []


def test_a_catalogue_that_does_not_answer_fails_nothing_and_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        said = lineage.emit(workspace, BUILD)
    assert said is not None
    assert said.startswith("Lineage could not be sent, or not all of it: ")


def test_without_the_extra_it_says_what_to_install(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    said = lineage.emit(workspace, BUILD)
    assert said is not None
    assert "pip install 'demoscope[openlineage]'" in said


def test_a_build_imports_neither_openlineage_nor_dagster() -> None:
    code = "import sys, orchestration.building; print(*{'openlineage', 'dagster'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
