"""`demoscope vault`: keep the keys elsewhere, and put them back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, print_json, put, say

app = typer.Typer(add_completion=False, no_args_is_help=True)

BACKUP = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


@app.command()
def backup(path: BACKUP, *, as_json: AS_JSON = False) -> None:
    """Write every key into a new file that its owner alone can read."""
    from orchestration.vault_backup import back_up

    names = back_up(Home.from_environment(), path)
    if as_json:
        print_json({"file": str(path), "keys": names})
        return
    put(f"{path}: {', '.join(names)}")
    say("Keep it where this disk's loss does not reach it; it links the log to people.")
    say("After each `demoscope log erase`, make a new one and destroy this one.")


@app.command()
def restore(
    path: BACKUP,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite keys that differ, for good.")
    ] = False,
    as_json: AS_JSON = False,
) -> None:
    """Put the keys of a backup back, if they are those of this warehouse's log."""
    from orchestration.vault_backup import restore as put_back

    done = put_back(Home.from_environment(), path, is_replacing=replace)
    if as_json:
        print_json({"keys": done.names, "linked_again_count": done.linked})
        return
    put(f"Restored: {', '.join(done.names)}")
    if done.linked:
        say(
            f"The backup is older than the erasure of {done.linked} people, and links them again."
            " No file can be loaded until each is erased again:"
            " demoscope log erase ID --source NAME --yes"
        )
