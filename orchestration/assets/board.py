"""The board: what readers see, kept under the hash of its content.

What stays out: what a board is (boards/identity.py) and where it is kept (boards/store.py).
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from orchestration.assets.failures import as_failure
from orchestration.assets.metadata import interval_plot, table
from orchestration.building import Workspace, keep_board
from orchestration.resources import OWNERS, HomeResource
from publishing.boards.store import Board, make_current
from publishing.boards.view import leaderboard

TOP = 10
# The daily build runs at 04:00 UTC; at 06:00 the board is not older than a day, or it is stale.
FRESHNESS = dg.FreshnessPolicy.cron(
    deadline_cron="0 6 * * *", lower_bound_delta=timedelta(hours=24), timezone="UTC"
)
SHOWN = ("rank", "model_id", "skill", "skill_lo", "skill_hi", "rank_lo", "rank_hi", "battle_count")


@dg.asset(
    key="board",
    deps=["rpt_leaderboard"],
    description="One board per log position, study design and parameters; `current` is the last.",
    group_name="publish",
    owners=OWNERS,
    kinds={"python", "json"},
    freshness_policy=FRESHNESS,
)
def board(home: HomeResource) -> dg.MaterializeResult[Any]:
    """Keep the board and let readers see it."""
    paths = home.paths
    with as_failure():
        kept = keep_board(paths, Workspace(paths.root))
        make_current(paths.boards, kept)
    return dg.MaterializeResult(data_version=dg.DataVersion(kept.board_id), metadata=_of(kept))


def _of(kept: Board) -> dict[str, Any]:
    head, rows = leaderboard(
        kept, dimension=None, stratum="all", estimator="trueskill_ep", weighting=None
    )
    return {
        "dagster/row_count": kept.rows().num_rows,
        "board id": kept.board_id,
        "log position": head["log_position"],
        "title": head["title"],
        "is simulated": head["is_simulated"],
        "sources": ", ".join(head["sources"]),
        "models": head["model_count"],
        "top ten": table(SHOWN, rows[:TOP]),
        "skills": interval_plot(rows),
        "directory": dg.MetadataValue.path(kept.directory),
    }
