"""Telling a person that something failed: through a command the operator names.

    DEMOSCOPE_ON_FAILURE="mail -s 'Demoscope: a run failed' data@example.org" make ui

The command gets one JSON object on its standard input. It is split into words as a shell would,
and run without one.

What stays out: what counts as a failure (sensors.py), and every way of telling but this.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

VARIABLE = "DEMOSCOPE_ON_FAILURE"
SECONDS = 30


def alert(event: Mapping[str, Any]) -> str:
    """Run the operator's command; what came of it, in a sentence. It never raises.

    Args:
        event: what happened, as JSON.
    """
    try:
        command = shlex.split(os.environ.get(VARIABLE, ""))
        if not command:
            return f"Nobody is told: {VARIABLE} names no command."
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            command,
            input=json.dumps(event, sort_keys=True),
            text=True,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return f"{VARIABLE} could not be run: {error}"
    if done.returncode:
        return f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[:500]}"
    return f"Told through {command[0]}."
