"""Every question of docs/metrics.md has an answer in a study that was published twice."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.docs_figures.metrics import questions
from tests.end_to_end.command import demoscope, document

# Two builds: a minute of processor time.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last publication; half of the battles came after the one before."""
    root = tmp_path_factory.mktemp("metrics")
    home, study = root / "home", root / "study"
    made = ("simulate", "--participants", "3000", "--out", study)
    assert demoscope(home, *made).returncode == 0
    lines = (study / "battles.jsonl").read_text().splitlines(keepends=True)
    lines.sort(key=lambda line: str(json.loads(line)["occurred_at"]))
    halves = [root / "first.jsonl", root / "second.jsonl"]
    middle = len(lines) // 2
    for path, half in zip(halves, (lines[:middle], lines[middle:]), strict=True):
        path.write_text("".join(half))
    about = [study / f"{name}.jsonl" for name in ("models", "participants", "benchmarks")]
    for files in ([*about, halves[0]], [halves[1]]):
        assert demoscope(home, "ingest", *files).returncode == 0
        document(home, "build", "--json")
        assert demoscope(home, "publish").returncode == 0
    return home / "marts" / "current" / "demoscope.duckdb"


def test_every_question_has_an_answer(published: Path, repository: Path) -> None:
    with duckdb.connect(published, read_only=True) as connection:
        for question in questions(repository):
            found = connection.sql(question.sql)
            assert tuple(found.columns) == question.columns, question.title
            assert found.fetchall(), question.title


def test_the_history_has_both_releases_and_its_last_rows_are_the_leaderboards(
    published: Path,
) -> None:
    same = """
    select count(*) from rpt_rank_history as told
    full join (
        select * from rpt_leaderboard where estimator = 'trueskill_ep' and weighting not like
        '%half_half' and weighting not like 'merged_by_%'
    ) as shown using (board_id, model_id)
    where (told.is_latest or told.is_latest is null) and (
        told.rank is distinct from shown.rank or told.win_share is distinct from shown.win_share
        or told.battle_count is distinct from shown.battle_count
    )
    """
    with duckdb.connect(published, read_only=True) as connection:
        [(releases,)] = connection.sql(
            "select count(distinct release_id) from rpt_rank_history"
        ).fetchall()
        assert releases == len(("first", "second"))
        assert connection.sql(same).fetchall() == [(0,)]
        default = "select stratum_id, dimension, count(distinct board_id) from rpt_leaderboard"
        counted = connection.sql(f"{default} where is_default group by all").fetchall()
        assert counted
        assert {count for _, _, count in counted} == {1}
