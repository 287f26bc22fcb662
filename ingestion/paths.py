"""Directories below DEMOSCOPE_HOME; no other file knows them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ingestion.errors import ReadOnlyError, UsageError

PRIVATE, OTHERS = 0o700, 0o077
HOME_VARIABLE = "DEMOSCOPE_HOME"
STORE_VARIABLE = "DEMOSCOPE_LOG"
"""Where the log lies that the warehouse has a copy of; on this disk unless given."""
DEFAULT_HOME = "warehouse"
IGNORE_ALL = "*\n"
UNUSABLE = "?#"
"""DuckDB looks for its write-ahead log before a `?`; dbt takes a path for an address of the web."""


class Home:
    """One warehouse. Left of the log: landing, quarantine, loads, vault. Right of it: the rest."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.landing = root / "landing"
        """Files put here are ingested by the sensor."""
        self.conversations = root / "conversations"
        """Texts that the asset `labels` has a model label; a folder per source."""
        self.answers = root / "answers"
        """What that model answered; without it, all is asked and paid for again."""
        self.log = root / "log"
        """The event log: the only truth."""
        self.quarantine = root / "quarantine"
        """Every refused row, with its reason."""
        self.loads = root / "loads"
        """One report per load, refused ones too."""
        self.data_docs = root / "data_docs"
        """Great Expectations' pages of the loads that Dagster ran."""
        self.vault = root / "vault"
        """Secrets: the pseudonym key. Never in the log, never published."""
        self.sources = root / "sources.toml"
        """Providers of sources: their keys, and what they may say."""
        self.log_public_key = root / "log-public.pub"
        """Who signs the log's checkpoints; made to be handed out."""
        self.cache = root / "cache"
        """Rebuildable at any time."""
        self.database = root / "demoscope.duckdb"
        """The pipeline's own DuckDB file. BI reads `marts`, never this."""
        self.ratings = root / "ratings"
        """Posteriors as Parquet, rebuilt from the counts."""
        self.boards = root / "boards"
        """One directory per board identity."""
        self.marts = root / "marts"
        """Published, immutable copies for readers."""
        self.site = root / "site"
        """The page readers open: static files, rebuilt from `marts`."""
        self.studies = root / "studies"
        """Inputs the bundled studies write before they are ingested."""
        self.dagster = root / "dagster"
        """Dagster's own state (DAGSTER_HOME)."""
        self.git_ignore = root / ".gitignore"
        """Keeps git from taking keys and votes where the home lies in a repository."""

    @property
    def is_writable(self) -> bool:
        """Whether something can be put in it, or it can be made; not so in a read-only copy."""
        return not self.root.exists() or os.access(self.root, os.W_OK)

    def require_writable(self) -> None:
        """Refuse to begin what writes.

        Raises:
            ReadOnlyError: it is read-only.
        """
        if not self.is_writable:
            message = f"{self.root} is read-only: it can be read, checked and reproduced only."
            remedy = "Let this user write there, or work on a copy."
            raise ReadOnlyError(message, remedy=remedy)

    @property
    def names(self) -> set[str]:
        """How what the program puts there is called."""
        database = self.database.name
        own = {path.name for path in vars(self).values() if path != self.root}
        return own | {"dbt", f"{database}.wal", f"{database}.tmp"}

    @property
    def private(self) -> tuple[Path, ...]:
        """What may name a person, or lead to one: all but `marts`, `site` and the public key.

        Of `landing` its owner decides, because others may have to put files there.
        """
        return (
            *(self.log, self.quarantine, self.loads, self.data_docs, self.vault, self.cache),
            *(self.conversations, self.answers),
            *(self.ratings, self.boards, self.studies, self.dagster, self.root / "dbt"),
            *self.root.glob(f"{self.database.name}*"),
        )

    def keep_from_git(self) -> None:
        """Let git take nothing of the home, wherever it lies.

        A directory that holds other things too, and a file that is there, stay as they are: their
        owner may mean some of it for git.
        """
        if self.git_ignore.exists():
            return
        if self.root.exists() and not {path.name for path in self.root.iterdir()} <= self.names:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        self.git_ignore.write_text(IGNORE_ALL, encoding="utf-8")

    def keep_private(self) -> None:
        """Let nobody but the owner read what may name a person, from now on and made before.

        What this process writes is its owner's alone unless it is opened on purpose: publications,
        the page and the public key are.
        """
        os.umask(OTHERS)
        for path in self.private:
            # Another user who may read the warehouse has no say in it.
            with suppress(OSError):
                _close(path)

    @property
    def is_default(self) -> bool:
        """Whether commands find it without `DEMOSCOPE_HOME`."""
        return self.root == Path(DEFAULT_HOME).resolve()

    @classmethod
    def from_environment(cls) -> Home:
        """The home `DEMOSCOPE_HOME` names, else `./warehouse`.

        Raises:
            UsageError: no database can be kept there.
        """
        root = Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).resolve()
        if found := [one for one in UNUSABLE if one in str(root)]:
            message = f"The warehouse cannot be {root}: DuckDB and dbt read {found[0]!r} in a path"
            remedy = f"Name a directory without it: {HOME_VARIABLE}=DIR"
            raise UsageError(f"{message} as the end of it.", remedy=remedy)
        return cls(root)


def make_private(directory: Path) -> None:
    """Make a directory that its owner alone can read, whatever the umask; or close one."""
    directory.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    _close(directory)


def make_public(path: Path) -> None:
    """Let everybody read a file or enter a directory, whatever the umask."""
    mode = path.stat().st_mode & 0o777
    path.chmod(mode | (0o555 if path.is_dir() else 0o444))


def make_way(directory: Path) -> None:
    """Make a directory if need be, and let everybody pass through it who knows a name in it."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(directory.stat().st_mode & 0o777 | 0o011)


def _close(path: Path) -> None:
    if path.exists() and path.stat().st_mode & OTHERS:
        path.chmod(path.stat().st_mode & 0o777 & ~OTHERS)
