"""An old design has neither the seeds nor the columns of today, and is built all the same."""

import csv
import shutil
import warnings
from pathlib import Path

from orchestration.database import open_database
from orchestration.dbt_runs import PROJECT_DIRECTORY, run_dbt
from publishing.boards.designs import DESIGNS, SEEDS, design_hash, project_with

MISSING_SEED, SHORTER_SEED, MISSING_COLUMN = "seed_pools", "seed_stopping_targets", "weighting"
COLUMNS = "select column_name from duckdb_columns() where table_name = ?"


def old_design(boards: Path) -> str:
    """A design without one of today's seeds and one of today's columns; its hash."""
    project = boards / "project"
    shutil.copytree(PROJECT_DIRECTORY / SEEDS, project / SEEDS)
    (project / SEEDS / f"{MISSING_SEED}.csv").unlink()
    path = project / SEEDS / f"{SHORTER_SEED}.csv"
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    names = [name for name in rows[0] if name != MISSING_COLUMN]
    assert len(names) == len(rows[0]) - 1
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    design = design_hash(project)
    shutil.copytree(
        project / SEEDS, boards / DESIGNS / design, ignore=shutil.ignore_patterns("*.yml")
    )
    return design


def test_what_an_old_design_lacks_is_no_obstacle_and_no_part_of_it(tmp_path: Path) -> None:
    design = old_design(tmp_path)
    project = project_with(tmp_path, design, PROJECT_DIRECTORY, tmp_path / "scratch")
    assert design_hash(project) == design != design_hash(PROJECT_DIRECTORY)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        selected = [MISSING_SEED, SHORTER_SEED]
        run_dbt(["seed", "--select", *selected], root=tmp_path, project=project)
    with open_database(tmp_path / "demoscope.duckdb", is_read_only=True) as connection:
        shorter = {row[0] for row in connection.execute(COLUMNS, [SHORTER_SEED]).fetchall()}
        found = connection.execute(COLUMNS, [MISSING_SEED]).fetchall()
    assert "target" in shorter
    assert MISSING_COLUMN not in shorter
    assert found
