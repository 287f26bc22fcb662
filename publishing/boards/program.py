"""The program a release is made by: its files, and the versions of what it stands on.

Counted is every file that a build can load, whether git knows it or not: Python's modules (compiled
ones too), mappings and settings in YAML, all that dbt finds below its project. Left out are the
seeds, which are the study's design; what dbt writes (`target/`, `logs/` at the top of its project);
what Python compiled of these files (`__pycache__/*.pyc`, which own_code.py compares with them); and
the page's templates and scripts, which decide nothing about a figure. A link to a directory is
refused: dbt reads what lies behind it.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import IntegrityError
from publishing.boards.designs import LEFT_OUT, SEEDS, hash_of_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
LOCK_FILE = ROOT / "requirements.lock"
PACKAGES = ("ingestion", "expectations", "ratings", "publishing", "orchestration")
PROJECT = "dbt_project"
LOADED = {".py", ".pyc", ".so", ".pyd", ".sql", ".yml", ".yaml", ".json"}
LOADED_BY_DBT = LOADED | {".csv", ".md"}
PROGRAMS = "programs"
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


@cache
def code_hash() -> str:
    """SHA-256 over the code a release is made by: lines of `<path> <SHA-256>`, by path.

    Raises:
        IntegrityError: a directory of it is a link.
    """
    return hash_of_files(_code())


@cache
def code_listing() -> str:
    """What `code_hash` is the SHA-256 of."""
    return "".join(
        f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for name, path in _code()
    )


def keep_program(boards: Path) -> None:
    """Keep the list of files under its hash, so that a later reproduction can say what differs."""
    from ingestion.log.durable import replace_text  # imports Arrow and the log

    path = boards / PROGRAMS / f"{code_hash()}.txt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, code_listing())


def code_changes(boards: Path, made_by: str) -> list[str] | None:
    """Files that differ from those a release was made by; None where its list was not kept.

    Args:
        boards: where releases are kept.
        made_by: the code's hash in the release's statement.
    """
    then = kept_listing(boards, made_by)
    if then is None:
        return None
    now = _by_name(code_listing())
    return [
        f"{name} ({'new' if name not in then else 'gone' if name not in now else 'changed'})"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]


def kept_listing(boards: Path, made_by: str) -> dict[str, str] | None:
    """SHA-256 of each file of the code of this hash, by path; None where its list was not kept."""
    path = boards / PROGRAMS / f"{made_by}.txt"
    content = path.read_bytes() if path.is_file() else b""
    is_kept = hashlib.sha256(content).hexdigest() == made_by
    return _by_name(content.decode()) if is_kept else None


def dbt_variables() -> dict[str, str]:
    """What dbt's project decides by variables, such as the fewest people that are published."""
    import yaml

    said = yaml.safe_load((ROOT / PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    return {name: str(value) for name, value in sorted(said.get("vars", {}).items())}


def lock_hash() -> str | None:
    """SHA-256 of requirements.lock; None where the package is installed without it."""
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest() if LOCK_FILE.exists() else None


def installed() -> dict[str, str]:
    """The version of each library of the lock that is installed; without the lock, of all."""
    found = {_canonical(one.name): one.version for one in distributions()}
    if LOCK_FILE.exists():
        locked = {_canonical(name) for name in LOCKED.findall(LOCK_FILE.read_text("utf-8"))}
        found = {name: version for name, version in found.items() if name in locked}
    return dict(sorted(found.items()))


def version_changes(made_with: Mapping[str, str]) -> list[str]:
    """Libraries whose installed version is another one than a release was made with."""
    here = installed()
    return [
        f"{name} {made_with.get(name) or 'none'}, here {here.get(name) or 'none'}"
        for name in sorted(made_with.keys() | here.keys())
        if made_with.get(name) != here.get(name)
    ]


def is_loaded_by_dbt(name: Path) -> bool:
    """Whether a file below dbt's project, by its path there, is one that dbt may read."""
    return name.parts[0] not in LEFT_OUT and not _is_cached(name)


def _code() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            _refuse_link(path)
            if _is_file(path, LOADED):
                yield path.relative_to(ROOT).as_posix(), path
    project = ROOT / PROJECT
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project)
        if name.parts[0] not in LEFT_OUT:
            _refuse_link(path)
        is_design = name.parts[0] == SEEDS and path.suffix == ".csv"
        if _is_file(path, LOADED_BY_DBT) and is_loaded_by_dbt(name) and not is_design:
            yield path.relative_to(ROOT).as_posix(), path


def _is_file(path: Path, suffixes: set[str]) -> bool:
    # dbt takes no notice of case.
    return path.suffix.lower() in suffixes and not _is_cached(path) and path.is_file()


def _refuse_link(path: Path) -> None:
    if path.is_symlink() and path.is_dir():
        message = f"{path} is a link to a directory, and the code's hash is not of what lies there."
        raise IntegrityError(message, remedy="Take the link away, or put the files in its place.")


def _is_cached(path: Path) -> bool:
    """Whether Python made it of a source that is hashed itself."""
    return path.suffix == ".pyc" and path.parent.name == "__pycache__"


def _by_name(listing: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for line in listing.splitlines():
        name, sha256 = line.rsplit(" ", 1)
        named[name] = sha256
    return named


def _canonical(name: str) -> str:
    """A library's name as the lock writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
