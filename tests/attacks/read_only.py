"""Runs commands on a read-only home, as a process of its own; prints how each ended as JSON.

Root can write whatever its mode says: for root the home is mounted read-only, for this process.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.command import demoscope


def run(home: str, commands: str) -> None:
    """Print exit code, what was printed, and what was said, by command."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "--bind", home, home], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", home], check=True)
    else:
        subprocess.run(["chmod", "-R", "a-w", home], check=True)
    ended = {}
    for command in json.loads(commands):
        done = demoscope(Path(home), *command)
        ended[" ".join(command)] = [done.returncode, done.stdout, done.stderr]
    sys.stderr.write(json.dumps(ended))


if __name__ == "__main__":
    run(*sys.argv[1:])
