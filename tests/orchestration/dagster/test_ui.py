"""`make ui` serves this machine alone, and ends when it is told to, whatever pages are open."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SECONDS_TO_START = 180
SECONDS_TO_END = 60
LISTENING = "0A"
# What a page that loads, and never ends, leaves open.
HALF_A_REQUEST = (
    b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)


@pytest.fixture
def port() -> int:
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@pytest.fixture
def ui(repository: Path, port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`make ui` in a session of its own, by the environment that runs the tests."""
    command = ["make", "--old-file=setup", "ui", f"VENV={sys.prefix}", f"PORT={port}"]
    with (
        (tmp_path / "said").open("wb") as said,
        subprocess.Popen(
            command, cwd=repository, start_new_session=True, stdout=said, stderr=said
        ) as make,
    ):
        yield make
        for pid in processes(make.pid):
            os.kill(pid, signal.SIGKILL)


def processes(session: int) -> list[int]:
    """Every process of a session."""
    rows = subprocess.run(
        ["ps", "-eo", "pid=,sess=,stat="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    parts = [row.split() for row in rows]
    return [int(pid) for pid, of, state in parts if int(of) == session and state[0] != "Z"]


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_until_open(port: int, make: subprocess.Popen[bytes], said: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while not is_open(port):
        assert make.poll() is None, said.read_text()
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.2)


def listening(pids: list[int]) -> set[str]:
    """The addresses that processes listen on, as Linux writes them; from the files they hold."""
    sockets = set()
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            if file.is_symlink():
                sockets.add(str(file.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = row.split()[:10]
            if state == LISTENING and inode in sockets:
                found.add(local)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="sockets are read as on Linux")
def test_it_ends_when_make_is_told_to_end(
    ui: subprocess.Popen[bytes], port: int, tmp_path: Path
) -> None:
    wait_until_open(port, ui, tmp_path / "said")
    with socket.create_connection(("127.0.0.1", port)) as page:
        page.sendall(HALF_A_REQUEST % port)
        assert listening(processes(ui.pid)) == {f"0100007F:{port:04X}"}
        ui.terminate()
        assert ui.wait(SECONDS_TO_END) == -signal.SIGTERM, "as make ends that is told to"
    assert not is_open(port)
    until = time.monotonic() + SECONDS_TO_END
    while left := processes(ui.pid):
        assert time.monotonic() < until, f"{len(left)} processes are left"
        time.sleep(0.2)
