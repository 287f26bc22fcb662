"""The `demoscope` command and how it ends: data on stdout, words on stderr, an exit code.

Commands are imported when they run, so that `leaderboard` answers at once.

What stays out: what the commands do (one file per command beside this one).
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from ingestion.errors import DemoscopeError

COMMANDS = {
    "ingest": "Bring files through the gate into the event log.",
    "build": "Build every mart and the leaderboard from the log.",
    "leaderboard": "Show a leaderboard.",
    "publish": "Publish the marts for readers: DuckDB, Parquet, CSV.",
    "superset": "Write a dashboard for Apache Superset.",
    "site": "Build the page readers open, and look at it.",
    "queue": "Show which battles to hold next, and schedule them.",
    "boards": "List, check, reproduce and compare boards.",
    "quality": "Who takes part in earnest: rules, strikes, appeals, sensitivity.",
    "recruit": "Whom to recruit next, how many, and what it costs.",
    "log": "Look into the event log and check that it is whole.",
    "simulate": "Write a simulated study whose truth is known.",
    "study": "Ingest a bundled study, build, show its leaderboard and make the page.",
    "doctor": "Say what is wrong with this installation or warehouse.",
}
INTERRUPTED = 130


class LazyCommands(TyperGroup):
    """Commands by name; a command's module is imported only when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the order of use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command's module and take its `app`."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        app: Any = import_module(f"orchestration.cli.{cmd_name}").app
        command = typer.main.get_command(app)
        command.name = cmd_name
        command.help = command.help or COMMANDS[cmd_name]
        return command


app = typer.Typer(
    name="demoscope",
    cls=LazyCommands,
    help="Whose favourite model? Census-weighted leaderboards anybody can reproduce.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def demoscope() -> None:
    """Whose favourite model? Census-weighted leaderboards anybody can reproduce."""


def run() -> None:
    """Run the command line; a user's error is one message and an exit code, never a traceback."""
    try:
        app()
    except DemoscopeError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("Interrupted; nothing half done was kept.")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        # A full disk, a path or a permission: the user's to mend. Other faults are ours and show
        # where they are.
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}. Mend that, then run the command again.")
        sys.exit(1)


def _say(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")
