"""The only file that knows directories: everything below DEMOSCOPE_HOME.

What stays out: creating or reading what lies there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "DEMOSCOPE_HOME"
DEFAULT_HOME = "warehouse"


@dataclass(frozen=True)
class Home:
    """One warehouse. Left of the log: landing, quarantine, loads, vault. Right of it: the rest."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home `DEMOSCOPE_HOME` names, else `./warehouse`."""
        return cls(Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).resolve())

    @property
    def landing(self) -> Path:
        """Files put here are ingested by the sensor."""
        return self.root / "landing"

    @property
    def log(self) -> Path:
        """The event log: the only truth."""
        return self.root / "log"

    @property
    def quarantine(self) -> Path:
        """Every refused row, with its reason."""
        return self.root / "quarantine"

    @property
    def loads(self) -> Path:
        """One report per load, refused ones too."""
        return self.root / "loads"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages of the loads that Dagster ran."""
        return self.root / "data_docs"

    @property
    def vault(self) -> Path:
        """Secrets: the pseudonym key. Never in the log, never published."""
        return self.root / "vault"

    @property
    def log_public_key(self) -> Path:
        """Who signs the log's checkpoints; made to be handed out."""
        return self.root / "log-public.pub"

    @property
    def cache(self) -> Path:
        """Rebuildable at any time."""
        return self.root / "cache"

    @property
    def database(self) -> Path:
        """The pipeline's own DuckDB file. BI reads `marts`, never this."""
        return self.root / "demoscope.duckdb"

    @property
    def ratings(self) -> Path:
        """Posteriors as Parquet, rebuilt from the counts."""
        return self.root / "ratings"

    @property
    def boards(self) -> Path:
        """One directory per board identity."""
        return self.root / "boards"

    @property
    def marts(self) -> Path:
        """Published, immutable copies for readers."""
        return self.root / "marts"

    @property
    def site(self) -> Path:
        """The page readers open: static files, rebuilt from `marts`."""
        return self.root / "site"

    @property
    def studies(self) -> Path:
        """Inputs the bundled studies write before they are ingested."""
        return self.root / "studies"

    @property
    def dagster(self) -> Path:
        """Dagster's own state (DAGSTER_HOME)."""
        return self.root / "dagster"
