"""Completion of commands and options in the shells themselves."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("demoscope")
PATIENCE = 60.0


def installed(shell: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed here; .ci/run installs it")
    return found


def source_of(shell: str) -> str:
    asked = os.environ | {"_DEMOSCOPE_COMPLETE": f"source_{shell}"}
    return subprocess.run([SCRIPT], env=asked, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("demoscope leader", "leaderboard"),
        ("demoscope boards repr", "reproduce"),
        ("demoscope leaderboard --dim", "--dimension"),
        ("demoscope build --engine sp", "spark"),
    ],
)
def test_fish(line: str, expected: str, tmp_path: Path) -> None:
    script = tmp_path / "demoscope.fish"
    script.write_text(source_of("fish"))
    environment = os.environ | {
        "PATH": f"{SCRIPT.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [installed("fish"), "--no-config", "-c", f"source {script}; complete -C '{line}'"],
        env=environment, capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert expected in [offered.split("\t")[0] for offered in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("demoscope leader", "leaderboard"),
        ("demoscope boards repr", "reproduce"),
        ("demoscope build --engine sp", "spark"),
    ],
)
def test_zsh(line: str, expected: str, tmp_path: Path) -> None:
    """The line is typed into a shell of its own, then a tabulator."""
    shell = installed("zsh")
    script = tmp_path / "demoscope.zsh"
    script.write_text(source_of("zsh"))
    (tmp_path / ".zshrc").write_text(
        f"autoload -Uz compinit\ncompinit -u -D\nsource {script}\nPROMPT='ready> '\n"
    )
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        environment = os.environ | {
            "PATH": f"{SCRIPT.parent}:{os.environ['PATH']}",
            "ZDOTDIR": str(tmp_path),
            "TERM": "dumb",
        }
        os.execve(shell, [shell, "-i"], environment)  # noqa: S606  # a shell, on purpose
    try:
        read_until(terminal, "ready> ")
        os.write(terminal, f"{line}\t".encode())
        assert expected in read_until(terminal, expected)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)


def read_until(terminal: int, expected: str) -> str:
    """What the terminal shows, until it shows this, or nothing more for long."""
    shown, end = "", time.monotonic() + PATIENCE
    while expected not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 4096).decode(errors="replace")
    return shown
