"""Apache Spark on this machine while a command runs: `make parity-spark`.

A standalone master, two workers and a Connect server, as a cluster has them, each a process of its
own that listens on the loopback address alone. SPARK_REMOTE tells the command where the server is.
All of them end with it, and what they wrote goes; the CPU seconds of each are said.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = "127.0.0.1"
WORKERS = 2
PATIENCE = 120
"""Seconds for a server to be there; a JVM needs five on an idle machine."""
JAVA_NEEDED = 17
JAVA_REMEDY = "On Debian and Ubuntu: apt-get install openjdk-17-jre-headless"
LINES_SHOWN = 20
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "false",
    "spark.log.level": "WARN",
    "spark.driver.bindAddress": HERE,
    "spark.driver.host": HERE,
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1g",
    "spark.executor.cores": "1",
    # In place of 200: a task for each core.
    "spark.sql.shuffle.partitions": str(WORKERS),
    # Tables are known while the server runs: no database of Hive's.
    "spark.sql.catalogImplementation": "in-memory",
    "spark.connect.grpc.binding.address": HERE,
}


class Server:
    """A process of Spark's; those that it starts itself are of its group."""

    def __init__(self, home: Path, scratch: Path, role: str, *command: str) -> None:
        self.role = role
        self._log = scratch / f"{role}.log"
        own = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
        places = {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": HERE,
            # No settings of this machine's, and no file outside.
            "SPARK_CONF_DIR": str(scratch),
            "SPARK_LOCAL_DIRS": str(scratch),
            "SPARK_DAEMON_MEMORY": "512m",
            # A second way in, on a port that is always the same.
            "SPARK_DAEMON_JAVA_OPTS": "-Dspark.master.rest.enabled=false",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(home / "bin" / "spark-class"), *command],
                cwd=scratch,
                env=own | places,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until(self, is_there: Callable[[], bool]) -> None:
        """Wait for what this server does, or end with the last lines that it wrote."""
        until = time.monotonic() + PATIENCE
        while not is_there():
            if self._process.poll() is not None or time.monotonic() > until:
                lines = self._log.read_text("utf-8", "replace").splitlines()
                fail(f"Spark's {self.role} did not start:", *lines[-LINES_SHOWN:])
            time.sleep(0.2)

    def cpu_seconds(self) -> float:
        """Of the group's processes, and of those that they have waited for."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                # After the name, which may have any character: state, parent, group, ...
                values = path.read_text().rpartition(")")[2].split()
                if int(values[2]) == self._process.pid:
                    ticks += sum(map(int, values[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End the group: what is asked first is killed if it stays."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=20)


def fail(*lines: str) -> NoReturn:
    """End the program with a message."""
    raise SystemExit("\n       ".join([f"error: {lines[0]}", *lines[1:]]))


def require_java() -> None:
    """Refuse to start without a Java that Spark can run on."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if not java or not Path(java).exists():
        fail(f"Apache Spark needs Java {JAVA_NEEDED}, and there is none.", JAVA_REMEDY)
    said = subprocess.run([java, "-version"], check=False, capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    if not version or int(version[1]) < JAVA_NEEDED:
        fail(f"Apache Spark needs Java {JAVA_NEEDED}; {java} is {said[:40]!r}.", JAVA_REMEDY)


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server((HERE, 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def workers_of(page: int) -> int:
    """How many workers have told the master that they are there; 0 while it doesn't answer."""
    try:
        with urllib.request.urlopen(f"http://{HERE}:{page}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except OSError:
        return 0


def listens(port: int) -> bool:
    """Whether a server answers there."""
    try:
        socket.create_connection((HERE, port), timeout=5).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def cluster(home: Path, scratch: Path) -> Iterator[tuple[str, list[Server]]]:
    """The address of a Connect server, whose work two workers do, and all servers."""
    port, page, connect = free_ports(3)
    master = f"spark://{HERE}:{port}"
    with contextlib.ExitStack() as running:
        servers: list[Server] = []

        def start(role: str, *command: str) -> Server:
            servers.append(Server(home, scratch, role, *command))
            running.callback(servers[-1].stop)
            return servers[-1]

        at = ("--host", HERE, "--port")
        deploy = "org.apache.spark.deploy"
        first = start(
            "master", f"{deploy}.master.Master", *at, str(port), "--webui-port", str(page)
        )
        first.wait_until(lambda: listens(page))
        for number in range(1, WORKERS + 1):
            start(
                f"worker-{number}", f"{deploy}.worker.Worker", *at, "0", "--webui-port", "0",
                "--cores", "1", "--memory", "1536m", "--work-dir", str(scratch / f"work-{number}"),
                master,
            )  # fmt: skip
        servers[-1].wait_until(lambda: workers_of(page) == WORKERS)
        settings = SETTINGS | {
            "spark.connect.grpc.binding.port": str(connect),
            "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        }
        chosen = [part for pair in settings.items() for part in ("--conf", "=".join(pair))]
        service = "org.apache.spark.sql.connect.service.SparkConnectServer"
        submit = (f"{deploy}.SparkSubmit", "--master", master, "--class", service)
        start("connect", *submit, *chosen, "spark-internal").wait_until(lambda: listens(connect))
        yield f"sc://{HERE}:{connect}", servers


def main() -> int:
    """Run the command; its exit code is this program's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", type=Path, help="where pyspark is installed")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    homes = sorted(arguments.environment.resolve().glob("lib/python*/site-packages/pyspark"))
    if not homes:
        fail(f"{arguments.environment} has no pyspark.", "Run: make setup-spark-server")
    require_java()
    # An end that is asked for is an end with everything stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda which, _: sys.exit(128 + which))
    with (
        tempfile.TemporaryDirectory(prefix="spark-") as scratch,
        cluster(homes[0], Path(scratch)) as (address, servers),
    ):
        sys.stderr.write(f"Spark {address}: a master and {WORKERS} workers\n")
        start = time.monotonic()
        environment = os.environ | {"SPARK_REMOTE": address}
        code = subprocess.run(arguments.command, check=False, env=environment).returncode
        waited = time.monotonic() - start
        used = ", ".join(f"{each.role} {each.cpu_seconds():.0f}" for each in servers)
        sys.stderr.write(f"\n{waited:.0f} s waited; CPU seconds of Spark: {used}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
