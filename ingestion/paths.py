"""Directories below DEMOSCOPE_HOME; no other file knows them."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "DEMOSCOPE_HOME"
DEFAULT_HOME = "warehouse"


class Home:
    """One warehouse. Left of the log: landing, quarantine, loads, vault. Right of it: the rest."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.landing = root / "landing"
        """Files put here are ingested by the sensor."""
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

    @classmethod
    def from_environment(cls) -> Home:
        """The home `DEMOSCOPE_HOME` names, else `./warehouse`."""
        return cls(Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).resolve())
