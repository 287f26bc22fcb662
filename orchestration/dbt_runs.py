"""Running dbt in this process, and saying what failed, with its first rows, and what only warns.

A test that warns says so itself, in the comment above its SQL: `Warns: what is amiss. What to do.`

A project is parsed once per process, however often and wherever it is run: parsing costs seconds,
and what it finds depends neither on the database nor on vars (only SQL reads them, when compiled).
"""

from __future__ import annotations

import json
import os
import re
import warnings
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from ingestion.collector import without_collecting
from ingestion.errors import BusyError, DemoscopeError
from orchestration.database import LOCKED, open_database
from orchestration.own_caches import is_own, vouch
from orchestration.progress_told import tell
from publishing.boards.designs import hash_of_files
from publishing.boards.program import is_loaded_by_dbt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbt.artifacts.schemas.results import NodeResult
    from dbt.contracts.graph.manifest import Manifest

    from ingestion.paths import Home

PROJECT_DIRECTORY = Path(__file__).resolve().parent.parent / "dbt_project"
BAD = {"error", "fail", "runtime error"}
OF_DBT, OTHER_DATABASE = "DBT_", "DEMOSCOPE_DATABASE"
PARSED_FILE = "partial_parse.msgpack"
DUCKDB, SPARK = "duckdb", "spark"
"""The targets of profiles.yml."""
ROWS_SHOWN = 3
TEXT_SHOWN = 240
# What a test of its own file says of itself.
ABOUT = re.compile(r"\A(?:\s*\{\{.*?\}\})*\s*\{#-?\s*(.*?)\s*-?#\}", re.DOTALL)
SAYS = re.compile(r"\{#-?\s*Warns:\s*(.*?)\s*-?#\}", re.DOTALL)

_parsed: dict[tuple[Path, str], tuple[str, Manifest]] = {}


class TransformationFailedError(DemoscopeError):
    """A dbt model did not build or a dbt test failed."""


def run_dbt(
    command: Sequence[str],
    *,
    root: Path,
    variables: dict[str, Any] | None = None,
    project: Path = PROJECT_DIRECTORY,
    target: str = DUCKDB,
) -> list[NodeResult]:
    """Run one dbt command against the database in `root`; `parse` alone writes manifest.json.

    Args:
        command: as on dbt's command line, without directories.
        root: directory of demoscope.duckdb; dbt's target and logs go to `root/dbt`.
        variables: dbt vars.
        project: directory of the dbt project; this package's own unless given.
        target: the engine, of profiles.yml.

    Raises:
        TransformationFailedError: names each model or test that failed, the first rows that a test
            found, and where its SQL lies.
        BusyError: another process has the database open.
    """
    arguments = _arguments(root, project, target)
    with (
        dbt_environment(DEMOSCOPE_HOME=str(root), DBT_SEND_ANONYMOUS_USAGE_STATS="false"),
        warnings.catch_warnings(),
    ):
        with without_collecting():
            from dbt.cli.main import dbtRunner  # a second, only when dbt runs

        # dbt's reader of CSV, of a column that an older study design does not have yet.
        warnings.filterwarnings(
            "ignore", ".* does not match the name of any column", RuntimeWarning
        )
        if command[0] == "parse":
            with own_parse(root, project, target):
                outcome = dbtRunner().invoke([*command, *arguments])
        else:
            manifest = parsed(project, root, target)
            said = json.dumps(variables or {}, sort_keys=True, allow_nan=False)
            values = ["--no-write-json", "--vars", said]
            run = dbtRunner(manifest, callbacks=[_tell])
            outcome = run.invoke([*command, *arguments, *values])
    if outcome.exception is not None and not outcome.result:
        _raise(str(outcome.exception), root)
    results = list(getattr(outcome.result, "results", []))
    failed = [result for result in results if str(result.status) in BAD]
    if failed:
        database = root / "demoscope.duckdb"
        _raise("\n".join(_what_failed(result, database) for result in failed), root)
    return results


def _tell(event: Any) -> None:
    if event.info.name == "LogStartLine":
        tell(event.data.node_info.node_name, event.data.index, event.data.total)


def _arguments(root: Path, project: Path, target: str) -> list[str]:
    return [
        "--project-dir", str(project),
        "--profiles-dir", str(project),
        "--target", target,
        "--target-path", str(_written(root, target)),
        "--log-path", str(root / "dbt" / "logs"),
        "--log-level", "none",
        "--no-use-colors",
    ]  # fmt: skip


def _written(root: Path, target: str) -> Path:
    """Where dbt writes what it compiles and parses."""
    return root / "dbt" / ("target" if target == DUCKDB else target)


def parsed(project: Path, root: Path, target: str = DUCKDB) -> Manifest:
    """What dbt's parser makes of a project; from memory where no file of it has changed."""
    state = fingerprint(project)
    known, manifest = _parsed.get((project, target), ("", None))
    if manifest is None or known != state:
        from dbt.cli.main import dbtRunner

        with own_parse(root, project, target), without_collecting():
            command = ["parse", *_arguments(root, project, target), "--no-write-json"]
            outcome = dbtRunner().invoke(command)
        if outcome.exception is not None:
            _raise(str(outcome.exception), root)
        manifest = cast("Manifest", outcome.result)
        _parsed[project, target] = state, manifest
    return manifest


def parse_once(home: Home, project: Path = PROJECT_DIRECTORY) -> None:
    """Read what the warehouse's last build parsed, for runs of this process in other directories.

    In a directory that never saw a build dbt would parse everything, which takes three seconds.
    """
    if home.is_writable:
        with dbt_environment(DEMOSCOPE_HOME=str(home.root)):
            parsed(project, home.root)


@contextmanager
def own_parse(
    root: Path, project: Path = PROJECT_DIRECTORY, target: str = DUCKDB
) -> Iterator[None]:
    """Let dbt read what it parsed before only where this warehouse wrote it, of the same project.

    What was parsed names the project's seeds by their whole paths: a program that is installed
    elsewhere parses again.
    """
    file = _written(root, target) / PARSED_FILE
    if not is_own(root, file, str(project)):
        file.unlink(missing_ok=True)
    yield
    vouch(root, file, str(project))


def fingerprint(project: Path) -> str:
    """SHA-256 over dbt's version and the files of a project that dbt reads, not those it writes."""
    named = ((path.relative_to(project), path) for path in sorted(project.rglob("*")))
    files = hash_of_files(
        (name.as_posix(), path) for name, path in named if path.is_file() and is_loaded_by_dbt(name)
    )
    return f"{version('dbt-core')} {files}"


def _raise(message: str, root: Path) -> None:
    if LOCKED in message:
        busy = f"{root / 'demoscope.duckdb'} is open in another process."
        raise BusyError(busy, remedy="Wait for it to end, or stop it; then build again.")
    text = f"The warehouse did not build:\n{message}"
    raise TransformationFailedError(
        text, remedy=f"\nThe compiled SQL lies in {root / 'dbt' / 'target'}."
    )


@contextmanager
def dbt_environment(**values: str) -> Iterator[None]:
    """The environment that dbt runs in: this process's, with `values`, and no other DBT_*.

    dbt takes each of its options from a variable, too: DBT_EMPTY=1 builds every table without rows.
    DEMOSCOPE_DATABASE would have it write another database than the one that is read next.
    """
    before = dict(os.environ)
    for name in before:
        if name.startswith(OF_DBT) or name == OTHER_DATABASE:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
        gone = {name: value for name, value in before.items() if name not in os.environ}
        os.environ.update(gone)


def _what_failed(result: NodeResult, database: Path) -> str:
    """A line for a table or test that failed, and below a test's the rows it found."""
    said = f"  {result.node.resource_type} {result.node.name}: {(result.message or '').strip()}"
    about = ABOUT.match(getattr(result.node, "raw_code", "") or "")
    if result.failures and about:
        said += "\n    " + " ".join(about[1].split())
    return "\n    ".join([said, *_rows_found(result, database)])


def _rows_found(result: NodeResult, database: Path) -> list[str]:
    query = getattr(result.node, "compiled_code", None)
    if not result.failures or not query:
        return []
    with open_database(database) as connection:
        try:
            found = connection.sql(query).limit(ROWS_SHOWN).to_arrow_table().to_pylist()
        except duckdb.Error:
            # What the test read may be gone again; its own message is there all the same.
            return []
    rows = [", ".join(f"{name} = {_shown(row[name])}" for name in row) for row in found]
    more = result.failures - len(rows)
    return [*rows, f"and {more:,} more"] if more > 0 else rows


def _shown(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}..."


def warnings_in(results: Iterable[NodeResult]) -> list[str]:
    """A sentence for each test that found rows and lets the build go on, by the test's name."""
    found = []
    for result in results:
        if str(result.status) == "warn":
            rows = "1 row" if result.failures == 1 else f"{result.failures or 0:,} rows"
            said = SAYS.search(getattr(result.node, "raw_code", ""))
            words = said[1] if said else result.message or ""
            found.append(f"{result.node.name}, {rows}: {' '.join(words.split())}")
    return sorted(found)
