"""Everything Dagster knows of: the same for `dagster dev`, for production and for tests.

    dagster dev -m orchestration.definitions

What stays out: every single definition; one file per concept beside this one.
"""

from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.assets.board import board
from orchestration.assets.dbt_manifest import current_manifest
from orchestration.assets.history import history_assets
from orchestration.assets.publication import publication
from orchestration.assets.ratings import ratings
from orchestration.assets.raw import load_files
from orchestration.assets.site import site
from orchestration.assets.warehouse import warehouse_assets
from orchestration.jobs import boards_of_days, build, ingest
from orchestration.resources import default_resources
from orchestration.schedules import daily_build
from orchestration.sensors import landing_sensor, run_failed


def build_definitions(**overrides: Any) -> dg.Definitions:
    """Assets, checks, jobs, the sensor and the schedule.

    Args:
        overrides: resources by name, in place of the default ones (resources.py): `home`, `dbt`.
    """
    resources = default_resources() | overrides
    home = resources["home"].paths
    manifest = current_manifest(home, Path(resources["dbt"].project_dir))
    return dg.Definitions(
        assets=[
            load_files,
            warehouse_assets(manifest),
            ratings,
            board,
            publication,
            site,
            history_assets(home),
        ],
        jobs=[ingest, build, boards_of_days],
        schedules=[daily_build],
        sensors=[landing_sensor, run_failed],
        resources=resources,
        # A process per step costs three times as long.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev -m orchestration.definitions` loads; built when it is asked for."""
    return build_definitions()
