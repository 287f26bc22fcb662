"""What assets, sensors and schedules are given: the warehouse's directories, and dbt.

What stays out: which directories there are (ingestion/paths.py) and what dbt builds (dbt_project/).
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource

from ingestion.paths import Home
from orchestration import dbt_runs

DUCKDB_POOL = "duckdb"
"""Every step that opens the pipeline's database is in this pool, whose limit is 1."""

OWNERS = ["team:demoscope"]


class HomeResource(dg.ConfigurableResource[Any]):
    """The warehouse: `home.paths.log`, `home.paths.landing`, ..."""

    root: str

    @property
    def paths(self) -> Home:
        """Its directories."""
        return Home(Path(self.root))


def default_resources() -> dict[str, Any]:
    """The warehouse `DEMOSCOPE_HOME` names, and dbt on the project beside this package."""
    return {"home": HomeResource(root=str(Home.from_environment().root)), "dbt": dbt_resource()}


def dbt_resource(project: Path | None = None) -> DbtCliResource:
    """Dbt as it is installed beside this Python, whatever PATH says."""
    project = project or dbt_runs.PROJECT_DIRECTORY
    beside = Path(sys.executable).with_name("dbt")
    executable = str(beside) if beside.exists() else shutil.which("dbt") or "dbt"
    return DbtCliResource(
        project_dir=str(project),
        profiles_dir=str(project),
        dbt_executable=executable,
        # The debug log of one build is ten megabytes.
        global_config_flags=["--log-level-file", "info"],
    )
