"""Dagster's daemon and its UI, on loopback and for this machine's own pages only.

python -m orchestration.ui --port 3000

`dagster dev` answers whatever page asks: one of another site could launch runs and read their logs.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from dagster import DagsterInstance
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget, WorkspaceFileTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ingestion.paths import Home
from publishing.own_requests import LOOPBACK, why_foreign

DEFINITIONS = "orchestration.definitions"
GRAPHQL = "/graphql"
FORBIDDEN, POLICY_VIOLATION = 403, 1008
BY_ADDRESS = "A query in an address is not answered, for any page can link to it: send it by POST."
SECONDS_TO_END = 60
SECONDS_FOR_PAGES = 5
"""So long may pages that are open keep the UI from ending."""


class OwnRequestsOnly:
    """Refuses what pages of other sites have a browser send, over HTTP and over WebSocket."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, or let the application answer."""
        why = _why_refused(scope, self._port) if scope["type"] != "lifespan" else None
        if why is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": why})
        else:
            await PlainTextResponse(f"{why}\n", FORBIDDEN)(scope, receive, send)


def _why_refused(scope: Scope, port: int) -> str | None:
    why = why_foreign(Headers(scope=scope).items(), port)
    is_read = scope["type"] == "http" and scope["method"] != "POST"
    if why is None and is_read and scope["path"] == GRAPHQL and scope["query_string"]:
        return BY_ADDRESS
    return why


class GuardedWebserver(DagsterWebserver[Any, Any]):
    """Dagster's UI, which answers its own pages only."""

    def __init__(self, context: WorkspaceProcessContext, port: int) -> None:
        self._port = port
        super().__init__(context, live_data_poll_rate=2000)

    def build_middleware(self) -> list[Middleware]:
        """The refusal comes first."""
        return [Middleware(OwnRequestsOnly, port=self._port), *super().build_middleware()]

    def make_security_headers(self) -> dict[str, str]:
        """No page of another site may show the UI in a frame."""
        return {**super().make_security_headers(), "X-Frame-Options": "DENY"}


def serve(port: int) -> None:
    """Run the daemon and the UI until one of them ends, or until interrupted.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """
    # Uvicorn raises the signal again when it has ended; then the daemon has to end too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with DagsterInstance.get() as instance, _workspace(instance) as workspace:
        instance.optimize_for_webserver(
            statement_timeout=15_000, pool_recycle=3600, max_overflow=20
        )
        with (
            _daemon(workspace) as daemon,
            WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)])) as context,
        ):
            app = GuardedWebserver(context, port).create_asgi_app()
            server = uvicorn.Server(
                uvicorn.Config(
                    app,
                    host=LOOPBACK,
                    port=port,
                    log_level="warning",
                    # Else it waits for each page to let go of it, which an open one never does.
                    timeout_graceful_shutdown=SECONDS_FOR_PAGES,
                )
            )
            threading.Thread(target=_end_with, args=(daemon, server), daemon=True).start()
            sys.stderr.write(f"Dagster on http://{LOOPBACK}:{port}/ (Ctrl-C to stop)\n")
            server.run()


@contextmanager
def _workspace(instance: DagsterInstance) -> Iterator[Path]:
    """A file that leads to one code server, which the daemon and the UI share."""
    definitions = ModuleTarget(DEFINITIONS, None, str(Path.cwd()), None)
    with (
        ProxyServerManager(instance, definitions, "warning") as servers,
        tempfile.TemporaryDirectory() as directory,
    ):
        file = Path(directory, "workspace.yaml")
        specs = [dict(spec) for spec in servers.get_code_server_specs()]
        file.write_text(yaml.safe_dump({"load_from": specs}), encoding="utf-8")
        yield file


@contextmanager
def _daemon(workspace: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(workspace)]
    with subprocess.Popen(command) as daemon:  # noqa: S603 (Dagster's own)
        try:
            yield daemon
        finally:
            daemon.send_signal(signal.SIGINT)
            try:
                daemon.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                daemon.kill()


def _end_with(daemon: subprocess.Popen[bytes], server: uvicorn.Server) -> None:
    daemon.wait()
    server.should_exit = True


def main() -> None:
    """Read the port, and serve."""
    parser = argparse.ArgumentParser(description="Dagster's daemon and UI, on loopback.")
    parser.add_argument("--port", type=int, default=3000)
    port = parser.parse_args().port
    os.environ["DAGSTER_IS_DEV_CLI"] = "1"
    home = Home.from_environment()
    home.keep_private()
    home.keep_from_git()
    try:
        serve(port)
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
