"""Everything Dagster knows of: the same for `make ui`, for production and for tests.

python -m orchestration.ui
"""

from pathlib import Path
from typing import Any

import dagster as dg

from ingestion.paths import Home
from orchestration.assets.common import default_resources
from orchestration.assets.dbt_manifest import current_manifest
from orchestration.assets.events import load_files
from orchestration.assets.labels import labels
from orchestration.assets.ratings import ratings
from orchestration.assets.releases import publication, release, release_of_day, site
from orchestration.assets.warehouse import warehouse_assets
from orchestration.automation import (
    build,
    daily_build,
    ingest,
    label,
    landing_sensor,
    releases_of_days,
    run_failed,
)
from orchestration.made_elsewhere import command_line


def build_definitions(**overrides: Any) -> dg.Definitions:
    """Assets, checks, jobs, sensors and the schedule; `overrides` replace resources by name."""
    resources = default_resources() | overrides
    home = resources["home"].paths
    warehouse = warehouse_assets(current_manifest(home, Path(resources["dbt"].project_dir)))
    return dg.Definitions(
        assets=[
            *(labels, load_files, warehouse, ratings),
            *(release, publication, site, release_of_day(home)),
        ],
        jobs=[label, ingest, build, releases_of_days],
        schedules=[daily_build],
        sensors=[landing_sensor, command_line, run_failed],
        resources=resources,
        # A process per step costs three times as long.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `python -m orchestration.ui` loads; built when it is asked for."""
    Home.from_environment().keep_private()
    return build_definitions()
