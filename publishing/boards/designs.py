"""Study designs: what a study decides, kept so that an old release can be made again.

A design is dbt's seeds: axes, strata, census targets, weighting schemes, dimensions. Its hash is
part of every release's subject; its files lie in `boards/designs/<hash>/`, as they were. The tables
that read them are code and not part of a design.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from functools import partial
from typing import TYPE_CHECKING

from ingestion.errors import IntegrityError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DESIGNS = "designs"
SEEDS = "seeds"
LATER_SEEDS = "later_seeds"
LEFT_OUT = {"target", "logs"}
"""What dbt writes at the top of its project. Below its other folders it reads any name."""


def design_hash(project: Path) -> str:
    """SHA-256 over every seed of a dbt project: lines of `<file name> <SHA-256>`, by path."""
    return _hash_of(project / SEEDS)


def _written_by_dbt(project: Path, directory: str, names: list[str]) -> set[str]:
    return LEFT_OUT.intersection(names) if project.samefile(directory) else set()


def _hash_of(directory: Path) -> str:
    return hash_of_files((path.name, path) for path in sorted(directory.rglob("*.csv")))


def hash_of_files(files: Iterable[tuple[str, Path]]) -> str:
    """SHA-256 over named files: lines of `<name> <SHA-256>`, in this order."""
    digest = hashlib.sha256()
    for name, path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def keep_design(boards: Path, project: Path) -> None:
    """Keep the project's design under its hash; one that is there and is not that is replaced."""
    directory = boards / DESIGNS / design_hash(project)
    if directory.exists():
        if _hash_of(directory) == directory.name:
            return
        shutil.rmtree(directory)
    temporary = directory.with_name(f".{directory.name[:12]}.{secrets.token_hex(4)}")
    _copy_seeds(project / SEEDS, temporary)
    try:
        temporary.rename(directory)
    except OSError:  # another build was faster
        shutil.rmtree(temporary)
        if not directory.exists():
            raise


def damaged_designs(boards: Path) -> list[Path]:
    """The kept designs that are not what their name says."""
    kept = sorted((boards / DESIGNS).glob("[0-9a-f]*"))
    return [path for path in kept if _hash_of(path) != path.name]


def _copy_seeds(source: Path, target: Path) -> None:
    """Copy what a design's hash covers, and nothing else: dbt would read any yml beside it."""
    for path in sorted(source.rglob("*.csv")):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def kept_design(boards: Path, design: str) -> Path:
    """The directory that has a design's seeds as they were.

    Raises:
        NotFoundError: the design was not kept.
        IntegrityError: its files are not what they were.
    """
    kept = boards / DESIGNS / design
    if not kept.is_dir():
        message = f"The study design {design[:12]} is not in {kept.parent}."
        raise NotFoundError(message, remedy="Restore it from a copy of boards/designs.")
    if _hash_of(kept) != design:
        message = f"{kept} is not what its name says: a file of it was changed."
        raise IntegrityError(message, remedy="Restore it from a copy.")
    return kept


def project_with(boards: Path, design: str, present: Path, scratch: Path) -> Path:
    """A dbt project of the present tables with a design's seeds: `present`, or a copy in `scratch`.

    The present tables may read seeds that are younger than a design. The present's stand in for
    them, in a directory of their own: they are no part of the design, nor of its hash.

    Raises:
        NotFoundError: the design was not kept.
        IntegrityError: its files are not what they were.
    """
    if design == design_hash(present):
        return present
    kept = kept_design(boards, design)
    project = scratch / "project" / design[:12]
    if not project.exists():
        shutil.copytree(present, project, ignore=partial(_written_by_dbt, present))
        names = {path.name for path in kept.rglob("*.csv")}
        (project / LATER_SEEDS).mkdir()
        for path in sorted((project / SEEDS).rglob("*.csv")):
            if path.name in names:
                path.unlink()
            else:
                path.rename(project / LATER_SEEDS / path.name)
        _copy_seeds(kept, project / SEEDS)
    return project
