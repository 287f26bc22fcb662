"""`demoscope doctor`: what is wrong with this installation or warehouse, and how to repair it."""

from __future__ import annotations

import importlib
import shutil
import sys
from typing import TYPE_CHECKING, Any

import typer

from ingestion.errors import BusyError, DemoscopeError, IntegrityError, NotFoundError
from ingestion.paths import OTHERS, Home
from orchestration import home_checks
from orchestration.cli.output import FORMAT, Format, print_rows, put, with_home

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARIES = ("duckdb", "pyarrow", "numba", "dagster", "dbt.version", "trueskill")
FREE_BYTES = 1 << 30


def doctor(*, output: FORMAT = Format.TABLE) -> None:
    """Say what is wrong with this installation or warehouse."""
    home = Home.from_environment()
    checks: dict[str, Callable[[Home], str]] = {
        "python": _python,
        "libraries": _libraries,
        "ratings": _ratings,
    }
    of_warehouse: dict[str, Callable[[Home], str]] = {
        "home": _home,
        "space": _space,
        "rights": home_checks.rights,
        "incoming": home_checks.incoming,
        "loads": home_checks.loads,
        "quarantine": home_checks.quarantine,
        "vault": _vault,
        "log": home_checks.whole_log,
        "store": home_checks.log_store,
        "erasures": _erasures,
        "checkpoint": home_checks.checkpoint_key,
        "database": _database,
        "rated": home_checks.ratings_files,
        "board": _board,
        "releases": home_checks.releases,
        "signing": home_checks.signing,
        "publications": _publications,
        "current": home_checks.shown,
        "page": home_checks.page,
        "leftovers": home_checks.leftovers,
    }
    is_warehouse = not _is_another_place(home)
    checks |= of_warehouse if is_warehouse else {"home": _another_place}
    findings = [_finding(name, check, home) for name, check in checks.items()]
    if is_warehouse:
        if next(one for one in findings if one["check"] == "database")["is_well"]:
            findings += _people(home)
        findings += _unknown(home)
    if output is not Format.TABLE:
        print_rows("checks", findings, output, {})
    else:
        for finding in findings:
            mark = finding.get("mark") or ("ok" if finding["is_well"] else "WRONG")
            put(f"{mark:<6}{finding['check']:<12} {with_home(finding['message'])}")
    if not all(finding["is_well"] for finding in findings):
        raise typer.Exit(1)


def _finding(name: str, check: Callable[[Home], str], home: Home) -> dict[str, Any]:
    try:
        return {"check": name, "is_well": True, "message": check(home)}
    except (DemoscopeError, ImportError, OSError) as error:
        return {"check": name, "is_well": False, "message": str(error)}


def _python(_home: Home) -> str:
    return f"Python {sys.version.split()[0]} in {sys.prefix}"


def _libraries(_home: Home) -> str:
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            remedy = "Run: make setup"
            raise DemoscopeError(f"{name} cannot be imported: {error}.", remedy=remedy) from error
    return f"{len(LIBRARIES)} import"


def _ratings(_home: Home) -> str:
    from ratings.online import CHECK_TOLERANCE, CHECKED_BATTLES, largest_difference

    difference = largest_difference()
    if not difference <= CHECK_TOLERANCE:
        raise DemoscopeError(
            f"Compiled ratings differ from the trueskill package by {difference:.1e}.",
            remedy="Run: make clean clean-venv setup",
        )
    return f"equal the trueskill package within {difference:.0e} over {CHECKED_BATTLES:,} battles"


def _home(home: Home) -> str:
    if not home.root.exists():
        return f"{home.root} (not made yet; the first ingest makes it)"
    if not home.is_writable:
        return f"{home.root}, read-only: it can be read, checked and reproduced"
    probe = home.root / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()
    return str(home.root)


def _is_another_place(home: Home) -> bool:
    """Whether it holds something, and nothing that this program makes first."""
    if not home.root.exists() or any(
        path.exists() for path in (home.log / "FORMAT", home.vault, home.loads)
    ):
        return False
    return not home.root.is_dir() or any(home.root.iterdir())


def _another_place(home: Home) -> str:
    message = f"{home.root} is no warehouse: nothing was loaded there, and it holds other files."
    raise DemoscopeError(message, remedy="Name the warehouse: demoscope --home DIR doctor")


def _space(home: Home) -> str:
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < FREE_BYTES:
        raise DemoscopeError(f"Only {free >> 20} MiB are free at {place}.", remedy="Make space.")
    return f"{free >> 30} GiB free"


def _vault(home: Home) -> str:
    from ingestion.log import EventLog
    from ingestion.log.vault_binding import damages
    from ingestion.subjects.pseudonyms import KEY_FILE

    if not home.vault.exists() and not (home.log / "FORMAT").exists():
        return "no key yet"
    if (home.log / "FORMAT").exists():
        found = list(damages(EventLog.open(home.log), home.vault))
        if found:
            remedies = dict.fromkeys(damage.remedy or "" for damage in found)
            said = " ".join(damage.message for damage in found)
            raise DemoscopeError(said, remedy=" ".join(remedies))
    _require_private(home)
    if not (home.vault / KEY_FILE).exists():
        return "no key yet"
    return f"the log's own keys in {home.vault}; keep a copy: demoscope vault backup FILE"


def _require_private(home: Home) -> None:
    open_files = [
        path for path in (home.vault, *sorted(home.vault.glob("*"))) if path.stat().st_mode & OTHERS
    ]
    if open_files:
        names = ", ".join(map(str, open_files))
        raise DemoscopeError(
            f"Others can reach the keys: {names}.",
            remedy=f"Run: chmod -R go= {home.vault}",
        )


def _erasures(home: Home) -> str:
    from ingestion.log.erasure_journal import unfinished

    begun = [
        f"one of {intent.source} of level {intent.level}, begun {intent.begun_at}"
        for intent in unfinished(home.vault).values()
    ]
    if begun:
        remedy = "Give the same `demoscope log erase` command again; it goes on where it stopped."
        raise IntegrityError(f"Not finished: {'; '.join(begun)}.", remedy=remedy)
    return "none is unfinished"


def _database(home: Home) -> str:
    import duckdb

    from orchestration.building import Workspace
    from orchestration.consistency_check import require_unchanged_since_build
    from orchestration.database import open_database
    from publishing.boards import store

    if not home.database.exists():
        _require_no_release_of(home)
        return "not built yet"
    try:
        open_database(home.database).close()
        if (home.boards / store.CURRENT).exists():
            require_unchanged_since_build(Workspace(home.root), store.current(home.boards))
    except duckdb.Error as error:
        message = f"{home.database} is damaged: {str(error).splitlines()[0]}."
        raise IntegrityError(message, remedy="Delete it, then run: demoscope build") from error
    return str(home.database)


def _require_no_release_of(home: Home) -> None:
    """Refuse that the current release's database is gone; an erasure deletes it, and is a commit.

    Raises:
        IntegrityError: nothing entered the log since the release.
    """
    from ingestion.log import EventLog
    from publishing.boards import store

    if not (home.boards / store.CURRENT / store.STATEMENT_FILE).exists():
        return
    release = store.current(home.boards)
    if EventLog.open(home.log).head_seq <= release.subject["log_position"]:
        message = f"{home.database} is missing, but release {release.id[:12]} was built in it."
        raise IntegrityError(message, remedy="Build again: demoscope build")


def _board(home: Home) -> str:
    from ingestion.log import EventLog
    from publishing.boards import store
    from publishing.boards.checking import require_whole
    from publishing.boards.statement import configured

    if not (home.boards / store.CURRENT).exists():
        return "none yet; run: demoscope build"
    release = store.current(home.boards)
    require_whole(release, configured(home.vault))
    head = EventLog.open(home.log).head
    position = release.subject["log_position"]
    if head is not None and head.seq > position:
        return f"as of {position}, {head.seq - position} commits behind; run: demoscope build"
    return f"{release.id[:12]} as of log position {position}"


def _publications(home: Home) -> str:
    from publishing.boards.statement import configured
    from publishing.publications.checking import require_whole
    from publishing.publications.store import published

    signer, there = configured(home.vault), published(home.marts)
    for publication in there:
        require_whole(home.boards, publication, signer)
    return f"{len(there)}, each as it was published" if there else "none yet"


def _unknown(home: Home) -> list[dict[str, Any]]:
    """What the program did not put there: it may be its owner's, so it is named and left."""
    from orchestration.leftovers import unknown

    message = "is nothing of the program's: if you did not put it there, delete it"
    return [
        {"check": "unknown", "is_well": True, "mark": "look", "message": f"{path} {message}"}
        for path in unknown(home)
    ]


def _people(home: Home) -> list[dict[str, Any]]:
    """What looks like a mistake in the data: no fault of the installation, so `is_well`."""
    from orchestration.database import mart_rows
    from orchestration.unknown_models import unknown_models
    from orchestration.unmatched_people import unmatched_people
    from orchestration.unseeded_criteria import unseeded_criteria
    from orchestration.unused_answers import unused_answers
    from orchestration.weighting_gaps import weighting_gaps

    try:
        mart_rows(home, "select 1 as one")
    except (NotFoundError, BusyError) as error:
        return [{"check": "people", "is_well": True, "mark": "look", "message": str(error)}]
    return [
        {"check": check, "is_well": True, "mark": "look", "message": sentence}
        for check, sentences in (
            ("people", unmatched_people(home)),
            ("models", unknown_models(home)),
            ("weights", weighting_gaps(home)),
            ("criteria", unseeded_criteria(home)),
            ("answers", unused_answers(home)),
        )
        for sentence in sentences
    ]
