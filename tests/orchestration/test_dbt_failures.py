"""A seed with a mistake stops dbt, and the error shows the row that has it."""

import csv
import shutil
from pathlib import Path

import pytest

from orchestration.dbt_runs import (
    PROJECT_DIRECTORY,
    TransformationFailedError,
    run_dbt,
)
from publishing.boards.designs import LEFT_OUT


def test_the_row_that_a_test_found_is_shown(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT_DIRECTORY, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
    seed = project / "seeds" / "seed_pools.csv"
    header, first, *others = list(csv.reader(seed.read_text("utf-8").splitlines()))
    first[header.index("pool")] = ""
    with seed.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, first, *others])
    with pytest.raises(TransformationFailedError) as error:
        run_dbt(["build", "--select", "seed_pools"], root=tmp_path / "home", project=project)
    row = f"pool = null, country = {first[header.index('country')]}"
    said = str(error.value).split("unique_and_not_null_seed_pools: ")[1]
    assert row in said.splitlines()[1]


def test_a_part_of_a_criterion_that_is_not_there_is_named(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT_DIRECTORY, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
    with (project / "seeds" / "seed_criteria.csv").open("a", encoding="utf-8") as file:
        file.write("warmth,Warmth,,How warm was it?,personalty,8\n")
    with pytest.raises(TransformationFailedError) as error:
        run_dbt(["build", "--select", "seed_criteria"], root=tmp_path / "home", project=project)
    said = str(error.value)
    assert "A parent_criterion of seed_criteria must be a criterion of the seed" in said
    assert "criterion = warmth, parent_criterion = personalty, why = seed_criteria has no" in said
