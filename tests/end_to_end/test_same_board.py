"""One board, whatever the number of threads and the order of the files."""

import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.building import Workspace, rate, read_release, transform
from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.boards.inputs import Cut
from publishing.boards.store import canonical, identity, ordered
from ratings.tournaments import RatingParameters
from tests.end_to_end.history import PEOPLE, Study, battle, enrolment

pytestmark = pytest.mark.slow


def rebuilt(home: Home, root: Path, position: int, threads: int) -> tuple[dict[str, Any], pa.Table]:
    """Subject and rows, with so many threads in dbt and in DuckDB."""
    project = root / "project"
    shutil.copytree(PROJECT_DIRECTORY, project, ignore=shutil.ignore_patterns("target", "logs"))
    profile = project / "profiles.yml"
    text = profile.read_text(encoding="utf-8")
    changed = text.replace("threads: 2", f"threads: {threads}").replace(
        "settings:\n", f"settings:\n        threads: {threads}\n"
    )
    assert changed.count(f"threads: {threads}") == 2
    profile.write_text(changed, encoding="utf-8")
    workspace, log = Workspace(root / "work", project), EventLog.open(home.log)
    transform(workspace, log, Cut(position), loads=home.loads, is_tested=False)
    rate(workspace, log, RatingParameters())
    return read_release(workspace)


@pytest.mark.parametrize("threads", [1, 3, 16])
def test_any_number_of_threads_makes_the_published_board(
    built: Path, published: str, tmp_path: Path, threads: int
) -> None:
    subject, rows = rebuilt(Home(built), tmp_path, 2, threads)
    assert identity(canonical(subject, rows)) == published


def test_files_and_rows_in_another_order_make_the_same_rows(tmp_path: Path) -> None:
    """All but the estimator that is labelled as depending on the order."""
    events = [*map(enrolment, range(len(PEOPLE))), *(battle(n, month=3) for n in range(60))]
    boards = []
    for seed in (1, 2):
        random.Random(seed).shuffle(events)
        root = tmp_path / f"{seed}"
        root.mkdir()
        study = Study(root / "home", root / "inputs")
        for start in (0, 30, 55):
            study.commit(events[start : {0: 30, 30: 55}.get(start)])
        _, rows = rebuilt(study.paths, root, 3, 2)
        is_free = pc.not_equal(rows["estimator"], "trueskill_online")
        boards.append(ordered(rows.filter(is_free)))
    assert boards[0].num_rows > 0
    assert boards[0].equals(boards[1])
